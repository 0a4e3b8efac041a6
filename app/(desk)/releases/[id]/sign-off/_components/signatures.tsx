import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted";
import { type Role, roleNames } from "@/lib/auth/actor";
import { openedInWords } from "@/lib/releases/opened-words";
import type { SignOffRow } from "@/lib/releases/queries";
import { waivedInWords } from "@/lib/releases/words";

const looks = {
  approve: { text: "✓ Approved", tone: "text-better" },
  refuse: { text: "✕ Refused", tone: "text-worse" },
  abstain: { text: "– Abstained", tone: "text-muted" },
} as const;

const proofs: Record<string, string> = { password: "password given again", passkey: "signed with a passkey" };

/** `dissents`: a refusal that did not decide. */
export function Signatures({ rows, dissents }: { rows: SignOffRow[]; dissents: boolean }) {
  return (
    <ul className="max-w-3xl">
      {rows.map((row) => (
        <li key={row.id} className="flex flex-col gap-1 border-t border-line py-3 [overflow-wrap:anywhere]">
          <p>
            <span className={`font-medium ${row.withdrawn ? "text-muted line-through" : looks[row.decision].tone}`}>
              {looks[row.decision].text}
            </span>{" "}
            by{" "}
            <span className="font-medium">
              <UntrustedText text={row.name} />
            </span>{" "}
            <span className="text-muted">
              ({row.roles.map((role) => roleNames[role as Role] ?? role).join(", ")}), <RelativeTime date={row.at} />,{" "}
              {proofs[row.reauthentication] ?? row.reauthentication}
            </span>{" "}
            {row.withdrawn && <Badge tone="unsure">taken back</Badge>}
            {dissents && row.decision === "refuse" && !row.withdrawn && <Badge tone="worse">dissent</Badge>}
          </p>
          <p>
            “<UntrustedText text={row.meaning} />”
          </p>
          <p className="whitespace-pre-wrap">
            <UntrustedText text={row.reason} />
          </p>
          {row.waivers.map((waiver) => (
            <p
              key={waivedInWords(waiver)}
              className="border-l-4 border-unsure bg-unsure-soft px-3 py-1 [overflow-wrap:anywhere]"
            >
              <strong className="font-semibold">
                Waives <UntrustedText text={waivedInWords(waiver)} />
              </strong>{" "}
              until {waiver.until.slice(0, 10)}: <UntrustedText text={waiver.reason} />
            </p>
          ))}
          <p className="text-sm text-muted">
            {row.opened.length > 0 ? (
              <>
                Had opened <UntrustedText text={openedInWords(row.opened)} />
              </>
            ) : (
              "Had opened no other tab of this evidence"
            )}
            {row.stale && (
              <>
                {" "}
                · on evidence <code className="font-mono">{row.evidenceDigest.slice(0, 12)}…</code>
              </>
            )}
          </p>
          {row.withdrawn && (
            <p className="text-sm">
              Taken back <RelativeTime date={row.withdrawn.at} />: <UntrustedText text={row.withdrawn.reason} />
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

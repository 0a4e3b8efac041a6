import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import { Untrusted, UntrustedText } from "@/components/ui/untrusted";
import type { DecisionSignOff } from "@/lib/audit/decisions";
import { openedInWords } from "@/lib/releases/opened-words";
import { waivedInWords } from "@/lib/releases/words";

const looks = {
  approve: { text: "✓ approves", tone: "better" },
  refuse: { text: "✕ refuses", tone: "worse" },
  abstain: { text: "– abstains", tone: "neutral" },
} as const;

export function Signatures({ signOffs }: { signOffs: DecisionSignOff[] }) {
  return (
    <ol className="flex max-w-4xl flex-col">
      {signOffs.map((signOff) => (
        <li key={signOff.id} className="flex flex-col gap-1 border-t border-line py-3">
          <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
            <strong className="font-semibold text-human">
              <UntrustedText text={signOff.printedName} />
            </strong>
            <Badge tone={looks[signOff.decision].tone}>{looks[signOff.decision].text}</Badge>
            {signOff.withdrawn && <Badge tone="unsure">taken back</Badge>}
            {signOff.stale && <Badge tone="unsure">stale: on earlier evidence</Badge>}
            {signOff.auditIndex === null && <Badge tone="worse">not in the log like this</Badge>}
            <span className="text-sm text-muted">
              as {signOff.roles.join(", ").replaceAll("_", " ")}, <RelativeTime date={signOff.at} />, with{" "}
              {signOff.reauthentication}
              {signOff.auditIndex !== null && `, entry ${signOff.auditIndex}`}
            </span>
          </p>
          <p>
            Meaning: <UntrustedText text={signOff.meaning} />
          </p>
          <Untrusted compact text={signOff.reason} />
          {signOff.waivers.map(({ until, reason, ...waiver }) => (
            <p
              key={waivedInWords(waiver)}
              className="border-l-4 border-unsure bg-unsure-soft px-3 py-1 [overflow-wrap:anywhere]"
            >
              <strong className="font-semibold">
                Waives <UntrustedText text={waivedInWords(waiver)} />
              </strong>{" "}
              until {until.slice(0, 10)}: <UntrustedText text={reason} />
            </p>
          ))}
          {signOff.opened.length > 0 && (
            <p className="text-sm text-muted [overflow-wrap:anywhere]">
              Had opened <UntrustedText text={openedInWords(signOff.opened)} />
            </p>
          )}
          {signOff.withdrawn && (
            <p className="text-sm [overflow-wrap:anywhere]">
              Taken back <RelativeTime date={signOff.withdrawn.at} />: <UntrustedText text={signOff.withdrawn.reason} />
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

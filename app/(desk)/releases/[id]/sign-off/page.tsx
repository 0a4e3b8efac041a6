import type { Metadata } from "next";
import Link from "next/link";
import { CopyButton } from "@/components/ui/copy-button";
import { EmptyState } from "@/components/ui/empty-state";
import { plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted";
import { hasPassword } from "@/lib/auth/account";
import { type Person, type Role, roleNames } from "@/lib/auth/actor";
import type { Brief } from "@/lib/releases/brief";
import type { SignOffRow } from "@/lib/releases/queries";
import { blocking } from "@/lib/releases/rules";
import { whyMayNotSign } from "@/lib/releases/sign-off";
import { GateList } from "../../_components/gate-list";
import { loadBrief, loadRelease } from "../_release";
import { SignForm } from "./_components/sign-form";

export const metadata: Metadata = { title: "Sign-off" };

export default async function SignOffPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const [{ actor, release }, brief] = await Promise.all([loadRelease(id), loadBrief(id)]);
  const digest = brief.evidenceDigest;
  const current = brief.signOffs.filter(({ stale }) => !stale);
  const stale = brief.signOffs.filter((row) => row.stale);
  const { signers } = release.policyDocument;
  const approvals = current.filter(({ decision }) => decision === "approve").length;
  return (
    <div className="flex flex-col gap-8">
      {digest === null ? (
        <EmptyState title="Nothing to sign yet">
          A signature refers to the digest of frozen evidence. It is fixed when the grading is closed, on the{" "}
          <Link href={`/releases/${release.id}`} className="text-accent underline underline-offset-2">
            brief
          </Link>
          .
        </EmptyState>
      ) : (
        <>
          <section aria-labelledby="evidence" className="flex flex-col gap-2">
            <h2 id="evidence" className="text-lg font-semibold">
              Evidence
            </h2>
            <p className="max-w-prose text-muted">
              SHA-256 of everything this decision rests on: versions, runs, judges, rubrics, policy, draws, grades and
              numbers. A signature is on this digest; if anything changes, it no longer counts.
            </p>
            <p className="flex flex-wrap items-center gap-3">
              <code className="min-w-0 font-mono text-base [overflow-wrap:anywhere]">{digest}</code>
              <CopyButton text={digest} label="Copy digest" />
            </p>
          </section>
          <section aria-labelledby="gates" className="flex flex-col gap-2">
            <h2 id="gates" className="text-lg font-semibold">
              Gates, as frozen
            </h2>
            <GateList gates={brief.gates} />
          </section>
        </>
      )}
      {digest !== null && (
        <section aria-labelledby="signatures" className="flex flex-col gap-2">
          <h2 id="signatures" className="text-lg font-semibold">
            Signatures
          </h2>
          <p>
            {plural(approvals, "approval")} of {signers} needed.
            {release.state === "ready" &&
              approvals < signers &&
              ` ${plural(signers - approvals, "more release manager")} must sign who did not contribute to ${release.candidate}; one refusal decides at once.`}
          </p>
          <Signatures rows={current} />
        </section>
      )}
      {stale.length > 0 && (
        <section aria-labelledby="stale" className="flex flex-col gap-2">
          <h2 id="stale" className="text-lg font-semibold">
            Stale signatures
          </h2>
          <p className="max-w-prose text-muted">
            Given on earlier evidence, before the grading was reopened. They stay in the record and count no more.
          </p>
          <Signatures rows={stale} />
        </section>
      )}
      {release.state === "ready" && digest !== null && (
        <section aria-labelledby="sign" className="flex flex-col gap-3">
          <h2 id="sign" className="text-lg font-semibold">
            Sign
          </h2>
          <SignPart actor={actor} brief={brief} evidenceDigest={digest} />
        </section>
      )}
    </div>
  );
}

type SignProps = { actor: Person; brief: Brief; evidenceDigest: string };

/** The form, or why this person has none. */
async function SignPart({ actor, brief, evidenceDigest }: SignProps) {
  const [why, password] = await Promise.all([whyMayNotSign(actor, brief.id), hasPassword(actor)]);
  if (why !== null) return <Notice title="You may not sign this release">{why}</Notice>;
  if (brief.signOffs.some(({ userId, stale }) => userId === actor.userId && !stale)) {
    return <Notice>You have signed this evidence. Somebody else must sign too.</Notice>;
  }
  if (!password) {
    return (
      <Notice tone="warning" title="Set a password first">
        A signature asks for it.{" "}
        <Link href="/settings/account" className="underline underline-offset-2">
          Your account
        </Link>
      </Notice>
    );
  }
  const open = blocking(brief.gates);
  return (
    <>
      {open.length > 0 && (
        <Notice tone="warning" title="Only a refusal can be signed">
          {plural(open.length, "gate")} not met. To ask for more evidence instead, reopen the grading on the brief.
        </Notice>
      )}
      <SignForm
        key={evidenceDigest}
        releaseId={brief.id}
        evidenceDigest={evidenceDigest}
        mayApprove={open.length === 0}
        printedName={actor.name}
        candidate={brief.candidate}
      />
    </>
  );
}

function Signatures({ rows }: { rows: SignOffRow[] }) {
  return (
    <ul className="max-w-3xl">
      {rows.map((row) => (
        <li key={row.id} className="flex flex-col gap-1 border-t border-line py-3">
          <p>
            <span className={row.decision === "approve" ? "font-medium text-better" : "font-medium text-worse"}>
              {row.decision === "approve" ? "✓ Approved" : "✕ Refused"}
            </span>{" "}
            by <span className="font-medium">{row.name}</span>{" "}
            <span className="text-muted">
              ({row.roles.map((role) => roleNames[role as Role] ?? role).join(", ")}), <RelativeTime date={row.at} />,{" "}
              {row.reauthentication} given again
            </span>
          </p>
          <p>“{row.meaning}”</p>
          <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">
            <UntrustedText text={row.reason} />
          </p>
          {row.stale && (
            <p className="text-sm text-muted">
              on evidence <code className="font-mono">{row.evidenceDigest.slice(0, 12)}…</code>
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { CopyButton } from "@/components/ui/copy-button";
import { EmptyState } from "@/components/ui/empty-state";
import { plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted";
import { hasPassword } from "@/lib/auth/account";
import type { Person } from "@/lib/auth/actor";
import { listPasskeys, relyingParty } from "@/lib/auth/passkeys";
import { may } from "@/lib/auth/permit";
import type { Brief } from "@/lib/releases/brief";
import { changedSinceFrozen, changesBetween } from "@/lib/releases/frozen";
import { listOpened, sections } from "@/lib/releases/opened";
import { openedInWords } from "@/lib/releases/opened-words";
import type { PolicyDocument } from "@/lib/releases/policy-document";
import { counts, type SignOffRow } from "@/lib/releases/queries";
import { blocking, unwaived } from "@/lib/releases/rules";
import { listSigners } from "@/lib/releases/signers";
import { moreEvidence, openInWords } from "@/lib/releases/verdict";
import { GateList, gateName } from "../../_components/gate-list";
import { ConfirmForm } from "../_components/confirm-form";
import { MayNotSign, type WhyNot } from "../_components/may-not-sign";
import { loadBrief, loadRelease, loadWhyNot } from "../_release";
import { withdrawSignatureAction } from "../actions";
import { Changes } from "./_components/changes";
import { SignForm } from "./_components/sign-form";
import { Signatures } from "./_components/signatures";
import { Signers } from "./_components/signers";

export const metadata: Metadata = { title: "Sign-off" };

export default async function SignOffPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const [{ actor, release }, brief, whyNot] = await Promise.all([loadRelease(id), loadBrief(id), loadWhyNot(id)]);
  const digest = brief.evidenceDigest;
  const onThis = brief.signOffs.filter(({ stale }) => !stale);
  const stale = brief.signOffs.filter((row) => row.stale);
  const policy = release.policyDocument;
  const [signers, bent] = await Promise.all([
    listSigners(actor, release.id),
    release.state === "ready" && digest ? changedSinceFrozen(actor, release.id, digest) : null,
  ]);
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
          {bent && (
            <Notice tone="danger" title="What this evidence rests on has changed since it was frozen">
              <p>Nobody can sign it. Reopen the grading on the brief and close it again.</p>
              {bent.length > 0 ? <Changes groups={bent} /> : <p>Its stored text is not what its digest says.</p>}
            </Notice>
          )}
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
              <span className="no-print">
                <CopyButton text={digest} label="Copy digest" />
              </span>
            </p>
          </section>
          <section aria-labelledby="gates" className="flex flex-col gap-2">
            <h2 id="gates" className="text-lg font-semibold">
              Gates, as frozen
            </h2>
            <GateList gates={brief.gates} waivers={brief.waivers} />
          </section>
        </>
      )}
      {(release.state === "draft" || release.state === "grading") && whyNot && may(actor, "release.sign") && (
        <MayNotSign whyNot={whyNot} />
      )}
      <Signers signers={signers} current={onThis.filter(counts)} policy={policy} />
      {digest !== null && (
        <section aria-labelledby="signatures" className="flex flex-col gap-2">
          <h2 id="signatures" className="text-lg font-semibold">
            Signatures
          </h2>
          <p>
            <UntrustedText text={needed(onThis.filter(counts), policy, brief)} />
          </p>
          <Signatures rows={onThis} dissents={!policy.dissentBlocks && release.state !== "refused"} />
        </section>
      )}
      {stale.length > 0 && <Stale actor={actor} rows={stale} releaseId={release.id} digest={digest} policy={policy} />}
      {release.state === "ready" && digest !== null && !bent && (
        <section aria-labelledby="sign" className="flex flex-col gap-3">
          <h2 id="sign" className="text-lg font-semibold">
            Sign
          </h2>
          <SignPart actor={actor} brief={brief} evidenceDigest={digest} policy={policy} whyNot={whyNot} />
        </section>
      )}
    </div>
  );
}

function needed(rows: SignOffRow[], { signers, dissentBlocks }: PolicyDocument, brief: Brief): string {
  const approvals = rows.filter(({ decision }) => decision === "approve").length;
  const sofar = `${plural(approvals, "approval")} of ${signers} needed.`;
  if (brief.state !== "ready") return sofar;
  const refusal = dissentBlocks
    ? "One refusal decides at once."
    : `A refusal stands as dissent; ${plural(signers, "refusal")} decide${signers === 1 ? "s" : ""}.`;
  const more = signers - approvals;
  return more > 0
    ? `${sofar} ${plural(more, "more release manager")} must sign who did not contribute to ${brief.candidate}. ${refusal}`
    : `${sofar} ${refusal}`;
}

type StaleProps = {
  actor: Person;
  rows: SignOffRow[];
  releaseId: number;
  digest: string | null;
  policy: PolicyDocument;
};

/** Signatures on what the release no longer rests on, and what is different since each. */
async function Stale({ actor, rows, releaseId, digest, policy }: StaleProps) {
  const digests = [...new Set(rows.map(({ evidenceDigest }) => evidenceDigest))].reverse();
  const changes = await Promise.all(
    digests.map((was) => (digest ? changesBetween(actor, releaseId, was, digest) : null)),
  );
  return (
    <section aria-labelledby="stale" className="flex flex-col gap-4">
      <h2 id="stale" className="text-lg font-semibold">
        Stale signatures
      </h2>
      <p className="max-w-prose text-muted">
        Given on earlier evidence, before the grading was reopened. They stay in the record and count no more.
      </p>
      {digests.map((was, i) => (
        <div key={was} className="flex flex-col gap-3 border-l-4 border-unsure pl-4">
          <Signatures
            rows={rows.filter(({ evidenceDigest }) => evidenceDigest === was)}
            dissents={!policy.dissentBlocks}
          />
          <h3 className="font-semibold">What changed since</h3>
          <WhatChanged groups={changes[i] ?? null} />
        </div>
      ))}
    </section>
  );
}

function WhatChanged({ groups }: { groups: Awaited<ReturnType<typeof changesBetween>> | null }) {
  if (groups === null) return <p className="text-muted">The grading is open again: it is told when it is closed.</p>;
  if (groups.length === 0)
    return <p className="text-muted">Nothing but the closing itself: the grading was closed again.</p>;
  return <Changes groups={groups} />;
}

type SignProps = {
  actor: Person;
  brief: Brief;
  evidenceDigest: string;
  policy: PolicyDocument;
  whyNot: WhyNot | null;
};

/** The form, or why this person has none. */
async function SignPart({ actor, brief, evidenceDigest, policy, whyNot }: SignProps) {
  if (whyNot) {
    const takesBack =
      may(actor, "release.sign") && brief.signOffs.some((row) => row.userId === actor.userId && counts(row));
    return (
      <div className="flex flex-col items-start gap-3">
        <Notice>
          <MayNotSign whyNot={whyNot} />
        </Notice>
        {takesBack && (
          <ConfirmForm
            action={withdrawSignatureAction}
            releaseId={brief.id}
            label="Take my signature back"
            title="Take your signature back"
            description="It stays in the record, marked as taken back, and counts no more. You can sign again."
            variant="danger"
            asksReason
          />
        )}
      </div>
    );
  }
  const [password, passkeys, opened] = await Promise.all([
    hasPassword(actor),
    listPasskeys(actor),
    listOpened(actor, brief.id, evidenceDigest),
  ]);
  const party = passkeys.length > 0 ? relyingParty() : null;
  if (!password && !party) {
    return (
      <Notice tone="warning" title="Set a password or add a passkey first">
        A signature asks for one of them.{" "}
        <Link href="/settings/account" className="underline underline-offset-2">
          Your account
        </Link>
      </Notice>
    );
  }
  const open = blocking(brief.gates, brief.waivers);
  const waivable = open.filter(({ key }) => key !== "signers" && policy.waivers.gates.includes(key));
  const mayApprove = waivable.length === open.length;
  return (
    <>
      {!mayApprove && (
        <Notice tone="warning" title="Only a refusal or an abstention can be signed">
          {openInWords(open.filter((gate) => !waivable.includes(gate)))}
          {waivable.length > 0 && ", and nobody may waive that"}. Or, on the brief, {moreEvidence(brief)}.
        </Notice>
      )}
      <OpenedSoFar opened={opened} />
      <SignForm
        key={evidenceDigest}
        releaseId={brief.id}
        evidenceDigest={evidenceDigest}
        waivable={waivable.map((gate) => ({
          ...{ key: gate.key, name: gateName(gate.key), detail: gate.detail },
          parts: unwaived(gate, brief.waivers).filter((part) => part !== null),
        }))}
        maxWaiverDays={policy.waivers.maxDays}
        mayApprove={mayApprove}
        printedName={actor.name}
        candidate={brief.candidate}
        meanings={policy.meanings}
        hasPassword={password}
        passkeyOrigin={party?.origin ?? null}
        today={new Date().toISOString().slice(0, 10)}
      />
    </>
  );
}

function OpenedSoFar({ opened }: { opened: { section: string; at: string }[] }) {
  const unopened = sections.filter((name) => !opened.some(({ section }) => section === name));
  return (
    <p className="max-w-prose [overflow-wrap:anywhere]">
      {opened.length > 0 ? (
        <>
          Of this evidence you opened <UntrustedText text={openedInWords(opened)} />
          {unopened.length > 0 && <span className="text-muted">; not yet {unopened.join(", ")}</span>}. That list is
          part of what you sign.
        </>
      ) : (
        <>
          You have opened no other tab of this evidence yet.{" "}
          <span className="text-muted">What you open is part of what you sign.</span>
        </>
      )}
    </p>
  );
}

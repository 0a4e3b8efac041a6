import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { rowId } from "@/app/_row-id";
import { cn } from "@/components/ui/cn";
import { formatPoints, formatPointsBounds, plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted";
import { type DecisionRecord, getDecision } from "@/lib/audit/decisions";
import { type EvidenceView, type IntervalView, settled, viewEvidence } from "@/lib/audit/evidence-view";
import type { Person } from "@/lib/auth/actor";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { waitingCases } from "@/lib/review/queries";
import { StateBadge } from "../../../releases/_components/state-badge";
import { DecisionTabs } from "./_components/decision-tabs";
import { Evidence } from "./_components/evidence";
import { Integrity } from "./_components/integrity";
import { RecomputeForm } from "./_components/recompute-form";
import { Signatures } from "./_components/signatures";

export const metadata: Metadata = { title: "Decision" };

export default async function DecisionPage({ params }: { params: Promise<{ id: string }> }) {
  const actor = await requireActor();
  const decision = await load(actor, (await params).id);
  const waiting = new Set((await waitingCases(actor, decision.releaseId)).map(({ key }) => key));
  const evidence = viewEvidence(decision.evidence.body);
  const audits = may(actor, "audit.read");
  return (
    <>
      <PageHead
        trail={[{ href: "/audit/decisions", label: "Decisions" }]}
        title={<UntrustedText text={`${decision.prompt} ${decision.baseline} → ${decision.candidate}`} />}
        facts={
          <span className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
            <StateBadge state={decision.outcome} />
            <span>
              decided <RelativeTime date={decision.decidedAt} />
            </span>
            <Link href={`/releases/${decision.releaseId}`} className="text-accent underline-offset-2 hover:underline">
              Release {decision.releaseId}
            </Link>
          </span>
        }
        action={
          <a
            href={`/audit/decisions/${decision.id}/download`}
            download
            className="inline-flex min-h-9 items-center rounded-md bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-strong"
          >
            Download decision
          </a>
        }
      />
      {audits && <DecisionTabs id={decision.id} />}
      <div className={cn("flex flex-col gap-8", audits && "pt-6")}>
        <p className="max-w-4xl text-xl leading-snug">{sentence(decision, evidence)}</p>
        <section aria-labelledby="integrity" className="flex flex-col gap-3">
          <h2 id="integrity" className="text-lg font-semibold">
            Is the record intact?
          </h2>
          <Integrity decision={decision} />
          {audits && <RecomputeForm id={decision.id} />}
          <p className="max-w-prose text-sm text-muted">
            Recomputed when this page was opened. The download holds all of it and verifies without this server:{" "}
            <code className="font-mono">node verify.mjs decision.zip</code>, with the verifier that is in it.
          </p>
        </section>
        <section aria-labelledby="signatures" className="flex flex-col gap-3">
          <h2 id="signatures" className="text-lg font-semibold">
            Signatures
          </h2>
          <Signatures signOffs={decision.signOffs} />
        </section>
        <section aria-labelledby="evidence" className="flex min-w-0 flex-col gap-6">
          <h2 id="evidence" className="text-lg font-semibold">
            The evidence as it was
          </h2>
          {evidence ? (
            <Evidence evidence={evidence} waiting={waiting} texts={decision.evidence.texts} />
          ) : (
            <Notice tone="danger">The stored evidence can't be read as JSON. The download holds its exact text.</Notice>
          )}
        </section>
        <PrintedFoot decision={decision} />
      </div>
    </>
  );
}

/** On paper: what this is, and how to find it again. */
function PrintedFoot({ decision: { id, releaseId, evidenceDigest, entry } }: { decision: DecisionRecord }) {
  return (
    <footer className="hidden border-t border-line pt-2 text-sm text-muted print:block">
      Decision {id} on release {releaseId}
      {entry && `, entry ${entry.index} of the audit log`}. Evidence SHA-256 {evidenceDigest}. Printed{" "}
      <RelativeTime date={new Date()} />.
    </footer>
  );
}

async function load(actor: Person, id: string): Promise<DecisionRecord> {
  if (!/^[1-9]\d{0,8}$/.test(id)) notFound();
  try {
    return await getDecision(actor, rowId(id));
  } catch (error) {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  }
}

/** What was decided and on what, in one sentence. */
function sentence({ outcome, candidate, baseline, signOffs }: DecisionRecord, evidence: EvidenceView | null) {
  const counted = signOffs.filter(({ stale, withdrawn }) => !stale && !withdrawn).length;
  const primary = evidence?.numbers[0];
  const estimate = settled(primary?.estimate);
  const reviewed = primary?.estimate?.reviewed;
  return (
    <>
      {outcome === "approved" ? "Approved" : "Refused"}: <UntrustedText text={candidate} /> in place of{" "}
      <UntrustedText text={baseline} />, with {plural(counted, "signature")}.{" "}
      {primary && estimate && (
        <>
          On <UntrustedText text={primary.key} /> the corrected delta was {formatPoints(estimate.delta)} (
          {inWords(estimate.intervals[0])}){typeof reviewed === "number" && `, ${plural(reviewed, "case")} graded`}.
        </>
      )}
    </>
  );
}

function inWords({ kind, low, high }: IntervalView): string {
  return `${kind} ${formatPointsBounds(low, high)}`;
}

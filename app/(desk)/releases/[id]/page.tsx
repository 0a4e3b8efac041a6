import type { Metadata } from "next";
import { Explain } from "@/components/ui/explain";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { criterionPath } from "@/lib/calibration/queries";
import { compareVersions } from "@/lib/prompts/queries";
import type { Brief } from "@/lib/releases/brief";
import { readWaits } from "@/lib/releases/cases";
import { policyFor } from "@/lib/releases/policy-document";
import { listRegressions } from "@/lib/releases/regressions";
import { headline, outlookInWords, standing } from "@/lib/releases/verdict";
import { getLedger } from "@/lib/review/ledger";
import { reviewProgress } from "@/lib/review/queries";
import { GateList } from "../_components/gate-list";
import { CriteriaTable } from "./_components/criteria-table";
import { CriterionSection } from "./_components/criterion-section";
import { explainOutlook } from "./_components/explanations";
import { ImportedPreferencesSection, ImportedSection } from "./_components/imported-tables";
import { NextStep } from "./_components/next-step";
import { Regressions } from "./_components/regressions";
import { SampleFacts } from "./_components/sample-facts";
import { WaitsLine } from "./_components/waits";
import { WhatChanged } from "./_components/what-changed";
import { loadBrief, loadRelease, loadWhyNot } from "./_release";

export const metadata: Metadata = { title: "Release" };

export default async function BriefPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const [{ actor, release }, brief, whyNot] = await Promise.all([loadRelease(id), loadBrief(id), loadWhyNot(id)]);
  const policy = release.policyDocument;
  const [regressions, versions, ledger, waits, progress] = await Promise.all([
    listRegressions(actor, release.id),
    compareVersions(actor, release.prompt, release.baseline, release.candidate),
    getLedger(actor, release.id),
    readWaits(actor, release.id),
    release.state === "grading" ? reviewProgress(actor, release.id) : null,
  ]);
  const primary = brief.criteria[0];
  const path = primary && primary.estimate.reviewed > 0 ? await criterionPath(actor, { releaseId: release.id }) : [];
  const ofPrimary = primary ? policyFor(policy, primary.key) : policy;
  const outlook = outlookInWords(brief, ofPrimary);
  return (
    <div className="flex flex-col gap-8">
      <section aria-label="Verdict" className="flex max-w-4xl flex-col gap-2 border-l-4 border-accent py-1 pl-5">
        <p className="text-3xl leading-snug font-medium tracking-tight tabular-nums [overflow-wrap:anywhere]">
          <UntrustedText text={headline(brief, policy)} />
        </p>
        <p className="text-lg text-muted [overflow-wrap:anywhere]">
          <UntrustedText text={standing(brief, policy)} />
        </p>
        {outlook && (
          <p className="text-lg text-muted tabular-nums">
            <UntrustedText text={outlook} />{" "}
            {brief.outlook && <Explain {...explainOutlook(ofPrimary, brief.outlook.left)} />}
          </p>
        )}
      </section>
      <section aria-labelledby="gates" className="flex flex-col gap-2">
        <h2 id="gates" className="text-lg font-semibold">
          Gates
        </h2>
        <GateList gates={brief.gates} waivers={brief.waivers} />
      </section>
      <NextStep actor={actor} brief={brief} policy={policy} whyNot={whyNot} mine={progress?.waiting ?? 0} />
      <section aria-labelledby="criteria" className="flex flex-col gap-2">
        <h2 id="criteria" className="text-lg font-semibold">
          Better or worse, criterion by criterion
        </h2>
        <CriteriaTable brief={brief} />
        <div className="no-print">
          <WaitsLine releaseId={release.id} waits={waits} here="totals" />
        </div>
      </section>
      <div className="grid gap-x-10 gap-y-8 xl:grid-cols-2">
        <WhatChanged releaseId={release.id} versions={versions} ledger={ledger} />
        <Regressions releaseId={release.id} rows={regressions} graded={(primary?.estimate.reviewed ?? 0) > 0} />
      </div>
      {brief.criteria.map((criterion, i) => (
        <CriterionSection
          key={criterion.key}
          releaseId={release.id}
          criterion={criterion}
          policy={policyFor(policy, criterion.key)}
          versions={[brief.baseline, brief.candidate]}
          isPrimary={i === 0}
          path={i === 0 ? path : []}
        />
      ))}
      {brief.criteria.map(
        (criterion) =>
          criterion.imported && (
            <ImportedSection
              key={criterion.key}
              criterion={criterion}
              imported={criterion.imported}
              versions={[brief.baseline, brief.candidate]}
            />
          ),
      )}
      {brief.criteria.map(
        (criterion) =>
          criterion.importedPreferences && (
            <ImportedPreferencesSection
              key={criterion.key}
              criterion={criterion}
              imported={criterion.importedPreferences}
            />
          ),
      )}
      <SampleFacts sampling={brief.sampling} population={brief.population} answers={brief.answers} />
      <PrintedFoot brief={brief} />
    </div>
  );
}

/** On paper: what this is, and how to find it again. */
function PrintedFoot({ brief }: { brief: Brief }) {
  return (
    <footer className="hidden border-t border-line pt-2 text-sm text-muted print:block">
      Release {brief.id} of <UntrustedText text={brief.prompt} />, <UntrustedText text={brief.baseline} /> →{" "}
      <UntrustedText text={brief.candidate} />, {brief.state}, dataset <UntrustedText text={brief.dataset} />, policy{" "}
      <UntrustedText text={brief.policy.key} /> {brief.policy.version}.{" "}
      {brief.evidenceDigest
        ? `Evidence SHA-256 ${brief.evidenceDigest}.`
        : "The evidence is not fixed yet: these numbers may still change."}{" "}
      Printed <RelativeTime date={new Date()} />.
    </footer>
  );
}

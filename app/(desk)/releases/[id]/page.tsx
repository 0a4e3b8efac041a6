import type { Metadata } from "next";
import { criterionPath } from "@/lib/calibration/queries";
import { listRegressions } from "@/lib/releases/regressions";
import { headline, outlookInWords, standing } from "@/lib/releases/verdict";
import { GateList } from "../_components/gate-list";
import { CriterionSection } from "./_components/criterion-section";
import { ImportedPreferencesSection, ImportedSection } from "./_components/imported-tables";
import { NextStep } from "./_components/next-step";
import { Regressions } from "./_components/regressions";
import { SampleFacts } from "./_components/sample-facts";
import { loadBrief, loadRelease } from "./_release";

export const metadata: Metadata = { title: "Release" };

export default async function BriefPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const [{ actor, release }, brief] = await Promise.all([loadRelease(id), loadBrief(id)]);
  const policy = release.policyDocument;
  const regressions = await listRegressions(actor, release.id);
  const primary = brief.criteria[0];
  const path = primary && primary.estimate.reviewed > 0 ? await criterionPath(actor, { releaseId: release.id }) : [];
  const outlook = outlookInWords(brief, policy);
  return (
    <div className="flex flex-col gap-8">
      <section aria-label="Verdict" className="flex max-w-4xl flex-col gap-2 border-l-4 border-accent py-1 pl-5">
        <p className="text-3xl leading-snug font-medium tracking-tight tabular-nums [overflow-wrap:anywhere]">
          {headline(brief, policy)}
        </p>
        <p className="text-lg text-muted [overflow-wrap:anywhere]">{standing(brief, policy)}</p>
        {outlook && <p className="text-lg text-muted tabular-nums">{outlook}</p>}
      </section>
      <section aria-labelledby="gates" className="flex flex-col gap-2">
        <h2 id="gates" className="text-lg font-semibold">
          Gates
        </h2>
        <GateList gates={brief.gates} />
      </section>
      <NextStep actor={actor} brief={brief} policy={policy} />
      {brief.criteria.map((criterion, i) => (
        <CriterionSection
          key={criterion.key}
          releaseId={release.id}
          criterion={criterion}
          policy={policy}
          versions={[brief.baseline, brief.candidate]}
          isPrimary={i === 0}
          path={i === 0 ? path : []}
        />
      ))}
      {regressions.length > 0 && <Regressions releaseId={release.id} rows={regressions} />}
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
    </div>
  );
}

import Link from "next/link";
import { ConfusionMosaic } from "@/components/charts/confusion-mosaic";
import { ForestChart } from "@/components/charts/forest-chart";
import { IntervalChart } from "@/components/charts/interval-chart";
import { IntervalPathChart } from "@/components/charts/interval-path-chart";
import { TallyChart } from "@/components/charts/tally-chart";
import { Explain } from "@/components/ui/explain";
import {
  formatCount,
  formatPoints,
  formatPointsInterval,
  formatRate,
  formatRateInterval,
  plural,
} from "@/components/ui/format";
import { UntrustedText } from "@/components/ui/untrusted";
import type { BriefCriterion } from "@/lib/calibration/brief";
import type { PathPoint } from "@/lib/calibration/types";
import { type BriefJudge, falsePassesInWords, trustInWords, trustOf } from "@/lib/releases/licence";
import type { PolicyDocument } from "@/lib/releases/policy";
import { pointsInterval } from "@/lib/releases/words";
import {
  explainAlike,
  explainAlwaysValid,
  explainDelta,
  explainFixed,
  explainJudgeAlone,
  explainPassRate,
  explainPath,
  explainSliceDeltas,
  explainTrust,
  explainWorstCase,
} from "./explanations";
import { PreferenceTable, PreferenceTrust, TrustTable, VerdictTable } from "./judge-tables";
import { LicenceBadge } from "./licence-badge";

type Props = {
  releaseId: number;
  criterion: BriefCriterion;
  policy: PolicyDocument;
  versions: [baseline: string, candidate: string];
  isPrimary: boolean;
  /** How the intervals went on their way here; empty while nothing is graded. */
  path: PathPoint[];
};

/** One criterion: what the judge says beside what people's grades make of it, then how far to trust the judge. */
export function CriterionSection({ releaseId, criterion, policy, versions, isPrimary, path }: Props) {
  const { key, name, judges, tally } = criterion;
  const isPreference = criterion.kind === "preference";
  const instrument = judges.find((judge) => judge.instrument);
  const counts = instrument && tally[instrument.key];
  const compared = counts ? counts.better + counts.worse + counts.same : 0;
  const judgeAlone = counts && compared > 0 ? (counts.better - counts.worse) / compared : null;
  return (
    <section aria-labelledby={`criterion-${key}`} className="flex flex-col gap-6 border-t border-line-strong pt-5">
      <div>
        <h2 id={`criterion-${key}`} className="text-xl font-semibold [overflow-wrap:anywhere]">
          <UntrustedText text={name} />
        </h2>
        <p className="text-muted">
          {isPrimary ? "Primary criterion" : "Further criterion"}
          {isPreference && ", a preference between the two answers"}{" "}
          <code className="font-mono text-sm">
            <UntrustedText text={key} />
          </code>
        </p>
      </div>
      <div className="grid gap-x-10 gap-y-6 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-3">
          <h3 className="font-semibold">
            What the judge says
            {judgeAlone !== null && (
              <span className="font-normal text-muted tabular-nums"> {formatPoints(judgeAlone)}, uncorrected</span>
            )}{" "}
            {judges.length > 0 && <Explain {...explainJudgeAlone(criterion)} />}
          </h3>
          {judges.map((judge) => {
            const flips = tally[judge.key];
            return (
              flips && (
                <div key={`${judge.key} ${judge.version}`} className="flex flex-col gap-1">
                  <p className="text-sm text-muted">
                    <UntrustedText text={judge.key} /> (
                    {judge.instrument ? "corrected by the estimate" : "shown beside"})
                  </p>
                  <TallyChart
                    label={`${isPreference ? "Preferences of" : "Better, worse and same by"} ${judge.key} on ${name}`}
                    counts={flips}
                    asks={isPreference ? "preference" : "pass_fail"}
                  />
                </div>
              )
            );
          })}
          {judges.length === 0 ? (
            <p className="text-muted">No judge: people's grades are all there is.</p>
          ) : isPreference ? (
            <PreferenceTable criterion={criterion} />
          ) : (
            <VerdictTable criterion={criterion} versions={versions} />
          )}
        </div>
        <Estimate criterion={criterion} policy={policy} versions={versions} judgeAlone={judgeAlone} />
      </div>
      {criterion.estimate.reviewed > 0 && (
        <div className="grid gap-x-10 gap-y-6 xl:grid-cols-2">
          <SliceChart criterion={criterion} margin={policy.margin} />
          {path.length > 0 && (
            <div className="flex min-w-0 flex-col gap-3">
              <h3 className="font-semibold">
                How sure, review by review <Explain {...explainPath(criterion, path.length)} />
              </h3>
              <IntervalPathChart
                label={`Interval against reviews on ${name}`}
                sentence={pathSentence(path, policy.margin)}
                points={path}
                margin={policy.margin}
              />
            </div>
          )}
        </div>
      )}
      {judges.length > 0 && criterion.estimate.reviewed === 0 && (
        <p className="max-w-prose text-muted">
          How far to trust the judge is measured against people's grades. There are none yet.
        </p>
      )}
      {judges.length > 0 && criterion.estimate.reviewed > 0 && (
        <div className="flex flex-col gap-3">
          <h3 className="font-semibold">How far to trust the judge</h3>
          <ul className="flex flex-col gap-2">
            {judges.map((judge) => (
              <li
                key={`${judge.key} ${judge.version}`}
                className={judge.preference ? "flex flex-col gap-2" : "max-w-4xl"}
              >
                <span className="inline-flex flex-wrap items-baseline gap-2">
                  <strong className="font-medium">
                    <UntrustedText text={judge.key} />
                  </strong>
                  <LicenceBadge licence={judge.licence} />
                  <Explain {...explainTrust(judge, criterion, policy)} />
                </span>
                {!judge.preference && (
                  <p className="tabular-nums">
                    <UntrustedText text={falsePassesInWords(judge, versions)} />
                  </p>
                )}
                <p className="max-w-4xl text-muted tabular-nums">
                  <UntrustedText text={trustInWords(judge, versions, policy)} />
                </p>
                {judge.preference && <PreferenceTrust judge={judge.key} preference={judge.preference} />}
              </li>
            ))}
          </ul>
          {instrument && !isPreference && <Mosaics judge={instrument} criterion={name} versions={versions} />}
          {!isPreference && <TrustTable criterion={criterion} versions={versions} />}
          <p className="text-sm text-muted">
            Weighted from the drawn cases to all {formatCount(criterion.population)}; intervals at{" "}
            {formatRate(policy.level, 0)}.{" "}
            {criterion.overrides > 0 && (
              <Link
                href={`/releases/${releaseId}/judges?criterion=${encodeURIComponent(key)}`}
                className="text-accent underline underline-offset-2"
              >
                {plural(criterion.overrides, "override")}
              </Link>
            )}
          </p>
        </div>
      )}
    </section>
  );
}

/** The corrected judge against people, one picture a version, once every stratum has a grade. */
function Mosaics({ judge, criterion, versions }: { judge: BriefJudge; criterion: string; versions: string[] }) {
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      {trustOf(judge, versions).map(([version, { tp, fp, fn, tn }]) =>
        tp === null || fp === null || fn === null || tn === null ? null : (
          <div key={version} className="min-w-0">
            <h4 className="font-medium">
              <UntrustedText text={`${judge.key} on ${version}`} />
            </h4>
            <ConfusionMosaic
              label={`${judge.key} against people on ${version}, ${criterion}`}
              counts={{ tp, fp, fn, tn }}
            />
          </div>
        ),
      )}
    </div>
  );
}

type EstimateProps = Pick<Props, "criterion" | "policy" | "versions"> & { judgeAlone: number | null };

function Estimate({ criterion, policy, versions, judgeAlone }: EstimateProps) {
  const { estimate, labels } = criterion;
  const { delta, low, high, casesLikeThese, passRates, worstCase, level, method, alwaysValid } = estimate;
  const known = delta !== null && low !== null && high !== null;
  const unanswered = criterion.unanswered ?? 0;
  const missing = labels.waiting + labels.unsure + labels.disagreement + unanswered;
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <h3 className="font-semibold">What people's grades make of it</h3>
      {!known ? (
        <p className="text-muted">
          {estimate.reviewed === 0
            ? "Nothing is graded yet, so there is no estimate."
            : `No estimate yet: no drawn case of some stratum has a grade (${estimate.missingStrata.join(", ")}).`}
        </p>
      ) : (
        <>
          <IntervalChart
            label={`Corrected delta on ${criterion.name}`}
            margin={policy.margin}
            rows={[
              ...(alwaysValid ? [{ name: "always-valid", estimate: delta, ...alwaysValid }] : []),
              { name: "these cases", estimate: delta, low, high },
              ...(casesLikeThese ? [{ name: "cases like these", ...casesLikeThese.delta }] : []),
              ...(judgeAlone === null
                ? []
                : [
                    {
                      name: "judge alone",
                      estimate: judgeAlone,
                      low: judgeAlone,
                      high: judgeAlone,
                      by: "machine" as const,
                    },
                  ]),
            ]}
          />
          <dl className="grid grid-cols-[fit-content(60%)_1fr] [overflow-wrap:anywhere] gap-x-4 gap-y-1 tabular-nums">
            <dt className="text-muted">
              Delta <Explain {...explainDelta(criterion)} />
            </dt>
            <dd className="font-medium">{formatPoints(delta, low === high ? 2 : 1)}</dd>
            {alwaysValid && (
              <>
                <dt className="text-muted">
                  Always-valid <Explain {...explainAlwaysValid(criterion, policy)} />
                </dt>
                <dd>{pointsInterval(alwaysValid)}</dd>
              </>
            )}
            <dt className="text-muted">
              Delta, these cases <Explain {...explainFixed(criterion)} />
            </dt>
            <dd>{formatPointsInterval(delta, low, high, low === high ? 2 : 1)}</dd>
            {casesLikeThese && (
              <>
                <dt className="text-muted">
                  Delta, cases like these <Explain {...explainAlike(criterion)} />
                </dt>
                <dd>{formatPointsInterval(delta, casesLikeThese.delta.low, casesLikeThese.delta.high)}</dd>
              </>
            )}
            {passRates &&
              (["baseline", "candidate"] as const).map((side, i) => (
                <div key={side} className="contents">
                  <dt className="text-muted">
                    <UntrustedText text={versions[i] ?? ""} /> passes{" "}
                    <Explain {...explainPassRate(criterion, side, versions[i] ?? "")} />
                  </dt>
                  <dd>{formatRateInterval(passRates[side].estimate, passRates[side].low, passRates[side].high, 1)}</dd>
                </div>
              ))}
            {criterion.kind === "preference" && (
              <>
                <dt className="text-muted">Counts</dt>
                <dd>+1 a case where people prefer the candidate, −1 the baseline, 0 a tie</dd>
              </>
            )}
            {worstCase !== null && missing > 0 && (
              <>
                <dt className="text-muted">
                  Worst case <Explain {...explainWorstCase(criterion)} />
                </dt>
                <dd>
                  {formatPoints(worstCase)} if every drawn case without a label
                  {unanswered > 0 && ", and every case without both answers,"} went against the candidate
                </dd>
              </>
            )}
          </dl>
          <p className="text-sm text-muted">
            Always-valid: it holds {alwaysValid && `at ${formatRate(alwaysValid.level, 0)} `}however often one looks.
            The narrower {level !== null && `${formatRate(level, 0)} `}interval is for a number of grades fixed
            beforehand: {method}.
          </p>
        </>
      )}
      <dl className="flex flex-wrap gap-x-6 gap-y-1 tabular-nums">
        {[
          ["of", criterion.population, "cases"],
          ["drawn", estimate.drawn, ""],
          ["graded", labels.labelled, ""],
          ["waiting", labels.waiting, ""],
          ["unsure", labels.unsure, ""],
          ["disagreement", labels.disagreement, ""],
          ["put off", criterion.skipped ?? 0, ""],
          ["overrides", criterion.overrides, ""],
          ["without both answers", unanswered, "cases"],
        ].map(([word, n, unit]) => (
          <div key={word} className="flex gap-1.5">
            <dt className="text-muted">{word}</dt>
            <dd>
              {formatCount(Number(n))} {unit}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** More than these would be a list nobody reads; the table of cases filters by any slice. */
const slicesShown = 24;

/** The whole and its slices, the worst first. */
function SliceChart({ criterion, margin }: { criterion: BriefCriterion; margin: number }) {
  const { slices = [], estimate, name } = criterion;
  const graded = slices.filter(({ labelled, delta }) => labelled > 0 && delta !== null);
  if (graded.length === 0 || estimate.delta === null || estimate.low === null || estimate.high === null) return null;
  const worstFirst = [...graded].sort((a, b) => a.delta! - b.delta!).slice(0, slicesShown);
  const ungraded = slices.filter(({ labelled }) => labelled === 0).length;
  const tooFew = slices.length - graded.length - ungraded;
  const worse = graded.filter(({ gotWorse }) => gotWorse);
  const sentence = [
    worse.length > 0
      ? `Got worse: ${worse.map(({ slice }) => slice).join(", ")} (of slices named so, at most one in ten wrongly).`
      : "Of no slice can it be said that it got worse, false discoveries held at one in ten.",
    graded.length > slicesShown ? `The ${slicesShown} worst of ${graded.length} slices.` : "",
    tooFew > 0 ? `${formatCount(tooFew)} with too few grades for a difference.` : "",
    ungraded > 0 ? `${formatCount(ungraded)} without a grade yet.` : "",
  ]
    .filter(Boolean)
    .join(" ");
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <h3 className="font-semibold">
        Slice by slice <Explain {...explainSliceDeltas(criterion)} />
      </h3>
      <ForestChart
        label={`Delta by slice on ${name}`}
        sentence={sentence}
        margin={margin}
        rows={[
          { name: "all", n: estimate.reviewed, estimate: estimate.delta, low: estimate.low, high: estimate.high },
          ...worstFirst.map(({ slice, labelled, delta, low, high }) => ({
            name: slice,
            n: labelled,
            estimate: delta,
            low,
            high,
          })),
        ]}
      />
    </div>
  );
}

function pathSentence(path: readonly PathPoint[], margin: number): string {
  const settled = path.find(({ alwaysValid }) => alwaysValid.low >= margin || alwaysValid.high < margin);
  const last = path.at(-1)!;
  if (!settled) return `After ${formatCount(last.reviews)} reviews both sides of the margin are still possible.`;
  const side = settled.alwaysValid.low >= margin ? "above" : "below";
  return `By ${formatCount(settled.reviews)} reviews the always-valid interval lay ${side} the margin for good.`;
}

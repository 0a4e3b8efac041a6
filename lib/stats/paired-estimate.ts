import { centralInterval, type Posterior, type Stratum, simulatePosterior } from "./posterior";

export const methodName = "stratified Dirichlet posterior (one prior case a stratum), fixed n";

export type Bounded = {
  /** Null while a stratum has no label at all: its mean is unknown, and the interval alone says what is known. */
  estimate: number | null;
  low: number;
  high: number;
};
export type PairedEstimate = {
  level: number;
  method: string;
  population: number;
  labelled: number;
  /** Strata with cases but without any label. */
  missingStrata: string[];
  theseCases: { delta: Bounded; baseline: Bounded; candidate: Bounded };
  casesLikeThese: { delta: Bounded; baseline: Bounded; candidate: Bounded };
};

function labelledOf({ cells }: Stratum): number {
  return cells[0] + cells[1] + cells[2] + cells[3];
}

/** Σ_h W_h · mean_h: post-stratified means of people's labels. Unbiased for simple random samples within the strata, whatever the judge said. */
function pointEstimates(strata: readonly Stratum[]): { baseline: number; candidate: number; delta: number } | null {
  const total = strata.reduce((sum, { population }) => sum + population, 0);
  if (total === 0) return null;
  // Sums of whole numbers are divided once, so that a complete grading gives the exact proportion.
  const complete = strata.every((stratum) => labelledOf(stratum) === stratum.population);
  let [baseline, candidate, delta] = [0, 0, 0];
  for (const stratum of strata) {
    if (stratum.population === 0) continue;
    const labelled = labelledOf(stratum);
    if (labelled === 0) return null;
    const weight = complete ? 1 : stratum.population / labelled;
    baseline += weight * (stratum.cells[2] + stratum.cells[3]);
    candidate += weight * (stratum.cells[1] + stratum.cells[3]);
    delta += weight * (stratum.cells[1] - stratum.cells[2]);
  }
  return { baseline: baseline / total, candidate: candidate / total, delta: delta / total };
}

function bounded(values: Float64Array, level: number, estimate: number | null): Bounded {
  const { low, high } = centralInterval(values, level) ?? { low: -1, high: 1 };
  if (estimate === null) return { estimate, low, high };
  return { estimate, low: Math.min(low, estimate), high: Math.max(high, estimate) };
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]!);
}

/**
 * Pass rates of both versions and their paired difference, from people's labels of a stratified sample (STRATA as drawn:
 * the judge's verdict pairs; must-pass cases apart), with two intervals: for *these cases* (finite population) and for
 * *cases like these*.
 *
 * @param level of the intervals, in (0, 1)
 * @returns proportions; delta in [−1, 1]. The interval always contains the estimate. With everything labelled the
 *   interval for these cases has zero width.
 */
export function pairedEstimate(strata: readonly Stratum[], level: number, posterior?: Posterior): PairedEstimate {
  const drawn = posterior ?? simulatePosterior(strata);
  const point = pointEstimates(strata);
  const complete = strata.every((stratum) => labelledOf(stratum) === stratum.population);
  const both = (of: { baseline: Float64Array; candidate: Float64Array }) => ({
    delta: bounded(difference(of.candidate, of.baseline), level, point?.delta ?? null),
    baseline: bounded(of.baseline, level, point?.baseline ?? null),
    candidate: bounded(of.candidate, level, point?.candidate ?? null),
  });
  const exact = (estimate: number) => ({ estimate, low: estimate, high: estimate });
  return {
    level,
    method: methodName,
    population: strata.reduce((sum, { population }) => sum + population, 0),
    labelled: strata.reduce((sum, stratum) => sum + labelledOf(stratum), 0),
    missingStrata: strata
      .filter((stratum) => stratum.population > 0 && labelledOf(stratum) === 0)
      .map(({ key }) => key),
    theseCases:
      complete && point
        ? { delta: exact(point.delta), baseline: exact(point.baseline), candidate: exact(point.candidate) }
        : both(drawn.these),
    casesLikeThese: both(drawn.alike),
  };
}

/**
 * The delta if every drawn case without a usable label (unsure, disagreement, skipped, not graded) went against the
 * candidate: baseline passes, candidate fails. Labels that exist are weighted as in the estimate.
 *
 * @param unlabelledDrawn drawn cases of each stratum without a label, by stratum key
 */
export function worstCaseDelta(
  strata: readonly Stratum[],
  unlabelledDrawn: ReadonlyMap<string, number>,
): number | null {
  const worst = strata.map((stratum) => {
    const [ff, fp, pf, pp] = stratum.cells;
    return { ...stratum, cells: [ff, fp, pf + (unlabelledDrawn.get(stratum.key) ?? 0), pp] as const };
  });
  return pointEstimates(worst)?.delta ?? null;
}

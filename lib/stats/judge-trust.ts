import { agreement, cohenKappa, gwetAc1 } from "./agreement";
import {
  type Confusion,
  centralInterval,
  type JudgeSays,
  type Posterior,
  priorPerCell,
  type Stratum,
  simulatePosterior,
} from "./posterior";
import { Random } from "./random";

/** A proportion with its interval; null where nothing defines it. */
export type Rate = { estimate: number | null; low: number; high: number };
export type JudgeTrust = {
  /** Estimated counts over all cases of the release that the judge judged: whole numbers when everything is labelled. */
  tp: number | null;
  fp: number | null;
  fn: number | null;
  tn: number | null;
  /** Labelled cases behind them, unweighted. */
  graded: { tp: number; fp: number; fn: number; tn: number };
  tpr: Rate;
  tnr: Rate;
  /** Share of bad answers among those the judge passes: 1 − PPV. */
  falsePassRate: Rate;
  agreement: number | null;
  kappa: number | null;
  ac1: number | null;
};

type Version = "baseline" | "candidate";

/** Cells in which people pass this version's output. */
const passCells = { baseline: [2, 3], candidate: [1, 3] } as const;

function ratio(part: Float64Array, other: Float64Array): Float64Array {
  return part.map((value, i) => value / (value + other[i]!));
}

function rate(part: number | null, other: number | null, simulated: Float64Array, level: number): Rate {
  const estimate = part === null || other === null || part + other === 0 ? null : part / (part + other);
  const { low, high } = centralInterval(simulated, level) ?? { low: 0, high: 1 };
  return estimate === null
    ? { estimate, low, high }
    : { estimate, low: Math.min(low, estimate), high: Math.max(high, estimate) };
}

function estimateCounts(strata: readonly Stratum[], version: Version) {
  const graded = { tp: 0, fp: 0, fn: 0, tn: 0 };
  const counts = { tp: 0, fp: 0, fn: 0, tn: 0 };
  let known = true;
  for (const { judged, population, cells } of strata) {
    const says = judged[version];
    if (says === "error" || population === 0) continue;
    const labelled = cells[0] + cells[1] + cells[2] + cells[3];
    const passes = passCells[version].reduce<number>((sum, cell) => sum + cells[cell], 0);
    if (labelled === 0) known = false;
    const weight = labelled === 0 ? 0 : population / labelled;
    const [right, wrong] = says === "pass" ? (["tp", "fp"] as const) : (["fn", "tn"] as const);
    graded[right] += passes;
    graded[wrong] += labelled - passes;
    counts[right] += passes * weight;
    counts[wrong] += (labelled - passes) * weight;
  }
  return { graded, counts: known ? counts : null };
}

function trustOf(strata: readonly Stratum[], version: Version, simulated: Confusion, level: number): JudgeTrust {
  const { graded, counts } = estimateCounts(strata, version);
  const { tp, fp, fn, tn } = counts ?? { tp: null, fp: null, fn: null, tn: null };
  const cells = counts && { bothPass: counts.tp, firstOnly: counts.fp, secondOnly: counts.fn, bothFail: counts.tn };
  return {
    tp,
    fp,
    fn,
    tn,
    graded,
    tpr: rate(tp, fn, ratio(simulated.tp, simulated.fn), level),
    tnr: rate(tn, fp, ratio(simulated.tn, simulated.fp), level),
    falsePassRate: rate(fp, tp, ratio(simulated.fp, simulated.tp), level),
    agreement: cells && agreement(cells),
    kappa: cells && cohenKappa(cells),
    ac1: cells && gwetAc1(cells),
  };
}

/**
 * How far a judge agrees with people about each version's answers, over all cases of a release, from a stratified sample:
 * counts are weighted by N_h / n_h, intervals come from the same simulated populations as the estimate. Verdicts that are
 * errors are left out here and counted elsewhere.
 */
export function judgeTrust(
  strata: readonly Stratum[],
  level: number,
  posterior?: Posterior,
): Record<Version, JudgeTrust> {
  const drawn = posterior ?? simulatePosterior(strata);
  return {
    baseline: trustOf(strata, "baseline", drawn.confusion.baseline, level),
    candidate: trustOf(strata, "candidate", drawn.confusion.candidate, level),
  };
}

export type Licence = "trusted" | "untrusted" | "not_enough_evidence";

/**
 * May this judge be trusted with this criterion? Trusted when the lower bounds of TPR and TNR of both versions reach the
 * policy; untrusted when an upper bound lies below it; otherwise there is not enough evidence.
 */
export function licenceOf(trust: readonly JudgeTrust[], needed: { minTpr: number; minTnr: number }): Licence {
  const rates = trust.flatMap(({ tpr, tnr }) => [
    { ...tpr, needed: needed.minTpr },
    { ...tnr, needed: needed.minTnr },
  ]);
  if (rates.some(({ estimate, high, needed }) => estimate !== null && high < needed)) return "untrusted";
  return rates.every(({ estimate, low, needed }) => estimate !== null && low >= needed)
    ? "trusted"
    : "not_enough_evidence";
}

/**
 * One stratum of the design with another criterion's judge inside it: labelled counts by what that judge says of the two
 * versions and what people say. Used for criteria whose judge did not make the strata.
 */
export type CrossedStratum = {
  population: number;
  cells: { judged: Record<Version, JudgeSays>; pass: Record<Version, boolean>; count: number }[];
};

const kinds = ["tp", "fp", "fn", "tn"] as const;

function kindOf(says: JudgeSays, pass: boolean): (typeof kinds)[number] | null {
  if (says === "error") return null;
  return says === "pass" ? (pass ? "tp" : "fp") : pass ? "fn" : "tn";
}

/**
 * As judgeTrust, for a judge that did not make the strata: within each stratum the five outcomes (tp, fp, fn, tn, judge
 * error) have a Dirichlet posterior, and the cases that are not labelled are drawn from it; counts are weighted by
 * N_h / n_h.
 */
export function crossedJudgeTrust(strata: readonly CrossedStratum[], level: number): Record<Version, JudgeTrust> {
  const of = (version: Version): JudgeTrust => {
    const counted = strata
      .filter(({ population }) => population > 0)
      .map(({ population, cells }) => {
        const counts = { tp: 0, fp: 0, fn: 0, tn: 0, error: 0 };
        for (const { judged, pass, count } of cells) counts[kindOf(judged[version], pass[version]) ?? "error"] += count;
        return { population, counts, labelled: cells.reduce((sum, { count }) => sum + count, 0) };
      });
    const graded = { tp: 0, fp: 0, fn: 0, tn: 0 };
    const totals = { tp: 0, fp: 0, fn: 0, tn: 0 };
    for (const { population, counts, labelled } of counted) {
      for (const kind of kinds) {
        graded[kind] += counts[kind];
        totals[kind] += labelled > 0 ? (counts[kind] * population) / labelled : 0;
      }
    }
    const known = counted.length > 0 && counted.every(({ labelled }) => labelled > 0);
    const { tp, fp, fn, tn } = known ? totals : { tp: null, fp: null, fn: null, tn: null };
    const simulated = simulateCrossed(counted);
    const cells = known
      ? { bothPass: totals.tp, firstOnly: totals.fp, secondOnly: totals.fn, bothFail: totals.tn }
      : null;
    return {
      tp,
      fp,
      fn,
      tn,
      graded,
      tpr: rate(tp, fn, ratio(simulated.tp, simulated.fn), level),
      tnr: rate(tn, fp, ratio(simulated.tn, simulated.fp), level),
      falsePassRate: rate(fp, tp, ratio(simulated.fp, simulated.tp), level),
      agreement: cells && agreement(cells),
      kappa: cells && cohenKappa(cells),
      ac1: cells && gwetAc1(cells),
    };
  };
  return { baseline: of("baseline"), candidate: of("candidate") };
}

type Counted = { population: number; labelled: number; counts: Record<(typeof kinds)[number] | "error", number> };

const crossedSimulations = 2000;

function simulateCrossed(strata: readonly Counted[]): Confusion {
  const random = new Random("countersign/crossed/1");
  // Without any label there is nothing to draw from: every rate is then anywhere in [0, 1].
  const size = strata.some(({ labelled }) => labelled > 0) ? crossedSimulations : 0;
  const result = Object.fromEntries(kinds.map((kind) => [kind, new Float64Array(size)])) as Confusion;
  const known = strata.map(({ counts }) => [...kinds.map((kind) => counts[kind]), counts.error]);
  const parameters = known.map((counts) => counts.map((count) => count + priorPerCell));
  const rates = new Float64Array(5);
  const drawn = new Float64Array(5);
  for (let s = 0; s < size; s++) {
    for (const [h, { population, labelled }] of strata.entries()) {
      random.dirichlet(parameters[h]!, rates);
      random.multinomial(population - labelled, rates, drawn);
      for (const [i, kind] of kinds.entries()) result[kind][s]! += known[h]![i]! + drawn[i]!;
    }
  }
  return result;
}

import jStat from "jstat";
import { agreement, cohenKappa, gwetAc1 } from "./agreement";
import { ratioInterval } from "./interval";
import { add, type Cells, drawnAtRandom, type JudgeSays, type Stratum, size, values } from "./strata";

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

export type Version = "baseline" | "candidate";

const nothing: Cells = [0, 0, 0, 0];
const flipped = (cells: Cells): Cells => cells.map((value) => 1 - value) as unknown as Cells;

/**
 * The strata as far as one version's verdicts go: those with the same verdict of it put together where every draw was a
 * simple random one, as no other verdict matters to it.
 */
export function byVerdict(strata: readonly Stratum[], version: Version): Stratum[] {
  if (!drawnAtRandom(strata)) return strata.filter(({ population }) => population > 0);
  const groups = new Map<string, Stratum>();
  for (const stratum of strata) {
    if (stratum.population === 0) continue;
    const key = `${stratum.certain ? "certain " : ""}${stratum.judged[version]}`;
    const found = groups.get(key);
    if (found) {
      found.population += stratum.population;
      found.cells = add(found.cells, stratum.cells);
    } else {
      const { judged, certain, population, cells } = stratum;
      groups.set(key, { key, judged, certain, population, cells });
    }
  }
  return [...groups.values()];
}

function estimateCounts(strata: readonly Stratum[], version: Version) {
  const graded = { tp: 0, fp: 0, fn: 0, tn: 0 };
  const counts = { tp: 0, fp: 0, fn: 0, tn: 0 };
  let known = true;
  for (const { judged, population, cells } of strata) {
    const says: JudgeSays = judged[version];
    if (says === "error") continue;
    const labelled = size(cells);
    const passes = cells.reduce((sum, count, cell) => sum + count * values[version][cell]!, 0);
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

function trustOf(all: readonly Stratum[], version: Version, level: number): JudgeTrust {
  const strata = byVerdict(all, version);
  const { graded, counts } = estimateCounts(strata, version);
  const passes: Cells = values[version];
  const where = (says: JudgeSays, cells: Cells) =>
    strata.map(({ judged }) => (judged[version] === says ? cells : nothing));
  const whereJudged = (cells: Cells) => strata.map(({ judged }) => (judged[version] === "error" ? nothing : cells));
  const one: Cells = [1, 1, 1, 1];
  const rate = (top: number | undefined, rest: number | undefined, part: Cells[], whole: Cells[]): Rate => {
    const estimate = top === undefined || rest === undefined || top + rest === 0 ? null : top / (top + rest);
    const { low, high } = ratioInterval(strata, part, whole, level);
    return estimate === null
      ? { estimate, low: Math.min(low, high), high: Math.max(low, high) }
      : { estimate, low: Math.min(low, estimate), high: Math.max(high, estimate) };
  };
  const cells = counts && { bothPass: counts.tp, firstOnly: counts.fp, secondOnly: counts.fn, bothFail: counts.tn };
  return {
    tp: counts?.tp ?? null,
    fp: counts?.fp ?? null,
    fn: counts?.fn ?? null,
    tn: counts?.tn ?? null,
    graded,
    tpr: rate(counts?.tp, counts?.fn, where("pass", passes), whereJudged(passes)),
    tnr: rate(counts?.tn, counts?.fp, where("fail", flipped(passes)), whereJudged(flipped(passes))),
    falsePassRate: rate(counts?.fp, counts?.tp, where("pass", flipped(passes)), where("pass", one)),
    agreement: cells && agreement(cells),
    kappa: cells && cohenKappa(cells),
    ac1: cells && gwetAc1(cells),
  };
}

/**
 * How far a judge agrees with people about each version's answers, over all cases of a release: counts are weighted by
 * N_h / n_h, intervals are those of the strata with this judge's verdicts in them. Verdicts that are errors are left out
 * here and counted elsewhere.
 *
 * @param strata by this judge's verdict pairs
 */
export function judgeTrust(strata: readonly Stratum[], level: number): Record<Version, JudgeTrust> {
  return { baseline: trustOf(strata, "baseline", level), candidate: trustOf(strata, "candidate", level) };
}

export type Licence = "trusted" | "untrusted" | "not_enough_evidence";

/**
 * May this judge be trusted with this criterion? Trusted when the lower bounds of TPR and TNR of both versions reach the
 * policy; untrusted when an upper bound lies below it; otherwise there is not enough evidence.
 */
export function licenceOf(
  trust: readonly Pick<JudgeTrust, "tpr" | "tnr">[],
  needed: { minTpr: number; minTnr: number },
): Licence {
  const rates = trust.flatMap(({ tpr, tnr }) => [
    { ...tpr, needed: needed.minTpr },
    { ...tnr, needed: needed.minTnr },
  ]);
  if (rates.some(({ estimate, high, needed }) => estimate !== null && high < needed)) return "untrusted";
  return rates.every(({ estimate, low, needed }) => estimate !== null && low >= needed)
    ? "trusted"
    : "not_enough_evidence";
}

/** Exact interval of a rate: Clopper & Pearson (1934), Biometrika 26, 404–413. `k` of `n` ≥ 1. */
export function exactInterval(k: number, n: number, level = 0.95): { low: number; high: number } {
  const tail = (1 - level) / 2;
  return {
    low: k === 0 ? 0 : jStat.beta.inv(tail, k, n - k + 1),
    high: k === n ? 1 : jStat.beta.inv(1 - tail, k + 1, n - k),
  };
}

/** Known-bad sentinels that a judge judged, and those it failed; with the exact interval of the rate. */
export type CatchRate = { caught: number; n: number; low: number; high: number };

/**
 * A licence also asks that known-bad sentinels are caught, where the policy names a rate: untrusted when the rate's upper
 * bound lies below it; without sentinels, or with too few, there is not enough evidence.
 *
 * @param minCatch in [0, 1]; undefined: the policy does not ask
 */
export function licenceWithCatch(licence: Licence, rate: CatchRate | null, minCatch?: number | null): Licence {
  if (minCatch === undefined || minCatch === null || licence === "untrusted") return licence;
  if (rate && rate.high < minCatch) return "untrusted";
  return rate && rate.low >= minCatch ? licence : "not_enough_evidence";
}

/** More than this many further grades is not a suggestion anybody could follow. */
const mostGrades = 5000;

/**
 * How many more good (for TPR) or bad (for TNR) answers have to be graded until the lower bound reaches `needed`, if the
 * judge goes on being right at the rate it was: the smallest m with a Clopper–Pearson lower bound ≥ needed at n + m.
 *
 * @returns 0 when it does already; null when the rate itself is not above `needed`, or thousands would not do
 */
export function gradesToSettle(right: number, n: number, needed: number, level: number): number | null {
  if (n === 0) return null;
  const rate = right / n;
  const bound = (m: number) => {
    const k = rate * m;
    return k === 0 ? 0 : jStat.beta.inv((1 - level) / 2, k, m - k + 1);
  };
  if (bound(n) >= needed) return 0;
  if (rate <= needed || bound(n + mostGrades) < needed) return null;
  let [from, to] = [n, n + mostGrades];
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (bound(middle) >= needed) to = middle;
    else from = middle;
  }
  return to - n;
}

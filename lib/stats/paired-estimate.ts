import { bound, priorCases, type Question } from "./interval";
import { add, type Cells, drawnAtRandom, poolThin, type Stratum, size, values, withoutJudge, worth } from "./strata";

export const methodName = "judge-stratified imprecise Dirichlet bounds, fixed n";

export type Bounded = {
  /** Null while nothing, or nothing of a stratum that has to be drawn, is labelled: the interval alone says what is known. */
  estimate: number | null;
  low: number;
  high: number;
};
type Three = { delta: Bounded; baseline: Bounded; candidate: Bounded };
export type PairedEstimate = {
  level: number;
  method: string;
  population: number;
  labelled: number;
  /** Strata with cases but without any label. */
  missingStrata: string[];
  theseCases: Three;
  casesLikeThese: Three;
};

type Name = keyof typeof values;

/**
 * What the judge alone would guess of a case, before anybody looks: halfway between its verdict and not knowing. The
 * estimate is unbiased whatever stands here; a good guess makes it tighter. Guesses of the two versions and of the delta
 * fit each other, so the estimates do.
 */
export function guess({ judged }: Stratum, name: Name): number {
  const pass = (says: string) => (says === "error" ? 0.5 : says === "pass" ? 0.75 : 0.25);
  if (name === "delta") return pass(judged.candidate) - pass(judged.baseline);
  return pass(judged[name]);
}

/** Cases that the judge's guess weighs against people's labels of the same stratum. */
export const guessCases = 3;

/** Mean worth of a stratum's cases as learnt so far. */
export function learnt(stratum: Stratum, cells: Cells, name: Name): number {
  return (worth(cells, values[name]) + guessCases * guess(stratum, name)) / (size(cells) + guessCases);
}

/**
 * A round of simple random draws, all orders of it averaged: each case in turn is taken as the next one after the others,
 * whose learnt means predict every case not yet seen (a difference estimator; Särndal, Swensson & Wretman 1992, §6.3).
 * Given the others, it is a random one of the rest: so each term is unbiased, whatever the judge said.
 */
function randomRound(strata: readonly Stratum[], before: readonly Cells[], now: readonly Cells[], name: Name): number {
  const of = values[name];
  const population = strata.reduce((sum, stratum) => sum + stratum.population, 0);
  const all = strata.map((_, h) => add(before[h]!, now[h]!));
  const labelled = all.reduce((sum, cells) => sum + size(cells), 0);
  const drawn = now.reduce((sum, cells) => sum + size(cells), 0);
  const known = all.reduce((sum, cells) => sum + worth(cells, of), 0);
  const rest = population - labelled + 1;
  const predicted = strata.map((stratum, h) => learnt(stratum, all[h]!, name));
  const unseen = strata.reduce((sum, stratum, h) => sum + (stratum.population - size(all[h]!)) * predicted[h]!, 0);
  let sum = 0;
  for (const [h, stratum] of strata.entries()) {
    for (let cell = 0; cell < 4; cell++) {
      const count = now[h]![cell]!;
      if (count === 0) continue;
      const others = all[h]!.map((n, i) => n - (i === cell ? 1 : 0)) as unknown as Cells;
      const mean = learnt(stratum, others, name);
      const unseenHere = stratum.population - size(all[h]!);
      const next = known - of[cell]! + unseen + unseenHere * (mean - predicted[h]!) + mean + rest * (of[cell]! - mean);
      sum += (count * next) / population;
    }
  }
  return sum / drawn;
}

/** A round that drew fixed numbers from strata of its own: predicted from what was learnt before, corrected in each. */
function stratifiedRound(
  strata: readonly Stratum[],
  before: readonly Cells[],
  now: readonly Cells[],
  designs: readonly (string | null)[],
  name: Name,
): number | null {
  const of = values[name];
  const population = strata.reduce((sum, stratum) => sum + stratum.population, 0);
  const groups = new Map<string | null, { rest: number; drawn: number; off: number }>();
  let total = 0;
  for (const [h, stratum] of strata.entries()) {
    const rest = stratum.population - size(before[h]!);
    const mean = learnt(stratum, before[h]!, name);
    total += worth(before[h]!, of) + rest * mean;
    const group = groups.get(designs[h]!) ?? { rest: 0, drawn: 0, off: 0 };
    groups.set(designs[h]!, group);
    group.rest += rest;
    group.drawn += size(now[h]!);
    group.off += worth(now[h]!, of) - size(now[h]!) * mean;
  }
  for (const { rest, drawn, off } of groups.values()) {
    if (rest === 0) continue;
    if (drawn === 0) return null;
    total += (rest * off) / drawn;
  }
  return total / population;
}

/**
 * The mean worth of all cases, unbiased for every design and any judge: rounds one after the other, each unbiased given
 * those before it, weighted by how many cases it drew.
 */
function pointEstimate(all: readonly Stratum[], name: Name): number | null {
  const strata = all.filter(({ population }) => population > 0);
  const population = strata.reduce((sum, stratum) => sum + stratum.population, 0);
  const total = (part: readonly Stratum[]) => part.reduce((sum, { cells }) => sum + worth(cells, values[name]), 0);
  if (population === 0) return null;
  if (strata.every((stratum) => size(stratum.cells) === stratum.population)) return total(strata) / population;
  let certain = 0;
  for (const stratum of strata.filter((stratum) => stratum.certain)) {
    if (size(stratum.cells) === 0) return null;
    certain += (stratum.population * worth(stratum.cells, values[name])) / size(stratum.cells);
  }
  const open = strata.filter((stratum) => !stratum.certain);
  const inOpen = open.reduce((sum, stratum) => sum + stratum.population, 0);
  if (inOpen === 0) return certain / population;
  const roundsOf = (stratum: Stratum) => stratum.rounds ?? [{ cells: stratum.cells, design: null }];
  const count = Math.max(...open.map((stratum) => roundsOf(stratum).length));
  let before: Cells[] = open.map(() => [0, 0, 0, 0]);
  let [sum, weight] = [0, 0];
  for (let r = 0; r < count; r++) {
    const now = open.map((stratum) => roundsOf(stratum)[r]?.cells ?? ([0, 0, 0, 0] as const));
    const designs = open.map((stratum) => roundsOf(stratum)[r]?.design ?? null);
    const drawn = now.reduce((n, cells) => n + size(cells), 0);
    if (drawn > 0) {
      const estimate = designs.every((design) => design === null)
        ? randomRound(open, before, now, name)
        : stratifiedRound(open, before, now, designs, name);
      if (estimate !== null) {
        sum += drawn * estimate;
        weight += drawn;
      }
    }
    before = before.map((cells, h) => add(cells, now[h]!));
  }
  if (weight === 0) return null;
  return (certain + (inOpen * sum) / weight) / population;
}

const limits = { delta: [-1, 1], baseline: [0, 1], candidate: [0, 1] } as const;

function interval(
  strata: readonly Stratum[],
  name: Name,
  level: number,
  question: Question,
  estimate: number | null,
): Bounded {
  const prior = name === "delta" ? priorCases.delta : priorCases.rate;
  const options = { tail: (1 - level) / 2, prior, question };
  const of = (part: readonly Stratum[]) => {
    const worths = part.map(() => values[name]);
    return { low: bound(part, worths, "low", options), high: bound(part, worths, "high", options) };
  };
  let found = of(poolThin(strata));
  if (drawnAtRandom(strata)) {
    // Both are honest of a simple random sample; the judge's strata are used as far as they help.
    const alone = of(withoutJudge(strata));
    if (alone.high - alone.low < found.high - found.low) found = alone;
  }
  const [least, most] = limits[name];
  const low = Math.max(least, Math.min(found.low, found.high));
  const high = Math.min(most, Math.max(found.low, found.high));
  if (estimate === null) return { estimate, low, high };
  const possible = Math.min(most, Math.max(least, estimate));
  return { estimate: possible, low: Math.min(low, possible), high: Math.max(high, possible) };
}

/**
 * Pass rates of both versions and their paired difference, from people's labels of drawn cases, with two intervals: for
 * *these cases* (finite population) and for *cases like these*.
 *
 * @param strata by what is known of a case before people look
 * @param level of the intervals, in (0, 1)
 * @returns proportions; delta in [−1, 1]. The interval always contains the estimate. With everything labelled the
 *   interval for these cases has zero width.
 */
export function pairedEstimate(strata: readonly Stratum[], level: number): PairedEstimate {
  const points = {
    delta: pointEstimate(strata, "delta"),
    baseline: pointEstimate(strata, "baseline"),
    candidate: pointEstimate(strata, "candidate"),
  };
  const present = strata.filter(({ population }) => population > 0);
  const both = (question: Question): Three => ({
    delta: interval(present, "delta", level, question, points.delta),
    baseline: interval(present, "baseline", level, question, points.baseline),
    candidate: interval(present, "candidate", level, question, points.candidate),
  });
  const exact = (estimate: number | null): Bounded => ({ estimate, low: estimate ?? 0, high: estimate ?? 0 });
  const complete = present.length > 0 && present.every((stratum) => size(stratum.cells) === stratum.population);
  return {
    level,
    method: methodName,
    population: present.reduce((sum, { population }) => sum + population, 0),
    labelled: present.reduce((sum, { cells }) => sum + size(cells), 0),
    missingStrata: present.filter(({ cells }) => size(cells) === 0).map(({ key }) => key),
    theseCases: complete
      ? { delta: exact(points.delta), baseline: exact(points.baseline), candidate: exact(points.candidate) }
      : both("these"),
    casesLikeThese: both("alike"),
  };
}

/**
 * The delta over all cases if every drawn case without a usable label (unsure, disagreement, skipped, not graded) went
 * against the candidate: such a case would have been one more label of its stratum. And if every case that one of the
 * versions did not answer, which no stratum holds, did so too: each counts −1.
 *
 * @param unlabelledDrawn drawn cases of each stratum without a label, by stratum key
 * @param unanswered cases outside the strata, ≥ 0
 */
export function worstCaseDelta(
  strata: readonly Stratum[],
  unlabelledDrawn: ReadonlyMap<string, number>,
  unanswered = 0,
): number | null {
  const worst = strata.map((stratum) => {
    const missing = unlabelledDrawn.get(stratum.key) ?? 0;
    const against = ([ff, fp, pf, pp]: Cells): Cells => [ff, fp, pf + missing, pp];
    const last = stratum.rounds?.at(-1);
    const rounds = last && [...stratum.rounds!.slice(0, -1), { ...last, cells: against(last.cells) }];
    return { ...stratum, cells: against(stratum.cells), ...(rounds && { rounds }) };
  });
  const estimate = pointEstimate(worst, "delta");
  if (estimate === null) return null;
  const answered = strata.reduce((sum, { population }) => sum + population, 0);
  return (answered * Math.max(-1, Math.min(1, estimate)) - unanswered) / (answered + unanswered);
}

import { methodName, pairedEstimate } from "../stats/paired-estimate";
import { type JudgeSays, type Stratum, simulatePosterior } from "../stats/posterior";
import { drawBatch, mustPassStratum, type SampleStratum } from "./draw";

/** A case whose truth is known, with what a judge says of both answers. */
export type ReplayCase = {
  key: string;
  mustPass: boolean;
  judged: { baseline: JudgeSays; candidate: JudgeSays };
  pass: { baseline: boolean; candidate: boolean };
};

export type Replay = {
  /** The delta over all cases, in [−1, 1]. */
  truth: number;
  cases: number;
  repeats: number;
  /** Cases drawn in each repeat; must-pass cases may make it more than was asked for. */
  draw: number;
  level: number;
  method: string;
  /** Mean estimate − truth. */
  bias: number;
  /** Share of the repeats whose interval holds the truth. `alwaysValid` is null: no such interval is shown yet. */
  coverage: { fixed: number; alwaysValid: null; peopleOnly: number };
  /** Mean width of the interval of these cases; `peopleOnly` from as many grades drawn without looking at the judge. */
  width: { fixed: number; alwaysValid: null; peopleOnly: number };
};

const pairOf = ({ judged }: ReplayCase) => `${judged.baseline}>${judged.candidate}`;
const unjudged = { baseline: "error", candidate: "error" } as const;

/** The strata that a draw knows: case numbers in place of ids. */
function sampleStrata(cases: readonly ReplayCase[]): SampleStratum[] {
  const remaining = new Map<string, number[]>();
  for (const [id, item] of cases.entries()) {
    const key = item.mustPass ? mustPassStratum : pairOf(item);
    remaining.set(key, [...(remaining.get(key) ?? []), id]);
  }
  return [...remaining]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([stratum, ids]) => ({ stratum, population: ids.length, alreadyDrawn: 0, remaining: ids }));
}

/** What is known after people graded the drawn cases: per stratum, the four counts of labels. */
function graded(cases: readonly ReplayCase[], drawn: ReadonlySet<number>): Stratum[] {
  const strata = new Map<string, Stratum & { cells: [number, number, number, number] }>();
  for (const [id, item] of cases.entries()) {
    const key = `${item.mustPass ? mustPassStratum : ""} ${pairOf(item)}`;
    const stratum = strata.get(key) ?? { key, judged: item.judged, population: 0, cells: [0, 0, 0, 0] };
    strata.set(key, stratum);
    stratum.population++;
    if (drawn.has(id)) stratum.cells[(item.pass.baseline ? 2 : 0) + (item.pass.candidate ? 1 : 0)]!++;
  }
  return [...strata.values()];
}

function tally() {
  let [n, sum, covered, width] = [0, 0, 0, 0];
  return {
    add(strata: readonly Stratum[], level: number, truth: number): void {
      const { estimate, low, high } = pairedEstimate(strata, level, simulatePosterior(strata)).theseCases.delta;
      n++;
      sum += estimate ?? (low + high) / 2;
      // Sums of proportions differ in the last digits.
      if (low - 1e-9 <= truth && truth <= high + 1e-9) covered++;
      width += high - low;
    },
    result: () => ({ mean: sum / n, coverage: covered / n, width: width / n }),
  };
}

/**
 * Draws from labelled cases as a release would, grades the drawn ones with the truth, and counts how often the interval
 * holds it: the product's promise, put to the test on data of one's own.
 *
 * @param draw cases to draw, an integer ≥ 1; never more than there are
 * @param seed repeat r draws with the seed `${seed}/${r}`
 * @throws RangeError without cases, draws or repeats
 */
export function replay(
  cases: readonly ReplayCase[],
  { draw, repeats, seed, level = 0.95 }: { draw: number; repeats: number; seed: string; level?: number },
): Replay {
  if (cases.length === 0 || !(draw >= 1) || !(repeats >= 1)) throw new RangeError("cases, draw and repeats are ≥ 1");
  const truth = cases.reduce((sum, { pass }) => sum + Number(pass.candidate) - Number(pass.baseline), 0) / cases.length;
  const blindToJudge = cases.map((item) => ({ ...item, judged: unjudged }));
  const [withJudge, alone] = [sampleStrata(cases), sampleStrata(blindToJudge)];
  const [fixed, peopleOnly] = [tally(), tally()];
  let drawn = 0;
  for (let r = 0; r < repeats; r++) {
    const pick = (strata: SampleStratum[]) =>
      new Set(drawBatch(strata, draw, `${seed}/${r}`).cases.map(({ id }) => id));
    const picked = pick(withJudge);
    drawn = picked.size;
    fixed.add(graded(cases, picked), level, truth);
    peopleOnly.add(graded(blindToJudge, pick(alone)), level, truth);
  }
  const [ours, theirs] = [fixed.result(), peopleOnly.result()];
  return {
    truth,
    cases: cases.length,
    repeats,
    draw: drawn,
    level,
    method: methodName,
    bias: ours.mean - truth,
    coverage: { fixed: ours.coverage, alwaysValid: null, peopleOnly: theirs.coverage },
    width: { fixed: ours.width, alwaysValid: null, peopleOnly: theirs.width },
  };
}

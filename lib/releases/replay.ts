import { alwaysValidName, alwaysValidPath, type SequenceInput } from "../stats/always-valid";
import { guess, methodName, pairedEstimate } from "../stats/paired-estimate";
import { type JudgeSays, type Stratum, values, withoutJudge } from "../stats/strata";
import { drawBatch, mustPassStratum, type SampleStratum } from "./draw";

/** A case whose truth is known, with what a judge says of both answers. */
export type ReplayCase = {
  key: string;
  mustPass: boolean;
  judged: { baseline: JudgeSays; candidate: JudgeSays };
  pass: { baseline: boolean; candidate: boolean };
};

/** Of the interval for a number of grades fixed beforehand, and of the one that holds however often one looks. */
type Both = { fixed: number; alwaysValid: number };

export type Replay = {
  /** The delta over all cases, in [−1, 1]. */
  truth: number;
  cases: number;
  repeats: number;
  /** Cases drawn in each repeat; must-pass cases may make it more than was asked for. */
  draw: number;
  level: number;
  method: { fixed: string; alwaysValid: string };
  /** Mean estimate − truth, and the standard error of that mean. */
  bias: number;
  biasError: number;
  /**
   * Share of the repeats whose interval holds the truth; of the always-valid one after every single grade, not only at the
   * end. `peopleOnly`: the same fixed interval from the same grades, without the judge.
   */
  coverage: Both & { peopleOnly: number };
  /** Mean width of the interval of these cases after the last grade. */
  width: Both & { peopleOnly: number };
};

const pairOf = ({ judged }: ReplayCase) => `${judged.baseline}>${judged.candidate}`;
const cellOf = ({ pass }: ReplayCase) => (pass.baseline ? 2 : 0) + (pass.candidate ? 1 : 0);

/** The strata that a draw knows: case numbers in place of ids. */
function sampleStrata(cases: readonly ReplayCase[]): SampleStratum[] {
  const remaining = new Map<string, number[]>();
  for (const [id, item] of cases.entries()) {
    const key = item.mustPass ? mustPassStratum : pairOf(item);
    remaining.set(key, [...(remaining.get(key) ?? []), id]);
  }
  return [...remaining]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([stratum, ids]) => ({
      stratum,
      slice: null,
      close: false,
      population: ids.length,
      alreadyDrawn: 0,
      remaining: ids,
    }));
}

type Counted = Stratum & { cells: [number, number, number, number] };

/** What is known after people graded the drawn cases: per stratum, the four counts of labels. */
function graded(cases: readonly ReplayCase[], drawn: ReadonlySet<number>): Counted[] {
  const strata = new Map<string, Counted>();
  for (const [id, item] of cases.entries()) {
    const key = `${item.mustPass ? mustPassStratum : ""} ${pairOf(item)}`;
    const stratum = strata.get(key) ?? {
      key,
      judged: item.judged,
      certain: item.mustPass,
      population: 0,
      cells: [0, 0, 0, 0],
    };
    strata.set(key, stratum);
    stratum.population++;
    if (drawn.has(id)) stratum.cells[cellOf(item)]!++;
  }
  return [...strata.values()];
}

/** The drawn cases in the order of the queue, as the always-valid interval takes them in. */
function sequence(cases: readonly ReplayCase[], order: readonly number[], strata: readonly Stratum[]): SequenceInput {
  const open = strata.filter(({ certain }) => !certain);
  const at = new Map(open.map(({ key }, h) => [key, h]));
  const ids = order.filter((id) => !cases[id]!.mustPass);
  const certain = cases.filter(({ mustPass }) => mustPass);
  const delta = (item: ReplayCase) => values.delta[cellOf(item)]!;
  return {
    strata: open.map((stratum) => ({ population: stratum.population, guess: guess(stratum, "delta") })),
    rounds: [{ size: ids.length }],
    draws: ids.map((id) => ({ stratum: at.get(` ${pairOf(cases[id]!)}`)!, value: delta(cases[id]!), round: 0 })),
    certain: {
      population: certain.length,
      labelled: certain.length,
      sum: certain.reduce((total, item) => total + delta(item), 0),
    },
  };
}

function tally() {
  let [n, sum, squares, covered, width] = [0, 0, 0, 0, 0];
  return {
    add(estimate: number, { low, high }: { low: number; high: number }, holds: boolean): void {
      n++;
      sum += estimate;
      squares += estimate * estimate;
      if (holds) covered++;
      width += high - low;
    },
    result: () => ({
      mean: sum / n,
      error: Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2) / n),
      coverage: covered / n,
      width: width / n,
    }),
  };
}

/**
 * Draws from labelled cases as a release would, grades the drawn ones with the truth, and counts how often the intervals
 * hold it: the product's promise, put to the test on data of one's own.
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
  // Sums of proportions differ in the last digits.
  const holds = ({ low, high }: { low: number; high: number }) => low - 1e-9 <= truth && truth <= high + 1e-9;
  const strata = sampleStrata(cases);
  const [fixed, alwaysValid, peopleOnly] = [tally(), tally(), tally()];
  let drawn = 0;
  for (let r = 0; r < repeats; r++) {
    const order = drawBatch(strata, draw, `${seed}/${r}`).cases.map(({ id }) => id);
    drawn = order.length;
    const known = graded(cases, new Set(order));
    const { delta } = pairedEstimate(known, level).theseCases;
    fixed.add(delta.estimate ?? (delta.low + delta.high) / 2, delta, holds(delta));
    const alone = pairedEstimate(withoutJudge(known), level).theseCases.delta;
    peopleOnly.add(alone.estimate ?? 0, alone, holds(alone));
    const path = alwaysValidPath(sequence(cases, order, known), level);
    const last = path.at(-1)!;
    alwaysValid.add(delta.estimate ?? 0, last, path.every(holds));
  }
  const [ours, always, theirs] = [fixed.result(), alwaysValid.result(), peopleOnly.result()];
  return {
    truth,
    cases: cases.length,
    repeats,
    draw: drawn,
    level,
    method: { fixed: methodName, alwaysValid: alwaysValidName },
    bias: ours.mean - truth,
    biasError: ours.error,
    coverage: { fixed: ours.coverage, alwaysValid: always.coverage, peopleOnly: theirs.coverage },
    width: { fixed: ours.width, alwaysValid: always.width, peopleOnly: theirs.width },
  };
}

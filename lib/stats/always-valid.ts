import { Random } from "./random";

export const alwaysValidName = "betting confidence sequence, without replacement";

/**
 * One drawn case in the order of the queue. `value` is people's delta (−1, 0 or 1); null: drawn but without a label
 * (not graded yet, unsure, disagreement). `stratum` indexes `population`; `design` is the stratum of a round that drew
 * fixed numbers from strata of its own, null in a simple random one.
 */
export type DrawnLabel = { stratum: number; value: number | null; round: number };

export type SequenceInput = {
  /** Cases by what is known of them before people look, those drawn for certain left out; `guess` of the delta, in [−1, 1]. */
  strata: readonly { population: number; guess: number }[];
  /**
   * Per round, in order: how many cases it drew, and for a round with strata of its own which of `strata` lie in which of
   * them (`designOf`) and how many it drew from each.
   */
  rounds: readonly { size: number; designOf?: readonly number[]; drawn?: readonly number[] }[];
  draws: readonly DrawnLabel[];
  /** Cases drawn for certain: how many, how many of them are labelled, and the sum of their deltas. */
  certain: { population: number; labelled: number; sum: number };
};

export type Interval = { low: number; high: number };
export type SequencePoint = Interval & { labelled: number };

/** Candidate values of the delta: −1, −0.998, … 1. A bound is never more than one step wider than it need be. */
const steps = 1000;
/** A bet never risks more than this share of what is left at the worst outcome. */
const boldness = 0.95;
/** Cases that a stratum's guess weighs against its labels. */
const guessCases = 3;
const rounding = 1e-9;
/** Futures are drawn in batches of this many. */
const forecastBatch = 40;
/** Prior variance of a label about its prediction, worth one label. */
const priorVariance = 0.25;

/**
 * One step of the sequence: the case's prediction error, weighted so that its expectation given the past is the delta of
 * the open cases. Mutable state that both the interval and the forecast use.
 */
class Sequence {
  readonly population: number;
  private readonly rest: number[];
  private readonly sums: number[];
  private readonly counts: number[];
  private squares = 0;
  private labelled = 0;
  private known = 0;
  private unknown: number;
  private left: number[] = [];
  private round = -1;
  private horizon = 0;
  /** Σ (population / not yet labelled)² up to the end of the current round: how much a bet is spread over. */
  private spread = 0;

  constructor(private readonly input: SequenceInput) {
    this.rest = input.strata.map(({ population }) => population);
    this.sums = input.strata.map(() => 0);
    this.counts = input.strata.map(() => 0);
    this.population = this.rest.reduce((sum, n) => sum + n, 0);
    this.unknown = this.population;
  }

  predicted(stratum: number): number {
    return (
      (this.sums[stratum]! + guessCases * this.input.strata[stratum]!.guess) / (this.counts[stratum]! + guessCases)
    );
  }

  /** What is logically possible: every case not labelled may be −1 or 1. */
  possible(): Interval {
    return {
      low: (this.known - this.unknown) / this.population,
      high: (this.known + this.unknown) / this.population,
    };
  }

  get drawnLabels(): number {
    return this.labelled;
  }

  get remaining(): readonly number[] {
    return this.rest;
  }

  private enter(round: number): void {
    while (this.round < round) {
      this.round++;
      const { size, drawn } = this.input.rounds[this.round]!;
      this.left = drawn ? [...drawn] : [];
      const until = Math.min(this.population, this.horizon + size);
      for (let t = this.horizon; t < until; t++) this.spread += (this.population / (this.population - t)) ** 2;
      this.horizon = until;
    }
  }

  /**
   * Takes in the next draw.
   *
   * @returns the term whose expectation is the delta of the open cases (`low`: at most, `high`: at least that, while a
   *   stratum of the round is used up), its least and greatest possible values, and the stake per square root of
   *   2 log(2/α); null when the draw has no label
   */
  take({ stratum, value, round }: DrawnLabel) {
    this.enter(round);
    const { designOf } = this.input.rounds[round]!;
    const n = this.population;
    let result: null | { low: number; high: number; least: number; most: number; stake: number } = null;
    if (value !== null) {
      // In a simple random round every case not seen yet is as likely to be next.
      const alike = this.unknown / n;
      const weights = designOf ? this.weights() : null;
      let [base, least, most, slack] = [this.known, Infinity, -Infinity, 0];
      let square = 0;
      for (let h = 0; h < this.rest.length; h++) {
        const count = this.rest[h]!;
        if (count === 0) continue;
        const mean = this.predicted(h);
        const weight = weights ? weights[h]! : alike;
        if (weight === 0) {
          slack += count;
          continue;
        }
        base += count * mean;
        least = Math.min(least, weight * (-1 - mean));
        most = Math.max(most, weight * (1 - mean));
        // The chance to be next is count / (n · weight).
        square += (count / n) * weight;
      }
      const error = value - this.predicted(stratum);
      const term = base / n + (weights ? weights[stratum]! : alike) * error;
      result = {
        low: term - slack / n,
        high: term + slack / n,
        least: (base - slack) / n + least,
        most: (base + slack) / n + most,
        // What would be best had the errors' variance been known, spread over the planned draws: later terms vary less.
        stake: 1 / (square * Math.sqrt(this.spread * ((priorVariance + this.squares) / (1 + this.labelled)))),
      };
      this.squares += error * error;
      this.sums[stratum]! += value;
      this.counts[stratum]!++;
      this.rest[stratum]!--;
      this.labelled++;
      this.known += value;
      this.unknown--;
    }
    if (designOf) this.left[designOf[stratum]!]!--;
    return result;
  }

  /** In a round with strata of its own: 1 / (N · the chance of a case of each stratum to be the next one drawn). */
  private weights(): number[] {
    const designOf = this.input.rounds[this.round]!.designOf!;
    const n = this.population;
    const inDesign = this.left.map(() => 0);
    for (const [h, count] of this.rest.entries()) inDesign[designOf[h]!]! += count;
    const left = this.left.reduce((sum, count) => sum + count, 0);
    return this.rest.map((_, h) => {
      const g = designOf[h]!;
      return this.left[g]! > 0 ? (inDesign[g]! * left) / (n * this.left[g]!) : 0;
    });
  }
}

type Bet = NonNullable<ReturnType<Sequence["take"]>>;

function gainAbove(bet: Bet, size: number, delta: number): number {
  const room = delta - bet.least;
  // Below what is possible: a term that can't be there, so any stake wins without end. Sums differ in their last digits.
  if (room <= rounding) return bet.low - delta > rounding ? Infinity : 0;
  return Math.log1p(Math.min(size, boldness / room) * (bet.low - delta));
}

function gainBelow(bet: Bet, size: number, delta: number): number {
  const room = bet.most - delta;
  if (room <= rounding) return delta - bet.high > rounding ? Infinity : 0;
  return Math.log1p(-Math.min(size, boldness / room) * (bet.high - delta));
}

/**
 * An interval for the delta of these cases that holds at every number of labels at once, however often somebody looks and
 * whenever they stop: the values of the delta against which no gambler has multiplied their stake by 2/α (Waudby-Smith &
 * Ramdas 2024, JRSS-B 86, 1–27, §5 without replacement; the weighted terms of Zrnic & Candès 2024, "Active statistical
 * inference"). The judge's strata predict each label, so only the prediction errors cost width; a useless judge costs
 * next to nothing, as predictions are learnt from labels.
 *
 * @param level in (0, 1), such as .95
 * @returns the interval after each label, never wider than after the one before; `labelled` counts the certain ones too
 */
export function alwaysValidPath(input: SequenceInput, level: number): SequencePoint[] {
  const needed = Math.log(2 / (1 - level));
  const sequence = new Sequence(input);
  const grid = Float64Array.from({ length: steps + 1 }, (_, i) => (2 * i - steps) / steps);
  const above = new Float64Array(grid.length);
  const below = new Float64Array(grid.length);
  const { certain } = input;
  const total = sequence.population + certain.population;
  const whole = ({ low, high }: Interval): Interval => {
    const unknown = certain.population - certain.labelled;
    return {
      low: (low * sequence.population + certain.sum - unknown) / total,
      high: (high * sequence.population + certain.sum + unknown) / total,
    };
  };
  if (total === 0) return [];
  if (sequence.population === 0) return [{ ...whole({ low: 0, high: 0 }), labelled: certain.labelled }];
  const path: SequencePoint[] = [{ ...whole({ low: -1, high: 1 }), labelled: certain.labelled }];
  // Values up to `from` and from `to` on are excluded; the bounds never go back.
  let [from, to] = [-1, grid.length];
  for (const draw of input.draws) {
    const bet = sequence.take(draw);
    if (!bet) continue;
    const size = bet.stake * Math.sqrt(2 * needed);
    for (let i = from + 1; i < to; i++) {
      above[i]! += gainAbove(bet, size, grid[i]!);
      below[i]! += gainBelow(bet, size, grid[i]!);
    }
    // The gain against a value falls with the value: what is excluded lies in one piece at either end.
    while (from + 1 < to && above[from + 1]! >= needed) from++;
    while (to - 1 > from && below[to - 1]! >= needed) to--;
    const possible = sequence.possible();
    const low = Math.max(possible.low, from >= 0 ? grid[from]! : -1);
    const high = Math.min(possible.high, to < grid.length ? grid[to]! : 1);
    path.push({
      ...whole({ low: Math.min(low, possible.high), high: Math.max(high, possible.low) }),
      labelled: certain.labelled + sequence.drawnLabels,
    });
  }
  return path;
}

export type Forecast = {
  /** Further labels until the interval leaves the margin on one side: quantiles over the simulated futures; null: more than there are cases. */
  likely: { low: number | null; median: number | null; high: number | null };
  /** Shares of the futures that end above the margin, and below it. */
  met: number;
  notMet: number;
};

/**
 * How many more labels would settle on which side of the margin the delta lies, from what is known so far: futures are
 * drawn from the labels' posterior in each stratum (prior of one case, half of it as the judge guesses), and graded on at
 * random until the always-valid interval excludes the margin.
 *
 * @param cells labelled cases of each stratum by delta: [−1, 0, 1]
 * @param margin in [−1, 1]
 * @returns null when the interval excludes the margin already, or nothing is left to label
 */
export function forecastLabels(
  input: SequenceInput,
  cells: readonly (readonly [number, number, number])[],
  { margin, level, futures = 40, most = 1000 }: { margin: number; level: number; futures?: number; most?: number },
): Forecast | null {
  const random = new Random("countersign/forecast/1");
  const needed = Math.log(2 / (1 - level));
  const population = input.strata.reduce((sum, stratum) => sum + stratum.population, 0);
  const total = population + input.certain.population;
  // Cases drawn for certain and not labelled yet are taken as no difference.
  const target = (margin * total - input.certain.sum) / Math.max(1, population);
  const results: { labels: number | null; met: boolean }[] = [];
  const shares = new Float64Array(3);
  const now = gamblers(input, target, needed);
  if (now.settled || now.left <= 0) return null;
  const size = Math.min(now.left, most);
  const further = Array.from({ length: Math.ceil(size / forecastBatch) }, () => ({ size: forecastBatch }));
  for (let f = 0; f < futures; f++) {
    const rates = input.strata.map(({ guess }, h) => {
      const toward = [Math.max(0, -guess), 1 - Math.abs(guess), Math.max(0, guess)];
      random.dirichlet(
        cells[h]!.map((count, i) => count + 0.5 * toward[i]! + 1 / 6),
        shares,
      );
      return [...shares];
    });
    const future = new Sequence({ ...input, rounds: [...input.rounds, ...further] });
    for (const draw of input.draws) future.take(draw);
    let [above, below, labels] = [now.above, now.below, 0];
    let settled: boolean | null = null;
    while (settled === null && labels < size) {
      let pick = random.below(now.left - labels);
      let stratum = 0;
      while (pick >= future.remaining[stratum]!) pick -= future.remaining[stratum++]!;
      const u = random.uniform();
      const [worse, same] = rates[stratum]!;
      const value = u < worse! ? -1 : u < worse! + same! ? 0 : 1;
      const bet = future.take({ stratum, value, round: input.rounds.length + Math.floor(labels / forecastBatch) })!;
      labels++;
      const staked = bet.stake * Math.sqrt(2 * needed);
      above += gainAbove(bet, staked, target);
      below += gainBelow(bet, staked, target);
      const possible = future.possible();
      if (above >= needed || possible.low >= target) settled = true;
      else if (below >= needed || possible.high < target) settled = false;
    }
    results.push({ labels: settled === null ? null : labels, met: settled === true });
  }
  const sorted = results.map(({ labels }) => labels ?? Infinity).sort((a, b) => a - b);
  const at = (p: number) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!;
    return Number.isFinite(value) ? value : null;
  };
  return {
    likely: { low: at(0.1), median: at(0.5), high: at(0.9) },
    met: results.filter(({ labels, met }) => labels !== null && met).length / futures,
    notMet: results.filter(({ labels, met }) => labels !== null && !met).length / futures,
  };
}

/** The gamblers against one value of the delta, after all labels so far. */
function gamblers(input: SequenceInput, target: number, needed: number) {
  const sequence = new Sequence(input);
  let [above, below, settled] = [0, 0, false];
  for (const draw of input.draws) {
    const bet = sequence.take(draw);
    if (!bet) continue;
    const size = bet.stake * Math.sqrt(2 * needed);
    above += gainAbove(bet, size, target);
    below += gainBelow(bet, size, target);
    const possible = sequence.possible();
    if (above >= needed || below >= needed || possible.low >= target || possible.high < target) settled = true;
  }
  return { above, below, settled, left: sequence.remaining.reduce((sum, n) => sum + n, 0) };
}

/** True when the always-valid interval holds this value of the open cases' delta after every single label. */
export function holdsThroughout(input: SequenceInput, level: number, delta: number): boolean {
  const population = input.strata.reduce((sum, stratum) => sum + stratum.population, 0);
  const total = population + input.certain.population;
  const target = (delta * total - input.certain.sum) / Math.max(1, population);
  const needed = Math.log(2 / (1 - level));
  const sequence = new Sequence(input);
  let [above, below] = [0, 0];
  for (const draw of input.draws) {
    const bet = sequence.take(draw);
    if (!bet) continue;
    const size = bet.stake * Math.sqrt(2 * needed);
    above += gainAbove(bet, size, target);
    below += gainBelow(bet, size, target);
    if (above >= needed || below >= needed) return false;
  }
  return true;
}

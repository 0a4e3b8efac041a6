import { Random } from "./random";

/**
 * One stratum of the design: cases whose judge verdicts (baseline, candidate) are the same pair. `judged` is that pair;
 * `error` stands for an error or a missing verdict, and for no judge at all.
 */
export type Stratum = {
  key: string;
  judged: { baseline: JudgeSays; candidate: JudgeSays };
  /** Cases in the stratum, N_h. */
  population: number;
  /** Labelled cases by people's (baseline, candidate): [fail·fail, fail·pass, pass·fail, pass·pass]. */
  cells: readonly [number, number, number, number];
};
export type JudgeSays = "pass" | "fail" | "error";

/**
 * Pseudo-count given to each of the four cells of a stratum: Jeffreys' prior for a multinomial. Chosen for its coverage
 * where disagreements are rare; see posterior.test.ts and docs/decisions/0005.
 */
export const priorPerCell = 0.5;
export const simulations = 4000;

/** Simulated population totals of one version: what the judge says against what people would say. */
export type Confusion = { tp: Float64Array; fp: Float64Array; fn: Float64Array; tn: Float64Array };
export type Posterior = {
  /** Rates over the cases of this release. */
  these: { baseline: Float64Array; candidate: Float64Array };
  /** Rates over the population that such cases come from. */
  alike: { baseline: Float64Array; candidate: Float64Array };
  confusion: { baseline: Confusion; candidate: Confusion };
};

function emptyConfusion(size: number): Confusion {
  return {
    tp: new Float64Array(size),
    fp: new Float64Array(size),
    fn: new Float64Array(size),
    tn: new Float64Array(size),
  };
}

/**
 * Draws from what is known about a stratified population after simple random samples from its strata.
 *
 * Within a stratum the four cells have a Dirichlet posterior (multinomial likelihood, prior `priorPerCell` each). For
 * *these cases* the labelled cases are known and only the rest is drawn (Dirichlet–multinomial; Ericson 1969, JRSS-B 31,
 * 195–233), so a stratum that is labelled whole adds no uncertainty. For *cases like these* the strata's shares are
 * uncertain as well (Dirichlet on N_h + ½).
 *
 * Deterministic: the seed is part of the method.
 */
export function simulatePosterior(
  strata: readonly Stratum[],
  size = simulations,
  seed = "countersign/posterior/1",
): Posterior {
  const random = new Random(seed);
  const total = strata.reduce((sum, { population }) => sum + population, 0);
  const these = { baseline: new Float64Array(size), candidate: new Float64Array(size) };
  const alike = { baseline: new Float64Array(size), candidate: new Float64Array(size) };
  const confusion = { baseline: emptyConfusion(size), candidate: emptyConfusion(size) };
  const shares = new Float64Array(strata.length);
  const shareParameters = strata.map(({ population }) => population + 0.5);
  const rates = new Float64Array(4);
  const totals = new Float64Array(4);

  for (let s = 0; s < size; s++) {
    random.dirichlet(shareParameters, shares);
    for (let h = 0; h < strata.length; h++) {
      const { judged, population, cells } = strata[h]!;
      random.dirichlet(
        [cells[0] + priorPerCell, cells[1] + priorPerCell, cells[2] + priorPerCell, cells[3] + priorPerCell],
        rates,
      );
      let rest = population - cells[0] - cells[1] - cells[2] - cells[3];
      let left = 1;
      for (let cell = 0; cell < 4; cell++) {
        const drawn = cell === 3 ? rest : random.binomial(rest, left > 0 ? rates[cell]! / left : 0);
        totals[cell] = cells[cell]! + drawn;
        rest -= drawn;
        left -= rates[cell]!;
      }
      const passes = { baseline: totals[2]! + totals[3]!, candidate: totals[1]! + totals[3]! };
      these.baseline[s]! += passes.baseline / total;
      these.candidate[s]! += passes.candidate / total;
      alike.baseline[s]! += shares[h]! * (rates[2]! + rates[3]!);
      alike.candidate[s]! += shares[h]! * (rates[1]! + rates[3]!);
      for (const version of ["baseline", "candidate"] as const) {
        const into = confusion[version];
        if (judged[version] === "pass") {
          into.tp[s]! += passes[version];
          into.fp[s]! += population - passes[version];
        } else if (judged[version] === "fail") {
          into.fn[s]! += passes[version];
          into.tn[s]! += population - passes[version];
        }
      }
    }
  }
  return { these, alike, confusion };
}

/** Equal-tailed interval of simulated values; NaN values (an undefined ratio) are left out; null when all are. */
export function centralInterval(values: Float64Array, level: number): { low: number; high: number } | null {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return null;
  const at = (p: number) => {
    const position = p * (sorted.length - 1);
    const below = Math.floor(position);
    return sorted[below]! + (position - below) * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
  };
  return { low: at((1 - level) / 2), high: at((1 + level) / 2) };
}

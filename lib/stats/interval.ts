import { type Moments, skewedQuantile } from "./skewed";
import { type Cells, type Stratum, size, worth } from "./strata";

/**
 * Prior cases that a bound is given against itself, in all strata together: Walley's imprecise Dirichlet model (1996,
 * JRSS-B 58, 3–57). The lower bound puts them all on the worst cell, the upper one on the best, so that a bound never
 * profits from a prior. With 1 a single binomial rate has exactly the interval of Clopper & Pearson. Chosen by
 * simulation: docs/decisions/0006 and `npm run bench -- intervals`.
 */
export const priorCases = { delta: 0.7, rate: 1 } as const;

export type Question = "these" | "alike";

type Scored = { stratum: Stratum; labelled: number; weight: number; mean: number; of: Cells; room: number };

/** Sample variance of one case's worth is raised for the means that were estimated: n / (n − strata + 1). */
function degreesOfFreedom(strata: readonly Scored[]): number {
  const open = strata.filter(({ stratum, labelled }) => labelled > 0 && labelled < stratum.population);
  const n = open.reduce((sum, { labelled }) => sum + labelled, 0);
  return n > 0 ? n / Math.max(1, n - open.length + 1) : 1;
}

/** A stratum's part of the total over all its cases, when `prior` pseudo-cases are on the given cell. */
function total({ stratum, labelled, of }: Scored, cell: number, prior: number, freedom: number): Moments {
  const rest = stratum.population - labelled;
  const known = worth(stratum.cells, of);
  if (rest === 0) return { mean: known, variance: 0, third: 0 };
  if (labelled === 0) return { mean: rest * of[cell]!, variance: 0, third: 0 };
  const { mean, spread, skew, mass } = scores(stratum.cells, of, cell, prior, freedom);
  // A Pólya urn's total over `rest` more draws; Johnson & Kotz, Urn Models (1977), §4.
  return {
    mean: known + rest * mean,
    variance: (rest * spread * (mass + rest)) / (mass + 1),
    third: (rest * skew * (mass + rest) * (mass + 2 * rest)) / ((mass + 1) * (mass + 2)),
  };
}

/** A stratum's mean in the population that its cases come from. */
function meanAlike({ stratum, labelled, of }: Scored, cell: number, prior: number, freedom: number): Moments {
  if (labelled === 0) return { mean: of[cell]!, variance: 0, third: 0 };
  const { mean, spread, skew, mass } = scores(stratum.cells, of, cell, prior, freedom);
  return { mean, variance: spread / (mass + 1), third: (2 * skew) / ((mass + 1) * (mass + 2)) };
}

/** Mean, variance and third central moment of one case's worth under the cells' counts with the prior added. */
function scores(cells: Cells, of: Cells, cell: number, prior: number, freedom: number) {
  const labelled = size(cells);
  const mass = labelled + prior;
  const plain = worth(cells, of) / labelled;
  const mean = (worth(cells, of) + prior * of[cell]!) / mass;
  let [spread, skew, sample] = [0, 0, 0];
  for (let i = 0; i < 4; i++) {
    const weight = (cells[i]! + (i === cell ? prior : 0)) / mass;
    const distance = of[i]! - mean;
    spread += weight * distance * distance;
    skew += weight * distance * distance * distance;
    sample += (cells[i]! / labelled) * (of[i]! - plain) ** 2;
  }
  return { mean, spread: spread + (freedom - 1) * sample, skew, mass };
}

/**
 * One bound of an interval for Σ_h Σ_cases worth / N from simple random samples of strata.
 *
 * @param of what each cell is worth in each stratum, in the strata's order
 * @param tail probability left outside, in (0, ½)
 * @param prior pseudo-cases of the whole, ≥ 0; shared out by how much one more label could move the result
 */
export function bound(
  strata: readonly Stratum[],
  of: readonly Cells[],
  side: "low" | "high",
  { tail, prior, question }: { tail: number; prior: number; question: Question },
): number {
  const all = strata.reduce((sum, { population }) => sum + population, 0);
  if (all === 0) return side === "low" ? -Infinity : Infinity;
  const pick = side === "low" ? Math.min : Math.max;
  const scored: Scored[] = strata
    .map((stratum, h) => {
      const labelled = size(stratum.cells);
      const mean = labelled > 0 ? worth(stratum.cells, of[h]!) / labelled : 0;
      const extreme = pick(...of[h]!);
      const open = question === "these" ? 1 - labelled / stratum.population : 1;
      const weight = labelled > 0 ? (stratum.population ** 2 / labelled) * open : 0;
      return { stratum, labelled, weight, mean, of: of[h]!, room: weight * Math.abs(extreme - mean) };
    })
    .filter(({ stratum }) => stratum.population > 0);
  const room = scored.reduce((sum, part) => sum + part.room, 0);
  const freedom = degreesOfFreedom(scored);
  const sum: Moments = { mean: 0, variance: 0, third: 0 };
  let [extreme, square] = [0, 0];
  for (const part of scored) {
    const cell = part.of.indexOf(pick(...part.of));
    const own = room > 0 ? (prior * part.room) / room : 0;
    const share = part.stratum.population / all;
    if (question === "these") {
      const { mean, variance, third } = total(part, cell, own, freedom);
      sum.mean += mean / all;
      sum.variance += variance / all ** 2;
      sum.third += third / all ** 3;
      extreme +=
        (worth(part.stratum.cells, part.of) + (part.stratum.population - part.labelled) * part.of[cell]!) / all;
    } else {
      const { mean, variance, third } = meanAlike(part, cell, own, freedom);
      sum.mean += share * mean;
      sum.variance += share ** 2 * variance;
      sum.third += share ** 3 * third;
      square += share * mean * mean;
      extreme += share * part.of[cell]!;
    }
  }
  // The strata's shares of such cases are uncertain as well: a multinomial sample of `all` cases.
  if (question === "alike") sum.variance += Math.max(0, square - sum.mean ** 2) / (all + 1);
  const value = skewedQuantile(sum, side === "low" ? tail : 1 - tail);
  return side === "low" ? Math.max(value, extreme) : Math.min(value, extreme);
}

/**
 * An interval for a ratio of two totals, by inverting the bound of numerator − t · denominator (Fieller's argument).
 *
 * @param part worth of each cell in the numerator; `whole` in the denominator; cell by cell 0 ≤ part ≤ whole
 * @returns bounds in [0, 1]
 */
export function ratioInterval(
  strata: readonly Stratum[],
  part: readonly Cells[],
  whole: readonly Cells[],
  level: number,
): { low: number; high: number } {
  const options = { tail: (1 - level) / 2, prior: priorCases.rate, question: "these" as const };
  const side = (which: "low" | "high") => {
    let [from, to] = [0, 1];
    for (let i = 0; i < 30; i++) {
      const t = (from + to) / 2;
      const of = part.map((cells, h) => cells.map((value, cell) => value - t * whole[h]![cell]!) as unknown as Cells);
      // The difference falls with t: where its bound is still above 0, the ratio's bound lies higher.
      if (bound(strata, of, which, options) > 0) from = t;
      else to = t;
    }
    return which === "low" ? from : to;
  };
  return { low: side("low"), high: side("high") };
}

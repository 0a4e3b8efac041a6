import { bound, priorCases } from "./interval";
import { byVerdict, type Version } from "./judge-trust";
import { type Cells, type Stratum, values, worth } from "./strata";

export type Coefficient = { estimate: number | null; low: number; high: number };

const nothing: Cells = [0, 0, 0, 0];

/**
 * Cohen's κ and Gwet's AC1 of a judge and people over all cases of a release, with intervals of the design they were drawn
 * by. What the judge says is known of every case; with its share J of pass, κ ≥ k means
 * p_o − p_e − k (1 − p_e) ≥ 0 with p_e = (1 − J) + (2J − 1)·P, which is linear in people's labels: so its bounds invert as
 * those of a ratio do (Fieller 1954). AC1's p_e = 2π(1 − π), π = (J + P)/2, is taken by its tangent at the estimate, as
 * linearisation does (Gwet 2008).
 *
 * @param all by this judge's verdict pairs; strata with an error of this version are left out
 * @param level in (0, 1)
 * @returns bounds in [−1, 1]; an estimate of null where some stratum has no label, or nothing defines it
 */
export function agreementBounds(
  all: readonly Stratum[],
  version: Version,
  level: number,
): { kappa: Coefficient; ac1: Coefficient } {
  const strata = byVerdict(all, version).filter(({ judged }) => judged[version] !== "error");
  const size = strata.reduce((sum, { population }) => sum + population, 0);
  const unknown: Coefficient = { estimate: null, low: -1, high: 1 };
  if (size === 0) return { kappa: unknown, ac1: unknown };
  const passes = values[version];
  const isPass = (stratum: Stratum) => stratum.judged[version] === "pass";
  const judgeShare = strata.reduce((sum, stratum) => sum + (isPass(stratum) ? stratum.population : 0), 0) / size;
  const known = strata.every(({ cells }) => cells.some((count) => count > 0));
  const mean = (of: (stratum: Stratum) => Cells) =>
    strata.reduce((sum, stratum) => {
      const labelled = worth(stratum.cells, [1, 1, 1, 1]);
      return sum + (stratum.population / size) * (worth(stratum.cells, of(stratum)) / labelled);
    }, 0);
  const agrees = (stratum: Stratum): Cells =>
    isPass(stratum) ? passes : (passes.map((value) => 1 - value) as unknown as Cells);
  const peopleShare = known ? mean(() => passes) : judgeShare;
  const observed = known ? mean(agrees) : null;

  /** Of k: where p_o − p_e − k (1 − p_e) changes its sign, with p_e = a + b·P. */
  const invert = (a: number, b: number): Coefficient => {
    const expected = a + b * peopleShare;
    const estimate = observed === null || expected >= 1 - 1e-12 ? null : (observed - expected) / (1 - expected);
    const options = { tail: (1 - level) / 2, prior: priorCases.rate, question: "these" as const };
    const side = (which: "low" | "high") => {
      let [from, to] = [-1, 1];
      for (let i = 0; i < 30; i++) {
        const k = (from + to) / 2;
        const of = strata.map((stratum) => {
          const right = agrees(stratum);
          return nothing.map((_, cell) => right[cell]! - k - (1 - k) * (a + b * passes[cell]!)) as unknown as Cells;
        });
        // The difference falls with k.
        if (bound(strata, of, which, options) > 0) from = k;
        else to = k;
      }
      return (from + to) / 2;
    };
    const [low, high] = [side("low"), side("high")];
    return estimate === null
      ? { estimate, low: Math.min(low, high), high: Math.max(low, high) }
      : { estimate, low: Math.min(low, estimate), high: Math.max(high, estimate) };
  };
  const middle = (judgeShare + peopleShare) / 2;
  // 2π(1 − π) at π = (J + P)/2: its slope in P is 1 − 2π.
  const slope = 1 - 2 * middle;
  return {
    kappa: invert(1 - judgeShare, 2 * judgeShare - 1),
    ac1: invert(2 * middle * (1 - middle) - slope * peopleShare, slope),
  };
}

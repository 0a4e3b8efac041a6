export type Trend = {
  /** Standard normal under no trend; above 0: the share rises with the scores. */
  z: number;
  /** Two-sided, in (0, 1]. */
  p: number;
};

/**
 * Does a share rise or fall over ordered groups? The Cochran–Armitage test: Cochran (1954), Biometrics 10, 417–451;
 * Armitage (1955), Biometrics 11, 375–386; Agresti, Categorical Data Analysis (2nd ed. 2002), §5.3.5. z² is the χ² of
 * R's prop.trend.test.
 *
 * @param groups k of n in each, counts ≥ 0, in order
 * @param scores where the groups stand, 1, 2, … if left out
 * @returns null where nothing can rise: fewer than two groups with trials, or all k of n alike 0 or alike n
 */
export function trend(
  groups: readonly { k: number; n: number }[],
  scores: readonly number[] = groups.map((_, i) => i + 1),
): Trend | null {
  let [all, successes, sum, square, covered] = [0, 0, 0, 0, 0];
  for (const [i, { k, n }] of groups.entries()) {
    const score = scores[i]!;
    all += n;
    successes += k;
    sum += n * score;
    square += n * score * score;
    covered += k * score;
  }
  if (all === 0) return null;
  const p = successes / all;
  const variance = p * (1 - p) * (square - (sum * sum) / all);
  // A trace that rounding leaves is no spread.
  if (!(variance > 1e-12 * Math.max(1, square))) return null;
  const z = (covered - p * sum) / Math.sqrt(variance);
  return { z, p: twoSided(Math.abs(z)) };
}

/**
 * P(|Z| ≥ z) of a standard normal, with its relative precision kept far out: the series of Abramowitz & Stegun (1964),
 * 26.2.10, near the middle, Lentz's continued fraction 26.2.14 beyond.
 */
function twoSided(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let k = 1; Math.abs(term) > 1e-18 * sum; k++) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 1 - 2 * density * sum;
  }
  let fraction = z;
  for (let k = 200; k > 0; k--) fraction = z + k / fraction;
  return (2 * density) / fraction;
}

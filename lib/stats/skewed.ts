import jStat from "jstat";

/** Mean, variance and third central moment; of independent variables they add. */
export type Moments = { mean: number; variance: number; third: number };

/**
 * Quantile of the Pearson type III (shifted gamma) distribution with the given three moments: exact for a gamma variable,
 * however skewed, and for a normal one. Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 1 (1994), §17.
 *
 * @param p in (0, 1)
 * @returns the mean where the variance is 0
 */
export function skewedQuantile({ mean, variance, third }: Moments, p: number): number {
  if (!(variance > 0)) return mean;
  const sd = Math.sqrt(variance);
  const skewness = third / (variance * sd);
  if (Math.abs(skewness) < 0.05) {
    // So near the normal that the expansion of Cornish & Fisher is within 1e-5 sd, and far faster than a huge shape's quantile.
    const z = jStat.normal.inv(p, 0, 1);
    const second = (z ** 3 - 3 * z) / 16 - (2 * z ** 3 - 5 * z) / 36;
    return mean + sd * (z + ((z * z - 1) * skewness) / 6 + second * skewness ** 2);
  }
  const shape = 4 / (skewness * skewness);
  const quantile = jStat.gammapinv(skewness > 0 ? p : 1 - p, shape);
  return mean + (sd * Math.sign(skewness) * (quantile - shape)) / Math.sqrt(shape);
}

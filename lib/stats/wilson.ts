export type Interval = { low: number; high: number };

/**
 * Wilson's score interval for a proportion. Wilson (1927), JASA 22, 209–212.
 *
 * @param successes 0 … n; may be fractional for weighted counts
 * @param n trials, ≥ 0; with none the interval is [0, 1]
 * @param z the normal quantile of the level, 1.959964 for 95 %
 */
export function wilson(successes: number, n: number, z = 1.959963984540054): Interval {
  if (!(successes >= 0 && successes <= n)) throw new RangeError("successes must lie between 0 and n");
  if (n === 0) return { low: 0, high: 1 };
  const p = successes / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

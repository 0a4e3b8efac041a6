import quantile from "@stdlib/stats-base-dists-beta-quantile";
import type { Interval } from "./wilson";

/**
 * The exact interval for a proportion: never covers less than the level, so it is wider than Wilson's. Bounds are quantiles
 * of Beta(k, n − k + 1) and Beta(k + 1, n − k). Clopper & Pearson (1934), Biometrika 26, 404–413.
 *
 * @param successes k, an integer in 0 … n
 * @param n trials, an integer ≥ 0; with none the interval is [0, 1]
 * @param level in (0, 1)
 * @throws RangeError for anything else
 */
export function clopperPearson(successes: number, n: number, level = 0.95): Interval {
  if (!Number.isInteger(successes) || !Number.isInteger(n) || successes < 0 || successes > n) {
    throw new RangeError("successes and n must be integers with 0 ≤ successes ≤ n");
  }
  if (!(level > 0 && level < 1)) throw new RangeError("the level must lie between 0 and 1");
  const tail = (1 - level) / 2;
  return {
    low: successes === 0 ? 0 : quantile(tail, successes, n - successes + 1),
    high: successes === n ? 1 : quantile(1 - tail, successes + 1, n - successes),
  };
}

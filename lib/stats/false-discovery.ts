import jStat from "jstat";

/**
 * P-values adjusted for the false discovery rate: Benjamini & Hochberg (1995), JRSS-B 57, 289–300, or, under any dependence,
 * Benjamini & Yekutieli (2001), Annals of Statistics 29, 1165–1188. As R's p.adjust.
 *
 * @returns in the order given, each in [p, 1]
 */
export function adjusted(values: readonly number[], method: "BH" | "BY" = "BH"): number[] {
  const n = values.length;
  const factor = method === "BY" ? values.reduce((sum, _, i) => sum + 1 / (i + 1), 0) : 1;
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const result = new Array<number>(n);
  let least = 1;
  for (const [rank, i] of order.entries()) {
    least = Math.min(least, (values[i]! * factor * n) / (n - rank));
    result[i] = least;
  }
  return result;
}

/**
 * McNemar's test in one direction: how likely at least `worse` of worse + better changes are when either way is as likely.
 * `midP` counts the split itself half (Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13:91). In (0, 1].
 */
export function mcnemarWorse(worse: number, better: number, midP = false): number {
  const n = worse + better;
  if (n === 0) return 1;
  // P(X ≥ worse) = P(X ≤ better) for a fair coin.
  const upTo = jStat.binomial.cdf(better, n, 0.5);
  if (!midP) return Math.min(1, upTo);
  const below = better > 0 ? jStat.binomial.cdf(better - 1, n, 0.5) : 0;
  return (upTo + below) / 2;
}

export type SliceTest = { slice: string; p: number; q: number; worse: boolean };

/**
 * Which slices got worse, on people's labels of the same cases before and after: exact one-sided McNemar tests, adjusted so
 * that of the slices named, at most a share of `level` is named wrongly on average. Must-pass cases and other vetoes are no
 * matter of averages and stand outside.
 */
export function slicesWorse(
  slices: readonly { slice: string; better: number; worse: number }[],
  level = 0.1,
): SliceTest[] {
  const p = slices.map(({ better, worse }) => mcnemarWorse(worse, better));
  const q = adjusted(p);
  return slices.map(({ slice }, i) => ({ slice, p: p[i]!, q: q[i]!, worse: q[i]! <= level }));
}

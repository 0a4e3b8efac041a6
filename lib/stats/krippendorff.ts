/**
 * Krippendorff's α for nominal labels, any number of raters, missing ones left out: 1 − observed / expected disagreement
 * over all pairs of labels of one unit. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
 *
 * @param units how often each label was given to a unit, such as [passes, fails], with how many units look like that
 * @returns in [−1, 1]; null without two labels on one unit, or where every label is the same
 */
export function krippendorffAlpha(units: readonly { labels: readonly number[]; count: number }[]): number | null {
  const totals: number[] = [];
  let [observed, n] = [0, 0];
  for (const { labels, count } of units) {
    const raters = labels.reduce((sum, value) => sum + value, 0);
    if (raters < 2 || count === 0) continue;
    n += count * raters;
    let alike = 0;
    for (const [label, value] of labels.entries()) {
      totals[label] = (totals[label] ?? 0) + count * value;
      alike += value * (value - 1);
    }
    observed += (count * (raters * (raters - 1) - alike)) / (raters - 1);
  }
  const expected = totals.reduce((sum, value) => sum + value * (n - value), 0) / (n - 1);
  return n < 2 || expected === 0 ? null : 1 - observed / expected;
}

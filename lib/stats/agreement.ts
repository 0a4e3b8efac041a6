/** Two raters, pass or fail: how often both said pass, only the first, only the second, neither. Counts or weights ≥ 0. */
export type TwoByTwo = { bothPass: number; firstOnly: number; secondOnly: number; bothFail: number };

function total({ bothPass, firstOnly, secondOnly, bothFail }: TwoByTwo): number {
  return bothPass + firstOnly + secondOnly + bothFail;
}

/** Share of calls on which both agree; null without any. */
export function agreement(cells: TwoByTwo): number | null {
  const n = total(cells);
  return n > 0 ? (cells.bothPass + cells.bothFail) / n : null;
}

/**
 * Cohen's κ = (p_o − p_e) / (1 − p_e), p_e from the raters' own margins. Cohen (1960), Educational and Psychological
 * Measurement 20, 37–46. Null where p_e = 1 (both always say the same one thing) or without calls. Range [−1, 1].
 */
export function cohenKappa(cells: TwoByTwo): number | null {
  const n = total(cells);
  if (n === 0) return null;
  const first = (cells.bothPass + cells.firstOnly) / n;
  const second = (cells.bothPass + cells.secondOnly) / n;
  const observed = (cells.bothPass + cells.bothFail) / n;
  const expected = first * second + (1 - first) * (1 - second);
  return expected === 1 ? null : (observed - expected) / (1 - expected);
}

/**
 * Gwet's AC1 = (p_o − p_e) / (1 − p_e) with p_e = 2 π (1 − π), π the mean share of pass. Unlike κ it does not collapse
 * where nearly everything passes. Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29–48.
 */
export function gwetAc1(cells: TwoByTwo): number | null {
  const n = total(cells);
  if (n === 0) return null;
  const observed = (cells.bothPass + cells.bothFail) / n;
  const share = (2 * cells.bothPass + cells.firstOnly + cells.secondOnly) / (2 * n);
  const expected = 2 * share * (1 - share);
  return (observed - expected) / (1 - expected);
}

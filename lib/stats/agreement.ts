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

export type Agreement = { estimate: number; error: number; low: number; high: number };

const z = 1.959963984540054;

function around(estimate: number, error: number): Agreement {
  return { estimate, error, low: Math.max(-1, estimate - z * error), high: Math.min(1, estimate + z * error) };
}

/**
 * Cohen's κ with its large-sample standard error and 95 % interval. Fleiss, Cohen & Everitt (1969), Psychological Bulletin
 * 72, 323–327, eq. 13; for unweighted counts of a simple random sample. Null where κ is.
 */
export function kappaInterval(cells: TwoByTwo): Agreement | null {
  const kappa = cohenKappa(cells);
  if (kappa === null) return null;
  const n = total(cells);
  const p = [
    [cells.bothPass / n, cells.firstOnly / n],
    [cells.secondOnly / n, cells.bothFail / n],
  ] as const;
  const rows = [p[0][0] + p[0][1], p[1][0] + p[1][1]] as const;
  const columns = [p[0][0] + p[1][0], p[0][1] + p[1][1]] as const;
  const expected = rows[0] * columns[0] + rows[1] * columns[1];
  let sum = 0;
  for (const i of [0, 1] as const) {
    for (const j of [0, 1] as const) {
      sum +=
        i === j
          ? p[i][i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2
          : (1 - kappa) ** 2 * p[i][j] * (columns[i] + rows[j]) ** 2;
    }
  }
  const variance = (sum - (kappa - expected * (1 - kappa)) ** 2) / (n * (1 - expected) ** 2);
  return around(kappa, Math.sqrt(Math.max(0, variance)));
}

/**
 * Gwet's AC1 of two raters with its standard error and 95 % interval: the linearised variance over items of Gwet (2008),
 * British Journal of Mathematical and Statistical Psychology 61, 29–48, §4. Null without calls; the error is 0 of one.
 */
export function ac1Interval(cells: TwoByTwo): Agreement | null {
  const ac1 = gwetAc1(cells);
  if (ac1 === null) return null;
  const n = total(cells);
  const pass = (2 * cells.bothPass + cells.firstOnly + cells.secondOnly) / (2 * n);
  const expected = 2 * pass * (1 - pass);
  const item = (agree: number, shareOfOthers: number) =>
    (agree - expected) / (1 - expected) - (2 * (1 - ac1) * (shareOfOthers - expected)) / (1 - expected);
  const parts = [
    [cells.bothPass, item(1, 1 - pass)],
    [cells.firstOnly + cells.secondOnly, item(0, 0.5)],
    [cells.bothFail, item(1, pass)],
  ] as const;
  const squares = parts.reduce((sum, [count, value]) => sum + count * (value - ac1) ** 2, 0);
  return around(ac1, n > 1 ? Math.sqrt(squares / (n * (n - 1))) : 0);
}

/**
 * Cohen's κ of two raters over any number of categories: rows the first rater's, columns the second's, in the same
 * order. Cohen (1960), as above. Counts or weights ≥ 0; null where p_e = 1 or without calls. Range [−1, 1].
 */
export function kappaOfTable(table: readonly (readonly number[])[]): number | null {
  const rows = table.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = table.map((_, i) => table.reduce((sum, row) => sum + row[i]!, 0));
  const n = rows.reduce((sum, count) => sum + count, 0);
  if (n === 0) return null;
  const observed = table.reduce((sum, row, i) => sum + row[i]!, 0) / n;
  const expected = rows.reduce((sum, row, i) => sum + (row / n) * (columns[i]! / n), 0);
  return expected === 1 ? null : (observed - expected) / (1 - expected);
}

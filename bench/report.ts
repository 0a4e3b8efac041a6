/**
 * One figure beside a limit that was measured in the same run. `ratio` is what the goal speaks of: value over limit, unless
 * the goal names a difference.
 */
export type Row = { name: string; value: number; limit: number; ratio: number; goal: string; met: boolean };

type Goal = { atMost?: number; atLeast?: number };

/** A figure whose goal is a ratio. */
export function byRatio(name: string, value: number, limit: number, { atMost, atLeast }: Goal): Row {
  const ratio = value / limit;
  const goal = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  return { name, value, limit, ratio, goal, met: atLeast === undefined ? ratio <= atMost! : ratio >= atLeast };
}

/** A figure that may be so much above its limit. */
export function byDifference(name: string, value: number, limit: number, most: number): Row {
  return { name, value, limit, ratio: value / limit, goal: `≤ limit + ${most}`, met: value - limit <= most };
}

/** A figure whose goal is a number. */
export function byBound(name: string, value: number, bound: number): Row {
  return { name, value, limit: bound, ratio: value / bound, goal: `≤ ${bound}`, met: value <= bound };
}

const short = (value: number) =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);

export function printRows(rows: readonly Row[]): void {
  const cells = [
    ["", "value", "limit", "ratio", "goal", "met"],
    ...rows.map(({ name, value, limit, ratio, goal, met }) => [
      name,
      short(value),
      short(limit),
      ratio.toFixed(2),
      goal,
      met ? "yes" : "NO",
    ]),
  ];
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  for (const row of cells) {
    process.stdout.write(
      `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ")}\n`,
    );
  }
}

import { visiblePieces } from "../ui/invisible";
import { niceScale } from "./scale";

export type ForestRow = {
  name: string;
  /** How many cases the row rests on. */
  n: number;
  /** A difference of proportions; null: not enough is known for one. */
  estimate: number | null;
  low: number;
  high: number;
};

/** Where a row's mark stands: at its estimate, else in the middle of its interval. */
export function markAt({ estimate, low, high }: ForestRow): number {
  return estimate ?? (low + high) / 2;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The axis of a forest plot: zero, the margin, every estimate and every interval, except that the few much wider than
 * the rest do not squeeze it. An interval more than four times as wide as the median one counts for that much only,
 * and leaves the picture with an arrow.
 */
export function forestScale(rows: readonly ForestRow[], margin = 0) {
  const most = rows.length === 0 ? 0 : 2 * median(rows.map(({ low, high }) => high - low));
  const held = rows.flatMap((row) => {
    const at = markAt(row);
    return [at, Math.max(row.low, at - most), Math.min(row.high, at + most)];
  });
  return niceScale([0, margin, ...held]);
}

/** The side of a row's square in pixels: its area grows with the number of cases, from 4 to 10. */
export function markSize(n: number, most: number): number {
  return most <= 0 ? 4 : 4 + 6 * Math.sqrt(Math.min(1, Math.max(0, n) / most));
}

/** A name as one line of text, with words for the characters that can't be seen or that reorder the others. */
export function visibleName(name: string): string {
  return visiblePieces(name)
    .map((piece) => ("text" in piece ? piece.text : `[${piece.badge}]`))
    .join("");
}

/** The beginning of a long name, cut between whole characters. */
export function shortName(name: string, length: number): string {
  const characters = [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(name)];
  if (characters.length <= length) return name;
  return `${characters
    .slice(0, length - 1)
    .map(({ segment }) => segment)
    .join("")
    .trimEnd()}…`;
}

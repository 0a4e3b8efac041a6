import { formatPoints, formatPointsBounds } from "../ui/format";
import { niceScale } from "./scale";

export type Band = { low: number; high: number };

export type PathPoint = {
  /** How many cases had been reviewed. */
  reviews: number;
  /** A difference of proportions; null: not enough was known for one. */
  estimate: number | null;
  /** The interval of somebody who looks once, at this number of reviews. */
  fixed: Band | null;
  /** The interval that holds however often somebody looks. */
  alwaysValid: Band | null;
};

/**
 * The upright axis of a path: zero, the margin and every number of the second half of the path. The first intervals
 * reach nearly from −100 to 100 points; they run out of the picture so that the present ones can be told apart.
 */
export function pathScale(points: readonly PathPoint[], margin = 0) {
  const half = (points.at(-1)?.reviews ?? 0) / 2;
  const late = points.filter(({ reviews }) => reviews >= half);
  const bounds = late.flatMap(({ estimate, fixed, alwaysValid }) =>
    [estimate, fixed?.low, fixed?.high, alwaysValid?.low, alwaysValid?.high].filter(
      (value) => value !== null && value !== undefined,
    ),
  );
  return niceScale([0, margin, ...bounds]);
}

/** Whole round numbers of reviews from nought to the last, at most eight. */
export function reviewTicks(last: number): number[] {
  const most = Math.max(1, last);
  const power = 10 ** Math.floor(Math.log10(most / 6));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((factor) => factor * power * 7 >= most) ?? 10));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

/** What the table says of an interval. */
export function bandText(band: Band | null): string {
  return band ? `${formatPointsBounds(band.low, band.high)} pt` : "–";
}

export function pathRows(points: readonly PathPoint[]): string[][] {
  return points.map(({ reviews, estimate, fixed, alwaysValid }) => [
    String(reviews),
    formatPoints(estimate),
    bandText(fixed),
    bandText(alwaysValid),
  ]);
}

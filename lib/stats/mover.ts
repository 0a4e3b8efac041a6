import { wilsonInterval } from "./sequential";

export type Difference = { estimate: number; low: number; high: number };

/** Distances of a Wilson interval's ends from its estimate. */
function reach(k: number, n: number) {
  const { low, high } = wilsonInterval(k, n)!;
  return { p: k / n, down: k / n - low, up: high - k / n };
}

function combine(a: ReturnType<typeof reach>, b: ReturnType<typeof reach>, correlation: number): Difference {
  const spread = (x: number, y: number) => Math.sqrt(Math.max(0, x * x - 2 * correlation * x * y + y * y));
  const estimate = a.p - b.p;
  return { estimate, low: estimate - spread(a.down, b.up), high: estimate + spread(a.up, b.down) };
}

/**
 * The difference of two independent proportions with a 95 % interval recovered from those of each (MOVER): Newcombe (1998),
 * Statistics in Medicine 17, 873–890, method 10; Zou & Donner (2008), Statistics in Medicine 27, 1693–1702.
 *
 * @returns null without trials on either side
 */
export function independentDifference(k1: number, n1: number, k2: number, n2: number): Difference | null {
  return n1 > 0 && n2 > 0 ? combine(reach(k1, n1), reach(k2, n2), 0) : null;
}

/**
 * The difference of two proportions of the same items, first minus second, with a 95 % interval: Newcombe (1998), Statistics in
 * Medicine 17, 2635–2650, method 10, with the continuity-corrected correlation.
 *
 * @param both items with both, `first` and `second` with only one, `neither` with none; null without items
 */
export function pairedDifference(both: number, first: number, second: number, neither: number): Difference | null {
  const n = both + first + second + neither;
  if (n === 0) return null;
  const margins = (both + first) * (second + neither) * (both + second) * (first + neither);
  const product = both * neither - first * second;
  const corrected = product > n / 2 ? product - n / 2 : Math.min(product, 0);
  const correlation = margins === 0 ? 0 : corrected / Math.sqrt(margins);
  return combine(reach(both + first, n), reach(both + second, n), correlation);
}

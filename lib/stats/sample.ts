import type { Random } from "./random";

export type StratumSize = {
  key: string;
  /** Cases of the stratum that are not drawn yet, ≥ 0. */
  available: number;
  /** Cases drawn by earlier batches. */
  drawn: number;
  /** True: every case is drawn, whatever the size asked for (must-pass). */
  certain: boolean;
};

/**
 * How many cases to draw from each stratum: all of the certain ones, then `size` in proportion to the strata's whole
 * populations (available + drawn), so that several batches together are proportional too, with at least two of each
 * stratum where it has them (one case says nothing about spread). Cochran, Sampling Techniques (1977), §5.5; remainders
 * by the largest fraction, ties by key.
 *
 * `size` counts the certain ones as well; the sum is exactly min(size, available) unless the certain strata alone or the
 * floors need more.
 */
export function allocate(strata: readonly StratumSize[], size: number): Map<string, number> {
  const result = new Map(strata.map(({ key, certain, available }) => [key, certain ? available : 0]));
  const open = strata.filter(({ certain, available }) => !certain && available > 0);
  for (const { key, available, drawn } of open) result.set(key, Math.min(available, Math.max(0, 2 - drawn)));
  const total = () => [...result.values()].reduce((sum, n) => sum + n, 0);
  let left = size - total();
  if (left <= 0) return result;
  const population = open.reduce((sum, stratum) => sum + stratum.available + stratum.drawn, 0);
  const drawnBefore = open.reduce((sum, { drawn }) => sum + drawn, 0);
  const floors = open.reduce((sum, { key }) => sum + result.get(key)!, 0);
  const target = drawnBefore + floors + left;
  const wanted = open.map((stratum) => {
    const ideal = (target * (stratum.available + stratum.drawn)) / population - stratum.drawn;
    return { ...stratum, ideal: Math.min(stratum.available, Math.max(ideal, result.get(stratum.key)!)) };
  });
  // Floors and caps take from or give to the others: go round until what is left is spent.
  for (const stratum of wanted) {
    const extra = Math.min(left, Math.max(0, Math.floor(stratum.ideal) - result.get(stratum.key)!));
    result.set(stratum.key, result.get(stratum.key)! + extra);
    left -= extra;
  }
  while (left > 0) {
    const [next] = wanted
      .filter(({ key, available }) => result.get(key)! < available)
      .sort((a, b) => b.ideal - result.get(b.key)! - (a.ideal - result.get(a.key)!) || (a.key < b.key ? -1 : 1));
    if (!next) break;
    result.set(next.key, result.get(next.key)! + 1);
    left--;
  }
  return result;
}

/** A simple random sample of n items without replacement, in random order. `items` is left as it is. */
export function drawWithoutReplacement<T>(random: Random, items: readonly T[], n: number): T[] {
  const pool = [...items];
  const size = Math.min(n, pool.length);
  for (let i = 0; i < size; i++) {
    const j = i + random.below(pool.length - i);
    [pool[i], pool[j]] = [pool[j]!, pool[i]!];
  }
  return pool.slice(0, size);
}

/**
 * How many cases to draw from each stratum when a case of one is to be likelier than of another: all of the certain ones,
 * then `size` in proportion to available · weight, at least one of each stratum that has any; remainders by the largest
 * fraction, ties by key.
 *
 * @param weights by key; 1 where none is given
 */
export function allocateWeighted(
  strata: readonly StratumSize[],
  size: number,
  weights: ReadonlyMap<string, number>,
): Map<string, number> {
  const result = new Map(strata.map(({ key, certain, available }) => [key, certain ? available : 0]));
  const open = strata.filter(({ certain, available }) => !certain && available > 0);
  let left = Math.max(0, size - [...result.values()].reduce((sum, n) => sum + n, 0));
  if (left === 0) return result;
  const wanted = open.map(({ key, available }) => ({ key, available, weight: available * (weights.get(key) ?? 1) }));
  const total = wanted.reduce((sum, { weight }) => sum + weight, 0);
  const ideal = new Map(wanted.map(({ key, weight }) => [key, (left * weight) / total]));
  for (const { key, available } of wanted) {
    const n = Math.min(available, left, Math.max(1, Math.floor(ideal.get(key)!)));
    result.set(key, n);
    left -= n;
  }
  while (left > 0) {
    const [next] = wanted
      .filter(({ key, available }) => result.get(key)! < available)
      .sort(
        (a, b) =>
          ideal.get(b.key)! - result.get(b.key)! - (ideal.get(a.key)! - result.get(a.key)!) || (a.key < b.key ? -1 : 1),
      );
    if (!next) break;
    result.set(next.key, result.get(next.key)! + 1);
    left--;
  }
  return result;
}

/**
 * `a...b` as two version keys. A key may hold dots itself: the split is where both sides are known keys, else the first
 * one; null when there is none.
 */
export function readRange(range: string, keys: readonly string[]): [before: string, after: string] | null {
  const known = new Set(keys);
  let fallback: [string, string] | null = null;
  for (let at = range.indexOf("..."); at >= 0; at = range.indexOf("...", at + 1)) {
    const pair: [string, string] = [range.slice(0, at), range.slice(at + 3)];
    if (known.has(pair[0]) && known.has(pair[1])) return pair;
    fallback ??= pair;
  }
  return fallback;
}

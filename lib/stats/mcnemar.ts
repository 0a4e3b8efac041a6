/**
 * Exact two-sided McNemar test: given b + c discordant pairs, b is Binomial(b + c, ½) when neither version is better.
 * McNemar (1947), Psychometrika 12, 153–157; exact form as in Fleiss, Levin & Paik (2003), §13.1.
 *
 * @param better pairs in which only the candidate passes, an integer ≥ 0
 * @param worse pairs in which only the baseline passes, an integer ≥ 0
 * @returns p in (0, 1]; 1 without discordant pairs
 */
export function exactMcNemar(better: number, worse: number): number {
  if (!Number.isInteger(better) || !Number.isInteger(worse) || better < 0 || worse < 0) {
    throw new RangeError("counts of pairs are integers ≥ 0");
  }
  const n = better + worse;
  let logTerm = -n * Math.LN2;
  let tail = Math.exp(logTerm);
  for (let i = 1; i <= Math.min(better, worse); i++) {
    logTerm += Math.log((n - i + 1) / i);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}

/** Graded answers whose scores lie together. */
export type ScoreBin = {
  n: number;
  /** How many of them people pass. */
  passes: number;
  meanScore: number;
};

/**
 * By how much a score, read as the chance that people pass, is off on average: Σ n_b/n · |pass share − mean score| over
 * bins. Naeini, Cooper & Hauskrecht (2015), AAAI-15, 2901–2907; Guo, Pleiss, Sun & Weinberger (2017), ICML, eq. 3.
 * In [0, 1]; null without answers. With few answers a bin it is too large: chance alone leaves a distance.
 */
export function calibrationError(bins: readonly ScoreBin[]): number | null {
  const all = bins.reduce((sum, { n }) => sum + n, 0);
  if (all === 0) return null;
  return bins.reduce((sum, { n, passes, meanScore }) => sum + (n / all) * Math.abs(passes / n - meanScore), 0);
}

/**
 * The Brier score: the mean of (score − outcome)², outcome 1 where people pass, else 0; 0 is perfect, always saying ½ gives
 * ¼. Brier (1950), Monthly Weather Review 78, 1–3. For scores in [0, 1]; null without answers.
 *
 * @param squares Σ (score − outcome)²
 */
export function brierScore(squares: number, n: number): number | null {
  return n === 0 ? null : squares / n;
}

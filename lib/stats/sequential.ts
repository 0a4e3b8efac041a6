/** Has the judge moved? Tests of answers judged twice, in counts; valid however often somebody looks. */

/** A judging of answers that were judged before: how many verdicts on the very same answers fell which way. Whole, ≥ 0. */
export type Rejudged = { passPass: number; passFail: number; failPass: number; failFail: number };

/**
 * Wilson's score interval for a proportion of k in n trials at the given level; null without trials. Wilson (1927), JASA
 * 22, 209–212; method 3 of Newcombe (1998), Statistics in Medicine 17, 857–872. Proportions in [0, 1].
 */
export function wilsonInterval(k: number, n: number, level: 0.9 | 0.95 | 0.99 = 0.95) {
  if (n === 0) return null;
  const z = { 0.9: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004 }[level];
  const p = k / n;
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  // Exact at the ends, where the difference of equal numbers would leave a trace.
  return { low: k === 0 ? 0 : middle - half, high: k === n ? 1 : middle + half };
}

/**
 * McNemar's exact test of direction: the two-sided probability that of b + c changed verdicts, each as likely to fall
 * either way, a split at least as uneven comes about. McNemar (1947), Psychometrika 12, 153–157; the exact form is the
 * binomial one, Fay (2010), Biostatistics 11, 373–374. In (0, 1]; 1 without changes.
 */
export function exactMcNemar(b: number, c: number): number {
  const n = b + c;
  const fewer = Math.min(b, c);
  if (2 * fewer >= n) return 1;
  // Upwards from the most uneven split: terms relative to the last one, so that none of them underflows by itself.
  let term = 1;
  let sum = 1;
  for (let k = fewer; k > 0; k--) {
    term *= k / (n - k + 1);
    if (term < sum * 1e-18) break;
    sum += term;
  }
  return Math.min(1, 2 * sum * Math.exp(logChoose(n, fewer) - n * Math.LN2));
}

function logChoose(n: number, k: number): number {
  // Short sums exactly; long ones by Stirling's series, whose error from 40 on is below 1e-13.
  if (k <= 1000) {
    let sum = 0;
    for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i);
    return sum;
  }
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

function logFactorial(n: number): number {
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3);
}

/**
 * Alternatives above a rate, closer together near it: rate + (1 − rate) · 2^(−j/2), j = 1 … 20. A bet on each finds
 * a rise from a tenth of a per cent to nearly all.
 */
function alternativesAbove(rate: number): number[] {
  return Array.from({ length: 20 }, (_, i) => rate + (1 - rate) * 2 ** (-(i + 1) / 2));
}

/**
 * The e-value of k successes in n trials against "each had a chance of `rate`": the mean likelihood ratio of the
 * alternatives. What a bettor has of 1 after staking equal parts on each alternative at fair odds; under the null its
 * expectation is 1, and with alternatives above `rate` alone at most 1 for every smaller chance. Wald (1945), Annals of
 * Mathematical Statistics 16, 117–186 (one alternative); Robbins (1970), ibid. 41, 1397–1409 (mixtures); Waudby-Smith &
 * Ramdas (2024), JRSS B 86, 1–27 (as betting). As its natural logarithm, which does not overflow.
 */
export function logEValue(k: number, n: number, rate: number, alternatives: readonly number[]): number {
  const logs = alternatives.map(
    (q) => (k === 0 ? 0 : k * Math.log(q / rate)) + (n === k ? 0 : (n - k) * Math.log((1 - q) / (1 - rate))),
  );
  return logSumExp(logs) - Math.log(alternatives.length);
}

function logSumExp(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most === -Infinity ? most : most + Math.log(logs.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

type Count = { k: number; n: number };

/**
 * An e-process over batches: log e-values after each, for a change that may come at any batch. The bettor keeps
 * 1/(j(j + 1)) of the stake for bets that begin with batch j, so that a judge that was steady for long is still found
 * out; what has not begun is kept. The whole is a non-negative supermartingale that begins with 1, so the chance that
 * it ever reaches 1/α is at most α (Ville 1939), at whatever moments one looks. Mixtures over the begin: Shin, Ramdas &
 * Rinaldo (2024), E-detectors, New England Journal of Statistics in Data Science 2, 229–260, §2.
 */
export function logEProcess(batches: readonly Count[], rate: number, alternatives: readonly number[]): number[] {
  const sums = [{ k: 0, n: 0 }];
  for (const { k, n } of batches) {
    const { k: before, n: of } = sums.at(-1)!;
    sums.push({ k: before + k, n: of + n });
  }
  return batches.map((_, t) => {
    const now = sums[t + 1]!;
    const begun = sums.slice(0, t + 1).map((then, j) => {
      const value = logEValue(now.k - then.k, now.n - then.n, rate, alternatives);
      return value - Math.log((j + 1) * (j + 2));
    });
    return logSumExp([...begun, -Math.log(t + 2)]);
  });
}

export type Monitor = {
  /** After each judging: natural logarithms of the e-values against "no more flips than tolerated" and "no direction". */
  path: { logRate: number; logDirection: number }[];
  /** Which judging raised the alarm, from 0, and why; null while none did. */
  alarm: { at: number; cause: "rate" | "direction" } | null;
  /** At most this share of unmoved judges would ever show as much: the always-valid p-value of the two tests together. */
  p: number;
};

/**
 * Watches the verdicts on answers that the same judge had judged before, in the order in which they came to be known.
 * Two tests that share the chance of a false alarm: is the average chance of another verdict in a judging above
 * `tolerance`; and do the changes fall to one side rather than equally to both?
 *
 * What a judging as a whole may be asked for is its mean: with answers that flip independently with unlike chances, an
 * e-value of the sum, which is convex in it, is at most what it is for equal chances (Hoeffding 1956, Annals of
 * Mathematical Statistics 27, 713–721, theorem 3).
 *
 * @param tolerance the chance of another verdict that is put up with, in (0, 1)
 * @param alpha the chance that the alarm is ever raised for a judge that did not move, in (0, 1)
 */
export function watchJudge(judgings: readonly Rejudged[], tolerance: number, alpha: number): Monitor {
  const rate = logEProcess(
    judgings.map((j) => ({ k: j.passFail + j.failPass, n: j.passPass + j.passFail + j.failPass + j.failFail })),
    tolerance,
    alternativesAbove(tolerance),
  );
  const above = alternativesAbove(0.5);
  const direction = logEProcess(
    judgings.map((j) => ({ k: j.passFail, n: j.passFail + j.failPass })),
    0.5,
    [...above, ...above.map((q) => 1 - q)],
  );
  const path = rate.map((logRate, i) => ({ logRate, logDirection: direction[i]! }));
  const needed = Math.log(2 / alpha);
  const at = path.findIndex(({ logRate, logDirection }) => Math.max(logRate, logDirection) >= needed);
  const most = Math.max(0, ...rate, ...direction);
  return {
    path,
    alarm: at < 0 ? null : { at, cause: path[at]!.logRate >= needed ? "rate" : "direction" },
    p: Math.min(1, 2 * Math.exp(-most)),
  };
}

import { formatCount, formatPoints, formatPointsInterval, plural } from "../ui/format";

/** What a chart says, in one sentence. Pure: proportions and counts in, words out. */

export type Interval = { estimate: number | null; low: number; high: number };

/** Where the interval of a difference lies, seen from zero and from the margin below which a release must not fall. */
export function intervalSentence({ estimate, low, high }: Interval, margin?: number): string {
  if (estimate === null) return "Not enough is known for an estimate.";
  const value = formatPointsInterval(estimate, low, high);
  if (low > 0) return `${value}: better throughout the interval.`;
  if (high < 0) return `${value}: worse throughout the interval.`;
  if (low === 0 && high === 0) return `${value}: no difference.`;
  if (margin === undefined) return `${value}: the interval holds zero, so the sign is open.`;
  const bound = formatPoints(margin);
  if (low >= margin) return `${value}: the sign is open, but the interval stays above the margin of ${bound}.`;
  return `${value}: the interval reaches below the margin of ${bound}.`;
}

export type Tally = { better: number; worse: number; same: number; error?: number };

export function tallySentence({ better, worse, same, error = 0 }: Tally): string {
  const total = better + worse + same + error;
  if (total === 0) return "No cases yet.";
  const none = error > 0 ? `, ${formatCount(error)} without a verdict` : "";
  return `Of ${plural(total, "case")}, ${formatCount(better)} better, ${formatCount(worse)} worse, ${formatCount(same)} the same${none}.`;
}

/** A pairwise judge: `better` are the cases in which it prefers the candidate. */
export function preferenceSentence({ better, worse, same, error = 0 }: Tally): string {
  const total = better + worse + same + error;
  if (total === 0) return "No cases yet.";
  const none = error > 0 ? `, ${formatCount(error)} without a preference` : "";
  return `Of ${plural(total, "case")}, ${formatCount(better)} prefer the candidate, ${formatCount(worse)} the baseline, ${formatCount(same)} tie${none}.`;
}

/** A judge against people, in counts or weighted counts. Positive is "pass": `fp` are bad answers that the judge passes. */
export type Confusion = { tp: number; fp: number; fn: number; tn: number };

export function confusionSentence({ tp, fp, fn, tn }: Confusion): string {
  const of = (part: number, whole: number) => Math.round((part / whole) * 100);
  const [good, bad] = [tp + fn, fp + tn];
  if (good + bad === 0) return "Nothing has been graded yet.";
  const onBad = bad === 0 ? "No bad answer has been graded" : `The judge passes ${of(fp, bad)} of 100 bad answers`;
  const onGood = good === 0 ? "no good answer has been graded" : `fails ${of(fn, good)} of 100 good ones`;
  return bad === 0 && good > 0 ? `${onBad}; the judge ${onGood}.` : `${onBad} and ${onGood}.`;
}

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

/** A probability from a test: no more digits than it bears. */
export function formatP(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

type Group = { n: number; k: number; graded: number; wrong: number };

/** Below this a trend is taken for one. */
const trendLevel = 0.05;
/** With fewer graded answers nothing is said of a trend. */
const gradedNeeded = 20;

/** Does what the judge passes (or, of two answers, prefers) go with length? `trend`: from the groups, shortest first. */
export function lengthSentence(
  groups: readonly Group[],
  trend: { z: number; p: number } | null,
  asks: "pass_fail" | "preference",
): string {
  const all = groups.reduce((sum, { n }) => sum + n, 0);
  if (all === 0) return "It has judged nothing.";
  const [first, last] = [groups[0]!, groups.at(-1)!];
  const passed = groups.reduce((sum, { k }) => sum + k, 0);
  const verb = asks === "preference" ? "prefers the candidate's answer" : "passes";
  if (passed === all) return `It ${verb} always, whatever the length: nothing can go with it.`;
  if (passed === 0) return `It ${verb} never, whatever the length: nothing can go with it.`;
  if (groups.length < 2) return "All answers are about equally long: nothing to compare.";
  const percent = ({ k, n }: Group) => `${Math.round((k / n) * 100)} of 100`;
  const ends =
    asks === "preference"
      ? `It ${verb} in ${percent(first)} cases where that is shortest beside the other, in ${percent(last)} where it is longest`
      : `It passes ${percent(first)} of the shortest answers and ${percent(last)} of the longest`;
  if (!trend) return `${ends}.`;
  if (trend.p >= trendLevel) return `${ends}: no trend can be told from chance (${formatP(trend.p)}).`;
  return `${ends}: the longer, the ${trend.z > 0 ? "more" : "less"} often (${formatP(trend.p)}). That is a bias only where its errors go the same way.`;
}

/** Do its errors go with length? */
export function lengthErrorSentence(groups: readonly Group[], trend: { z: number; p: number } | null): string {
  const graded = groups.reduce((sum, group) => sum + group.graded, 0);
  const wrong = groups.reduce((sum, group) => sum + group.wrong, 0);
  if (graded === 0) return "Nobody has graded these answers, so whether its errors go with length is not known.";
  const counts = `It is wrong on ${formatCount(wrong)} of ${plural(graded, "graded answer")}`;
  if (wrong === 0) return `${counts}: there is no error that could go with length.`;
  if (wrong === graded) return `${counts}, whatever the length.`;
  if (graded < gradedNeeded || !trend) return `${counts}: too few to say whether its errors go with length.`;
  if (trend.p >= trendLevel)
    return `${counts}: its errors do not go with length as far as can be told (${formatP(trend.p)}).`;
  return `${counts}, ${trend.z > 0 ? "more" : "less"} often the longer the answer (${formatP(trend.p)}).`;
}

type Share = { n: number; passes: number };

/** What people say of answers that the judge scores high and low. `error`: null where scores are no chances. */
export function reliabilitySentence({
  n,
  threshold,
  error,
}: {
  n: number;
  threshold: { value: number; above: Share; below: Share } | null;
  error: number | null;
}): string {
  const of = ({ n: all, passes }: Share) => `${formatCount(passes)} of ${formatCount(all)}`;
  const parts = threshold
    ? [
        `People pass ${of(threshold.above)} answers that it scores ${threshold.value} or more, and ${of(threshold.below)} below`,
      ]
    : [`${plural(n, "answer")} with a score and a grade`];
  if (error !== null)
    parts.push(`read as the chance of a pass, its score is off by ${Math.round(error * 100)} points on average`);
  return `${parts.join("; ")}.`;
}

/** Answers judged several times. */
export function repeatSentence(
  { answers, differ }: { answers: number; differ: number },
  { low, high }: { low: number; high: number },
): string {
  if (differ === 0)
    return `Judged again, it said the same of all ${plural(answers, "answer")}: at most ${Math.ceil(high * 100)} of 100 such answers get two verdicts.`;
  return `It contradicts itself on ${formatCount(differ)} of ${plural(answers, "answer")} that it judged several times: ${Math.floor(low * 100)}–${Math.ceil(high * 100)} of 100 such answers.`;
}

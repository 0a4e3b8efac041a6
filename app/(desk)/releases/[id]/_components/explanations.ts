import type { Explanation } from "@/components/ui/explain";
import { formatCount, formatPointsInterval, formatRate, formatRateInterval } from "@/components/ui/format";
import type { BriefCriterion } from "@/lib/calibration/brief";
import type { BriefJudge } from "@/lib/releases/licence";
import type { PolicyDocument } from "@/lib/releases/policy";

/** What stands behind the figures of a brief. */

function counts({ labels, estimate, population, key, kind }: BriefCriterion): string[] {
  const open = labels.waiting + labels.unsure + labels.disagreement;
  return [
    `${formatCount(population)} cases answered by both versions, ${formatCount(estimate.drawn)} drawn`,
    kind === "preference"
      ? `${formatCount(labels.labelled)} with people's preference or tie on ${key}`
      : `${formatCount(labels.labelled)} with people's pass or fail on ${key} for both versions`,
    `${formatCount(open)} drawn without one: ${formatCount(labels.waiting)} waiting, ${formatCount(labels.unsure)} unsure, ${formatCount(labels.disagreement)} in disagreement`,
  ];
}

const drawn = [
  "People's grades are the truth.",
  "Cases were drawn as the record says; countersign verify draws them again.",
  "Whether a drawn case gets a label does not depend on how it would come out.",
];

export function explainDelta(criterion: BriefCriterion): Explanation {
  const { estimate } = criterion;
  return {
    title: "Delta, these cases",
    what:
      criterion.kind === "preference"
        ? "The share of exactly these cases in which people prefer the candidate minus the share in which they prefer the baseline, had people graded all of them."
        : "The candidate's pass rate minus the baseline's over exactly the cases of this release, had people graded all of them.",
    formula: `delta = mean over graded cases i of\n  [ known + predicted(rest) + R·(Δᵢ − predicted(i)) ] / N\nΔᵢ = ${criterion.kind === "preference" ? "1 candidate preferred, −1 baseline preferred, 0 tie" : "candidate passes − baseline passes"}; predicted: what the other grades with the judge's same verdicts say`,
    data: counts(criterion),
    n: `${formatCount(estimate.reviewed)} of ${formatCount(criterion.population)} cases`,
    assumptions: drawn,
    reference: "Särndal, Swensson & Wretman, Model Assisted Survey Sampling (1992), §6.3",
  };
}

export function explainFixed(criterion: BriefCriterion): Explanation {
  const { low, high, level, delta } = criterion.estimate;
  return {
    title: "Fixed-n interval",
    what: `In ${level === null ? "95" : Math.round(level * 100)} of 100 such samples an interval made like this holds the delta of these cases, if the number of grades was fixed beforehand.`,
    formula:
      "Each bound: the quantile of Σ strata (graded + not graded) / N, the not graded from a Dirichlet posterior whose prior cases (0.7 in all) lie on the cell worst for that bound; without strata where that is narrower",
    data: [
      ...counts(criterion),
      delta === null ? "no estimate yet" : formatPointsInterval(delta, low ?? -1, high ?? 1),
    ],
    n: `${formatCount(criterion.estimate.reviewed)} graded cases`,
    assumptions: [...drawn, "Nobody stops grading because of what the interval shows; else read the always-valid one."],
    reference: "Walley (1996), Inferences from multinomial data: learning about a bag of marbles, JRSS-B 58, 3–57",
  };
}

export function explainAlwaysValid(criterion: BriefCriterion, policy: PolicyDocument): Explanation {
  return {
    title: "Always-valid interval",
    what: "It holds after every single grade at once, however often one looks and whenever one stops. The margin's gate uses it.",
    formula: `All deltas m for which neither\n  Π (1 + λₜ·(Zₜ − m)) nor Π (1 − λₜ·(Zₜ − m))\nhas reached 2 / ${policy.riskLimit}; Zₜ: the unbiased estimate that grade t alone gives, after what went before; stakes λₜ are set before it is seen`,
    data: counts(criterion),
    n: `${formatCount(criterion.estimate.reviewed)} graded cases, in queue order`,
    assumptions: [
      ...drawn,
      "Cases are graded in the order of the queue, or in one that does not depend on the answers.",
    ],
    reference: "Waudby-Smith & Ramdas (2024), Estimating means of bounded random variables by betting, JRSS-B 86, 1–27",
    link: "https://doi.org/10.1093/jrsssb/qkad009",
  };
}

export function explainPassRate(
  criterion: BriefCriterion,
  side: "baseline" | "candidate",
  version: string,
): Explanation {
  const rate = criterion.estimate.passRates?.[side];
  return {
    title: `${version} passes`,
    what: "The share of these cases whose answer people would pass.",
    formula: "As the delta, with 1 for an answer people pass and 0 for one they fail; prior cases of a bound: 1",
    data: [...counts(criterion), ...(rate ? [formatRateInterval(rate.estimate, rate.low, rate.high, 1)] : [])],
    n: `${formatCount(criterion.estimate.reviewed)} graded cases`,
    assumptions: drawn,
    reference: "Clopper & Pearson (1934), Biometrika 26, 404–413, which this is for a single stratum",
  };
}

export function explainTrust(judge: BriefJudge, criterion: BriefCriterion, policy: PolicyDocument): Explanation {
  if (judge.preference) {
    const { agreement, finds } = judge.preference;
    return {
      title: `Licence of ${judge.key}`,
      what: "Trusted when the judge finds both sides often enough: of the cases in which people prefer the candidate, and of those in which they prefer the baseline, the lower ends of the shares it agrees on reach the policy's TPR and TNR; untrusted when an upper end falls short; else not enough evidence. A preference that goes with the order agrees with nobody.",
      formula:
        "finds(side) = judge and people prefer the side / people prefer the side, counts weighted to all cases; bounds by inverting both − t·people",
      data: [
        `agrees ${formatRateInterval(agreement.estimate, agreement.low, agreement.high)}`,
        ...(["candidate", "baseline"] as const).map(
          (side) => `finds the ${side} ${formatRateInterval(finds[side].estimate, finds[side].low, finds[side].high)}`,
        ),
        `needed: candidate ${formatRate(policy.judge.minTpr, 0)}, baseline ${formatRate(policy.judge.minTnr, 0)}`,
      ],
      n: `${formatCount(criterion.estimate.reviewed)} graded cases`,
      assumptions: [...drawn, "A trust belongs to this judge version on this criterion alone."],
      reference: "Fieller (1954), Some problems in interval estimation, JRSS-B 16, 175–185; κ: Cohen (1960)",
    };
  }
  const rows = Object.entries(judge.trust).flatMap(([version, { graded, tpr, tnr }]) => [
    `${version}: ${formatCount(graded.tp)} good passed, ${formatCount(graded.fn)} good failed, ${formatCount(graded.fp)} bad passed, ${formatCount(graded.tn)} bad failed (graded)`,
    `${version}: TPR ${formatRateInterval(tpr.estimate, tpr.low, tpr.high)}, TNR ${formatRateInterval(tnr.estimate, tnr.low, tnr.high)}`,
  ]);
  return {
    title: `Licence of ${judge.key}`,
    what: "Trusted when the lower ends of TPR (good answers it passes) and TNR (bad answers it fails) reach the policy on both versions; untrusted when an upper end falls short; else not enough evidence.",
    formula:
      "TPR = TP / (TP + FN), TNR = TN / (TN + FP), counts weighted to all cases; bounds by inverting TP − t·(TP + FN)",
    data: [...rows, `needed: TPR ${formatRate(policy.judge.minTpr, 0)}, TNR ${formatRate(policy.judge.minTnr, 0)}`],
    n: `${formatCount(criterion.estimate.reviewed)} graded cases`,
    assumptions: [...drawn, "A trust belongs to this judge version on this criterion alone."],
    reference: "Fieller (1954), Some problems in interval estimation, JRSS-B 16, 175–185",
  };
}

export function explainAlike(criterion: BriefCriterion): Explanation {
  const alike = criterion.estimate.casesLikeThese?.delta;
  return {
    title: "Delta, cases like these",
    what: "The delta over the cases that such a dataset was taken from. It stays wide even when all of these are graded: another dataset would hold other cases.",
    formula:
      "as the fixed-n interval, without the finite population's gain, and with the strata's shares themselves a multinomial sample",
    data: [...counts(criterion), ...(alike ? [formatPointsInterval(alike.estimate, alike.low, alike.high)] : [])],
    n: `${formatCount(criterion.estimate.reviewed)} graded cases`,
    assumptions: [...drawn, "The cases are a random sample of the cases one cares about."],
    reference:
      "Särndal, Swensson & Wretman, Model Assisted Survey Sampling (1992), §2.9; Walley (1996), JRSS-B 58, 3–57",
  };
}

export function explainWorstCase(criterion: BriefCriterion): Explanation {
  return {
    title: "Worst case",
    what: "The delta if every drawn case without a usable label, and every case that lacks an answer, went against the candidate. It bounds what is missing, whatever the reason.",
    formula: "the estimate with Δᵢ = −1 for each of them",
    data: counts(criterion),
    n: `${formatCount(criterion.estimate.reviewed)} graded cases`,
    assumptions: ["None on what is missing."],
    reference: "Manski (1990), Nonparametric Bounds on Treatment Effects, American Economic Review 80, 319–323",
  };
}

export function explainJudgeAlone(criterion: BriefCriterion): Explanation {
  return {
    title: "Judge alone",
    what: "Better minus worse, as the judge's verdicts alone have it, over the cases with a verdict on both answers. It is as wrong as the judge is: what people's grades make of it stands beside.",
    formula: "(better − worse) / (better + worse + same)",
    data: Object.entries(criterion.tally).map(
      ([judge, { better, worse, same, error }]) =>
        `${judge}: better ${formatCount(better)}, worse ${formatCount(worse)}, same ${formatCount(same)}, no verdict ${formatCount(error)}`,
    ),
    n: `${formatCount(criterion.population)} cases answered by both versions`,
    assumptions: ["None: a count, not an estimate of what people would say."],
    reference: "docs/numbers.md, What the numbers mean",
  };
}

export function explainSliceDeltas(criterion: BriefCriterion): Explanation {
  const slices = criterion.slices ?? [];
  return {
    title: "Delta, slice by slice",
    what: "The delta of each slice from its own graded cases, and which slices got worse: exact one-sided McNemar tests, with the false discovery rate over all slices held at one in ten.",
    formula:
      "p = P(X ≥ worse), X ~ Binomial(better + worse, ½)\nq: p adjusted by Benjamini & Hochberg; named when q ≤ 0.1",
    data: slices.map(
      ({ slice, labelled, better, worse, p, q }) =>
        `${slice}: ${formatCount(labelled)} graded, better ${formatCount(better)}, worse ${formatCount(worse)}, p ${p.toFixed(3)}, q ${q.toFixed(3)}`,
    ),
    n: `${formatCount(criterion.estimate.reviewed)} graded cases in ${formatCount(slices.length)} slices`,
    assumptions: [...drawn, "Must-pass cases stand outside: one failure is a veto."],
    reference: "Benjamini & Hochberg (1995), JRSS-B 57, 289–300; McNemar (1947), Psychometrika 12, 153–157",
  };
}

export function explainPath(criterion: BriefCriterion, points: number): Explanation {
  return {
    title: "How sure, review by review",
    what: "Both intervals as they stood after so many reviews, in the order of the queue. Only the wider, always-valid one may be looked at all the way.",
    formula: "the fixed-n and the always-valid interval of the first n graded cases",
    data: [...counts(criterion), `shown at ${formatCount(points)} numbers of reviews`],
    n: `${formatCount(criterion.estimate.reviewed)} graded cases`,
    assumptions: drawn,
    reference: "Waudby-Smith & Ramdas (2024), JRSS-B 86, 1–27; Walley (1996), JRSS-B 58, 3–57",
  };
}

export function explainOutlook(policy: PolicyDocument, left: number): Explanation {
  return {
    title: "How many more reviews",
    what: "Futures of further grades are simulated from what is known so far; each goes on until its always-valid interval leaves the margin. The range covers the middle 80 of 100 futures.",
    formula:
      "in each stratum, labels drawn from the posterior of those so far (a prior of one case, half of it as the judge guesses)\nsettled at the first n with low ≥ margin or high < margin",
    data: [`margin ${policy.margin}, risk limit ${policy.riskLimit}`, `${formatCount(left)} cases without a label`],
    n: "all graded cases so far",
    assumptions: ["Cases not graded yet are like those that are, stratum by stratum."],
    reference:
      "Gelman et al., Bayesian Data Analysis (3rd ed. 2013), §3.4; Waudby-Smith & Ramdas (2024), JRSS-B 86, 1–27",
  };
}

export function explainImported(criterion: BriefCriterion): Explanation {
  const reviewers = Object.keys(criterion.imported?.reviewers ?? criterion.importedPreferences?.reviewers ?? {});
  return {
    title: "Imported grades",
    what: "What reviewers said whose grades came with the import, and the judges against them, as plain counts of those cases. They never enter the estimate.",
    formula:
      "delta = (better − worse) / pairs graded; κ = (p_o − p_e) / (1 − p_e) over answers that both graded pass or fail",
    data: reviewers,
    n: `${formatCount(reviewers.length)} imported reviewers`,
    assumptions: ["Nothing says how these cases were chosen, so nothing is said of the others."],
    reference: "Cohen (1960), Educational and Psychological Measurement 20, 37–46",
  };
}

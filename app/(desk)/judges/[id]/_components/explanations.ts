import type { Explanation } from "@/components/ui/explain";
import { formatCoefficient, formatCount, formatRateInterval } from "@/components/ui/format";
import type { LengthBias, PositionFlips, Reliability, Repeats } from "@/lib/calibration/measures";
import type { PeopleAgreement, StandIn } from "@/lib/calibration/people";
import type { JudgeTrust, Licence, Rate } from "@/lib/stats/judge-trust";
import type { PreferenceTrust } from "@/lib/stats/preference-trust";

/** What stands behind the figures of a judge. */

type Trust = Pick<JudgeTrust, "graded" | "tp" | "fp" | "fn" | "tn" | "tpr" | "tnr" | "falsePassRate" | "kappa" | "ac1">;

const drawn = [
  "People's grades are the truth.",
  "Cases were drawn as the record says, and whether a drawn one gets a label does not depend on how it would come out.",
];

function counts({ graded, tp, fp, fn, tn }: Trust): string[] {
  const all = (weighted: number | null) => (weighted === null ? "not known yet" : `≈ ${formatCount(weighted)} of all`);
  return [
    `judge passes, people pass (TP): ${formatCount(graded.tp)} graded, ${all(tp)}`,
    `judge passes, people fail (FP): ${formatCount(graded.fp)} graded, ${all(fp)}`,
    `judge fails, people pass (FN): ${formatCount(graded.fn)} graded, ${all(fn)}`,
    `judge fails, people fail (TN): ${formatCount(graded.tn)} graded, ${all(tn)}`,
  ];
}

const gradedOf = ({ graded: { tp, fp, fn, tn } }: Trust) => `${formatCount(tp + fp + fn + tn)} graded answers`;
const fieller = "Fieller (1954), Some problems in interval estimation, JRSS-B 16, 175–185";
const shown = ({ estimate, low, high }: Rate) => formatRateInterval(estimate, low, high);

const rates = {
  tpr: {
    title: "Passes good answers (TPR)",
    what: "Of the answers that people pass, the share that the judge passes.",
    formula:
      "TP / (TP + FN), counts weighted N_h / n_h to all cases\nbounds: the t at which the bound of TP − t·(TP + FN) is 0",
  },
  tnr: {
    title: "Catches bad answers (TNR)",
    what: "Of the answers that people fail, the share that the judge fails.",
    formula:
      "TN / (TN + FP), counts weighted N_h / n_h to all cases\nbounds: the t at which the bound of TN − t·(TN + FP) is 0",
  },
  falsePassRate: {
    title: "Bad among what it passes",
    what: "Of the answers that the judge passes, the share that people fail: what gets through.",
    formula:
      "FP / (TP + FP), counts weighted N_h / n_h to all cases\nbounds: the t at which the bound of FP − t·(TP + FP) is 0",
  },
} as const;

export function explainRate(which: keyof typeof rates, trust: Trust): Explanation {
  return {
    ...rates[which],
    data: [...counts(trust), shown(trust[which])],
    n: gradedOf(trust),
    assumptions: drawn,
    reference: fieller,
  };
}

export function explainCoefficient(which: "kappa" | "ac1", trust: Trust): Explanation {
  const isKappa = which === "kappa";
  return {
    title: isKappa ? "Cohen's κ" : "Gwet's AC1",
    what: isKappa
      ? "How far judge and people agree beyond what their own shares of pass would give by chance: 1 is always, 0 is chance. It falls to 0 where nearly everything passes."
      : "How far judge and people agree beyond chance, taken so that it does not collapse where nearly everything passes.",
    formula: isKappa
      ? "κ = (p_o − p_e) / (1 − p_e), p_e = J·P + (1 − J)(1 − P)\nJ, P: shares that the judge and people pass"
      : "AC1 = (p_o − p_e) / (1 − p_e), p_e = 2π(1 − π), π = (J + P) / 2\nJ, P: shares that the judge and people pass",
    data: [...counts(trust), formatCoefficient(trust[which])],
    n: gradedOf(trust),
    assumptions: [
      ...drawn,
      isKappa
        ? "Its interval inverts p_o − p_e − k(1 − p_e), which is linear in people's labels as J is known."
        : "Its interval takes p_e by its tangent at the estimate.",
    ],
    reference: isKappa
      ? "Cohen (1960), Educational and Psychological Measurement 20, 37–46; interval as Fieller (1954)"
      : "Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29–48",
  };
}

export function explainMosaic(version: string, trust: Trust): Explanation {
  return {
    title: `The judge against people on ${version}`,
    what: "How many answers of all the judge judged fall into each of the four cells, from those that people graded.",
    formula: "cell = Σ over strata h of N_h · (graded in the cell / graded in h)",
    data: counts(trust),
    n: gradedOf(trust),
    assumptions: [...drawn, "Verdicts that are errors are left out and counted elsewhere."],
    reference: "Särndal, Swensson & Wretman, Model Assisted Survey Sampling (1992), §7.6",
  };
}

export function explainLicence(
  licence: Licence,
  trust: Record<string, Trust>,
  needed: { minTpr: number; minTnr: number },
): Explanation {
  return {
    title: "Licence",
    what: "Trusted: the lower ends of TPR and TNR reach what the policy asks for, on both versions. Untrusted: an upper end falls short. Else there is not enough evidence.",
    formula: `trusted: low(TPR) ≥ ${needed.minTpr} and low(TNR) ≥ ${needed.minTnr} on both versions\nuntrusted: high(TPR) < ${needed.minTpr} or high(TNR) < ${needed.minTnr} on one`,
    data: [
      ...Object.entries(trust).map(([version, { tpr, tnr }]) => `${version}: TPR ${shown(tpr)}, TNR ${shown(tnr)}`),
      `licence: ${licence.replaceAll("_", " ")}`,
    ],
    n: Object.entries(trust)
      .map(([version, one]) => `${gradedOf(one)} of ${version}`)
      .join(", "),
    assumptions: [...drawn, "It belongs to this version of the judge on this criterion alone."],
    reference: fieller,
  };
}

export function explainSettling(needed: { minTpr: number; minTnr: number }, trust: Trust): Explanation {
  return {
    title: "What would settle it",
    what: "How many more good (for TPR) or bad answers (for TNR) have to be graded until the lower end reaches the policy, if the judge goes on being right as often as it was.",
    formula: `the smallest m for which the Clopper–Pearson lower bound of rate·(n + m) in n + m reaches ${needed.minTpr} (TPR) or ${needed.minTnr} (TNR)`,
    data: counts(trust),
    n: gradedOf(trust),
    assumptions: ["The judge goes on as it did.", "Further graded answers are like those so far."],
    reference: "Clopper & Pearson (1934), Biometrika 26, 404–413",
  };
}

export function explainSlices(slices: number, level: number): Explanation {
  return {
    title: "Slice by slice",
    what: "The same rates from the graded cases of each slice alone, weighted to all cases of the slice. A judge that is good on the whole may be useless on a part.",
    formula: "as on the whole, with the strata of the slice",
    data: [`${formatCount(slices)} slices with a graded case`],
    n: "graded cases of each slice: in its row",
    assumptions: [
      ...drawn,
      `Each interval holds by itself at ${Math.round(level * 100)} %; of many slices, some lie outside by chance.`,
    ],
    reference: fieller,
  };
}

export function explainLength({ bins, passes, errs, kind }: LengthBias): Explanation {
  const of = kind === "preference" ? "preferred" : "passed";
  return {
    title: "Length",
    what:
      kind === "preference"
        ? "The cases in five groups of equal size by how much longer the candidate's answer is, and how often the judge prefers it in each; where people graded, how often the judge is wrong."
        : "The judged answers in five groups of equal size by their number of characters, and how many the judge passes in each; where people graded, how many it is wrong on.",
    formula:
      "share: k / n with Wilson's interval, 95 %\ntrend: z = Σ s(k − n·p̂) / √(p̂(1 − p̂)(Σ n·s² − (Σ n·s)² / N)), groups s = 1, 2, …",
    data: [
      ...bins.map(
        ({ from, to, n, k, graded, wrong }) =>
          `${formatCount(from)} to ${formatCount(to)} characters: ${formatCount(k)} of ${formatCount(n)} ${of}; wrong on ${formatCount(wrong)} of ${formatCount(graded)} graded`,
      ),
      `trend: ${passes ? `z ${passes.z.toFixed(2)}, p ${passes.p.toPrecision(2)}` : "none to test"}; of errors: ${errs ? `z ${errs.z.toFixed(2)}, p ${errs.p.toPrecision(2)}` : "none to test"}`,
    ],
    n: `${formatCount(bins.reduce((sum, { n }) => sum + n, 0))} judged, ${formatCount(bins.reduce((sum, { graded }) => sum + graded, 0))} graded answers`,
    assumptions: [
      "Longer answers may really be better or worse: only errors that go with length are a bias.",
      "Graded answers count alike, however likely they were to be drawn.",
    ],
    reference:
      "Cochran (1954), Biometrics 10, 417–451; Armitage (1955), Biometrics 11, 375–386; Wilson (1927), JASA 22, 209–212",
  };
}

export function explainReliability({ bins, n, error, brier }: Reliability): Explanation {
  return {
    title: "Score against people",
    what: "Of the graded answers whose scores lie together, the share that people pass. A score that can be read as a chance lies on the diagonal; any useful one rises.",
    formula:
      "share: passes / n with Wilson's interval, 95 %, in ten groups of equal width\naverage distance (ECE) = Σ n_b/n · |share_b − mean score_b|\nBrier score = mean of (score − outcome)²",
    data: [
      ...bins.map(
        ({ from, to, n: all, passes }) => `scores ${round(from)} to ${round(to)}: people pass ${passes} of ${all}`,
      ),
      error === null || brier === null
        ? "scores outside 0 to 1 are no chances: no average distance, no Brier score"
        : `average distance ${round(error)}, Brier score ${round(brier)}`,
    ],
    n: `${formatCount(n)} graded answers with a score`,
    assumptions: [
      "Graded answers count alike, however likely they were to be drawn.",
      "With few answers in a group the average distance is too large: chance alone leaves one.",
    ],
    reference: "Naeini, Cooper & Hauskrecht (2015), AAAI-15, 2901–2907; Brier (1950), Monthly Weather Review 78, 1–3",
  };
}

export function explainRepeats({ answers, differ, judgings }: Repeats): Explanation {
  return {
    title: "Judged again",
    what: "The share of answers, judged several times in one run, that did not get the same verdict each time. What a judge says twice differently it does not know.",
    formula: "answers with both verdicts / answers judged twice or more, with Wilson's interval, 95 %",
    data: [
      `${formatCount(judgings)} verdicts on ${formatCount(answers)} answers`,
      `both pass and fail among them: ${formatCount(differ)}`,
      "errors are left out",
    ],
    n: `${formatCount(answers)} answers`,
    assumptions: [
      "The more often an answer is judged, the likelier two verdicts are.",
      "Estimates use the first judging of an answer alone.",
    ],
    reference: "Wilson (1927), Journal of the American Statistical Association 22, 209–212",
  };
}

export function explainFlips({ both, flips, first, second }: PositionFlips): Explanation {
  return {
    title: "Position flips",
    what: "Of the cases that the judge saw in both orders, the share in which what it prefers depends on the order. Such a preference counts for nobody.",
    formula: "flips / cases seen in both orders, with Wilson's interval, 95 %",
    data: [
      `${formatCount(flips)} of ${formatCount(both)} flip`,
      `the one shown first both times: ${formatCount(first)}; the one shown second both times: ${formatCount(second)}`,
      "errors are left out",
    ],
    n: `${formatCount(both)} cases in both orders`,
    assumptions: ["The cases are a sample of cases like these."],
    reference: "Wang et al. (2024), Large Language Models are not Fair Evaluators, ACL, 9440–9450; Wilson (1927)",
  };
}

export function explainPreference({ agreement, finds, kappa, graded }: PreferenceTrust): Explanation {
  const n = Object.values(graded).reduce((sum, row) => sum + row.candidate + row.baseline + row.tie, 0);
  return {
    title: "The judge's preferences against people's",
    what: "How often the judge prefers what people prefer, over all cases; and of the cases in which people prefer one side, in how many it does. A position flip agrees with nobody.",
    formula:
      "agrees = both prefer the same / all compared; finds(side) = both prefer the side / people prefer the side\ncounts weighted N_h / n_h to all cases; bounds by inverting part − t·whole; κ over the whole table",
    data: [
      `agrees ${shown(agreement)}`,
      ...(["candidate", "baseline", "tie"] as const).map((side) => `finds ${side}: ${shown(finds[side])}`),
      `κ ${formatCoefficient(kappa)}`,
    ],
    n: `${formatCount(n)} graded cases`,
    assumptions: drawn,
    reference: `${fieller}; Cohen (1960), Educational and Psychological Measurement 20, 37–46`,
  };
}

export function explainAlpha({ source, people, answers, alpha }: PeopleAgreement): Explanation {
  return {
    title: "Krippendorff's α",
    what: "How far people agree with each other beyond chance: 1 is always, 0 is chance. A judge can't be asked to agree with them more than that.",
    formula:
      "α = 1 − D_o / D_e: disagreement observed in answers with two labels or more, over that of labels put together at random",
    data: [`source: ${source}`, `α ${formatCoefficient(alpha)}`],
    n: `${formatCount(people)} people, ${formatCount(answers)} answers with two labels or more`,
    assumptions: ["Labels are names without an order.", "Who labels what does not depend on the answer."],
    reference: "Krippendorff (2011), Computing Krippendorff's Alpha-Reliability",
  };
}

export function explainStandIn({ judge, annotators, test }: StandIn): Explanation {
  return {
    title: "Alternative annotator test",
    what: `Could ${judge} stand in for one of the annotators? Each in turn is left out; the judge has to agree with the others about as well.`,
    formula:
      "for each annotator a one-sided t-test of (judge agrees with the rest) ≥ (annotator does) − ε, ε = 0.15; Benjamini–Yekutieli at 5 %\npasses when the judge holds its own against half of them or more",
    data: test
      ? [
          `held its own against ${Math.round(test.winningRate * annotators.length)} of ${annotators.length}`,
          `agreed at least as well on ${Math.round(test.advantage * 100)} of 100 answers`,
        ]
      : ["too few annotators or answers"],
    n: `${annotators.length} annotators`,
    assumptions: ["Imported reviews, each given without seeing the judge's verdict."],
    reference: "Calderon, Reichart & Dror (2025), arXiv 2501.10970, §3",
  };
}

export function explainSaysPass(): Explanation {
  return {
    title: "Says pass",
    what: "The share of all answers of a run that the judge passes, as it says it: not corrected by what people found.",
    formula: "pass / (pass + fail); errors are left out and stand beside",
    data: ["every verdict of the run, counted when it came in"],
    n: "all judged answers of the run: in its row",
    assumptions: ["None: a count, not an estimate. What people would say is on the release's brief."],
    reference: "docs/numbers.md, Trust in a judge",
  };
}

export function explainFamily(): Explanation {
  return {
    title: "Judge and generator of one family",
    what: "A model tends to rate what reads like its own writing better than people do. Where judge and generator share a family, its passes of that family's answers deserve a second look.",
    formula: "family: by the vendor's known names in the model's name; a name without one tells no family",
    data: ["the judge version's model, and the model of each run it judged"],
    n: "all runs it judged",
    assumptions: ["Models are named in what was imported. A name tells nothing of what was fine-tuned on what."],
    reference:
      "Panickssery, Bowman & Feng (2024), LLM Evaluators Recognize and Favor Their Own Generations, NeurIPS 37",
  };
}

const round = (value: number) => Number(value.toFixed(3));

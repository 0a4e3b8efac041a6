import type { Explanation } from "@/components/ui/explain";
import { formatCount, formatRate } from "@/components/ui/format";
import type { Moves } from "@/lib/judges/moves";
import { judgeWatch } from "@/lib/runs/rejudging";

const counts = ({ passPass, passFail, failPass, failFail, error }: Moves): string[] => [
  `pass → pass: ${formatCount(passPass)}`,
  `pass → fail: ${formatCount(passFail)}`,
  `fail → pass: ${formatCount(failPass)}`,
  `fail → fail: ${formatCount(failFail)}`,
  `an error in one of the two, left out: ${formatCount(error)}`,
];

export const explainRate = (moves: Moves): Explanation => ({
  title: "Share of verdicts that changed",
  what: "How many of the answers that the judge judged both times got another verdict the second time.",
  formula: "k / n, k = (pass → fail) + (fail → pass)\nWilson score interval, 95 %",
  data: counts(moves),
  n: `${formatCount(moves.n)} answers with a verdict both times`,
  assumptions: ["The cases are a sample of cases like these, one independent of the other."],
  reference: "Wilson (1927), Journal of the American Statistical Association 22, 209–212",
});

export const explainDirection = (moves: Moves): Explanation => ({
  title: "Direction of the changes",
  what: "How likely so uneven a split comes about when each changed verdict falls to either side with the same chance.",
  formula: "p = min(1, 2 · P(X ≤ min(b, c))), X ~ Binomial(b + c, ½)",
  data: [`pass → fail, b: ${formatCount(moves.passFail)}`, `fail → pass, c: ${formatCount(moves.failPass)}`],
  n: `${formatCount(moves.flips)} changed verdicts`,
  assumptions: ["One comparison, chosen before looking. The alarm does not need that."],
  reference: "McNemar (1947), Psychometrika 12, 153–157, in its exact form",
});

export const explainWatch = (all: Moves, judgings: number): Explanation => ({
  title: "Sequential test of a judge that moves",
  what: `Bets, judging by judging, that more than ${formatRate(judgeWatch.tolerance, 0)} of the verdicts on the same answers change, or that the changes fall to one side. A judge that does neither hardly ever lets a stake grow fortyfold; when one does, the judge moved.`,
  formula:
    "E(t) = Σ_j 1/(j(j+1)) · mean over q of Π (q/p₀)^k ((1−q)/(1−p₀))^(n−k), judgings j … t\np₀ = tolerance; for the direction p₀ = ½\nalarm when either E(t) ≥ 2/α",
  data: [...counts(all), `tolerance: ${formatRate(judgeWatch.tolerance, 0)}`, `α: ${judgeWatch.falseAlarm}`],
  n: `${formatCount(all.n)} answers in ${formatCount(judgings)} judgings`,
  assumptions: [
    "An unmoved judge gives another verdict to at most the tolerated share of the answers of a judging, on average and whatever came before.",
    "Within a judging one answer's verdict is independent of another's.",
    "It may be looked at as often as one likes: the chance of ever raising a false alarm for a judge version stays at most α.",
  ],
  reference:
    "Robbins (1970), Annals of Mathematical Statistics 41, 1397–1409; Waudby-Smith & Ramdas (2024), JRSS B 86, 1–27; Shin, Ramdas & Rinaldo (2024), NEJSDS 2, 229–260",
});

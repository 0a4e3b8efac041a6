import jStat from "jstat";
import { adjusted } from "./false-discovery";

export type AltTest = {
  /** Share of the annotators against whom the judge held its own: it may stand in for a person at ½ or more. */
  winningRate: number;
  passes: boolean;
  /** How often, on average, the judge agreed with the others at least as well as the annotator left out. */
  advantage: number;
  annotators: { annotator: number; items: number; advantage: number; p: number; adjusted: number }[];
};

/** Items that an annotator needs for the test, and annotators it needs. */
export const altTestNeeds = { items: 30, annotators: 3 } as const;

/**
 * The alternative annotator test: may this judge stand in for a person? Each annotator is left out in turn; the judge and
 * they are compared on how often they agree with the remaining ones. A t-test per annotator asks whether the judge is ahead
 * of them by more than −ε (ε: what a person costs more than a judge), with Benjamini & Yekutieli's adjustment. Calderon, Reichart & Dror (2025), arXiv
 * 2501.10970, §3.
 *
 * @param items of each item the judge's label and those of all annotators; null where one is missing
 * @param epsilon in [0, 1]; the paper's .2 for experts, .15 for skilled, .1 for paid annotators
 * @returns null with fewer than three annotators of thirty items each that another one labelled too
 */
export function altTest(
  items: readonly { judge: boolean | null; annotators: readonly (boolean | null)[] }[],
  epsilon = 0.15,
  level = 0.05,
): AltTest | null {
  const many = Math.max(0, ...items.map(({ annotators }) => annotators.length));
  const rows: { annotator: number; items: number; advantage: number; p: number }[] = [];
  for (let annotator = 0; annotator < many; annotator++) {
    const differences: number[] = [];
    let ahead = 0;
    for (const { judge, annotators } of items) {
      const own = annotators[annotator];
      const others = annotators.filter((label, j) => j !== annotator && label !== null);
      if (judge === null || own === null || own === undefined || others.length === 0) continue;
      const agree = (label: boolean) => others.filter((other) => other === label).length;
      const [byJudge, byPerson] = [agree(judge), agree(own)];
      ahead += byJudge >= byPerson ? 1 : 0;
      differences.push(Number(byPerson >= byJudge) - Number(byJudge >= byPerson));
    }
    const n = differences.length;
    if (n < altTestNeeds.items) continue;
    const mean = differences.reduce((sum, value) => sum + value, 0) / n;
    const spread = Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
    // Without any spread the mean is all there is to say.
    const p =
      spread === 0 ? Number(mean >= epsilon) : jStat.studentt.cdf((mean - epsilon) / (spread / Math.sqrt(n)), n - 1);
    rows.push({ annotator, items: n, advantage: ahead / n, p });
  }
  if (rows.length < altTestNeeds.annotators) return null;
  const q = adjusted(
    rows.map(({ p }) => p),
    "BY",
  );
  const winningRate = q.filter((value) => value < level).length / rows.length;
  return {
    winningRate,
    passes: winningRate >= 0.5,
    advantage: rows.reduce((sum, row) => sum + row.advantage, 0) / rows.length,
    annotators: rows.map((row, i) => ({ ...row, adjusted: q[i]! })),
  };
}

import { Fault } from "../errors";
import type { Grade } from "./schema";

export type Run = "baseline" | "candidate";
export type Asked = { key: string; kind: "pass_fail" | "preference" };

/** How long so many cases take, in whole minutes: the one rounding, wherever it is said. */
export function minutesFor(cases: number, msPerCase: number): number {
  return Math.max(1, Math.ceil((cases * msPerCase) / 60_000));
}

type Remarks = Pick<Grade, "note" | "tags">;
export type OutputGrade = Remarks & { criterion: string; side: "A" | "B"; verdict: "pass" | "fail" | "unsure" };
export type PairGrade = Remarks & { criterion: string; prefer: "A" | "B" | "tie" | "unsure" };

function invalid(message: string, field = "grades"): Fault {
  return new Fault("invalid", message, { field });
}

/**
 * A delivery grades both sides on every pass/fail criterion and the case on every preference criterion, each once.
 *
 * @throws Fault `invalid` for less, more, or a grade of the other kind
 */
export function completeGrades(
  grades: readonly Grade[],
  criteria: readonly Asked[],
): { outputs: OutputGrade[]; pairs: PairGrade[] } {
  const outputs: OutputGrade[] = [];
  const pairs: PairGrade[] = [];
  for (const { criterion, side, verdict, prefer, ...remarks } of grades) {
    const kind = criteria.find(({ key }) => key === criterion)?.kind;
    if (!kind) throw invalid(`“${criterion}” is no criterion of this release.`, "grades.criterion");
    if (kind === "preference") {
      if (prefer === undefined || side !== undefined || verdict !== undefined)
        throw invalid(`“${criterion}” asks which answer is better: its grade has prefer, no side and no verdict.`);
      if (pairs.some((grade) => grade.criterion === criterion))
        throw invalid(`The case is graded twice on “${criterion}”.`);
      pairs.push({ criterion, prefer, ...remarks });
    } else {
      if (side === undefined || verdict === undefined || prefer !== undefined)
        throw invalid(`“${criterion}” is pass or fail: its grade has a side and a verdict, and no prefer.`);
      if (outputs.some((grade) => grade.criterion === criterion && grade.side === side))
        throw invalid(`Side ${side} is graded twice on “${criterion}”.`);
      outputs.push({ criterion, side, verdict, ...remarks });
    }
  }
  for (const { key, kind } of criteria) {
    if (kind === "preference") {
      if (!pairs.some(({ criterion }) => criterion === key)) throw invalid(`The case is not graded on “${key}”.`);
      continue;
    }
    for (const side of ["A", "B"] as const) {
      if (!outputs.some((grade) => grade.criterion === key && grade.side === side))
        throw invalid(`Side ${side} is not graded on “${key}”.`);
    }
  }
  return { outputs, pairs };
}

/** Which version a side showed. */
export function runOf(side: "A" | "B", swapped: boolean): Run {
  return (side === "A") === swapped ? "candidate" : "baseline";
}

/** On which side a version stood. */
export function sideOf(run: Run, swapped: boolean): "A" | "B" {
  return (run === "candidate") === swapped ? "A" : "B";
}

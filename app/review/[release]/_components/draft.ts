import type { TaskView } from "@/lib/review/queries";
import type { Grade } from "@/lib/review/schema";

export type Verdict = NonNullable<Grade["verdict"]>;
export type Prefer = NonNullable<Grade["prefer"]>;
export type Side = "A" | "B";
export type Criterion = TaskView["criteria"][number];

/** Grades of one case as they are being made, by place: side and criterion, or the criterion alone for a preference. */
export type Draft = Record<string, { verdict?: Verdict; prefer?: Prefer; note?: string; tags?: string[] }>;

export const cell = (side: Side, criterion: string) => `${side} ${criterion}`;
export const pairCell = (criterion: string) => `AB ${criterion}`;

/** In the order in which they stand on the screen: what is asked of each answer, then what is asked of both. */
export function inOrder(criteria: readonly Criterion[]): Criterion[] {
  return [
    ...criteria.filter(({ kind }) => kind === "pass_fail"),
    ...criteria.filter(({ kind }) => kind === "preference"),
  ];
}

export function isComplete(criteria: readonly Criterion[], draft: Draft): boolean {
  const isGraded = ({ kind, key }: Criterion) =>
    kind === "preference"
      ? draft[pairCell(key)]?.prefer
      : draft[cell("A", key)]?.verdict && draft[cell("B", key)]?.verdict;
  return criteria.length > 0 && criteria.every(isGraded);
}

/** What is delivered of a complete draft. */
export function gradesOf(criteria: readonly Criterion[], draft: Draft): Grade[] {
  const remarks = ({ note, tags }: Draft[string]) => ({
    ...(note?.trim() ? { note: note.trim() } : {}),
    ...(tags && tags.length > 0 ? { tags } : {}),
  });
  return criteria.flatMap(({ kind, key }): Grade[] => {
    if (kind === "preference") {
      const grade = draft[pairCell(key)]!;
      return [{ criterion: key, prefer: grade.prefer, ...remarks(grade) }];
    }
    return (["A", "B"] as const).map((side) => {
      const grade = draft[cell(side, key)]!;
      return { side, criterion: key, verdict: grade.verdict, ...remarks(grade) };
    });
  });
}

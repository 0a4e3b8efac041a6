import type { Revealed, TaskView } from "@/lib/review/queries";
import type { Comment, Grade } from "@/lib/review/schema";

export type Verdict = NonNullable<Grade["verdict"]>;
export type Prefer = NonNullable<Grade["prefer"]>;
export type Side = "A" | "B";
export type Criterion = TaskView["criteria"][number];

/** Grades of one case as they are being made, by place: side and criterion, or the criterion alone for a preference. */
export type Draft = Record<string, { verdict?: Verdict; prefer?: Prefer; note?: string; tags?: string[] }>;

/** All that was begun on one case. */
export type Work = {
  grades: Draft;
  comments: Comment[];
  /** Milliseconds it was looked at before. */
  spentMs: number;
};

export const nothing: Work = { grades: {}, comments: [], spentMs: 0 };

export const cell = (side: Side, criterion: string) => `${side} ${criterion}`;
export const pairCell = (criterion: string) => `AB ${criterion}`;

/** In the order in which they stand on the screen: what is asked of each answer, then what is asked of both. */
export function inOrder(criteria: readonly Criterion[]): Criterion[] {
  return [
    ...criteria.filter(({ kind }) => kind === "pass_fail"),
    ...criteria.filter(({ kind }) => kind === "preference"),
  ];
}

export const placeOf = ({ kind, key }: Criterion, side: Side) =>
  kind === "preference" ? pairCell(key) : cell(side, key);
/** Of the element in which a grade is given. */
export const placeId = (place: string) => `grade ${place}`;

export type Missing = { index: number; name: string; side?: Side };

/** The grades that a case still lacks, in the order of the screen. */
export function missingOf(criteria: readonly Criterion[], draft: Draft): Missing[] {
  return criteria.flatMap(({ kind, key, name }, index): Missing[] => {
    if (kind === "preference") return draft[pairCell(key)]?.prefer ? [] : [{ index, name }];
    return (["A", "B"] as const).flatMap((side) => (draft[cell(side, key)]?.verdict ? [] : [{ index, name, side }]));
  });
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

/** Grades that were given, as they stand on the screen. */
export function draftOf(grades: readonly GivenGrade[]): Draft {
  return Object.fromEntries(
    grades.map(({ side, criterion, verdict, prefer, note, tags }) => [
      side ? cell(side, criterion) : pairCell(criterion),
      { verdict, prefer, note: note ?? undefined, tags },
    ]),
  );
}
type GivenGrade = Omit<Grade, "note"> & { note?: string | null };

/**
 * The grades with what the judge said wherever it differs: what changing one's mind would store. A pass has no failure tags
 * of the fail that it was; the note stays, to be read again.
 */
export function towardsJudge(grades: readonly GivenGrade[], revealed: Revealed): Draft {
  const draft = draftOf(grades);
  for (const judge of revealed.judges) {
    if (!judge.instrument || !judge.overridden) continue;
    if ("verdict" in judge) {
      const place = cell(judge.side, judge.criterion);
      if (judge.verdict === "pass" || judge.verdict === "fail")
        draft[place] = {
          ...draft[place],
          verdict: judge.verdict,
          ...(judge.verdict === "pass" && { tags: undefined }),
        };
    } else if (judge.prefer !== "error" && judge.prefer !== "flip") {
      const place = pairCell(judge.criterion);
      draft[place] = { ...draft[place], prefer: judge.prefer };
    }
  }
  return draft;
}

/** Whether the judge that counts says otherwise anywhere. */
export const differs = (revealed: Revealed): boolean =>
  revealed.judges.some(({ instrument, overridden }) => instrument && overridden);

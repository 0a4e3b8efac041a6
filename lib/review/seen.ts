import { canonicalJson, digestOf, type JsonObject, sha256Hex } from "../digest";

/** One grade as it is stored, in the words of the record. */
export type SeenGrade = {
  criterion: string;
  side: string;
  verdict: string | null;
  prefer: string | null;
  /** Of the note as it was written, also when its text was removed since; null: none. */
  noteDigest: string | null;
  tags: readonly string[];
  blind: boolean;
};

/**
 * The digest, kept in the audit log with each delivery of grades, of what a person had before them and said: the case, who
 * stood on which side, the grades as stored, and what was revealed in answer. Replaying computes it again from the rows.
 */
export function seenDigest(given: {
  task: string;
  case: string;
  swapped: boolean;
  grades: readonly SeenGrade[];
  /** The stored answer, canonical JSON; null for a correction, whose answer is not kept. */
  answer: string | null;
}): string {
  const { task, swapped, grades, answer } = given;
  const rows = grades
    .map(({ criterion, side, verdict, prefer, noteDigest, tags, blind }) => {
      const row: JsonObject = {
        criterion,
        side: side.trim(),
        verdict,
        prefer,
        note: noteDigest,
        tags: [...tags],
        blind,
      };
      return { row, text: canonicalJson(row) };
    })
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ row }) => row);
  return digestOf({
    ...{ v: 1, task, case: given.case, candidate: swapped ? "A" : "B", grades: rows },
    answer: answer === null ? null : sha256Hex(withoutRationales(answer)),
  });
}

/** The digest, kept in the log with a settled disagreement, of what was revealed in answer: the sides and the judges' verdicts. */
export function revealedDigest(revealed: object): string {
  return sha256Hex(withoutRationales(canonicalJson(revealed)));
}

/** A judge's rationale may have to be removed (docs/privacy.md); verdicts, scores and sides stay. */
function withoutRationales(answer: string): string {
  return answer.replace(/"rationale":"(?:[^"\\]|\\.)*"/g, '"rationale":null');
}

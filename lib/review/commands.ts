import { appendAudit, type NewEvent } from "../audit/append";
import type { Actor } from "../auth/actor";
import { db } from "../db/client";
import { Prisma } from "../db/generated/client";
import { type QuickTx, quickTransaction, type Sql, violates } from "../db/transaction";
import { canonicalJson, digestOf, sha256Hex, textDigest } from "../digest";
import { Fault } from "../errors";
import { type HeldCheck, toldRepeat, toldSentinel } from "./checks";
import { type Delivery, earlierAnswer, insertSubmission, sameAnswer } from "./delivery";
import { type HeldTask, heldTask, lockHeld } from "./held";
import { graderOf, type Revealed, type ReviewScope, refuseUnlessGrading, reveal, toldOf } from "./queries";
import { completeGrades, runOf, sideOf } from "./rules";
import type { Comment, Grade, Submission } from "./schema";
import { type SeenGrade, seenDigest } from "./seen";

export type Answer = { revealed: Revealed };

const otherUse = "other grades";

function requestDigest({ task, grades, comments }: Submission): string {
  return digestOf({ task, grades, ...(comments?.length && { comments }) });
}

/** Stores the comments that are not there yet: none is ever changed or taken back. Returns how many those were. */
async function keepComments(
  tx: Sql,
  scope: ReviewScope,
  task: HeldTask,
  reviewerId: number,
  comments: readonly Comment[] = [],
): Promise<number> {
  if (comments.length === 0) return 0;
  const rows = comments.map(({ side, ...said }) => ({ ...said, run_id: scope.runs[runOf(side, task.swapped)] }));
  const stored = await tx.$queryRaw<unknown[]>`
    INSERT INTO answer_comment (release_id, case_id, run_id, reviewer_id, task_id, quote, prefix, comment)
    SELECT ${scope.releaseId}, ${task.caseId}, run_id, ${reviewerId}, ${task.id}, quote, prefix, comment
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS c(run_id int, quote text, prefix text, comment text)
     WHERE NOT EXISTS (SELECT 1 FROM answer_comment o
                        WHERE o.release_id = ${scope.releaseId} AND o.case_id = ${task.caseId} AND o.reviewer_id = ${reviewerId}
                          AND (o.run_id, o.quote, o.prefix, o.comment) = (c.run_id, c.quote, c.prefix, c.comment))
    RETURNING 1`;
  return stored.length;
}

/** Tags that the project did not have: the taxonomy grows while people grade. */
async function growTags(tx: Sql, actor: Actor, grades: readonly Grade[]): Promise<void> {
  const names = [...new Set(grades.flatMap(({ tags }) => tags ?? []))];
  if (names.length === 0) return;
  const created = await tx.$queryRaw<{ id: number; name: string }[]>`
    INSERT INTO failure_tag (project_id, name, created_by)
    SELECT ${actor.projectId}, name, ${actor.name} FROM unnest(${names}::text[]) AS name
    ON CONFLICT DO NOTHING RETURNING id, name`;
  for (const { id, name } of created)
    await appendAudit(tx, actor, { action: "tag.created", subject: { kind: "tag", id: String(id), name } });
}

/** One row a grade. Throws Fault `invalid` unless the case is graded whole. */
function reviewRows(
  scope: ReviewScope,
  task: HeldTask,
  reviewerId: number,
  grades: readonly Grade[],
  blind: boolean,
  tookMs?: number,
) {
  const { outputs, pairs } = completeGrades(grades, scope.criteria);
  const row = ({ criterion, note, tags }: Grade) => ({
    releaseId: scope.releaseId,
    caseId: task.caseId,
    criterionId: scope.criteria.find(({ key }) => key === criterion)!.id,
    reviewerId,
    taskId: task.id,
    note: note?.trim() || null,
    tags: [...new Set(tags ?? [])],
    blind,
    tookMs: tookMs ?? null,
  });
  return [
    ...outputs.map((grade) => ({
      ...row(grade),
      runId: scope.runs[runOf(grade.side, task.swapped)],
      verdict: grade.verdict,
      prefer: null,
      side: grade.side,
    })),
    ...pairs.map((grade) => ({
      ...row(grade),
      runId: null,
      verdict: null,
      prefer: grade.prefer === "A" || grade.prefer === "B" ? runOf(grade.prefer, task.swapped) : grade.prefer,
      side: sideOf("candidate", task.swapped),
    })),
  ];
}

type ReviewRow = ReturnType<typeof reviewRows>[number] & { supersedesId?: number };

/** Inserts the grades, as a part of a statement that may do more. */
function insertReviews(rows: readonly ReviewRow[]): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO review (release_id, case_id, run_id, criterion_id, reviewer_id, task_id, verdict, prefer, note, tags, blind, side, took_ms, supersedes_id)
    SELECT "releaseId", "caseId", "runId", "criterionId", "reviewerId", "taskId", verdict, prefer, note,
           ARRAY(SELECT json_array_elements_text(tags)), blind, side, "tookMs", "supersedesId"
      FROM json_to_recordset(${JSON.stringify(rows)}::json)
        AS r("releaseId" int, "caseId" int, "runId" int, "criterionId" int, "reviewerId" int, "taskId" text, verdict grade,
             prefer grade_preference, note text, tags json, blind boolean, side char(1), "tookMs" int, "supersedesId" int)`;
}

type StoredGrade = Omit<SeenGrade, "criterion" | "noteDigest"> & { criterionId: number; note: string | null };

/** What the log keeps a digest of, so that replaying a case can be held against it. */
function seenOf(scope: ReviewScope, task: Pick<HeldTask, "id" | "case" | "swapped">, rows: readonly StoredGrade[]) {
  const keyOf = (id: number) => scope.criteria.find((criterion) => criterion.id === id)!.key;
  return {
    ...{ task: task.id, case: task.case, swapped: task.swapped },
    grades: rows.map(({ criterionId, note, ...row }) => ({
      ...row,
      criterion: keyOf(criterionId),
      noteDigest: note === null ? null : sha256Hex(note),
    })),
  };
}

/**
 * Stores a person's grades of one case, all or none, and only then tells what the judge said and which side was which.
 *
 * @throws Fault `conflict` when the release is not grading, the case went to somebody else, or it is graded already
 */
export async function submitReviews({
  actor,
  input: { releaseId, ...input },
}: {
  actor: Actor;
  input: Submission & { releaseId: number };
}): Promise<Answer> {
  const reviewerId = graderOf(actor);
  const { clientKey, task: taskId } = input;
  const delivery = { releaseId, reviewerId, clientKey, task: taskId, requestDigest: requestDigest(input) };
  const run = () =>
    quickTransaction(async (tx) => {
      const held = await lockHeld(tx, actor.projectId, delivery);
      const { scope, earlier, check } = held;
      if (earlier) return sameAnswer<Answer>(earlier, delivery, otherUse);
      refuseUnlessGrading(scope.state);
      const task = check ?? heldTask(held);
      if (task.completed) {
        // The same delivery may have been stored while this one waited for the lock.
        const stored = await earlierAnswer<Answer>(tx, delivery, otherUse);
        if (stored) return stored;
        throw new Fault("conflict", "You graded this case already. Correct it instead.", { field: "task" });
      }
      if ("hasPlace" in task) return storeGrades(tx, actor, scope, task, input, delivery);
      return storeCheck(tx, actor, scope, task, input, delivery);
    });
  try {
    return await run();
  } catch (error) {
    // The same delivery twice at once: one stored it, the other finds its answer.
    if (!violates(error)) throw error;
    const earlier = await earlierAnswer<Answer>(db, delivery, otherUse);
    if (earlier) return earlier;
    throw new Fault("conflict", "This case was graded at the same moment. Nothing was stored.");
  }
}

async function storeGrades(
  tx: QuickTx,
  actor: Actor,
  scope: ReviewScope,
  task: HeldTask,
  input: Submission,
  delivery: Delivery,
): Promise<Answer> {
  const { releaseId, reviewerId } = delivery;
  // An expired claim still counts while nobody else took the case.
  if (!task.hasPlace) {
    throw new Fault(
      "conflict",
      "This case is somebody else's now: your time for it ran out, or it was given to them. Nothing was stored.",
      {
        field: "task",
      },
    );
  }
  const rows = reviewRows(scope, task, reviewerId, input.grades, true, input.tookMs);
  const answer = { revealed: toldOf(scope, task.judged, task.swapped, input.grades) };
  const answered = canonicalJson(answer);
  const comments = await keepComments(tx, scope, task, reviewerId, input.comments);
  await growTags(tx, actor, input.grades);
  const event: NewEvent = {
    action: "review.given",
    subject: { kind: "release", id: String(releaseId), name: task.case },
    after: delivery.requestDigest,
    details: {
      case: task.case,
      task: task.id,
      grades: input.grades.length,
      seen: seenDigest({ ...seenOf(scope, task, rows), answer: answered }),
      ...(comments > 0 && { comments }),
    },
  };
  const written = Prisma.sql`
    WITH given AS (${insertReviews(rows)}),
         done AS (UPDATE review_task SET completed_at = now() WHERE id = ${task.id}),
         kept AS (${insertSubmission(delivery, answered)})`;
  tx.last(appendAudit(tx, actor, event, written));
  return answer;
}

/** Stores the grades of a check apart from all others, and tells what it was. */
async function storeCheck(
  tx: Sql,
  actor: Actor,
  scope: ReviewScope,
  check: HeldCheck,
  input: Submission,
  delivery: Delivery,
): Promise<Answer> {
  const { reviewerId } = delivery;
  const { outputs, pairs } = completeGrades(input.grades, scope.criteria);
  const row = ({ criterion, note }: Grade) => ({
    criterionId: scope.criteria.find(({ key }) => key === criterion)!.id,
    note: note?.trim() || null,
  });
  const rows = [
    ...outputs.map((grade) => ({ ...row(grade), side: grade.side, verdict: grade.verdict, prefer: null })),
    ...pairs.map((grade) => ({
      ...row(grade),
      side: sideOf("candidate", check.swapped),
      verdict: null,
      prefer: grade.prefer === "A" || grade.prefer === "B" ? runOf(grade.prefer, check.swapped) : grade.prefer,
    })),
  ];
  // What a judge says of a sentinel's case stays hidden: a later batch may draw it.
  const told = check.sentinel
    ? {
        sides: { A: scope.versions[runOf("A", check.swapped)], B: scope.versions[runOf("B", check.swapped)] },
        judges: [],
        check: toldSentinel(check, outputs),
      }
    : {
        ...(await reveal(tx, scope, check.caseId, check.swapped, input.grades)),
        check: await toldRepeat(tx, scope, check, reviewerId, { outputs, pairs }),
      };
  const answer = { revealed: told };
  const answered = canonicalJson(answer);
  const seen = rows.map((grade) => ({ ...grade, tags: [], blind: true }));
  const event: NewEvent = {
    action: "check.graded",
    subject: { kind: "release", id: String(scope.releaseId), name: check.case },
    after: delivery.requestDigest,
    details: {
      case: check.case,
      task: check.id,
      check: check.sentinel ? "sentinel" : "repeat",
      seen: seenDigest({ ...seenOf(scope, check, seen), answer: answered }),
    },
  };
  await appendAudit(
    tx,
    actor,
    event,
    Prisma.sql`
    WITH given AS (
           INSERT INTO check_grade (check_id, criterion_id, side, verdict, prefer, note, took_ms)
           SELECT ${check.id}, "criterionId", side, verdict, prefer, note, ${input.tookMs ?? null}::int
             FROM json_to_recordset(${JSON.stringify(rows)}::json)
               AS r("criterionId" int, side char(1), verdict grade, prefer grade_preference, note text)),
         done AS (UPDATE review_check SET completed_at = now() WHERE id = ${check.id}),
         kept AS (${insertSubmission(delivery, answered)})`,
  );
  return answer;
}

type CurrentGrade = Pick<ReviewRow, "runId" | "criterionId" | "note" | "tags"> & {
  id: number;
  verdict: string | null;
  prefer: string | null;
};

/**
 * Corrects grades given earlier: each that differs is superseded by a new row, no longer blind, because the judge's verdict
 * has been seen. The old rows stay.
 */
export async function supersedeReviews({
  actor,
  input,
}: {
  actor: Actor;
  input: Submission & { releaseId: number };
}): Promise<Answer & { changed: number }> {
  const reviewerId = graderOf(actor);
  const { releaseId, ...submission } = input;
  return quickTransaction(async (tx) => {
    const about = { releaseId, reviewerId, task: submission.task };
    const held = await lockHeld(tx, actor.projectId, about);
    const { scope, check } = held;
    refuseUnlessGrading(scope.state);
    if (check) throw new Fault("conflict", "That case was a check on grading: its first answer is what counts.");
    const task = heldTask(held);
    if (!task.completed) throw new Fault("conflict", "This case is not graded yet.", { field: "task" });
    const current = await tx.$queryRaw<CurrentGrade[]>`
      SELECT id, run_id AS "runId", criterion_id AS "criterionId", verdict::text, prefer::text, note, coalesce(tags, '{}') AS tags FROM review rv
       WHERE release_id = ${releaseId} AND case_id = ${task.caseId} AND reviewer_id = ${reviewerId}
         AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)`;
    const changes = reviewRows(scope, task, reviewerId, submission.grades, false, submission.tookMs).flatMap((row) => {
      const before = current.find(({ runId, criterionId }) => runId === row.runId && criterionId === row.criterionId);
      if (!before) return [];
      const same =
        before.verdict === row.verdict &&
        before.prefer === row.prefer &&
        before.note === row.note &&
        before.tags.join("\n") === row.tags.join("\n");
      return same ? [] : [{ ...row, supersedesId: before.id }];
    });
    const comments = await keepComments(tx, scope, task, reviewerId, submission.comments);
    if (changes.length + comments > 0) {
      await tx.$queryRaw`${insertReviews(changes)}`;
      await growTags(tx, actor, submission.grades);
      await appendAudit(tx, actor, {
        action: "review.superseded",
        subject: { kind: "release", id: String(releaseId), name: task.case },
        after: requestDigest(submission),
        details: {
          case: task.case,
          task: task.id,
          supersedes: changes.map(({ supersedesId }) => supersedesId),
          seen: seenDigest({ ...seenOf(scope, task, changes), answer: null }),
          ...(comments > 0 && { comments }),
        },
      });
    }
    return { revealed: toldOf(scope, task.judged, task.swapped, submission.grades), changed: changes.length };
  });
}

/** Puts a case off: it goes to the end of this person's queue, and others may take it meanwhile. */
export async function skipTask({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; task: string; reason?: string };
}): Promise<void> {
  const reviewerId = graderOf(actor);
  await quickTransaction(async (tx) => {
    const about = { releaseId: input.releaseId, reviewerId, task: input.task };
    const held = await lockHeld(tx, actor.projectId, about);
    const { scope, check } = held;
    refuseUnlessGrading(scope.state);
    const task = check ?? heldTask(held);
    if (task.completed) throw new Fault("conflict", "You graded this case already.", { field: "task" });
    const reason = input.reason?.trim() || null;
    if (check) await tx.$queryRaw`UPDATE review_check SET skipped_at = now() WHERE id = ${task.id}`;
    else await tx.$queryRaw`UPDATE review_task SET skipped_at = now(), skip_reason = ${reason} WHERE id = ${task.id}`;
    await appendAudit(tx, actor, {
      action: "review.skipped",
      subject: { kind: "release", id: String(input.releaseId), name: task.case },
      details: { case: task.case, task: task.id, ...(reason && { reason: textDigest(reason) }) },
    });
  });
}

import { appendAudit } from "../audit/append";
import type { Actor } from "../auth/actor";
import { db } from "../db/client";
import { type Tx, transaction, violates } from "../db/transaction";
import { canonicalJson, digestOf, sha256Hex, textDigest } from "../digest";
import { Fault, notFound } from "../errors";
import { isCheck, lockCheck, toldRepeat, toldSentinel } from "./checks";
import {
  graderOf,
  hasPlace,
  type Revealed,
  type ReviewScope,
  refuseUnlessGrading,
  reveal,
  reviewScope,
} from "./queries";
import { completeGrades, runOf, sideOf } from "./rules";
import type { Comment, Grade, Submission } from "./schema";
import { type SeenGrade, seenDigest } from "./seen";

export type Answer = { revealed: Revealed };

/** The answer to the same delivery made before; a Fault when the key was used for other grades. */
async function earlierAnswer(
  tx: Pick<Tx, "reviewSubmission">,
  releaseId: number,
  reviewerId: number,
  input: Submission,
): Promise<Answer | null> {
  const where = { releaseId_reviewerId_clientKey: { releaseId, reviewerId, clientKey: input.clientKey } };
  const earlier = await tx.reviewSubmission.findUnique({ where });
  if (!earlier) return null;
  if (earlier.requestDigest !== requestDigest(input)) {
    throw new Fault("conflict", "This clientKey was used for other grades.", { field: "clientKey" });
  }
  return JSON.parse(earlier.answer) as Answer;
}

function requestDigest({ task, grades, comments }: Submission): string {
  return digestOf({ task, grades, ...(comments?.length && { comments }) });
}

/** Stores the comments that are not there yet: none is ever changed or taken back. */
async function keepComments(
  tx: Tx,
  scope: ReviewScope,
  task: TaskRow,
  reviewerId: number,
  comments: readonly Comment[],
) {
  const before = await tx.answerComment.findMany({
    where: { releaseId: scope.releaseId, caseId: task.caseId, reviewerId },
  });
  const rows = comments
    .map(({ side, ...said }) => ({ ...said, runId: scope.runs[runOf(side, task.swapped)] }))
    .filter(
      (row) =>
        !before.some(
          ({ runId, quote, prefix, comment }) =>
            runId === row.runId && quote === row.quote && prefix === row.prefix && comment === row.comment,
        ),
    )
    .map((row) => ({ ...row, releaseId: scope.releaseId, caseId: task.caseId, reviewerId, taskId: task.id }));
  await tx.answerComment.createMany({ data: rows });
  return rows.length;
}

/** Tags that the project did not have: the taxonomy grows while people grade. */
async function growTags(tx: Tx, actor: Actor, grades: readonly Grade[]): Promise<void> {
  const names = [...new Set(grades.flatMap(({ tags }) => tags ?? []))];
  if (names.length === 0) return;
  const created = await tx.failureTag.createManyAndReturn({
    data: names.map((name) => ({ projectId: actor.projectId, name, createdBy: actor.name })),
    skipDuplicates: true,
  });
  for (const { id, name } of created)
    await appendAudit(tx, actor, { action: "tag.created", subject: { kind: "tag", id: String(id), name } });
}

type TaskRow = {
  id: string;
  caseId: number;
  case: string;
  swapped: boolean;
  completed: boolean;
  /** Whether a place is left for this person beside other people's grades, claims and assignments. */
  hasPlace: boolean;
};

/** The task and what else is going on with its case, under the lock of its place in the queue. */
async function lockTask(tx: Tx, releaseId: number, reviewerId: number, taskId: string): Promise<TaskRow> {
  const [found] = await tx.$queryRaw<{ caseId: number }[]>`
    SELECT case_id AS "caseId" FROM review_task WHERE id = ${taskId} AND release_id = ${releaseId} AND reviewer_id = ${reviewerId}`;
  if (!found) {
    throw new Fault(
      "conflict",
      "This case is no longer yours: your time for it ran out and it was handed out again. Nothing was stored.",
      {
        field: "task",
      },
    );
  }
  await tx.$queryRaw`SELECT 1 FROM draw WHERE release_id = ${releaseId} AND case_id = ${found.caseId} FOR UPDATE`;
  await tx.$queryRaw`SELECT 1 FROM chosen_case WHERE release_id = ${releaseId} AND case_id = ${found.caseId} FOR UPDATE`;
  const [row] = await tx.$queryRaw<TaskRow[]>`
    SELECT t.id, t.case_id AS "caseId", c.key AS "case", d.swapped, t.completed_at IS NOT NULL AS completed,
           ${hasPlace(reviewerId)} AS "hasPlace"
      FROM review_task t JOIN test_case c ON c.id = t.case_id JOIN queue_case d ON d.release_id = t.release_id AND d.case_id = t.case_id
     WHERE t.id = ${taskId}`;
  if (!row) throw notFound("The task");
  return row;
}

/** One row a grade. Throws Fault `invalid` unless the case is graded whole. */
function reviewRows(
  scope: ReviewScope,
  task: TaskRow,
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

type StoredGrade = Omit<SeenGrade, "criterion" | "noteDigest"> & { criterionId: number; note: string | null };

/** What the log keeps a digest of, so that replaying a case can be held against it. */
function seenOf(scope: ReviewScope, task: TaskRow, rows: readonly StoredGrade[]) {
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
  input,
}: {
  actor: Actor;
  input: Submission & { releaseId: number };
}): Promise<Answer> {
  const reviewerId = graderOf(actor);
  const { releaseId, ...submission } = input;
  const run = () =>
    transaction(async (tx) => {
      const scope = await reviewScope(tx, actor.projectId, releaseId, true);
      const earlier = await earlierAnswer(tx, releaseId, reviewerId, submission);
      if (earlier) return earlier;
      refuseUnlessGrading(scope.state);
      const checked = await submitCheck(tx, actor, scope, reviewerId, submission);
      if (checked) return checked;
      const task = await lockTask(tx, releaseId, reviewerId, submission.task);
      if (task.completed) {
        // The same delivery may have been stored while this one waited for the lock.
        const stored = await earlierAnswer(tx, releaseId, reviewerId, submission);
        if (stored) return stored;
        throw new Fault("conflict", "You graded this case already. Correct it instead.", { field: "task" });
      }
      // An expired claim still counts while nobody else took the case.
      if (!task.hasPlace) {
        throw new Fault(
          "conflict",
          "Somebody else graded this case, or is grading it, since your time for it ran out. Nothing was stored.",
          {
            field: "task",
          },
        );
      }
      const rows = reviewRows(scope, task, reviewerId, submission.grades, true, submission.tookMs);
      await tx.review.createMany({ data: rows });
      await tx.reviewTask.update({ where: { id: task.id }, data: { completedAt: new Date() } });
      const comments = await keepComments(tx, scope, task, reviewerId, submission.comments ?? []);
      const answer = { revealed: await reveal(tx, scope, task.caseId, task.swapped, submission.grades) };
      await tx.reviewSubmission.create({
        data: {
          releaseId,
          reviewerId,
          clientKey: submission.clientKey,
          taskId: task.id,
          requestDigest: requestDigest(submission),
          answer: canonicalJson(answer),
        },
      });
      await growTags(tx, actor, submission.grades);
      await appendAudit(tx, actor, {
        action: "review.given",
        subject: { kind: "release", id: String(releaseId), name: task.case },
        after: requestDigest(submission),
        details: {
          case: task.case,
          task: task.id,
          grades: submission.grades.length,
          seen: seenDigest({ ...seenOf(scope, task, rows), answer: canonicalJson(answer) }),
          ...(comments > 0 && { comments }),
        },
      });
      return answer;
    });
  try {
    return await run();
  } catch (error) {
    // The same delivery twice at once: one stored it, the other finds its answer.
    if (!violates(error)) throw error;
    const earlier = await earlierAnswer(db, releaseId, reviewerId, submission);
    if (earlier) return earlier;
    throw new Fault("conflict", "This case was graded at the same moment. Nothing was stored.");
  }
}

/** Stores the grades of a check apart from all others, and tells what it was; null when the task is no check. */
async function submitCheck(
  tx: Tx,
  actor: Actor,
  scope: ReviewScope,
  reviewerId: number,
  submission: Submission,
): Promise<Answer | null> {
  const check = await lockCheck(tx, scope.releaseId, reviewerId, submission.task);
  if (!check) return null;
  if (check.completed) {
    const stored = await earlierAnswer(tx, scope.releaseId, reviewerId, submission);
    if (stored) return stored;
    throw new Fault("conflict", "You graded this case already.", { field: "task" });
  }
  const { outputs, pairs } = completeGrades(submission.grades, scope.criteria);
  const row = ({ criterion, note }: Grade) => ({
    checkId: check.id,
    criterionId: scope.criteria.find(({ key }) => key === criterion)!.id,
    note: note?.trim() || null,
    tookMs: submission.tookMs ?? null,
  });
  await tx.checkGrade.createMany({
    data: [
      ...outputs.map((grade) => ({ ...row(grade), side: grade.side, verdict: grade.verdict, prefer: null })),
      ...pairs.map((grade) => ({
        ...row(grade),
        side: sideOf("candidate", check.swapped),
        verdict: null,
        prefer: grade.prefer === "A" || grade.prefer === "B" ? runOf(grade.prefer, check.swapped) : grade.prefer,
      })),
    ],
  });
  await tx.reviewCheck.update({ where: { id: check.id }, data: { completedAt: new Date() } });
  // What a judge says of a sentinel's case stays hidden: a later batch may draw it.
  const told = check.sentinel
    ? {
        sides: { A: scope.versions[runOf("A", check.swapped)], B: scope.versions[runOf("B", check.swapped)] },
        judges: [],
        check: toldSentinel(check, outputs),
      }
    : {
        ...(await reveal(tx, scope, check.caseId, check.swapped, submission.grades)),
        check: await toldRepeat(tx, scope, check, reviewerId, { outputs, pairs }),
      };
  const answer = { revealed: told };
  await tx.reviewSubmission.create({
    data: {
      releaseId: scope.releaseId,
      reviewerId,
      clientKey: submission.clientKey,
      taskId: check.id,
      requestDigest: requestDigest(submission),
      answer: canonicalJson(answer),
    },
  });
  await appendAudit(tx, actor, {
    action: "check.graded",
    subject: { kind: "release", id: String(scope.releaseId), name: check.case },
    after: requestDigest(submission),
    details: { case: check.case, task: check.id, check: check.sentinel ? "sentinel" : "repeat" },
  });
  return answer;
}

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
  return transaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, releaseId, true);
    refuseUnlessGrading(scope.state);
    if (await isCheck(tx, releaseId, reviewerId, submission.task))
      throw new Fault("conflict", "That case was a check on grading: its first answer is what counts.");
    const task = await lockTask(tx, releaseId, reviewerId, submission.task);
    if (!task.completed) throw new Fault("conflict", "This case is not graded yet.", { field: "task" });
    const current = await tx.review.findMany({
      where: { releaseId, caseId: task.caseId, reviewerId, supersededBy: { is: null } },
    });
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
    const comments = await keepComments(tx, scope, task, reviewerId, submission.comments ?? []);
    if (changes.length + comments > 0) {
      await tx.review.createMany({ data: changes });
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
    return { revealed: await reveal(tx, scope, task.caseId, task.swapped, submission.grades), changed: changes.length };
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
  await transaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, input.releaseId, true);
    refuseUnlessGrading(scope.state);
    const check = await lockCheck(tx, input.releaseId, reviewerId, input.task);
    const task = check ?? (await lockTask(tx, input.releaseId, reviewerId, input.task));
    if (task.completed) throw new Fault("conflict", "You graded this case already.", { field: "task" });
    const reason = input.reason?.trim() || null;
    const [where, skippedAt] = [{ id: task.id }, new Date()];
    if (check) await tx.reviewCheck.update({ where, data: { skippedAt } });
    else await tx.reviewTask.update({ where, data: { skippedAt, skipReason: reason } });
    await appendAudit(tx, actor, {
      action: "review.skipped",
      subject: { kind: "release", id: String(input.releaseId), name: task.case },
      details: { case: task.case, task: task.id, ...(reason && { reason: textDigest(reason) }) },
    });
  });
}

import { randomUUID } from "node:crypto";
import { appendAudit } from "../audit/append";
import type { Actor } from "../auth/actor";
import { db } from "../db/client";
import { Prisma } from "../db/generated/client";
import { type Sql, type Tx, transaction } from "../db/transaction";
import { digestOf, textDigest } from "../digest";
import { Fault } from "../errors";
import {
  graderOf,
  leaseMinutes,
  type Revealed,
  type ReviewScope,
  refuseUnlessGrading,
  reveal,
  reviewScope,
  type TaskView,
  viewOf,
} from "./queries";
import { completeGrades, runOf, sideOf } from "./rules";
import type { Grade, Settlement } from "./schema";
import { revealedDigest } from "./seen";

/**
 * Settling disagreements between graders. Who settles one did not grade the case and never will: they see the answers and
 * the grades, but neither which side is which nor what a judge says.
 */

/** One grader's current grade, without the grader's name. */
export type DisputedGrade = Pick<Grade, "side" | "criterion" | "verdict" | "prefer"> & {
  grader: number;
  note: string | null;
  tags: string[];
};

export type Dispute = Omit<TaskView, "progress"> & {
  grades: DisputedGrade[];
  /** What has to be settled: questions on which the graders do not agree. */
  open: { side?: "A" | "B"; criterion: string }[];
  /** Digest of the grades shown; settling says which were seen. */
  seen: string;
  /** Disagreements that wait, this one included. */
  waiting: number;
};

type Row = {
  reviewId: number;
  reviewerId: number;
  side: "A" | "B";
  criterion: string;
  verdict: Grade["verdict"] | null;
  prefer: "baseline" | "candidate" | "tie" | "unsure" | null;
  note: string | null;
  tags: string[];
};
type Open = { runId: number | null; criterionId: number };

async function gradesOf(reader: Sql, releaseId: number, caseId: number): Promise<Row[]> {
  return reader.$queryRaw<Row[]>`
    SELECT rv.id AS "reviewId", rv.reviewer_id AS "reviewerId", rv.side, k.key AS criterion, rv.verdict::text, rv.prefer::text, rv.note, rv.tags
      FROM review rv JOIN criterion k ON k.id = rv.criterion_id
     WHERE rv.release_id = ${releaseId} AND rv.case_id = ${caseId}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
     ORDER BY rv.reviewer_id, rv.id`;
}

async function openQuestions(reader: Sql, releaseId: number, caseId: number): Promise<Open[]> {
  return reader.$queryRaw<Open[]>`
    SELECT run_id AS "runId", criterion_id AS "criterionId" FROM human_label
     WHERE release_id = ${releaseId} AND case_id = ${caseId} AND label = 'disagreement'`;
}

const seenDigest = (rows: readonly Row[]) => digestOf(rows.map(({ reviewId }) => reviewId));

/** Cases in disagreement that this person may settle. */
const forMe = (releaseId: number, me: number) => db.$queryRaw<{ caseId: number }[]>`
  SELECT d.case_id AS "caseId" FROM queue_case d
   WHERE d.release_id = ${releaseId}
     AND EXISTS (SELECT 1 FROM human_label l WHERE l.release_id = d.release_id AND l.case_id = d.case_id AND l.label = 'disagreement')
     AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = d.release_id AND rv.case_id = d.case_id AND rv.reviewer_id = ${me})
     AND NOT EXISTS (SELECT 1 FROM adjudication_task o WHERE o.release_id = d.release_id AND o.case_id = d.case_id AND o.adjudicator_id <> ${me}
                        AND o.completed_at IS NULL AND o.expires_at > now())
   ORDER BY d.chosen, d.position`;

/** How many disagreements this person may settle now. */
export async function countDisputes(actor: Actor, releaseId: number): Promise<number> {
  const me = graderOf(actor);
  await reviewScope(db, actor.projectId, releaseId);
  return (await forMe(releaseId, me)).length;
}

/**
 * Hands the actor the next disagreement, with a lease. From then on the actor can't grade the case.
 *
 * @returns null when there is none that this person may settle
 */
export async function nextDispute(actor: Actor, releaseId: number): Promise<Dispute | null> {
  const me = graderOf(actor);
  return transaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, releaseId, true);
    refuseUnlessGrading(scope.state);
    const waiting = await forMe(releaseId, me);
    for (const { caseId } of waiting) {
      const claimed = await claimDispute(tx, releaseId, caseId, me);
      if (claimed) return disputeView(tx, actor, scope, { ...claimed, caseId, waiting: waiting.length });
    }
    return null;
  });
}

/** Locks the case's place in the queue; false when somebody else has it locked and it is not worth waiting. */
async function lockCase(tx: Tx, releaseId: number, caseId: number, skip: boolean): Promise<boolean> {
  const how = Prisma.raw(skip ? "FOR UPDATE SKIP LOCKED" : "FOR UPDATE");
  const drawn = await tx.$queryRaw<
    unknown[]
  >`SELECT 1 FROM draw WHERE release_id = ${releaseId} AND case_id = ${caseId} ${how}`;
  const chosen = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM chosen_case WHERE release_id = ${releaseId} AND case_id = ${caseId} ${how}`;
  return drawn.length + chosen.length > 0;
}

/** Under the lock of its place in the queue, so that no two people hold one disagreement and nobody grades the case meanwhile. */
async function claimDispute(tx: Tx, releaseId: number, caseId: number, me: number) {
  if (!(await lockCase(tx, releaseId, caseId, true))) return null;
  const [free] = await tx.$queryRaw<{ swapped: boolean }[]>`
    SELECT d.swapped FROM queue_case d WHERE d.release_id = ${releaseId} AND d.case_id = ${caseId}
       AND NOT EXISTS (SELECT 1 FROM adjudication_task o WHERE o.release_id = d.release_id AND o.case_id = d.case_id AND o.adjudicator_id <> ${me}
                          AND o.completed_at IS NULL AND o.expires_at > now())`;
  if (!free || (await openQuestions(tx, releaseId, caseId)).length === 0) return null;
  // Their own place in the queue of this case, if one was kept, is free again.
  await tx.assignment.deleteMany({ where: { releaseId, caseId, reviewerId: me } });
  const [task] = await tx.$queryRaw<{ id: string; expiresAt: Date }[]>`
    INSERT INTO adjudication_task (id, release_id, case_id, adjudicator_id, expires_at)
    VALUES (${randomUUID()}, ${releaseId}, ${caseId}, ${me}, now() + make_interval(mins => ${leaseMinutes}))
    ON CONFLICT (release_id, case_id, adjudicator_id)
    DO UPDATE SET expires_at = excluded.expires_at WHERE adjudication_task.completed_at IS NULL
    RETURNING id, expires_at AS "expiresAt"`;
  // Sent it back before: the one more grader did not settle it, and somebody else has to.
  return task ? { ...task, swapped: free.swapped } : null;
}

async function disputeView(
  tx: Tx,
  actor: Actor,
  scope: ReviewScope,
  task: { id: string; caseId: number; swapped: boolean; expiresAt: Date; waiting: number },
): Promise<Dispute> {
  const { progress: _progress, ...view } = await viewOf(tx, actor, scope, task);
  const rows = await gradesOf(tx, scope.releaseId, task.caseId);
  const graders = [...new Set(rows.map(({ reviewerId }) => reviewerId))];
  const open = await openQuestions(tx, scope.releaseId, task.caseId);
  return {
    ...view,
    grades: rows.map(({ reviewerId, side, criterion, verdict, prefer, note, tags }) => ({
      grader: graders.indexOf(reviewerId) + 1,
      criterion,
      ...(prefer === null
        ? { side, verdict: verdict ?? undefined }
        : { prefer: prefer === "baseline" || prefer === "candidate" ? sideOf(prefer, task.swapped) : prefer }),
      note,
      tags,
    })),
    open: open.map(({ runId, criterionId }) => ({
      criterion: scope.criteria.find(({ id }) => id === criterionId)!.key,
      ...(runId !== null && { side: sideOf(runId === scope.runs.candidate ? "candidate" : "baseline", task.swapped) }),
    })),
    seen: seenDigest(rows),
    waiting: task.waiting,
  };
}

/**
 * Settles a disagreement, or sends the case back for one more grader. Only then the judge and the sides are revealed, and
 * not at all when it goes back.
 *
 * @throws Fault `conflict` when a grade changed since, somebody else settled it, or the lease ran out and went to another
 */
export async function settleDispute({
  actor,
  input,
}: {
  actor: Actor;
  input: Settlement & { releaseId: number };
}): Promise<{ outcome: "accepted" | "fixed" | "returned"; revealed: Revealed | null }> {
  const me = graderOf(actor);
  const { releaseId } = input;
  const note = input.note?.trim() || null;
  return transaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, releaseId, true);
    refuseUnlessGrading(scope.state);
    const task = await tx.adjudicationTask.findFirst({ where: { id: input.task, releaseId, adjudicatorId: me } });
    if (!task) throw new Fault("conflict", "This disagreement is not in your hands.", { field: "task" });
    if (task.completedAt) throw new Fault("conflict", "You settled this disagreement already.", { field: "task" });
    await lockCase(tx, releaseId, task.caseId, false);
    const [place] = await tx.$queryRaw<{ swapped: boolean; case: string }[]>`
      SELECT d.swapped, c.key AS "case" FROM queue_case d JOIN test_case c ON c.id = d.case_id
       WHERE d.release_id = ${releaseId} AND d.case_id = ${task.caseId}`;
    const rows = await gradesOf(tx, releaseId, task.caseId);
    const open = await openQuestions(tx, releaseId, task.caseId);
    if (open.length === 0)
      throw new Fault("conflict", "Somebody else settled it, or the graders agree by now. Nothing was stored.");
    if (seenDigest(rows) !== input.seen)
      throw new Fault(
        "conflict",
        "A grade of this case changed since you opened it. Look at it again; nothing was stored.",
      );
    const { swapped, case: caseKey } = place!;
    const decided = input.grades === "return" ? null : decide(scope, open, swapped, input.grades);
    const outcome =
      decided === null ? "returned" : decided.every((label) => wasGiven(rows, scope, label)) ? "accepted" : "fixed";
    if (outcome === "returned" && note === null)
      throw new Fault("invalid", "Say what one more grader is needed for.", { field: "note" });
    await tx.adjudicationTask.update({ where: { id: task.id }, data: { completedAt: new Date(), outcome, note } });
    if (decided)
      await tx.adjudication.createMany({
        data: decided.map(({ side: _side, ...label }) => ({
          releaseId,
          caseId: task.caseId,
          adjudicatorId: me,
          taskId: task.id,
          ...label,
        })),
      });
    const labels = decided ?? [];
    const revealed = decided
      ? await reveal(
          tx,
          scope,
          task.caseId,
          swapped,
          labels.map(({ criterionId, side, verdict, prefer }) => ({
            criterion: scope.criteria.find(({ id }) => id === criterionId)!.key,
            side,
            verdict: verdict ?? undefined,
            prefer: prefer === "baseline" || prefer === "candidate" ? sideOf(prefer, swapped) : (prefer ?? undefined),
          })),
        )
      : null;
    await appendAudit(tx, actor, {
      action: decided ? "review.adjudicated" : "review.returned",
      subject: { kind: "release", id: String(releaseId), name: caseKey },
      after: digestOf({ task: input.task, grades: input.grades, note }),
      details: {
        case: caseKey,
        task: input.task,
        outcome,
        seen: rows.map(({ reviewId }) => reviewId),
        ...(revealed && { revealed: revealedDigest(revealed) }),
        ...(note && { note: textDigest(note) }),
      },
    });
    return { outcome, revealed };
  });
}

type Label = {
  runId: number | null;
  criterionId: number;
  side?: "A" | "B";
  verdict: "pass" | "fail" | "unsure" | null;
  prefer: "baseline" | "candidate" | "tie" | "unsure" | null;
};

/** The answer to each open question. Throws Fault `invalid` unless exactly these are answered. */
function decide(scope: ReviewScope, open: readonly Open[], swapped: boolean, grades: readonly Grade[]): Label[] {
  const asked = scope.criteria.filter(({ id }) => open.some(({ criterionId }) => criterionId === id));
  // Sides of a pass/fail criterion that are not in dispute are filled in, to be checked like any grades, then dropped.
  const isOpen = (criterionId: number, side?: "A" | "B") =>
    open.some(
      (question) =>
        question.criterionId === criterionId &&
        (question.runId === null || (side && question.runId === scope.runs[runOf(side, swapped)])),
    );
  const filled = asked.flatMap(({ id, key, kind }) =>
    kind === "preference"
      ? []
      : (["A", "B"] as const)
          .filter((side) => !isOpen(id, side))
          .map((side) => ({ side, criterion: key, verdict: "unsure" as const })),
  );
  for (const { side, criterion } of grades)
    if (filled.some((closed) => closed.side === side && closed.criterion === criterion))
      throw new Fault("invalid", `The graders agree about side ${side} on “${criterion}”.`, { field: "grades" });
  const { outputs, pairs } = completeGrades([...grades, ...filled], asked);
  const idOf = (key: string) => asked.find((criterion) => criterion.key === key)!.id;
  return [
    ...outputs
      .filter(({ criterion, side }) => isOpen(idOf(criterion), side))
      .map(({ criterion, side, verdict }) => ({
        criterionId: idOf(criterion),
        runId: scope.runs[runOf(side, swapped)],
        side,
        verdict,
        prefer: null,
      })),
    ...pairs.map(({ criterion, prefer }) => ({
      criterionId: idOf(criterion),
      runId: null,
      verdict: null,
      prefer: prefer === "A" || prefer === "B" ? runOf(prefer, swapped) : prefer,
    })),
  ];
}

/** Whether one of the graders said so. */
function wasGiven(rows: readonly Row[], scope: ReviewScope, label: Label): boolean {
  const key = scope.criteria.find(({ id }) => id === label.criterionId)!.key;
  return rows.some(
    (row) =>
      row.criterion === key &&
      (label.prefer === null ? row.side === label.side && row.verdict === label.verdict : row.prefer === label.prefer),
  );
}

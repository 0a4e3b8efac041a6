import { Prisma } from "../db/generated/client";
import type { Sql } from "../db/transaction";
import { Fault } from "../errors";
import { type HeldCheck, selectCheck } from "./checks";
import { type Delivery, type EarlierAnswer, selectEarlier } from "./delivery";
import { hasPlace, type Judged, type ReviewScope, type ScopeRow, scopeOf, selectJudged, selectScope } from "./queries";

/** The task, or check on grading, that somebody sends something about. */
export type About = Pick<Delivery, "releaseId" | "reviewerId" | "task"> & Partial<Delivery>;

export type HeldTask = {
  id: string;
  caseId: number;
  case: string;
  swapped: boolean;
  completed: boolean;
  /** Whether a place is left for this person beside other people's grades, claims and assignments. */
  hasPlace: boolean;
  judged: Judged;
};

export type Held = {
  scope: ReviewScope;
  /** What the same delivery was answered before. */
  earlier: EarlierAnswer | null;
  /** Null: the task is no check. */
  check: HeldCheck | null;
  /** Null: the task is not this person's, or no longer. */
  task: HeldTask | null;
};

/**
 * Finds what a person sends about and locks it until the transaction ends: the release in its state, the check or the case's
 * place in the queue. What else is going on with the case, and what judges say of it, comes in a statement of its own, which
 * begins when the first one has the lock and sees what was stored while that one waited. Both are sent at once, as somebody waits.
 */
export async function lockHeld(tx: Sql, projectId: number, about: About): Promise<Held> {
  const { releaseId, reviewerId, task: id } = about;
  type Locked = ScopeRow & Pick<Held, "earlier" | "check">;
  const [[locked], [found]] = await Promise.all([
    tx.$queryRaw<Locked[]>`
      WITH planted AS (${selectCheck(about)} FOR UPDATE OF k),
           task AS (SELECT case_id FROM review_task WHERE id = ${id} AND release_id = ${releaseId} AND reviewer_id = ${reviewerId}),
           drawn AS (SELECT 1 FROM draw d WHERE d.release_id = ${releaseId} AND d.case_id = (SELECT case_id FROM task) FOR UPDATE),
           chosen AS (SELECT 1 FROM chosen_case d WHERE d.release_id = ${releaseId} AND d.case_id = (SELECT case_id FROM task) FOR UPDATE)
      ${selectScope(
        projectId,
        releaseId,
        Prisma.sql`,
             ${selectEarlier(about)} AS earlier, (SELECT row_to_json(planted) FROM planted) AS "check",
             (SELECT count(*) FROM drawn) + (SELECT count(*) FROM chosen) AS places`,
      )} FOR SHARE OF r`,
    tx.$queryRaw<(Omit<HeldTask, "judged"> & Judged)[]>`
      SELECT t.id, t.case_id AS "caseId", c.key AS "case", d.swapped, t.completed_at IS NOT NULL AS completed,
             ${hasPlace(reviewerId)} AS "hasPlace", ${selectJudged(Prisma.sql`t.case_id`)}
        FROM review_task t JOIN test_case c ON c.id = t.case_id JOIN release r ON r.id = t.release_id
        JOIN queue_case d ON d.release_id = t.release_id AND d.case_id = t.case_id
       WHERE t.id = ${id} AND t.release_id = ${releaseId} AND t.reviewer_id = ${reviewerId}`,
  ]);
  const scope = scopeOf(releaseId, locked);
  const { earlier, check } = locked!;
  if (!found) return { scope, earlier, check, task: null };
  const { verdicts, preferences, ...task } = found;
  return { scope, earlier, check, task: { ...task, judged: { verdicts, preferences } } };
}

/** @throws Fault `conflict` when the task is not this person's, or no longer */
export function heldTask({ task }: Held): HeldTask {
  if (task) return task;
  throw new Fault(
    "conflict",
    "This case is no longer yours: your time for it ran out, or it was given to somebody else. Nothing was stored.",
    { field: "task" },
  );
}

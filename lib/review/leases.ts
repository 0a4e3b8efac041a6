import type { Actor } from "../auth/actor";
import { transaction } from "../db/transaction";
import { graderOf, hasPlace, leaseMinutes, refuseUnlessGrading, reviewScope } from "./queries";

export type Lease = { task: string; expiresAt: Date };

/**
 * Renews the leases of cases that this person has in hand, also of those that ran out while nobody else took the case.
 *
 * @returns the tasks that are still theirs; what is missing was graded, put off, taken back or taken by somebody else
 */
export async function renewLeases(actor: Actor, releaseId: number, tasks: readonly string[]): Promise<Lease[]> {
  const grader = graderOf(actor);
  return transaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, releaseId, true);
    refuseUnlessGrading(scope.state);
    const held = [...tasks];
    // Under the lock of each case's place in the queue, so that nobody claims it meanwhile.
    await tx.$queryRaw`
      SELECT 1 FROM draw d WHERE d.release_id = ${releaseId}
         AND d.case_id IN (SELECT case_id FROM review_task WHERE id = ANY (${held}) AND release_id = ${releaseId} AND reviewer_id = ${grader})
       ORDER BY d.position FOR UPDATE`;
    await tx.$queryRaw`
      SELECT 1 FROM chosen_case d WHERE d.release_id = ${releaseId}
         AND d.case_id IN (SELECT case_id FROM review_task WHERE id = ANY (${held}) AND release_id = ${releaseId} AND reviewer_id = ${grader})
       ORDER BY d.position FOR UPDATE`;
    const renewed = await tx.$queryRaw<Lease[]>`
      UPDATE review_task t SET expires_at = now() + make_interval(mins => ${leaseMinutes})
        FROM queue_case d
       WHERE t.id = ANY (${held}) AND t.release_id = ${releaseId} AND t.reviewer_id = ${grader}
         AND t.completed_at IS NULL AND t.skipped_at IS NULL
         AND d.release_id = t.release_id AND d.case_id = t.case_id AND ${hasPlace(grader)}
      RETURNING t.id AS task, t.expires_at AS "expiresAt"`;
    const checks = await tx.$queryRaw<Lease[]>`
      UPDATE review_check k SET expires_at = now() + make_interval(mins => ${leaseMinutes})
       WHERE k.id = ANY (${held}) AND k.release_id = ${releaseId} AND k.reviewer_id = ${grader}
         AND k.completed_at IS NULL AND k.skipped_at IS NULL
      RETURNING k.id AS task, k.expires_at AS "expiresAt"`;
    return [...renewed, ...checks];
  });
}

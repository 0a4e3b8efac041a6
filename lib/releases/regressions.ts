import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { pool } from "../db/client";
import { notFound } from "../errors";
import { waitingCases } from "../review/queries";

export type Regression = {
  caseId: number;
  case: string;
  slice: string | null;
  mustPass: boolean;
  criterion: string;
  /** True: people pass the baseline and fail the candidate. False: a must-pass case that fails, as before. */
  regressed: boolean;
  notes: string[];
};

/**
 * Cases that people graded fail for the candidate, must-pass first, then those that the baseline passed. Only cases with
 * a human label, and none that waits for this person's blind grade. At most 12.
 */
export async function listRegressions(actor: Actor, releaseId: number): Promise<Regression[]> {
  permit(actor, "project.read");
  const release = await pool().query("SELECT 1 FROM release WHERE id = $1 AND project_id = $2", [
    releaseId,
    actor.projectId,
  ]);
  if (release.rows.length === 0) throw notFound("The release");
  const waiting = (await waitingCases(actor, releaseId)).map(({ id }) => id);
  const { rows } = await pool().query<Regression>(
    `SELECT c.id AS "caseId", c.key AS "case", c.slice, c.must_pass AS "mustPass", k.key AS criterion,
            ARRAY(SELECT rv.note FROM review rv
                   WHERE rv.release_id = r.id AND rv.case_id = after.case_id AND rv.run_id = after.run_id AND rv.criterion_id = after.criterion_id
                     AND rv.verdict = 'fail' AND rv.note IS NOT NULL
                     AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id) ORDER BY rv.id) AS notes,
            coalesce(before.label = 'pass', false) AS regressed
       FROM release r
       JOIN human_label after ON after.release_id = r.id AND after.run_id = r.candidate_run_id AND after.label = 'fail'
       JOIN release_criterion rc ON rc.release_id = r.id AND rc.criterion_id = after.criterion_id
       JOIN criterion k ON k.id = after.criterion_id
       JOIN test_case c ON c.id = after.case_id
       LEFT JOIN human_label before ON before.release_id = r.id AND before.run_id = r.baseline_run_id AND before.case_id = after.case_id
                                   AND before.criterion_id = after.criterion_id
      WHERE r.id = $1 AND (c.must_pass OR before.label = 'pass') AND c.id <> ALL ($2::int[])
      ORDER BY c.must_pass DESC, rc.position, c.key COLLATE "C" LIMIT 12`,
    [releaseId, waiting],
  );
  return rows;
}

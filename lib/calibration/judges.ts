import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { criterionEvidence } from "./queries";
import type { JudgeEvidence } from "./types";

export type JudgeMeasured = {
  releaseId: number;
  prompt: string;
  baseline: string;
  candidate: string;
  criterion: string;
  at: Date;
  criterionId: number;
  /** The judge's version, and its id. */
  number: number;
  judgeVersionId: number;
  needed: { minTpr: number; minTnr: number; minCatch?: number };
  level: number;
  evidence: JudgeEvidence;
};

/** A page shows this many releases: the newest. */
const releasesShown = 12;

type Row = Omit<JudgeMeasured, "evidence">;

/**
 * How a judge's versions did against people, release by release, the oldest first: those in which cases were drawn, whether
 * the estimate corrected this judge or it stood beside.
 */
export async function judgeHistory(actor: Actor, judgeId: number): Promise<JudgeMeasured[]> {
  permit(actor, "project.read");
  const rows = await db.$queryRaw<Row[]>`
    SELECT r.id AS "releaseId", p.name AS prompt, b.key AS baseline, k.key AS candidate, c.key AS criterion, r.created_at AS at,
           jv.number, jv.id AS "judgeVersionId", rc.criterion_id AS "criterionId",
           coalesce(po.document::json -> 'criteria' -> c.key -> 'judge', po.document::json -> 'judge') AS needed,
           (po.document::json ->> 'level')::float8 AS level
      FROM judge j JOIN judge_version jv ON jv.judge_id = j.id JOIN criterion c ON c.id = jv.criterion_id
      JOIN release_criterion rc ON rc.criterion_id = jv.criterion_id
      JOIN release r ON r.id = rc.release_id AND r.project_id = j.project_id
      JOIN prompt p ON p.id = r.prompt_id JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id
      JOIN policy po ON po.id = r.policy_id
     WHERE j.id = ${judgeId} AND j.project_id = ${actor.projectId}
       AND (EXISTS (SELECT 1 FROM run_judge x WHERE x.judge_version_id = jv.id AND x.run_id IN (r.baseline_run_id, r.candidate_run_id))
            OR EXISTS (SELECT 1 FROM run_pair_judge x WHERE x.judge_version_id = jv.id AND (x.first_run_id, x.second_run_id)
                         IN ((r.baseline_run_id, r.candidate_run_id), (r.candidate_run_id, r.baseline_run_id))))
       AND EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = r.id AND rv.criterion_id = rc.criterion_id)
     ORDER BY r.id DESC, jv.number LIMIT ${releasesShown}`;
  const measured: JudgeMeasured[] = [];
  for (const row of rows.reverse()) {
    const { judges } = await criterionEvidence(actor, { releaseId: row.releaseId, criterionId: row.criterionId });
    const evidence = judges.find((judge) => judge.judgeVersionId === row.judgeVersionId);
    if (evidence) measured.push({ ...row, evidence });
  }
  return measured.sort((a, b) => a.releaseId - b.releaseId || a.number - b.number);
}

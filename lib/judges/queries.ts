import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { pool } from "../db/client";
import { notFound } from "../errors";

export type JudgeRow = {
  id: number;
  key: string;
  criterion: string;
  model: string;
  versions: number;
  runs: number;
  pass: number;
  fail: number;
  error: number;
  /** Answers of two runs that it compared, errors aside; of a judge of preferences. */
  comparisons: number;
};

/** Every judge of the project: its newest version, and the verdicts of all its versions. */
export async function listJudges(actor: Actor): Promise<JudgeRow[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<JudgeRow>(
    `SELECT j.id, j.key, newest.criterion, newest.model,
            (SELECT count(*)::int FROM judge_version v WHERE v.judge_id = j.id) AS versions,
            (count(DISTINCT rj.run_id) + coalesce(max(pairs.runs), 0))::int AS runs, coalesce(sum(rj.pass), 0)::int AS pass,
            coalesce(sum(rj.fail), 0)::int AS fail, (coalesce(sum(rj.error), 0) + coalesce(max(pairs.error), 0))::int AS error,
            coalesce(max(pairs.compared), 0)::int AS comparisons
       FROM judge j
       JOIN LATERAL (SELECT c.key AS criterion, v.model FROM judge_version v JOIN criterion c ON c.id = v.criterion_id
                      WHERE v.judge_id = j.id ORDER BY v.number DESC LIMIT 1) newest ON true
       LEFT JOIN judge_version jv ON jv.judge_id = j.id
       LEFT JOIN LATERAL (SELECT sum(p.first + p.second + p.tie) AS compared, sum(p.error) AS error,
                                 (SELECT count(DISTINCT run) FROM run_pair_judge q JOIN judge_version qv ON qv.id = q.judge_version_id,
                                         unnest(ARRAY[q.first_run_id, q.second_run_id]) AS run WHERE qv.judge_id = j.id) AS runs
                            FROM run_pair_judge p JOIN judge_version pv ON pv.id = p.judge_version_id WHERE pv.judge_id = j.id) pairs ON true
       LEFT JOIN run_judge rj ON rj.judge_version_id = jv.id
      WHERE j.project_id = $1
      GROUP BY j.id, j.key, newest.criterion, newest.model
      ORDER BY newest.criterion, j.key`,
    [actor.projectId],
  );
  return rows;
}

export type JudgeVersionDetail = {
  id: number;
  number: number;
  digest: string;
  model: string;
  prompt: string | null;
  threshold: number | null;
  createdAt: Date;
  criterion: { key: string; name: string; rubric: string };
  runs: {
    runId: number;
    prompt: string;
    version: string;
    dataset: string;
    /** The model that gave the answers; empty: not named. */
    model: string;
    pass: number;
    fail: number;
    error: number;
  }[];
  /** Pairs of runs that it compared, in the order that it was shown. */
  comparisons: {
    firstRunId: number;
    secondRunId: number;
    prompt: string;
    first: string;
    second: string;
    dataset: string;
    models: string[];
    prefersFirst: number;
    prefersSecond: number;
    tie: number;
    error: number;
  }[];
};

export type JudgeDetail = { id: number; key: string; versions: JudgeVersionDetail[] };

export async function getJudge(actor: Actor, id: number): Promise<JudgeDetail> {
  permit(actor, "project.read");
  const judge = await pool().query<{ id: number; key: string }>(
    "SELECT id, key FROM judge WHERE id = $1 AND project_id = $2",
    [id, actor.projectId],
  );
  const found = judge.rows[0];
  if (!found) throw notFound("The judge");
  const { rows } = await pool().query<JudgeVersionDetail>(
    `SELECT jv.id, jv.number, jv.digest, jv.model, jv.prompt, jv.threshold, jv.created_at AS "createdAt",
            json_build_object('key', c.key, 'name', c.name, 'rubric', c.rubric) AS criterion,
            coalesce((SELECT json_agg(json_build_object('runId', r.id, 'prompt', p.name, 'version', v.key, 'dataset', d.name, 'model', r.model,
                        'pass', rj.pass, 'fail', rj.fail, 'error', rj.error) ORDER BY r.id DESC)
               FROM run_judge rj JOIN run r ON r.id = rj.run_id JOIN prompt_version v ON v.id = r.version_id
               JOIN prompt p ON p.id = v.prompt_id JOIN dataset d ON d.id = r.dataset_id
              WHERE rj.judge_version_id = jv.id), '[]') AS runs,
            coalesce((SELECT json_agg(json_build_object('firstRunId', a.id, 'secondRunId', b.id, 'prompt', p.name, 'first', va.key,
                        'second', vb.key, 'dataset', d.name, 'models', json_build_array(a.model, b.model), 'prefersFirst', pj.first, 'prefersSecond', pj.second, 'tie', pj.tie,
                        'error', pj.error) ORDER BY a.id DESC, b.id DESC)
               FROM run_pair_judge pj JOIN run a ON a.id = pj.first_run_id JOIN run b ON b.id = pj.second_run_id
               JOIN prompt_version va ON va.id = a.version_id JOIN prompt_version vb ON vb.id = b.version_id
               JOIN prompt p ON p.id = va.prompt_id JOIN dataset d ON d.id = a.dataset_id
              WHERE pj.judge_version_id = jv.id), '[]') AS comparisons
       FROM judge_version jv JOIN criterion c ON c.id = jv.criterion_id
      WHERE jv.judge_id = $1 ORDER BY jv.number DESC`,
    [id],
  );
  return { ...found, versions: rows };
}

/** The versions of the judges of a criterion. */
export async function listJudgeVersions(
  actor: Actor,
  criterionId: number,
): Promise<{ id: number; judgeId: number; key: string; number: number }[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query(
    `SELECT v.id, j.id AS "judgeId", j.key, v.number FROM judge_version v JOIN judge j ON j.id = v.judge_id
      WHERE v.criterion_id = $1 AND j.project_id = $2`,
    [criterionId, actor.projectId],
  );
  return rows;
}

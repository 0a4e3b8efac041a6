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
};

/** Every judge of the project: its newest version, and the verdicts of all its versions. */
export async function listJudges(actor: Actor): Promise<JudgeRow[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<JudgeRow>(
    `SELECT j.id, j.key, newest.criterion, newest.model,
            (SELECT count(*)::int FROM judge_version v WHERE v.judge_id = j.id) AS versions,
            count(DISTINCT rj.run_id)::int AS runs, coalesce(sum(rj.pass), 0)::int AS pass,
            coalesce(sum(rj.fail), 0)::int AS fail, coalesce(sum(rj.error), 0)::int AS error
       FROM judge j
       JOIN LATERAL (SELECT c.key AS criterion, v.model FROM judge_version v JOIN criterion c ON c.id = v.criterion_id
                      WHERE v.judge_id = j.id ORDER BY v.number DESC LIMIT 1) newest ON true
       LEFT JOIN judge_version jv ON jv.judge_id = j.id
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
    pass: number;
    fail: number;
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
            coalesce((SELECT json_agg(json_build_object('runId', r.id, 'prompt', p.name, 'version', v.key, 'dataset', d.name,
                        'pass', rj.pass, 'fail', rj.fail, 'error', rj.error) ORDER BY r.id DESC)
               FROM run_judge rj JOIN run r ON r.id = rj.run_id JOIN prompt_version v ON v.id = r.version_id
               JOIN prompt p ON p.id = v.prompt_id JOIN dataset d ON d.id = r.dataset_id
              WHERE rj.judge_version_id = jv.id), '[]') AS runs
       FROM judge_version jv JOIN criterion c ON c.id = jv.criterion_id
      WHERE jv.judge_id = $1 ORDER BY jv.number DESC`,
    [id],
  );
  return { ...found, versions: rows };
}

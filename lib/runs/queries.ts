import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db, pool } from "../db/client";
import { notFound } from "../errors";

export type ImportCounts = { versions: number; cases: number; outputs: number; verdicts: number; reviews: number };
export type ImportFailure = { message: string; file?: string; line?: number; field?: string };
export type ImportView = {
  id: number;
  state: "queued" | "running" | "done" | "failed";
  format: string;
  fileName: string;
  /** What it is doing: waiting, reading, storing, sealing, done, failed. */
  phase: string;
  /** 0 … 1 */
  progress: number;
  counts: ImportCounts | null;
  /** True when this very source was imported before. */
  unchanged: boolean;
  error: ImportFailure | null;
  prompt: string | null;
  dataset: string | null;
  byteSize: number;
  createdBy: string;
  createdAt: Date;
  finishedAt: Date | null;
  runs: { id: number; version: string }[];
};

const select = {
  id: true,
  state: true,
  format: true,
  fileName: true,
  phase: true,
  progress: true,
  counts: true,
  unchanged: true,
  error: true,
  promptName: true,
  datasetName: true,
  byteSize: true,
  createdBy: true,
  createdAt: true,
  finishedAt: true,
  runs: { select: { id: true, version: { select: { key: true } } }, orderBy: { id: "asc" } },
} as const;

type Row = NonNullable<Awaited<ReturnType<typeof readOne>>>;

function readOne(projectId: number, id: number) {
  return db.import.findFirst({ where: { id, projectId }, select });
}

function toView({ promptName, datasetName, byteSize, counts, error, runs, ...row }: Row): ImportView {
  return {
    ...row,
    counts: counts as ImportCounts | null,
    error: error as ImportFailure | null,
    prompt: promptName,
    dataset: datasetName,
    byteSize: Number(byteSize),
    runs: runs.map(({ id, version }) => ({ id, version: version.key })),
  };
}

export async function getImport(actor: Actor, id: number): Promise<ImportView> {
  permit(actor, "project.read");
  const row = await readOne(actor.projectId, id);
  if (!row) throw notFound("The import");
  return toView(row);
}

/** The newest 100 imports. */
export async function listImports(actor: Actor): Promise<ImportView[]> {
  permit(actor, "project.read");
  const rows = await db.import.findMany({
    where: { projectId: actor.projectId },
    select,
    orderBy: { id: "desc" },
    take: 100,
  });
  return rows.map(toView);
}

export type RunRow = {
  id: number;
  prompt: string;
  version: string;
  dataset: string;
  model: string;
  outputs: number;
  errors: number;
  createdAt: Date;
};

const runColumns = `r.id, p.name AS prompt, v.key AS version, d.name AS dataset, r.model, r.output_count AS outputs, r.error_count AS errors,
  r.created_at AS "createdAt"`;
const runTables = `run r JOIN prompt_version v ON v.id = r.version_id JOIN prompt p ON p.id = v.prompt_id JOIN dataset d ON d.id = r.dataset_id`;

/** Runs, newest first, 50 at a time; `before` is the id to go on from. */
export async function listRuns(
  actor: Actor,
  input: { before?: number } = {},
): Promise<{ rows: RunRow[]; next: number | null }> {
  permit(actor, "project.read");
  const { rows } = await pool().query<RunRow>(
    `SELECT ${runColumns} FROM ${runTables} WHERE r.project_id = $1 AND r.id < $2 ORDER BY r.id DESC LIMIT 51`,
    [actor.projectId, input.before ?? 2_147_483_647],
  );
  const shown = rows.slice(0, 50);
  return { rows: shown, next: rows.length > 50 ? (shown.at(-1)?.id ?? null) : null };
}

export type RunDetail = RunRow & {
  digest: string;
  sourceDigest: string;
  importId: number | null;
  importedBy: string | null;
  judges: {
    judgeId: number;
    key: string;
    number: number;
    criterion: string;
    pass: number;
    fail: number;
    error: number;
  }[];
  /** Judges that compared this run's answers with those of another run; `shown`: where this run's answer stood. */
  comparisons: {
    judgeId: number;
    key: string;
    number: number;
    criterion: string;
    otherRunId: number;
    other: string;
    shown: "first" | "second";
    prefersThis: number;
    prefersOther: number;
    tie: number;
    error: number;
  }[];
  releases: { id: number; baseline: string; candidate: string; state: string }[];
};

export async function getRun(actor: Actor, id: number): Promise<RunDetail> {
  permit(actor, "project.read");
  const { rows } = await pool().query<RunDetail>(
    `SELECT ${runColumns}, r.digest, r.source_digest AS "sourceDigest", r.import_id AS "importId", i.created_by AS "importedBy",
            coalesce((SELECT json_agg(json_build_object('judgeId', j.id, 'key', j.key, 'number', jv.number, 'criterion', c.key, 'pass', x.pass,
                        'fail', x.fail, 'error', x.error) ORDER BY c.key, j.key)
               FROM run_judge x JOIN judge_version jv ON jv.id = x.judge_version_id JOIN judge j ON j.id = jv.judge_id
               JOIN criterion c ON c.id = jv.criterion_id WHERE x.run_id = r.id), '[]') AS judges,
            coalesce((SELECT json_agg(json_build_object('judgeId', j.id, 'key', j.key, 'number', jv.number, 'criterion', c.key,
                        'otherRunId', o.id, 'other', ov.key, 'shown', x.shown, 'prefersThis', x.this, 'prefersOther', x.other,
                        'tie', x.tie, 'error', x.error) ORDER BY c.key, j.key, ov.key, x.shown)
               FROM (SELECT judge_version_id, second_run_id AS other_id, 'first' AS shown, first AS this, second AS other, tie, error
                       FROM run_pair_judge WHERE first_run_id = r.id
                      UNION ALL
                     SELECT judge_version_id, first_run_id, 'second', second, first, tie, error
                       FROM run_pair_judge WHERE second_run_id = r.id) x
               JOIN judge_version jv ON jv.id = x.judge_version_id JOIN judge j ON j.id = jv.judge_id
               JOIN criterion c ON c.id = jv.criterion_id
               JOIN run o ON o.id = x.other_id JOIN prompt_version ov ON ov.id = o.version_id), '[]') AS comparisons,
            coalesce((SELECT json_agg(json_build_object('id', e.id, 'baseline', b.key, 'candidate', k.key, 'state', e.state) ORDER BY e.id DESC)
               FROM release e JOIN prompt_version b ON b.id = e.baseline_id JOIN prompt_version k ON k.id = e.candidate_id
              WHERE e.baseline_run_id = r.id OR e.candidate_run_id = r.id), '[]') AS releases
       FROM ${runTables} LEFT JOIN import i ON i.id = r.import_id
      WHERE r.id = $1 AND r.project_id = $2`,
    [id, actor.projectId],
  );
  if (!rows[0]) throw notFound("The run");
  return rows[0];
}

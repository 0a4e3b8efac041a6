import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PoolClient } from "pg";
import { appendAudit } from "../audit/append";
import { systemActor } from "../auth/actor";
import { pool } from "../db/client";
import { rawQueries, violates } from "../db/transaction";
import { type JsonObject, sha256Hex } from "../digest";
import { Fault } from "../errors";
import { type Format, openSource, type Source } from "../formats/read";
import { Resolver } from "../formats/resolve";
import type { Target } from "../formats/rows";
import { receiveUpload, type Upload } from "../formats/upload";
import { uploadedBytes } from "./chunks";
import { movedEvent, recordRejudgings } from "./rejudging";
import { ImportTarget } from "./target";

type Job = {
  id: number;
  projectId: number;
  format: Format;
  fileName: string;
  promptName: string | null;
  datasetName: string | null;
  byteSize: string;
  createdById: number | null;
  createdBy: string;
  attempts: number;
};

/** An import that was begun so often and never ended has ended its process each time, for want of memory say. */
const mostAttempts = 5;

/** Thrown when the server stops: the job stays queued and the next worker starts over. */
class Interrupted extends Error {}

const jobLock = 7101;
const projectLock = 7102;

/** An upload that was received while it came in; null when that failed, for whatever reason. */
export type Received = { importId: number; upload: Promise<Upload | null> };

/**
 * Takes one waiting import and brings it to its end. A job belongs to whoever holds its advisory lock, which lives as long
 * as the transaction that loads it: a process that dies lets go of the lock and of every row at once.
 *
 * @param received may be one of those that wait; the others, and one that failed, are received from the database
 * @returns false when nothing waits
 */
export async function runNextImport(interrupted: () => boolean = () => false, received?: Received): Promise<boolean> {
  const waiting = await pool().query<{ id: number }>(
    "SELECT id FROM import WHERE state IN ('queued', 'running') ORDER BY id LIMIT 20",
  );
  for (const { id } of waiting.rows) {
    const client = await pool().connect();
    let lost: Error | undefined;
    try {
      await client.query("BEGIN");
      const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_xact_lock($1, $2) AS taken", [
        jobLock,
        id,
      ]);
      if (!rows[0]?.taken) continue;
      const job = await client.query<Job>(
        `SELECT id, project_id AS "projectId", format, file_name AS "fileName", prompt_name AS "promptName", dataset_name AS "datasetName",
                byte_size AS "byteSize", created_by_id AS "createdById", created_by AS "createdBy", attempts
           FROM import WHERE id = $1 AND state IN ('queued', 'running')`,
        [id],
      );
      if (!job.rows[0]) continue;
      // Counted through another connection: this one's transaction goes with the process.
      await countAttempt(id, 1);
      underWay = id;
      const loaded = await runJob(client, job.rows[0], interrupted, received);
      underWay = null;
      // The database would do so by itself a minute later; until then pages would be planned by what the tables were before.
      if (loaded) await client.query("SELECT analyze_loaded_tables()");
      return true;
    } catch (error) {
      if (error instanceof Interrupted || isUnreachable(error)) await giveBackAttempt();
      if (error instanceof Interrupted) return false;
      lost = error as Error;
      throw error;
    } finally {
      underWay = null;
      await client.query("ROLLBACK").catch((error: Error) => {
        lost ??= error;
      });
      client.release(lost);
    }
  }
  return false;
}

let underWay: number | null = null;

async function countAttempt(id: number, by: 1 | -1): Promise<void> {
  await pool().query("UPDATE import SET attempts = attempts + $2 WHERE id = $1", [id, by]);
}

/** An import that is stopped from outside is not at fault: its attempt does not count. */
export async function giveBackAttempt(): Promise<void> {
  if (underWay === null) return;
  const id = underWay;
  underWay = null;
  await countAttempt(id, -1).catch(() => {});
}

/** @returns whether rows were stored */
async function runJob(
  client: PoolClient,
  job: Job,
  interrupted: () => boolean,
  received: Received | undefined,
): Promise<boolean> {
  // Rolled back to, not out of: the lock is kept, so that nobody else takes a job that is about to be told as failed.
  await client.query("SAVEPOINT work");
  if (job.attempts >= mostAttempts) {
    const message = `The import was begun ${job.attempts} times, and each time its process ended before it was done. The machine may have too little memory for this source.`;
    return fail(client, job, new Fault("too_large", message, { file: job.fileName }));
  }
  for (let attempt = 1; ; attempt++) {
    const folder = await emptyFolder(String(job.id));
    try {
      return await load(client, job, folder, interrupted, received);
    } catch (error) {
      if (error instanceof Interrupted || isUnreachable(error)) throw error;
      await client.query("ROLLBACK TO SAVEPOINT work");
      // Somebody pushed a version at the same moment and took its number or key; what they brought counts now.
      if (attempt < 3 && violates(error)) continue;
      return await fail(client, job, error);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Of one name for one job, or one server, so that what a killed process left there goes at the next attempt. */
export async function emptyFolder(name: string): Promise<string> {
  const database = sha256Hex(process.env.DATABASE_URL ?? "").slice(0, 12);
  const folder = path.join(tmpdir(), `countersign-import-${database}-${name}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** The database went away or is shutting down: the job is not at fault, and is tried again. */
function isUnreachable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof Fault) return false;
  if (typeof code === "string") return /^(08|57P|53|40)/.test(code) || /^E(CONN|PIPE|TIMEDOUT)/.test(code);
  return error instanceof Error && /Connection terminated/.test(error.message);
}

/** Text of a file as JSON in the database takes it: a message may quote any of it, or end within a character. */
function storable(text: string): string {
  return Buffer.from(text.slice(0, 1000)).toString().replaceAll("\0", "\ufffd");
}

async function fail(client: PoolClient, job: Job, error: unknown): Promise<false> {
  if (!(error instanceof Fault)) console.error(`Import ${job.id} failed:`, error);
  const { message, file, line, field } =
    error instanceof Fault
      ? { message: error.message, ...error.place }
      : {
          message: "The import failed for a reason that is not in the file. The server's log has the cause.",
          file: job.fileName,
        };
  const told: JsonObject = {
    message: storable(message),
    ...(file === undefined ? {} : { file: storable(file) }),
    ...(line === undefined ? {} : { line }),
    ...(field === undefined ? {} : { field: storable(field) }),
  };
  await client.query("DELETE FROM import_chunk WHERE import_id = $1", [job.id]);
  await client.query(
    "UPDATE import SET state = 'failed', phase = 'failed', error = $2, finished_at = clock_timestamp() WHERE id = $1",
    [job.id, JSON.stringify(told)],
  );
  await appendAudit(rawQueries(client), systemActor(job.projectId, "import worker"), {
    action: "import.failed",
    subject: { kind: "import", id: String(job.id), name: job.fileName },
    details: { ...told, for: job.createdBy },
  });
  await client.query("COMMIT");
  return false;
}

/** Tells people how far it is, through another connection; at most twice a second. */
function progressOf(job: Job) {
  const startedAt = new Date();
  let last = 0;
  return async (phase: string, share: number, force = false): Promise<void> => {
    if (!force && Date.now() - last < 500) return;
    last = Date.now();
    await pool().query(
      `UPDATE import SET state = 'running', phase = $2, progress = $3, started_at = coalesce($4, started_at)
        WHERE id = $1 AND state IN ('queued', 'running')`,
      [job.id, phase, Math.min(1, share), force ? startedAt : null],
    );
  };
}

async function load(
  client: PoolClient,
  job: Job,
  folder: string,
  interrupted: () => boolean,
  received: Received | undefined,
): Promise<boolean> {
  const progress = progressOf(job);
  await progress("reading", 0, true);
  const early = received?.importId === job.id ? await received.upload : null;
  const upload = early ?? (await receiveUpload(uploadedBytes(client, job.id), job.fileName, folder));
  const source = await openSource(upload, job.fileName, job.format);
  // One import of a project at a time: what an import finds there must still be so when it commits.
  await client.query("SELECT pg_advisory_xact_lock($1, $2)", [projectLock, job.projectId]);

  const resolver = new Resolver();
  let target: ImportTarget | null = null;
  let read = 0;
  const rowsOf = source.rows((bytes) => {
    read += bytes;
  });
  try {
    for await (const rows of rowsOf) {
      if (interrupted()) throw new Interrupted();
      if (!target) {
        const names = nameTarget(job, source);
        const earlier = await earlierImport(client, job, source, names);
        if (earlier) return finishUnchanged(client, job, source, names, earlier);
        target = await ImportTarget.open(client, job, names, source.digest);
      }
      await target.takeAll(rows.map((row) => resolver.resolve(row)));
      await progress("storing", 0.05 + (0.85 * read) / Math.max(1, source.bytes));
    }
  } catch (error) {
    await target?.abandon();
    throw error;
  }
  if (!target || resolver.counts.outputs === 0) {
    throw new Fault("invalid", "There is no output in this source, so there is nothing to compare.", {
      file: job.fileName,
    });
  }
  await target.close();
  if (interrupted()) throw new Interrupted();
  await progress("sealing", 0.9, true);
  const stored = await target.seal(resolver.counts);
  const moved = await recordRejudgings(
    rawQueries(client),
    stored.runs.map(({ id }) => id),
  );
  await client.query("DELETE FROM import_chunk WHERE import_id = $1", [job.id]);
  await finish(client, job, source, target.names, { counts: resolver.counts, unchanged: false, ids: stored });
  const worker = systemActor(job.projectId, "import worker");
  for (const { event } of target.adoptedLabels) await appendAudit(rawQueries(client), worker, event);
  for (const judge of moved) {
    await appendAudit(rawQueries(client), worker, movedEvent(judge, { import: String(job.id) }));
  }
  await appendAudit(rawQueries(client), worker, {
    action: "import.completed",
    subject: { kind: "import", id: String(job.id), name: job.fileName },
    after: source.digest,
    details: {
      for: job.createdBy,
      format: source.format,
      prompt: target.names.prompt,
      dataset: target.names.dataset,
      counts: resolver.counts,
      newVersions: target.newVersions,
      adoptedLabels: target.adoptedLabels.map(({ label, version }) => `${label} → ${version}`),
      runs: stored.runs,
    },
  });
  await client.query("COMMIT");
  return true;
}

/** Names from the source itself, else as given with the upload, else from the file's name. */
function nameTarget(job: Job, source: Source): Target {
  const base = path.basename(job.fileName).replace(/(\.results)?\.jsonl?$/i, "") || "imported";
  const own = source.target();
  return { prompt: own?.prompt ?? job.promptName ?? base, dataset: own?.dataset ?? job.datasetName ?? base };
}

type Counts = { versions: number; cases: number; outputs: number; verdicts: number; reviews: number };
type Earlier = { id: number; counts: Counts; promptId: number; datasetId: number };

async function earlierImport(client: PoolClient, job: Job, source: Source, names: Target): Promise<Earlier | null> {
  const { rows } = await client.query<Earlier>(
    `SELECT id, counts, prompt_id AS "promptId", dataset_id AS "datasetId" FROM import
      WHERE project_id = $1 AND source_digest = $2 AND prompt_name = $3 AND dataset_name = $4 AND state = 'done' AND NOT unchanged`,
    [job.projectId, source.digest, names.prompt, names.dataset],
  );
  return rows[0] ?? null;
}

type End = { counts: Counts; unchanged: boolean; ids: { promptId: number; datasetId: number } };

async function finish(
  client: PoolClient,
  job: Job,
  source: Source,
  names: Target,
  { counts, unchanged, ids }: End,
): Promise<void> {
  await client.query(
    `UPDATE import SET state = 'done', phase = 'done', progress = 1, source_digest = $2, prompt_name = $3, dataset_name = $4, counts = $5,
            unchanged = $6, prompt_id = $7, dataset_id = $8, format = $9, finished_at = clock_timestamp() WHERE id = $1`,
    [
      job.id,
      source.digest,
      names.prompt,
      names.dataset,
      JSON.stringify(counts),
      unchanged,
      ids.promptId,
      ids.datasetId,
      source.format,
    ],
  );
}

async function finishUnchanged(
  client: PoolClient,
  job: Job,
  source: Source,
  names: Target,
  earlier: Earlier,
): Promise<false> {
  await client.query("DELETE FROM import_chunk WHERE import_id = $1", [job.id]);
  await finish(client, job, source, names, { counts: earlier.counts, unchanged: true, ids: earlier });
  await appendAudit(rawQueries(client), systemActor(job.projectId, "import worker"), {
    action: "import.unchanged",
    subject: { kind: "import", id: String(job.id), name: job.fileName },
    after: source.digest,
    details: { for: job.createdBy, sameAs: earlier.id },
  });
  await client.query("COMMIT");
  return false;
}

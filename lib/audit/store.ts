import type { Hash } from "./tree";

/** What these functions need of a pg Pool or Client. */
export type Database = {
  query<Row extends object>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
};

export type Head = { size: number; frontier: Buffer[] };
export type StoredCheckpoint = { size: number; root: Buffer; note: string; cause: string; at: string };

const utc = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export const headSql = "SELECT size, frontier FROM audit_head WHERE id = 1";
export const checkpointsSql = `SELECT size, root_hash AS root, note, cause, ${utc("created_at")} AS at
  FROM audit_checkpoint ORDER BY size`;

/** Null when somebody removed the row. */
export async function findHead(database: Database): Promise<Head | null> {
  const { rows } = await database.query<Head>(headSql);
  return rows[0] ?? null;
}

export async function readHead(database: Database): Promise<Head> {
  const head = await findHead(database);
  if (!head) throw new Error("The head row of the audit log was removed.");
  return head;
}

/** Checkpoints by size, from `after` (exclusive). */
export async function readCheckpoints(database: Database, after = 0): Promise<StoredCheckpoint[]> {
  const { rows } = await database.query<StoredCheckpoint>(
    `SELECT * FROM (${checkpointsSql}) AS stored WHERE size > $1 ORDER BY size`,
    [after],
  );
  return rows;
}

export class MissingEntries extends Error {}

/** Leaf hashes of the entries from ≤ index < to, in chunks. Throws MissingEntries at a gap. */
export async function* leafHashes(
  database: Database,
  from: number,
  to: number,
  chunk = 10_000,
): AsyncGenerator<Hash[]> {
  for (let start = from; start < to; start += chunk) {
    const end = Math.min(to, start + chunk);
    const { rows } = await database.query<{ hash: Buffer }>(
      `SELECT leaf_hash AS hash FROM audit_entry WHERE "index" >= $1 AND "index" < $2 ORDER BY "index"`,
      [start, end],
    );
    if (rows.length !== end - start) throw new MissingEntries(`entries between ${start} and ${end - 1} are missing`);
    yield rows.map((row) => row.hash);
  }
}

export async function allLeafHashes(database: Database, size: number): Promise<Hash[]> {
  const all: Hash[] = [];
  for await (const chunk of leafHashes(database, 0, size)) for (const hash of chunk) all.push(hash);
  return all;
}

/** The columns of an entry as stored; `at` is UTC with microseconds. */
export type StoredEntry = {
  index: number;
  leaf: Buffer;
  leafHash: Buffer;
  projectId: number | null;
  at: string | null;
  action: string;
  actor: string;
  subject: string;
  requestId: string;
};

export const entryColumns = `"index", leaf, leaf_hash AS "leafHash", project_id AS "projectId", ${utc("at")} AS at,
  action, actor, subject, request_id AS "requestId"`;

/** All entries in index order through a cursor; run it inside a transaction. */
export async function* allEntries(database: Database, chunk = 500): AsyncGenerator<StoredEntry[]> {
  await database.query(
    `DECLARE audit_walk NO SCROLL CURSOR FOR SELECT ${entryColumns} FROM audit_entry ORDER BY "index"`,
  );
  for (;;) {
    const { rows } = await database.query<StoredEntry>(`FETCH ${chunk} FROM audit_walk`);
    if (rows.length === 0) return;
    yield rows;
  }
}

/** Which database this is: the cluster's own number (where it may be read) and the database's name. */
export async function databaseName(database: Database): Promise<string> {
  const { rows } = await database.query<{ name: string }>("SELECT current_database() AS name");
  const cluster = await database
    .query<{ id: string }>("SELECT system_identifier::text AS id FROM pg_control_system()")
    .then((answer) => answer.rows[0]?.id ?? "unknown")
    .catch(() => "unknown");
  return `${cluster}/${encodeURIComponent(rows[0]?.name ?? "")}`;
}

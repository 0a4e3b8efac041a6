import { createHash, type Hash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { extract, pack } from "tar-stream";
import { z } from "zod";

/**
 * A backup is a .tar.gz: `backup.json` says what it is of; `tables/<table>/<n>.copy` are the rows of each table as COPY
 * writes them, in parts; files that were given with it; `end.json` counts and digests what went before, so that a cut backup
 * is none. Written and read as a stream: memory stays flat.
 */
export const backupFormat = "countersign-backup/1";

const partBytes = 4 * 2 ** 20;
/** Filled again from other tables, or of no use elsewhere. */
const leftOut = ["_prisma_migrations", "search_text", "rate_limit"];

const name = z.string().regex(/^[a-z_][a-z0-9_]*$/);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const headSchema = z.object({
  format: z.literal(backupFormat),
  at: z.string(),
  program: z.string(),
  postgres: z.string(),
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
  tables: z.array(z.object({ name, columns: z.array(name).min(1) })),
  sequences: z.array(z.object({ name, value: z.string().regex(/^\d+$/), called: z.boolean() })),
  log: z.object({ size: z.number().int() }),
});
const tallySchema = z.object({ rows: z.number().int(), bytes: z.number().int(), sha256: digest });
const endSchema = z.object({ tables: z.record(name, tallySchema), files: z.record(z.string(), digest) });

export type BackupHead = z.infer<typeof headSchema>;
type Tally = z.infer<typeof tallySchema>;
export type BackupSummary = { head: BackupHead; tables: Record<string, Tally>; rows: number };

export class BackupError extends Error {}

/** Writes the database as of one moment. `files` go with it, such as checkpoints; read them before calling. */
export async function writeBackup(
  url: string,
  file: string,
  { program, files = {} }: { program: string; files?: Record<string, Buffer> },
): Promise<BackupSummary> {
  return withClient(url, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await client.query("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0");
    const head = await describe(client, program);
    const archive = pack();
    const written = pipeline(archive, createGzip(), createWriteStream(file, { mode: 0o600 }));
    const add = async (entry: string, bytes: Buffer) => {
      const done = new Promise<void>((resolve, reject) => {
        archive.entry({ name: entry, mode: 0o600, mtime: new Date(head.at) }, bytes, (error) =>
          error ? reject(error) : resolve(),
        );
      });
      // Whichever comes first: the entry is taken, or the disk is full.
      await Promise.race([done, written.then(() => done)]);
    };
    try {
      await add("backup.json", json(head));
      const tables: Record<string, Tally> = {};
      for (const table of head.tables) tables[table.name] = await dump(client, table, add);
      const digests: Record<string, string> = {};
      for (const [entry, bytes] of Object.entries(files)) {
        digests[entry] = sha256(bytes);
        await add(`files/${entry}`, bytes);
      }
      await add("end.json", json({ tables, files: digests }));
      archive.finalize();
      await written;
      return { head, tables, rows: sum(tables) };
    } catch (error) {
      archive.destroy();
      await written.catch(() => {});
      throw error;
    } finally {
      await client.query("ROLLBACK");
    }
  });
}

async function dump(
  client: pg.Client,
  { name: table, columns }: BackupHead["tables"][number],
  add: (entry: string, bytes: Buffer) => Promise<void>,
): Promise<Tally> {
  const source = client.query(copyTo(`COPY ${id(table)} (${columns.map(id).join(", ")}) TO STDOUT`));
  const tally = new Counter();
  let held: Buffer[] = [];
  let size = 0;
  let part = 0;
  const flush = async () => {
    const bytes = Buffer.concat(held);
    [held, size] = [[], 0];
    tally.add(bytes);
    await add(`tables/${table}/${String(part++).padStart(6, "0")}.copy`, bytes);
  };
  for await (const chunk of source as AsyncIterable<Buffer>) {
    held.push(chunk);
    size += chunk.length;
    if (size >= partBytes) await flush();
  }
  if (size > 0) await flush();
  return tally.result();
}

/** Rows, bytes and digest of what COPY wrote: a line feed ends each row, and none stands within one. */
class Counter {
  private readonly hash: Hash = createHash("sha256");
  private rows = 0;
  private bytes = 0;

  add(chunk: Buffer): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.rows++;
  }

  result(): Tally {
    return { rows: this.rows, bytes: this.bytes, sha256: this.hash.digest("hex") };
  }
}

async function describe(client: pg.Client, program: string): Promise<BackupHead> {
  const { rows: columns } = await client.query<{ table: string; name: string }>(
    `SELECT c.relname AS table, a.attname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND c.relname <> ALL ($1) ORDER BY c.relname, a.attnum`,
    [leftOut],
  );
  const tables = new Map<string, string[]>();
  for (const column of columns) tables.set(column.table, [...(tables.get(column.table) ?? []), column.name]);
  const { rows: sequences } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S' ORDER BY 1`,
  );
  const values: BackupHead["sequences"] = [];
  for (const sequence of sequences) {
    const { rows } = await client.query<{ value: string; called: boolean }>(
      `SELECT last_value::text AS value, is_called AS called FROM ${id(sequence.name)}`,
    );
    values.push({ name: sequence.name, ...rows[0]! });
  }
  const { rows: facts } = await client.query<{ postgres: string; size: number }>(
    "SELECT current_setting('server_version') AS postgres, (SELECT size FROM audit_head) AS size",
  );
  return {
    format: backupFormat,
    at: new Date().toISOString(),
    program,
    postgres: facts[0]!.postgres,
    migrations: await migrationsOf(client),
    tables: inOrder(await referencesOf(client), [...tables.keys()]).map((table) => ({
      name: table,
      columns: tables.get(table)!,
    })),
    sequences: values,
    log: { size: facts[0]!.size },
  };
}

async function migrationsOf(client: pg.Client): Promise<BackupHead["migrations"]> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `SELECT migration_name AS name, checksum FROM _prisma_migrations
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY 1`,
  );
  return rows;
}

async function referencesOf(client: pg.Client): Promise<{ from: string; to: string }[]> {
  const { rows } = await client.query<{ from: string; to: string }>(
    `SELECT a.relname AS from, b.relname AS to FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid
       JOIN pg_class b ON b.oid = c.confrelid
      WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND a.oid <> b.oid`,
  );
  return rows;
}

/** Tables such that each comes after those that it refers to. */
function inOrder(references: { from: string; to: string }[], tables: string[]): string[] {
  const left = new Set(tables);
  const ordered: string[] = [];
  while (left.size > 0) {
    const free = [...left].filter((table) => !references.some(({ from, to }) => from === table && left.has(to)));
    if (free.length === 0) throw new BackupError(`The tables ${[...left].join(", ")} refer to each other in a circle.`);
    for (const table of free) {
      left.delete(table);
      ordered.push(table);
    }
  }
  return ordered;
}

/**
 * Fills an empty, migrated database with a backup: everything or nothing. Returns what was restored, and the files that
 * came with it.
 *
 * @throws BackupError when the database holds anything, has other migrations, or the backup is not whole
 */
export async function readBackup(
  url: string,
  file: string,
): Promise<BackupSummary & { files: Record<string, Buffer> }> {
  return withClient(url, async (client) => {
    await client.query("BEGIN");
    await client.query("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0");
    try {
      const restored = await load(client, file);
      await client.query("COMMIT");
      await client.query("ANALYZE");
      return restored;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => {});
      if (error instanceof BackupError) throw error;
      throw new BackupError(`The backup can't be restored, and nothing was: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  });
}

async function load(client: pg.Client, file: string) {
  let head: BackupHead | undefined;
  let end: z.infer<typeof endSchema> | undefined;
  const files: Record<string, Buffer> = {};
  const tallies: Record<string, Tally> = {};
  let current: { table: string; rows: ReturnType<typeof copyFrom>; tally: Counter } | undefined;
  let enable = async () => {};
  const close = async () => {
    if (!current) return;
    const { table, rows, tally } = current;
    current = undefined;
    await new Promise<void>((resolve, reject) => {
      rows.once("error", reject);
      rows.once("finish", resolve);
      rows.end();
    });
    tallies[table] = tally.result();
  };
  const archive = extract();
  /** Rows that are on their way end with an error: otherwise the connection would wait for more of them. */
  const abort = () => current?.rows.destroy(new Error("the backup is not whole"));
  const feeding = pipeline(createReadStream(file), createGunzip(), archive).catch((error: Error) => {
    archive.destroy(error);
  });
  try {
    for await (const entry of archive) {
      const path = entry.header.name;
      if (end) throw new BackupError("It goes on after its end.");
      if (!head) {
        if (path !== "backup.json") throw new BackupError("This is no backup of Countersign.");
        head = parse(headSchema, await whole(entry, path), path);
        await expectEmpty(client, head);
        enable = await disableTriggers(client, head);
        continue;
      }
      const [, table] = /^tables\/([a-z0-9_]+)\/\d{6}\.copy$/.exec(path) ?? [];
      if (table) {
        if (current?.table !== table) {
          await close();
          const columns = head.tables.find((known) => known.name === table)?.columns;
          if (!columns || tallies[table]) throw new BackupError(`It holds rows of ${table} where none belong.`);
          const rows = client.query(copyFrom(`COPY ${id(table)} (${columns.map(id).join(", ")}) FROM STDIN`));
          // Told by the write or the end that meets it.
          rows.on("error", () => {});
          current = { table, rows, tally: new Counter() };
        }
        const { rows, tally } = current;
        for await (const chunk of entry as AsyncIterable<Buffer>) {
          tally.add(chunk);
          await new Promise<void>((resolve, reject) => {
            rows.write(chunk, (error) => (error ? reject(error) : resolve()));
          });
        }
        continue;
      }
      await close();
      if (path === "end.json") end = parse(endSchema, await whole(entry, path), path);
      else if (/^files\/[a-z.-]+$/.test(path)) files[path.slice("files/".length)] = await whole(entry, path);
      else throw new BackupError(`It holds ${JSON.stringify(path)}, which does not belong there.`);
    }
    // A backup that was cut ends in the midst of a table.
    await close();
  } catch (error) {
    abort();
    throw error;
  }
  await feeding;
  if (!head || !end) throw new BackupError("The backup is cut: it has no end.");
  for (const { name: table } of head.tables) {
    const [then, now] = [end.tables[table], tallies[table] ?? { rows: 0, bytes: 0, sha256: sha256(Buffer.alloc(0)) }];
    if (!then || then.sha256 !== now.sha256 || then.rows !== now.rows)
      throw new BackupError(`The rows of ${table} are not those that were written: ${now.rows} of ${then?.rows ?? 0}.`);
  }
  for (const [entry, then] of Object.entries(end.files))
    if (!files[entry] || sha256(files[entry]) !== then)
      throw new BackupError(`The file ${entry} in it is not the one that was written.`);
  await enable();
  for (const { name: sequence, value, called } of head.sequences)
    await client.query("SELECT setval($1::regclass, $2::bigint, $3)", [id(sequence), value, called]);
  // The texts that a search looks through are laid out again by the worker.
  await client.query("UPDATE run SET searchable = false WHERE searchable");
  return { head, tables: end.tables, rows: sum(end.tables), files };
}

async function expectEmpty(client: pg.Client, head: BackupHead): Promise<void> {
  const own = await migrationsOf(client);
  const text = (list: BackupHead["migrations"]) => list.map((one) => `${one.name} ${one.checksum}`).join("\n");
  if (text(own) !== text(head.migrations)) {
    const other = head.migrations.find((one) => !text(own).includes(`${one.name} ${one.checksum}`)) ?? own.at(-1);
    throw new BackupError(
      `The backup is of version ${head.program} with other migrations (${other?.name}). Restore it with that version, and update afterwards.`,
    );
  }
  for (const { name: table } of head.tables) {
    const { rows } = await client.query<{ filled: boolean }>(
      table === "audit_head"
        ? "SELECT EXISTS (SELECT 1 FROM audit_head WHERE size > 0) AS filled"
        : `SELECT EXISTS (SELECT 1 FROM ${id(table)}) AS filled`,
    );
    if (rows[0]?.filled)
      throw new BackupError(`The database is not empty: ${table} has rows. A backup goes into an empty one.`);
  }
}

/** Rows were checked when they first came in; the triggers come back before the restore commits. */
async function disableTriggers(client: pg.Client, { tables }: BackupHead): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ table: string; name: string; enabled: string }>(
    `SELECT c.relname AS table, t.tgname AS name, t.tgenabled AS enabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1) AND t.tgenabled <> 'D'`,
    [tables.map((table) => table.name)],
  );
  for (const { table, name: trigger } of rows)
    await client.query(`ALTER TABLE ${id(table)} DISABLE TRIGGER ${id(trigger)}`);
  await client.query("DELETE FROM audit_head");
  const how: Record<string, string> = { A: "ENABLE ALWAYS", R: "ENABLE REPLICA", O: "ENABLE" };
  return async () => {
    for (const { table, name: trigger, enabled } of rows)
      await client.query(`ALTER TABLE ${id(table)} ${how[enabled]} TRIGGER ${id(trigger)}`);
  };
}

async function whole(entry: AsyncIterable<unknown>, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > 64 * 2 ** 20) throw new BackupError(`${path} in it is larger than it can be.`);
  }
  return Buffer.concat(chunks);
}

function parse<T>(schema: z.ZodType<T>, bytes: Buffer, path: string): T {
  try {
    return schema.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    throw new BackupError(`${path} in it can't be read: this is no backup that this version knows.`);
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function sum(tables: Record<string, Tally>): number {
  return Object.values(tables).reduce((total, { rows }) => total + rows, 0);
}

const id = pg.escapeIdentifier;

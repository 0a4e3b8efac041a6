import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import type { MigrationList, SchemaEngine } from "@prisma/schema-engine-wasm";
import pg from "pg";

const folder = fileURLToPath(new URL("../../prisma", import.meta.url));
const schemaFile = path.join(folder, "schema.prisma");
const migrationsFolder = path.join(folder, "migrations");
const filters = { externalTables: [], externalEnums: [] };
/** Ours; Prisma's engine takes a lock of its own (72707369) inside. */
const lockNumber = 4_021_977_001;

type Migration = { name: string; sql: string; checksum: string };

export type MigrationStatus = {
  applied: string[];
  pending: string[];
  /** Applied, but the file reads differently now. */
  changed: string[];
  /** Began and did not finish. */
  failed: string[];
};

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(migrationsFolder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const migrations = names.map(async ({ name }) => {
    const sql = await readFile(path.join(migrationsFolder, name, "migration.sql"), "utf8");
    return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
  return (await Promise.all(migrations)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function migrationList(migrations: Migration[]): Promise<MigrationList> {
  return {
    baseDir: migrationsFolder,
    lockfile: {
      path: "migration_lock.toml",
      content: await readFile(path.join(migrationsFolder, "migration_lock.toml"), "utf8"),
    },
    shadowDbInitScript: "",
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
    })),
  };
}

type Adapter = Awaited<ReturnType<PrismaPg["connect"]>>;

/** The adapter cuts a script at every ";", also inside function bodies. Sent whole, it is one transaction as well. */
class WholeScripts extends PrismaPg {
  /** What the database said to the last script; the engine reports only that it failed. */
  failure: Error | undefined;

  override async connect(): Promise<Adapter> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      try {
        await adapter.underlyingDriver().query(script);
      } catch (error) {
        const { message, position } = error as pg.DatabaseError;
        const line = position ? ` at line ${script.slice(0, Number(position)).split("\n").length}` : "";
        this.failure = new Error(`${message}${line}`);
        throw error;
      }
    };
    return adapter;
  }
}

async function withEngine<T>(url: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: url });
  const adapter = new WholeScripts(pool);
  try {
    const engine = await schemaEngine(adapter);
    return await work(engine).finally(() => engine.free());
  } catch (error) {
    throw adapter.failure ?? error;
  } finally {
    await pool.end();
  }
}

type Bindings = typeof import("@prisma/schema-engine-wasm") & { __wbg_set_wasm(exports: WebAssembly.Exports): void };

let loaded: Promise<Bindings> | undefined;

/**
 * Prisma's own schema engine, as WebAssembly: its native twin would have to be downloaded. Loaded once, because its
 * bindings keep views of one memory.
 */
function loadBindings(): Promise<Bindings> {
  loaded ??= (async () => {
    const require = createRequire(import.meta.url);
    const bindings = (await import("@prisma/schema-engine-wasm/schema_engine_bg")) as Bindings;
    const script = require.resolve("@prisma/schema-engine-wasm/schema_engine_bg");
    const bytes = await readFile(path.join(path.dirname(script), "schema_engine_bg.wasm"));
    const { instance } = await WebAssembly.instantiate(bytes, {
      "./schema_engine_bg.js": bindings as unknown as WebAssembly.ModuleImports,
    });
    bindings.__wbg_set_wasm(instance.exports);
    (instance.exports.__wbindgen_start as () => void)();
    return bindings;
  })();
  return loaded;
}

async function schemaEngine(adapter: PrismaPg): Promise<SchemaEngine> {
  const { SchemaEngine } = await loadBindings();
  const datamodels: [string, string][] = [[schemaFile, await readFile(schemaFile, "utf8")]];
  return SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(adapter));
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function compare(client: pg.Client, migrations: Migration[]): Promise<MigrationStatus> {
  const status: MigrationStatus = { applied: [], pending: [], changed: [], failed: [] };
  const exists = await client.query<{ found: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`,
  );
  const rows = exists.rows[0]?.found
    ? await client.query<{ name: string; checksum: string; finished: boolean }>(
        `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
         FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
      )
    : { rows: [] };
  const recorded = new Map(rows.rows.map((row) => [row.name, row]));
  for (const { name, checksum } of migrations) {
    const row = recorded.get(name);
    if (!row) status.pending.push(name);
    else if (!row.finished) status.failed.push(name);
    else if (row.checksum !== checksum) status.changed.push(name);
    else status.applied.push(name);
  }
  return status;
}

/** What a database lacks. `url` may be any role that may read `_prisma_migrations`. */
export async function migrationStatus(url: string): Promise<MigrationStatus> {
  const migrations = await readMigrations();
  return withClient(url, (client) => compare(client, migrations));
}

/**
 * Brings a database up to prisma/migrations and returns the names it applied; two callers at once take turns.
 * The rows of `_prisma_migrations` are Prisma's own, so `prisma migrate deploy` agrees with them.
 */
export async function migrate(ownerUrl: string): Promise<string[]> {
  const migrations = await readMigrations();
  return withClient(ownerUrl, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [lockNumber]);
    const { pending, changed, failed } = await compare(client, migrations);
    if (changed.length > 0) {
      throw new Error(`Migration ${changed[0]} is applied in this database, but its file has changed since.`);
    }
    if (pending.length + failed.length === 0) return [];
    const migrationsList = await migrationList(migrations);
    return withEngine(ownerUrl, async (engine) => {
      // Each script is one transaction, so one that did not finish left nothing but its row.
      for (const migrationName of failed) await engine.markMigrationRolledBack({ migrationName });
      return (await engine.applyMigrations({ migrationsList, filters })).appliedMigrationNames;
    }).catch(async (error: Error) => {
      const { failed } = await compare(client, migrations);
      throw new Error(`Migration ${failed[0] ?? ""} failed: ${error.message}`, { cause: error });
    });
  });
}

/**
 * Writes the migration that takes a former schema.prisma to the present one, and returns its file; null when they
 * agree. It compares the two schemas, not databases: what migrations add by hand (checks, triggers, covering columns)
 * is unknown to Prisma and stays untouched. `url` may be any database: the engine wants one, and leaves it alone.
 */
export async function writeMigration(url: string, formerSchema: string, name: string): Promise<string | null> {
  const schema = (content: string) => ({ tag: "schemaDatamodel" as const, files: [{ path: schemaFile, content }] });
  const to = schema(await readFile(schemaFile, "utf8"));
  const from = formerSchema ? schema(formerSchema) : { tag: "empty" as const };
  const { stdout } = await withEngine(url, (engine) =>
    engine.diff({ from, to, script: true, exitCode: false, filters }),
  );
  if (!stdout || /^\s*(-- This is an empty migration\.\s*)?$/.test(stdout)) return null;
  const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const file = path.join(migrationsFolder, `${stamp}_${name}`, "migration.sql");
  await mkdir(path.dirname(file));
  await writeFile(file, stdout);
  return file;
}

import pg from "pg";

/** Rows of these are added and read, never changed, as the triggers of most of them say. */
const appendOnly = [
  "review",
  "check_grade",
  "adjudication",
  "answer_comment",
  "hunk",
  "attribution",
  "sign_off",
  "sign_off_withdrawal",
  "evidence_opening",
  "break_glass",
  "evidence",
  "decision",
  "label_move",
  "imported_review",
  "imported_preference",
  "rejudging",
  "anchor",
  "anchor_case",
  "anchor_take",
  "anchor_verdict",
  "alarm_acknowledgement",
  "release_tally",
  "policy",
  "policy_proposal",
  "policy_act",
  "sentinel",
  "sentinel_strike",
  "sentinel_verdict",
];
/** Rows of these may be changed and removed. A new table belongs into one of these lists; `weakPlaces` names one that does not. */
const changing = [
  "app_user",
  "project",
  "membership",
  "sign_in_link",
  "api_token",
  "rate_limit",
  "idempotent_answer",
  "prompt",
  "prompt_version",
  "label",
  "dataset",
  "test_case",
  "run",
  "output",
  "search_text",
  "criterion",
  "criterion_example",
  "judge",
  "judge_version",
  "run_judge",
  "verdict",
  "preference_verdict",
  "run_pair_judge",
  "import",
  "import_chunk",
  "release",
  "release_criterion",
  "sample_batch",
  "draw",
  "chosen_case",
  "case_tag",
  "saved_view",
  "review_task",
  "review_check",
  "review_submission",
  "failure_tag",
  "assignment",
  "adjudication_task",
  "checkpoint_delivery",
  "passkey",
  "passkey_challenge",
  // Decided once: their triggers say so.
  "redaction",
  "retention",
  "label_protection",
];
/** Written through audit_append() alone. */
const auditTables = ["audit_entry", "audit_head", "audit_checkpoint"];
/** Written through redact() alone. */
const tombstones = ["tombstone"];
const auditAppend = "audit_append(bytea, integer, timestamptz, text, text, text, text)";

/**
 * Separates the role that serves requests from the owner of the tables, as far as the server allows. Run it as the owner
 * after migrating; it may run again and at the same time in several processes.
 *
 * Two roles per database (`countersign_app`, `countersign_auditor`; for a database not called `countersign`, its name
 * follows): the first may log in with `appPassword` and cannot change or remove audit entries, grades, sign-offs,
 * evidence or decisions; the second only reads the audit log, for granting to people who verify with their own tools.
 *
 * Where the owner may not create roles, or the new role can't connect, the answer is the owner's URL and false.
 */
export async function ensureRoles(
  ownerUrl: string,
  appPassword: string,
): Promise<{ appUrl: string; separateRoles: boolean }> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    const { rows } = await owner.query<{ database: string; schema: string }>(
      "SELECT current_database() AS database, current_schema() AS schema",
    );
    const { database, schema } = rows[0]!;
    const app = roleName("countersign_app", database);
    const auditor = roleName("countersign_auditor", database);
    const appUrl = withUser(ownerUrl, app, appPassword);
    try {
      await createRole(owner, auditor, "NOLOGIN");
      await createRole(owner, app, `LOGIN PASSWORD ${literal(appPassword)}`);
      if (!(await connects(appUrl)))
        await retried(() => owner.query(`ALTER ROLE ${id(app)} LOGIN PASSWORD ${literal(appPassword)}`));
      await retried(() => grant(owner, { app, auditor, schema, database }));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { appUrl: ownerUrl, separateRoles: false };
    }
    return (await connects(appUrl)) ? { appUrl, separateRoles: true } : { appUrl: ownerUrl, separateRoles: false };
  } finally {
    await owner.end();
  }
}

/** True when the connected role can neither change nor remove what is in the audit log. */
export async function rolesAreSeparate(database: Pick<pg.Pool, "query">): Promise<boolean> {
  const { rows } = await database.query<{ separate: boolean }>(
    `SELECT NOT rolsuper
       AND NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = 'audit_entry'::regclass), 'MEMBER')
       AND NOT has_table_privilege('audit_entry', 'INSERT, UPDATE, DELETE, TRUNCATE')
       AND NOT has_table_privilege('audit_head', 'INSERT, UPDATE, DELETE, TRUNCATE')
       AND NOT has_table_privilege('audit_checkpoint', 'UPDATE, DELETE, TRUNCATE') AS separate
     FROM pg_roles WHERE rolname = current_user`,
  );
  return rows[0]?.separate ?? false;
}

/** Tables that are only added to whose triggers are missing, off, or off for replication roles, each in words. */
export async function weakTriggers(database: Pick<pg.Pool, "query">): Promise<string[]> {
  const { rows } = await database.query<{ table: string; name: string; enabled: string }>(
    `SELECT c.relname AS table, t.tgname AS name, t.tgenabled AS enabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace AND t.tgname LIKE 'refuse\\_%'`,
  );
  return [...auditTables, ...appendOnly, ...tombstones].flatMap((table) => {
    const change = table === "audit_head" ? "refuse_head_jump" : "refuse_row_change";
    return [change, "refuse_truncate"].flatMap((name) => {
      const found = rows.find((row) => row.table === table && row.name === name);
      if (!found) return [`${table} has no trigger ${name}`];
      return found.enabled === "A"
        ? []
        : [`the trigger ${name} of ${table} is ${found.enabled === "D" ? "off" : "not always on"}`];
    });
  });
}

/**
 * What the catalogue of the database lacks for the record to be kept, each in words: tables that no list here knows,
 * triggers, references that would carry a change into a kept row, functions with the owner's rights that anybody may call or
 * that look names up where the caller says, and rights of the application's role.
 */
export async function weakPlaces(database: Pick<pg.Pool, "query">): Promise<string[]> {
  const kept = [...auditTables, ...appendOnly, ...tombstones];
  const known = [...kept, ...changing, "_prisma_migrations"];
  const { rows: tables } = await database.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`,
  );
  const { rows: references } = await database.query<{ name: string; table: string }>(
    `SELECT c.conname AS name, t.relname AS table FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
      WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace AND t.relname = ANY ($1)
        AND (c.confdeltype NOT IN ('a', 'r') OR c.confupdtype NOT IN ('a', 'r')) ORDER BY 2, 1`,
    [kept],
  );
  const { rows: functions } = await database.query<{ name: string; open: boolean; led: boolean }>(
    `SELECT p.proname AS name, p.proacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(p.proacl) a WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE') AS open,
            NOT EXISTS (SELECT 1 FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%') AS led
       FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prosecdef ORDER BY 1`,
  );
  const { rows: rights } = await database.query<{ role: string; name: string; right: string }>(
    `SELECT g.rolname AS role, c.relname AS name, a.privilege_type AS right
       FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.grantee <> c.relowner
        AND (a.privilege_type IN ('TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN')
             OR (c.relname = ANY ($1) AND a.privilege_type IN ('UPDATE', 'DELETE'))
             OR (c.relname = ANY ($2) AND a.privilege_type = 'INSERT')
             OR (coalesce(g.rolname, '') LIKE 'countersign\\_auditor%' AND a.privilege_type <> 'SELECT')) ORDER BY 2, 3`,
    [kept, ["audit_entry", "audit_head", ...tombstones]],
  );
  return [
    ...tables
      .filter(({ name }) => !known.includes(name))
      .map(({ name }) => `no list says whether rows of ${name} may change`),
    ...(await weakTriggers(database)),
    ...references.map(({ name, table }) => `${name} carries changes of other rows into ${table}`),
    ...functions.filter(({ open }) => open).map(({ name }) => `anybody may call ${name}() with the owner's rights`),
    ...functions.filter(({ led }) => led).map(({ name }) => `${name}() looks names up where its caller says`),
    ...rights.map(({ role, name, right }) => `${role ?? "everybody"} may ${right} on ${name}`),
  ];
}

async function grant(owner: pg.Client, names: { app: string; auditor: string; schema: string; database: string }) {
  const app = id(names.app);
  const auditor = id(names.auditor);
  const schema = id(names.schema);
  const { tables, views, sequences, lacking } = await ownThings(owner, names);
  const list = (chosen: string[]) => chosen.map((name) => `${schema}.${id(name)}`).join(", ");
  const ordinary = tables.filter(
    (name) => ![...auditTables, ...appendOnly, ...tombstones, "_prisma_migrations"].includes(name),
  );
  const append = `${schema}.${auditAppend}`;
  const statements = [
    ...(lacking.connect ? [`GRANT CONNECT ON DATABASE ${id(names.database)} TO ${app}, ${auditor}`] : []),
    ...(lacking.temporary ? [`GRANT TEMPORARY ON DATABASE ${id(names.database)} TO ${app}`] : []),
    ...(lacking.usage ? [`GRANT USAGE ON SCHEMA ${schema} TO ${app}, ${auditor}`] : []),
    `REVOKE ALL ON ${list(tables)} FROM PUBLIC, ${app}, ${auditor}`,
    `GRANT SELECT ON ${list(tables)} TO ${app}`,
    `GRANT INSERT, UPDATE, DELETE ON ${list(ordinary)} TO ${app}`,
    ...(views.length > 0 ? [`GRANT SELECT ON ${list(views)} TO ${app}`] : []),
    `GRANT INSERT ON ${list([...appendOnly, "audit_checkpoint"])} TO ${app}`,
    `GRANT USAGE, SELECT ON SEQUENCE ${list(sequences)} TO ${app}`,
    `GRANT SELECT ON ${list(auditTables)} TO ${auditor}`,
    `REVOKE EXECUTE ON FUNCTION ${append} FROM PUBLIC`,
    `GRANT EXECUTE ON FUNCTION ${append} TO ${app}`,
    `GRANT EXECUTE ON FUNCTION ${schema}.audit_root() TO ${app}, ${auditor}`,
    `GRANT EXECUTE ON FUNCTION ${schema}.analyze_loaded_tables(), ${schema}.make_searchable(integer),
       ${schema}.redact(integer, integer) TO ${app}`,
  ];
  // In one transaction, so that requests served meanwhile never see the moment between revoking and granting.
  await owner.query("BEGIN");
  try {
    await owner.query("SELECT pg_advisory_xact_lock(hashtext('countersign.roles'))");
    for (const statement of statements) await owner.query(statement);
    await owner.query("COMMIT");
  } catch (error) {
    await owner.query("ROLLBACK");
    throw error;
  }
}

/** The tables and sequences that are ours to grant, and what the roles do not already have through PUBLIC. */
async function ownThings(owner: pg.Client, { app, schema }: { app: string; schema: string }) {
  const { rows } = await owner.query<{ name: string; kind: string }>(
    `SELECT relname AS name, relkind AS kind FROM pg_class
     WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p', 'v', 'S') AND NOT relispartition AND pg_has_role(relowner, 'MEMBER')`,
    [id(schema)],
  );
  const { rows: lacks } = await owner.query<{ connect: boolean; temporary: boolean; usage: boolean }>(
    `SELECT NOT has_database_privilege($1, current_database(), 'CONNECT') AS connect,
       NOT has_database_privilege($1, current_database(), 'TEMPORARY') AS temporary,
       NOT has_schema_privilege($1, $2, 'USAGE') AS usage`,
    [app, schema],
  );
  const named = (...kinds: string[]) => rows.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  return { tables: named("r", "p"), views: named("v"), sequences: named("S"), lacking: lacks[0]! };
}

async function createRole(owner: pg.Client, name: string, login: string) {
  const { rowCount } = await owner.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name]);
  if (rowCount) return;
  try {
    await owner.query(`CREATE ROLE ${id(name)} ${login} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS`);
  } catch (error) {
    // Another process made it between the look and the deed.
    if (!["42710", "23505"].includes(codeOf(error))) throw error;
  }
}

async function connects(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    await client.query("SELECT 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** PostgreSQL answers "tuple concurrently updated" (XX000) to two processes that grant at once. */
async function retried(work: () => Promise<unknown>) {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === 10 || !["XX000", "40001", "40P01"].includes(codeOf(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt * Math.random()));
    }
  }
}

/** 42501: no privilege; 0LP01: may not grant; 0A000: a proxy before the server that does not know roles. */
function isRefusal(error: unknown): boolean {
  return ["42501", "0LP01", "0A000"].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function roleName(base: string, database: string): string {
  return database === "countersign" ? base : `${base}_${database}`.slice(0, 63);
}

function withUser(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = encodeURIComponent(user);
  changed.password = encodeURIComponent(password);
  changed.searchParams.delete("user");
  changed.searchParams.delete("password");
  return changed.href;
}

const id = pg.escapeIdentifier;
const literal = pg.escapeLiteral;

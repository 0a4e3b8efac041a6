import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { disconnect } from "../db/client";

export type TestDatabase = {
  /** The application's role: what `db` and `pool()` use. */
  url: string;
  /** The owner, who is also superuser here: for looking behind the application's back. */
  ownerUrl: string;
  /** One query as the owner. */
  asOwner<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
};

/**
 * A migrated, empty database for this test file: `const database = await testDatabase()` at the top of the file.
 * Sets DATABASE_URL, so that `db`, `pool()` and `transaction()` use it, and drops it after the file's last test.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const template = inject("template");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const named = (url: string) => {
    const changed = new URL(url);
    changed.pathname = `/${name}`;
    return changed.href;
  };
  const adminUrl = template.ownerUrl.replace(/[^/]+$/, "postgres");
  await query(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${new URL(template.ownerUrl).pathname.slice(1)}`);
  const ownerUrl = named(template.ownerUrl);
  const url = named(template.appUrl);
  process.env.DATABASE_URL = url;
  afterAll(async () => {
    await disconnect();
    await query(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`);
  });
  return { url, ownerUrl, asOwner: (sql, values) => query(ownerUrl, sql, values) };
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string, values?: unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

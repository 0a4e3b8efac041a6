import { readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { canonicalJson, sha256Hex } from "../../lib/digest";
import { dataFolder } from "./data";

/** Asks the server's own database, as its owner. */
export async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const connectionString = readFileSync(path.join(dataFolder(), "database-url"), "utf8").trim();
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** A policy like the standard one but for what is given, under a key of its own. */
export async function policyLike(key: string, change: object): Promise<string> {
  const [standard] = await sql<{ projectId: number; document: string }>(
    `SELECT project_id AS "projectId", document FROM policy WHERE key = 'standard' ORDER BY project_id, number LIMIT 1`,
  );
  const document = canonicalJson({ ...(JSON.parse(standard!.document) as object), ...change });
  await sql(
    "INSERT INTO policy (project_id, key, number, document, digest, created_by) VALUES ($1, $2, 1, $3, $4, 'a test')",
    [standard!.projectId, key, document, sha256Hex(document)],
  );
  return key;
}

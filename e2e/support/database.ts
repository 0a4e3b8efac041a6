import { readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";

/** Asks the server's own database, as its owner. */
export async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const folder = process.env.COUNTERSIGN_E2E_DATA ?? "";
  const client = new pg.Client({ connectionString: readFileSync(path.join(folder, "database-url"), "utf8").trim() });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

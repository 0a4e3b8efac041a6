import { pool } from "../db/client";

const unsearchable = "FROM run WHERE NOT searchable AND digest <> '' ORDER BY id LIMIT 1";

export async function searchWaits(): Promise<boolean> {
  return ((await pool().query(`SELECT 1 ${unsearchable}`)).rowCount ?? 0) > 0;
}

/**
 * Puts the texts of one imported run where a search finds them by its index. Until then a search reads the answers
 * themselves, so that neither an import nor a page waits for the index.
 *
 * @returns false when there is none, or another replica is at it
 */
export async function makeNextSearchable(): Promise<boolean> {
  const { rows } = await pool().query<{ made: boolean }>(
    `SELECT make_searchable(id) AS made FROM (SELECT id ${unsearchable}) next`,
  );
  return rows[0]?.made ?? false;
}

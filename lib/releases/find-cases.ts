import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { pool } from "../db/client";

export type FoundCase = { key: string; caseId: number; releaseId: number; release: string };

const most = 8;

/**
 * Cases whose key has, for each word of the text, a word that begins so; the very key first, then keys that begin with the
 * text, each where the newest release shows it.
 */
export async function findCases(actor: Actor, text: string): Promise<FoundCase[]> {
  permit(actor, "project.read");
  const wanted = text.trim().slice(0, 100);
  const words = wanted.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return [];
  const { rows } = await pool().query<FoundCase>(
    `WITH newest AS (
       SELECT DISTINCT ON (r.dataset_id) r.dataset_id, r.id, p.name || ' ' || b.key || ' → ' || k.key AS name
         FROM release r JOIN prompt p ON p.id = r.prompt_id JOIN prompt_version b ON b.id = r.baseline_id
         JOIN prompt_version k ON k.id = r.candidate_id
        WHERE r.project_id = $1 ORDER BY r.dataset_id, r.id DESC)
     SELECT c.key, c.id AS "caseId", n.id AS "releaseId", n.name AS release
       FROM newest n JOIN test_case c ON c.dataset_id = n.dataset_id
      WHERE c.key ~* ALL ($3::text[])
      ORDER BY lower(c.key) <> lower($2), NOT starts_with(lower(c.key), lower($2)), length(c.key), c.key, n.id LIMIT ${most}`,
    [actor.projectId, wanted, words.map((word) => `(^|[^[:alnum:]])${word}`)],
  );
  return rows;
}

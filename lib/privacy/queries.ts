import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { pool } from "../db/client";
import type { Scope } from "./schema";

export type RedactionState = "requested" | "done" | "refused" | "withdrawn";

export type Redaction = {
  id: number;
  scope: Scope | "run";
  state: RedactionState;
  caseId: number | null;
  case: string | null;
  /** A release in which the case can be looked at; null: there is none. */
  releaseId: number | null;
  /** The version whose answer it is about, where it is about one. */
  version: string | null;
  reason: string;
  requestedById: number;
  requestedBy: string;
  requestedAt: Date;
  decidedBy: string | null;
  decidedAt: Date | null;
  /** Why it was refused. */
  answer: string | null;
  /** How many texts were removed. */
  texts: number;
  digest: string | null;
};

const columns = `x.id, x.scope::text, x.state::text, x.case_id AS "caseId", c.key AS "case",
  (SELECT max(l.id) FROM release l WHERE l.dataset_id = c.dataset_id) AS "releaseId", v.key AS version, x.reason,
  x.requested_by_id AS "requestedById", a.name AS "requestedBy", x.requested_at AS "requestedAt",
  b.name AS "decidedBy", x.decided_at AS "decidedAt", x.answer,
  (SELECT count(*)::int FROM tombstone k WHERE k.redaction_id = x.id) AS texts,
  CASE WHEN x.state = 'done' THEN redaction_digest(x.id) END AS digest`;
const tables = `redaction x JOIN app_user a ON a.id = x.requested_by_id LEFT JOIN app_user b ON b.id = x.decided_by_id
  LEFT JOIN test_case c ON c.id = x.case_id LEFT JOIN run r ON r.id = x.run_id LEFT JOIN prompt_version v ON v.id = r.version_id`;

/** The project's requests, those that wait first, then the newest. At most 200. */
export async function listRedactions(actor: Actor): Promise<Redaction[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<Redaction>(
    `SELECT ${columns} FROM ${tables} WHERE x.project_id = $1 ORDER BY x.state <> 'requested', x.id DESC LIMIT 200`,
    [actor.projectId],
  );
  return rows;
}

/** What was removed of a case, or is asked to be. */
export async function redactionsOf(actor: Actor, caseId: number): Promise<Redaction[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<Redaction>(
    `SELECT ${columns} FROM ${tables}
      WHERE x.project_id = $1 AND x.state IN ('requested', 'done')
        AND (x.case_id = $2 OR (x.scope = 'run' AND EXISTS (SELECT 1 FROM tombstone k WHERE k.redaction_id = x.id AND k.case_id = $2)))
      ORDER BY x.id`,
    [actor.projectId, caseId],
  );
  return rows;
}

export type Going = {
  /** Texts by the table they stand in. */
  places: { place: string; texts: number; bytes: number }[];
  /** Notes that were frozen, as they are, in evidence of earlier versions of this program, and stay there. */
  inEvidence: number;
  /** Entries of the audit log that quote a note, from before it kept digests of them. */
  inLog: number;
  /** Prompts, rubrics and named hunks of the project that hold one of the texts, word for word. */
  quotes: Quote[];
};

export type Quote = {
  kind: "version" | "judge" | "rubric" | "hunk";
  /** Of the prompt, the judge or the criterion. */
  name: string;
  /** Key or number of the version, key of the criterion, or the hunk. */
  part: string;
  /** Of the judge, of the newest one with this rubric, or of the release; null: there is none. */
  id: number | null;
};

/** Shorter texts stand in a prompt by chance. */
const tellsApart = 12;

/** Where else the project says what would go. Versions are JSON: a text is looked for as it is, and as JSON writes it. */
async function quotesOf(actor: Actor, id: number): Promise<Quote[]> {
  const { rows } = await pool().query<Quote>(
    `WITH going AS (
       SELECT DISTINCT btrim(t.content) AS text FROM redaction x CROSS JOIN LATERAL case_texts(x.scope, x.case_id, x.run_id) t
        WHERE x.id = $1 AND x.project_id = $2 AND x.state = 'requested' AND length(btrim(t.content)) >= ${tellsApart}
     ), said AS (
       SELECT text FROM going UNION SELECT substr(to_json(text)::text, 2, length(to_json(text)::text) - 2) FROM going
     ), place AS (
       SELECT 'version' AS kind, p.name, v.key AS part, NULL::int AS id, concat_ws(E'\n', v.content, v.message) AS text
         FROM prompt_version v JOIN prompt p ON p.id = v.prompt_id WHERE p.project_id = $2
       UNION ALL
       SELECT 'judge', j.key, jv.number::text, j.id, jv.prompt
         FROM judge_version jv JOIN judge j ON j.id = jv.judge_id WHERE j.project_id = $2
       UNION ALL
       SELECT 'rubric', k.name, k.key, (SELECT max(jv.judge_id) FROM judge_version jv WHERE jv.criterion_id = k.id), k.rubric
         FROM criterion k WHERE k.project_id = $2
       UNION ALL
       SELECT 'hunk', p.name, h.id, h.release_id, concat_ws(E'\n', h.before, h.after)
         FROM hunk h JOIN release r ON r.id = h.release_id JOIN prompt p ON p.id = r.prompt_id WHERE r.project_id = $2
     )
     SELECT kind, name, part, id FROM place WHERE EXISTS (SELECT 1 FROM said WHERE strpos(place.text, said.text) > 0)
      ORDER BY kind, name, part`,
    [id, actor.projectId],
  );
  return rows;
}

/** What a request would remove now, and what it can't reach. */
export async function goingWith(actor: Actor, id: number): Promise<Going> {
  permit(actor, "project.read");
  const [places, left, quotes] = await Promise.all([
    pool().query<Going["places"][number]>(
      `SELECT t.place, count(*)::int AS texts, sum(octet_length(t.content))::int AS bytes
         FROM redaction x CROSS JOIN LATERAL case_texts(x.scope, x.case_id, x.run_id) t
        WHERE x.id = $1 AND x.project_id = $2 AND x.state = 'requested' GROUP BY 1 ORDER BY 1`,
      [id, actor.projectId],
    ),
    pool().query<{ inEvidence: number; inLog: number }>(
      `SELECT (SELECT coalesce(sum(jsonb_array_length(jsonb_path_query_array(e.body::jsonb,
                        '$.reviews[*] ? (@.case == $key && @.note.type() == "string")', jsonb_build_object('key', c.key)))), 0)::int
                 FROM evidence e JOIN release r ON r.id = e.release_id
                WHERE r.dataset_id = c.dataset_id AND strpos(e.body, '"format":"countersign-evidence/1"') > 0) AS "inEvidence",
              (SELECT count(*)::int FROM audit_entry e
                WHERE e.project_id = x.project_id AND e.action IN ('review.skipped', 'review.adjudicated', 'review.returned')
                  AND convert_from(e.leaf, 'UTF8')::jsonb #>> '{details,case}' = c.key
                  AND 'string' IN (jsonb_typeof(convert_from(e.leaf, 'UTF8')::jsonb #> '{details,note}'),
                                   jsonb_typeof(convert_from(e.leaf, 'UTF8')::jsonb #> '{details,reason}'))) AS "inLog"
         FROM redaction x JOIN test_case c ON c.id = x.case_id WHERE x.id = $1 AND x.project_id = $2`,
      [id, actor.projectId],
    ),
    quotesOf(actor, id),
  ]);
  return { places: places.rows, inEvidence: left.rows[0]?.inEvidence ?? 0, inLog: left.rows[0]?.inLog ?? 0, quotes };
}

export type Answered = { runId: number; version: string; model: string; at: Date };

/** Whose answers to a case could be removed one by one, the newest first. */
export async function answersOf(actor: Actor, caseId: number): Promise<Answered[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<Answered>(
    `SELECT r.id AS "runId", v.key AS version, r.model, r.created_at AS at
       FROM run r JOIN prompt_version v ON v.id = r.version_id JOIN test_case c ON c.dataset_id = r.dataset_id
      WHERE c.id = $1 AND r.project_id = $2 AND EXISTS (SELECT 1 FROM output o WHERE o.run_id = r.id AND o.case_id = c.id)
      ORDER BY r.id DESC LIMIT 100`,
    [caseId, actor.projectId],
  );
  return rows;
}

import { expect, it } from "vitest";
import { pool } from "../db/client";
import { testDatabase } from "../testing/database";
import { weakPlaces } from "./roles";

const database = await testDatabase();

it("keeps every table that is only added to, and knows every table", async () => {
  expect(await weakPlaces(pool())).toEqual([]);
});

it("names each way by which a kept row could change", async () => {
  const names = async (sql: string, undo: string) => {
    await database.asOwner(sql);
    const found = await weakPlaces(pool());
    await database.asOwner(undo);
    return found;
  };
  expect(await names("CREATE TABLE fresh (id int)", "DROP TABLE fresh")).toEqual([
    "no list says whether rows of fresh may change",
  ]);
  expect(
    await names(
      "ALTER TABLE review DISABLE TRIGGER refuse_row_change",
      "ALTER TABLE review ENABLE ALWAYS TRIGGER refuse_row_change",
    ),
  ).toEqual(["the trigger refuse_row_change of review is off"]);
  expect(
    await names(
      "ALTER TABLE tombstone ENABLE TRIGGER refuse_truncate",
      "ALTER TABLE tombstone ENABLE ALWAYS TRIGGER refuse_truncate",
    ),
  ).toEqual(["the trigger refuse_truncate of tombstone is not always on"]);
  expect(
    await names(
      `ALTER TABLE evidence DROP CONSTRAINT evidence_release_id_fkey,
         ADD CONSTRAINT evidence_release_id_fkey FOREIGN KEY (release_id) REFERENCES release (id) ON DELETE CASCADE`,
      `ALTER TABLE evidence DROP CONSTRAINT evidence_release_id_fkey,
         ADD CONSTRAINT evidence_release_id_fkey FOREIGN KEY (release_id) REFERENCES release (id) ON DELETE RESTRICT ON UPDATE RESTRICT`,
    ),
  ).toEqual(["evidence_release_id_fkey carries changes of other rows into evidence"]);
  expect(
    await names(
      "GRANT EXECUTE ON FUNCTION redact(integer, integer) TO PUBLIC",
      "REVOKE EXECUTE ON FUNCTION redact(integer, integer) FROM PUBLIC",
    ),
  ).toEqual(["anybody may call redact() with the owner's rights"]);
  expect(await names("GRANT UPDATE ON sign_off TO PUBLIC", "REVOKE UPDATE ON sign_off FROM PUBLIC")).toEqual([
    "everybody may UPDATE on sign_off",
  ]);
});

it("has every text about a case among those that a removal takes, or says why not", async () => {
  const rows = await database.asOwner<{ at: string }>(
    `SELECT c.relname || '.' || a.attname AS at FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype)
        AND (c.relname = 'test_case' OR EXISTS (SELECT 1 FROM pg_attribute k WHERE k.attrelid = c.oid AND k.attname IN ('case_id', 'check_id', 'sentinel_id') AND k.attnum > 0))
      ORDER BY 1`,
  );
  const [source] = await database.asOwner<{ text: string }>(
    "SELECT pg_get_functiondef('case_texts(redaction_scope, integer, integer)'::regprocedure) AS text",
  );
  /** Names, keys and choices: no content of a case. */
  const others = [
    "test_case.key test_case.input_digest test_case.slice test_case.generator",
    "output.model draw.stratum chosen_case.chosen_by case_tag.tag case_tag.tagged_by",
    "review.task_id review_task.id answer_comment.task_id adjudication.task_id adjudication_task.id adjudication_task.outcome",
    "review_check.id check_grade.check_id imported_review.reviewer imported_preference.reviewer",
    "sentinel.key sentinel.kind sentinel.seed sentinel.created_by sentinel_strike.reason sentinel_strike.struck_by",
    "attribution.effect redaction.reason redaction.answer tombstone.place tombstone.row_key tombstone.field tombstone.digest tombstone.shown",
    // Rewritten by redact() itself.
    "search_text.text",
  ].flatMap((line) => line.split(" "));
  const removed = (at: string) => {
    const [table, column] = at.split(".");
    return new RegExp(`'${table}'(?: AS place)?, to_jsonb\\([^;]*?ARRAY\\[[^\\]]*'${column}'`).test(source!.text);
  };
  expect(rows.map(({ at }) => at).filter((at) => !others.includes(at) && !removed(at))).toEqual([]);
});

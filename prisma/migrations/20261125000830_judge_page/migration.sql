-- Somebody has seen that a judge version moved, and says what follows. One word for one alarm: a version that moved stays
-- so until another takes its place.
CREATE TABLE "alarm_acknowledgement" (
    "judge_version_id" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "acknowledged_by" TEXT NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alarm_acknowledgement_pkey" PRIMARY KEY ("judge_version_id")
);

ALTER TABLE "alarm_acknowledgement" ADD CONSTRAINT "alarm_acknowledgement_judge_version_id_fkey" FOREIGN KEY ("judge_version_id") REFERENCES "judge_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "alarm_acknowledgement" ADD CONSTRAINT "alarm_acknowledgement_says_why" CHECK (btrim("reason") <> '');
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "alarm_acknowledgement" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "alarm_acknowledgement" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE "alarm_acknowledgement" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- An answer may be judged several times. Its further verdicts stand behind those of repeat 0, on the answer's line; a run
-- without any keeps the digest it has.
CREATE OR REPLACE FUNCTION "run_digest"("run" integer) RETURNS text LANGUAGE sql STABLE SET enable_nestloop = off AS $$
  WITH judged AS (
    SELECT v.case_id, v.repeat,
           string_agg(jv.digest || '=' || v.verdict || ':' || coalesce(v.score::text, ''), ',' ORDER BY jv.digest COLLATE "C") AS verdicts
      FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id
     WHERE v.run_id = "run"
     GROUP BY v.case_id, v.repeat
  ), again AS (
    SELECT v.case_id,
           string_agg(jv.digest || '#' || v.repeat || '=' || v.verdict || ':' || coalesce(v.score::text, ''), ','
             ORDER BY jv.digest COLLATE "C", v.repeat) AS verdicts
      FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id
     WHERE v.run_id = "run" AND v.repeat > 0
       AND NOT EXISTS (SELECT 1 FROM output o WHERE o.run_id = "run" AND o.case_id = v.case_id AND o.repeat = v.repeat)
     GROUP BY v.case_id
  ), pair AS (
    SELECT * FROM preference_verdict WHERE first_run_id = "run"
    UNION ALL
    SELECT * FROM preference_verdict WHERE second_run_id = "run"
  ), compared AS (
    SELECT v.case_id, v.repeat,
           string_agg(jv.digest || '=' || a.digest || '~' || b.digest || '=' || v.prefer || ':' || coalesce(v.score::text, ''), ','
             ORDER BY jv.digest COLLATE "C", a.digest COLLATE "C", b.digest COLLATE "C") AS verdicts
      FROM pair v JOIN judge_version jv ON jv.id = v.judge_version_id
      JOIN run x ON x.id = v.first_run_id JOIN prompt_version a ON a.id = x.version_id
      JOIN run y ON y.id = v.second_run_id JOIN prompt_version b ON b.id = y.version_id
     GROUP BY v.case_id, v.repeat
  ), line AS (
    SELECT c.key, o.repeat,
           c.key || ' ' || o.repeat || ' ' || c.input_digest
           || ' ' || coalesce(encode(sha256(convert_to(o.output, 'UTF8')), 'hex'), '-')
           || ' ' || coalesce(encode(sha256(convert_to(o.error, 'UTF8')), 'hex'), '-')
           || ' ' || coalesce(j.verdicts, '-')
           || coalesce(' ' || p.verdicts, '')
           || coalesce(' ' || a.verdicts, '') AS text
      FROM output o
      JOIN test_case c ON c.id = o.case_id
      LEFT JOIN judged j ON j.case_id = o.case_id AND j.repeat = o.repeat
      LEFT JOIN compared p ON p.case_id = o.case_id AND p.repeat = o.repeat
      LEFT JOIN again a ON a.case_id = o.case_id AND o.repeat = 0
     WHERE o.run_id = "run"
  )
  SELECT encode(sha256(convert_to(coalesce(string_agg(text, E'\n' ORDER BY key COLLATE "C", repeat), ''), 'UTF8')), 'hex') FROM line
$$;

-- Pairwise preference: a criterion may ask which of two answers is better, instead of whether one passes.

CREATE TYPE "criterion_kind" AS ENUM ('pass_fail', 'preference');
CREATE TYPE "preference" AS ENUM ('first', 'second', 'tie', 'error');
CREATE TYPE "imported_preference_value" AS ENUM ('first', 'second', 'tie', 'unsure');

ALTER TABLE "criterion" ADD COLUMN "kind" "criterion_kind" NOT NULL DEFAULT 'pass_fail';

-- First and second are the order in which the judge saw the answers; the same pair in the other order is another row.
CREATE TABLE "preference_verdict" (
    "first_run_id" INTEGER NOT NULL REFERENCES "run" ("id"),
    "second_run_id" INTEGER NOT NULL REFERENCES "run" ("id"),
    "case_id" INTEGER NOT NULL,
    "judge_version_id" INTEGER NOT NULL,
    "repeat" SMALLINT NOT NULL DEFAULT 0,
    "prefer" "preference" NOT NULL,
    "score" DOUBLE PRECISION,
    "rationale" TEXT,
    "at" TIMESTAMPTZ(3),
    "metadata" TEXT,

    CONSTRAINT "preference_verdict_pkey" PRIMARY KEY ("first_run_id","second_run_id","judge_version_id","case_id","repeat") INCLUDE ("prefer"),
    CONSTRAINT "preference_verdict_is_between_two_runs" CHECK ("first_run_id" <> "second_run_id")
);

CREATE TABLE "imported_preference" (
    "first_run_id" INTEGER NOT NULL REFERENCES "run" ("id"),
    "second_run_id" INTEGER NOT NULL REFERENCES "run" ("id"),
    "case_id" INTEGER NOT NULL,
    "criterion_id" INTEGER NOT NULL,
    "reviewer" TEXT NOT NULL,
    "prefer" "imported_preference_value" NOT NULL,
    "note" TEXT,
    "tags" TEXT[],
    "at" TIMESTAMPTZ(3),
    "metadata" TEXT,

    CONSTRAINT "imported_preference_pkey" PRIMARY KEY ("first_run_id","second_run_id","criterion_id","reviewer","case_id"),
    CONSTRAINT "imported_preference_is_between_two_runs" CHECK ("first_run_id" <> "second_run_id")
);

-- Which judge versions compared two runs, in which order, with their tallies.
CREATE TABLE "run_pair_judge" (
    "first_run_id" INTEGER NOT NULL,
    "second_run_id" INTEGER NOT NULL,
    "judge_version_id" INTEGER NOT NULL,
    "first" INTEGER NOT NULL,
    "second" INTEGER NOT NULL,
    "tie" INTEGER NOT NULL,
    "error" INTEGER NOT NULL,

    CONSTRAINT "run_pair_judge_pkey" PRIMARY KEY ("first_run_id","second_run_id","judge_version_id")
);
CREATE INDEX "run_pair_judge_second_run_id_idx" ON "run_pair_judge" ("second_run_id");
CREATE INDEX "run_pair_judge_judge_version_id_idx" ON "run_pair_judge" ("judge_version_id");
ALTER TABLE "run_pair_judge" ADD CONSTRAINT "run_pair_judge_first_run_id_fkey" FOREIGN KEY ("first_run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "run_pair_judge" ADD CONSTRAINT "run_pair_judge_second_run_id_fkey" FOREIGN KEY ("second_run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "run_pair_judge" ADD CONSTRAINT "run_pair_judge_judge_version_id_fkey" FOREIGN KEY ("judge_version_id") REFERENCES "judge_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A verdict on one answer is of a pass/fail criterion's judge, a verdict on two of a preference criterion's. Checked where
-- judges and runs meet, once per import, not on every row.
CREATE FUNCTION "refuse_other_kind"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT c.kind::text FROM judge_version jv JOIN criterion c ON c.id = jv.criterion_id WHERE jv.id = NEW.judge_version_id) <> TG_ARGV[0] THEN
    RAISE EXCEPTION 'judge version % does not judge a % criterion', NEW.judge_version_id, TG_ARGV[0] USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER "run_judge_is_pass_fail" BEFORE INSERT OR UPDATE ON "run_judge" FOR EACH ROW EXECUTE FUNCTION refuse_other_kind('pass_fail');
CREATE TRIGGER "run_pair_judge_is_preference" BEFORE INSERT OR UPDATE ON "run_pair_judge" FOR EACH ROW EXECUTE FUNCTION refuse_other_kind('preference');

CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "imported_preference" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "imported_preference" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE "imported_preference" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- A preference belongs to both of its runs: it stands in the digest of each, with the digests of the two versions in the
-- order in which they were shown. A run without preferences keeps the digest it has.
CREATE OR REPLACE FUNCTION "run_digest"("run" integer) RETURNS text LANGUAGE sql STABLE SET enable_nestloop = off AS $$
  WITH judged AS (
    SELECT v.case_id, v.repeat,
           string_agg(jv.digest || '=' || v.verdict || ':' || coalesce(v.score::text, ''), ',' ORDER BY jv.digest COLLATE "C") AS verdicts
      FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id
     WHERE v.run_id = "run"
     GROUP BY v.case_id, v.repeat
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
           || coalesce(' ' || p.verdicts, '') AS text
      FROM output o
      JOIN test_case c ON c.id = o.case_id
      LEFT JOIN judged j ON j.case_id = o.case_id AND j.repeat = o.repeat
      LEFT JOIN compared p ON p.case_id = o.case_id AND p.repeat = o.repeat
     WHERE o.run_id = "run"
  )
  SELECT encode(sha256(convert_to(coalesce(string_agg(text, E'\n' ORDER BY key COLLATE "C", repeat), ''), 'UTF8')), 'hex') FROM line
$$;

CREATE OR REPLACE FUNCTION "analyze_loaded_tables"() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  ANALYZE test_case;
  ANALYZE output;
  ANALYZE verdict;
  ANALYZE imported_review;
  ANALYZE run_judge;
  ANALYZE preference_verdict;
  ANALYZE imported_preference;
  ANALYZE run_pair_judge;
END
$$;
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION analyze_loaded_tables() SET search_path = pg_catalog, %I, pg_temp', current_schema());
END $$;

-- A reference that is checked a row at a time costs more than storing the row. Rows of the big tables come by imports alone,
-- which count them once all are stored; and a run that has rows stays.
ALTER TABLE "output" DROP CONSTRAINT "output_run_id_fkey";
ALTER TABLE "verdict" DROP CONSTRAINT "verdict_run_id_fkey";
ALTER TABLE "imported_review" DROP CONSTRAINT "imported_review_run_id_fkey";

CREATE FUNCTION "refuse_orphans"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM output WHERE run_id = OLD.id) OR EXISTS (SELECT 1 FROM verdict WHERE run_id = OLD.id)
     OR EXISTS (SELECT 1 FROM imported_review WHERE run_id = OLD.id) THEN
    RAISE EXCEPTION 'run % has rows: % is refused', OLD.id, TG_OP USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER "run_keeps_its_rows" BEFORE DELETE OR UPDATE OF "id" ON "run" FOR EACH ROW EXECUTE FUNCTION refuse_orphans();

-- What the rows of a run are, counted where they are stored: an import compares it with what it read.
CREATE FUNCTION "stored_rows"("runs" integer[]) RETURNS TABLE ("outputs" bigint, "verdicts" bigint, "reviews" bigint)
LANGUAGE sql STABLE AS $$
  SELECT (SELECT count(*) FROM output WHERE run_id = ANY ("runs")),
         (SELECT count(*) FROM verdict WHERE run_id = ANY ("runs"))
           + (SELECT count(*) FROM preference_verdict WHERE first_run_id = ANY ("runs")),
         (SELECT count(*) FROM imported_review WHERE run_id = ANY ("runs"))
           + (SELECT count(*) FROM imported_preference WHERE first_run_id = ANY ("runs"))
$$;

-- No query is planned by what long texts are, and finding it out takes most of the time of ANALYZE.
ALTER TABLE "test_case" ALTER COLUMN "input" SET STATISTICS 0, ALTER COLUMN "input_digest" SET STATISTICS 0,
  ALTER COLUMN "reference" SET STATISTICS 0, ALTER COLUMN "generator" SET STATISTICS 0, ALTER COLUMN "metadata" SET STATISTICS 0;
ALTER TABLE "output" ALTER COLUMN "output" SET STATISTICS 0, ALTER COLUMN "error" SET STATISTICS 0,
  ALTER COLUMN "model" SET STATISTICS 0, ALTER COLUMN "metadata" SET STATISTICS 0;
ALTER TABLE "verdict" ALTER COLUMN "rationale" SET STATISTICS 0, ALTER COLUMN "metadata" SET STATISTICS 0;
ALTER TABLE "imported_review" ALTER COLUMN "note" SET STATISTICS 0, ALTER COLUMN "metadata" SET STATISTICS 0;
ALTER TABLE "preference_verdict" ALTER COLUMN "rationale" SET STATISTICS 0, ALTER COLUMN "metadata" SET STATISTICS 0;
ALTER TABLE "imported_preference" ALTER COLUMN "note" SET STATISTICS 0, ALTER COLUMN "metadata" SET STATISTICS 0;

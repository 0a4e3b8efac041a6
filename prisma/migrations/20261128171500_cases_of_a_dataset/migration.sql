-- As for the rows of a run: looking the dataset up for each case took three quarters as long as storing the case. Cases come by
-- imports alone, which find or make their dataset in the same transaction and hold it by the run's own reference; and a dataset
-- that has cases stays.
ALTER TABLE "test_case" DROP CONSTRAINT "test_case_dataset_id_fkey";

CREATE FUNCTION "refuse_orphan_cases"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM test_case WHERE dataset_id = OLD.id) THEN
    RAISE EXCEPTION 'dataset % has cases: % is refused', OLD.id, TG_OP USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER "dataset_keeps_its_cases" BEFORE DELETE OR UPDATE OF "id" ON "dataset" FOR EACH ROW EXECUTE FUNCTION refuse_orphan_cases();

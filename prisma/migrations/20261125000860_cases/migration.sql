-- Cases that somebody chose for people to grade. Nobody knows how likely it was that they were chosen, so they have no
-- stratum and no probability, and stand apart from the draws that estimates rest on.
CREATE TABLE "chosen_case" (
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  -- Place among the chosen ones: they come after all drawn ones.
  "position" INTEGER NOT NULL,
  "swapped" BOOLEAN NOT NULL,
  -- Has seen both answers and what the judge says: others grade the case. Null: a token that is nobody's.
  "chosen_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "chosen_by" TEXT NOT NULL,
  "chosen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  PRIMARY KEY ("release_id", "case_id"),
  UNIQUE ("release_id", "position")
);

-- What people are asked to grade: drawn cases, then chosen ones. A case that is both is drawn.
CREATE VIEW "queue_case" AS
  SELECT "release_id", "case_id", false AS "chosen", "position", "swapped", NULL::integer AS "chosen_by_id" FROM "draw"
  UNION ALL
  SELECT "release_id", "case_id", true, "position", "swapped", "chosen_by_id" FROM "chosen_case" k
   WHERE NOT EXISTS (SELECT 1 FROM "draw" d WHERE d."release_id" = k."release_id" AND d."case_id" = k."case_id");

-- Tags that people of the project gave to a case, beside those it came with.
CREATE TABLE "case_tag" (
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  "tag" TEXT NOT NULL CHECK ("tag" = btrim("tag") AND length("tag") BETWEEN 1 AND 100),
  "tagged_by" TEXT NOT NULL,
  "tagged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  PRIMARY KEY ("case_id", "tag")
);
CREATE INDEX "case_tag_tag_idx" ON "case_tag" ("tag", "case_id");

-- Filters, order and columns of the Cases table that a person keeps under a name, or shares with the project: the query of
-- its address.
CREATE TABLE "saved_view" (
  "id" SERIAL PRIMARY KEY,
  "project_id" INTEGER NOT NULL REFERENCES "project" ("id") ON DELETE RESTRICT,
  "user_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "name" TEXT NOT NULL CHECK (length("name") BETWEEN 1 AND 100),
  "query" TEXT NOT NULL CHECK (length("query") <= 4000),
  "shared" BOOLEAN NOT NULL DEFAULT false,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  UNIQUE ("project_id", "user_id", "name")
);
CREATE UNIQUE INDEX "saved_view_shared_key" ON "saved_view" ("project_id", "name") WHERE "shared";

-- Filters and orders of the Cases table.
CREATE INDEX "test_case_dataset_id_slice_idx" ON "test_case" ("dataset_id", (coalesce("slice", '')), "id");
CREATE INDEX "test_case_tags_idx" ON "test_case" USING gin ("tags") WHERE "tags" <> '{}';

-- What a search of Cases looks through: for each answer of a run the case's key, its input and the answer, in lower case.
-- A partition a run, filled and indexed in one go some time after the import; until then a search reads the rows themselves.
CREATE TABLE "search_text" (
  "run_id" INTEGER NOT NULL,
  "case_id" INTEGER NOT NULL,
  "text" TEXT NOT NULL
) PARTITION BY LIST ("run_id");
ALTER TABLE "run" ADD COLUMN "searchable" BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX "run_not_searchable_idx" ON "run" ("id") WHERE NOT "searchable";

-- Trigrams find any part of any text. A server that lacks them searches without.
DO $$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
  RAISE NOTICE 'pg_trgm is not there: %', SQLERRM;
END $$;

-- With the owner's rights, because only a table's owner may add to it. False when somebody else is at it.
CREATE FUNCTION "make_searchable"("wanted" integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
  SET maintenance_work_mem = '256MB' AS $$
DECLARE
  part text := format('search_text_%s', "wanted");
  trigrams text;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7103, "wanted") THEN RETURN false; END IF;
  IF NOT EXISTS (SELECT 1 FROM run r WHERE r.id = "wanted" AND r.digest <> '' AND NOT r.searchable) THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE search_text, CHECK (run_id = %s))', part, "wanted");
  EXECUTE format('INSERT INTO %I SELECT o.run_id, o.case_id, lower(c.key || E''\n'' || c.input || E''\n'' || coalesce(o.output, o.error))
    FROM output o JOIN test_case c ON c.id = o.case_id WHERE o.run_id = %s AND o.repeat = 0 ORDER BY o.case_id', part, "wanted");
  EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (case_id)', part);
  SELECT quote_ident(n.nspname) || '.gin_trgm_ops' INTO trigrams
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
  IF trigrams IS NOT NULL THEN EXECUTE format('CREATE INDEX ON %I USING gin (text %s)', part, trigrams); END IF;
  EXECUTE format('ANALYZE %I', part);
  EXECUTE format('ALTER TABLE search_text ATTACH PARTITION %I FOR VALUES IN (%s)', part, "wanted");
  UPDATE run SET searchable = true WHERE id = "wanted";
  RETURN true;
END
$$;
REVOKE ALL ON FUNCTION "make_searchable"(integer) FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION make_searchable(integer) SET search_path = %I, pg_temp', current_schema());
END $$;

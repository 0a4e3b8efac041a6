-- Which change in the prompt a reviewer holds for the reason that an answer got better or worse. The hunks are kept as they
-- were read, so that an attribution can be understood whatever a later version makes of the difference.
CREATE TABLE "hunk" (
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  -- From its content: the same change has the same id everywhere.
  "id" TEXT NOT NULL CHECK ("id" ~ '^[0-9a-f]{12}$'),
  "kind" TEXT NOT NULL CHECK ("kind" IN ('message', 'parameter', 'model', 'tool')),
  "change" TEXT NOT NULL CHECK ("change" IN ('changed', 'added', 'removed', 'moved')),
  -- The role of the message, the tool or the parameter.
  "place" TEXT NOT NULL,
  "before" TEXT,
  "after" TEXT,
  PRIMARY KEY ("release_id", "id")
);

CREATE TABLE "attribution" (
  "id" SERIAL PRIMARY KEY,
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  "criterion_id" INTEGER NOT NULL REFERENCES "criterion" ("id") ON DELETE RESTRICT,
  "reviewer_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  -- What the reviewer's own grades made of the two answers at that time.
  "effect" TEXT NOT NULL CHECK ("effect" IN ('helped', 'hurt')),
  -- Empty: no hunk is the reason.
  "hunks" TEXT[] NOT NULL,
  "supersedes_id" INTEGER UNIQUE REFERENCES "attribution" ("id") ON DELETE RESTRICT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE INDEX "attribution_case" ON "attribution" ("release_id", "case_id");
-- One line of corrections for each person, case and criterion.
CREATE UNIQUE INDEX "attribution_begins_once" ON "attribution" ("release_id", "case_id", "criterion_id", "reviewer_id") WHERE "supersedes_id" IS NULL;

CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "hunk" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "hunk" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE "hunk" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "attribution" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "attribution" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE "attribution" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- What each grader's current grades make of the two answers of a case: the candidate helped where the baseline fails and
-- the candidate passes, or is preferred; it hurt the other way round. Who graded both alike is not in here.
CREATE VIEW "graded_effect" AS
SELECT g.release_id, g.case_id, g.criterion_id, g.reviewer_id,
       CASE WHEN (g.before = 'fail' AND g.after = 'pass') OR g.prefer = 'candidate' THEN 'helped' ELSE 'hurt' END AS effect
  FROM (
    SELECT rv.release_id, rv.case_id, rv.criterion_id, rv.reviewer_id,
           max(rv.verdict::text) FILTER (WHERE rv.run_id = r.baseline_run_id) AS before,
           max(rv.verdict::text) FILTER (WHERE rv.run_id = r.candidate_run_id) AS after,
           max(rv.prefer::text) AS prefer
      FROM review rv JOIN release r ON r.id = rv.release_id
     WHERE NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
     GROUP BY 1, 2, 3, 4
  ) g
 WHERE (g.before, g.after) IN (('fail', 'pass'), ('pass', 'fail')) OR g.prefer IN ('baseline', 'candidate');

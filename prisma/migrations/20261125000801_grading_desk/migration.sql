-- A reviewer's comment on some words of an answer. Anchored by the words themselves and those before them (W3C Web
-- Annotation, text quote selector): the same words are found however the answer is laid out. Append-only.
CREATE TABLE "answer_comment" (
  "id" SERIAL PRIMARY KEY,
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  "run_id" INTEGER NOT NULL REFERENCES "run" ("id") ON DELETE RESTRICT,
  "reviewer_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "task_id" TEXT NOT NULL REFERENCES "review_task" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "quote" TEXT NOT NULL CHECK (char_length("quote") BETWEEN 1 AND 2000),
  "prefix" TEXT NOT NULL CHECK (char_length("prefix") <= 200),
  "comment" TEXT NOT NULL CHECK (char_length("comment") BETWEEN 1 AND 10000),
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE INDEX "answer_comment_case" ON "answer_comment" ("release_id", "case_id");
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "answer_comment" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "answer_comment" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE "answer_comment" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- The failure tags of a project. Grades keep the word they were given with; a tag that was renamed or merged points to
-- the one that stands for it now.
CREATE TABLE "failure_tag" (
  "id" SERIAL PRIMARY KEY,
  "project_id" INTEGER NOT NULL REFERENCES "project" ("id") ON DELETE RESTRICT,
  "name" TEXT NOT NULL CHECK ("name" = btrim("name") AND char_length("name") BETWEEN 1 AND 100),
  "merged_into_id" INTEGER REFERENCES "failure_tag" ("id") ON DELETE RESTRICT CHECK ("merged_into_id" <> "id"),
  "created_by" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  UNIQUE ("project_id", "name")
);
INSERT INTO "failure_tag" ("project_id", "name", "created_by")
SELECT r.project_id, btrim(tag), min(u.name) FROM review rv JOIN release r ON r.id = rv.release_id JOIN app_user u ON u.id = rv.reviewer_id
 CROSS JOIN LATERAL unnest(rv.tags) AS tag WHERE btrim(tag) <> '' GROUP BY 1, 2;

-- An answer, or a part of one, that shows what a criterion's rubric means.
CREATE TABLE "criterion_example" (
  "id" SERIAL PRIMARY KEY,
  "criterion_id" INTEGER NOT NULL REFERENCES "criterion" ("id") ON DELETE RESTRICT,
  "verdict" "grade" NOT NULL CHECK ("verdict" <> 'unsure'),
  "text" TEXT NOT NULL CHECK (char_length("text") BETWEEN 1 AND 4000),
  "why" TEXT NOT NULL CHECK (char_length("why") BETWEEN 1 AND 1000),
  "created_by" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "removed_at" TIMESTAMPTZ(3)
);
CREATE INDEX "criterion_example_criterion" ON "criterion_example" ("criterion_id") WHERE "removed_at" IS NULL;

-- Checks on people's grading: a case that this person graded before, once more; or a case with a sentinel in place of the
-- candidate's answer. They look like any other case in the queue. Their grades stand here and nowhere else, so no estimate,
-- gate or evidence ever reads them.
CREATE TABLE "review_check" (
  "id" TEXT PRIMARY KEY,
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "reviewer_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  -- Null: an exact repeat.
  "sentinel_id" INTEGER REFERENCES "sentinel" ("id") ON DELETE RESTRICT,
  "swapped" BOOLEAN NOT NULL,
  "claimed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "completed_at" TIMESTAMPTZ(3),
  "skipped_at" TIMESTAMPTZ(3)
);
-- Nobody is checked twice with the same case or the same sentinel.
CREATE UNIQUE INDEX "review_check_once" ON "review_check" ("release_id", "reviewer_id", "case_id", coalesce("sentinel_id", 0));

CREATE TABLE "check_grade" (
  "check_id" TEXT NOT NULL REFERENCES "review_check" ("id") ON DELETE RESTRICT,
  "criterion_id" INTEGER NOT NULL REFERENCES "criterion" ("id") ON DELETE RESTRICT,
  -- As it was shown; for a preference, where the candidate stood.
  "side" CHAR(1) NOT NULL CHECK ("side" IN ('A', 'B')),
  "verdict" "grade",
  "prefer" "grade_preference",
  "note" TEXT,
  "took_ms" INTEGER CHECK ("took_ms" >= 0),
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  PRIMARY KEY ("check_id", "criterion_id", "side"),
  CONSTRAINT "check_grade_is_verdict_or_preference" CHECK (("verdict" IS NULL) <> ("prefer" IS NULL))
);

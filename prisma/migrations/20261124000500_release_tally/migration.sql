-- A release's cases counted by what is known of them before people look. Runs never change, so neither do the counts:
-- taken once when the release is made, they spare every look at it a count over all verdicts.
CREATE TABLE "release_tally" (
  "id" SERIAL PRIMARY KEY,
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "judge_version_id" INTEGER REFERENCES "judge_version" ("id") ON DELETE RESTRICT,
  "must_pass" BOOLEAN NOT NULL,
  "slice" TEXT,
  "primary_baseline" "verdict_value",
  "primary_candidate" "verdict_value",
  "judged_baseline" "verdict_value",
  "judged_candidate" "verdict_value",
  "cases" INTEGER NOT NULL CHECK ("cases" > 0)
);
CREATE INDEX "release_tally_release_id_judge_version_id_idx" ON "release_tally" ("release_id", "judge_version_id");

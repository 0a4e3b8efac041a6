-- Sentinels: answers known to be bad (or good), given to a judge to see whether it notices. They are no case of any dataset,
-- have no draw and no review, and so enter no estimate.
CREATE TABLE "sentinel" (
  "id" SERIAL PRIMARY KEY,
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "criterion_id" INTEGER NOT NULL REFERENCES "criterion" ("id") ON DELETE RESTRICT,
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  "key" TEXT NOT NULL UNIQUE CHECK ("key" ~ '^[0-9a-f]{24}$'),
  "kind" TEXT NOT NULL CHECK ("kind" IN ('swap', 'truncate', 'negate', 'contradict_reference', 'inject', 'good', 'reference')),
  "expected" "verdict_value" NOT NULL CHECK ("expected" = CASE WHEN "kind" IN ('good', 'reference') THEN 'pass'::verdict_value ELSE 'fail'::verdict_value END),
  "text" TEXT NOT NULL,
  "seed" TEXT NOT NULL,
  "created_by" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  UNIQUE ("release_id", "criterion_id", "case_id", "kind")
);

CREATE TABLE "sentinel_strike" (
  "sentinel_id" INTEGER PRIMARY KEY REFERENCES "sentinel" ("id") ON DELETE RESTRICT,
  "reason" TEXT NOT NULL CHECK (length("reason") > 0),
  "struck_by" TEXT NOT NULL,
  "struck_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);

CREATE TABLE "sentinel_verdict" (
  "sentinel_id" INTEGER NOT NULL REFERENCES "sentinel" ("id") ON DELETE RESTRICT,
  "judge_version_id" INTEGER NOT NULL REFERENCES "judge_version" ("id") ON DELETE RESTRICT,
  "verdict" "verdict_value" NOT NULL,
  "score" DOUBLE PRECISION,
  "rationale" TEXT,
  "taken_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  PRIMARY KEY ("sentinel_id", "judge_version_id")
);
CREATE INDEX "sentinel_verdict_judge_version_id_idx" ON "sentinel_verdict" ("judge_version_id");

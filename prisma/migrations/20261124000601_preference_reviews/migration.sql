-- A grade on a preference criterion is of the case, not of one output: which version's answer does a person prefer? It
-- stands in `review` beside the others, so that claims, corrections and the append-only rule are the same for both.
CREATE TYPE "grade_preference" AS ENUM ('baseline', 'candidate', 'tie', 'unsure');
ALTER TABLE "review" ADD COLUMN "prefer" "grade_preference";
ALTER TABLE "review" ALTER COLUMN "run_id" DROP NOT NULL;
ALTER TABLE "review" ALTER COLUMN "verdict" DROP NOT NULL;
ALTER TABLE "review" ADD CONSTRAINT "review_is_a_verdict_on_one_output_or_a_preference"
  CHECK (("prefer" IS NULL) = ("run_id" IS NOT NULL) AND ("prefer" IS NULL) = ("verdict" IS NOT NULL));

DROP INDEX "review_first_grade_once";
CREATE UNIQUE INDEX "review_first_grade_once" ON "review" ("release_id", "case_id", "run_id", "criterion_id", "reviewer_id")
  NULLS NOT DISTINCT WHERE "supersedes_id" IS NULL;

-- What a judge prefers, from what it said with the baseline shown first and with the candidate shown first: `baseline`,
-- `candidate`, `tie`, `error`, or `flip` when the order decided; null when it said nothing.
CREATE FUNCTION "judged_preference"("baseline_first" "preference", "candidate_first" "preference") RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN baseline_first = 'error' OR candidate_first = 'error' THEN 'error'
    WHEN candidate_first IS NULL THEN CASE baseline_first WHEN 'first' THEN 'baseline' WHEN 'second' THEN 'candidate' WHEN 'tie' THEN 'tie' END
    WHEN baseline_first IS NULL OR baseline_first = 'tie' AND candidate_first = 'tie'
      OR baseline_first = 'first' AND candidate_first = 'second' OR baseline_first = 'second' AND candidate_first = 'first'
      THEN CASE candidate_first WHEN 'first' THEN 'candidate' WHEN 'second' THEN 'baseline' ELSE 'tie' END
    ELSE 'flip'
  END
$$;

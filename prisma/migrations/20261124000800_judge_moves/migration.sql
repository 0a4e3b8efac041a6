-- CreateTable
CREATE TABLE "rejudging" (
    "run_id" INTEGER NOT NULL,
    "judge_version_id" INTEGER NOT NULL,
    "pass_pass" INTEGER NOT NULL,
    "pass_fail" INTEGER NOT NULL,
    "fail_pass" INTEGER NOT NULL,
    "fail_fail" INTEGER NOT NULL,
    "error" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rejudging_pkey" PRIMARY KEY ("run_id","judge_version_id")
);

-- CreateTable
CREATE TABLE "anchor" (
    "id" SERIAL NOT NULL,
    "judge_version_id" INTEGER NOT NULL,
    "run_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "choice" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "anchor_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "anchor_case" (
    "anchor_id" INTEGER NOT NULL,
    "case_id" INTEGER NOT NULL,

    CONSTRAINT "anchor_case_pkey" PRIMARY KEY ("anchor_id","case_id")
);

-- CreateTable
CREATE TABLE "anchor_take" (
    "anchor_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "judged_at" TIMESTAMPTZ(3) NOT NULL,
    "digest" TEXT NOT NULL,
    "pass_pass" INTEGER NOT NULL,
    "pass_fail" INTEGER NOT NULL,
    "fail_pass" INTEGER NOT NULL,
    "fail_fail" INTEGER NOT NULL,
    "error" INTEGER NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "anchor_take_pkey" PRIMARY KEY ("anchor_id","number")
);

-- CreateTable
CREATE TABLE "anchor_verdict" (
    "anchor_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "case_id" INTEGER NOT NULL,
    "verdict" "verdict_value" NOT NULL,

    CONSTRAINT "anchor_verdict_pkey" PRIMARY KEY ("anchor_id","number","case_id")
);

-- CreateIndex
CREATE INDEX "rejudging_judge_version_id_idx" ON "rejudging"("judge_version_id");

-- CreateIndex
CREATE INDEX "anchor_run_id_idx" ON "anchor"("run_id");

-- CreateIndex
CREATE UNIQUE INDEX "anchor_judge_version_id_name_key" ON "anchor"("judge_version_id", "name");

-- AddForeignKey
ALTER TABLE "rejudging" ADD CONSTRAINT "rejudging_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rejudging" ADD CONSTRAINT "rejudging_judge_version_id_fkey" FOREIGN KEY ("judge_version_id") REFERENCES "judge_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "anchor" ADD CONSTRAINT "anchor_judge_version_id_fkey" FOREIGN KEY ("judge_version_id") REFERENCES "judge_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "anchor" ADD CONSTRAINT "anchor_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "anchor_case" ADD CONSTRAINT "anchor_case_anchor_id_fkey" FOREIGN KEY ("anchor_id") REFERENCES "anchor"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "anchor_take" ADD CONSTRAINT "anchor_take_anchor_id_fkey" FOREIGN KEY ("anchor_id") REFERENCES "anchor"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "anchor_verdict" ADD CONSTRAINT "anchor_verdict_anchor_id_number_fkey" FOREIGN KEY ("anchor_id", "number") REFERENCES "anchor_take"("anchor_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "anchor_case" ADD CONSTRAINT "anchor_case_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "test_case" ("id") ON DELETE RESTRICT;
ALTER TABLE "anchor_verdict" ADD CONSTRAINT "anchor_verdict_case_fkey"
  FOREIGN KEY ("anchor_id", "case_id") REFERENCES "anchor_case" ("anchor_id", "case_id") ON DELETE RESTRICT;

ALTER TABLE "anchor" ADD CONSTRAINT "anchor_digest_is_sha256" CHECK ("digest" ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT "anchor_size" CHECK ("size" BETWEEN 1 AND 10000);
ALTER TABLE "anchor_take" ADD CONSTRAINT "anchor_take_digest_is_sha256" CHECK ("digest" ~ '^[0-9a-f]{64}$'),
  ADD CONSTRAINT "anchor_take_number" CHECK ("number" > 0);

-- Of a run's answers that are byte for byte those of the judging before, by the same judge version: how many verdicts
-- stayed and how many changed. The judging before is the last one of the same prompt version, or the last of the dataset.
-- All four are read in the order of their keys: the planner, which expects few equal outputs, would look up each verdict by
-- itself, at four times the cost.
CREATE FUNCTION "count_rejudged"("run" integer, "judge_version" integer)
RETURNS TABLE ("pass_pass" integer, "pass_fail" integer, "fail_pass" integer, "fail_fail" integer, "error" integer)
LANGUAGE plpgsql STABLE SET enable_nestloop = off SET enable_hashjoin = off AS $$
DECLARE
  earlier integer;
BEGIN
  SELECT r.id INTO earlier
    FROM run now JOIN run r ON r.dataset_id = now.dataset_id AND r.id < now.id
    JOIN run_judge j ON j.run_id = r.id AND j.judge_version_id = "judge_version"
   WHERE now.id = "run" ORDER BY r.version_id = now.version_id DESC, r.id DESC LIMIT 1;
  IF earlier IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT count(*) FILTER (WHERE w.verdict = 'pass' AND v.verdict = 'pass')::int,
         count(*) FILTER (WHERE w.verdict = 'pass' AND v.verdict = 'fail')::int,
         count(*) FILTER (WHERE w.verdict = 'fail' AND v.verdict = 'pass')::int,
         count(*) FILTER (WHERE w.verdict = 'fail' AND v.verdict = 'fail')::int,
         count(*) FILTER (WHERE w.verdict = 'error' OR v.verdict = 'error')::int
    FROM output o
    JOIN output p ON p.run_id = earlier AND p.case_id = o.case_id AND p.repeat = 0
    JOIN verdict v ON v.run_id = "run" AND v.judge_version_id = "judge_version" AND v.case_id = o.case_id AND v.repeat = 0
    JOIN verdict w ON w.run_id = earlier AND w.judge_version_id = "judge_version" AND w.case_id = o.case_id AND w.repeat = 0
   WHERE o.run_id = "run" AND o.repeat = 0 AND p.output = o.output AND p.output_is_json = o.output_is_json;
END
$$;

-- Runs that came in before this was counted.
INSERT INTO "rejudging" ("run_id", "judge_version_id", "pass_pass", "pass_fail", "fail_pass", "fail_fail", "error", "created_at")
SELECT j.run_id, j.judge_version_id, c.*, r.created_at
  FROM run_judge j JOIN run r ON r.id = j.run_id CROSS JOIN LATERAL count_rejudged(j.run_id, j.judge_version_id) c
 WHERE c.pass_pass + c.pass_fail + c.fail_pass + c.fail_fail + c.error > 0;

-- What was counted and what was chosen stays.
DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['rejudging', 'anchor', 'anchor_case', 'anchor_take', 'anchor_verdict'] LOOP
    EXECUTE format('CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate', kept);
  END LOOP;
END
$$;

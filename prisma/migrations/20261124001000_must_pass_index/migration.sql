-- Every brief asks for the must-pass cases: few among many.
CREATE INDEX "test_case_must_pass_idx" ON "test_case" ("dataset_id") WHERE "must_pass";

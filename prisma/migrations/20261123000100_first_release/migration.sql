-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "role" AS ENUM ('viewer', 'reviewer', 'release_manager', 'auditor', 'administrator');

-- CreateEnum
CREATE TYPE "verdict_value" AS ENUM ('pass', 'fail', 'error');

-- CreateEnum
CREATE TYPE "grade" AS ENUM ('pass', 'fail', 'unsure');

-- CreateEnum
CREATE TYPE "case_origin" AS ENUM ('human', 'production', 'generated', 'probe');

-- CreateEnum
CREATE TYPE "import_state" AS ENUM ('queued', 'running', 'done', 'failed');

-- CreateEnum
CREATE TYPE "release_state" AS ENUM ('draft', 'grading', 'ready', 'approved', 'refused', 'withdrawn');

-- CreateEnum
CREATE TYPE "sign_off_decision" AS ENUM ('approve', 'refuse');

-- CreateTable
CREATE TABLE "app_user" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT,
    "session_version" INTEGER NOT NULL DEFAULT 1,
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "project" (
    "id" SERIAL NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "is_demo" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "project_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "membership" (
    "project_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "roles" "role"[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "membership_pkey" PRIMARY KEY ("project_id","user_id")
);

-- CreateTable
CREATE TABLE "sign_in_link" (
    "id" SERIAL NOT NULL,
    "token_hash" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "project_id" INTEGER,
    "roles" "role"[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "sign_in_link_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_token" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "user_id" INTEGER,
    "name" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limit" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "idempotent_answer" (
    "actor_key" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_digest" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotent_answer_pkey" PRIMARY KEY ("actor_key","key")
);

-- CreateTable
CREATE TABLE "prompt" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "prompt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "prompt_version" (
    "id" SERIAL NOT NULL,
    "prompt_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "content" TEXT,
    "digest" TEXT NOT NULL,
    "model" TEXT,
    "author" TEXT,
    "message" TEXT,
    "parent_id" INTEGER,
    "contributor_id" INTEGER,
    "metadata" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "prompt_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "label" (
    "prompt_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "version_id" INTEGER NOT NULL,
    "protected" BOOLEAN NOT NULL DEFAULT false,
    "moved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "moved_by" TEXT NOT NULL,

    CONSTRAINT "label_pkey" PRIMARY KEY ("prompt_id","name")
);

-- CreateTable
CREATE TABLE "dataset" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dataset_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "test_case" (
    "id" SERIAL NOT NULL,
    "dataset_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "input_is_json" BOOLEAN NOT NULL DEFAULT false,
    "input_digest" TEXT NOT NULL,
    "reference" TEXT,
    "slice" TEXT,
    "tags" TEXT[],
    "must_pass" BOOLEAN NOT NULL DEFAULT false,
    "origin" "case_origin" NOT NULL DEFAULT 'human',
    "generator" TEXT,
    "metadata" TEXT,

    CONSTRAINT "test_case_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "version_id" INTEGER NOT NULL,
    "dataset_id" INTEGER NOT NULL,
    "model" TEXT NOT NULL DEFAULT '',
    "source_digest" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "import_id" INTEGER,
    "output_count" INTEGER NOT NULL,
    "error_count" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "output" (
    "run_id" INTEGER NOT NULL,
    "case_id" INTEGER NOT NULL,
    "repeat" SMALLINT NOT NULL DEFAULT 0,
    "output" TEXT,
    "output_is_json" BOOLEAN NOT NULL DEFAULT false,
    "error" TEXT,
    "latency_ms" DOUBLE PRECISION,
    "input_tokens" INTEGER,
    "output_tokens" INTEGER,
    "cost_usd" DOUBLE PRECISION,
    "model" TEXT,
    "at" TIMESTAMPTZ(3),
    "metadata" TEXT,

    CONSTRAINT "output_pkey" PRIMARY KEY ("run_id","case_id","repeat")
);

-- CreateTable
CREATE TABLE "criterion" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "rubric" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "criterion_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "judge" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,

    CONSTRAINT "judge_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "judge_version" (
    "id" SERIAL NOT NULL,
    "judge_id" INTEGER NOT NULL,
    "criterion_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "prompt" TEXT,
    "threshold" DOUBLE PRECISION,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "judge_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_judge" (
    "run_id" INTEGER NOT NULL,
    "judge_version_id" INTEGER NOT NULL,
    "pass" INTEGER NOT NULL,
    "fail" INTEGER NOT NULL,
    "error" INTEGER NOT NULL,

    CONSTRAINT "run_judge_pkey" PRIMARY KEY ("run_id","judge_version_id")
);

-- CreateTable
CREATE TABLE "verdict" (
    "run_id" INTEGER NOT NULL,
    "case_id" INTEGER NOT NULL,
    "judge_version_id" INTEGER NOT NULL,
    "repeat" SMALLINT NOT NULL DEFAULT 0,
    "verdict" "verdict_value" NOT NULL,
    "score" DOUBLE PRECISION,
    "rationale" TEXT,
    "at" TIMESTAMPTZ(3),
    "metadata" TEXT,

    CONSTRAINT "verdict_pkey" PRIMARY KEY ("run_id","judge_version_id","case_id","repeat") INCLUDE ("verdict")
);

-- CreateTable
CREATE TABLE "imported_review" (
    "run_id" INTEGER NOT NULL,
    "case_id" INTEGER NOT NULL,
    "criterion_id" INTEGER NOT NULL,
    "reviewer" TEXT NOT NULL,
    "verdict" "grade" NOT NULL,
    "score" DOUBLE PRECISION,
    "note" TEXT,
    "tags" TEXT[],
    "at" TIMESTAMPTZ(3),
    "metadata" TEXT,

    CONSTRAINT "imported_review_pkey" PRIMARY KEY ("run_id","criterion_id","reviewer","case_id")
);

-- CreateTable
CREATE TABLE "import" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "state" "import_state" NOT NULL DEFAULT 'queued',
    "format" TEXT NOT NULL,
    "file_name" TEXT NOT NULL,
    "prompt_name" TEXT,
    "dataset_name" TEXT,
    "byte_size" BIGINT NOT NULL,
    "source_digest" TEXT,
    "unchanged" BOOLEAN NOT NULL DEFAULT false,
    "phase" TEXT NOT NULL DEFAULT 'waiting',
    "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "counts" JSONB,
    "error" JSONB,
    "prompt_id" INTEGER,
    "dataset_id" INTEGER,
    "created_by_id" INTEGER,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "import_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "import_chunk" (
    "import_id" INTEGER NOT NULL,
    "index" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "import_chunk_pkey" PRIMARY KEY ("import_id","index")
);

-- CreateTable
CREATE TABLE "policy" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "document" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "policy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "release" (
    "id" SERIAL NOT NULL,
    "project_id" INTEGER NOT NULL,
    "prompt_id" INTEGER NOT NULL,
    "baseline_id" INTEGER NOT NULL,
    "candidate_id" INTEGER NOT NULL,
    "dataset_id" INTEGER NOT NULL,
    "baseline_run_id" INTEGER NOT NULL,
    "candidate_run_id" INTEGER NOT NULL,
    "policy_id" INTEGER NOT NULL,
    "label" TEXT,
    "state" "release_state" NOT NULL DEFAULT 'draft',
    "evidence_digest" TEXT,
    "approvals" INTEGER NOT NULL DEFAULT 0,
    "created_by_id" INTEGER,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "release_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "release_criterion" (
    "release_id" INTEGER NOT NULL,
    "criterion_id" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "judge_version_id" INTEGER,

    CONSTRAINT "release_criterion_pkey" PRIMARY KEY ("release_id","criterion_id")
);

-- CreateTable
CREATE TABLE "sample_batch" (
    "release_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "seed" TEXT NOT NULL,
    "design" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "strata" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sample_batch_pkey" PRIMARY KEY ("release_id","number")
);

-- CreateTable
CREATE TABLE "draw" (
    "release_id" INTEGER NOT NULL,
    "case_id" INTEGER NOT NULL,
    "batch" INTEGER NOT NULL,
    "stratum" TEXT NOT NULL,
    "probability" DOUBLE PRECISION NOT NULL,
    "position" INTEGER NOT NULL,
    "swapped" BOOLEAN NOT NULL,

    CONSTRAINT "draw_pkey" PRIMARY KEY ("release_id","case_id")
);

-- CreateTable
CREATE TABLE "review_task" (
    "id" TEXT NOT NULL,
    "release_id" INTEGER NOT NULL,
    "case_id" INTEGER NOT NULL,
    "reviewer_id" INTEGER NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "completed_at" TIMESTAMPTZ(3),
    "skipped_at" TIMESTAMPTZ(3),

    CONSTRAINT "review_task_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "review" (
    "id" SERIAL NOT NULL,
    "release_id" INTEGER NOT NULL,
    "case_id" INTEGER NOT NULL,
    "run_id" INTEGER NOT NULL,
    "criterion_id" INTEGER NOT NULL,
    "reviewer_id" INTEGER NOT NULL,
    "task_id" TEXT NOT NULL,
    "verdict" "grade" NOT NULL,
    "note" TEXT,
    "tags" TEXT[],
    "blind" BOOLEAN NOT NULL,
    "side" CHAR(1) NOT NULL,
    "took_ms" INTEGER,
    "supersedes_id" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "review_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "review_submission" (
    "release_id" INTEGER NOT NULL,
    "reviewer_id" INTEGER NOT NULL,
    "client_key" TEXT NOT NULL,
    "task_id" TEXT NOT NULL,
    "request_digest" TEXT NOT NULL,
    "answer" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "review_submission_pkey" PRIMARY KEY ("release_id","reviewer_id","client_key")
);

-- CreateTable
CREATE TABLE "evidence" (
    "release_id" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "evidence_pkey" PRIMARY KEY ("release_id","digest")
);

-- CreateTable
CREATE TABLE "sign_off" (
    "id" SERIAL NOT NULL,
    "release_id" INTEGER NOT NULL,
    "evidence_digest" TEXT NOT NULL,
    "user_id" INTEGER NOT NULL,
    "printed_name" TEXT NOT NULL,
    "roles" "role"[],
    "decision" "sign_off_decision" NOT NULL,
    "meaning" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "reauthentication" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sign_off_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "decision" (
    "id" SERIAL NOT NULL,
    "release_id" INTEGER NOT NULL,
    "outcome" "release_state" NOT NULL,
    "evidence_digest" TEXT NOT NULL,
    "audit_index" INTEGER NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "decision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "index" INTEGER NOT NULL,
    "leaf" BYTEA NOT NULL,
    "leaf_hash" BYTEA NOT NULL,
    "project_id" INTEGER,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "action" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("index")
);

-- CreateTable
CREATE TABLE "audit_head" (
    "id" INTEGER NOT NULL,
    "size" INTEGER NOT NULL,
    "frontier" BYTEA[],

    CONSTRAINT "audit_head_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_checkpoint" (
    "size" INTEGER NOT NULL,
    "root_hash" BYTEA NOT NULL,
    "note" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_checkpoint_pkey" PRIMARY KEY ("size")
);

-- CreateIndex
CREATE UNIQUE INDEX "app_user_email_key" ON "app_user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "project_key_key" ON "project"("key");

-- CreateIndex
CREATE INDEX "membership_user_id_idx" ON "membership"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "sign_in_link_token_hash_key" ON "sign_in_link"("token_hash");

-- CreateIndex
CREATE INDEX "sign_in_link_project_id_idx" ON "sign_in_link"("project_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_token_token_hash_key" ON "api_token"("token_hash");

-- CreateIndex
CREATE INDEX "api_token_project_id_idx" ON "api_token"("project_id");

-- CreateIndex
CREATE INDEX "idempotent_answer_created_at_idx" ON "idempotent_answer"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "prompt_project_id_name_key" ON "prompt"("project_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "prompt_version_prompt_id_key_key" ON "prompt_version"("prompt_id", "key");

-- CreateIndex
CREATE UNIQUE INDEX "prompt_version_prompt_id_digest_key" ON "prompt_version"("prompt_id", "digest");

-- CreateIndex
CREATE UNIQUE INDEX "prompt_version_prompt_id_number_key" ON "prompt_version"("prompt_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "dataset_project_id_name_key" ON "dataset"("project_id", "name");

-- CreateIndex
CREATE INDEX "test_case_dataset_id_id_idx" ON "test_case"("dataset_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "test_case_dataset_id_key_key" ON "test_case"("dataset_id", "key");

-- CreateIndex
CREATE INDEX "run_project_id_created_at_idx" ON "run"("project_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "run_version_id_dataset_id_model_source_digest_key" ON "run"("version_id", "dataset_id", "model", "source_digest");

-- CreateIndex
CREATE UNIQUE INDEX "criterion_project_id_key_key" ON "criterion"("project_id", "key");

-- CreateIndex
CREATE UNIQUE INDEX "judge_project_id_key_key" ON "judge"("project_id", "key");

-- CreateIndex
CREATE UNIQUE INDEX "judge_version_judge_id_digest_key" ON "judge_version"("judge_id", "digest");

-- CreateIndex
CREATE UNIQUE INDEX "judge_version_judge_id_number_key" ON "judge_version"("judge_id", "number");

-- CreateIndex
CREATE INDEX "run_judge_judge_version_id_idx" ON "run_judge"("judge_version_id");

-- CreateIndex
CREATE INDEX "import_project_id_created_at_idx" ON "import"("project_id", "created_at");

-- CreateIndex
CREATE INDEX "import_state_idx" ON "import"("state");

-- CreateIndex
CREATE UNIQUE INDEX "policy_project_id_key_number_key" ON "policy"("project_id", "key", "number");

-- CreateIndex
CREATE INDEX "release_project_id_state_id_idx" ON "release"("project_id", "state", "id");

-- CreateIndex
CREATE INDEX "release_prompt_id_candidate_id_idx" ON "release"("prompt_id", "candidate_id");

-- CreateIndex
CREATE UNIQUE INDEX "release_criterion_release_id_position_key" ON "release_criterion"("release_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "draw_release_id_position_key" ON "draw"("release_id", "position");

-- CreateIndex
CREATE INDEX "review_task_reviewer_id_idx" ON "review_task"("reviewer_id");

-- CreateIndex
CREATE UNIQUE INDEX "review_task_release_id_case_id_reviewer_id_key" ON "review_task"("release_id", "case_id", "reviewer_id");

-- CreateIndex
CREATE UNIQUE INDEX "review_supersedes_id_key" ON "review"("supersedes_id");

-- CreateIndex
CREATE INDEX "review_release_id_criterion_id_case_id_idx" ON "review"("release_id", "criterion_id", "case_id");

-- CreateIndex
CREATE UNIQUE INDEX "sign_off_release_id_evidence_digest_user_id_key" ON "sign_off"("release_id", "evidence_digest", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "decision_release_id_key" ON "decision"("release_id");

-- CreateIndex
CREATE INDEX "audit_entry_project_id_index_idx" ON "audit_entry"("project_id", "index");

-- CreateIndex
CREATE INDEX "audit_entry_project_id_action_index_idx" ON "audit_entry"("project_id", "action", "index");

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "prompt" ADD CONSTRAINT "prompt_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "prompt_version" ADD CONSTRAINT "prompt_version_prompt_id_fkey" FOREIGN KEY ("prompt_id") REFERENCES "prompt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "prompt_version" ADD CONSTRAINT "prompt_version_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "prompt_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "label" ADD CONSTRAINT "label_prompt_id_fkey" FOREIGN KEY ("prompt_id") REFERENCES "prompt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "label" ADD CONSTRAINT "label_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "prompt_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset" ADD CONSTRAINT "dataset_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "test_case" ADD CONSTRAINT "test_case_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "dataset"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "prompt_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "dataset"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run" ADD CONSTRAINT "run_import_id_fkey" FOREIGN KEY ("import_id") REFERENCES "import"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "criterion" ADD CONSTRAINT "criterion_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "judge" ADD CONSTRAINT "judge_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "judge_version" ADD CONSTRAINT "judge_version_judge_id_fkey" FOREIGN KEY ("judge_id") REFERENCES "judge"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "judge_version" ADD CONSTRAINT "judge_version_criterion_id_fkey" FOREIGN KEY ("criterion_id") REFERENCES "criterion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_judge" ADD CONSTRAINT "run_judge_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_judge" ADD CONSTRAINT "run_judge_judge_version_id_fkey" FOREIGN KEY ("judge_version_id") REFERENCES "judge_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "import" ADD CONSTRAINT "import_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "import_chunk" ADD CONSTRAINT "import_chunk_import_id_fkey" FOREIGN KEY ("import_id") REFERENCES "import"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy" ADD CONSTRAINT "policy_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_prompt_id_fkey" FOREIGN KEY ("prompt_id") REFERENCES "prompt"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_baseline_id_fkey" FOREIGN KEY ("baseline_id") REFERENCES "prompt_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_candidate_id_fkey" FOREIGN KEY ("candidate_id") REFERENCES "prompt_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_dataset_id_fkey" FOREIGN KEY ("dataset_id") REFERENCES "dataset"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_baseline_run_id_fkey" FOREIGN KEY ("baseline_run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_candidate_run_id_fkey" FOREIGN KEY ("candidate_run_id") REFERENCES "run"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release" ADD CONSTRAINT "release_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policy"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release_criterion" ADD CONSTRAINT "release_criterion_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release_criterion" ADD CONSTRAINT "release_criterion_criterion_id_fkey" FOREIGN KEY ("criterion_id") REFERENCES "criterion"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "release_criterion" ADD CONSTRAINT "release_criterion_judge_version_id_fkey" FOREIGN KEY ("judge_version_id") REFERENCES "judge_version"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sample_batch" ADD CONSTRAINT "sample_batch_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "draw" ADD CONSTRAINT "draw_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "draw" ADD CONSTRAINT "draw_release_id_batch_fkey" FOREIGN KEY ("release_id", "batch") REFERENCES "sample_batch"("release_id", "number") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review_task" ADD CONSTRAINT "review_task_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review" ADD CONSTRAINT "review_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review" ADD CONSTRAINT "review_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "review_task"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "review" ADD CONSTRAINT "review_supersedes_id_fkey" FOREIGN KEY ("supersedes_id") REFERENCES "review"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "evidence" ADD CONSTRAINT "evidence_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sign_off" ADD CONSTRAINT "sign_off_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sign_off" ADD CONSTRAINT "sign_off_release_id_evidence_digest_fkey" FOREIGN KEY ("release_id", "evidence_digest") REFERENCES "evidence"("release_id", "digest") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "decision" ADD CONSTRAINT "decision_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "release"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "decision" ADD CONSTRAINT "decision_release_id_evidence_digest_fkey" FOREIGN KEY ("release_id", "evidence_digest") REFERENCES "evidence"("release_id", "digest") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say: invariants, named for what they keep true.

ALTER TABLE "app_user" ADD CONSTRAINT "app_user_email_is_lower_case" CHECK ("email" = lower("email"));
ALTER TABLE "membership" ADD CONSTRAINT "membership_has_a_role" CHECK (cardinality("roles") > 0);
ALTER TABLE "prompt_version" ADD CONSTRAINT "prompt_version_digest_is_sha256" CHECK ("digest" ~ '^[0-9a-f]{64}$');
ALTER TABLE "output" ADD CONSTRAINT "output_is_an_answer_or_an_error" CHECK (("output" IS NULL) <> ("error" IS NULL));
ALTER TABLE "release" ADD CONSTRAINT "release_compares_two_versions" CHECK ("baseline_id" <> "candidate_id");
ALTER TABLE "release" ADD CONSTRAINT "release_decision_rests_on_evidence"
  CHECK ("state" NOT IN ('ready', 'approved', 'refused') OR "evidence_digest" IS NOT NULL);
ALTER TABLE "release" ADD CONSTRAINT "release_decided_when_final"
  CHECK (("state" IN ('approved', 'refused', 'withdrawn')) = ("decided_at" IS NOT NULL));
ALTER TABLE "draw" ADD CONSTRAINT "draw_probability_is_positive" CHECK ("probability" > 0 AND "probability" <= 1);
ALTER TABLE "review" ADD CONSTRAINT "review_side_is_a_or_b" CHECK ("side" IN ('A', 'B'));
ALTER TABLE "decision" ADD CONSTRAINT "decision_outcome_is_final" CHECK ("outcome" IN ('approved', 'refused'));
ALTER TABLE "audit_head" ADD CONSTRAINT "audit_head_is_one_row" CHECK ("id" = 1);
INSERT INTO "audit_head" ("id", "size", "frontier") VALUES (1, 0, '{}');

-- One first grade per person, output and criterion: a second one must supersede the first.
CREATE UNIQUE INDEX "review_first_grade_once" ON "review" ("release_id", "case_id", "run_id", "criterion_id", "reviewer_id")
  WHERE "supersedes_id" IS NULL;
-- One open question at a time about a pair of versions.
CREATE UNIQUE INDEX "release_open_once" ON "release" ("prompt_id", "baseline_id", "candidate_id", "dataset_id", "baseline_run_id", "candidate_run_id")
  WHERE "state" IN ('draft', 'grading', 'ready');
-- A source is imported once into a project.
CREATE UNIQUE INDEX "import_source_once" ON "import" ("project_id", "source_digest", "prompt_name", "dataset_name") NULLS NOT DISTINCT
  WHERE "state" = 'done' AND NOT "unchanged";

-- References of the big tables are kept by the import's one transaction; these catch a mistake in it.
ALTER TABLE "output" ADD CONSTRAINT "output_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run" ("id");
ALTER TABLE "verdict" ADD CONSTRAINT "verdict_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run" ("id");
ALTER TABLE "imported_review" ADD CONSTRAINT "imported_review_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "run" ("id");

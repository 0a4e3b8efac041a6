-- A version of a policy that somebody proposes. It becomes a row of "policy", and so can be used, once two people approved
-- it; until then it is nothing that a release could name.
CREATE TABLE "policy_proposal" (
  "id" SERIAL PRIMARY KEY,
  "project_id" INTEGER NOT NULL REFERENCES "project" ("id") ON DELETE RESTRICT,
  "key" TEXT NOT NULL,
  -- The newest version when it was proposed; null: there was none. What is approved is the difference to it.
  "base_number" INTEGER,
  "document" TEXT NOT NULL,
  "digest" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  -- Null: by a token that is nobody's.
  "proposed_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  -- Who made the token that it was proposed with, and so may be behind it as well.
  "token_made_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "proposed_by" TEXT NOT NULL,
  "proposed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE INDEX "policy_proposal_project_id_key_idx" ON "policy_proposal" ("project_id", "key", "id");

-- What people did with it: approved (each once), rejected or withdrew it. The last two end it.
CREATE TYPE "policy_act_kind" AS ENUM ('approve', 'reject', 'withdraw');
CREATE TABLE "policy_act" (
  "id" SERIAL PRIMARY KEY,
  "proposal_id" INTEGER NOT NULL REFERENCES "policy_proposal" ("id") ON DELETE RESTRICT,
  "kind" "policy_act_kind" NOT NULL,
  -- Null: withdrawn by a token that is nobody's.
  "user_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "name" TEXT NOT NULL,
  "reason" TEXT,
  "at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  CHECK ("user_id" IS NOT NULL OR "kind" = 'withdraw')
);
CREATE UNIQUE INDEX "policy_act_approve_key" ON "policy_act" ("proposal_id", "user_id") WHERE "kind" = 'approve';
CREATE UNIQUE INDEX "policy_act_end_key" ON "policy_act" ("proposal_id") WHERE "kind" <> 'approve';

-- The proposal that a version came from; null: the project started with it.
ALTER TABLE "policy" ADD COLUMN "proposal_id" INTEGER REFERENCES "policy_proposal" ("id") ON DELETE RESTRICT;
CREATE UNIQUE INDEX "policy_proposal_id_key" ON "policy" ("proposal_id");

-- A version never changes, nor does what was said about it.
DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['policy', 'policy_proposal', 'policy_act']
  LOOP
    EXECUTE format('CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate', kept);
  END LOOP;
END
$$;

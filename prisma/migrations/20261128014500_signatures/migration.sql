-- Somebody who may decide can also say on record that they do not.
ALTER TYPE "sign_off_decision" ADD VALUE 'abstain';

-- What a signature says besides: the gates it waives, what the person had opened, and the exact text that was signed. A
-- passkey's assertion over that text is the personal signature; null: the password was given. A person who took a signature
-- back may sign the same evidence again, under the next number.
ALTER TABLE "sign_off" ADD COLUMN "number" INTEGER NOT NULL DEFAULT 1 CHECK ("number" >= 1);
ALTER TABLE "sign_off" ADD COLUMN "waivers" TEXT NOT NULL DEFAULT '[]';
ALTER TABLE "sign_off" ADD COLUMN "opened" TEXT NOT NULL DEFAULT '[]';
ALTER TABLE "sign_off" ADD COLUMN "statement" TEXT;
ALTER TABLE "sign_off" ADD COLUMN "assertion" TEXT;
DROP INDEX "sign_off_release_id_evidence_digest_user_id_key";
CREATE UNIQUE INDEX "sign_off_release_id_evidence_digest_user_id_number_key" ON "sign_off" ("release_id", "evidence_digest", "user_id", "number");

-- A signature that its giver took back before anything was decided. It stays in the record and counts no more.
CREATE TABLE "sign_off_withdrawal" (
  "sign_off_id" INTEGER PRIMARY KEY REFERENCES "sign_off" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "reason" TEXT NOT NULL CHECK (char_length("reason") BETWEEN 1 AND 4000),
  "withdrawn_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);

-- The first of the waivers to end that an approval needed; null: it needed none.
ALTER TABLE "decision" ADD COLUMN "waived_until" TIMESTAMPTZ(3);

-- What of a release a person opened while this evidence waited to be signed. Written by their browser when it shows it.
CREATE TABLE "evidence_opening" (
  "release_id" INTEGER NOT NULL,
  "evidence_digest" TEXT NOT NULL,
  "user_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  -- `brief`, `changes`, … or `case:<key>`
  "section" TEXT NOT NULL CHECK (char_length("section") BETWEEN 1 AND 1000),
  "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  PRIMARY KEY ("release_id", "evidence_digest", "user_id", "section"),
  FOREIGN KEY ("release_id", "evidence_digest") REFERENCES "evidence" ("release_id", "digest") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- The public half of a passkey. Removing it takes the row away; signatures keep what is needed to verify them.
CREATE TABLE "passkey" (
  -- base64url, as the browser gives it
  "id" TEXT PRIMARY KEY,
  "user_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "name" TEXT NOT NULL CHECK ("name" = btrim("name") AND char_length("name") BETWEEN 1 AND 100),
  -- COSE
  "public_key" BYTEA NOT NULL,
  "counter" BIGINT NOT NULL DEFAULT 0,
  "transports" TEXT[] NOT NULL DEFAULT '{}',
  "backed_up" BOOLEAN NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "last_used_at" TIMESTAMPTZ(3)
);
CREATE INDEX "passkey_user_id_idx" ON "passkey" ("user_id");

-- What a passkey is asked to sign, for two minutes and once; in the database, so that any replica takes the answer.
CREATE TABLE "passkey_challenge" (
  "id" TEXT PRIMARY KEY,
  "user_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  -- Canonical JSON
  "statement" TEXT NOT NULL,
  "nonce" BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "used_at" TIMESTAMPTZ(3)
);
CREATE INDEX "passkey_challenge_user_id_idx" ON "passkey_challenge" ("user_id");

-- A protected label that was moved in an emergency to a version that no release approved.
CREATE TABLE "break_glass" (
  "id" SERIAL PRIMARY KEY,
  "prompt_id" INTEGER NOT NULL REFERENCES "prompt" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "label" TEXT NOT NULL,
  "from_version_id" INTEGER REFERENCES "prompt_version" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "to_version_id" INTEGER NOT NULL REFERENCES "prompt_version" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "user_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "printed_name" TEXT NOT NULL,
  "roles" "role"[] NOT NULL,
  "reason" TEXT NOT NULL CHECK (char_length("reason") BETWEEN 1 AND 4000),
  "reauthentication" TEXT NOT NULL,
  "statement" TEXT NOT NULL,
  "assertion" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE INDEX "break_glass_prompt_id_label_idx" ON "break_glass" ("prompt_id", "label");
CREATE INDEX "break_glass_to_version_id_idx" ON "break_glass" ("to_version_id");

DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['sign_off_withdrawal', 'evidence_opening', 'break_glass']
  LOOP
    EXECUTE format('CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate', kept);
  END LOOP;
END
$$;

-- Who made a token can act with it: what it brings in, its maker must not sign.
ALTER TABLE "api_token" ADD COLUMN "created_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT;
CREATE INDEX "api_token_created_by_id_idx" ON "api_token" ("created_by_id");
UPDATE "api_token" SET "created_by_id" = "user_id";

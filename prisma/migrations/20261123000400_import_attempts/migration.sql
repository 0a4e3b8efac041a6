-- How often an import was begun: one that takes its process down with it must not block those behind it for ever.
ALTER TABLE "import" ADD COLUMN "attempts" SMALLINT NOT NULL DEFAULT 0;

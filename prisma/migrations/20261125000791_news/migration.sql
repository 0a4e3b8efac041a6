-- How far a member has read what happened to their releases: an index of the audit log.
ALTER TABLE "membership" ADD COLUMN "news_read" INTEGER;

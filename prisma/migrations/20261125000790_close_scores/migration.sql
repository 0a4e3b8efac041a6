-- Where a scored judge is least sure: the quarter of a release's cases whose score lies closest to the judge's threshold.
-- The distance is fixed when the release is made, so that a draw that prefers these cases can be drawn again later.
ALTER TABLE "release" ADD COLUMN "close_margin" DOUBLE PRECISION CHECK ("close_margin" >= 0);
ALTER TABLE "release_tally" ADD COLUMN "close" BOOLEAN NOT NULL DEFAULT false;

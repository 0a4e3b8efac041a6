-- A release's tally also counts what judges prefer. A preference is written as what it would be if the answers had
-- verdicts: `fail`·`pass` prefers the candidate, `pass`·`fail` the baseline, `fail`·`fail` is a tie; `flip`·`flip` went
-- with the order. So the delta of a case, and all that is computed from it, is the same for both kinds.
ALTER TABLE "release_tally"
  ALTER COLUMN "primary_baseline" TYPE TEXT USING "primary_baseline"::text,
  ALTER COLUMN "primary_candidate" TYPE TEXT USING "primary_candidate"::text,
  ALTER COLUMN "judged_baseline" TYPE TEXT USING "judged_baseline"::text,
  ALTER COLUMN "judged_candidate" TYPE TEXT USING "judged_candidate"::text,
  ADD CONSTRAINT "release_tally_counts_what_judges_say" CHECK (
    "primary_baseline" IN ('pass', 'fail', 'error', 'flip') AND "primary_candidate" IN ('pass', 'fail', 'error', 'flip')
    AND "judged_baseline" IN ('pass', 'fail', 'error', 'flip') AND "judged_candidate" IN ('pass', 'fail', 'error', 'flip'));

-- What a preference (of a judge or of people) makes of one version's answer, as above; anything else stays what it is.
CREATE FUNCTION "preference_as_verdict"("prefer" text, "version" text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN prefer IN ('baseline', 'candidate') THEN CASE WHEN prefer = version THEN 'pass' ELSE 'fail' END
              WHEN prefer = 'tie' THEN 'fail' ELSE prefer END
$$;

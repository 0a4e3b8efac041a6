-- How far each outside holder has got with the signed checkpoints: for showing it and for going on. What a holder holds is
-- asked from the holder itself when the log is verified.
CREATE TABLE "checkpoint_delivery" (
  "holder" TEXT PRIMARY KEY,
  "size" INTEGER NOT NULL DEFAULT 0 CHECK ("size" >= 0),
  "delivered_at" TIMESTAMPTZ(3),
  -- What went wrong at the last attempt; null: nothing.
  "problem" TEXT,
  "tried_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);

-- Tables that the application may only add to get the triggers of the others: the owner too has to switch them off first.
DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['check_grade', 'release_tally', 'sentinel', 'sentinel_strike', 'sentinel_verdict']
  LOOP
    EXECUTE format('CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate', kept);
  END LOOP;
END
$$;

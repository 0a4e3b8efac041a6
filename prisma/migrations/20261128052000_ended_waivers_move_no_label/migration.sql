-- An approval that needed a waiver ends with it: a protected label goes there no more, whoever asks. The decision of a release that
-- moves the label itself is written after the move, in the same transaction.
CREATE OR REPLACE FUNCTION "refuse_unapproved_move"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.protected AND NEW.kind IN ('released', 'moved', 'rolled_back')
     AND NOT EXISTS (SELECT 1 FROM release r WHERE r.candidate_id = NEW.to_id AND r.state = 'approved'
                        AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.release_id = r.id AND d.waived_until <= clock_timestamp()))
     AND NOT (NEW.kind = 'rolled_back' AND EXISTS (
       SELECT 1 FROM label_move m WHERE m.prompt_id = NEW.prompt_id AND m.label = NEW.label AND m.kind = 'adopted' AND m.to_id = NEW.to_id)) THEN
    RAISE EXCEPTION 'no release approved the version that the protected label % should move to', NEW.label USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;

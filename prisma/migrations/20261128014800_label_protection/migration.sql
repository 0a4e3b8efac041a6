-- Who protected a label, and who took the protection away: one asks, another confirms. A label that was ever protected is
-- told apart from one that never was, so that nothing unapproved reaches a program under its name unseen.
ALTER TABLE "label" ADD COLUMN "ever_protected" BOOLEAN NOT NULL DEFAULT false;
UPDATE "label" SET "ever_protected" = true WHERE "protected";

CREATE TABLE "label_protection" (
  "id" SERIAL PRIMARY KEY,
  "prompt_id" INTEGER NOT NULL REFERENCES "prompt" ("id") ON DELETE RESTRICT,
  "label" TEXT NOT NULL,
  -- True: the label became protected. False: somebody asked that it be so no more.
  "protects" BOOLEAN NOT NULL,
  "reason" TEXT NOT NULL CHECK ("reason" = btrim("reason") AND char_length("reason") BETWEEN 1 AND 4000),
  "asked_by" TEXT NOT NULL,
  "asked_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
  -- Null: waits for a second person.
  "outcome" TEXT CHECK ("outcome" IN ('done', 'withdrawn')),
  "ended_by" TEXT,
  "ended_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "ended_at" TIMESTAMPTZ(3),
  CONSTRAINT "label_protection_ends_once" CHECK (("outcome" IS NULL) = ("ended_by" IS NULL) AND ("outcome" IS NULL) = ("ended_at" IS NULL)),
  -- Two people, both known.
  CONSTRAINT "label_protection_takes_two" CHECK ("protects" OR "outcome" IS DISTINCT FROM 'done' OR coalesce("ended_by_id" <> "asked_by_id", false))
);
CREATE UNIQUE INDEX "label_protection_open" ON "label_protection" ("prompt_id", "label") WHERE "outcome" IS NULL;
CREATE INDEX "label_protection_label" ON "label_protection" ("prompt_id", "label", "id" DESC);

-- What two people agreed on, or one gave up, stays as it is.
CREATE FUNCTION "refuse_ended_protection"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.outcome IS NOT NULL OR NEW.outcome IS NULL
     OR (NEW.id, NEW.prompt_id, NEW.label, NEW.protects, NEW.reason, NEW.asked_by, NEW.asked_by_id, NEW.asked_at)
        IS DISTINCT FROM (OLD.id, OLD.prompt_id, OLD.label, OLD.protects, OLD.reason, OLD.asked_by, OLD.asked_by_id, OLD.asked_at) THEN
    RAISE EXCEPTION 'a change of a label''s protection is ended once and never changed' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "label_protection_is_kept" BEFORE UPDATE OR DELETE ON "label_protection" FOR EACH ROW EXECUTE FUNCTION refuse_ended_protection();
ALTER TABLE "label_protection" ENABLE ALWAYS TRIGGER label_protection_is_kept;

-- A label stops being protected only when the newest change that was carried through says so, and never forgets that it was.
CREATE FUNCTION "keep_label_protection"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.ever_protected := NEW.protected OR NEW.ever_protected;
  IF TG_OP = 'UPDATE' THEN
    NEW.ever_protected := NEW.ever_protected OR OLD.ever_protected;
    IF OLD.protected AND NOT NEW.protected AND coalesce((
      SELECT p.protects FROM label_protection p WHERE p.prompt_id = NEW.prompt_id AND p.label = NEW.name AND p.outcome = 'done'
       ORDER BY p.id DESC LIMIT 1), true) THEN
      RAISE EXCEPTION 'nobody agreed that the label % is protected no more', NEW.name USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "label_protection_is_agreed" BEFORE INSERT OR UPDATE ON "label" FOR EACH ROW EXECUTE FUNCTION keep_label_protection();
ALTER TABLE "label" ENABLE ALWAYS TRIGGER label_protection_is_agreed;

-- A break-glass needs no release.
ALTER TABLE "label_move" DROP CONSTRAINT "label_move_names_release",
  ADD CONSTRAINT "label_move_names_release" CHECK ("release_id" IS NOT NULL OR "kind" <> 'released');

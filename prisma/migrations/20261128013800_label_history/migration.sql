-- Who moved a label where, when, why and through which release. A row is written in the transaction that moves the label.
-- Append-only.
CREATE TYPE "label_move_kind" AS ENUM ('adopted', 'released', 'moved', 'rolled_back', 'break_glass');

CREATE TABLE "label_move" (
  "id" SERIAL PRIMARY KEY,
  "prompt_id" INTEGER NOT NULL REFERENCES "prompt" ("id") ON DELETE RESTRICT,
  "label" TEXT NOT NULL,
  -- adopted: as an import or whoever protected the label found it. released: a release was approved. moved: by a person.
  -- rolled_back: by a person, to where it had been. break_glass: let out although not approved.
  "kind" "label_move_kind" NOT NULL,
  -- Null: the label is new.
  "from_id" INTEGER REFERENCES "prompt_version" ("id") ON DELETE RESTRICT,
  "to_id" INTEGER NOT NULL REFERENCES "prompt_version" ("id") ON DELETE RESTRICT,
  -- Whether the label was protected when it moved.
  "protected" BOOLEAN NOT NULL,
  -- The release that approved the version, or let it out.
  "release_id" INTEGER REFERENCES "release" ("id") ON DELETE RESTRICT,
  "reason" TEXT CHECK ("reason" = btrim("reason") AND char_length("reason") BETWEEN 1 AND 4000),
  "moved_by" TEXT NOT NULL,
  "moved_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "moved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT "label_move_says_why" CHECK ("reason" IS NOT NULL OR "kind" IN ('adopted', 'released') OR NOT "protected"),
  CONSTRAINT "label_move_names_release" CHECK ("release_id" IS NOT NULL OR "kind" NOT IN ('released', 'break_glass'))
);
CREATE INDEX "label_move_label" ON "label_move" ("prompt_id", "label", "id" DESC);

-- A protected label goes only where a release was approved, or back to what it was adopted at; everything else says what it is.
CREATE FUNCTION "refuse_unapproved_move"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.protected AND NEW.kind IN ('released', 'moved', 'rolled_back')
     AND NOT EXISTS (SELECT 1 FROM release r WHERE r.candidate_id = NEW.to_id AND r.state = 'approved')
     AND NOT (NEW.kind = 'rolled_back' AND EXISTS (
       SELECT 1 FROM label_move m WHERE m.prompt_id = NEW.prompt_id AND m.label = NEW.label AND m.kind = 'adopted' AND m.to_id = NEW.to_id)) THEN
    RAISE EXCEPTION 'no release approved the version that the protected label % should move to', NEW.label USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "label_move_is_approved" BEFORE INSERT ON "label_move" FOR EACH ROW EXECUTE FUNCTION refuse_unapproved_move();

-- Labels that are there already: how they got where they point is in the audit log.
INSERT INTO "label_move" ("prompt_id", "label", "kind", "to_id", "protected", "release_id", "moved_by", "moved_at")
SELECT l.prompt_id, l.name, CASE WHEN r.id IS NULL THEN 'adopted' ELSE 'released' END::label_move_kind, l.version_id, l.protected, r.id, l.moved_by, l.moved_at
  FROM label l
  LEFT JOIN LATERAL (SELECT x.id FROM release x WHERE x.candidate_id = l.version_id AND x.state = 'approved' ORDER BY x.id DESC LIMIT 1) r ON true
 ORDER BY l.moved_at;

CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "label_move" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "label_move" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE "label_move" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate,
  ENABLE ALWAYS TRIGGER label_move_is_approved;

-- How long a project keeps answers that no decision rests on. A rule is asked for by one person and approved by another, as any removal
-- of content is; what it removes, it removes run by run through redact(), in the name of these two.

CREATE TABLE "retention" (
  "id" SERIAL PRIMARY KEY,
  "project_id" INTEGER NOT NULL REFERENCES "project" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  -- Days after its import; null: for ever.
  "runs_days" INTEGER CHECK ("runs_days" BETWEEN 1 AND 3650),
  -- Whether the input of a case goes with the last answer to it.
  "inputs" BOOLEAN NOT NULL,
  "reason" TEXT NOT NULL CHECK (length(btrim("reason")) BETWEEN 1 AND 500),
  "state" "redaction_state" NOT NULL DEFAULT 'requested',
  "requested_by_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "decided_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "decided_at" TIMESTAMPTZ(3),
  CONSTRAINT "retention_decided_when_it_is"
    CHECK (("state" = 'requested') = ("decided_at" IS NULL) AND ("state" = 'requested') = ("decided_by_id" IS NULL)),
  CONSTRAINT "retention_takes_two_people" CHECK ("state" NOT IN ('done', 'refused') OR "decided_by_id" <> "requested_by_id"),
  CONSTRAINT "retention_of_inputs_follows_runs" CHECK (NOT "inputs" OR "runs_days" IS NOT NULL)
);
CREATE INDEX "retention_project_id_idx" ON "retention" ("project_id", "state", "id");
CREATE UNIQUE INDEX "retention_open_key" ON "retention" ("project_id") WHERE "state" = 'requested';
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "retention" FOR EACH ROW EXECUTE FUNCTION refuse_redaction_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "retention" FOR EACH STATEMENT EXECUTE FUNCTION refuse_redaction_change();
ALTER TABLE "retention" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- When the content of the whole run was removed.
ALTER TABLE "run" ADD COLUMN "removed_at" TIMESTAMPTZ(3);

ALTER TABLE "redaction" ADD COLUMN "retention_id" INTEGER REFERENCES "retention" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  ADD CONSTRAINT "redaction_of_a_run_follows_a_rule" CHECK (("retention_id" IS NOT NULL) = ("scope" = 'run'));
CREATE INDEX "redaction_retention_id_idx" ON "redaction" ("retention_id");

-- Why the content of a run stays, whatever its age: null when nothing holds it. A withdrawn release holds nothing.
CREATE FUNCTION "run_is_held"("the_run" integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM release r WHERE "the_run" IN (r.baseline_run_id, r.candidate_run_id) AND r.state <> 'withdrawn')
      OR EXISTS (SELECT 1 FROM anchor a WHERE a.run_id = "the_run")
$$;
CREATE INDEX IF NOT EXISTS "release_baseline_run_id_idx" ON "release" ("baseline_run_id");
CREATE INDEX IF NOT EXISTS "release_candidate_run_id_idx" ON "release" ("candidate_run_id");

-- The content of a whole run goes by the rule that is in force, in the name of who decided it, when it is old enough and nothing holds it.
CREATE FUNCTION "refuse_early_removal"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.scope = 'run' AND (run_is_held(NEW.run_id) OR NOT EXISTS (
       SELECT 1 FROM retention t JOIN run r ON r.id = NEW.run_id
        WHERE t.id = NEW.retention_id AND t.project_id = NEW.project_id AND r.project_id = NEW.project_id AND t.state = 'done'
          AND t.requested_by_id = NEW.requested_by_id AND r.created_at < clock_timestamp() - make_interval(days => t.runs_days)
          AND NOT EXISTS (SELECT 1 FROM retention n WHERE n.project_id = t.project_id AND n.state = 'done' AND n.id > t.id))) THEN
    RAISE EXCEPTION 'the content of run % is kept', NEW.run_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER refuse_early_removal BEFORE INSERT ON "redaction" FOR EACH ROW EXECUTE FUNCTION refuse_early_removal();
ALTER TABLE "redaction" ENABLE ALWAYS TRIGGER refuse_early_removal;

-- As before, and: inputs with the last run that answers them, and examples in rubrics that quote an answer of a whole run.
CREATE OR REPLACE FUNCTION "case_texts"("the_scope" redaction_scope, "the_case" integer, "the_run" integer)
RETURNS TABLE ("place" text, "row_key" text, "field" text, "case_id" integer, "run_id" integer, "content" text)
LANGUAGE sql STABLE AS $$
  WITH answered AS (
    SELECT r.id FROM run r
     WHERE r.id = "the_run" OR ("the_run" IS NULL AND r.dataset_id = (SELECT c.dataset_id FROM test_case c WHERE c.id = "the_case"))
  ), asked AS (
    -- Releases whose words are about what is taken out.
    SELECT r.id FROM release r WHERE "the_run" IS NULL OR r.baseline_run_id = "the_run" OR r.candidate_run_id = "the_run"
  ), answer AS (
    SELECT o.* FROM output o WHERE o.run_id IN (SELECT id FROM answered) AND ("the_case" IS NULL OR o.case_id = "the_case")
  ), line AS (
    SELECT 'test_case' AS place, to_jsonb(c) AS doc, c.id AS case_id, NULL::int AS run_id, ARRAY['input', 'reference', 'metadata'] AS fields
      FROM test_case c WHERE "the_scope" = 'case' AND c.id = "the_case"
    UNION ALL
    -- With the last answer to it, where the project's retention says so.
    SELECT 'test_case', to_jsonb(c), c.id, NULL, ARRAY['input', 'reference', 'metadata']
      FROM test_case c
     WHERE "the_scope" = 'run' AND c.id IN (SELECT o.case_id FROM answer o)
       AND (SELECT t.inputs FROM retention t JOIN run r ON r.project_id = t.project_id
             WHERE r.id = "the_run" AND t.state = 'done' ORDER BY t.id DESC LIMIT 1)
       AND NOT EXISTS (SELECT 1 FROM run r JOIN output o ON o.run_id = r.id AND o.case_id = c.id
                        WHERE r.dataset_id = c.dataset_id AND r.id <> "the_run" AND r.removed_at IS NULL)
    UNION ALL
    SELECT 'output', to_jsonb(o), o.case_id, o.run_id, ARRAY['output', 'error', 'metadata'] FROM answer o WHERE "the_scope" <> 'words'
    UNION ALL
    SELECT 'verdict', to_jsonb(v), v.case_id, v.run_id, ARRAY['rationale', 'metadata']
      FROM verdict v WHERE v.run_id IN (SELECT id FROM answered) AND ("the_case" IS NULL OR v.case_id = "the_case")
    UNION ALL
    SELECT 'preference_verdict', to_jsonb(v), v.case_id, v.first_run_id, ARRAY['rationale', 'metadata']
      FROM preference_verdict v
     WHERE (v.first_run_id IN (SELECT id FROM answered) OR v.second_run_id IN (SELECT id FROM answered)) AND ("the_case" IS NULL OR v.case_id = "the_case")
    UNION ALL
    SELECT 'imported_review', to_jsonb(v), v.case_id, v.run_id, ARRAY['note', 'metadata']
      FROM imported_review v WHERE v.run_id IN (SELECT id FROM answered) AND ("the_case" IS NULL OR v.case_id = "the_case")
    UNION ALL
    SELECT 'imported_preference', to_jsonb(v), v.case_id, v.first_run_id, ARRAY['note', 'metadata']
      FROM imported_preference v
     WHERE (v.first_run_id IN (SELECT id FROM answered) OR v.second_run_id IN (SELECT id FROM answered)) AND ("the_case" IS NULL OR v.case_id = "the_case")
    UNION ALL
    SELECT 'review', to_jsonb(v), v.case_id, v.run_id, ARRAY['note'] FROM review v
     WHERE ("the_case" IS NULL OR v.case_id = "the_case")
       AND CASE WHEN v.run_id IS NULL THEN v.release_id IN (SELECT id FROM asked) ELSE "the_run" IS NULL OR v.run_id = "the_run" END
    UNION ALL
    SELECT 'answer_comment', to_jsonb(v), v.case_id, v.run_id, ARRAY['quote', 'prefix', 'comment'] FROM answer_comment v
     WHERE ("the_case" IS NULL OR v.case_id = "the_case") AND ("the_run" IS NULL OR v.run_id = "the_run")
    UNION ALL
    SELECT 'check_grade', to_jsonb(g), v.case_id, NULL, ARRAY['note'] FROM check_grade g JOIN review_check v ON v.id = g.check_id
     WHERE ("the_case" IS NULL OR v.case_id = "the_case") AND v.release_id IN (SELECT id FROM asked)
    UNION ALL
    SELECT 'adjudication_task', to_jsonb(v), v.case_id, NULL, ARRAY['note'] FROM adjudication_task v
     WHERE ("the_case" IS NULL OR v.case_id = "the_case") AND v.release_id IN (SELECT id FROM asked)
    UNION ALL
    SELECT 'review_task', to_jsonb(v), v.case_id, NULL, ARRAY['skip_reason'] FROM review_task v
     WHERE ("the_case" IS NULL OR v.case_id = "the_case") AND v.release_id IN (SELECT id FROM asked)
    UNION ALL
    -- Sentinels are made from the candidate's answer, or are another case's answer that was put in its place.
    SELECT 'sentinel', to_jsonb(v), v.case_id, NULL, ARRAY['text'] FROM sentinel v JOIN release r ON r.id = v.release_id
     WHERE "the_scope" <> 'words'
       AND (CASE WHEN "the_run" IS NULL THEN v.case_id = "the_case" ELSE r.candidate_run_id = "the_run" AND ("the_case" IS NULL OR v.case_id = "the_case") END
            OR (v.kind = 'swap' AND "the_case" IS NOT NULL AND r.candidate_run_id IN (SELECT id FROM answered)
                AND EXISTS (SELECT 1 FROM answer o WHERE o.run_id = r.candidate_run_id AND o.output = v.text)))
    UNION ALL
    SELECT 'sentinel_verdict', to_jsonb(g), v.case_id, NULL, ARRAY['rationale']
      FROM sentinel_verdict g JOIN sentinel v ON v.id = g.sentinel_id JOIN release r ON r.id = v.release_id
     WHERE ("the_case" IS NULL OR v.case_id = "the_case") AND ("the_run" IS NULL OR r.candidate_run_id = "the_run")
    UNION ALL
    -- An example in a rubric names no case: it is found by its words.
    SELECT 'criterion_example', to_jsonb(v), q.case_id, NULL, ARRAY['text', 'why']
      FROM criterion_example v JOIN criterion k ON k.id = v.criterion_id
      CROSS JOIN LATERAL (SELECT o.case_id FROM answer o
                           WHERE o.output = v.text OR (length(v.text) >= 12 AND strpos(o.output, v.text) > 0) LIMIT 1) q
     WHERE "the_scope" <> 'words'
       AND k.project_id IN (SELECT d.project_id FROM test_case c JOIN dataset d ON d.id = c.dataset_id WHERE c.id = "the_case"
                            UNION ALL SELECT r.project_id FROM run r WHERE r.id = "the_run")
  )
  SELECT l.place, row_key(l.place, l.doc), f.field, l.case_id, l.run_id, l.doc ->> f.field
    FROM line l CROSS JOIN LATERAL unnest(l.fields) AS f (field)
   WHERE coalesce(l.doc ->> f.field, '') <> ''
     AND NOT EXISTS (SELECT 1 FROM tombstone k WHERE k.place = l.place AND k.row_key = row_key(l.place, l.doc) AND k.field = f.field)
$$;

-- As before, and: for a whole run, what is kept for repeated requests, what a search looks through of its inputs, and the run's mark.
CREATE OR REPLACE FUNCTION "redact"("the_redaction" integer, "approver" integer) RETURNS TABLE ("texts" integer, "digest" text)
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  asked redaction%ROWTYPE;
  said text;
  what record;
BEGIN
  SELECT * INTO asked FROM redaction r WHERE r.id = "the_redaction" FOR UPDATE;
  IF NOT FOUND OR asked.state <> 'requested' OR asked.requested_by_id = "approver" THEN
    RAISE EXCEPTION 'redaction % does not wait for this person', "the_redaction" USING ERRCODE = 'restrict_violation';
  END IF;
  UPDATE redaction r SET state = 'done', decided_by_id = "approver", decided_at = clock_timestamp() WHERE r.id = asked.id;
  -- Stored answers to requests have no case: those that repeat one of the texts lose it.
  CREATE TEMPORARY TABLE leaving ON COMMIT DROP AS
    SELECT t.*, encode(sha256(convert_to(t.content, 'UTF8')), 'hex') AS digest FROM case_texts(asked.scope, asked.case_id, asked.run_id) t;
  SELECT format('[Removed on %s by %s and %s: %s', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD'), a.name, b.name, asked.reason) INTO said
    FROM app_user a, app_user b WHERE a.id = asked.requested_by_id AND b.id = "approver";
  INSERT INTO tombstone (place, row_key, field, redaction_id, case_id, run_id, digest, bytes, shown)
    SELECT l.place, l.row_key, l.field, asked.id, l.case_id, l.run_id, l.digest, octet_length(l.content),
           CASE l.field WHEN 'metadata' THEN format('{"removed":"%s"}', l.digest) WHEN 'prefix' THEN '[removed]' ELSE format('%s (SHA-256 %s)]', said, l.digest) END
      FROM leaving l;
  FOR what IN SELECT DISTINCT l.place, l.field FROM leaving l LOOP
    EXECUTE format(
      'UPDATE %1$I t SET %2$I = k.shown%3$s FROM tombstone k
        WHERE k.redaction_id = $1 AND k.place = %1$L AND k.field = %2$L AND %4$s AND k.row_key = row_key(%1$L, to_jsonb(t))',
      what.place, what.field,
      CASE WHEN what.place = 'output' AND what.field = 'output' THEN ', output_is_json = false'
           WHEN what.place = 'test_case' AND what.field = 'input' THEN ', input_is_json = false' ELSE '' END,
      tombstone_row(what.place)) USING asked.id;
  END LOOP;
  -- What repeats them: the answers that deliveries were given, and the texts that a search looks through.
  UPDATE review_submission s SET answer = regexp_replace(s.answer, '"rationale":"(?:[^"\\]|\\.)*"', '"rationale":null', 'g')
    FROM review_task t
   WHERE t.id = s.task_id AND (asked.case_id IS NULL OR t.case_id = asked.case_id)
     AND (asked.run_id IS NULL OR t.release_id IN (SELECT r.id FROM release r WHERE asked.run_id IN (r.baseline_run_id, r.candidate_run_id)));
  UPDATE review_submission s SET answer = regexp_replace(s.answer, '"rationale":"(?:[^"\\]|\\.)*"', '"rationale":null', 'g')
    FROM review_check t
   WHERE t.id = s.task_id AND (asked.case_id IS NULL OR t.case_id = asked.case_id)
     AND (asked.run_id IS NULL OR t.release_id IN (SELECT r.id FROM release r WHERE asked.run_id IN (r.baseline_run_id, r.candidate_run_id)));
  -- Of a run there may be too many texts to look for each: what is kept for repeated requests and no longer young goes whole.
  UPDATE idempotent_answer a SET body = '{"removed":true}'
   WHERE a.actor_key LIKE asked.project_id || ':%' AND a.body <> '{"removed":true}'
     AND CASE WHEN asked.scope = 'run' AND a.created_at < now() - interval '1 day' THEN true
              ELSE EXISTS (SELECT 1 FROM leaving l WHERE length(l.content) >= 12 AND strpos(a.body, btrim(to_json(l.content)::text, '"')) > 0) END;
  UPDATE search_text s SET text = lower(c.key || E'\n' || c.input || E'\n' || coalesce(o.output, o.error))
    FROM output o JOIN test_case c ON c.id = o.case_id
   WHERE s.run_id = o.run_id AND s.case_id = o.case_id AND o.repeat = 0 AND asked.scope <> 'words'
     AND s.run_id IN (SELECT r.id FROM run r WHERE r.dataset_id = coalesce((SELECT t.dataset_id FROM test_case t WHERE t.id = asked.case_id),
                                                                         (SELECT x.dataset_id FROM run x WHERE x.id = asked.run_id)))
     AND (asked.case_id IS NULL OR s.case_id = asked.case_id)
     AND (asked.scope = 'case' OR s.run_id = asked.run_id OR s.case_id IN (SELECT l.case_id FROM leaving l WHERE l.place = 'test_case'));
  IF asked.scope = 'run' THEN
    UPDATE run r SET removed_at = clock_timestamp() WHERE r.id = asked.run_id;
  END IF;
  DROP TABLE leaving;
  RETURN QUERY SELECT count(*)::int, redaction_digest(asked.id) FROM tombstone k WHERE k.redaction_id = asked.id;
END
$$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['redact(integer, integer)', 'case_texts(redaction_scope, integer, integer)', 'run_is_held(integer)', 'refuse_early_removal()']
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
  END LOOP;
END
$$;

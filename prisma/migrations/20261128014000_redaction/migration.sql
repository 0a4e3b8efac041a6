-- Content of a case that must go, personal data say, is taken out by two people and leaves a tombstone: the digest of what
-- was there. Digests of runs and evidence, samples and the audit log verify as before, and everything says what was removed.

CREATE TYPE "redaction_scope" AS ENUM ('case', 'output', 'words', 'run');
CREATE TYPE "redaction_state" AS ENUM ('requested', 'done', 'refused', 'withdrawn');

CREATE TABLE "redaction" (
  "id" SERIAL PRIMARY KEY,
  "project_id" INTEGER NOT NULL REFERENCES "project" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "scope" "redaction_scope" NOT NULL,
  -- Null: all cases of the run.
  "case_id" INTEGER REFERENCES "test_case" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "run_id" INTEGER REFERENCES "run" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "reason" TEXT NOT NULL CHECK (length(btrim("reason")) BETWEEN 1 AND 500),
  "state" "redaction_state" NOT NULL DEFAULT 'requested',
  "requested_by_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "decided_by_id" INTEGER REFERENCES "app_user" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "decided_at" TIMESTAMPTZ(3),
  -- Why it was refused.
  "answer" TEXT,
  CONSTRAINT "redaction_names_what_it_is_about"
    CHECK (("case_id" IS NULL) = ("scope" = 'run') AND ("run_id" IS NOT NULL) = ("scope" IN ('output', 'run'))),
  CONSTRAINT "redaction_decided_when_it_is"
    CHECK (("state" = 'requested') = ("decided_at" IS NULL) AND ("state" = 'requested') = ("decided_by_id" IS NULL)),
  CONSTRAINT "redaction_takes_two_people" CHECK ("state" NOT IN ('done', 'refused') OR "decided_by_id" <> "requested_by_id")
);
CREATE INDEX "redaction_project_id_idx" ON "redaction" ("project_id", "state", "id");
-- One thing is asked for once at a time.
CREATE UNIQUE INDEX "redaction_open_key" ON "redaction" ("scope", coalesce("case_id", 0), coalesce("run_id", 0)) WHERE "state" = 'requested';

-- What stood where content was removed. `place` is the table, `row_key` names the row in it.
CREATE TABLE "tombstone" (
  "place" TEXT NOT NULL,
  "row_key" TEXT NOT NULL,
  "field" TEXT NOT NULL,
  "redaction_id" INTEGER NOT NULL REFERENCES "redaction" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
  "case_id" INTEGER NOT NULL,
  "run_id" INTEGER,
  -- SHA-256 of the text that was there.
  "digest" TEXT NOT NULL CHECK ("digest" ~ '^[0-9a-f]{64}$'),
  "bytes" INTEGER NOT NULL,
  -- What stands there now.
  "shown" TEXT NOT NULL,
  PRIMARY KEY ("place", "row_key", "field")
);
CREATE INDEX "tombstone_redaction_id_idx" ON "tombstone" ("redaction_id");
CREATE INDEX "tombstone_case_id_idx" ON "tombstone" ("case_id");

CREATE FUNCTION "row_key"("place" text, "line" jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE "place"
    WHEN 'output' THEN concat_ws('/', "line" ->> 'run_id', "line" ->> 'case_id', "line" ->> 'repeat')
    WHEN 'verdict' THEN concat_ws('/', "line" ->> 'run_id', "line" ->> 'judge_version_id', "line" ->> 'case_id', "line" ->> 'repeat')
    WHEN 'preference_verdict' THEN concat_ws('/', "line" ->> 'first_run_id', "line" ->> 'second_run_id', "line" ->> 'judge_version_id', "line" ->> 'case_id', "line" ->> 'repeat')
    WHEN 'imported_review' THEN concat_ws('/', "line" ->> 'run_id', "line" ->> 'criterion_id', "line" ->> 'case_id', "line" ->> 'reviewer')
    WHEN 'imported_preference' THEN concat_ws('/', "line" ->> 'first_run_id', "line" ->> 'second_run_id', "line" ->> 'criterion_id', "line" ->> 'case_id', "line" ->> 'reviewer')
    WHEN 'check_grade' THEN concat_ws('/', "line" ->> 'check_id', "line" ->> 'criterion_id', "line" ->> 'side')
    WHEN 'sentinel_verdict' THEN concat_ws('/', "line" ->> 'sentinel_id', "line" ->> 'judge_version_id')
    ELSE "line" ->> 'id'
  END
$$;

-- The digest of a text as it was, whether or not it was removed since.
CREATE FUNCTION "text_digest"("at_place" text, "at_row" text, "at_field" text, "now" text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT k.digest FROM tombstone k WHERE k.place = "at_place" AND k.row_key = "at_row" AND k.field = "at_field"),
                  encode(sha256(convert_to("now", 'UTF8')), 'hex'))
$$;

-- Every text that a redaction of this scope takes out, as it stands. What is empty or removed already is not among them.
CREATE FUNCTION "case_texts"("the_scope" redaction_scope, "the_case" integer, "the_run" integer)
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
    SELECT 'criterion_example', to_jsonb(v), "the_case", NULL, ARRAY['text', 'why']
      FROM criterion_example v JOIN criterion k ON k.id = v.criterion_id
     WHERE "the_scope" <> 'words' AND "the_case" IS NOT NULL
       AND k.project_id = (SELECT d.project_id FROM test_case c JOIN dataset d ON d.id = c.dataset_id WHERE c.id = "the_case")
       AND EXISTS (SELECT 1 FROM answer o WHERE o.output = v.text OR (length(v.text) >= 12 AND strpos(o.output, v.text) > 0))
  )
  SELECT l.place, row_key(l.place, l.doc), f.field, l.case_id, l.run_id, l.doc ->> f.field
    FROM line l CROSS JOIN LATERAL unnest(l.fields) AS f (field)
   WHERE coalesce(l.doc ->> f.field, '') <> ''
     AND NOT EXISTS (SELECT 1 FROM tombstone k WHERE k.place = l.place AND k.row_key = row_key(l.place, l.doc) AND k.field = f.field)
$$;

-- A row may change in one way alone: a text of it gives way to what its tombstone says of it.
CREATE FUNCTION "is_removal"("at_place" text, "before" jsonb, "after" jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(*) > 0 AND coalesce(bool_and(EXISTS (
           SELECT 1 FROM tombstone k
            WHERE k.place = "at_place" AND k.row_key = row_key("at_place", "before") AND k.field = b.key
              AND k.digest = encode(sha256(convert_to(b.value, 'UTF8')), 'hex') AND a.value = k.shown)), false)
    FROM jsonb_each_text("before") b JOIN jsonb_each_text("after") a USING (key)
   WHERE a.value IS DISTINCT FROM b.value
$$;

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF TG_TABLE_NAME IN ('review', 'check_grade', 'answer_comment', 'imported_review', 'imported_preference', 'sentinel', 'sentinel_verdict') THEN
      IF is_removal(TG_TABLE_NAME, to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
      END IF;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', HINT = 'Record a correction as a new row.';
END
$$;

-- A tombstone is written for a redaction that two people decided, and never again touched.
CREATE FUNCTION refuse_bare_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM redaction r WHERE r.id = NEW.redaction_id AND r.state = 'done' AND r.decided_by_id <> r.requested_by_id) THEN
    RAISE EXCEPTION 'redaction % is not approved by a second person', NEW.redaction_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER refuse_bare_tombstone BEFORE INSERT ON "tombstone" FOR EACH ROW EXECUTE FUNCTION refuse_bare_tombstone();
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "tombstone" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "tombstone" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE "tombstone" ENABLE ALWAYS TRIGGER refuse_bare_tombstone, ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- What was asked for stays as it was asked, and is decided once.
CREATE FUNCTION refuse_redaction_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state = 'requested' AND NEW.state <> 'requested'
       AND to_jsonb(OLD) - ARRAY['state', 'decided_by_id', 'decided_at', 'answer'] = to_jsonb(NEW) - ARRAY['state', 'decided_by_id', 'decided_at', 'answer'] THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'a redaction is decided once and kept: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "redaction" FOR EACH ROW EXECUTE FUNCTION refuse_redaction_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "redaction" FOR EACH STATEMENT EXECUTE FUNCTION refuse_redaction_change();
ALTER TABLE "redaction" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- How the row of a tombstone `k` is found in its table `t` by an index, before the whole key is compared.
CREATE FUNCTION "tombstone_row"("place" text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN "place" = 'test_case' THEN 't.id = k.case_id'
    WHEN "place" IN ('output', 'verdict', 'imported_review') THEN 't.run_id = k.run_id AND t.case_id = k.case_id'
    WHEN "place" IN ('preference_verdict', 'imported_preference') THEN 't.first_run_id = k.run_id AND t.case_id = k.case_id'
    WHEN "place" = 'check_grade' THEN 't.check_id = split_part(k.row_key, ''/'', 1)'
    WHEN "place" = 'sentinel_verdict' THEN 't.sentinel_id = split_part(k.row_key, ''/'', 1)::int'
    WHEN "place" IN ('adjudication_task', 'review_task') THEN 't.id = k.row_key'
    ELSE 't.id = k.row_key::int'
  END
$$;

-- Tombstones whose text is not what they say: somebody wrote over one, or brought the content back.
CREATE FUNCTION "misplaced_tombstones"() RETURNS TABLE ("redaction_id" integer, "place" text, "row_key" text, "field" text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  what record;
BEGIN
  FOR what IN SELECT DISTINCT k.place, k.field FROM tombstone k ORDER BY 1, 2 LOOP
    RETURN QUERY EXECUTE format(
      'SELECT k.redaction_id, k.place, k.row_key, k.field FROM tombstone k
         LEFT JOIN %1$I t ON %3$s AND row_key(%1$L, to_jsonb(t)) = k.row_key
        WHERE k.place = %1$L AND k.field = %2$L AND t.%2$I IS DISTINCT FROM k.shown ORDER BY k.row_key',
      what.place, what.field, tombstone_row(what.place));
  END LOOP;
END
$$;

-- Does what was asked for, once a second person says so, and nothing else: the one way past the triggers, which look at
-- every row again. Returns how many texts were removed and one digest over all of them, for the audit event.
CREATE FUNCTION "redact"("the_redaction" integer, "approver" integer) RETURNS TABLE ("texts" integer, "digest" text)
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
  UPDATE idempotent_answer a SET body = '{"removed":true}'
   WHERE a.actor_key LIKE asked.project_id || ':%'
     AND EXISTS (SELECT 1 FROM leaving l WHERE length(l.content) >= 12 AND strpos(a.body, btrim(to_json(l.content)::text, '"')) > 0);
  UPDATE search_text s SET text = lower(c.key || E'\n' || c.input || E'\n' || coalesce(o.output, o.error))
    FROM output o JOIN test_case c ON c.id = o.case_id
   WHERE s.run_id = o.run_id AND s.case_id = o.case_id AND o.repeat = 0
     AND CASE WHEN asked.scope = 'case' THEN o.case_id = asked.case_id AND o.run_id IN (SELECT r.id FROM run r WHERE r.dataset_id = c.dataset_id)
              WHEN asked.scope = 'output' THEN o.case_id = asked.case_id AND o.run_id = asked.run_id
              WHEN asked.scope = 'run' THEN o.run_id = asked.run_id ELSE false END;
  DROP TABLE leaving;
  RETURN QUERY SELECT count(*)::int, redaction_digest(asked.id) FROM tombstone k WHERE k.redaction_id = asked.id;
END
$$;

-- One digest over all tombstones of a redaction: a line each, in the order of place, row and field (bytes).
CREATE FUNCTION "redaction_digest"("of_redaction" integer) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(coalesce(string_agg(k.place || ' ' || k.row_key || ' ' || k.field || ' ' || k.digest, E'\n'
           ORDER BY k.place COLLATE "C", k.row_key COLLATE "C", k.field COLLATE "C"), ''), 'UTF8')), 'hex')
    FROM tombstone k WHERE k.redaction_id = "of_redaction"
$$;

-- What a run holds, as before; a text that was removed counts with the digest it had.
CREATE OR REPLACE FUNCTION "run_digest"("run" integer) RETURNS text LANGUAGE sql STABLE SET enable_nestloop = off AS $$
  WITH judged AS (
    SELECT v.case_id, v.repeat,
           string_agg(jv.digest || '=' || v.verdict || ':' || coalesce(v.score::text, ''), ',' ORDER BY jv.digest COLLATE "C") AS verdicts
      FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id
     WHERE v.run_id = "run"
     GROUP BY v.case_id, v.repeat
  ), again AS (
    SELECT v.case_id,
           string_agg(jv.digest || '#' || v.repeat || '=' || v.verdict || ':' || coalesce(v.score::text, ''), ','
             ORDER BY jv.digest COLLATE "C", v.repeat) AS verdicts
      FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id
     WHERE v.run_id = "run" AND v.repeat > 0
       AND NOT EXISTS (SELECT 1 FROM output o WHERE o.run_id = "run" AND o.case_id = v.case_id AND o.repeat = v.repeat)
     GROUP BY v.case_id
  ), pair AS (
    SELECT * FROM preference_verdict WHERE first_run_id = "run"
    UNION ALL
    SELECT * FROM preference_verdict WHERE second_run_id = "run"
  ), compared AS (
    SELECT v.case_id, v.repeat,
           string_agg(jv.digest || '=' || a.digest || '~' || b.digest || '=' || v.prefer || ':' || coalesce(v.score::text, ''), ','
             ORDER BY jv.digest COLLATE "C", a.digest COLLATE "C", b.digest COLLATE "C") AS verdicts
      FROM pair v JOIN judge_version jv ON jv.id = v.judge_version_id
      JOIN run x ON x.id = v.first_run_id JOIN prompt_version a ON a.id = x.version_id
      JOIN run y ON y.id = v.second_run_id JOIN prompt_version b ON b.id = y.version_id
     GROUP BY v.case_id, v.repeat
  ), gone AS (
    SELECT k.case_id, split_part(k.row_key, '/', 3)::smallint AS repeat,
           max(k.digest) FILTER (WHERE k.field = 'output') AS output, max(k.digest) FILTER (WHERE k.field = 'error') AS error
      FROM tombstone k WHERE k.place = 'output' AND k.run_id = "run" AND k.field IN ('output', 'error') GROUP BY 1, 2
  ), line AS (
    SELECT c.key, o.repeat,
           c.key || ' ' || o.repeat || ' ' || c.input_digest
           || ' ' || coalesce(g.output, encode(sha256(convert_to(o.output, 'UTF8')), 'hex'), '-')
           || ' ' || coalesce(g.error, encode(sha256(convert_to(o.error, 'UTF8')), 'hex'), '-')
           || ' ' || coalesce(j.verdicts, '-')
           || coalesce(' ' || p.verdicts, '')
           || coalesce(' ' || a.verdicts, '') AS text
      FROM output o
      JOIN test_case c ON c.id = o.case_id
      LEFT JOIN judged j ON j.case_id = o.case_id AND j.repeat = o.repeat
      LEFT JOIN compared p ON p.case_id = o.case_id AND p.repeat = o.repeat
      LEFT JOIN again a ON a.case_id = o.case_id AND o.repeat = 0
      LEFT JOIN gone g ON g.case_id = o.case_id AND g.repeat = o.repeat
     WHERE o.run_id = "run"
  )
  SELECT encode(sha256(convert_to(coalesce(string_agg(text, E'\n' ORDER BY key COLLATE "C", repeat), ''), 'UTF8')), 'hex') FROM line
$$;

REVOKE ALL ON FUNCTION "redact"(integer, integer) FROM PUBLIC;
DO $$
DECLARE
  name text;
BEGIN
  -- In the schema they were made in, whatever the caller's search_path says.
  FOREACH name IN ARRAY ARRAY['redact(integer, integer)', 'is_removal(text, jsonb, jsonb)', 'refuse_bare_tombstone()', 'text_digest(text, text, text, text)',
    'refuse_change()', 'redaction_digest(integer)', 'misplaced_tombstones()', 'case_texts(redaction_scope, integer, integer)']
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', name, current_schema());
  END LOOP;
END
$$;

-- Work in the queue: who is to grade what, why a case was put off, and how a disagreement between graders is settled.

ALTER TABLE "review_task" ADD COLUMN "skip_reason" TEXT CHECK (char_length("skip_reason") BETWEEN 1 AND 500);

-- A place among the graders of a case that is kept for one person; without any, the case is open to all reviewers.
CREATE TABLE "assignment" (
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  "reviewer_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "assigned_by_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "assigned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  PRIMARY KEY ("release_id", "case_id", "reviewer_id")
);
CREATE INDEX "assignment_reviewer" ON "assignment" ("reviewer_id");

-- A disagreement that somebody took up. Who is in here has seen the grades, and never grades the case.
CREATE TABLE "adjudication_task" (
  "id" TEXT PRIMARY KEY,
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  "adjudicator_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "claimed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "completed_at" TIMESTAMPTZ(3),
  -- accepted: a grade that was given stands. fixed: another one. returned: one more person grades the case first.
  "outcome" TEXT CHECK ("outcome" IN ('accepted', 'fixed', 'returned')),
  "note" TEXT CHECK (char_length("note") BETWEEN 1 AND 10000),
  UNIQUE ("release_id", "case_id", "adjudicator_id"),
  CONSTRAINT "adjudication_task_ends_with_outcome" CHECK (("completed_at" IS NULL) = ("outcome" IS NULL))
);

CREATE TABLE "adjudication" (
  "id" SERIAL PRIMARY KEY,
  "release_id" INTEGER NOT NULL REFERENCES "release" ("id") ON DELETE RESTRICT,
  "case_id" INTEGER NOT NULL REFERENCES "test_case" ("id") ON DELETE RESTRICT,
  -- Run and verdict, or prefer.
  "run_id" INTEGER REFERENCES "run" ("id") ON DELETE RESTRICT,
  "criterion_id" INTEGER NOT NULL REFERENCES "criterion" ("id") ON DELETE RESTRICT,
  "adjudicator_id" INTEGER NOT NULL REFERENCES "app_user" ("id") ON DELETE RESTRICT,
  "task_id" TEXT NOT NULL REFERENCES "adjudication_task" ("id") ON DELETE RESTRICT,
  "verdict" "grade",
  "prefer" "grade_preference",
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  CONSTRAINT "adjudication_is_verdict_or_preference" CHECK (("verdict" IS NULL) <> ("prefer" IS NULL) AND ("run_id" IS NULL) = ("verdict" IS NULL))
);
-- A disagreement is settled once.
CREATE UNIQUE INDEX "adjudication_once" ON "adjudication" ("release_id", "case_id", "criterion_id", coalesce("run_id", 0));

CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON "adjudication" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON "adjudication" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE "adjudication" ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- Nobody settles a disagreement they are part of, nor becomes part of one they have looked into.
CREATE FUNCTION "refuse_own_case"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'adjudication' THEN
    IF EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = NEW.release_id AND rv.case_id = NEW.case_id AND rv.reviewer_id = NEW.adjudicator_id) THEN
      RAISE EXCEPTION 'a grader of the case can not settle it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  ELSIF EXISTS (SELECT 1 FROM adjudication_task t WHERE t.release_id = NEW.release_id AND t.case_id = NEW.case_id AND t.adjudicator_id = NEW.reviewer_id) THEN
    RAISE EXCEPTION 'who has seen the grades of a case can not grade it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "adjudicator_did_not_grade" BEFORE INSERT ON "adjudication" FOR EACH ROW EXECUTE FUNCTION refuse_own_case();
CREATE TRIGGER "grader_did_not_adjudicate" BEFORE INSERT ON "review" FOR EACH ROW EXECUTE FUNCTION refuse_own_case();

-- How many people are to grade a case: as many as the policy asks for, and one more each time somebody sent it back.
CREATE FUNCTION "graders_needed"("of_release" integer, "of_case" integer) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT (p.document::json ->> 'reviewersPerCase')::int
       + (SELECT count(*)::int FROM adjudication_task t WHERE t.release_id = of_release AND t.case_id = of_case AND t.outcome = 'returned')
    FROM release r JOIN policy p ON p.id = r.policy_id WHERE r.id = of_release
$$;

-- What people's current grades amount to, for each output and criterion (of a preference: each case, run_id null): the
-- adjudication if there is one; else `waiting` until enough people have graded; else what all agree on; else, with three or
-- more, the majority; else `disagreement`. A superseded grade does not count.
CREATE VIEW "human_label" AS
SELECT g.release_id, g.case_id, g.run_id, g.criterion_id, g.graders, g.needed, a.id IS NOT NULL AS adjudicated,
       coalesce(a.verdict::text, a.prefer::text, g.label) AS label
  FROM (
    SELECT rv.release_id, rv.case_id, rv.run_id, rv.criterion_id, count(*)::int AS graders, rv.needed,
           CASE WHEN count(*) < rv.needed THEN 'waiting'
                WHEN count(DISTINCT rv.said) = 1 THEN min(rv.said)
                WHEN count(*) < 3 THEN 'disagreement'
                WHEN 2 * count(*) FILTER (WHERE rv.said = 'pass') > count(*) THEN 'pass'
                WHEN 2 * count(*) FILTER (WHERE rv.said = 'fail') > count(*) THEN 'fail'
                WHEN 2 * count(*) FILTER (WHERE rv.said = 'candidate') > count(*) THEN 'candidate'
                WHEN 2 * count(*) FILTER (WHERE rv.said = 'baseline') > count(*) THEN 'baseline'
                WHEN 2 * count(*) FILTER (WHERE rv.said = 'tie') > count(*) THEN 'tie'
                ELSE 'disagreement' END AS label
      FROM (
        SELECT r.release_id, r.case_id, r.run_id, r.criterion_id, coalesce(r.verdict::text, r.prefer::text) AS said,
               (p.document::json ->> 'reviewersPerCase')::int + coalesce(back.times, 0) AS needed
          FROM review r
          JOIN release x ON x.id = r.release_id JOIN policy p ON p.id = x.policy_id
          LEFT JOIN (SELECT t.release_id, t.case_id, count(*)::int AS times FROM adjudication_task t WHERE t.outcome = 'returned' GROUP BY 1, 2) back
                 ON back.release_id = r.release_id AND back.case_id = r.case_id
         WHERE NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = r.id)
      ) rv
     GROUP BY rv.release_id, rv.case_id, rv.run_id, rv.criterion_id, rv.needed
  ) g
  LEFT JOIN adjudication a ON a.release_id = g.release_id AND a.case_id = g.case_id AND a.criterion_id = g.criterion_id
                          AND a.run_id IS NOT DISTINCT FROM g.run_id;

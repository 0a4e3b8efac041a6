-- How many people a policy asks to grade a case, read once when its document is stored. The view and the function are as
-- before; they read the document again for every grade.
ALTER TABLE "policy" ADD COLUMN "reviewers_per_case" INTEGER
  GENERATED ALWAYS AS (("document"::json ->> 'reviewersPerCase')::int) STORED;

CREATE OR REPLACE FUNCTION "graders_needed"("of_release" integer, "of_case" integer) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT p.reviewers_per_case
       + (SELECT count(*)::int FROM adjudication_task t WHERE t.release_id = of_release AND t.case_id = of_case AND t.outcome = 'returned')
    FROM release r JOIN policy p ON p.id = r.policy_id WHERE r.id = of_release
$$;

CREATE OR REPLACE VIEW "human_label" AS
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
               p.reviewers_per_case + coalesce(back.times, 0) AS needed
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

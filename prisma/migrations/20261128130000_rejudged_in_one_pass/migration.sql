-- As before, for all judges of a run at once: its answers and those judged before are compared once, not once a judge.
DROP FUNCTION "count_rejudged"(integer, integer);

-- Of a run's answers that are byte for byte those of the judging before, by the same judge version: how many verdicts
-- stayed and how many changed. The judging before is the last one of the same prompt version, or the last of the dataset.
-- All four are read in the order of their keys: the planner, which expects few equal outputs, would look up each verdict by
-- itself, at four times the cost.
CREATE FUNCTION "count_rejudged"("run" integer)
RETURNS TABLE (
  "judge_version_id" integer,
  "pass_pass" integer, "pass_fail" integer, "fail_pass" integer, "fail_fail" integer, "error" integer
)
LANGUAGE plpgsql STABLE SET enable_nestloop = off SET enable_hashjoin = off AS $$
DECLARE
  earlier integer;
  judges integer[];
BEGIN
  FOR earlier, judges IN
    SELECT b.run_id, array_agg(j.judge_version_id)
      FROM run_judge j CROSS JOIN LATERAL (
             SELECT r.id AS run_id
               FROM run now JOIN run r ON r.dataset_id = now.dataset_id AND r.id < now.id
               JOIN run_judge k ON k.run_id = r.id AND k.judge_version_id = j.judge_version_id
              WHERE now.id = "run" ORDER BY r.version_id = now.version_id DESC, r.id DESC LIMIT 1) b
     WHERE j.run_id = "run"
     GROUP BY b.run_id
  LOOP
    RETURN QUERY
    SELECT v.judge_version_id,
           count(*) FILTER (WHERE w.verdict = 'pass' AND v.verdict = 'pass')::int,
           count(*) FILTER (WHERE w.verdict = 'pass' AND v.verdict = 'fail')::int,
           count(*) FILTER (WHERE w.verdict = 'fail' AND v.verdict = 'pass')::int,
           count(*) FILTER (WHERE w.verdict = 'fail' AND v.verdict = 'fail')::int,
           count(*) FILTER (WHERE w.verdict = 'error' OR v.verdict = 'error')::int
      FROM output o
      JOIN output p ON p.run_id = earlier AND p.case_id = o.case_id AND p.repeat = 0
      JOIN verdict v ON v.run_id = "run" AND v.case_id = o.case_id AND v.judge_version_id = ANY (judges) AND v.repeat = 0
      JOIN verdict w ON w.run_id = earlier AND w.case_id = v.case_id AND w.judge_version_id = v.judge_version_id AND w.repeat = 0
     WHERE o.run_id = "run" AND o.repeat = 0 AND p.output = o.output AND p.output_is_json = o.output_is_json
     GROUP BY v.judge_version_id;
  END LOOP;
END
$$;

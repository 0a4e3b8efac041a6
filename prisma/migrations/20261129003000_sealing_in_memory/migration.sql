-- The line of a case is made before the lines are sorted: what is sorted was the outputs themselves, which went to the disk
-- and back. 200 000 lines fit into the memory given.
CREATE OR REPLACE FUNCTION "run_digest"("run" integer) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
SET enable_nestloop = off SET work_mem = '128MB' AS $$
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
      JOIN test_case c ON c.id = o.case_id AND c.dataset_id = (SELECT r.dataset_id FROM run r WHERE r.id = run_digest."run")
      LEFT JOIN judged j ON j.case_id = o.case_id AND j.repeat = o.repeat
      LEFT JOIN compared p ON p.case_id = o.case_id AND p.repeat = o.repeat
      LEFT JOIN again a ON a.case_id = o.case_id AND o.repeat = 0
      LEFT JOIN gone g ON g.case_id = o.case_id AND g.repeat = o.repeat
     WHERE o.run_id = "run"
    OFFSET 0
  )
  SELECT encode(sha256(convert_to(coalesce(string_agg(text, E'\n' ORDER BY key COLLATE "C", repeat), ''), 'UTF8')), 'hex') FROM line
$$;

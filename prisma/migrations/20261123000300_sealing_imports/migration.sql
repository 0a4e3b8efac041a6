-- What a run holds, as one digest: SHA-256 over one line a case in the order of the case keys (bytes). A line has the case
-- key, the digests of its input, output and error, and every judge version's verdict. Releases pin it; anyone can compute
-- it again from the stored rows.
CREATE FUNCTION "run_digest"("run" integer) RETURNS text LANGUAGE sql STABLE SET enable_nestloop = off AS $$
  WITH judged AS (
    SELECT v.case_id, v.repeat,
           string_agg(jv.digest || '=' || v.verdict || ':' || coalesce(v.score::text, ''), ',' ORDER BY jv.digest COLLATE "C") AS verdicts
      FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id
     WHERE v.run_id = "run"
     GROUP BY v.case_id, v.repeat
  ), line AS (
    SELECT c.key, o.repeat,
           c.key || ' ' || o.repeat || ' ' || c.input_digest
           || ' ' || coalesce(encode(sha256(convert_to(o.output, 'UTF8')), 'hex'), '-')
           || ' ' || coalesce(encode(sha256(convert_to(o.error, 'UTF8')), 'hex'), '-')
           || ' ' || coalesce(j.verdicts, '-') AS text
      FROM output o
      JOIN test_case c ON c.id = o.case_id
      LEFT JOIN judged j ON j.case_id = o.case_id AND j.repeat = o.repeat
     WHERE o.run_id = "run"
  )
  SELECT encode(sha256(convert_to(coalesce(string_agg(text, E'\n' ORDER BY key COLLATE "C", repeat), ''), 'UTF8')), 'hex') FROM line
$$;

-- Tells the planner about rows that were just loaded, before anyone asks for them. With the owner's rights, because only a
-- table's owner may ANALYZE it.
CREATE FUNCTION "analyze_loaded_tables"() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  ANALYZE test_case;
  ANALYZE output;
  ANALYZE verdict;
  ANALYZE imported_review;
  ANALYZE run_judge;
END
$$;
REVOKE ALL ON FUNCTION "analyze_loaded_tables"() FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION analyze_loaded_tables() SET search_path = pg_catalog, %I, pg_temp', current_schema());
END $$;

-- No change of another row may reach a row that is only added to, not even one that triggers would then refuse: references
-- from these tables restrict, in both directions.
DO $$
DECLARE
  weak record;
BEGIN
  FOR weak IN
    SELECT c.conname AS name, c.conrelid::regclass AS "table", regexp_replace(pg_get_constraintdef(c.oid), ' ON (UPDATE|DELETE) (CASCADE|SET NULL|SET DEFAULT|RESTRICT)', '', 'g') AS definition
      FROM pg_constraint c
     WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND (c.confupdtype NOT IN ('a', 'r') OR c.confdeltype NOT IN ('a', 'r'))
       AND EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.conrelid AND t.tgname = 'refuse_row_change')
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', weak."table", weak.name);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s ON DELETE RESTRICT ON UPDATE RESTRICT', weak."table", weak.name, weak.definition);
  END LOOP;
END
$$;

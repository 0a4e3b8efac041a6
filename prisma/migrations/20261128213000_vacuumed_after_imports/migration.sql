-- An index alone answers what a page of cases asks, once a vacuum has marked the rows as visible to all: the search for a flip takes
-- 8 ms then and 19 before. Rows only ever come, an import at a time; by default one fifth of a table has to come before they are
-- looked at, which a small import into a large table never is.
ALTER TABLE "test_case" SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 2000);
ALTER TABLE "output" SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 2000);
ALTER TABLE "verdict" SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 2000);
ALTER TABLE "preference_verdict" SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 2000);

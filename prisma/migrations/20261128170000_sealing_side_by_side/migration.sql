-- The runs of an import are sealed side by side, each by a process of the database's own. The cost says that a call is worth one.
ALTER FUNCTION "run_digest"(integer) PARALLEL SAFE COST 1000000;

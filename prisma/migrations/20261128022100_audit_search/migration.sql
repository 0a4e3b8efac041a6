-- Everything about one thing, such as `release:7`: the first word of the subject. Bounded, because an index entry is.
CREATE INDEX "audit_entry_subject_key" ON "audit_entry" ("project_id", left(split_part("subject", ' ', 1), 200), "index");

-- Any part of a name or a subject, by trigrams; a server that lacks them reads the entries instead.
DO $$
DECLARE
  trigrams text;
BEGIN
  SELECT quote_ident(n.nspname) || '.gin_trgm_ops' INTO trigrams
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
  IF trigrams IS NOT NULL THEN
    EXECUTE format('CREATE INDEX "audit_entry_words" ON "audit_entry" USING gin ("subject" %s, "actor" %s)', trigrams, trigrams);
  END IF;
END
$$;

-- The audit log is appended to through one function and never changed; grades, sign-offs, evidence and decisions are
-- never changed either. Triggers stop accidents; a checkpoint held elsewhere stops an administrator.

-- A leaf index is a place in the tree, and a hash is 32 bytes.
ALTER TABLE audit_entry
  ADD CONSTRAINT audit_entry_index_from_zero CHECK ("index" >= 0),
  ADD CONSTRAINT audit_entry_leaf_hash_is_sha256 CHECK (octet_length(leaf_hash) = 32);
ALTER TABLE audit_checkpoint
  ADD CONSTRAINT audit_checkpoint_not_of_an_empty_log CHECK (size > 0),
  ADD CONSTRAINT audit_checkpoint_root_hash_is_sha256 CHECK (octet_length(root_hash) = 32);
ALTER TABLE audit_head
  ADD CONSTRAINT audit_head_size_from_zero CHECK (size >= 0);

-- Appends one entry and returns its index. The head row is locked until the transaction ends, so call it last.
-- The frontier holds the roots of the complete subtrees, largest first: one for each 1 in the binary form of size.
CREATE FUNCTION audit_append(
  new_leaf bytea, new_project_id integer, new_at timestamptz, new_action text, new_actor text, new_subject text,
  new_request_id text
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  old_size integer;
  nodes bytea[];
  node bytea;
  carry integer;
  last integer;
  new_hash bytea := sha256('\x00'::bytea || new_leaf);
BEGIN
  SELECT head.size, head.frontier INTO STRICT old_size, nodes FROM audit_head AS head WHERE head.id = 1 FOR UPDATE;
  last := cardinality(nodes);
  node := new_hash;
  carry := old_size;
  WHILE carry % 2 = 1 LOOP
    node := sha256('\x01'::bytea || nodes[last] || node);
    last := last - 1;
    carry := carry / 2;
  END LOOP;
  nodes := nodes[1:last] || node;
  INSERT INTO audit_entry ("index", leaf, leaf_hash, project_id, at, action, actor, subject, request_id)
    VALUES (old_size, new_leaf, new_hash, new_project_id, new_at, new_action, new_actor, new_subject, new_request_id);
  UPDATE audit_head AS head SET size = old_size + 1, frontier = nodes WHERE head.id = 1;
  RETURN old_size;
END
$$;

-- The root of the tree as it stands.
CREATE FUNCTION audit_root() RETURNS bytea
LANGUAGE plpgsql STABLE AS $$
DECLARE
  nodes bytea[];
  root bytea;
BEGIN
  SELECT head.frontier INTO STRICT nodes FROM audit_head AS head WHERE head.id = 1;
  root := nodes[cardinality(nodes)];
  FOR i IN REVERSE cardinality(nodes) - 1 .. 1 LOOP
    root := sha256('\x01'::bytea || nodes[i] || root);
  END LOOP;
  RETURN coalesce(root, sha256(''::bytea));
END
$$;

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', HINT = 'Record a correction as a new row.';
END
$$;

CREATE FUNCTION refuse_head_jump() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION 'audit_head is the head of the audit log: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.id <> OLD.id OR NEW.size <> OLD.size + 1 THEN
    RAISE EXCEPTION 'audit_head grows by one entry at a time, not from % to %', OLD.size, NEW.size
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;

-- The functions work in the schema they were made in, whatever the caller's search_path says; ENABLE ALWAYS holds also
-- where session_replication_role is replica.
DO $$
DECLARE
  kept text;
BEGIN
  EXECUTE format(
    'ALTER FUNCTION audit_append(bytea, integer, timestamptz, text, text, text, text) SET search_path = pg_catalog, %I, pg_temp',
    current_schema());
  EXECUTE format('ALTER FUNCTION audit_root() SET search_path = pg_catalog, %I, pg_temp', current_schema());
  FOREACH kept IN ARRAY ARRAY['audit_entry', 'audit_checkpoint', 'review', 'sign_off', 'evidence', 'decision',
    'imported_review']
  LOOP
    EXECUTE format('CREATE TRIGGER refuse_row_change BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_row_change, ENABLE ALWAYS TRIGGER refuse_truncate', kept);
  END LOOP;
END
$$;
CREATE TRIGGER refuse_head_jump BEFORE UPDATE OR DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION refuse_head_jump();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION refuse_head_jump();
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER refuse_head_jump, ENABLE ALWAYS TRIGGER refuse_truncate;

-- Nobody appends but those who are granted it (lib/db/roles.ts).
REVOKE EXECUTE ON FUNCTION audit_append(bytea, integer, timestamptz, text, text, text, text) FROM PUBLIC;

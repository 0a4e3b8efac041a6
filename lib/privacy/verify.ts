import { type AuditEvent, parseLeaf } from "../audit/leaf";
import type { Sql } from "../db/transaction";
import { sha256Hex } from "../digest";

export type RemovedContent = { id: number; scope: string; texts: number; at: string; reason: string };

export type ContentVerification = {
  ok: boolean;
  runs: number;
  evidence: number;
  /** What was removed by two people, each: no problem, and no secret. */
  redactions: RemovedContent[];
  problems: string[];
};

/**
 * Checks stored content: every run against its digest, every evidence against its own and what people wrote against the
 * evidence, every removal of content against the log. A text that two people removed counts with the digest it had; one
 * that is missing otherwise is tampering.
 */
export async function verifyContents(reader: Sql): Promise<ContentVerification> {
  const problems: string[] = [];
  const runs = await reader.$queryRaw<{ id: number; same: boolean }[]>`
    SELECT id, digest = run_digest(id) AS same FROM run WHERE digest <> '' ORDER BY id`;
  for (const { id, same } of runs)
    if (!same)
      problems.push(`run ${id}: its answers and verdicts are not those that came in: the digest is another one`);
  const evidence = await verifyEvidence(reader, problems);
  const redactions = await verifyRedactions(reader, problems);
  return { ok: problems.length === 0, runs: runs.length, evidence, redactions, problems };
}

async function verifyEvidence(reader: Sql, problems: string[]): Promise<number> {
  const all = await reader.$queryRaw<{ releaseId: number; digest: string }[]>`
    SELECT release_id AS "releaseId", digest FROM evidence ORDER BY release_id, created_at`;
  for (const { releaseId, digest } of all) {
    const say = (what: string) => problems.push(`evidence of release ${releaseId}: ${what}`);
    const [row] = await reader.$queryRaw<{ body: string }[]>`
      SELECT body FROM evidence WHERE release_id = ${releaseId} AND digest = ${digest}`;
    if (!row || sha256Hex(row.body) !== digest) {
      say("it is not what its digest says");
      continue;
    }
    const { reviews = [] } = JSON.parse(row.body) as { reviews?: { id: number; note: unknown }[] };
    const frozen = reviews.flatMap(({ id, note }) => {
      const said = (note as { sha256?: unknown } | null)?.sha256;
      return typeof said === "string" ? [{ id, said }] : [];
    });
    if (frozen.length === 0) continue;
    const now = await reader.$queryRaw<{ id: number; digest: string }[]>`
      SELECT id, text_digest('review', id::text, 'note', note) AS digest FROM review
       WHERE release_id = ${releaseId} AND note IS NOT NULL`;
    const stored = new Map(now.map((note) => [note.id, note.digest]));
    for (const { id, said } of frozen)
      if (stored.get(id) !== said) say(`the note of grade ${id} is not the one that was frozen`);
  }
  return all.length;
}

type Row = {
  id: number;
  projectId: number;
  scope: string;
  state: string;
  reason: string;
  requestedById: number;
  decidedById: number | null;
  decidedAt: Date | null;
  retentionId: number | null;
  texts: number;
  digest: string;
};

async function verifyRedactions(reader: Sql, problems: string[]): Promise<RemovedContent[]> {
  const rows = await reader.$queryRaw<Row[]>`
    SELECT x.id, x.project_id AS "projectId", x.scope::text, x.state::text, x.reason, x.requested_by_id AS "requestedById",
           x.decided_by_id AS "decidedById", x.decided_at AS "decidedAt", x.retention_id AS "retentionId", redaction_digest(x.id) AS digest,
           (SELECT count(*)::int FROM tombstone k WHERE k.redaction_id = x.id) AS texts
      FROM redaction x WHERE x.state = 'done' OR EXISTS (SELECT 1 FROM tombstone k WHERE k.redaction_id = x.id) ORDER BY x.id`;
  const events = await reader.$queryRaw<{ leaf: Uint8Array }[]>`
    SELECT leaf FROM audit_entry 
     WHERE action IN ('redaction.requested', 'redaction.approved', 'retention.requested', 'retention.approved', 'retention.applied')
     ORDER BY "index"`;
  const logged = events.flatMap(({ leaf }) => {
    try {
      return [parseLeaf(leaf)];
    } catch {
      // Verifying the log names it.
      return [];
    }
  });
  for (const row of rows) {
    const wrong = row.retentionId === null ? unfounded(row, logged) : unfoundedByRule(row, logged);
    if (wrong) problems.push(`removal ${row.id}: ${wrong}`);
  }
  const known = new Set(rows.map(({ id }) => id));
  const recorded = logged.flatMap((event) => {
    if (event.action === "redaction.approved") return [event.subject.id];
    return event.action === "retention.applied" ? appliedIn(event).map(({ removal }) => String(removal)) : [];
  });
  for (const id of recorded)
    if (!known.has(Number(id))) problems.push(`removal ${id}: the log records it, and there is no trace of it`);
  const misplaced = await reader.$queryRaw<{ redactionId: number; place: string; rowKey: string; field: string }[]>`
    SELECT redaction_id AS "redactionId", place, row_key AS "rowKey", field FROM misplaced_tombstones() LIMIT 100`;
  for (const { redactionId, place, rowKey, field } of misplaced)
    problems.push(`removal ${redactionId}: ${place} ${rowKey} no longer says that its ${field} was removed`);
  return rows.map(({ id, scope, texts, reason, decidedAt }) => ({
    ...{ id, scope, texts, reason },
    at: decidedAt?.toISOString() ?? "",
  }));
}

/** What is missing for a removal that two people decided; null: nothing. */
function unfounded(row: Row, events: readonly AuditEvent[]): string | null {
  const own = events.filter(
    ({ projectId, subject }) =>
      projectId === row.projectId && subject.kind === "redaction" && subject.id === String(row.id),
  );
  const [asked, approved] = ["redaction.requested", "redaction.approved"].map((name) =>
    own.find(({ action }) => action === name),
  );
  if (!asked || !approved) return `the log does not record that two people ${asked ? "approved it" : "asked for it"}`;
  const isBy = ({ actor }: AuditEvent, id: number | null) => actor.kind === "person" && actor.id === id;
  if (!isBy(asked, row.requestedById) || !isBy(approved, row.decidedById))
    return "the log names other people than it does";
  if (asked.actor.id === approved.actor.id) return "one person asked for it and approved it";
  if (asked.details?.reason !== row.reason || asked.details?.scope !== row.scope || row.state !== "done")
    return "it is not what was asked for";
  if (approved.after !== row.digest) return "what was removed is not what the log recorded";
  return null;
}

type Applied = { removal?: unknown; run?: unknown; digest?: unknown };

function appliedIn({ details }: AuditEvent): Applied[] {
  return Array.isArray(details?.removed) ? (details.removed as Applied[]) : [];
}

/** As `unfounded`, of a removal by a rule: two people decided the rule, and its application is on record with the digest. */
function unfoundedByRule(row: Row, events: readonly AuditEvent[]): string | null {
  const own = events.filter(
    ({ projectId, subject }) =>
      projectId === row.projectId && subject.kind === "retention" && subject.id === String(row.retentionId),
  );
  const [asked, approved] = ["retention.requested", "retention.approved"].map((name) =>
    own.find(({ action }) => action === name),
  );
  const isBy = (event: AuditEvent | undefined, id: number | null) =>
    event?.actor.kind === "person" && event.actor.id === id;
  if (!isBy(asked, row.requestedById) || !isBy(approved, row.decidedById) || row.requestedById === row.decidedById)
    return "the log does not record that two people decided the rule it follows";
  const applied = own
    .filter(({ action }) => action === "retention.applied")
    .flatMap(appliedIn)
    .find(({ removal }) => removal === row.id);
  if (!applied) return "the log does not record that the rule was applied to it";
  return applied.digest === row.digest ? null : "what was removed is not what the log recorded";
}

import { readFileSync } from "node:fs";
import path from "node:path";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db, pool } from "../db/client";
import type { SignOff } from "../db/generated/client";
import { transaction } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { Fault, notFound } from "../errors";
import { appendAudit } from "./append";
import { openCheckpoint, type SignedCheckpoint } from "./checkpoint";
import { type DecisionEntry, type EvidenceText, packDecision, signing } from "./decision-archive";
import { textDigests, verifyDecision } from "./decision-verifier.mjs";
import { logKey, logPublicKeys, publicPem } from "./key";
import { type AuditEvent, parseLeaf } from "./leaf";
import { checkpointNow } from "./publish";
import { allLeafHashes, MissingEntries } from "./store";
import { type Hash, inclusionProof, inclusionProofs, leafHash, verifyInclusion } from "./tree";

export type DecisionRow = {
  id: number;
  releaseId: number;
  outcome: "approved" | "refused";
  prompt: string;
  baseline: string;
  candidate: string;
  evidenceDigest: string;
  auditIndex: number;
  decidedAt: Date;
};

const decisionColumns = `x.id, x.release_id AS "releaseId", x.outcome::text, p.name AS prompt, b.key AS baseline, k.key AS candidate,
  x.evidence_digest AS "evidenceDigest", x.audit_index AS "auditIndex", x.decided_at AS "decidedAt"`;
const decisionTables = `decision x JOIN release r ON r.id = x.release_id JOIN prompt p ON p.id = r.prompt_id
  JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id`;

/** The project's decisions, newest first; `before` is the id to go on from. At most 200. */
export async function listDecisions(
  actor: Actor,
  input: { before?: number; limit?: number } = {},
): Promise<DecisionRow[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<DecisionRow>(
    `SELECT ${decisionColumns} FROM ${decisionTables} WHERE r.project_id = $1 AND x.id < $2 ORDER BY x.id DESC LIMIT $3`,
    [actor.projectId, input.before ?? 2_147_483_647, Math.min(input.limit ?? 200, 200)],
  );
  return rows;
}

export type DecisionRecord = DecisionRow & {
  evidence: {
    body: string;
    createdBy: string;
    createdAt: Date;
    /** The digest computed now from the stored text; it is intact when this equals evidenceDigest. */
    recomputed: string;
    canonical: boolean;
    /** What people wrote, by the digest that the evidence has of it. */
    texts: Record<string, EvidenceText>;
  };
  signOffs: DecisionSignOff[];
  /** The deciding entry of the audit log. */
  entry: { index: number; leafHash: string; event: AuditEvent | null } | null;
  inclusion: Inclusion;
};

export type DecisionSignOff = {
  id: number;
  printedName: string;
  roles: string[];
  decision: "approve" | "refuse" | "abstain";
  meaning: string;
  reason: string;
  reauthentication: string;
  at: Date;
  /** Given on evidence that is not what was decided on. */
  stale: boolean;
  /** Taken back by its giver. */
  withdrawn: { at: Date; reason: string } | null;
  waivers: { gate: string; scope?: Record<string, string>; reason: string; until: string }[];
  opened: { section: string; at: string }[];
  /** Its entry in the audit log; null when the log has none that says the same. */
  auditIndex: number | null;
};

/** Whether the deciding entry is in the log under the last signed checkpoint, recomputed now. */
export type Inclusion =
  | { state: "proved"; size: number; root: string; steps: number }
  | { state: "waiting"; size: number }
  | { state: "broken"; what: string };

/** One decision with the evidence as it was; digest and inclusion are computed at each call. */
export async function getDecision(actor: Actor, id: number): Promise<DecisionRecord> {
  permit(actor, "project.read");
  const row = await findDecision(actor, id);
  const evidence = await db.evidence.findUniqueOrThrow({
    where: { releaseId_digest: { releaseId: row.releaseId, digest: row.evidenceDigest } },
  });
  const signOffs = await db.signOff.findMany({
    where: { releaseId: row.releaseId },
    include: { withdrawal: true },
    orderBy: { id: "asc" },
  });
  const entries = await releaseEntries(actor, row.releaseId);
  const entry = await db.auditEntry.findUnique({
    where: { index: row.auditIndex },
    select: { index: true, leaf: true },
  });
  return {
    ...row,
    evidence: {
      body: evidence.body,
      createdBy: evidence.createdBy,
      createdAt: evidence.createdAt,
      recomputed: sha256Hex(evidence.body),
      canonical: isCanonical(evidence.body),
      texts: Object.fromEntries(await textsOf(row.releaseId, evidence.body)),
    },
    signOffs: signOffs.map((signOff) => signOffRecord(signOff, row.evidenceDigest, entries)),
    entry: entry
      ? { index: entry.index, leafHash: leafHash(entry.leaf).toString("hex"), event: eventOf(entry.leaf) }
      : null,
    inclusion: await inclusionOf(row.auditIndex, entry?.leaf),
  };
}

async function findDecision(actor: Actor, id: number): Promise<DecisionRow> {
  const { rows } = await pool().query<DecisionRow>(
    `SELECT ${decisionColumns} FROM ${decisionTables} WHERE x.id = $1 AND r.project_id = $2`,
    [id, actor.projectId],
  );
  if (!rows[0]) throw notFound("The decision");
  return rows[0];
}

async function inclusionOf(index: number, leaf: Uint8Array | undefined): Promise<Inclusion> {
  if (!leaf) return { state: "broken", what: `entry ${index} of the audit log is missing` };
  let checkpoint: SignedCheckpoint | null;
  let leaves: Hash[];
  try {
    checkpoint = await lastCheckpoint();
    if (!checkpoint || checkpoint.size <= index) return { state: "waiting", size: checkpoint?.size ?? 0 };
    leaves = await allLeafHashes(pool(), checkpoint.size);
  } catch (error) {
    if (error instanceof Fault || error instanceof MissingEntries) return { state: "broken", what: error.message };
    throw error;
  }
  const { size, root } = checkpoint;
  const proof = inclusionProof(leaves, index, size);
  return verifyInclusion(leafHash(leaf), index, size, proof, root)
    ? { state: "proved", size, root: Buffer.from(root).toString("hex"), steps: proof.length }
    : {
        state: "broken",
        what: `entry ${index} or an entry beside it is not what the checkpoint over ${size} entries was signed for`,
      };
}

/** The last stored checkpoint, its signature checked. Throws Fault `conflict` when it is not valid. */
async function lastCheckpoint(): Promise<(SignedCheckpoint & { note: string }) | null> {
  const last = await db.auditCheckpoint.findFirst({ orderBy: { size: "desc" } });
  if (!last) return null;
  try {
    return { ...openCheckpoint(last.note, logPublicKeys()), note: last.note };
  } catch (error) {
    throw new Fault(
      "conflict",
      `the stored checkpoint over ${last.size} entries is not valid: ${(error as Error).message}`,
    );
  }
}

function eventOf(leaf: Uint8Array): AuditEvent | null {
  try {
    return parseLeaf(leaf);
  } catch {
    return null;
  }
}

function isCanonical(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}

/** What a decision's file carries: how the release came about, and every signature. */
const exported = [
  "release.created",
  "release.drawn",
  "release.closed",
  "release.reopened",
  "sign_off.withdrawn",
  ...signing,
];

/**
 * The decision as one archive that verifies without this server (docs/export.md); `id` "latest" is the project's newest.
 * The same decision gives the same bytes. The export is itself recorded. Fault `conflict` when what is stored does not
 * verify.
 */
export async function exportDecision({
  actor,
  id,
}: {
  actor: Actor;
  id: number | "latest";
}): Promise<{ name: string; bytes: Buffer }> {
  permit(actor, "evidence.export");
  const [row] = id === "latest" ? await listDecisions(actor, { limit: 1 }) : [await findDecision(actor, id)];
  if (!row) throw new Fault("not_found", "Nothing is decided yet in this project.");
  const { releaseId, evidenceDigest } = row;
  const bytes = await pack(actor, row);
  const key = logKey();
  const failed = verifyDecision(bytes, publicPem(key.publicKey)).checks.find(({ ok }) => !ok);
  if (failed)
    throw new Fault("conflict", `Nothing was exported, because what is stored does not verify: ${failed.detail}`);
  await transaction((tx) =>
    appendAudit(tx, actor, {
      action: "evidence.exported",
      subject: { kind: "release", id: String(releaseId), name: `${row.prompt} ${row.baseline} → ${row.candidate}` },
      after: sha256Hex(bytes),
      details: { evidenceDigest },
    }),
  );
  return { name: `countersign-decision-${releaseId}.zip`, bytes };
}

/** What people wrote about the release, by digest, as far as the evidence has digests; and what of it was removed. */
async function textsOf(releaseId: number, body: string): Promise<Map<string, EvidenceText>> {
  type Row = { text: string; digest: string | null; redaction: number; at: Date; by: string[]; reason: string };
  const { rows } = await pool().query<Row>(
    `WITH said AS (
       SELECT 'review' AS place, id::text AS row_key, 'note' AS field, note AS text FROM review WHERE release_id = $1
       UNION ALL SELECT 'adjudication_task', id, 'note', note FROM adjudication_task WHERE release_id = $1
       UNION ALL SELECT 'answer_comment', id::text, field, CASE field WHEN 'quote' THEN quote WHEN 'prefix' THEN prefix ELSE comment END
         FROM answer_comment CROSS JOIN unnest(ARRAY['quote', 'prefix', 'comment']) AS field WHERE release_id = $1)
     SELECT s.text, k.digest, x.id AS redaction, x.decided_at AS at, ARRAY[a.name, b.name] AS by, x.reason
       FROM said s LEFT JOIN tombstone k USING (place, row_key, field) LEFT JOIN redaction x ON x.id = k.redaction_id
       LEFT JOIN app_user a ON a.id = x.requested_by_id LEFT JOIN app_user b ON b.id = x.decided_by_id
      WHERE s.text IS NOT NULL`,
    [releaseId],
  );
  const known = new Map(
    rows.map(({ text, digest, redaction, at, by, reason }): [string, EvidenceText] =>
      digest === null
        ? [sha256Hex(text), { text }]
        : [digest, { removed: { redaction, at: at.toISOString(), by, reason } }],
    ),
  );
  let wanted: string[];
  try {
    wanted = textDigests(JSON.parse(body));
  } catch {
    return new Map();
  }
  return new Map(wanted.flatMap((digest) => (known.has(digest) ? [[digest, known.get(digest)!] as const] : [])));
}

async function pack(actor: Actor, row: DecisionRow): Promise<Buffer> {
  const { releaseId, evidenceDigest } = row;
  const version = { select: { key: true, digest: true, content: true } };
  const evidence = await db.evidence.findUniqueOrThrow({
    where: { releaseId_digest: { releaseId, digest: evidenceDigest } },
    select: {
      body: true,
      release: {
        select: {
          project: { select: { key: true } },
          label: true,
          dataset: { select: { name: true } },
          policy: { select: { key: true, number: true, digest: true } },
          baseline: version,
          candidate: version,
        },
      },
    },
  });
  const { project, dataset, ...release } = evidence.release;
  const texts = await textsOf(releaseId, evidence.body);
  const removals = new Set([...texts.values()].flatMap((said) => ("removed" in said ? [said.removed.redaction] : [])));
  const entries = [
    ...(await releaseEntries(actor, releaseId)),
    ...(removals.size > 0 ? await removalEntries(actor, [...removals]) : []),
  ].sort((a, b) => a.index - b.index);
  const checkpoint = await checkpointOver(entries.at(-1)?.index ?? 0);
  const leaves = await allLeafHashes(pool(), checkpoint.size).catch((error: unknown) => {
    throw error instanceof MissingEntries ? new Fault("conflict", `Nothing was exported: ${error.message}.`) : error;
  });
  const indices = entries.map(({ index }) => index);
  const proofs = inclusionProofs(leaves, indices, checkpoint.size);
  return packDecision({
    ...release,
    ...{ releaseId, evidenceDigest, outcome: row.outcome, auditIndex: row.auditIndex, prompt: row.prompt },
    ...{ project: project.key, dataset: dataset.name, evidence: evidence.body, texts, checkpoint },
    entries: entries.map((entry, i) => ({ ...entry, proof: proofs[i]! })),
    key: logKey(),
    verifier: readFileSync(verifierFile()),
  });
}

/** The verifier's own text; a bundler must not take it for a module here. */
function verifierFile(): string {
  return path.join(/* turbopackIgnore: true */ process.cwd(), "lib/audit/decision-verifier.mjs");
}

type ReleaseEntry = Omit<DecisionEntry, "proof">;

async function releaseEntries(actor: Actor, releaseId: number): Promise<ReleaseEntry[]> {
  const { rows } = await pool().query<{ index: number; leaf: Buffer }>(
    `SELECT "index", leaf FROM audit_entry
      WHERE project_id = $1 AND action = ANY ($2) AND (subject = $3 OR subject LIKE $3 || ' %') ORDER BY "index"`,
    [actor.projectId, exported, `release:${releaseId}`],
  );
  return readable(rows);
}

/** How content that the evidence stands on came to be removed. */
async function removalEntries(actor: Actor, ids: readonly number[]): Promise<ReleaseEntry[]> {
  const { rows } = await pool().query<{ index: number; leaf: Buffer }>(
    `SELECT "index", leaf FROM audit_entry
      WHERE project_id = $1 AND action IN ('redaction.requested', 'redaction.approved')
        AND split_part(subject, ' ', 1) = ANY ($2) ORDER BY "index"`,
    [actor.projectId, ids.map((id) => `redaction:${id}`)],
  );
  return readable(rows);
}

function readable(rows: readonly { index: number; leaf: Buffer }[]): ReleaseEntry[] {
  return rows.map(({ index, leaf }) => {
    const event = eventOf(leaf);
    if (!event)
      throw new Fault("conflict", `Nothing was exported, because entry ${index} of the audit log can't be read.`);
    return { index, leaf, event };
  });
}

function signOffRecord(
  row: SignOff & { withdrawal: { reason: string; withdrawnAt: Date } | null },
  decidedOn: string,
  entries: readonly ReleaseEntry[],
): DecisionSignOff {
  const { id, printedName, roles, decision, meaning, reason, reauthentication, createdAt, evidenceDigest } = row;
  const [waivers, opened] = [JSON.parse(row.waivers), JSON.parse(row.opened)];
  const shown = { printedName, roles, decision, meaning, reason, reauthentication, evidenceDigest, waivers, opened };
  const logged = entries
    .filter(({ event }) => signing.includes(event.action) && event.actor.id === row.userId)
    .map(signOffOf)
    .find(({ auditIndex: _, at: __, ...said }) => canonicalJson(said) === canonicalJson(shown));
  return {
    ...{ id, printedName, roles, decision, meaning, reason, reauthentication },
    at: createdAt,
    stale: evidenceDigest !== decidedOn,
    withdrawn: row.withdrawal && { at: row.withdrawal.withdrawnAt, reason: row.withdrawal.reason },
    ...{ waivers, opened },
    auditIndex: logged?.auditIndex ?? null,
  };
}

function signOffOf({ index, event }: ReleaseEntry) {
  const said = (name: string) => String(event.details?.[name] ?? "");
  return {
    auditIndex: index,
    printedName: event.actor.name,
    roles: event.actor.roles,
    decision: said("decision"),
    meaning: said("meaning"),
    reason: said("reason"),
    reauthentication: said("reauthentication"),
    evidenceDigest: said("evidenceDigest"),
    waivers: event.details?.waivers ?? [],
    opened: event.details?.opened ?? [],
    at: event.at,
  };
}

/** The first checkpoint over an entry that today's key signed, so that an export stays the same; else one signed now. */
async function checkpointOver(index: number): Promise<SignedCheckpoint & { note: string }> {
  const covering = await db.auditCheckpoint.findMany({ where: { size: { gt: index } }, orderBy: { size: "asc" } });
  for (const { note } of covering)
    try {
      const checkpoint = openCheckpoint(note, logKey().publicKey);
      if (checkpoint.signatures.length === 1) return { ...checkpoint, note };
    } catch {
      // Another key signed it, or nobody did.
    }
  const signed = await checkpointNow("export");
  if (signed.state === "refused")
    throw new Fault("conflict", `Nothing was exported, because no checkpoint can be signed: ${signed.reason}.`);
  const now = await lastCheckpoint();
  if (!now || now.size <= index || now.signatures.length > 1)
    throw new Fault("conflict", "Nothing was exported: no checkpoint of today's key covers the decision yet.");
  return now;
}

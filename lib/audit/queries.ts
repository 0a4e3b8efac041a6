import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { pool } from "../db/client";
import { rolesAreSeparate } from "../db/roles";
import { Fault } from "../errors";
import { parseCheckpoint } from "./checkpoint";
import { type AuditEvent, parseLeaf } from "./leaf";
import { trustOf, verifyPool } from "./live";
import { readOutside } from "./outside";
import { type Delivery, deliveries } from "./publish";
import { auditFilterSchema, entriesSchema, proofSchema } from "./schema";
import { allLeafHashes, readHead } from "./store";
import { consistencyProof, inclusionProof, rootOf } from "./tree";
import type { LogVerification } from "./verify";

/** What belongs to no project, such as a failed sign-in, is for those who look after the whole installation. */
function seesUnassigned(actor: Actor): boolean {
  return actor.roles.some((role) => role === "auditor" || role === "administrator");
}

export type AuditRow = {
  index: number;
  at: Date;
  action: string;
  actor: string;
  subject: string;
  requestId: string;
  /** Null when the stored bytes are no event: verifying names it. */
  event: AuditEvent | null;
};

const pageSize = 50;

/** The project's events, newest first, 50 a page; `next` goes into `before`. Throws ZodError for a malformed filter. */
export async function listAudit(actor: Actor, input: unknown): Promise<{ rows: AuditRow[]; next: number | null }> {
  permit(actor, "audit.read");
  const filter = auditFilterSchema.parse(input);
  const { rows } = await pool().query<Omit<AuditRow, "event"> & { leaf: Buffer }>(
    `SELECT "index", at, action, actor, subject, request_id AS "requestId", leaf FROM audit_entry
      WHERE (project_id = $1 OR (project_id IS NULL AND $2))
        AND ($3::text IS NULL OR action = $3) AND ($4::text IS NULL OR actor ILIKE $4) AND ($5::text IS NULL OR subject ILIKE $5)
        AND ($6::date IS NULL OR at >= $6::date::timestamp AT TIME ZONE 'UTC')
        AND ($7::date IS NULL OR at < ($7::date + 1)::timestamp AT TIME ZONE 'UTC')
        AND "index" < $8
      ORDER BY "index" DESC LIMIT ${pageSize + 1}`,
    [
      actor.projectId,
      seesUnassigned(actor),
      filter.action ?? null,
      containing(filter.actor),
      containing(filter.subject),
      filter.from ?? null,
      filter.to ?? null,
      filter.before ?? 2_147_483_647,
    ],
  );
  const page = rows.slice(0, pageSize).map(({ leaf, ...row }) => ({ ...row, event: readEvent(leaf) }));
  return { rows: page, next: rows.length > pageSize ? page.at(-1)!.index : null };
}

function containing(text: string | undefined): string | null {
  return text === undefined ? null : `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}

function readEvent(leaf: Uint8Array): AuditEvent | null {
  try {
    return parseLeaf(leaf);
  } catch {
    return null;
  }
}

export type LogState = {
  size: number;
  /** The last checkpoint stored in the database. */
  checkpoint: { size: number; at: Date; cause: string; note: string } | null;
  /** What the outside file holds of this log; null when there is no such file. */
  outside: { count: number; size: number } | null;
  /** Other outside holders, and how far each has got. */
  holders: Delivery[];
  /** Whether the role that serves requests is kept from changing the log by the database itself. */
  separateRoles: boolean;
};

/** How the log stands. Cheap: nothing is recomputed. */
export async function logState(actor: Actor): Promise<LogState> {
  permit(actor, "audit.read");
  const head = await readHead(pool());
  const last = await lastCheckpoint();
  const outside = readOutside();
  const origin = last && headOf(last.note)?.origin;
  const own = (outside?.notes ?? []).flatMap(({ note }) => headOf(note) ?? []).filter((note) => note.origin === origin);
  const sizes = own.map(({ size }) => size);
  return {
    size: head.size,
    checkpoint: last,
    outside: outside && { count: sizes.length, size: sizes.reduce((most, size) => Math.max(most, size), 0) },
    holders: await deliveries(pool()),
    separateRoles: await rolesAreSeparate(pool()),
  };
}

/** Null for a note that was tampered with: verifying says so, the page goes on. */
function headOf(note: string): { origin: string; size: number } | null {
  try {
    return parseCheckpoint(note);
  } catch {
    return null;
  }
}

async function lastCheckpoint(): Promise<LogState["checkpoint"]> {
  const { rows } = await pool().query<NonNullable<LogState["checkpoint"]>>(
    "SELECT size, created_at AS at, cause, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1",
  );
  return rows[0] ?? null;
}

/** Recomputes the whole log now and holds it against key and outside file of this server's data folder. */
export async function verifyNow(actor: Actor): Promise<LogVerification> {
  permit(actor, "audit.verify");
  return verifyPool(pool(), await trustOf());
}

export type LogEntry = {
  index: number;
  /** Base64. */
  leafHash: string;
  /** The exact bytes, base64; null for another project's entry, of which only the hash is shown. */
  leaf: string | null;
  event: AuditEvent | null;
};

/** Entries in index order for whoever keeps a copy of the log; `next` goes into `from`. */
export async function listEntries(
  actor: Actor,
  input: unknown,
): Promise<{ entries: LogEntry[]; next: number | null; size: number }> {
  permit(actor, "audit.read");
  const { from, limit } = entriesSchema.parse(input);
  const { size } = await readHead(pool());
  const { rows } = await pool().query<{ index: number; hash: Buffer; leaf: Buffer | null }>(
    `SELECT "index", leaf_hash AS hash,
            CASE WHEN project_id = $1 OR (project_id IS NULL AND $2) THEN leaf END AS leaf
       FROM audit_entry WHERE "index" >= $3 AND "index" < $4 ORDER BY "index"`,
    [actor.projectId, seesUnassigned(actor), from, Math.min(from + limit, size)],
  );
  const entries = rows.map(({ index, hash, leaf }) => ({
    index,
    leafHash: hash.toString("base64"),
    leaf: leaf?.toString("base64") ?? null,
    event: leaf && readEvent(leaf),
  }));
  return { entries, next: from + limit < size ? from + limit : null, size };
}

/** The last signed checkpoint: it says nothing but size and root, so every member may fetch and keep it. */
export async function getCheckpoint(actor: Actor): Promise<string> {
  permit(actor, "project.read");
  const last = await lastCheckpoint();
  if (!last)
    throw new Fault("not_found", "No checkpoint is signed yet. One follows within seconds of the first event.");
  return last.note;
}

export type InclusionProof = { index: number; size: number; leafHash: string; root: string; proof: string[] };
export type ConsistencyProof = {
  first: number;
  second: number;
  firstRoot: string;
  secondRoot: string;
  proof: string[];
};

/** An inclusion proof {index, size} or a consistency proof {first, second}; hashes in base64, sizes default to the log's. */
export async function getProof(actor: Actor, input: unknown): Promise<InclusionProof | ConsistencyProof> {
  permit(actor, "audit.read");
  const wanted = proofSchema.parse(input);
  const head = await readHead(pool());
  const size = ("index" in wanted ? wanted.size : wanted.second) ?? head.size;
  if (size > head.size) throw new Fault("invalid", `The log has ${head.size} entries, not ${size}.`);
  const leaves = await allLeafHashes(pool(), size);
  const root = base64(rootOf(leaves));
  if ("index" in wanted) {
    const { index } = wanted;
    if (index >= size)
      throw new Fault("invalid", `There is no entry ${index} among the first ${size}.`, { field: "index" });
    return { index, size, leafHash: base64(leaves[index]!), root, proof: inclusionProof(leaves, index).map(base64) };
  }
  const { first } = wanted;
  if (first > size) throw new Fault("invalid", `first is ${first}, but second is ${size}.`, { field: "first" });
  const firstRoot = base64(rootOf(leaves.slice(0, first)));
  return { first, second: size, firstRoot, secondRoot: root, proof: consistencyProof(leaves, first).map(base64) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

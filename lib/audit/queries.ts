import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { pool } from "../db/client";
import { rolesAreSeparate } from "../db/roles";
import { Fault, notFound } from "../errors";
import { openCheckpoint, parseCheckpoint } from "./checkpoint";
import { logPublicKeys } from "./key";
import type { AuditEvent } from "./leaf";
import { trustOf, verifyPool } from "./live";
import { readOutside } from "./outside";
import { type Delivery, deliveries } from "./publish";
import { entriesSchema, proofSchema } from "./schema";
import { readEvent, seesUnassigned } from "./search";
import { allLeafHashes, MissingEntries, readHead } from "./store";
import { consistencyProof, type Hash, inclusionProof, leafHash, rootOf, verifyInclusion } from "./tree";
import type { LogVerification } from "./verify";

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

/** What vouches for one entry. */
export type Vouched = {
  /** The first checkpoint over the entry. */
  size: number;
  at: Date;
  cause: string;
  root: string;
  note: string;
  /** Null: signature, root and proof are right. */
  problem: string | null;
  /** Hashes from the leaf to the root, hex. */
  proof: string[];
  /** Who outside holds a checkpoint over it. */
  holders: { name: string; size: number; holds: boolean }[];
};

export type EntryDetail = {
  index: number;
  /** The exact bytes. */
  leaf: Buffer;
  /** Computed now; `stored` is what the log says. */
  leafHash: string;
  stored: string;
  event: AuditEvent | null;
  action: string;
  subject: string;
  /** Null: no checkpoint covers it yet. */
  vouched: Vouched | null;
  previous: number | null;
  next: number | null;
};

/** One entry with its proof, computed at each call. */
export async function getEntry(actor: Actor, index: number): Promise<EntryDetail> {
  permit(actor, "audit.read");
  const { rows } = await pool().query<{ leaf: Buffer; hash: Buffer; action: string; subject: string }>(
    `SELECT leaf, leaf_hash AS hash, action, subject FROM audit_entry
      WHERE "index" = $1 AND (project_id = $2 OR (project_id IS NULL AND $3))`,
    [index, actor.projectId, seesUnassigned(actor)],
  );
  const [found] = rows;
  if (!found) throw notFound("The entry");
  const beside = (order: string) =>
    `(SELECT "index" FROM audit_entry WHERE project_id = $1 AND "index" ${order} LIMIT 1)`;
  const { rows: neighbours } = await pool().query<{ previous: number | null; next: number | null }>(
    `SELECT ${beside('< $2 ORDER BY "index" DESC')} AS previous, ${beside('> $2 ORDER BY "index"')} AS next`,
    [actor.projectId, index],
  );
  const { leaf, hash, ...rest } = found;
  return {
    ...{ index, leaf, ...rest, event: readEvent(leaf), stored: hash.toString("hex") },
    leafHash: leafHash(leaf).toString("hex"),
    vouched: await vouchedFor(index, leaf),
    ...neighbours[0]!,
  };
}

async function vouchedFor(index: number, leaf: Buffer): Promise<Vouched | null> {
  const { rows } = await pool().query<{ size: number; at: Date; cause: string; note: string; root: Buffer }>(
    `SELECT size, created_at AS at, cause, note, root_hash AS root FROM audit_checkpoint
      WHERE size > $1 ORDER BY size LIMIT 1`,
    [index],
  );
  const [first] = rows;
  if (!first) return null;
  const { size, at, cause, note, root } = first;
  const { proof, problem } = await proofUnder(index, leaf, first);
  const outside = readOutside();
  const held = (outside?.notes ?? []).flatMap(({ note }) => headOf(note)?.size ?? []);
  const inFile = held.reduce((most, size) => Math.max(most, size), 0);
  const others = await deliveries(pool());
  return {
    ...{ size, at, cause, note, problem, root: root.toString("hex") },
    proof: proof.map((hash) => Buffer.from(hash).toString("hex")),
    holders: [
      ...(outside ? [{ name: "the file outside the database", size: inFile, holds: inFile > index }] : []),
      ...others.map(({ holder, size }) => ({ name: holder, size, holds: size > index })),
    ],
  };
}

async function proofUnder(
  index: number,
  leaf: Buffer,
  { size, note }: { size: number; note: string },
): Promise<{ proof: Hash[]; problem: string | null }> {
  try {
    const checkpoint = openCheckpoint(note, logPublicKeys());
    if (checkpoint.size !== size) return { proof: [], problem: `it was signed over ${checkpoint.size} entries` };
    const leaves = await allLeafHashes(pool(), size);
    const proof = inclusionProof(leaves, index, size);
    const holds = verifyInclusion(leafHash(leaf), index, size, proof, checkpoint.root);
    return { proof, problem: holds ? null : "this entry, or one beside it, is not what it was signed for" };
  } catch (error) {
    if (error instanceof MissingEntries || error instanceof Error) return { proof: [], problem: error.message };
    throw error;
  }
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

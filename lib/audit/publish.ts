import type { KeyObject } from "node:crypto";
import { pool } from "../db/client";
import { coSign, openCheckpoint, originOf, signCheckpoint, type TrustedKey, withoutEnds } from "./checkpoint";
import { type Holder, readHeld, remoteHolders } from "./holders";
import { dataFolder, logKey, logPublicKeys } from "./key";
import { appendOutside, type OutsideNote, outsideFile, readOutside } from "./outside";
import {
  type Database,
  databaseName,
  leafHashes,
  MissingEntries,
  readCheckpoints,
  readHead,
  type StoredCheckpoint,
} from "./store";
import { frontierAppend, frontierRoot, type Hash, same } from "./tree";

export type CheckpointResult =
  /** The whole log as it stands is under a signed checkpoint, in the database and outside. */
  | { state: "signed"; size: number; root: string; note: string; isNew: boolean }
  | { state: "empty" }
  /** The log does not extend what was signed before: nothing was signed. */
  | { state: "refused"; reason: string };

/** What this process has itself folded and found consistent: the next checkpoint goes on from here. */
type Folded = { file: string; origin: string; size: number; frontier: Hash[]; held: Set<number>; note: string };

// On the global object, because pages, actions and handlers may each load their own copy of this module.
const holder = globalThis as typeof globalThis & {
  __countersignDelivery?: Promise<void>;
  __countersignLog?: { folded?: Folded; queue: Promise<unknown>; database?: { from: Database; name: string } };
};

class Refused extends Error {}

type Options = {
  database?: Database;
  folder?: string;
  /** Signs as well: the key that is being replaced. */
  coSigner?: KeyObject;
};

/**
 * Signs the log as it is committed now, stores the checkpoint and appends it to the outside file. Call it after the
 * commit of what it should cover. `cause` says why, such as `sign_off` or `timer`. Throws only when the database or the
 * disk fails.
 */
export function checkpointNow(cause: string, options: Options = {}): Promise<CheckpointResult> {
  holder.__countersignLog ??= { queue: Promise.resolve() };
  const shared = holder.__countersignLog;
  const { database = pool(), folder = dataFolder(), coSigner } = options;
  const result = shared.queue.then(() => run(cause, database, folder, coSigner));
  shared.queue = result.catch(() => {});
  // Whoever waits for a decision does not wait for other people's servers.
  void result
    .then(({ state }) => (state === "signed" ? deliverCheckpoints({ database, folder }) : undefined))
    .catch(() => {});
  return result;
}

async function run(cause: string, database: Database, folder: string, coSigner?: KeyObject): Promise<CheckpointResult> {
  const shared = holder.__countersignLog!;
  if (shared.database?.from !== database) {
    shared.database = { from: database, name: await databaseName(database) };
    shared.folded = undefined;
  }
  const { name } = shared.database;
  const file = outsideFile(folder);
  const last = shared.folded?.file === file ? shared.folded : undefined;
  const head = await readHead(database);
  const stored = await readCheckpoints(database, last?.size ?? 0);
  if (head.size === 0 && !last && stored.length === 0) return { state: "empty" };
  try {
    const origin = await originNow(database);
    if (last && last.origin !== origin) throw new Refused("its first entry is another one than before");
    const { privateKey } = logKey(folder);
    const held = last ? null : (await readHeld(folder)).outside;
    const outside = signedOutside(held?.notes ?? [], withoutEnds(logPublicKeys(folder)), origin, name);
    const frontier = await fold(database, last, head.size, [...stored, ...outside]);
    const root = frontierRoot(frontier);
    if (!same(root, frontierRoot(head.frontier))) throw new Refused("its head does not fit its entries");

    let note = last?.size === head.size ? last.note : stored.find(({ size }) => size === head.size)?.note;
    const isNew = note === undefined;
    if (note === undefined) {
      note = signCheckpoint({ origin, size: head.size, root }, privateKey);
      if (coSigner) note = coSign(note, coSigner);
      stored.push(await store(database, { size: head.size, root, note, cause, at: new Date().toISOString() }));
    }
    // Also what an earlier process stored, and was stopped before it wrote it outside.
    const inFile =
      last?.held ??
      new Set(
        signedOutside(readOutside(file)?.notes ?? [], logPublicKeys(folder), origin, name).map(({ size }) => size),
      );
    for (const checkpoint of stored.filter(({ size }) => !inFile.has(size))) {
      appendOutside(file, { note: checkpoint.note, at: checkpoint.at, cause: checkpoint.cause, database: name });
      inFile.add(checkpoint.size);
    }
    shared.folded = { file, origin, size: head.size, frontier, held: inFile, note };
    return { state: "signed", size: head.size, root: root.toString("hex"), note, isNew };
  } catch (error) {
    if (error instanceof Refused || error instanceof MissingEntries) return { state: "refused", reason: error.message };
    throw error;
  }
}

async function originNow(database: Database): Promise<string> {
  for await (const [first] of leafHashes(database, 0, 1)) if (first) return originOf(first);
  throw new Refused("it has no first entry");
}

/** The notes held outside that are this log's or this database's and carry this key's signature. */
function signedOutside(notes: readonly OutsideNote[], keys: readonly TrustedKey[], origin: string, database: string) {
  return notes.flatMap((entry) => {
    try {
      const checkpoint = openCheckpoint(entry.note, keys);
      if (checkpoint.origin === origin) return [checkpoint];
      if (entry.database !== database || database.startsWith("unknown/")) return [];
    } catch {
      // Anyone may append to the file; what this key did not sign binds nobody.
      return [];
    }
    throw new Refused("an outside holder has checkpoints of this database that begin with another first entry");
  });
}

/** Goes on from what was folded before up to `size`, and holds every signed root on the way against the entries. */
async function fold(
  database: Database,
  last: Folded | undefined,
  size: number,
  signed: readonly { size: number; root: Hash }[],
): Promise<Hash[]> {
  let at = last?.size ?? 0;
  let frontier: Hash[] = last?.frontier ?? [];
  const beyond = signed.reduce((most, checkpoint) => Math.max(most, checkpoint.size), at);
  if (beyond > size) throw new Refused(`a checkpoint covers ${beyond} entries, but there are only ${size}`);
  const waiting = [...signed].sort((a, b) => a.size - b.size);
  for await (const chunk of leafHashes(database, at, size)) {
    for (const leaf of chunk) {
      frontier = frontierAppend(frontier, at, leaf);
      at++;
      while (waiting[0]?.size === at)
        if (!same(frontierRoot(frontier), waiting.shift()!.root))
          throw new Refused(`the first ${at} entries are not those that were signed before`);
    }
  }
  return frontier;
}

/** Stores a checkpoint; of two replicas that sign the same size at once, the first one's stays. */
async function store(database: Database, checkpoint: StoredCheckpoint): Promise<StoredCheckpoint> {
  const { size, root, note, cause, at } = checkpoint;
  await database.query(
    `INSERT INTO audit_checkpoint (size, root_hash, note, cause, created_at) VALUES ($1, $2, $3, $4, $5::timestamptz)
     ON CONFLICT (size) DO NOTHING`,
    [size, root, note, cause, at],
  );
  const [kept] = await readCheckpoints(database, size - 1);
  if (!kept) throw new Error("the checkpoint was not stored");
  return kept;
}

/**
 * Sends every stored checkpoint that a holder does not have yet, and notes how far each has got and what went wrong; it
 * never throws for a holder's sake. One round at a time; a failed holder is tried again by the next one.
 */
export function deliverCheckpoints(options: Pick<Options, "database" | "folder"> = {}): Promise<void> {
  holder.__countersignDelivery ??= Promise.resolve();
  const round = holder.__countersignDelivery.then(async () => {
    const { database = pool(), folder = dataFolder() } = options;
    await Promise.all(remoteHolders(folder).map((holder) => deliver(database, holder)));
  });
  holder.__countersignDelivery = round.catch(() => {});
  return round;
}

async function deliver(database: Database, { name, append }: Holder): Promise<void> {
  const { rows } = await database.query<{ size: number }>("SELECT size FROM checkpoint_delivery WHERE holder = $1", [
    name,
  ]);
  const waiting = await readCheckpoints(database, rows[0]?.size ?? 0);
  const last = waiting.at(-1);
  if (!last) return;
  const from = await databaseName(database);
  let problem: string | null = null;
  try {
    await append(waiting.map(({ note, at, cause }) => ({ note, at, cause, database: from })));
  } catch (error) {
    problem = (error as Error).message.replaceAll("\0", "").slice(0, 500);
  }
  await database.query(
    `INSERT INTO checkpoint_delivery AS d (holder, size, delivered_at, problem, tried_at)
     VALUES ($1, CASE WHEN $3::text IS NULL THEN $2::int ELSE 0 END, CASE WHEN $3::text IS NULL THEN now() END, $3, now())
     ON CONFLICT (holder) DO UPDATE
       SET size = CASE WHEN $3::text IS NULL THEN greatest(d.size, $2::int) ELSE d.size END,
           delivered_at = coalesce(excluded.delivered_at, d.delivered_at), problem = $3, tried_at = now()`,
    [name, last.size, problem],
  );
}

export type Delivery = { holder: string; size: number; deliveredAt: Date | null; problem: string | null };

/** How far each configured holder has got; one that was never tried has size 0. */
export async function deliveries(database: Database, folder?: string): Promise<Delivery[]> {
  const names = remoteHolders(folder).map(({ name }) => name);
  const { rows } = await database.query<Delivery>(
    `SELECT holder, coalesce(d.size, 0) AS size, d.delivered_at AS "deliveredAt", d.problem
       FROM unnest($1::text[]) WITH ORDINALITY AS given (holder, place) LEFT JOIN checkpoint_delivery d USING (holder)
      ORDER BY given.place`,
    [names],
  );
  return rows;
}

/**
 * Signs a checkpoint every few seconds when the log has grown. Returns the function that stops it. `report` hears of
 * each refusal and failure once, until it changes.
 */
export function startCheckpointTimer(
  report: (problem: string) => void = (problem) => console.error(problem),
  everyMs = 5_000,
): () => void {
  let stopped = false;
  let before = "";
  let timer: NodeJS.Timeout;
  const tick = async () => {
    await deliverCheckpoints().catch(() => {});
    const problem = await checkpointNow("timer").then(
      (result) =>
        result.state === "refused" ? `No checkpoint was signed: the audit log changed: ${result.reason}.` : "",
      (error: unknown) => `No checkpoint was signed: ${error instanceof Error ? error.message : String(error)}`,
    );
    if (problem && problem !== before) report(problem);
    before = problem;
    if (!stopped) schedule();
  };
  const schedule = () => {
    timer = setTimeout(tick, everyMs);
    timer.unref();
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

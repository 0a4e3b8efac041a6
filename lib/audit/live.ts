import pg from "pg";
import type { AuditAction } from "./events";
import { readHeld } from "./holders";
import { logPublicKeys } from "./key";
import { type AuditEvent, parseLeaf } from "./leaf";
import { restorationSchema } from "./schema";
import { allEntries, type Database, databaseName, findHead, readCheckpoints } from "./store";
import { type LogTrust, type LogVerification, verifyLog } from "./verify";

/** The keys of a data folder, and what the file and every other outside holder hold. */
export async function trustOf(folder?: string): Promise<LogTrust> {
  return { publicKeys: logPublicKeys(folder), ...(await readHeld(folder)) };
}

/** Verifies the log of the database behind one connection, as of one moment. Reads only; any role that may SELECT will do. */
export async function verifyConnection(client: Database, trust: LogTrust): Promise<LogVerification> {
  const database = await databaseName(client);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    const head = await findHead(client);
    const checkpoints = await readCheckpoints(client);
    const rotations = await readEvents(client, "log.key_rotated", (index, { details }) => ({
      index,
      publicKey: String(details?.publicKey ?? ""),
    }));
    const restorations = await readEvents(client, "log.restored", (index, { at, details }) => ({
      ...{ index, at },
      ...restorationSchema.parse(details),
    }));
    return await verifyLog(
      { head, checkpoints, rotations, restorations, entries: allEntries(client), database },
      trust,
    );
  } finally {
    await client.query("ROLLBACK");
  }
}

/** What the log itself says by its entries of one action. */
async function readEvents<T>(client: Database, action: AuditAction, read: (index: number, event: AuditEvent) => T) {
  const { rows } = await client.query<{ index: number; leaf: Buffer }>(
    `SELECT "index", leaf FROM audit_entry WHERE action = '${action}' ORDER BY "index"`,
  );
  return rows.flatMap(({ index, leaf }) => {
    try {
      return [read(index, parseLeaf(leaf))];
    } catch {
      // Whatever it is, it is not what was recorded: going through the entries names it.
      return [];
    }
  });
}

/** As verifyConnection, on a connection of its own. */
export async function verifyDatabase(url: string, trust: LogTrust): Promise<LogVerification> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    return await verifyConnection(client, trust);
  } finally {
    await client.end();
  }
}

/** As verifyConnection, on a connection borrowed from a pool. */
export async function verifyPool(pool: pg.Pool, trust: LogTrust): Promise<LogVerification> {
  const client = await pool.connect();
  try {
    return await verifyConnection(client, trust);
  } finally {
    client.release();
  }
}

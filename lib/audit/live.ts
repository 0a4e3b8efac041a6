import pg from "pg";
import { readHeld } from "./holders";
import { logPublicKeys } from "./key";
import { parseLeaf } from "./leaf";
import { restorationSchema } from "./schema";
import { allEntries, type Database, databaseName, findHead, readCheckpoints } from "./store";
import { type LogTrust, type LogVerification, type Restoration, verifyLog } from "./verify";

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
    const rotations = await readRotations(client);
    const restorations = await readRestorations(client);
    return await verifyLog(
      { head, checkpoints, rotations, restorations, entries: allEntries(client), database },
      trust,
    );
  } finally {
    await client.query("ROLLBACK");
  }
}

async function readRotations(client: Database): Promise<{ index: number; publicKey: string }[]> {
  const { rows } = await client.query<{ index: number; leaf: Buffer }>(
    `SELECT "index", leaf FROM audit_entry WHERE action = 'log.key_rotated' ORDER BY "index"`,
  );
  return rows.flatMap(({ index, leaf }) => {
    try {
      return { index, publicKey: String(parseLeaf(leaf).details?.publicKey ?? "") };
    } catch {
      // Whatever it is, it is not what was recorded: going through the entries names it.
      return [];
    }
  });
}

async function readRestorations(client: Database): Promise<Restoration[]> {
  const { rows } = await client.query<{ index: number; leaf: Buffer }>(
    `SELECT "index", leaf FROM audit_entry WHERE action = 'log.restored' ORDER BY "index"`,
  );
  return rows.flatMap(({ index, leaf }) => {
    try {
      const { at, details } = parseLeaf(leaf);
      return { index, at, ...restorationSchema.parse(details) };
    } catch {
      // As above.
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

import pg from "pg";
import { logPublicKey } from "./key";
import { outsideFile, readOutside } from "./outside";
import { allEntries, type Database, databaseName, findHead, readCheckpoints } from "./store";
import { type LogTrust, type LogVerification, verifyLog } from "./verify";

/** The key and the outside file of a data folder. */
export function trustOf(folder?: string): LogTrust {
  return { publicKey: logPublicKey(folder), outside: readOutside(outsideFile(folder)) };
}

/** Verifies the log of the database behind one connection, as of one moment. Reads only; any role that may SELECT will do. */
export async function verifyConnection(client: Database, trust: LogTrust): Promise<LogVerification> {
  const database = await databaseName(client);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    const head = await findHead(client);
    const checkpoints = await readCheckpoints(client);
    return await verifyLog({ head, checkpoints, entries: allEntries(client), database }, trust);
  } finally {
    await client.query("ROLLBACK");
  }
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

import { createHmac } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { type Embedded, startEmbedded } from "../db/embedded";
import { migrate } from "../db/migrate";
import { ensureRoles } from "../db/roles";
import { dataFolder, keptSecret, writePrivate } from "./paths";

export type Opened = { ownerUrl: string; appUrl: string; separateRoles: boolean; embedded?: Embedded };

const oldest = 15;

/** The secret that signs sessions, and from which the password of the application's database role derives. */
export function appSecret(): string {
  return process.env.NEXTAUTH_SECRET || keptSecret("nextauth-secret");
}

/** Stands in the data folder while the demo project is loaded: half of it, with nobody who can sign in, is no use. */
export const loadingMark = () => path.join(dataFolder(), "loading-demo");

/** Where a connection string leads, without its password. */
export function describe(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** One query on its own connection. A server that is not there, or too old, is said in plain words. */
export async function withDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A server that goes away while we wait would otherwise end the process.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    const reason = (error as Error).message || (error as NodeJS.ErrnoException).code;
    throw new Error(`The database at ${describe(url)} cannot be reached: ${reason}.`);
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function serverVersion(url: string): Promise<number> {
  const number = await withDatabase(url, async (client) => {
    const answer = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
    return Number(answer.rows[0]?.version);
  });
  return Math.floor(number / 10_000);
}

/** Starts or finds the database, brings it up to date and returns how the owner and the application reach it. */
export async function openDatabase(say: (message: string) => void, onLost: (error: Error) => void): Promise<Opened> {
  const given = process.env.DATABASE_URL;
  const embedded = given ? undefined : await startEmbedded({ dataFolder: dataFolder(), say, onLost });
  const ownerUrl = given ?? embedded!.url;
  try {
    if (embedded && existsSync(loadingMark())) {
      say("The first start was interrupted while it loaded the demo project. Beginning again.");
      await embedded.empty();
      rmSync(path.join(dataFolder(), "checkpoints.txt"), { force: true });
    }
    const version = await serverVersion(ownerUrl);
    if (version < oldest) {
      throw new Error(`The database at ${describe(ownerUrl)} is PostgreSQL ${version}; ${oldest} or newer is needed.`);
    }
    const applied = await migrate(ownerUrl);
    if (applied.length > 0) say(`Applied ${applied.length} database migration${applied.length === 1 ? "" : "s"}.`);
    const password = createHmac("sha256", appSecret()).update("the application's database role").digest("base64url");
    const roles = await ensureRoles(ownerUrl, password);
    writePrivate(path.join(dataFolder(), "app-database-url"), `${roles.appUrl}\n`);
    return { ownerUrl, embedded, ...roles };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

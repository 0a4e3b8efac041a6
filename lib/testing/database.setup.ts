import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { startEmbedded } from "../db/embedded";
import { migrate } from "../db/migrate";
import { processStamp } from "../db/processes";
import { ensureRoles } from "../db/roles";

declare module "vitest" {
  interface ProvidedContext {
    /** Owner's and application's URL of the migrated, empty template that each test database is a copy of. */
    template: { ownerUrl: string; appUrl: string };
  }
}

const prefix = "countersign-test-";
const template = "template_countersign";

/** One throw-away PostgreSQL for all database tests, whatever DATABASE_URL says. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers();
  const folder = mkdtempSync(path.join(tmpdir(), `${prefix}${process.pid}-`));
  // As root, PostgreSQL runs as another user and must get through.
  chmodSync(folder, 0o711);
  const server = await startEmbedded({ dataFolder: folder, durable: false });
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
    if (!server.cluster.startsWith(folder)) rmSync(path.dirname(server.cluster), { recursive: true, force: true });
  };
  try {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(`CREATE DATABASE ${template}`);
    await client.end();
    const ownerUrl = server.url.replace(/[^/]+$/, template);
    await migrate(ownerUrl);
    const { appUrl } = await ensureRoles(ownerUrl, "only for tests");
    provide("template", { ownerUrl, appUrl });
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Servers and folders of test runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split("-")[0]) : Number.NaN;
    if (Number.isNaN(pid) || processStamp(pid) !== null) continue;
    const folder = path.join(tmpdir(), name);
    try {
      if (existsSync(path.join(folder, "embedded.json"))) await stopLeftover(folder);
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}

/** Starting takes over a server that runs still; then it can be stopped. */
async function stopLeftover(folder: string): Promise<void> {
  const { cluster } = JSON.parse(readFileSync(path.join(folder, "embedded.json"), "utf8")) as { cluster: string };
  if (!existsSync(path.join(folder, cluster, "postmaster.pid"))) return;
  const server = await startEmbedded({ dataFolder: folder, durable: false });
  await server.stop();
}

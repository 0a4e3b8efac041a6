import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../cli/paths";
import { startEmbedded } from "./embedded";
import { isAlive } from "./processes";

const base = mkdtempSync(path.join(tmpdir(), `countersign-test-${process.pid}-`));
const folder = path.join(base, "data");
let holder: ChildProcess;

/** Starts the database in another process; resolves with its first `up …` or `refused …` line and all it said. */
async function hold(): Promise<{ child: ChildProcess; said: string; url: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", "lib/testing/hold-database.ts", folder], { cwd: root });
  let said = "";
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const found = /^(up|refused) .*$/m.exec(said)?.[0];
      if (found) resolve(found);
    });
    child.stderr.on("data", (chunk) => (said += chunk));
    child.once("exit", () => reject(new Error(said)));
  });
  return { child, said, url: line.replace(/^up /, "") };
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

const serverPid = () => {
  const { cluster } = JSON.parse(readFileSync(path.join(folder, "embedded.json"), "utf8")) as { cluster: string };
  return Number(readFileSync(path.join(folder, cluster, "postmaster.pid"), "utf8").split("\n")[0]);
};

async function until(true_: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await true_()); tries++) {
    if (tries > 300) throw new Error("it did not happen within 15 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("the embedded database", () => {
  beforeAll(async () => {
    // As root, PostgreSQL runs as another user and must get through.
    chmodSync(base, 0o711);
    holder = (await hold()).child;
  });
  afterAll(async () => {
    holder.kill("SIGTERM");
    if (existsSync(path.join(folder, "embedded.json"))) {
      await until(() => holder.exitCode !== null || holder.signalCode !== null);
      const server = await startEmbedded({ dataFolder: folder });
      await server.stop();
    }
    rmSync(base, { recursive: true, force: true });
  });

  const url = () => readFileSync(path.join(folder, "database-url"), "utf8").trim();

  it("is durable, checks its pages, sorts by code point and listens on loopback only", async () => {
    const [row] = await query<Record<string, string>>(
      url(),
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
              current_setting('data_checksums') AS checksums, current_setting('listen_addresses') AS listens,
              current_setting('unix_socket_directories') AS sockets, pg_encoding_to_char(encoding) AS encoding,
              'Z' < 'a' AS codepoints, lower('Ä') AS folded
       FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toEqual({
      fsync: "on",
      commit: "on",
      checksums: "on",
      listens: "127.0.0.1",
      sockets: "",
      encoding: "UTF8",
      codepoints: true,
      folded: "ä",
    });
  });

  it("wants the password, and keeps it where only its owner can read", async () => {
    const wrong = new URL(url());
    wrong.password = "guess";
    await expect(query(wrong.href, "SELECT 1")).rejects.toThrow(/password authentication failed/);
    for (const name of ["database-url", "embedded.json"]) {
      expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
    }
  });

  it("refuses a second process on the same folder", async () => {
    const second = await hold();
    expect(second.said).toMatch(/refused .*in use by process/);
    expect(await query(url(), "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("comes back by itself on the same port when its server is killed", async () => {
    await query(url(), "CREATE TABLE kept AS SELECT 7 AS value");
    const before = { pid: serverPid(), url: url() };
    process.kill(before.pid, "SIGKILL");
    await until(async () => {
      const rows = await query<{ value: number }>(before.url, "SELECT value FROM kept").catch(() => []);
      return rows[0]?.value === 7;
    });
    expect(serverPid()).not.toBe(before.pid);
  });

  it("loses nothing when the process above it is killed, and never runs twice", async () => {
    const orphan = serverPid();
    const address = url();
    await query(address, "INSERT INTO kept VALUES (8)");
    holder.kill("SIGKILL");
    await until(() => holder.signalCode !== null);
    expect(isAlive(orphan)).toBe(true);
    const next = await hold();
    holder = next.child;
    expect(next.said).toContain("left behind");
    expect(next.url).toBe(address);
    expect(serverPid()).not.toBe(orphan);
    expect(await query(next.url, "SELECT value FROM kept ORDER BY value")).toEqual([{ value: 7 }, { value: 8 }]);
  });
});

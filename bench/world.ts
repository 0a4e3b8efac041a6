import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { root } from "../lib/cli/paths";
import { childrenOf } from "../lib/db/processes";

/** Says how far it is, beside the figures. */
export const say = (message: string) => void process.stderr.write(`${message}\n`);

/** Countersign as `npm start` runs it, with a database of its own that goes with it. */
export type World = {
  folder: string;
  url: string;
  token: string;
  pid: number;
  /** The owner of the database, for looking behind the application's back. */
  owner: pg.Client;
  /** The application's own connection string. */
  appUrl: string;
  rest: <T>(method: string, at: string, body?: unknown, token?: string) => Promise<T>;
  stop: () => Promise<void>;
};

export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-bench-"));
  // As root, PostgreSQL runs as another user and must get through.
  chmodSync(folder, 0o711);
  const data = path.join(folder, "data");
  const own = Object.entries(process.env).filter(([name]) => !/^(DATABASE_URL|NEXTAUTH_|COUNTERSIGN_|npm_)/.test(name));
  const flags = (
    JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { scripts: { start: string } }
  ).scripts.start
    .split(" ")
    .filter((word) => word.startsWith("--"));
  say("Starting the server …");
  const server = spawn(process.execPath, [...flags, "lib/cli/boot.mjs", "start"], {
    cwd: root,
    env: { ...Object.fromEntries(own), NODE_ENV: "production", COUNTERSIGN_DATA: data, HOST: "127.0.0.1", PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<void>((done) => server.once("exit", () => done()));
  const ready = new Promise<boolean>((done) => {
    const listen = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      if (/^ready http/m.test(output)) done(true);
    };
    server.stdout.on("data", listen);
    server.stderr.on("data", listen);
    void ended.then(() => done(false));
    setTimeout(() => done(false), 600_000).unref();
  });
  let owner: pg.Client | undefined;
  const stop = async () => {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    await owner?.end().catch(() => {});
    server.kill("SIGTERM");
    await Promise.race([ended, wait(30_000).then(() => server.kill("SIGKILL"))]);
    removeCluster(data);
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupted = () => void stop().then(() => process.exit(130));
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  if (!(await ready)) {
    await stop();
    throw new Error(`The server did not start.\n${output}`);
  }
  const { url, token } = JSON.parse(readFileSync(path.join(data, "cli.json"), "utf8")) as World;
  const line = (name: string) => readFileSync(path.join(data, name), "utf8").trim();
  owner = new pg.Client({ connectionString: line("database-url") });
  owner.on("error", () => {});
  await owner.connect();
  const rest: World["rest"] = async (method, at, body, bearer = token) => {
    const response = await fetch(`${url}/api/v1${at}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, ...(body !== undefined && { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(300_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${at}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as never;
  };
  return { folder, url, token, pid: server.pid!, owner, appUrl: line("app-database-url"), rest, stop };
}

/** The database may lie elsewhere when its user could not enter the folder. */
function removeCluster(data: string): void {
  const file = path.join(data, "embedded.json");
  if (!existsSync(file)) return;
  const { cluster } = JSON.parse(readFileSync(file, "utf8")) as { cluster: string };
  if (path.isAbsolute(cluster)) rmSync(path.dirname(cluster), { recursive: true, force: true });
}

/** Resident memory of a process in MB, now and at its peak; null where /proc does not tell, or when it is gone. */
export function memoryOf(pid: number): { now: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
    return { now: field("VmRSS"), peak: field("VmHWM") };
  } catch {
    return null;
  }
}

/** The import process of a server, while there is one. */
export function importProcess(server: number): number | null {
  return childrenOf(server).find(({ command }) => command.includes("import-process"))?.pid ?? null;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

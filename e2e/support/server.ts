import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts Countersign as people do, once for each worker, on a free port with a database of its own that holds the demo
 * project, and stops it after the last test. COUNTERSIGN_E2E_DATA, the data folders, tells the tests where they are.
 */
export default async function startServers(config?: { workers: number }): Promise<() => Promise<void>> {
  const starting = Array.from({ length: config?.workers ?? 1 }, startServer);
  const settled = await Promise.allSettled(starting);
  const servers = settled.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  const failed = settled.find((one) => one.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  process.env.COUNTERSIGN_E2E_DATA = servers.map(({ data }) => data).join(path.delimiter);
  return stop;
}

async function startServer(): Promise<{ data: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-e2e-"));
  // As root, PostgreSQL runs as another user and must get through.
  chmodSync(folder, 0o711);
  const data = path.join(folder, "data");
  const own = Object.entries(process.env).filter(([name]) => !/^(DATABASE_URL|NEXTAUTH_|COUNTERSIGN_)/.test(name));
  const server = spawn(process.execPath, ["lib/cli/boot.mjs", "start"], {
    cwd: root,
    env: { ...Object.fromEntries(own), NODE_ENV: "production", COUNTERSIGN_DATA: data, HOST: "127.0.0.1", PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const ready = new Promise<boolean>((resolve) => {
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      if (/^ready http/m.test(output)) resolve(true);
    };
    server.stdout.on("data", listen);
    server.stderr.on("data", listen);
    void ended.then(() => resolve(false));
  });
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
    if (process.env.COUNTERSIGN_E2E_LOG) process.stdout.write(output);
    removeData(data);
    rmSync(folder, { recursive: true, force: true });
  };
  if (!(await ready)) {
    await stop();
    throw new Error(`The server did not start.\n${output}`);
  }
  return { data, stop };
}

/** The database may lie elsewhere when its user could not enter the folder. */
function removeData(data: string): void {
  const file = path.join(data, "embedded.json");
  if (!existsSync(file)) return;
  const { cluster } = JSON.parse(readFileSync(file, "utf8")) as { cluster: string };
  if (path.isAbsolute(cluster)) rmSync(path.dirname(cluster), { recursive: true, force: true });
}

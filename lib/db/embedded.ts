import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { type Binaries, chooseCluster, type DatabaseUser, databaseUser, findBinaries } from "./embedded-place";
import { isAlive, processStamp } from "./processes";

export type EmbeddedOptions = {
  /** Absolute; made when missing. Holds the cluster, or remembers where it is. */
  dataFolder: string;
  /** False only for throw-away test databases: no fsync. */
  durable?: boolean;
  say?: (message: string) => void;
  /** Called once when the database stopped by itself and could not be started again. */
  onLost?: (error: Error) => void;
};

export type Embedded = {
  /** The owner's connection string. */
  url: string;
  port: number;
  /** Of PostgreSQL's npm package, e.g. 18.4.0-beta.17. */
  version: string;
  cluster: string;
  /** Throws everything in the database away and makes an empty one. */
  empty(): Promise<void>;
  /** Fast shutdown: open transactions are rolled back, everything committed is kept. */
  stop(): Promise<void>;
  /** At once, with crash recovery at the next start. */
  kill(): void;
};

type Memory = { cluster: string; port: number; password: string };
type Place = { cluster: string; binaries: Binaries; user: DatabaseUser | undefined; log: string; durable: boolean };

const owner = "countersign";
const database = "countersign";

/**
 * Starts the embedded PostgreSQL of a data folder on a loopback port and returns its owner's URL.
 * A server that an earlier, killed process left behind is stopped first, so there are never two on one cluster.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dataFolder, durable = true, say = () => {} } = options;
  const user = databaseUser();
  // As root the database's user must pass through; what is secret in here is 0600.
  mkdirSync(dataFolder, { recursive: true, mode: user ? 0o711 : 0o700 });
  const memory = remember(dataFolder, user);
  const cluster = path.resolve(dataFolder, memory.cluster);
  const place: Place = {
    cluster,
    binaries: findBinaries(user),
    user,
    durable,
    log: path.join(dataFolder, "postgres.log"),
  };

  if (!existsSync(path.join(cluster, "PG_VERSION"))) await createCluster(place, memory.password);
  checkVersion(place);
  claim(place, dataFolder);
  await stopOrphan(cluster, say);

  let child: ChildProcess;
  let stopping = false;
  const recentFailures: number[] = [];
  const supervise = (started: ChildProcess) => {
    child = started;
    child.once("exit", async () => {
      if (stopping) return;
      recentFailures.push(Date.now());
      if (recentFailures.filter((at) => at > Date.now() - 60_000).length > 5) {
        options.onLost?.(new Error(`The database keeps stopping. Its log is ${place.log}.`));
        return;
      }
      say("The database stopped unexpectedly; starting it again.");
      try {
        await wait(300);
        if (!stopping) supervise(await launch(place, memory.port));
      } catch (error) {
        options.onLost?.(error as Error);
      }
    });
  };

  memory.port = await freePort(memory.port);
  supervise(await launch(place, memory.port));
  writePrivate(path.join(dataFolder, "embedded.json"), `${JSON.stringify(memory, null, 2)}\n`);
  const url = `postgresql://${owner}:${memory.password}@127.0.0.1:${memory.port}/${database}`;
  await createDatabase(url);
  writePrivate(path.join(dataFolder, "database-url"), `${url}\n`);

  return {
    url,
    port: memory.port,
    version: place.binaries.version,
    cluster,
    empty: () => createDatabase(url, { anew: true }),
    async stop() {
      if (stopping) return;
      stopping = true;
      await stopServer(place, child);
      rmSync(ownerFile(cluster), { force: true });
    },
    kill() {
      stopping = true;
      child.kill("SIGQUIT");
    },
  };
}

function writePrivate(file: string, text: string): void {
  const fresh = `${file}.${process.pid}.tmp`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, file);
}

function remember(dataFolder: string, user: DatabaseUser | undefined): Memory {
  const file = path.join(dataFolder, "embedded.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Memory;
  const cluster = chooseCluster(dataFolder, user);
  if (existsSync(cluster)) {
    throw new Error(`${cluster} holds a database, but ${file}, which holds its password, is missing. Put it back.`);
  }
  const inside = path.dirname(cluster) === dataFolder;
  const memory = {
    cluster: inside ? path.basename(cluster) : cluster,
    port: 0,
    password: randomBytes(24).toString("base64url"),
  };
  writePrivate(file, `${JSON.stringify(memory, null, 2)}\n`);
  return memory;
}

function environment(): NodeJS.ProcessEnv {
  const { PATH, LD_LIBRARY_PATH, SystemRoot, TEMP } = process.env;
  return {
    ...(process.env.NODE_ENV && { NODE_ENV: process.env.NODE_ENV }),
    PATH,
    LD_LIBRARY_PATH,
    SystemRoot,
    TEMP,
    LC_ALL: "C",
    TZ: "UTC",
  };
}

async function createCluster(place: Place, password: string): Promise<void> {
  const { cluster, user } = place;
  // Made aside and renamed, so that an interrupted start never leaves half a cluster.
  const fresh = `${cluster}.new`;
  const passwordFile = `${cluster}.password`;
  mkdirSync(path.dirname(cluster), { recursive: true, mode: 0o711 });
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) {
    chownSync(fresh, user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
  }
  const args = [
    ...["--pgdata", fresh, "--username", owner, "--pwfile", passwordFile, "--auth", "scram-sha-256"],
    ...["--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"],
    ...["--data-checksums", "--no-instructions", ...(place.durable ? [] : ["--no-sync"])],
  ];
  const child = spawn(path.join(place.binaries.folder, "bin", "initdb"), args, {
    ...user,
    cwd: path.parse(cluster).root,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", resolve);
  });
  rmSync(passwordFile, { force: true });
  if (code !== 0) throw new Error(`The database could not be created (${code}).\n${output.trim()}`);
  renameSync(fresh, cluster);
}

function checkVersion({ cluster, binaries }: Place): void {
  const made = readFileSync(path.join(cluster, "PG_VERSION"), "utf8").trim();
  const major = binaries.version.split(".")[0];
  if (made !== major) {
    throw new Error(
      `The database in ${cluster} was made by PostgreSQL ${made}; this Countersign brings ${major}. ` +
        "Start the Countersign that made it, or set DATABASE_URL.",
    );
  }
}

const ownerFile = (cluster: string) => path.join(cluster, "countersign.owner");

/** Refuses a cluster that another live Countersign runs, for instance through a copy of its data folder. */
function claim({ cluster }: Place, dataFolder: string): void {
  const file = ownerFile(cluster);
  if (existsSync(file)) {
    const [pid, stamp, folder] = readFileSync(file, "utf8").split("\n");
    if (stamp && processStamp(Number(pid)) === stamp) {
      throw new Error(`The database in ${cluster} is in use by process ${pid} (data folder ${folder}).`);
    }
  }
  writeFileSync(file, [process.pid, processStamp(process.pid), dataFolder, ""].join("\n"), { mode: 0o600 });
}

/** The process id of the server that runs this very cluster, by its postmaster.pid; otherwise null. */
function runningServer(cluster: string): number | null {
  const file = path.join(cluster, "postmaster.pid");
  if (!existsSync(file)) return null;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!isAlive(pid)) return null;
  if (process.platform === "linux") {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster) ? pid : null;
    } catch {
      return null;
    }
  }
  const [command, args] =
    process.platform === "win32"
      ? ["tasklist", ["/FI", `PID eq ${pid}`, "/FO", "CSV"]]
      : ["ps", ["-o", "command=", "-p", String(pid)]];
  return /postgres/.test(spawnSync(command, args as string[], { encoding: "utf8" }).stdout ?? "") ? pid : null;
}

async function stopOrphan(cluster: string, say: (message: string) => void): Promise<void> {
  const file = path.join(cluster, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = runningServer(cluster);
  if (pid === null) {
    // PostgreSQL itself clears the file of a dead server. It would refuse to start, though, when the number now
    // belongs to some other process.
    const written = Number(readFileSync(file, "utf8").split("\n")[0]);
    if (isAlive(written)) rmSync(file, { force: true });
    return;
  }
  say("Stopping the database that an interrupted run left behind.");
  process.kill(pid, "SIGINT");
  for (let waited = 0; processStamp(pid) !== null; waited += 50) {
    if (waited === 60_000) process.kill(pid, "SIGQUIT");
    if (waited > 90_000) throw new Error(`The database process ${pid} of an earlier run does not stop.`);
    await wait(50);
  }
}

/** `wanted` when it is free, else a free one. */
async function freePort(wanted: number): Promise<number> {
  const probe = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
      });
    });
  return wanted ? probe(wanted).catch(() => probe(0)) : probe(0);
}

function settings({ durable }: Place, port: number): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    password_encryption: "scram-sha-256",
    max_connections: "100",
    shared_buffers: durable ? "256MB" : "128MB",
    effective_cache_size: "1GB",
    work_mem: "16MB",
    maintenance_work_mem: "128MB",
    random_page_cost: "1.1",
    max_parallel_workers_per_gather: "1",
    jit: "off",
    max_wal_size: "2GB",
    checkpoint_timeout: "10min",
    timezone: "UTC",
    log_timezone: "UTC",
    log_checkpoints: "off",
    // Statements may carry people's text; they stay out of the log.
    log_min_error_statement: "panic",
    log_parameter_max_length_on_error: "0",
    ...(durable
      ? { fsync: "on", synchronous_commit: "on", full_page_writes: "on" }
      : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
}

/** Starts the server and waits until it accepts connections. */
async function launch(place: Place, port: number): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt++) {
    const before = existsSync(place.log) ? statSync(place.log).size : 0;
    const child = spawnServer(place, port);
    const failure = await ready(place, child);
    if (!failure) return child;
    const said = existsSync(place.log) ? readFileSync(place.log, "utf8").slice(before) : "";
    // After a kill the old server's last processes may hold its shared memory a moment longer.
    if (attempt < 20 && /shared memory block|lock file ".*" already exists/.test(said)) {
      await wait(500);
      continue;
    }
    throw new Error(`The database did not start (${failure}).\n${said.trim() || `Its log is ${place.log}.`}`);
  }
}

function spawnServer(place: Place, port: number): ChildProcess {
  if (existsSync(place.log) && statSync(place.log).size > 5 << 20) renameSync(place.log, `${place.log}.1`);
  const log = openSync(place.log, "a", 0o600);
  const flags = Object.entries(settings(place, port)).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(path.join(place.binaries.folder, "bin", "postgres"), ["-D", place.cluster, ...flags], {
    ...place.user,
    cwd: path.parse(place.cluster).root,
    env: environment(),
    stdio: ["ignore", log, log],
    // Its own session: a Ctrl-C in the terminal reaches us first, and we stop it last.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  closeSync(log);
  // Whatever ends this process in an orderly way ends the server too; after kill -9 the next start does.
  const atExit = () => child.kill("SIGINT");
  process.once("exit", atExit);
  child.once("exit", () => process.off("exit", atExit));
  return child;
}

/** Undefined when the server is ready, else why it is not. */
async function ready({ cluster }: Place, child: ChildProcess): Promise<string | undefined> {
  let failure: string | undefined;
  child.once("error", (error) => (failure = error.message));
  child.once("exit", (code, signal) => (failure ??= `exit ${code ?? signal}`));
  while (!failure) {
    const file = path.join(cluster, "postmaster.pid");
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === "ready") return undefined;
    await wait(15);
  }
  return failure;
}

async function createDatabase(url: string, { anew = false } = {}): Promise<void> {
  const client = new pg.Client({ connectionString: url.replace(/[^/]+$/, "postgres") });
  await client.connect();
  try {
    if (anew) await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

async function stopServer(place: Place, child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  if (process.platform === "win32") {
    const control = path.join(place.binaries.folder, "bin", "pg_ctl");
    spawnSync(control, ["stop", "-D", place.cluster, "-m", "fast"], { env: environment() });
  } else {
    child.kill("SIGINT");
  }
  const slow = setTimeout(() => child.kill("SIGQUIT"), 60_000);
  await gone;
  clearTimeout(slow);
}

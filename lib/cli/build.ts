import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { build } from "esbuild";
import { bundledImportProcess, importProcess } from "../jobs/child";
import { Locked, takeLock } from "./lock";
import { root } from "./paths";

const folders = ["app", "components", "lib", "prisma", "public"];
const files = [
  "package-lock.json",
  "next.config.ts",
  "tsconfig.json",
  "postcss.config.mjs",
  "proxy.ts",
  "instrumentation-client.ts",
];
/** In those folders, what no page is made of. */
const apart = /\.test\.tsx?$|^lib\/(cli|testing|db\/generated)\/|^prisma\/demo\//;
const stampFile = path.join(root, ".next", "countersign-stamp");

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const at = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(at);
    else if (entry.isFile()) yield at;
  }
}

/** Changes when anything changes that the built application is made of. */
function sourceStamp(): string {
  const hash = createHash("sha256").update(process.versions.node.split(".")[0] ?? "");
  const all = [
    ...folders.filter((folder) => existsSync(path.join(root, folder))).flatMap((folder) => [...walk(folder)]),
    ...files,
  ];
  for (const file of all.filter((name) => !apart.test(`${name}`)).sort()) {
    const at = path.join(root, file);
    if (existsSync(at)) hash.update(`${file}\0`).update(readFileSync(at)).update("\0");
  }
  return hash.digest("hex");
}

export function isBuilt(stamp = sourceStamp()): boolean {
  return (
    existsSync(path.join(root, ".next", "BUILD_ID")) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, "utf8") === stamp
  );
}

/** Builds the application when its sources changed. Throws with the compiler's output when that fails. */
export async function buildIfStale(say: (message: string) => void, signal?: AbortSignal): Promise<void> {
  const stamp = sourceStamp();
  if (isBuilt(stamp)) return;
  const lock = await takeTurn(say);
  try {
    if (isBuilt(stamp)) return;
    say("Building the application (once after a change) …");
    await nextBuild(signal);
    leaveOutSources(path.join(root, ".next", "server"));
    await bundleImportProcess();
    writeFileSync(stampFile, stamp);
  } finally {
    lock.release();
  }
}

async function takeTurn(say: (message: string) => void) {
  for (let told = false; ; told = true) {
    try {
      return takeLock(path.join(root, "node_modules", ".cache", "countersign-build.lock"));
    } catch (error) {
      if (!(error instanceof Locked)) throw error;
      if (!told) say("Waiting for another build …");
      await wait(500);
    }
  }
}

async function bundleImportProcess(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [importProcess],
    outfile: bundledImportProcess,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // Half of what it takes to start is reading the file. What Prisma brings as text of four megabytes is read by who asks it.
    external: ["*.wasm-base64.mjs"],
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    banner: {
      js: [
        // Packages that are no modules ask for others with `require`.
        'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
        // As in Node 21: pg asks it where it runs, or else a Response, for which Node 20 loads its whole HTTP client (50 ms).
        "globalThis.navigator ??= { userAgent: 'Node.js/' + parseInt(process.versions.node) };",
      ].join("\n"),
    },
    logLevel: "silent",
  });
}

/** ECMA-426; that of a file which was put together of several has a map in each section. */
type SourceMap = { sourcesContent?: unknown; sections?: { map: SourceMap }[] };

/**
 * A server keeps the source map of each file that it loads: an error tells by it where in the source it was. The sources
 * themselves, which stand in the maps as well, say nothing more, and would be a sixth of the server's memory.
 */
export function leaveOutSources(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".map")) continue;
    const file = path.join(folder, name);
    const map = JSON.parse(readFileSync(file, "utf8")) as SourceMap;
    for (const part of [map, ...(map.sections ?? []).map((section) => section.map)]) delete part.sourcesContent;
    writeFileSync(file, JSON.stringify(map));
  }
}

function nextBuild(signal?: AbortSignal): Promise<void> {
  const env = { ...process.env, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  const child = spawn(process.execPath, ["node_modules/next/dist/bin/next", "build"], {
    cwd: root,
    env,
    signal,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`The application could not be built.\n${output.trim()}`)),
    );
  });
}

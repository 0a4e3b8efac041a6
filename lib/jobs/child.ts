import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
// A small young generation keeps the memory flat; at less than this, collecting it takes a third of the time of an import.
const memory = ["--max-semi-space-size=16", "--max-old-space-size=512"];

/** Where the build puts the import process, in one file: that starts in a third of the time that its many take. */
export const bundledImportProcess = ".next/import-process.mjs";
export const importProcess = "lib/jobs/import-process.ts";

/**
 * Reads imports, in a process of its own: at once, or when it is told to by a message `{ importId }`: the import whose
 * bytes came by its standard input before, or null.
 */
export function startImportProcess(when: "now" | "told"): ChildProcess {
  const built = process.env.NODE_ENV === "production" && existsSync(path.join(root, bundledImportProcess));
  const input = when === "told" ? "pipe" : "ignore";
  return start([...(built ? [bundledImportProcess] : [...compiled, importProcess]), when], input);
}

/**
 * Work in a process of its own: it does not hold up the pages, and its memory goes when it is done. The channel between
 * the two closes when this process is gone, which the other one hears as `disconnect`.
 */
export function startChild(file: string, ...args: string[]): ChildProcess {
  return start([...compiled, file, ...args]);
}

const compiled = ["--import", "tsx"];

function start(what: string[], input: "pipe" | "ignore" = "ignore"): ChildProcess {
  // A deprecation that this process keeps quiet is no more the reader's business in the other.
  const quiet = process.noDeprecation ? ["--no-deprecation"] : [];
  return spawn(process.execPath, [...memory, ...quiet, ...what], {
    cwd: root,
    env: { ...process.env, MALLOC_ARENA_MAX: "2" },
    stdio: [input, "ignore", "inherit", "ipc"],
  });
}

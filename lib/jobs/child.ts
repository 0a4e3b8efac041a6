import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
// A small young generation keeps the memory flat; at less than this, collecting it takes a third of the time of an import.
const memory = ["--max-semi-space-size=8", "--max-old-space-size=512"];

/**
 * Work in a process of its own: it does not hold up the pages, and its memory goes when it is done. The channel between
 * the two closes when this process is gone, which the other one hears as `disconnect`.
 */
export function startChild(file: string): ChildProcess {
  // A deprecation that this process keeps quiet is no more the reader's business in the other.
  const quiet = process.noDeprecation ? ["--no-deprecation"] : [];
  return spawn(process.execPath, [...memory, ...quiet, "--import", "tsx", file], {
    cwd: root,
    env: { ...process.env, MALLOC_ARENA_MAX: "2" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { processStamp } from "../db/processes";

type Holder = { pid: number; stamp: string | null; note: string };

/** Somebody else, alive, holds the lock. `note` is what the holder wrote, e.g. its URL. */
export class Locked extends Error {
  constructor(
    readonly pid: number,
    readonly note: string,
  ) {
    super(`in use by process ${pid}`);
  }
}

export type Lock = { note(text: string): void; release(): void };

/**
 * Takes a lock file for this process. A file that a killed process left is taken over: its process id together with
 * the time that process began says whether it still lives. Throws Locked.
 */
export function takeLock(file: string): Lock {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  const write = (note: string) => {
    const holder: Holder = { pid: process.pid, stamp: processStamp(process.pid), note };
    writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  };
  write("");
  try {
    for (let attempt = 0; ; attempt++) {
      // Linking is atomic and refuses to replace, so exactly one of several starts gets the name.
      if (tryLink(draft, file)) break;
      const text = read(file);
      if (text === null) continue;
      const holder = parse(text);
      const alive = holder && holder.stamp !== null && processStamp(holder.pid) === holder.stamp;
      if (alive || attempt > 20) throw new Locked(holder?.pid ?? 0, holder?.note ?? "");
      moveStale(file, text);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    note(text) {
      write(text);
      renameSync(draft, file);
    },
    release() {
      if (parse(read(file) ?? "")?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Moves the dead holder's file away; when somebody else was quicker and it is theirs, puts it back. */
function moveStale(file: string, expected: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== expected) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function parse(text: string): Holder | null {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return null;
  }
}

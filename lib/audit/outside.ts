import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import { dataFolder } from "./key";

/**
 * The first outside holder (others: holders.ts): a file of signed checkpoints that the database cannot reach. `COUNTERSIGN_CHECKPOINTS` names it
 * (best on another machine's disk); default `checkpoints.txt` in the data folder. Each note follows a line
 * `# at=… cause=… database=…` saying when, why and of which database it was taken.
 */
export type OutsideNote = { note: string; at?: string; cause?: string; database?: string };

/** `unread` is true when the file holds text that is no note, such as one cut off by a crash. */
export type Outside = { notes: OutsideNote[]; unread: boolean };

export function outsideFile(folder = dataFolder()): string {
  return process.env.COUNTERSIGN_CHECKPOINTS || path.join(folder, "checkpoints.txt");
}

const noteForm =
  /(?:^# (.*)\n)?^(.+\n\d+\n[A-Za-z0-9+/]{43}=\n\n(?:— \S+ (?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\n)+)/gm;

export function parseOutside(text: string): Outside {
  const notes = [...text.matchAll(noteForm)].map(([, remark, note]) => {
    const fields = (remark ?? "").split(" ").map((field) => field.split("=", 2));
    const { at, cause, database } = Object.fromEntries(fields) as Record<string, string | undefined>;
    return { note: note!, at, cause, database };
  });
  return { notes, unread: text.replace(noteForm, "").trim() !== "" };
}

/** Null when there is no such file. */
export function readOutside(file = outsideFile()): Outside | null {
  try {
    return parseOutside(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** As it is appended: an empty line first, so that a note cut off before it spoils nothing. */
export function outsideText({ note, at, cause, database }: OutsideNote): string {
  return `\n# at=${at} cause=${cause} database=${database}\n${note}`;
}

/** Appends and waits for the disk. */
export function appendOutside(file: string, entry: OutsideNote): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const handle = openSync(file, "a", 0o644);
  try {
    writeSync(handle, outsideText(entry));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

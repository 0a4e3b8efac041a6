import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = path.resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** Where the database, the keys and the local token live: `COUNTERSIGN_DATA`, by default `.countersign` here. */
export function dataFolder(): string {
  return path.resolve(process.env.COUNTERSIGN_DATA || path.join(root, ".countersign"));
}

/** Replaces a file that only its owner may read, at once or not at all. */
export function writePrivate(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}

/** A random secret kept in the data folder (0600), made at the first call. */
export function keptSecret(name: string): string {
  const file = path.join(dataFolder(), name);
  const draft = `${file}.${process.pid}.tmp`;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(draft, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, "utf8").trim();
}

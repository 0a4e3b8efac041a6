import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sha256Hex } from "../digest";
import { rawPublicKey } from "./checkpoint";

/** The data folder: `COUNTERSIGN_DATA`, or `.countersign` in the working directory. */
export function dataFolder(): string {
  return path.resolve(/* turbopackIgnore: true */ process.env.COUNTERSIGN_DATA || ".countersign");
}

export type LogKey = { privateKey: KeyObject; publicKey: KeyObject };

/**
 * The key that signs checkpoints: `COUNTERSIGN_LOG_KEY` (PKCS #8 PEM), or `log-key.pem` in the data folder, made at the
 * first call (mode 0600). The public half is written beside it as `log-key.pub`, for whoever verifies elsewhere.
 */
export function logKey(folder = dataFolder()): LogKey {
  const privateKey = createPrivateKey(process.env.COUNTERSIGN_LOG_KEY || privatePem(folder));
  rawPublicKey(privateKey);
  const publicKey = createPublicKey(privateKey);
  const pem = publicPem(publicKey);
  const file = path.join(folder, "log-key.pub");
  if (readIfThere(file) !== pem) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, pem, { mode: 0o644 });
  }
  return { privateKey, publicKey };
}

/** The public key alone, for verifying on a machine that may hold only `log-key.pub`; null when there is none. */
export function logPublicKey(folder = dataFolder()): KeyObject | null {
  const pem =
    process.env.COUNTERSIGN_LOG_KEY ||
    readIfThere(path.join(folder, "log-key.pub")) ||
    readIfThere(path.join(folder, "log-key.pem"));
  return pem ? createPublicKey(pem) : null;
}

export function publicPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

/** The SHA-256 of a public key (SPKI, DER), for comparing keys by eye. */
export function keyFingerprint(key: KeyObject): string {
  return sha256Hex(key.export({ type: "spki", format: "der" }));
}

function privatePem(folder: string): string {
  const file = path.join(folder, "log-key.pem");
  const found = readIfThere(file);
  if (found) return found;
  mkdirSync(folder, { recursive: true });
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  // Written beside and then linked, so that nobody ever reads half a key.
  const draft = `${file}.${process.pid}.${Date.now()}`;
  writeFileSync(draft, pem, { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(draft, file);
    return pem;
  } catch (error) {
    // Another process of the same start made it first: its key is the key.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return readFileSync(file, "utf8");
  } finally {
    unlinkSync(draft);
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

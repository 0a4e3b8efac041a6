import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sha256Hex } from "../digest";
import { rawPublicKey, type TrustedKey } from "./checkpoint";

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
  const file = path.join(folder, "log-key.pub");
  const [recorded, ...retired] = parseKeys(readIfThere(file) ?? "");
  // Whoever exchanges the file of the private key by hand is not followed here: that is what rotating is for.
  if (!recorded || (process.env.COUNTERSIGN_LOG_KEY && !recorded.key.equals(publicKey))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, keysText([{ key: publicKey, until: null }, ...retired]), { mode: 0o644 });
  }
  return { privateKey, publicKey };
}

/**
 * The public keys alone, today's first, for verifying on a machine that may hold only `log-key.pub`; empty when there is
 * none. Retired keys say over how many entries they may have signed.
 */
export function logPublicKeys(folder = dataFolder()): TrustedKey[] {
  const known = parseKeys(readIfThere(path.join(folder, "log-key.pub")) ?? "");
  const own = process.env.COUNTERSIGN_LOG_KEY || (known.length === 0 && readIfThere(path.join(folder, "log-key.pem")));
  return own ? [{ key: createPublicKey(own), until: null }, ...known.filter(({ until }) => until !== null)] : known;
}

/** Puts a new key in the place of the old one, which stays known as good for the first `until` entries. */
export function replaceKey(folder: string, old: KeyObject, until: number, next: KeyObject | null): void {
  const retired = logPublicKeys(folder).filter((entry) => entry.until !== null);
  const current = next ? createPublicKey(next) : logKey(folder).publicKey;
  if (next)
    writeWhole(path.join(folder, "log-key.pem"), next.export({ type: "pkcs8", format: "pem" }).toString(), 0o600);
  const keys = [{ key: current, until: null }, { key: old, until }, ...retired];
  writeWhole(path.join(folder, "log-key.pub"), keysText(keys), 0o644);
}

/** Replaces a file at once or not at all. */
function writeWhole(file: string, text: string, mode: number): void {
  const draft = `${file}.${process.pid}.${Date.now()}`;
  writeFileSync(draft, text, { mode, flag: "wx", flush: true });
  renameSync(draft, file);
}

const keyForm = /(?:^# until (\d+)\n)?^(-----BEGIN PUBLIC KEY-----\n[^-]+-----END PUBLIC KEY-----)$/gm;

/** Reads keys in PEM, one after the other; a retired one follows a line `# until <size>`. */
export function parseKeys(text: string): TrustedKey[] {
  return [...text.matchAll(keyForm)].map(([, until, pem]) => ({
    key: createPublicKey(pem!),
    until: until === undefined ? null : Number(until),
  }));
}

function keysText(keys: readonly TrustedKey[]): string {
  return keys.map(({ key, until }) => `${until === null ? "" : `# until ${until}\n`}${publicPem(key)}`).join("");
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

import { createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";

/**
 * Checkpoints as C2SP `tlog-checkpoint` signed notes (c2sp.org/tlog-checkpoint, c2sp.org/signed-note), Ed25519:
 *
 *     countersign/<log id>
 *     <size>
 *     <base64 of the root hash>
 *
 *     — countersign/<log id> <base64 of key id (4 bytes) ‖ signature (64 bytes)>
 */
export type Checkpoint = { origin: string; size: number; root: Uint8Array };

const ed25519 = 0x01;

/** The origin line of the log whose first entry has this leaf hash: every log names itself by how it began. */
export function originOf(firstLeafHash: Uint8Array): string {
  return `countersign/${Buffer.from(firstLeafHash).toString("hex").slice(0, 16)}`;
}

/** The 32 bytes of an Ed25519 public key (RFC 8032), from the public or the private key. */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  if (key.asymmetricKeyType !== "ed25519" || !x) throw new Error("the key of the log must be an Ed25519 key");
  return Buffer.from(x, "base64url");
}

/** Exporting a key costs as much as checking a signature, and a log has thousands of checkpoints of one key. */
const rawKeys = new WeakMap<KeyObject, Buffer>();

function keyId(name: string, key: KeyObject): Buffer {
  const raw = rawKeys.get(key) ?? rawPublicKey(key);
  rawKeys.set(key, raw);
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ed25519), raw]);
  return hash("sha256", bytes, "buffer").subarray(0, 4);
}

function textOf({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

export function signCheckpoint(checkpoint: Checkpoint, privateKey: KeyObject): string {
  const text = textOf(checkpoint);
  const signature = sign(null, Buffer.from(text), privateKey);
  const line = Buffer.concat([keyId(checkpoint.origin, privateKey), signature]).toString("base64");
  return `${text}\n— ${checkpoint.origin} ${line}\n`;
}

export type SignedCheckpoint = Checkpoint & { text: string; signatures: { name: string; bytes: Buffer }[] };

/** Reads a note without trusting it. Throws Error saying what is wrong with its form. */
export function parseCheckpoint(note: string): SignedCheckpoint {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw new Error("it is not a signed note: there is no signature block");
  const text = note.slice(0, end + 1);
  const [origin, sizeText, rootText] = text.split("\n");
  if (!origin) throw new Error("its origin line is empty");
  if (!sizeText || !/^(0|[1-9]\d{0,15})$/.test(sizeText)) throw new Error("its size is not a decimal number");
  const root = fromBase64(rootText ?? "");
  if (root?.length !== 32) throw new Error("its root hash is not 32 bytes in base64");
  const signatures = note
    .slice(end + 2, -1)
    .split("\n")
    .map((line) => {
      const [dash, name, base64, ...rest] = line.split(" ");
      const bytes = fromBase64(base64 ?? "");
      if (dash !== "—" || !name || !bytes || bytes.length < 5 || rest.length > 0)
        throw new Error("one of its signature lines is malformed");
      return { name, bytes };
    });
  return { origin, size: Number(sizeText), root, text, signatures };
}

/** A key of the log; `until`: it was retired, and signs no checkpoint over more entries than that. */
export type TrustedKey = { key: KeyObject; until: number | null };

/**
 * The keys without their ends, for what speaks against the log: a checkpoint that a retired key signed over more entries than
 * it was good for proves nothing for them, but says that there were so many, or that somebody signs with the old key.
 */
export function withoutEnds(keys: readonly TrustedKey[]): TrustedKey[] {
  return keys.map(({ key }) => ({ key, until: null }));
}

/**
 * Reads a note and checks its signatures by these keys, of which there must be one; signatures by other keys are ignored,
 * as the note format asks.
 */
export function openCheckpoint(note: string, keys: KeyObject | readonly TrustedKey[]): SignedCheckpoint {
  const checkpoint = parseCheckpoint(note);
  const { origin, size, text, signatures } = checkpoint;
  const trusted = Array.isArray(keys) ? (keys as readonly TrustedKey[]) : [{ key: keys as KeyObject, until: null }];
  let signed = 0;
  for (const { key, until } of trusted) {
    if (until !== null && size > until) continue;
    const id = keyId(origin, key);
    const own = signatures.filter(({ name, bytes }) => name === origin && bytes.subarray(0, 4).equals(id));
    for (const { bytes } of own)
      if (!verify(null, Buffer.from(text), key, bytes.subarray(4)))
        throw new Error("its signature does not fit its text");
    signed += own.length;
  }
  if (signed === 0) throw new Error("it is not signed by the key of this log");
  return checkpoint;
}

/** The note with one more signature: how a key signs for the one that follows it. */
export function coSign(note: string, privateKey: KeyObject): string {
  const { origin, text } = parseCheckpoint(note);
  const bytes = Buffer.concat([keyId(origin, privateKey), sign(null, Buffer.from(text), privateKey)]);
  return `${note}— ${origin} ${bytes.toString("base64")}\n`;
}

/** Strict base64: null unless encoding the bytes again gives the same text. */
function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  return text !== "" && bytes.toString("base64") === text ? bytes : null;
}

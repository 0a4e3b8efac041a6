import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openCheckpoint, originOf, parseCheckpoint, signCheckpoint } from "./checkpoint";

/** An Ed25519 key from its 32 raw bytes. */
const publicKeyOf = (raw: Buffer) =>
  createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const checkpoint = { origin: originOf(Buffer.alloc(32, 7)), size: 42, root: Buffer.alloc(32, 9) };
const note = signCheckpoint(checkpoint, privateKey);

describe("checkpoints", () => {
  it("are signed notes of the form of c2sp.org/tlog-checkpoint", () => {
    expect(note).toMatch(
      /^countersign\/0707070707070707\n42\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n\n— countersign\/0707070707070707 [A-Za-z0-9+/]{91}=\n$/,
    );
    expect(openCheckpoint(note, publicKey)).toMatchObject(checkpoint);
  });

  // Public test key and checkpoint of transparency-dev's log tools, made by Go's golang.org/x/mod/sumdb/note.
  it("opens a checkpoint that another implementation signed", () => {
    const key = publicKeyOf(Buffer.from("AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx", "base64").subarray(1));
    const theirs = `example.com/log/testdata
100270
GRV1O0dCqmjjPvYi7CtOT79zb/fPwLNsMFWsynwU8Ac=

— example.com/log/testdata M9e0lkcvy5bAe7rrC8tCyAP+my+CLzswA91zOpBNWVU7qCojkUOHnfdQzDImoYeYH8G8PJSwOqsx0RkSa261OmKVwwM=
`;
    expect(openCheckpoint(theirs, key)).toMatchObject({ origin: "example.com/log/testdata", size: 100270 });
    expect(() => openCheckpoint(theirs.replace("100270", "100271"), key)).toThrow("does not fit its text");
  });

  it("refuses any change of one byte", () => {
    const bytes = Buffer.from(note);
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expect(() => openCheckpoint(changed.toString("utf8"), publicKey), `byte ${i}`).toThrow();
    }
  });

  it("refuses another key, and passes over signatures by keys it does not know", () => {
    const other = generateKeyPairSync("ed25519");
    expect(() => openCheckpoint(note, other.publicKey)).toThrow("not signed by the key of this log");
    const witness = "— witness.example/w1 AAAAAAECAwQFBgc=\n";
    expect(openCheckpoint(note + witness, publicKey).size).toBe(42);
  });

  it("says what is wrong with a malformed note", () => {
    const resized = (size: string) => note.replace("\n42\n", `\n${size}\n`);
    for (const size of ["042", "-1", "4.2", "", "1e3", "99999999999999999999"])
      expect(() => parseCheckpoint(resized(size)), size).toThrow("size");
    expect(() => parseCheckpoint(note.replace("CQkJ", "CQk"))).toThrow("root hash");
    expect(() => parseCheckpoint(note.trimEnd())).toThrow("signature block");
    expect(() => parseCheckpoint("")).toThrow("signature block");
  });

  it("takes no other kind of key", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    expect(() => signCheckpoint(checkpoint, rsa)).toThrow("Ed25519");
    expect(() =>
      signCheckpoint(checkpoint, createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" }))),
    ).not.toThrow();
  });
});

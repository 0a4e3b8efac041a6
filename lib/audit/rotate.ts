import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type Actor, systemActor } from "../auth/actor";
import { transaction } from "../db/transaction";
import { Fault } from "../errors";
import { appendAudit } from "./append";
import { parseCheckpoint } from "./checkpoint";
import { dataFolder, keyFingerprint, logKey, publicPem, replaceKey } from "./key";
import { checkpointNow } from "./publish";

/**
 * Changes the key of the log. The old key signs all there is, the log records the new key, and a checkpoint over that
 * carries both signatures: who trusts the old key can follow to the new one. For whoever holds the key's file: there is no
 * other way in. With `COUNTERSIGN_LOG_KEY` the new key is the one given there, and `oldKey` the one before.
 * Fault `conflict` when the log can't be signed as it stands.
 */
export async function rotateKey({
  folder = dataFolder(),
  oldKey,
  actor = systemActor(0, "command line"),
}: {
  folder?: string;
  oldKey?: KeyObject;
  actor?: Actor;
}): Promise<{ old: string; next: string; size: number }> {
  const given = Boolean(process.env.COUNTERSIGN_LOG_KEY);
  if (given !== Boolean(oldKey))
    throw new Fault(
      "invalid",
      given
        ? "COUNTERSIGN_LOG_KEY holds the new key: give the old one with --old-key."
        : "The old key is the one in the data folder; --old-key is for COUNTERSIGN_LOG_KEY.",
    );
  const old = oldKey ?? logKey(folder).privateKey;
  const next = given ? logKey(folder).privateKey : generateKeyPairSync("ed25519").privateKey;
  const oldPublic = createPublicKey(old);
  const nextPublic = createPublicKey(next);
  if (oldPublic.equals(nextPublic)) throw new Fault("invalid", "The new key is the old one.");
  // The old key's last word: both keys sign for the entry that names the new one.
  const size = await announced();
  replaceKey(folder, oldPublic, size, given ? null : next);
  return { old: keyFingerprint(oldPublic), next: keyFingerprint(nextPublic), size };

  async function announced(): Promise<number> {
    for (let attempt = 1; attempt <= 5; attempt++) {
      await transaction((tx) =>
        appendAudit(tx, actor, {
          action: "log.key_rotated",
          subject: { kind: "log", id: "key" },
          before: keyFingerprint(oldPublic),
          after: keyFingerprint(nextPublic),
          details: { publicKey: publicPem(nextPublic) },
        }),
      );
      const { size, note } = await signed();
      // A server that runs may have signed this size alone in between.
      if (parseCheckpoint(note).signatures.length > 1) return size;
    }
    throw new Fault("conflict", "The key was not changed: a running server signs faster. Try again.");
  }

  async function signed() {
    const result = await checkpointNow("key_rotation", { folder, coSigner: given ? old : next });
    if (result.state === "signed") return result;
    const why = result.state === "refused" ? `the log changed: ${result.reason}` : "the log is empty";
    throw new Fault("conflict", `The key was not changed, because no checkpoint can be signed: ${why}.`);
  }
}

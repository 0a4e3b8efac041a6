import type { Actor } from "../auth/actor";
import { db } from "../db/client";
import type { Tx } from "../db/transaction";
import { canonicalJson, type JsonObject, sha256Hex } from "../digest";
import { briefNumbers } from "./brief";
import { buildEvidence } from "./evidence";
import { type ChangeGroup, compareEvidence } from "./evidence-changes";

/**
 * Whether frozen evidence still is what it would be if it were frozen now: null when it is, else what is different. It
 * should be impossible while nobody can grade; here it is looked at, not believed.
 */
export async function changedSinceFrozen(
  tx: Tx,
  actor: Actor,
  releaseId: number,
  digest: string,
): Promise<ChangeGroup[] | null> {
  const body = await frozenText(tx, releaseId, digest);
  if (body === null) return [];
  const frozen = JSON.parse(body) as JsonObject;
  // As of the moment of closing: evidence does not age while it waits.
  const closed = frozen.closed as { at: string };
  const { numbers, inputs } = await briefNumbers(tx, actor, releaseId, new Date(closed.at));
  const again = await buildEvidence(tx, releaseId, numbers, inputs, String(frozen.format));
  const now = canonicalJson({ ...again, closed });
  if (sha256Hex(now) === digest && now === body) return null;
  return compareEvidence(frozen, JSON.parse(now) as JsonObject);
}

async function frozenText(tx: Tx, releaseId: number, digest: string): Promise<string | null> {
  const where = { releaseId_digest: { releaseId, digest } };
  return (await tx.evidence.findUnique({ where, select: { body: true } }))?.body ?? null;
}

/** What is different between two frozen evidences of a release. The caller has checked whose the release is. */
export async function changesBetween(releaseId: number, before: string, after: string): Promise<ChangeGroup[]> {
  const [was, is] = await Promise.all([frozenText(db, releaseId, before), frozenText(db, releaseId, after)]);
  if (was === null || is === null) return [];
  return compareEvidence(JSON.parse(was) as JsonObject, JSON.parse(is) as JsonObject);
}

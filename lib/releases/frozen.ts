import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import type { Tx } from "../db/transaction";
import { canonicalJson, type JsonObject, sha256Hex } from "../digest";
import { notFound } from "../errors";
import { briefNumbers } from "./brief";
import { buildEvidence } from "./evidence";
import { type ChangeGroup, compareEvidence } from "./evidence-changes";

/**
 * Whether frozen evidence still is what it would be if it were frozen now: null when it is, else what is different. It
 * should be impossible while nobody can grade; here it is looked at, not believed.
 */
export async function changedSinceFrozen(
  actor: Actor,
  releaseId: number,
  digest: string,
  tx: Tx = db,
): Promise<ChangeGroup[] | null> {
  permit(actor, "project.read");
  const body = await frozenText(tx, actor, releaseId, digest);
  const frozen = JSON.parse(body) as JsonObject;
  // As of the moment of closing: evidence does not age while it waits.
  const closed = frozen.closed as { at: string };
  const { numbers, inputs } = await briefNumbers(tx, actor, releaseId, new Date(closed.at));
  const again = await buildEvidence(tx, releaseId, numbers, inputs, String(frozen.format));
  const now = canonicalJson({ ...again, closed });
  if (sha256Hex(now) === digest && now === body) return null;
  return compareEvidence(frozen, JSON.parse(now) as JsonObject);
}

/** What is different between two frozen evidences of a release. */
export async function changesBetween(
  actor: Actor,
  releaseId: number,
  before: string,
  after: string,
  tx: Tx = db,
): Promise<ChangeGroup[]> {
  permit(actor, "project.read");
  const was = await frozenText(tx, actor, releaseId, before);
  const is = await frozenText(tx, actor, releaseId, after);
  return compareEvidence(JSON.parse(was) as JsonObject, JSON.parse(is) as JsonObject);
}

async function frozenText(tx: Tx, actor: Actor, releaseId: number, digest: string): Promise<string> {
  const evidence = await tx.evidence.findFirst({
    where: { releaseId, digest, release: { projectId: actor.projectId } },
    select: { body: true },
  });
  if (!evidence) throw notFound("The evidence");
  return evidence.body;
}

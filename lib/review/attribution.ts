import { appendAudit } from "../audit/append";
import type { Actor } from "../auth/actor";
import { type Tx, transaction } from "../db/transaction";
import { canonicalJson, digestOf } from "../digest";
import { Fault } from "../errors";
import { type Delivery, earlierAnswer, insertSubmission } from "./delivery";
import { hunksOf } from "./ledger";
import { graderOf, refuseUnlessGrading, reviewScope } from "./queries";
import type { AttributionInput } from "./schema";

export type Effect = "helped" | "hurt";
export type Attributed = { effect: Effect; hunks: string[]; changed: boolean };

/**
 * Says which hunks are the reason that a case got better or worse in the actor's own grades; no hunk is an answer too. What
 * was said before stays, superseded. The same again changes nothing, and the same `clientKey` gives the same answer.
 *
 * @throws Fault `conflict` unless the release is grading; `forbidden` for a case that the actor did not grade; `invalid` where
 * the actor graded both answers alike, or a hunk is none of this release's
 */
export async function attributeHunks({
  actor,
  input,
}: {
  actor: Actor;
  input: AttributionInput & { releaseId: number };
}): Promise<Attributed> {
  const reviewerId = graderOf(actor);
  const { releaseId } = input;
  return transaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, releaseId, true);
    const delivery = deliveryOf(reviewerId, input);
    const answered = () => delivery && earlierAnswer<Attributed>(tx, delivery, "something else");
    const earlier = await answered();
    if (earlier) return earlier;
    refuseUnlessGrading(scope.state);
    const caseId = await lockGraded(tx, releaseId, reviewerId, input.case);
    // The same delivery may have been stored while this one waited for the lock.
    const stored = await answered();
    if (stored) return stored;
    const criterion = scope.criteria.find(({ key }) => key === input.criterion);
    if (!criterion)
      throw new Fault("invalid", `“${input.criterion}” is no criterion of this release.`, { field: "criterion" });
    const of = { releaseId, caseId, criterionId: criterion.id, reviewerId };
    const effect = await effectOf(tx, of);
    if (!effect)
      throw new Fault("invalid", "You graded both answers alike, so no hunk helped or hurt here.", {
        field: "criterion",
      });
    const { hunks: known } = await hunksOf(tx, actor.projectId, releaseId);
    const stranger = input.hunks.find((id) => !known.some((hunk) => hunk.id === id));
    if (stranger !== undefined)
      throw new Fault("invalid", `No hunk ${stranger} is between these versions.`, { field: "hunks" });
    const chosen = known.filter(({ id }) => input.hunks.includes(id));
    const hunks = chosen.map(({ id }) => id);
    const [before] = await tx.$queryRaw<{ id: number; effect: Effect; hunks: string[] }[]>`
      SELECT a.id, a.effect, a.hunks FROM attribution a
       WHERE a.release_id = ${releaseId} AND a.case_id = ${caseId} AND a.criterion_id = ${criterion.id} AND a.reviewer_id = ${reviewerId}
         AND NOT EXISTS (SELECT 1 FROM attribution newer WHERE newer.supersedes_id = a.id)`;
    if (before && before.effect === effect && before.hunks.join() === hunks.join())
      return keepAnswer(tx, delivery, { effect, hunks, changed: false });
    await tx.hunk.createMany({
      data: chosen.map(({ id, kind, change, where, before: was, after }) => ({
        releaseId,
        id,
        kind,
        change,
        place: where,
        before: was,
        after,
      })),
      skipDuplicates: true,
    });
    await tx.attribution.create({ data: { ...of, effect, hunks, supersedesId: before?.id } });
    await appendAudit(tx, actor, {
      action: "hunk.attributed",
      subject: { kind: "release", id: String(releaseId), name: input.case },
      details: {
        case: input.case,
        criterion: criterion.key,
        effect,
        hunks,
        ...(before && { supersedes: before.id }),
      },
    });
    return keepAnswer(tx, delivery, { effect, hunks, changed: true });
  });
}

/** Null where the sender gave no key. It belongs to no task: a case is attributed as long as the release is grading. */
function deliveryOf(reviewerId: number, input: AttributionInput & { releaseId: number }): Delivery | null {
  const { releaseId, case: key, criterion, hunks, clientKey } = input;
  if (clientKey === undefined) return null;
  return { releaseId, reviewerId, clientKey, task: "", requestDigest: digestOf({ case: key, criterion, hunks }) };
}

async function keepAnswer(tx: Tx, delivery: Delivery | null, answer: Attributed): Promise<Attributed> {
  if (delivery) await tx.$executeRaw(insertSubmission(delivery, canonicalJson(answer)));
  return answer;
}

/** The case, if this person graded it; its task stays locked, so that two corrections come one after the other. */
async function lockGraded(tx: Tx, releaseId: number, reviewerId: number, key: string): Promise<number> {
  const [found] = await tx.$queryRaw<{ id: number }[]>`
    SELECT c.id FROM review_task t JOIN test_case c ON c.id = t.case_id
     WHERE t.release_id = ${releaseId} AND t.reviewer_id = ${reviewerId} AND t.completed_at IS NOT NULL AND c.key = ${key}
       FOR UPDATE OF t`;
  if (!found)
    throw new Fault("forbidden", "You did not grade this case. Only who graded it says which hunk was the reason.", {
      field: "case",
    });
  return found.id;
}

type Of = { releaseId: number; caseId: number; criterionId: number; reviewerId: number };

async function effectOf(tx: Tx, { releaseId, caseId, criterionId, reviewerId }: Of): Promise<Effect | undefined> {
  const [row] = await tx.$queryRaw<{ effect: Effect }[]>`
    SELECT effect FROM graded_effect
     WHERE release_id = ${releaseId} AND case_id = ${caseId} AND criterion_id = ${criterionId} AND reviewer_id = ${reviewerId}`;
  return row?.effect;
}

import { Prisma } from "../db/generated/client";
import type { Sql } from "../db/transaction";
import { Fault } from "../errors";

/** What a sender may send again when its answer was lost: under the same key it is stored once. */
export type Delivery = {
  releaseId: number;
  reviewerId: number;
  clientKey: string;
  /** Empty where it belongs to no task. */
  task: string;
  /** SHA-256 of the canonical request. */
  requestDigest: string;
};

export type EarlierAnswer = { requestDigest: string; answer: string };

/** As a column: what a delivery under the same key was answered; null when there was none. */
export function selectEarlier({ releaseId, reviewerId, clientKey }: Partial<Delivery>): Prisma.Sql {
  return Prisma.sql`
    (SELECT json_build_object('requestDigest', request_digest, 'answer', answer) FROM review_submission
      WHERE release_id = ${releaseId} AND reviewer_id = ${reviewerId} AND client_key = ${clientKey ?? null})`;
}

/**
 * The answer given before, if it was to the same request.
 *
 * @param other what the key was used for when it was not this; a Fault `conflict` says so
 */
export function sameAnswer<Answer>(earlier: EarlierAnswer, { requestDigest }: Delivery, other: string): Answer {
  if (earlier.requestDigest !== requestDigest)
    throw new Fault("conflict", `This clientKey was used for ${other}.`, { field: "clientKey" });
  return JSON.parse(earlier.answer) as Answer;
}

/** The answer to the same delivery made before; null when there was none. Throws as `sameAnswer` does. */
export async function earlierAnswer<Answer>(reader: Sql, delivery: Delivery, other: string): Promise<Answer | null> {
  const [row] = await reader.$queryRaw<
    { earlier: EarlierAnswer | null }[]
  >`SELECT ${selectEarlier(delivery)} AS earlier`;
  return row?.earlier ? sameAnswer(row.earlier, delivery, other) : null;
}

/** Keeps the answer, canonical JSON, to a delivery: a statement, or a part of one that does more. */
export function insertSubmission(delivery: Delivery, answer: string): Prisma.Sql {
  const { releaseId, reviewerId, clientKey, task, requestDigest } = delivery;
  return Prisma.sql`
    INSERT INTO review_submission (release_id, reviewer_id, client_key, task_id, request_digest, answer)
    VALUES (${releaseId}, ${reviewerId}, ${clientKey}, ${task}, ${requestDigest}, ${answer})`;
}

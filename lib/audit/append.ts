import type { Actor } from "../auth/actor";
import { Prisma } from "../db/generated/client";
import type { Sql } from "../db/transaction";
import type { JsonObject } from "../digest";
import type { AuditAction } from "./events";
import { type AuditEvent, leafBytes, leafColumns, parseLeaf } from "./leaf";

export type NewEvent = {
  action: AuditAction;
  subject: { kind: string; id: string; name?: string };
  /** Digest of the subject before and after. */
  before?: string;
  after?: string;
  details?: JsonObject;
};

/**
 * Records what the transaction did. Call it as the last statement: it locks the head of the log until the commit.
 * Returns the index of the entry, gapless from 0.
 *
 * @param written what was done, if it should be one statement with the entry: `WITH` and its parts that write
 */
export async function appendAudit(
  tx: Sql,
  actor: Actor,
  event: NewEvent,
  written: Prisma.Sql = Prisma.empty,
): Promise<{ index: number }> {
  const leaf = leafBytes({
    v: 1,
    at: new Date().toISOString(),
    action: event.action,
    actor: actorOf(actor),
    projectId: actor.projectId > 0 ? actor.projectId : null,
    subject: event.subject,
    before: event.before,
    after: event.after,
    details: event.details,
    requestId: actor.requestId,
  });
  const { projectId, at, action, actor: who, subject, requestId } = leafColumns(parseLeaf(leaf));
  const [row] = await tx.$queryRaw<{ index: number }[]>`
    ${written} SELECT audit_append(${leaf}::bytea, ${projectId}::int, ${at}::timestamptz, ${action}, ${who}, ${subject},
      ${requestId}) AS "index"`;
  if (!row) throw new Error("audit_append gave no index");
  return row;
}

function actorOf(actor: Actor): AuditEvent["actor"] {
  const { kind, name, roles } = actor;
  switch (actor.kind) {
    case "person":
      return { kind, id: actor.userId, name, email: actor.email, roles };
    case "token":
      return { kind, id: actor.tokenId, name, email: actor.email ?? undefined, userId: actor.userId, roles };
    case "system":
      return { kind, id: null, name, roles };
  }
}

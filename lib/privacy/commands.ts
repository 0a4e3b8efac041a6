import { appendAudit } from "../audit/append";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { type Tx, transaction, violates } from "../db/transaction";
import type { JsonObject } from "../digest";
import { Fault, notFound } from "../errors";
import { decideSchema, type RedactionDecision, type RedactionRequest, requestSchema } from "./schema";

/** A person signed in: what two people decide is nothing for tokens. */
export function personIn(actor: Actor): number {
  if (actor.kind !== "person")
    throw new Fault("forbidden", "People ask for the removal of content, and approve it, signed in.");
  return actor.userId;
}

type Subject = { case: string; version: string | null };

/** The case and the answer that a redaction is about, if they are this project's. */
async function findSubject(
  tx: Tx,
  projectId: number,
  caseId: number | null,
  runId: number | null,
): Promise<Subject | null> {
  const [row] = await tx.$queryRaw<Subject[]>`
    SELECT c.key AS "case", v.key AS version
      FROM test_case c JOIN dataset d ON d.id = c.dataset_id
      LEFT JOIN run r ON r.id = ${runId} AND r.dataset_id = d.id LEFT JOIN prompt_version v ON v.id = r.version_id
     WHERE c.id = ${caseId} AND d.project_id = ${projectId} AND (${runId}::int IS NULL OR r.id IS NOT NULL)`;
  return row ?? null;
}

/** What an event says of a redaction. Never the content. */
function told({ case: key, version }: Subject, scope: string, reason: string): JsonObject {
  return { scope, case: key, ...(version !== null && { version }), reason };
}

/** Asks for the removal of content. Nothing goes until somebody else approves it. */
export async function requestRedaction({
  actor,
  input,
}: {
  actor: Actor;
  input: RedactionRequest;
}): Promise<{ id: number }> {
  permit(actor, "redaction.request");
  const requestedById = personIn(actor);
  const { caseId, scope, runId = null, reason } = requestSchema.parse(input);
  const { projectId } = actor;
  try {
    return await transaction(async (tx) => {
      const subject = await findSubject(tx, projectId, caseId, runId);
      if (!subject) throw notFound("The case");
      const [left] = await tx.$queryRaw<{ texts: number }[]>`
        SELECT count(*)::int AS texts FROM case_texts(${scope}::redaction_scope, ${caseId}::int, ${runId}::int)`;
      if (!left?.texts) throw new Fault("conflict", "There is nothing left to remove.");
      const { id } = await tx.redaction.create({
        data: { projectId, scope, caseId, runId, reason, requestedById },
        select: { id: true },
      });
      await appendAudit(tx, actor, {
        action: "redaction.requested",
        subject: { kind: "redaction", id: String(id), name: subject.case },
        details: told(subject, scope, reason),
      });
      return { id };
    });
  } catch (error) {
    if (!violates(error)) throw error;
    throw new Fault("conflict", "Its removal is asked for already, and waits for somebody's approval.");
  }
}

/**
 * Approves a removal, which happens at once and cannot be undone, or refuses it.
 *
 * @returns how many texts were removed
 * @throws Fault `forbidden` for whoever asked for it, `conflict` when it is decided already
 */
export async function decideRedaction({
  actor,
  input,
}: {
  actor: Actor;
  input: RedactionDecision;
}): Promise<{ texts: number }> {
  permit(actor, "redaction.approve");
  const decidedById = personIn(actor);
  const given = decideSchema.parse(input);
  return transaction(async (tx) => {
    const { subject, redaction } = await lockOpen(tx, actor.projectId, given.id);
    if (redaction.requestedById === decidedById)
      throw new Fault("forbidden", "You asked for it: somebody else has to decide.");
    const { id, scope, reason } = redaction;
    const details = told(subject, scope, reason);
    const about = { kind: "redaction", id: String(id), name: subject.case };
    if (given.decision === "refuse") {
      await tx.redaction.update({
        where: { id },
        data: { state: "refused", decidedById, decidedAt: new Date(), answer: given.answer },
      });
      await appendAudit(tx, actor, {
        action: "redaction.refused",
        subject: about,
        details: { ...details, answer: given.answer },
      });
      return { texts: 0 };
    }
    const [done] = await tx.$queryRaw<{ texts: number; digest: string }[]>`
      SELECT texts, digest FROM redact(${id}::int, ${decidedById}::int)`;
    await appendAudit(tx, actor, {
      action: "redaction.approved",
      subject: about,
      after: done!.digest,
      details: { ...details, requestedBy: redaction.requestedById, texts: done!.texts },
    });
    return { texts: done!.texts };
  }, 120_000);
}

/** Takes back what one asked for oneself. */
export async function withdrawRedaction({ actor, input }: { actor: Actor; input: { id: number } }): Promise<void> {
  permit(actor, "redaction.request");
  const decidedById = personIn(actor);
  await transaction(async (tx) => {
    const { subject, redaction } = await lockOpen(tx, actor.projectId, input.id);
    if (redaction.requestedById !== decidedById)
      throw new Fault("forbidden", "Only who asked for it takes it back. You may refuse it.");
    await tx.redaction.update({
      where: { id: redaction.id },
      data: { state: "withdrawn", decidedById, decidedAt: new Date() },
    });
    await appendAudit(tx, actor, {
      action: "redaction.withdrawn",
      subject: { kind: "redaction", id: String(redaction.id), name: subject.case },
      details: told(subject, redaction.scope, redaction.reason),
    });
  });
}

async function lockOpen(tx: Tx, projectId: number, id: number) {
  await tx.$queryRaw`SELECT 1 FROM redaction WHERE id = ${id} FOR UPDATE`;
  const redaction = await tx.redaction.findFirst({ where: { id, projectId } });
  if (!redaction) throw notFound("The request");
  if (redaction.state !== "requested") throw new Fault("conflict", `This request is ${redaction.state} already.`);
  const subject = await findSubject(tx, projectId, redaction.caseId, redaction.runId);
  if (!subject) throw notFound("The case");
  return { redaction, subject };
}

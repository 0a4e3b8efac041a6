import { appendAudit } from "../audit/append";
import { type Actor, actorName, type Person, personOf } from "../auth/actor";
import { permit } from "../auth/permit";
import { type Tx, transaction, violates } from "../db/transaction";
import { Fault, notFound } from "../errors";
import { writeLabelMove } from "./label-moves";
import { approvalHolds } from "./labels";
import { type EndUnprotect, endUnprotectSchema, type ProtectLabel, protectLabelSchema } from "./schema";

/** How long a request to take a protection away waits for a second person. */
export const waitsDays = 7;

async function loadLabel(tx: Tx, actor: Actor, prompt: string, label: string) {
  // Moves of the label by people wait for the same row.
  const [row] = await tx.$queryRaw<{ id: number }[]>`
    SELECT id FROM prompt WHERE project_id = ${actor.projectId} AND name = ${prompt} FOR UPDATE`;
  if (!row) throw notFound("The prompt");
  const found = await tx.label.findUnique({
    where: { promptId_name: { promptId: row.id, name: label } },
    include: { version: { select: { id: true, key: true, digest: true } } },
  });
  if (!found) throw new Fault("invalid", `This prompt has no label “${label}”.`, { field: "label" });
  return found;
}

/**
 * From now on the label moves only to approved versions. What it points to is adopted when no release approved it, and is
 * told as such; but a label that was protected before must point to an approved version first (Fault `conflict`).
 */
export async function protectLabel({ actor, input }: { actor: Actor; input: ProtectLabel }): Promise<void> {
  permit(actor, "label.protect");
  const { prompt, label, reason } = protectLabelSchema.parse(input);
  await transaction(async (tx) => {
    const found = await loadLabel(tx, actor, prompt, label);
    const { promptId, version } = found;
    if (found.protected) throw new Fault("conflict", `The label ${label} is protected already.`);
    const approved = await tx.release.count({
      where: { projectId: actor.projectId, candidateId: version.id, ...approvalHolds() },
    });
    const adopted = await tx.labelMove.count({ where: { promptId, label, kind: "adopted", toId: version.id } });
    if (found.everProtected && approved + adopted === 0) {
      const why = `The label ${label} was protected before, and points to ${version.key}, which no release approves.`;
      throw new Fault("conflict", `${why} Move it to an approved version first.`);
    }
    await tx.label.update({ where: { promptId_name: { promptId, name: label } }, data: { protected: true } });
    const [name, userId] = [actorName(actor), personOf(actor)];
    await tx.labelProtection.create({
      data: {
        ...{ promptId, label, protects: true, reason, askedBy: name, askedById: userId },
        ...{ outcome: "done", endedBy: name, endedById: userId, endedAt: new Date() },
      },
    });
    const adoption =
      approved + adopted > 0
        ? null
        : await writeLabelMove(tx, {
            prompt: { id: promptId, name: prompt },
            ...{ label, kind: "adopted", from: version, to: version, reason, by: { name, userId } },
          });
    if (adoption) await appendAudit(tx, actor, adoption.event);
    await appendAudit(tx, actor, {
      action: "label.protected",
      subject: { kind: "label", id: `${prompt}/${label}` },
      after: version.digest,
      details: { version: version.key, reason },
    });
  });
}

/** Asks that a label be protected no more; another administrator must confirm it within a week. People only. */
export async function askUnprotect({ actor, input }: { actor: Actor; input: ProtectLabel }): Promise<{ id: number }> {
  permit(actor, "label.protect");
  const person = onlyPeople(actor);
  const { prompt, label, reason } = protectLabelSchema.parse(input);
  return transaction(async (tx) => {
    const { promptId, protected: isProtected, version } = await loadLabel(tx, actor, prompt, label);
    if (!isProtected) throw new Fault("conflict", `The label ${label} is not protected.`);
    await dropExpired(tx, promptId, label);
    const asked = await tx.labelProtection
      .create({ data: { promptId, label, protects: false, reason, askedBy: person.email, askedById: person.userId } })
      .catch((error: unknown) => {
        if (violates(error)) throw new Fault("conflict", `Somebody asked for that already: it waits to be confirmed.`);
        throw error;
      });
    await appendAudit(tx, actor, {
      action: "label.unprotect_asked",
      subject: { kind: "label", id: `${prompt}/${label}` },
      after: version.digest,
      details: { version: version.key, reason, request: asked.id },
    });
    return { id: asked.id };
  });
}

/** Whoever confirms is another person than who asked; any administrator may withdraw the request. */
export async function endUnprotect({ actor, input }: { actor: Actor; input: EndUnprotect }): Promise<void> {
  permit(actor, "label.protect");
  const person = onlyPeople(actor);
  const { id, outcome } = endUnprotectSchema.parse(input);
  await transaction(async (tx) => {
    const [asked] = await tx.$queryRaw<{ prompt: string; label: string }[]>`
      SELECT p.name AS prompt, x.label FROM label_protection x JOIN prompt p ON p.id = x.prompt_id
       WHERE x.id = ${id} AND p.project_id = ${actor.projectId} AND NOT x.protects`;
    if (!asked) throw notFound("The request");
    const { promptId, version, ...label } = await loadLabel(tx, actor, asked.prompt, asked.label);
    const request = await tx.labelProtection.findUniqueOrThrow({ where: { id } });
    if (request.outcome !== null || isExpired(request.askedAt))
      throw new Fault("conflict", `This request is over. Ask again.`);
    if (outcome === "done" && request.askedById === person.userId) {
      throw new Fault("forbidden", "You asked for it yourself: another administrator must confirm.");
    }
    await tx.labelProtection.update({
      where: { id },
      data: { outcome, endedBy: person.email, endedById: person.userId, endedAt: new Date() },
    });
    if (outcome === "done") {
      await tx.label.update({ where: { promptId_name: { promptId, name: label.name } }, data: { protected: false } });
    }
    await appendAudit(tx, actor, {
      action: outcome === "done" ? "label.unprotected" : "label.unprotect_withdrawn",
      subject: { kind: "label", id: `${asked.prompt}/${asked.label}` },
      after: version.digest,
      details: { version: version.key, request: id, askedBy: request.askedBy, reason: request.reason },
    });
  });
}

export function isExpired(askedAt: Date): boolean {
  return Date.now() - askedAt.getTime() > waitsDays * 86_400_000;
}

/** A request nobody confirmed in time makes room for another. */
async function dropExpired(tx: Tx, promptId: number, label: string): Promise<void> {
  const open = await tx.labelProtection.findFirst({ where: { promptId, label, outcome: null } });
  if (!open || !isExpired(open.askedAt)) return;
  await tx.labelProtection.update({
    where: { id: open.id },
    data: { outcome: "withdrawn", endedBy: "nobody confirmed it in time", endedAt: new Date() },
  });
}

function onlyPeople(actor: Actor): Person {
  if (actor.kind === "person") return actor;
  throw new Fault("forbidden", "Only people take a protection away, in the browser: one asks, another confirms.");
}

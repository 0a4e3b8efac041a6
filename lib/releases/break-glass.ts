import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { appendAudit } from "../audit/append";
import { checkpointNow } from "../audit/publish";
import { type Actor, actorName, type Person, roleNames } from "../auth/actor";
import { type Asked, askPasskey } from "../auth/passkeys";
import { allowed, may, permit } from "../auth/permit";
import { db } from "../db/client";
import { type Tx, transaction } from "../db/transaction";
import { canonicalJson, type JsonObject } from "../digest";
import { Fault, notFound } from "../errors";
import { writeLabelMove } from "../prompts/label-moves";
import { approvalHolds } from "../prompts/labels";
import { Reauthentication } from "./reauthenticate";
import { type BreakGlassInput, breakGlassSchema } from "./schema";

/**
 * Breaking the glass: in an emergency a protected label moves to a version that no release approved. It is no approval and
 * never becomes one; it has its own event, its own record, and stays visible for ever.
 */
export const breakGlassFormat = "countersign-break-glass/1";

type Version = { id: number; key: string; digest: string };
type Move = { promptId: number; from: Version | null; to: Version; releaseId: number | null };

/** What would move; a Fault says why nothing does. */
async function planMove(tx: Tx, actor: Actor, { prompt, label, version }: BreakGlassInput): Promise<Move> {
  const found = await tx.prompt.findFirst({
    where: { projectId: actor.projectId, name: prompt },
    select: { id: true },
  });
  if (!found) throw notFound("The prompt");
  const select = { id: true, key: true, digest: true };
  const to = await tx.promptVersion.findUnique({
    where: { promptId_key: { promptId: found.id, key: version } },
    select,
  });
  if (!to) throw new Fault("invalid", `This prompt has no version “${version}”.`, { field: "version" });
  const now = await tx.label.findUnique({
    where: { promptId_name: { promptId: found.id, name: label } },
    select: { protected: true, version: { select } },
  });
  if (!now?.protected) {
    throw new Fault("conflict", `The label ${label} is not protected: it moves without breaking the glass.`);
  }
  if (now.version.id === to.id) throw new Fault("conflict", `The label ${label} points to ${version} already.`);
  const about = { projectId: actor.projectId, candidateId: to.id };
  const newest = await tx.release.findFirst({ where: about, select: { id: true }, orderBy: { id: "desc" } });
  if ((await tx.release.count({ where: { ...about, ...approvalHolds() } })) > 0) {
    throw new Fault("conflict", `${version} is approved: the label moves there without breaking the glass.`);
  }
  return { promptId: found.id, from: now.version, to, releaseId: newest?.id ?? null };
}

function statementOf(actor: Person, { prompt, label, reason }: BreakGlassInput, { from, to }: Move): string {
  const version = ({ key, digest }: Version) => ({ version: key, sha256: digest });
  return canonicalJson({
    format: breakGlassFormat,
    ...{ prompt, label, reason },
    from: from && version(from),
    to: version(to),
    signer: { id: actor.userId, email: actor.email, name: actor.name },
  });
}

async function recordRefusal(actor: Actor, { prompt, label, version, reason }: BreakGlassInput, why: string) {
  await transaction((tx) =>
    appendAudit(tx, actor, {
      action: "label.break_glass_refused",
      subject: { kind: "label", id: `${prompt}/${label}` },
      details: { to: version, reason, refused: why },
    }),
  );
}

async function refuseIfNotAllowed(actor: Actor, move: BreakGlassInput): Promise<Person> {
  const why =
    actor.kind !== "person"
      ? "Only a person breaks the glass, in the browser."
      : may(actor, "label.break_glass")
        ? null
        : `This needs the role ${allowed["label.break_glass"].map((role) => roleNames[role]).join(" or ")}.`;
  if (why === null) return actor as Person;
  // Of another project's prompt nothing is on record here, not even that somebody asked.
  if (await db.prompt.findFirst({ where: { projectId: actor.projectId, name: move.prompt } }))
    await recordRefusal(actor, move, why);
  throw new Fault("forbidden", why);
}

export async function breakGlassWithPassword({
  actor,
  input,
}: {
  actor: Actor;
  input: BreakGlassInput & { password: string };
}): Promise<{ version: string }> {
  const { password, ...rest } = input;
  const move = breakGlassSchema.parse(rest);
  const person = await refuseIfNotAllowed(actor, move);
  await planMove(db, person, move);
  const proof = await Reauthentication.byPassword(person, password);
  if (!proof) {
    await recordRefusal(person, move, "The password was wrong.");
    throw new Fault("invalid", "That is not your password. Nothing was moved.", { field: "password" });
  }
  return breakGlass(person, move, proof);
}

/** Asks a passkey of this person for it. */
export async function askToBreakGlass({ actor, input }: { actor: Actor; input: BreakGlassInput }): Promise<Asked> {
  const move = breakGlassSchema.parse(input);
  const person = await refuseIfNotAllowed(actor, move);
  return askPasskey(person, statementOf(person, move, await planMove(db, person, move)));
}

export async function breakGlassWithPasskey({
  actor,
  input,
}: {
  actor: Actor;
  input: BreakGlassInput & { challengeId: string; response: AuthenticationResponseJSON };
}): Promise<{ version: string }> {
  const { challengeId, response, ...rest } = input;
  const move = breakGlassSchema.parse(rest);
  const person = await refuseIfNotAllowed(actor, move);
  const proof = await Reauthentication.byPasskey(person, { challengeId, response }).catch(async (error: unknown) => {
    if (error instanceof Fault) await recordRefusal(person, move, error.message);
    throw error;
  });
  return breakGlass(person, move, proof);
}

async function breakGlass(actor: Person, move: BreakGlassInput, proof: Reauthentication): Promise<{ version: string }> {
  permit(actor, "label.break_glass");
  if (!Reauthentication.use(proof, actor.userId)) throw new Fault("forbidden", "Give your password again.");
  const done = await transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM prompt WHERE project_id = ${actor.projectId} AND name = ${move.prompt} FOR UPDATE`;
    const plan = await planMove(tx, actor, move);
    const statement = statementOf(actor, move, plan);
    // A passkey's proof is good for what it signed alone.
    if (proof.signed && proof.signed.statement !== statement) return null;
    const { promptId, from, to, releaseId } = plan;
    const assertion: JsonObject | null = proof.signed?.assertion ?? null;
    const moved = await writeLabelMove(tx, {
      prompt: { id: promptId, name: move.prompt },
      label: move.label,
      kind: "break_glass",
      ...{ from, to, releaseId, reason: move.reason },
      by: { name: actorName(actor), userId: actor.userId },
      details: { reauthentication: proof.method, statement, ...(assertion && { assertion }) },
    });
    if (!moved) throw new Fault("conflict", `The label ${move.label} moved meanwhile. Look again.`);
    await tx.breakGlass.create({
      data: {
        promptId,
        label: move.label,
        fromVersionId: from?.id,
        toVersionId: to.id,
        userId: actor.userId,
        printedName: actor.name,
        roles: actor.roles,
        reason: move.reason,
        reauthentication: proof.method,
        statement,
        assertion: assertion && canonicalJson(assertion),
      },
    });
    await appendAudit(tx, actor, { ...moved.event, action: "label.break_glass" });
    return { version: to.key };
  });
  if (!done) {
    const why = "The passkey was used for another statement than this one.";
    await recordRefusal(actor, move, why);
    throw new Fault("forbidden", why);
  }
  await checkpointNow("break_glass").catch((error: unknown) => {
    console.error("The label is moved and logged; the checkpoint could not be signed yet.", error);
  });
  return done;
}

export type BrokenGlass = {
  id: number;
  label: string;
  from: string | null;
  to: string;
  by: string;
  reason: string;
  reauthentication: string;
  at: Date;
};

/** Every time the glass was broken for a prompt, or for one of its versions; newest first. It never ends. */
export async function listBreakGlass(
  actor: Actor,
  about: { prompt: string; version?: string },
): Promise<BrokenGlass[]> {
  permit(actor, "project.read");
  return db.$queryRaw<BrokenGlass[]>`
    SELECT g.id, g.label, f.key AS "from", t.key AS "to", g.printed_name AS "by", g.reason, g.reauthentication, g.created_at AS at
      FROM break_glass g JOIN prompt p ON p.id = g.prompt_id JOIN prompt_version t ON t.id = g.to_version_id
      LEFT JOIN prompt_version f ON f.id = g.from_version_id
     WHERE p.project_id = ${actor.projectId} AND p.name = ${about.prompt}
       AND (${about.version ?? null}::text IS NULL OR t.key = ${about.version ?? null})
     ORDER BY g.id DESC`;
}

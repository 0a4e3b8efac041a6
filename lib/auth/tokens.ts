import { appendAudit } from "../audit/append";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { Fault, notFound } from "../errors";
import { type Actor, personOf, type Role, systemActor, type Token } from "./actor";
import { may, permit } from "./permit";
import { newSecret, secretHash } from "./secret";

/** Roles of the local administrator token. It is nobody, so it can neither grade nor sign, whatever its roles. */
const localRoles: Role[] = ["administrator", "release_manager"];
const localName = "local administrator";
const day = 86_400_000;

/** The actor behind a bearer token, or null. Read from the database at each request, so a change of role holds at once. */
export async function tokenActor(secret: string, requestId: string): Promise<Token | null> {
  const token = await db.apiToken.findUnique({ where: { tokenHash: secretHash(secret) }, include: { user: true } });
  if (!token || token.revokedAt || (token.expiresAt && token.expiresAt < new Date())) return null;
  const base = { kind: "token" as const, tokenId: token.id, projectId: token.projectId, requestId };
  if (!token.lastUsedAt || Date.now() - token.lastUsedAt.getTime() > 60_000) {
    await db.apiToken.update({ where: { id: token.id }, data: { lastUsedAt: new Date() } });
  }
  if (!token.user) return { ...base, userId: null, name: token.name, email: null, roles: localRoles };
  const { user } = token;
  if (user.disabledAt) return null;
  const membership = await db.membership.findUnique({
    where: { projectId_userId: { projectId: token.projectId, userId: user.id } },
  });
  if (!membership) return null;
  return { ...base, userId: user.id, name: user.name, email: user.email, roles: membership.roles };
}

/** A new personal token for `as` (an e-mail; the actor's own when absent). The secret is in the answer and nowhere else. */
export async function createToken({
  actor,
  input,
}: {
  actor: Actor;
  input: { as?: string; name: string; days?: number };
}): Promise<{ id: number; token: string; email: string }> {
  permit(actor, "token.create");
  const member = await db.membership.findFirst({
    where: {
      projectId: actor.projectId,
      user: input.as
        ? { email: input.as.toLowerCase(), disabledAt: null }
        : { id: personOf(actor) ?? -1, disabledAt: null },
    },
    include: { user: true },
  });
  if (!member)
    throw input.as ? notFound(`A member with the e-mail ${input.as}`) : new Fault("invalid", "Say whose token it is.");
  if (member.userId !== personOf(actor)) permit(actor, "token.create_for_others");
  const secret = newSecret("cs_");
  const expiresAt = new Date(Date.now() + (input.days ?? 90) * day);
  const id = await transaction(async (tx) => {
    const token = await tx.apiToken.create({
      data: {
        projectId: actor.projectId,
        userId: member.userId,
        createdById: personOf(actor),
        name: input.name,
        tokenHash: secretHash(secret),
        prefix: secret.slice(0, 8),
        expiresAt,
      },
    });
    await appendAudit(tx, actor, {
      action: "token.created",
      subject: { kind: "token", id: String(token.id), name: input.name },
      details: { for: member.user.email, expiresAt: expiresAt.toISOString() },
    });
    return token.id;
  });
  return { id, token: secret, email: member.user.email };
}

export async function revokeToken({ actor, input }: { actor: Actor; input: { id: number } }): Promise<void> {
  permit(actor, "token.create");
  await transaction(async (tx) => {
    const token = await tx.apiToken.findFirst({ where: { id: input.id, projectId: actor.projectId, revokedAt: null } });
    if (!token || (token.userId !== personOf(actor) && !may(actor, "token.create_for_others")))
      throw notFound("The token");
    await tx.apiToken.update({ where: { id: token.id }, data: { revokedAt: new Date() } });
    await appendAudit(tx, actor, {
      action: "token.revoked",
      subject: { kind: "token", id: String(token.id), name: token.name },
    });
  });
}

export type TokenRow = {
  id: number;
  name: string;
  prefix: string;
  email: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
};

/** The actor's own live tokens; an administrator sees everybody's. */
export async function listTokens(actor: Actor): Promise<TokenRow[]> {
  const rows = await db.apiToken.findMany({
    where: {
      projectId: actor.projectId,
      revokedAt: null,
      ...(may(actor, "token.create_for_others") ? {} : { userId: personOf(actor) ?? -1 }),
    },
    include: { user: true },
    orderBy: { id: "desc" },
  });
  return rows.map(({ id, name, prefix, user, createdAt, lastUsedAt, expiresAt }) => ({
    id,
    name,
    prefix,
    email: user?.email ?? null,
    createdAt,
    lastUsedAt,
    expiresAt,
  }));
}

/**
 * The token that `npm start` leaves in the data folder for the command line on the same machine. It acts on the first
 * project. Makes a new secret when `current` is none of ours any more.
 */
export async function ensureLocalToken(current?: string): Promise<string> {
  if (current && (await tokenActor(current, "start"))?.userId === null) return current;
  const project = await db.project.findFirstOrThrow({ orderBy: { id: "asc" } });
  const secret = newSecret("cs_");
  await transaction(async (tx) => {
    await tx.apiToken.updateMany({
      where: { projectId: project.id, userId: null, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    const token = await tx.apiToken.create({
      data: { projectId: project.id, name: localName, tokenHash: secretHash(secret), prefix: secret.slice(0, 8) },
    });
    await appendAudit(tx, systemActor(project.id), {
      action: "token.created",
      subject: { kind: "token", id: String(token.id), name: localName },
      details: {},
    });
  });
  return secret;
}

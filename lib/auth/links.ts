import { appendAudit } from "../audit/append";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { Fault } from "../errors";
import { type Actor, type Role, systemActor } from "./actor";
import { hashPassword } from "./password";
import { permit } from "./permit";
import { newSecret, secretHash } from "./secret";

const lifetime = { invitation: 7 * 86_400_000, signIn: 86_400_000 };

/** A path that signs an existing person in once, within a day. */
export async function createSignInLink({
  actor,
  input,
}: {
  actor: Actor;
  input: { email: string };
}): Promise<{ path: string }> {
  permit(actor, "member.manage");
  const email = input.email.trim().toLowerCase();
  const member = await db.membership.findFirst({
    where: { projectId: actor.projectId, user: { email, disabledAt: null } },
    include: { user: true },
  });
  if (!member) throw new Fault("not_found", `Nobody in this project has the e-mail ${email}.`);
  const secret = newSecret("");
  await transaction(async (tx) => {
    const link = await tx.signInLink.create({
      data: {
        tokenHash: secretHash(secret),
        email,
        name: member.user.name,
        projectId: actor.projectId,
        roles: [],
        createdBy: actor.kind === "person" ? actor.email : actor.name,
        expiresAt: new Date(Date.now() + lifetime.signIn),
      },
    });
    await appendAudit(tx, actor, {
      action: "sign_in.link_created",
      subject: { kind: "sign_in_link", id: String(link.id), name: email },
    });
  });
  return { path: `/sign-in/link/${secret}` };
}

/** A path by which somebody joins the project with the given roles, within a week. */
export async function invite({
  actor,
  input,
}: {
  actor: Actor;
  input: { email: string; name: string; roles: Role[] };
}): Promise<{ path: string }> {
  permit(actor, "member.manage");
  const email = input.email.trim().toLowerCase();
  const already = await db.membership.findFirst({ where: { projectId: actor.projectId, user: { email } } });
  if (already) throw new Fault("conflict", `${email} is a member already. Change the roles in the list instead.`);
  const secret = newSecret("");
  await transaction(async (tx) => {
    const link = await tx.signInLink.create({
      data: {
        tokenHash: secretHash(secret),
        email,
        name: input.name.trim(),
        projectId: actor.projectId,
        roles: input.roles,
        createdBy: actor.kind === "person" ? actor.email : actor.name,
        expiresAt: new Date(Date.now() + lifetime.invitation),
      },
    });
    await appendAudit(tx, actor, {
      action: "member.invited",
      subject: { kind: "sign_in_link", id: String(link.id), name: email },
      details: { roles: input.roles },
    });
  });
  return { path: `/sign-in/link/${secret}` };
}

export type OpenLink = {
  email: string;
  name: string;
  isInvitation: boolean;
  hasPassword: boolean;
  projectName: string | null;
};

/** What a link is for, or null when it is used, revoked, expired or never was. Looking does not use it up. */
export async function openLink(secret: string): Promise<OpenLink | null> {
  const link = await db.signInLink.findUnique({ where: { tokenHash: secretHash(secret) } });
  if (!link || link.usedAt || link.revokedAt || link.expiresAt < new Date()) return null;
  const [user, project] = await Promise.all([
    db.user.findUnique({ where: { email: link.email } }),
    link.projectId ? db.project.findUnique({ where: { id: link.projectId } }) : null,
  ]);
  return {
    email: link.email,
    name: user?.name ?? link.name,
    isInvitation: link.roles.length > 0,
    hasPassword: user?.passwordHash != null,
    projectName: project?.name ?? null,
  };
}

/**
 * Uses a link up: makes the person and the membership where they are missing, and sets the password when the person
 * has none yet. The conditional update on `used_at` decides between two uses at once.
 */
export async function redeemLink(
  secret: string,
  given: { password?: string; name?: string },
): Promise<{ userId: number }> {
  const passwordHash = given.password ? await hashPassword(given.password) : null;
  return transaction(async (tx) => {
    const tokenHash = secretHash(secret);
    const taken = await tx.signInLink.updateMany({
      where: { tokenHash, usedAt: null, revokedAt: null, expiresAt: { gt: new Date() } },
      data: { usedAt: new Date() },
    });
    if (taken.count !== 1)
      throw new Fault("not_signed_in", "This link was used already, or is too old. Ask for a new one.");
    const link = await tx.signInLink.findUniqueOrThrow({ where: { tokenHash } });
    const existing = await tx.user.findUnique({ where: { email: link.email } });
    if (existing?.disabledAt) throw new Fault("not_signed_in", "This account is closed.");
    const user = existing
      ? existing.passwordHash || !passwordHash
        ? existing
        : await tx.user.update({ where: { id: existing.id }, data: { passwordHash } })
      : await tx.user.create({ data: { email: link.email, name: given.name?.trim() || link.name, passwordHash } });
    if (link.projectId && link.roles.length > 0) {
      await tx.membership.upsert({
        where: { projectId_userId: { projectId: link.projectId, userId: user.id } },
        create: { projectId: link.projectId, userId: user.id, roles: link.roles },
        update: {},
      });
    }
    await appendAudit(tx, systemActor(link.projectId ?? 0), {
      action: link.roles.length > 0 ? "member.joined" : "sign_in.link_used",
      subject: { kind: "user", id: String(user.id), name: user.email },
      details: { roles: link.roles },
    });
    return { userId: user.id };
  });
}

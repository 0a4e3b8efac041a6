import { appendAudit } from "../audit/append";
import { db } from "../db/client";
import { type Tx, transaction } from "../db/transaction";
import { Fault } from "../errors";
import { type Actor, personOf, type Role, systemActor } from "./actor";
import { hashPassword, passwordMatches } from "./password";
import { permit } from "./permit";
import { newSecret, secretHash } from "./secret";
import { countAttempt } from "./throttle";

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
  await refuseUnlessAdministersAll(actor, member.userId);
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

/**
 * A link signs its bearer in to every project of the person, so who makes one must administer them all. The local
 * administrator token administers the whole installation.
 */
async function refuseUnlessAdministersAll(actor: Actor, userId: number): Promise<void> {
  const maker = personOf(actor);
  if (maker === null || maker === userId) return;
  const foreign = await db.membership.count({
    where: {
      userId,
      project: { memberships: { none: { userId: maker, roles: { has: "administrator" } } } },
    },
  });
  if (foreign === 0) return;
  throw new Fault(
    "forbidden",
    "This person is a member of a project that you do not administer, and a link would open that one too. Whoever runs the server can make it: countersign user link.",
  );
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
  /** An invitation for an account that has no password to prove itself with. */
  needsPasswordFirst: boolean;
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
  const isInvitation = link.roles.length > 0;
  const hasPassword = user?.passwordHash != null;
  return {
    email: link.email,
    name: user?.name ?? link.name,
    isInvitation,
    hasPassword,
    needsPasswordFirst: isInvitation && !hasPassword && (await accountInUse(link.email)) !== null,
    projectName: project?.name ?? null,
  };
}

/** The account of this e-mail if it opens anything: by its password, or a project. */
function accountInUse(email: string) {
  return db.user.findFirst({ where: { email, OR: [{ passwordHash: { not: null } }, { memberships: { some: {} } }] } });
}

/**
 * Uses a link up: makes the person and the membership where they are missing, and sets the password when the person
 * has none yet. The conditional update on `used_at` decides between two uses at once.
 *
 * An invitation proves nothing about who holds it, since the inviting administrator has it too: somebody who has an
 * account already joins with its password, and nobody gets a password for an account by an invitation.
 */
export async function redeemLink(
  secret: string,
  given: { password?: string; name?: string },
): Promise<{ userId: number }> {
  const tokenHash = secretHash(secret);
  const known = await db.signInLink.findUnique({ where: { tokenHash } });
  const account = known && known.roles.length > 0 ? await accountInUse(known.email) : null;
  if (account) {
    await countAttempt("account", account.email);
    if (!(await passwordMatches(account.passwordHash, (given.password ?? "").slice(0, 1000)))) {
      throw new Fault("not_signed_in", "You have an account here already: join with its password.");
    }
  }
  const passwordHash = given.password && !account ? await hashPassword(given.password) : null;
  return transaction(async (tx) => {
    const taken = await tx.signInLink.updateMany({
      where: { tokenHash, usedAt: null, revokedAt: null, expiresAt: { gt: new Date() } },
      data: { usedAt: new Date() },
    });
    if (taken.count !== 1)
      throw new Fault("not_signed_in", "This link was used already, or is too old. Ask for a new one.");
    const link = await tx.signInLink.findUniqueOrThrow({ where: { tokenHash } });
    const isInvitation = link.roles.length > 0;
    const existing = await tx.user.findUnique({ where: { email: link.email } });
    if (existing?.disabledAt) throw new Fault("not_signed_in", "This account is closed.");
    // The account came into use after it was looked at.
    if (isInvitation && existing?.passwordHash && !account) throw new Fault("conflict", "Open the link again.");
    const setsPassword = passwordHash !== null && !existing?.passwordHash;
    const user = existing
      ? setsPassword
        ? await tx.user.update({ where: { id: existing.id }, data: { passwordHash } })
        : existing
      : await tx.user.create({ data: { email: link.email, name: given.name?.trim() || link.name, passwordHash } });
    if (link.projectId && isInvitation) {
      await tx.membership.upsert({
        where: { projectId_userId: { projectId: link.projectId, userId: user.id } },
        create: { projectId: link.projectId, userId: user.id, roles: link.roles },
        update: {},
      });
      await revokeLinks(tx, link.projectId, link.email);
    }
    const subject = { kind: "user", id: String(user.id), name: user.email };
    const worker = systemActor(link.projectId ?? 0);
    if (setsPassword) {
      await appendAudit(tx, worker, {
        action: "account.password_set",
        subject,
        details: { by: isInvitation ? "invitation" : "sign-in link", linkCreatedBy: link.createdBy },
      });
    }
    await appendAudit(tx, worker, {
      action: isInvitation ? "member.joined" : "sign_in.link_used",
      subject,
      details: { roles: link.roles, linkCreatedBy: link.createdBy },
    });
    return { userId: user.id };
  });
}

/** Every open link of a person in a project: one that is left over must not bring back a member who was removed. */
export async function revokeLinks(tx: Tx, projectId: number, email: string): Promise<void> {
  await tx.signInLink.updateMany({
    where: { projectId, email, usedAt: null, revokedAt: null },
    data: { revokedAt: new Date() },
  });
}

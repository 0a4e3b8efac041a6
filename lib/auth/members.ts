import { appendAudit, type NewEvent } from "../audit/append";
import { db } from "../db/client";
import { type Tx, transaction, violates } from "../db/transaction";
import { Fault, notFound } from "../errors";
import { type Actor, personOf, type Role } from "./actor";
import { revokeLinks } from "./links";
import { permit } from "./permit";

export type Member = {
  userId: number;
  name: string;
  email: string;
  roles: Role[];
  joinedAt: Date;
  hasPassword: boolean;
};
export type Invitation = { id: number; email: string; name: string; roles: Role[]; createdBy: string; expiresAt: Date };

export async function listMembers(actor: Actor): Promise<Member[]> {
  permit(actor, "member.read");
  const rows = await db.membership.findMany({
    where: { projectId: actor.projectId, user: { disabledAt: null } },
    include: { user: true },
    orderBy: { user: { name: "asc" } },
  });
  return rows.map(({ user, roles, createdAt }) => ({
    userId: user.id,
    name: user.name,
    email: user.email,
    roles,
    joinedAt: createdAt,
    hasPassword: user.passwordHash !== null,
  }));
}

export async function listInvitations(actor: Actor): Promise<Invitation[]> {
  permit(actor, "member.manage");
  return db.signInLink.findMany({
    where: {
      projectId: actor.projectId,
      usedAt: null,
      revokedAt: null,
      expiresAt: { gt: new Date() },
      roles: { isEmpty: false },
    },
    select: { id: true, email: true, name: true, roles: true, createdBy: true, expiresAt: true },
    orderBy: { id: "desc" },
  });
}

/**
 * What else follows from a change of members, for the record: asked before the change, and again after it, in its transaction.
 * Rooms that build on this one tell it; nobody else changes the members meanwhile.
 */
export type Consequences = (tx: Tx, projectId: number) => Promise<() => Promise<NewEvent[]>>;
const none: Consequences = async () => async () => [];

/** One after another, so that two administrators can't remove each other at once. */
async function lockMembers(tx: Tx, projectId: number): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM membership WHERE project_id = ${projectId} ORDER BY user_id FOR UPDATE`;
}

/** A project that nobody administers could never be changed again. */
async function refuseIfNobodyAdministers(tx: Tx, projectId: number): Promise<void> {
  const administers = { projectId, roles: { has: "administrator" as const }, user: { disabledAt: null } };
  if ((await tx.membership.count({ where: administers })) === 0) {
    throw new Fault("conflict", "A project needs an administrator: make somebody else one first.");
  }
}

/** Returns what followed from it. */
export async function changeRoles({
  actor,
  input,
  consequences = none,
}: {
  actor: Actor;
  input: { userId: number; roles: Role[] };
  consequences?: Consequences;
}): Promise<NewEvent[]> {
  permit(actor, "member.manage");
  const roles = [...new Set(input.roles)];
  if (roles.length === 0) throw new Fault("invalid", "A member has at least one role.", { field: "roles" });
  return transaction(async (tx) => {
    await lockMembers(tx, actor.projectId);
    const where = { projectId_userId: { projectId: actor.projectId, userId: input.userId } };
    const member = await tx.membership.findUnique({ where, include: { user: true } });
    if (!member) throw notFound("The member");
    const following = await consequences(tx, actor.projectId);
    await tx.membership.update({ where, data: { roles } });
    await refuseIfNobodyAdministers(tx, actor.projectId);
    const events = await following();
    await appendAudit(tx, actor, {
      action: "member.role_changed",
      subject: { kind: "user", id: String(input.userId), name: member.user.email },
      details: { from: member.roles, to: roles },
    });
    for (const event of events) await appendAudit(tx, actor, event);
    return events;
  });
}

/** Ends a membership. What the person did stays in the record. Returns what followed from it. */
export async function removeMember({
  actor,
  input,
  consequences = none,
}: {
  actor: Actor;
  input: { userId: number };
  consequences?: Consequences;
}): Promise<NewEvent[]> {
  permit(actor, "member.manage");
  return transaction(async (tx) => {
    await lockMembers(tx, actor.projectId);
    const where = { projectId_userId: { projectId: actor.projectId, userId: input.userId } };
    const member = await tx.membership.findUnique({ where, include: { user: true } });
    if (!member) throw notFound("The member");
    const following = await consequences(tx, actor.projectId);
    await tx.membership.delete({ where });
    await refuseIfNobodyAdministers(tx, actor.projectId);
    await tx.apiToken.updateMany({
      where: { projectId: actor.projectId, userId: input.userId, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    await revokeLinks(tx, actor.projectId, member.user.email);
    const events = await following();
    await appendAudit(tx, actor, {
      action: "member.removed",
      subject: { kind: "user", id: String(input.userId), name: member.user.email },
      details: { roles: member.roles },
    });
    for (const event of events) await appendAudit(tx, actor, event);
    return events;
  });
}

export async function revokeInvitation({ actor, input }: { actor: Actor; input: { id: number } }): Promise<void> {
  permit(actor, "member.manage");
  await transaction(async (tx) => {
    const revoked = await tx.signInLink.updateManyAndReturn({
      where: { id: input.id, projectId: actor.projectId, usedAt: null, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    const link = revoked[0];
    if (!link) throw notFound("The invitation");
    await appendAudit(tx, actor, {
      action: "member.invitation_revoked",
      subject: { kind: "sign_in_link", id: String(link.id), name: link.email },
    });
  });
}

/** A new project with the actor as its administrator and release manager. */
export async function createProject({
  actor,
  input,
}: {
  actor: Actor;
  input: { key: string; name: string };
}): Promise<{ id: number; key: string }> {
  permit(actor, "project.create");
  const userId = personOf(actor);
  if (userId === null) throw new Fault("forbidden", "A project is created by a person, who becomes its administrator.");
  try {
    return await transaction(async (tx) => {
      const project = await tx.project.create({ data: { key: input.key, name: input.name } });
      await tx.membership.create({
        data: { projectId: project.id, userId, roles: ["administrator", "release_manager"] },
      });
      await appendAudit(
        tx,
        { ...actor, projectId: project.id },
        {
          action: "project.created",
          subject: { kind: "project", id: String(project.id), name: project.key },
        },
      );
      return { id: project.id, key: project.key };
    });
  } catch (error) {
    if (violates(error))
      throw new Fault("conflict", `A project with the key ${input.key} exists already.`, { field: "key" });
    throw error;
  }
}

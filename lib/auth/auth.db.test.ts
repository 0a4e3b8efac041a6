import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { setPassword, signOutEverywhere } from "./account";
import type { Actor, Person, Role } from "./actor";
import { createSignInLink, invite, openLink, redeemLink } from "./links";
import { changeRoles, createProject, listInvitations, listMembers, removeMember, revokeInvitation } from "./members";
import { checkPassword } from "./options";
import { hashPassword } from "./password";
import { createToken, ensureLocalToken, listTokens, revokeToken, tokenActor } from "./tokens";

const database = await testDatabase();

type Event = {
  action: string;
  actor: { email?: string };
  projectId?: number;
  subject: { id: string; name?: string };
  details?: object;
};
async function lastEvents(n: number): Promise<Event[]> {
  const rows = await database.asOwner<{ leaf: Buffer }>(
    `SELECT leaf FROM audit_entry ORDER BY "index" DESC LIMIT ${n}`,
  );
  return rows.map(({ leaf }) => JSON.parse(leaf.toString("utf8")) as Event);
}
const eventCount = () => db.auditEntry.count();

const secretOf = (path: string) => path.split("/").at(-1)!;
const roles: Role[] = ["viewer", "reviewer", "release_manager", "auditor"];

async function team() {
  const project = await seedProject();
  const admin = await seedPerson(project.id, { roles: ["administrator"] });
  const member = await seedPerson(project.id, { roles: ["reviewer"] });
  const powerless = await Promise.all(roles.map((role) => seedPerson(project.id, { roles: [role] })));
  const elsewhere = await seedProject();
  const stranger = await seedPerson(elsewhere.id, { roles: ["administrator"] });
  return { project, admin, member, powerless, stranger };
}

/** Only an administrator may, and only in the own project; a refused attempt writes nothing. */
async function refusedToOthers(
  { powerless, stranger }: { powerless: Person[]; stranger: Person },
  attempt: (actor: Actor) => Promise<unknown>,
  elsewhere: "not_found" | "own" = "not_found",
): Promise<void> {
  const before = await eventCount();
  for (const actor of powerless)
    await expect(attempt(actor), actor.roles[0]).rejects.toMatchObject({ code: "forbidden" });
  if (elsewhere === "not_found") await expect(attempt(stranger)).rejects.toMatchObject({ code: "not_found" });
  expect(await eventCount()).toBe(before);
}

describe("members", () => {
  it("join by an invitation, with the roles it gives, and the link works once", async () => {
    const given = await team();
    const { admin, project } = given;
    const input = { email: "Nell@Example.test", name: "Nell", roles: ["reviewer"] as Role[] };
    await refusedToOthers(given, (actor) => invite({ actor, input }), "own");
    const { path } = await invite({ actor: admin, input });
    expect((await lastEvents(1))[0]).toMatchObject({
      action: "member.invited",
      actor: { email: admin.email },
      details: { roles: ["reviewer"] },
    });
    expect(await openLink(secretOf(path))).toMatchObject({
      email: "nell@example.test",
      isInvitation: true,
      hasPassword: false,
      needsPasswordFirst: false,
    });
    const { userId } = await redeemLink(secretOf(path), { password: "a long password", name: "Nell Ortega" });
    expect(await listMembers(admin)).toContainEqual(
      expect.objectContaining({ userId, name: "Nell Ortega", roles: ["reviewer"] }),
    );
    expect((await lastEvents(2)).map(({ action }) => action)).toEqual(["member.joined", "account.password_set"]);
    await expect(redeemLink(secretOf(path), {})).rejects.toMatchObject({ code: "not_signed_in" });
    expect(await openLink(secretOf(path))).toBeNull();
    expect((await lastEvents(1))[0]!.projectId).toBe(project.id);
  });

  it("are let in once when a link is used twice at once", async () => {
    const { admin } = await team();
    const { path } = await invite({
      actor: admin,
      input: { email: "race@example.test", name: "Race", roles: ["viewer"] },
    });
    const both = await Promise.allSettled(
      [1, 2, 3].map((n) => redeemLink(secretOf(path), { password: `password number ${n}` })),
    );
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("with an account join by its password: an administrator elsewhere can't become them", async () => {
    const { stranger: inviter } = await team();
    const home = await seedProject();
    const bob = await seedPerson(home.id, {
      roles: ["release_manager"],
      passwordHash: await hashPassword("bob's own password"),
    });
    const { path } = await invite({ actor: inviter, input: { email: bob.email, name: "Bob", roles: ["viewer"] } });
    for (const given of [{}, { password: "the inviter's guess" }]) {
      await expect(redeemLink(secretOf(path), given)).rejects.toMatchObject({ code: "not_signed_in" });
    }
    expect(await checkPassword(bob.email, "bob's own password", "")).toMatchObject({ id: bob.userId });
    expect(await redeemLink(secretOf(path), { password: "bob's own password" })).toEqual({ userId: bob.userId });
  });

  it("with an account but no password are asked to set one first; an invitation sets none", async () => {
    const { stranger: inviter } = await team();
    const home = await seedProject();
    const bob = await seedPerson(home.id, { roles: ["release_manager"] });
    const { path } = await invite({ actor: inviter, input: { email: bob.email, name: "Bob", roles: ["viewer"] } });
    expect(await openLink(secretOf(path))).toMatchObject({ needsPasswordFirst: true });
    await expect(redeemLink(secretOf(path), { password: "chosen by the inviter" })).rejects.toMatchObject({
      code: "not_signed_in",
    });
    expect(await db.user.findUnique({ where: { id: bob.userId } })).toMatchObject({ passwordHash: null });
  });

  it("change roles, never the last administrator's", async () => {
    const given = await team();
    const { admin, member } = given;
    await refusedToOthers(given, (actor) =>
      changeRoles({ actor, input: { userId: member.userId, roles: ["viewer"] } }),
    );
    await changeRoles({ actor: admin, input: { userId: member.userId, roles: ["auditor"] } });
    expect((await lastEvents(1))[0]).toMatchObject({
      action: "member.role_changed",
      details: { from: ["reviewer"], to: ["auditor"] },
    });
    await expect(
      changeRoles({ actor: admin, input: { userId: admin.userId, roles: ["viewer"] } }),
    ).rejects.toMatchObject({ code: "conflict" });
    await expect(changeRoles({ actor: admin, input: { userId: member.userId, roles: [] } })).rejects.toMatchObject({
      code: "invalid",
    });
  });

  it("are removed with their tokens and open links", async () => {
    const given = await team();
    const { admin, member } = given;
    await refusedToOthers(given, (actor) => removeMember({ actor, input: { userId: member.userId } }));
    const { token } = await createToken({ actor: member, input: { name: "mine" } });
    const { path } = await createSignInLink({ actor: admin, input: { email: member.email } });
    await removeMember({ actor: admin, input: { userId: member.userId } });
    expect((await lastEvents(1))[0]).toMatchObject({
      action: "member.removed",
      subject: { id: String(member.userId) },
    });
    expect(await tokenActor(token, "test")).toBeNull();
    expect(await openLink(secretOf(path))).toBeNull();
    await expect(removeMember({ actor: admin, input: { userId: admin.userId } })).rejects.toMatchObject({
      code: "conflict",
    });
  });

  it("do not come back by a second invitation", async () => {
    const { admin } = await team();
    const input = { email: "twice@example.test", name: "Twice", roles: ["viewer"] as Role[] };
    const first = await invite({ actor: admin, input });
    const second = await invite({ actor: admin, input });
    const { userId } = await redeemLink(secretOf(first.path), { password: "a long password" });
    await removeMember({ actor: admin, input: { userId } });
    await expect(redeemLink(secretOf(second.path), { password: "a long password" })).rejects.toMatchObject({
      code: "not_signed_in",
    });
    expect((await listMembers(admin)).map((row) => row.userId)).not.toContain(userId);
  });

  it("are not invited twice, and an invitation can be taken back", async () => {
    const given = await team();
    const { admin, member } = given;
    await expect(
      invite({ actor: admin, input: { email: member.email, name: "x", roles: ["viewer"] } }),
    ).rejects.toMatchObject({ code: "conflict" });
    const { path } = await invite({
      actor: admin,
      input: { email: "back@example.test", name: "Back", roles: ["viewer"] },
    });
    const [invitation] = await listInvitations(admin);
    await refusedToOthers(given, (actor) => revokeInvitation({ actor, input: { id: invitation!.id } }));
    await revokeInvitation({ actor: admin, input: { id: invitation!.id } });
    expect((await lastEvents(1))[0]).toMatchObject({
      action: "member.invitation_revoked",
      subject: { name: "back@example.test" },
    });
    expect(await openLink(secretOf(path))).toBeNull();
  });
});

describe("sign-in links", () => {
  it("sign an existing member in once, and are on record", async () => {
    const given = await team();
    const { admin, member } = given;
    await refusedToOthers(given, (actor) => createSignInLink({ actor, input: { email: member.email } }));
    const { path } = await createSignInLink({ actor: admin, input: { email: member.email } });
    expect((await lastEvents(1))[0]).toMatchObject({ action: "sign_in.link_created", actor: { email: admin.email } });
    expect(await redeemLink(secretOf(path), { password: "a long password" })).toEqual({ userId: member.userId });
    expect((await lastEvents(2)).map(({ action, details }) => [action, details])).toEqual([
      ["sign_in.link_used", { roles: [], linkCreatedBy: admin.email }],
      ["account.password_set", { by: "sign-in link", linkCreatedBy: admin.email }],
    ]);
    await expect(redeemLink(secretOf(path), {})).rejects.toMatchObject({ code: "not_signed_in" });
  });

  it("never change a password that is there", async () => {
    const { admin, member } = await team();
    await setPassword({ actor: member, input: { next: "the first password" } });
    const { path } = await createSignInLink({ actor: admin, input: { email: member.email } });
    await redeemLink(secretOf(path), { password: "another password" });
    expect(await checkPassword(member.email, "another password", "")).toBeNull();
    expect(await checkPassword(member.email, "the first password", "")).toMatchObject({ id: member.userId });
  });

  it("are not made for somebody whose other projects the maker does not administer", async () => {
    const { admin, member, stranger } = await team();
    await db.membership.create({ data: { projectId: stranger.projectId, userId: member.userId, roles: ["viewer"] } });
    await expect(createSignInLink({ actor: admin, input: { email: member.email } })).rejects.toMatchObject({
      code: "forbidden",
    });
    await db.membership.create({
      data: { projectId: stranger.projectId, userId: admin.userId, roles: ["administrator"] },
    });
    await expect(createSignInLink({ actor: admin, input: { email: member.email } })).resolves.toBeDefined();
  });

  it("expire", async () => {
    const { admin, member } = await team();
    const { path } = await createSignInLink({ actor: admin, input: { email: member.email } });
    await db.signInLink.updateMany({ where: { email: member.email }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await openLink(secretOf(path))).toBeNull();
    await expect(redeemLink(secretOf(path), {})).rejects.toMatchObject({ code: "not_signed_in" });
  });
});

describe("passwords", () => {
  it("are set by their owner, who gives the one there is", async () => {
    const { member } = await team();
    await setPassword({ actor: member, input: { next: "the first password" } });
    expect((await lastEvents(1))[0]).toMatchObject({ action: "account.password_set", actor: { email: member.email } });
    await expect(setPassword({ actor: member, input: { next: "the second password" } })).rejects.toMatchObject({
      code: "invalid",
    });
    await setPassword({ actor: member, input: { current: "the first password", next: "the second password" } });
    expect(await checkPassword(member.email, "the second password", "")).toMatchObject({ id: member.userId });
  });

  it("are tried ten times, then not for a while; each attempt is on record", async () => {
    const { member } = await team();
    await setPassword({ actor: member, input: { next: "the right password" } });
    for (let i = 0; i < 10; i++) expect(await checkPassword(member.email, `guess ${i}`, `10.0.${i}.1`)).toBeNull();
    expect((await lastEvents(1))[0]).toMatchObject({ action: "sign_in.failed", subject: { name: member.email } });
    await expect(checkPassword(member.email, "the right password", "10.1.0.1")).rejects.toMatchObject({
      code: "rate_limited",
    });
  });

  it("of nobody are refused as wrong ones are", async () => {
    expect(await checkPassword("nobody@example.test", "whatever it is", "10.2.0.1")).toBeNull();
  });

  it("end every session with them when asked to", async () => {
    const { member } = await team();
    const version = async () => (await db.user.findUniqueOrThrow({ where: { id: member.userId } })).sessionVersion;
    const before = await version();
    await signOutEverywhere(member);
    expect(await version()).toBe(before + 1);
    expect((await lastEvents(1))[0]).toMatchObject({ action: "account.signed_out_everywhere" });
  });
});

describe("tokens", () => {
  it("act as their owner, with the roles of the moment", async () => {
    const { admin, member } = await team();
    const { token, id } = await createToken({ actor: member, input: { name: "laptop" } });
    expect((await lastEvents(1))[0]).toMatchObject({ action: "token.created", subject: { id: String(id) } });
    expect(await tokenActor(token, "test")).toMatchObject({
      kind: "token",
      userId: member.userId,
      roles: ["reviewer"],
    });
    await changeRoles({ actor: admin, input: { userId: member.userId, roles: ["viewer"] } });
    expect(await tokenActor(token, "test")).toMatchObject({ roles: ["viewer"] });
    expect(await db.apiToken.findFirst({ where: { tokenHash: token } })).toBeNull();
  });

  it("in another's name are an administrator's to make, in the own project", async () => {
    const given = await team();
    const { admin, member } = given;
    await refusedToOthers(given, (actor) => createToken({ actor, input: { as: member.email, name: "x" } }));
    const { id } = await createToken({ actor: admin, input: { as: member.email, name: "for a pipeline" } });
    expect(await db.apiToken.findUnique({ where: { id } })).toMatchObject({
      userId: member.userId,
      createdById: admin.userId,
    });
  });

  it("end when revoked, by the owner or an administrator, and when their time is over", async () => {
    const { admin, member, powerless, stranger } = await team();
    const { token, id } = await createToken({ actor: member, input: { name: "x" } });
    for (const actor of [...powerless, stranger])
      await expect(revokeToken({ actor, input: { id } })).rejects.toMatchObject({ code: "not_found" });
    await revokeToken({ actor: admin, input: { id } });
    expect((await lastEvents(1))[0]).toMatchObject({ action: "token.revoked", subject: { id: String(id) } });
    expect(await tokenActor(token, "test")).toBeNull();
    const short = await createToken({ actor: member, input: { name: "y", days: 1 } });
    await db.apiToken.update({ where: { id: short.id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await tokenActor(short.token, "test")).toBeNull();
    expect((await listTokens(powerless[0]!)).length).toBe(0);
  });

  it("of the machine is nobody's: it administers, and can't create projects", async () => {
    await team();
    const secret = await ensureLocalToken();
    const actor = await tokenActor(secret, "test");
    expect(actor).toMatchObject({ userId: null, roles: ["administrator", "release_manager"] });
    expect(await ensureLocalToken(secret)).toBe(secret);
    await expect(createProject({ actor: actor!, input: { key: "mine", name: "Mine" } })).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});

describe("projects", () => {
  it("are created by administrators, who administer them then", async () => {
    const given = await team();
    const { admin } = given;
    await refusedToOthers(given, (actor) => createProject({ actor, input: { key: "new-one", name: "New" } }), "own");
    const { id } = await createProject({ actor: admin, input: { key: "new-one", name: "New" } });
    expect((await lastEvents(1))[0]).toMatchObject({ action: "project.created", projectId: id });
    expect(await db.membership.findFirst({ where: { projectId: id } })).toMatchObject({ userId: admin.userId });
    await expect(createProject({ actor: admin, input: { key: "new-one", name: "Again" } })).rejects.toMatchObject({
      code: "conflict",
    });
  });
});

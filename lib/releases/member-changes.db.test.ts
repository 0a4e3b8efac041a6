import { describe, expect, it } from "vitest";
import type { Actor } from "../auth/actor";
import { changeRoles as changeRolesOnly } from "../auth/members";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { createRelease, withdrawRelease } from "./commands";
import { changeRoles, removeMember } from "./member-changes";
import { countNews, listNews } from "./news";
import { ensurePolicies } from "./policy";
import { type PolicyDocument, policySchema, standardPolicies } from "./policy-document";
import { casesOf, seedWorld } from "./release.seed";

const database = await testDatabase();

/** An administrator, three release managers, a viewer; `own` is a policy that an open release is under. */
async function team(given: Partial<PolicyDocument>) {
  const { id: projectId } = await seedProject();
  const admin = await seedPerson(projectId, { roles: ["administrator"] });
  const person = () => seedPerson(projectId, { roles: ["release_manager"] });
  const [a, b, c] = [await person(), await person(), await person()];
  const viewer = await seedPerson(projectId, { roles: ["viewer", "reviewer", "auditor"] });
  await transaction((tx) => ensurePolicies(tx, projectId));
  const named = (document: Partial<PolicyDocument>) =>
    canonicalJson(policySchema.parse({ ...standardPolicies.standard, ...document }));
  const add = (number: number, document: string) => {
    const row = { projectId, key: "own", number, document, digest: sha256Hex(document), createdBy: "test" };
    return db.policy.create({ data: row });
  };
  const world = await seedWorld(projectId, casesOf({ "pass>pass": 2 }));
  const ask = () =>
    createRelease({ actor: a, input: { prompt: world.prompt, baseline: "v1", candidate: "v2", policy: "own" } });
  await add(1, named(given));
  const { id: releaseId } = await ask();
  return { projectId, admin, a, b, c, viewer, named, add, releaseId };
}

type Event = { action: string; subject: object; actor: { id: number }; after?: string; details: object };
async function recorded(projectId: number): Promise<Event[]> {
  const rows = await database.asOwner<{ leaf: Buffer }>(
    `SELECT leaf FROM audit_entry WHERE project_id = $1 AND action = 'policy.impossible' ORDER BY "index"`,
    [projectId],
  );
  return rows.map(({ leaf }) => JSON.parse(leaf.toString("utf8")));
}
const told = async (actor: Actor) => (await listNews(actor)).filter(({ action }) => action === "policy.impossible");

describe("a change of members that leaves nobody to meet a policy", () => {
  it("is on record and news for those who can mend it, with the policy and the reason; once", async () => {
    const { projectId, admin, a, b, c, viewer } = await team({ signers: 2 });
    const change = (userId: number) => changeRoles({ actor: admin, input: { userId, roles: ["viewer"] } });
    // Two are left.
    expect(await change(c.userId)).toEqual({ impossible: [] });
    expect(await recorded(projectId)).toEqual([]);
    const before = await countNews(a);
    expect(await change(b.userId)).toEqual({ impossible: ["own 1"] });
    const reason = `2 signatures are asked for, and only ${a.email} may sign: it takes the role release manager.`;
    const { digest } = await db.policy.findFirstOrThrow({ where: { projectId, key: "own" } });
    expect(await recorded(projectId)).toMatchObject([
      {
        actor: { id: admin.userId },
        subject: { kind: "policy", id: "own", name: "own 1" },
        after: digest,
        details: { key: "own", version: 1, reasons: [reason] },
      },
    ]);
    expect(await told(a)).toMatchObject([
      { by: admin.name, subject: { kind: "policy", id: "own", name: "own 1" }, reasons: [reason], unread: true },
    ]);
    expect(await countNews(a)).toBe(before + 1);
    // Not those who can do nothing about it, nor whoever did it.
    for (const other of [viewer, admin, { ...b, roles: ["viewer" as const] }]) expect(await told(other)).toEqual([]);
    // It is so already.
    expect(await changeRoles({ actor: admin, input: { userId: a.userId, roles: ["reviewer"] } })).toEqual({
      impossible: [],
    });
    expect(await recorded(projectId)).toHaveLength(1);
    // Mended and broken again: news again.
    for (const { userId } of [a, b]) await changeRoles({ actor: admin, input: { userId, roles: ["release_manager"] } });
    await removeMember({ actor: admin, input: { userId: b.userId } });
    expect(await recorded(projectId)).toHaveLength(2);
  });

  it("is told of a group too, when its member is removed", async () => {
    const { projectId, admin, b } = await team({});
    const group = { name: "medical", people: [b.email], signatures: 1 };
    const { document } = await db.policy.findFirstOrThrow({ where: { projectId, key: "own" } });
    const next = canonicalJson({ ...JSON.parse(document), signerGroups: [group] });
    await db.policy.create({
      data: { projectId, key: "own", number: 2, document: next, digest: sha256Hex(next), createdBy: "test" },
    });
    expect(await removeMember({ actor: admin, input: { userId: b.userId } })).toEqual({ impossible: ["own 2"] });
    expect((await recorded(projectId))[0]!.details).toMatchObject({
      version: 2,
      reasons: [
        expect.stringContaining(
          `The group medical must give 1 signature, and 0 of it can sign (no member: ${b.email})`,
        ),
      ],
    });
  });

  it("is no news of a policy that nobody uses, that is replaced, or that could not be met before", async () => {
    const { projectId, admin, a, b, c, releaseId, named, add } = await team({ signers: 3 });
    // `strict` asks for two and nothing is under it; the release is under version 1 no longer.
    await withdrawRelease({ actor: a, input: { releaseId, reason: "Asked again later." } });
    await add(2, named({ signers: 1, slices: [{ slice: "nowhere", margin: 0 }] }));
    for (const { userId } of [c, b, a])
      expect(await changeRoles({ actor: admin, input: { userId, roles: ["viewer"] } })).toEqual({ impossible: [] });
    expect(await recorded(projectId)).toEqual([]);
  });

  it("is told once when two remove each other's second at once", async () => {
    const { projectId, admin, b, c } = await team({ signers: 2 });
    const second = await seedPerson(projectId, { roles: ["administrator"] });
    await Promise.all([
      changeRoles({ actor: admin, input: { userId: b.userId, roles: ["viewer"] } }),
      removeMember({ actor: second, input: { userId: c.userId } }),
    ]);
    expect(await recorded(projectId)).toHaveLength(1);
  });

  it("is for administrators of the project alone, and a refused change leaves nothing", async () => {
    const { projectId, admin, a, b, viewer } = await team({ signers: 3 });
    const { id: elsewhere } = await seedProject();
    const stranger = await seedPerson(elsewhere, { roles: ["administrator"] });
    for (const [actor, code] of [
      [a, "forbidden"],
      [viewer, "forbidden"],
      [stranger, "not_found"],
    ] as const) {
      await expect(removeMember({ actor, input: { userId: b.userId } })).rejects.toMatchObject({ code });
      await expect(changeRoles({ actor, input: { userId: b.userId, roles: ["viewer"] } })).rejects.toMatchObject({
        code,
      });
    }
    // The last administrator.
    await expect(removeMember({ actor: admin, input: { userId: admin.userId } })).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await recorded(projectId)).toEqual([]);
    expect(await told({ ...stranger, projectId: elsewhere })).toEqual([]);
    expect(await changeRolesOnly({ actor: admin, input: { userId: viewer.userId, roles: ["viewer"] } })).toEqual([]);
  });
});

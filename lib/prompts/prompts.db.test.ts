import { describe, expect, it } from "vitest";
import type { Actor, Person, Token } from "../auth/actor";
import { db } from "../db/client";
import { digestOf, sha256Hex } from "../digest";
import { testDatabase } from "../testing/database";
import { actorFor, seedPerson, seedProject, unique } from "../testing/seed";
import { moveLabel, pushVersion } from "./commands";
import { writeLabelMove } from "./label-moves";
import { compareVersions, getLabel, getPrompt, getVersion, listPrompts, listVersionKeys } from "./queries";

const database = await testDatabase();

type Event = { action: string; projectId: number; before?: string; after?: string; details?: object; subject: object };

async function events(projectId: number): Promise<Event[]> {
  const rows = await database.asOwner<{ leaf: Buffer }>(
    'SELECT leaf FROM audit_entry WHERE project_id = $1 ORDER BY "index"',
    [projectId],
  );
  return rows.map(({ leaf }) => JSON.parse(leaf.toString("utf8")));
}
const actions = async (projectId: number) => (await events(projectId)).map(({ action }) => action);

const content = (text: string) => ({ messages: [{ role: "system", content: text }] });

async function seedTeam() {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const reviewer = await seedPerson(project.id, { roles: ["reviewer", "viewer", "auditor"] });
  return { project, manager, reviewer };
}

/** The local administrator token: nobody's. */
const localToken = (projectId: number): Token => ({
  kind: "token",
  tokenId: 1,
  userId: null,
  name: "local",
  email: null,
  projectId,
  roles: ["administrator"],
  requestId: "test",
});

/** An approved release of v1 → v2, as deciding it would leave it. */
async function approve(projectId: number, prompt: string, state: "approved" | "refused" = "approved"): Promise<number> {
  const { id: promptId } = await db.prompt.findUniqueOrThrow({
    where: { projectId_name: { projectId, name: prompt } },
  });
  const idOf = async (key: string) =>
    (await db.promptVersion.findUniqueOrThrow({ where: { promptId_key: { promptId, key } } })).id;
  const [baselineId, candidateId] = [await idOf("v1"), await idOf("v2")];
  const dataset = await db.dataset.create({ data: { projectId, name: unique("dataset") } });
  const run = async (versionId: number) => {
    const digest = sha256Hex(unique("run"));
    const data = { projectId, versionId, datasetId: dataset.id, sourceDigest: digest, digest };
    return (await db.run.create({ data: { ...data, outputCount: 0, errorCount: 0 } })).id;
  };
  const policy = await db.policy.create({
    data: { projectId, key: unique("policy"), number: 1, document: "{}", digest: digestOf({}), createdBy: "test" },
  });
  const release = await db.release.create({
    data: {
      projectId,
      promptId,
      baselineId,
      candidateId,
      datasetId: dataset.id,
      baselineRunId: await run(baselineId),
      candidateRunId: await run(candidateId),
      policyId: policy.id,
      state,
      evidenceDigest: digestOf({}),
      createdBy: "test",
      decidedAt: new Date(),
    },
  });
  return release.id;
}

describe("pushing a version", () => {
  it("stores the content by its digest, with who brought it, and records it", async () => {
    const { project, manager } = await seedTeam();
    const first = await pushVersion({
      actor: manager,
      input: { prompt: "support/answers", content: { ...content("Be kind."), model: "some-model" }, message: "first" },
    });
    expect(first).toEqual({
      prompt: "support/answers",
      version: "v1",
      number: 1,
      digest: digestOf({ ...content("Be kind."), model: "some-model" }),
      unchanged: false,
    });
    const second = await pushVersion({
      actor: manager,
      input: { prompt: "support/answers", key: "shorter", parent: "v1", author: "Ada", content: content("Kind.") },
    });
    expect(second).toMatchObject({ version: "shorter", number: 2 });
    expect(await getVersion(manager, "support/answers", "shorter")).toMatchObject({
      parent: "v1",
      author: "Ada",
      contributor: manager.name,
      content: content("Kind."),
    });
    expect(await getVersion(manager, "support/answers", "v1")).toMatchObject({
      author: manager.email,
      message: "first",
      model: "some-model",
      parent: null,
    });
    expect((await events(project.id)).map(({ action, after }) => [action, after])).toEqual([
      ["prompt.created", undefined],
      ["prompt.version_pushed", first.digest],
      ["prompt.version_pushed", second.digest],
    ]);
  });
  it("gives the same version for the same content, whatever the order of its fields, and changes nothing", async () => {
    const { project, manager } = await seedTeam();
    const first = await pushVersion({
      actor: manager,
      input: { prompt: "p", content: { messages: [{ role: "user", content: "x" }], parameters: { a: 1, b: 2 } } },
    });
    const again = await pushVersion({
      actor: manager,
      input: {
        prompt: "p",
        key: "other",
        content: { parameters: { b: 2, a: 1 }, messages: [{ content: "x", role: "user" }] },
      },
    });
    expect(again).toEqual({ ...first, unchanged: true });
    expect(await actions(project.id)).toEqual(["prompt.created", "prompt.version_pushed"]);
  });
  it("refuses a key with other content, an unknown parent, and what is no prompt, and leaves nothing behind", async () => {
    const { project, manager } = await seedTeam();
    const push = (input: object) =>
      pushVersion({ actor: manager, input: { prompt: "p", content: content("b"), ...input } });
    await push({ key: "v1", content: content("a") });
    await expect(push({ key: "v1" })).rejects.toMatchObject({ code: "conflict", place: { field: "key" } });
    await expect(push({ parent: "nowhere" })).rejects.toMatchObject({ code: "invalid", place: { field: "parent" } });
    await expect(push({ prompt: "new", parent: "nowhere" })).rejects.toMatchObject({ code: "invalid" });
    await expect(push({ content: { messages: [] } })).rejects.toThrow();
    await expect(push({ prompt: ".." })).rejects.toThrow();
    await expect(push({ key: "a\u0000b" })).rejects.toThrow();
    await expect(push({ content: content("\ud800") })).rejects.toMatchObject({ code: "invalid" });
    await expect(push({ content: content("x".repeat(1_000_001)) })).rejects.toMatchObject({ code: "too_large" });
    expect((await listPrompts(manager)).prompts).toMatchObject([{ name: "p", versions: 1 }]);
    expect(await actions(project.id)).toEqual(["prompt.created", "prompt.version_pushed"]);
  });
  it("keeps text that a database can't hold as such", async () => {
    const { manager } = await seedTeam();
    await pushVersion({ actor: manager, input: { prompt: "p", content: content("a\u0000b\u202e") } });
    expect((await getVersion(manager, "p", "v1")).content).toEqual(content("a\u0000b\u202e"));
  });
  it("finds a free key when an imported version has the next number's", async () => {
    const { manager } = await seedTeam();
    const push = (text: string, key?: string) =>
      pushVersion({ actor: manager, input: { prompt: "p", key, content: content(text) } });
    await push("a", "v2");
    expect(await push("b")).toMatchObject({ number: 2, version: "v3" });
  });
  it("numbers versions without gaps when many push at once", async () => {
    const { manager } = await seedTeam();
    const pushes = Array.from({ length: 6 }, (_, i) =>
      pushVersion({ actor: manager, input: { prompt: "p", content: content(String(i)) } }),
    );
    const numbers = (await Promise.all(pushes)).map(({ number }) => number);
    expect(numbers.sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it("has no contributor when the local token pushes", async () => {
    const { project, manager } = await seedTeam();
    await pushVersion({ actor: localToken(project.id), input: { prompt: "p", author: "Bo", content: content("a") } });
    expect(await getVersion(manager, "p", "v1")).toMatchObject({ author: "Bo", contributor: null });
  });
  it("is refused to other roles", async () => {
    const { project, reviewer } = await seedTeam();
    await expect(pushVersion({ actor: reviewer, input: { prompt: "p", content: content("a") } })).rejects.toMatchObject(
      { code: "forbidden" },
    );
    expect(await actions(project.id)).toEqual([]);
  });
});

async function seedTwo(manager: Person): Promise<{ prompt: string; first: string; second: string }> {
  const prompt = unique("support/prompt");
  const push = async (text: string) =>
    (await pushVersion({ actor: manager, input: { prompt, content: content(text) } })).digest;
  return { prompt, first: await push("one"), second: await push("two") };
}

async function moves(prompt: string, label: string) {
  const rows = await database.asOwner<{ id: number }>("SELECT id FROM prompt WHERE name = $1", [prompt]);
  return db.labelMove.findMany({ where: { promptId: rows[0]!.id, label }, orderBy: { id: "asc" } });
}

describe("moving a label", () => {
  it("moves an unprotected label freely and records from where to where", async () => {
    const { project, manager } = await seedTeam();
    const { prompt, first, second } = await seedTwo(manager);
    const move = (version: string) => moveLabel({ actor: manager, input: { prompt, label: "canary-5", version } });
    expect(await move("v1")).toMatchObject({ version: "v1", protected: false, unchanged: false });
    expect(await move("v2")).toMatchObject({ version: "v2", unchanged: false });
    expect(await move("v2")).toMatchObject({ unchanged: true });
    expect(await getLabel(manager, prompt, "canary-5")).toMatchObject({
      version: "v2",
      digest: second,
      movedBy: manager.email,
    });
    expect((await events(project.id)).slice(-2)).toMatchObject([
      { action: "label.moved", after: first, details: { to: "v1" } },
      { action: "label.moved", before: first, after: second, details: { from: "v1", to: "v2" } },
    ]);
  });
  it("moves a protected label only to the candidate of an approved release, and records the attempt", async () => {
    const { project, manager } = await seedTeam();
    const { prompt } = await seedTwo(manager);
    const move = (version: string, reason?: string) =>
      moveLabel({ actor: manager, input: { prompt, label: "production", version, reason } });
    await expect(move("v2")).rejects.toMatchObject({ code: "conflict" });
    expect((await actions(project.id)).at(-1)).toBe("label.move_refused");
    await expect(getLabel(manager, prompt, "production")).rejects.toMatchObject({ code: "not_found" });

    await approve(project.id, prompt, "refused");
    await expect(move("v2")).rejects.toMatchObject({ code: "conflict" });
    const release = await approve(project.id, prompt);
    // A protected label does not move without a reason.
    await expect(move("v2", "  ")).rejects.toMatchObject({ code: "invalid", place: { field: "reason" } });
    expect(await move("v2", "It is approved.")).toMatchObject({ version: "v2", protected: true });
    expect(await moves(prompt, "production")).toMatchObject([
      { kind: "moved", protected: true, releaseId: release, reason: "It is approved.", movedById: manager.userId },
    ]);
    // The baseline of an approved release was never approved itself.
    await expect(move("v1")).rejects.toMatchObject({ code: "conflict" });
    expect(await getLabel(manager, prompt, "production")).toMatchObject({ version: "v2", protected: true });
  });
  it("goes back where it was: to what was approved or adopted, for a reason, through the same release", async () => {
    const { project, manager } = await seedTeam();
    const { prompt, first } = await seedTwo(manager);
    const promptId = (await db.prompt.findFirstOrThrow({ where: { projectId: project.id, name: prompt } })).id;
    const [v1, v2] = await db.promptVersion.findMany({ where: { promptId }, orderBy: { number: "asc" } });
    const by = { name: "import by somebody", userId: null };
    const adopt = { prompt: { id: promptId, name: prompt }, label: "production", kind: "adopted" as const, by };
    expect(await writeLabelMove(db, { ...adopt, from: null, to: v1!, protected: true })).toMatchObject({
      event: { action: "label.adopted", after: first },
    });
    // Only where it must be; a label that is there is not made again.
    expect(await writeLabelMove(db, { ...adopt, from: null, to: v2!, protected: true })).toBeNull();
    expect(await writeLabelMove(db, { ...adopt, from: v2!, to: v1! })).toBeNull();
    const release = await approve(project.id, prompt);
    const move = (version: string, reason: string) =>
      moveLabel({ actor: manager, input: { prompt, label: "production", version, reason } });
    expect(await move("v2", "Approved.")).toMatchObject({ rolledBack: false });
    expect(await move("v1", "Customers complain.")).toMatchObject({ version: "v1", rolledBack: true });
    expect(await move("v2", "It was something else.")).toMatchObject({ rolledBack: true });
    expect(await moves(prompt, "production")).toMatchObject([
      { kind: "adopted", fromId: null, toId: v1!.id, releaseId: null, reason: null, movedById: null },
      { kind: "moved", fromId: v1!.id, toId: v2!.id, releaseId: release, reason: "Approved." },
      { kind: "rolled_back", fromId: v2!.id, toId: v1!.id, releaseId: null, reason: "Customers complain." },
      { kind: "rolled_back", fromId: v1!.id, toId: v2!.id, releaseId: release },
    ]);
    expect((await events(project.id)).at(-1)).toMatchObject({
      action: "label.rolled_back",
      details: { from: "v1", to: "v2", how: "rolled_back", reason: "It was something else.", releaseId: release },
    });
  });
  it("has a history that nobody changes and that the database itself keeps to what was approved", async () => {
    const { project, manager } = await seedTeam();
    const { prompt } = await seedTwo(manager);
    const promptId = (await db.prompt.findFirstOrThrow({ where: { projectId: project.id, name: prompt } })).id;
    const [v1] = await db.promptVersion.findMany({ where: { promptId }, orderBy: { number: "asc" } });
    for (const kind of ["moved", "released", "rolled_back"] as const) {
      const data = {
        promptId,
        label: "production",
        kind,
        toId: v1!.id,
        protected: true,
        reason: "I say so.",
        releaseId: null,
      };
      await expect(db.labelMove.create({ data: { ...data, movedBy: "me" } })).rejects.toThrow(/no release approved/);
    }
    await moveLabel({ actor: manager, input: { prompt, label: "next", version: "v1" } });
    for (const change of ["UPDATE label_move SET reason = 'x'", "DELETE FROM label_move", "TRUNCATE label_move"])
      await expect(database.asOwner(change)).rejects.toThrow();
    await expect(db.labelMove.deleteMany()).rejects.toThrow();
  });
  it("moves nothing when the label is not where the caller saw it", async () => {
    const { manager } = await seedTeam();
    const { prompt, first, second } = await seedTwo(manager);
    const move = (version: string, expected: string) =>
      moveLabel({ actor: manager, input: { prompt, label: "next", version, expected } });
    await expect(move("v1", first)).rejects.toMatchObject({ code: "conflict" });
    await moveLabel({ actor: manager, input: { prompt, label: "next", version: "v1" } });
    await expect(move("v2", second)).rejects.toMatchObject({ code: "conflict" });
    expect(await move("v2", first)).toMatchObject({ version: "v2" });
  });
  it("is refused to other roles, for unknown versions and in other projects", async () => {
    const { project, manager, reviewer } = await seedTeam();
    const { prompt } = await seedTwo(manager);
    const before = await actions(project.id);
    const move = (actor: Actor, version = "v1") => moveLabel({ actor, input: { prompt, label: "next", version } });
    await expect(move(reviewer)).rejects.toMatchObject({ code: "forbidden" });
    await expect(move(manager, "v9")).rejects.toMatchObject({ code: "invalid", place: { field: "version" } });
    const elsewhere = await seedProject();
    await expect(move(actorFor({ ...manager, projectId: elsewhere.id }))).rejects.toMatchObject({ code: "not_found" });
    expect(await actions(project.id)).toEqual(before);
  });
});

describe("reading prompts", () => {
  it("lists prompts with labels and open releases, page by page", async () => {
    const { project, manager } = await seedTeam();
    const { prompt } = await seedTwo(manager);
    await moveLabel({ actor: manager, input: { prompt, label: "next", version: "v2" } });
    await pushVersion({ actor: manager, input: { prompt: "zeta", content: content("z") } });
    const decided = await approve(project.id, prompt);
    const page = await listPrompts(manager, { limit: 1 });
    expect(page).toMatchObject({
      prompts: [
        {
          name: prompt,
          versions: 2,
          newest: "v2",
          labels: [{ name: "next", version: "v2", protected: false }],
          openReleases: [],
        },
      ],
      next: prompt,
    });
    expect(page.prompts[0]?.changedAt).toBeInstanceOf(Date);
    await db.release.update({ where: { id: decided }, data: { state: "grading", decidedAt: null } });
    expect((await listPrompts(manager)).prompts[0]?.openReleases).toEqual([
      { id: decided, baseline: "v1", candidate: "v2" },
    ]);
    expect(await listPrompts(manager, { after: prompt })).toMatchObject({ prompts: [{ name: "zeta" }], next: null });
  });
  it("shows versions newest first, page by page, with their releases", async () => {
    const { project, manager } = await seedTeam();
    const { prompt } = await seedTwo(manager);
    const releaseId = await approve(project.id, prompt);
    const page = await getPrompt(manager, prompt, { limit: 1 });
    expect(page).toMatchObject({
      versionCount: 2,
      next: 2,
      versions: [{ key: "v2", runs: 1, releases: [{ id: releaseId, state: "approved" }] }],
    });
    expect(await getPrompt(manager, prompt, { before: 2 })).toMatchObject({ versions: [{ key: "v1" }], next: null });
    expect((await listVersionKeys(manager, prompt)).map(({ key }) => key)).toEqual(["v2", "v1"]);
  });
  it("says when the text of a version is unknown", async () => {
    const { project, manager } = await seedTeam();
    const prompt = await db.prompt.create({ data: { projectId: project.id, name: "imported" } });
    await db.promptVersion.create({
      data: { promptId: prompt.id, number: 1, key: "response1", digest: digestOf({ unknown: "response1" }) },
    });
    await pushVersion({ actor: manager, input: { prompt: "imported", content: content("x") } });
    const compared = await compareVersions(manager, "imported", "response1", "v2");
    expect([compared.before.content, compared.after.content]).toEqual([null, content("x")]);
    await expect(
      pushVersion({ actor: manager, input: { prompt: "imported", key: "response1", content: content("y") } }),
    ).rejects.toMatchObject({ code: "conflict" });
  });
  it("shows nothing of another project", async () => {
    const { manager } = await seedTeam();
    const { prompt } = await seedTwo(manager);
    await moveLabel({ actor: manager, input: { prompt, label: "next", version: "v1" } });
    const { manager: stranger } = await seedTeam();
    const missing = { code: "not_found" };
    expect((await listPrompts(stranger)).prompts).toEqual([]);
    await expect(getPrompt(stranger, prompt)).rejects.toMatchObject(missing);
    await expect(getVersion(stranger, prompt, "v1")).rejects.toMatchObject(missing);
    await expect(compareVersions(stranger, prompt, "v1", "v2")).rejects.toMatchObject(missing);
    await expect(getLabel(stranger, prompt, "next")).rejects.toMatchObject(missing);
    expect(await listVersionKeys(stranger, prompt)).toEqual([]);
  });
});

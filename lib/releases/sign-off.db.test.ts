import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Actor, Person, Role } from "../auth/actor";
import { hashPassword } from "../auth/password";
import { db } from "../db/client";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { closeGrading, createRelease, drawSample, reopenGrading } from "./commands";
import { gateFor } from "./gate";
import { Reauthentication } from "./reauthenticate";
import { casesOf, gradeDrawn, seedWorld, type Truth } from "./release.seed";
import { meanings } from "./schema";
import { signOff, signOffWithPassword } from "./sign-off";

const database = await testDatabase();
// Where this log's key and outside checkpoints go.
const folder = mkdtempSync(path.join(tmpdir(), "countersign-sign-off-"));
process.env.COUNTERSIGN_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const password = "correct horse battery";
const passwordHash = await hashPassword(password);

type Event = {
  action: string;
  actor: { kind: string; email?: string };
  details?: { reason?: string; decision?: string };
};
async function events(action: string, releaseId: number): Promise<Event[]> {
  const rows = await database.asOwner<{ leaf: Buffer }>(
    `SELECT leaf FROM audit_entry WHERE action = $1 AND subject LIKE $2 ORDER BY "index"`,
    [action, `release:${releaseId} %`],
  );
  return rows.map(({ leaf }) => JSON.parse(leaf.toString("utf8")));
}

const better: Truth = (key, side) => (side === "candidate" || Number(key.slice(1)) % 2 === 0 ? "pass" : "fail");

/** A release of 60 cases, all graded; the judge agrees with people, and the candidate is better. */
async function readyRelease(
  given: {
    truth?: Truth;
    policy?: "standard" | "strict";
    author?: (team: { author: Person }) => Parameters<typeof seedWorld>[2];
  } = {},
) {
  const project = await seedProject();
  const person = (roles: Role[]) => seedPerson(project.id, { roles, passwordHash });
  const manager = await person(["release_manager"]);
  const second = await person(["release_manager"]);
  const author = await person(["release_manager"]);
  const reviewer = await person(["reviewer"]);
  const administrator = await person(["administrator"]);
  const cases = casesOf({ "fail>pass": 30, "pass>pass": 30 });
  const world = await seedWorld(project.id, cases, { label: "production", ...given.author?.({ author }) });
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", policy: given.policy, judges: [] };
  const { id } = await createRelease({ actor: manager, input });
  await drawSample({ actor: manager, input: { releaseId: id, size: 100 } });
  await gradeDrawn(id, reviewer.userId, given.truth ?? better);
  const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId: id } });
  return { id, evidenceDigest, manager, second, author, reviewer, administrator, world };
}

function statement(release: { id: number; evidenceDigest: string }, decision: "approve" | "refuse" = "approve") {
  const { id: releaseId, evidenceDigest } = release;
  return { releaseId, evidenceDigest, decision, meaning: meanings[decision][0], reason: "I looked at all of it." };
}
const sign = (actor: Person, release: { id: number; evidenceDigest: string }, decision?: "approve" | "refuse") =>
  signOffWithPassword({ actor, input: { ...statement(release, decision), password } });

const releaseRow = (id: number) =>
  db.release.findUniqueOrThrow({ where: { id }, include: { signOffs: true, decision: true } });

describe("an approval", () => {
  it("decides, moves the label, is logged and under a signed checkpoint", async () => {
    const release = await readyRelease();
    expect(await gateFor(release.manager, { prompt: release.world.prompt, version: "v2" })).toMatchObject({
      decision: "pending",
      release: release.id,
    });
    expect(await sign(release.manager, release)).toEqual({ state: "approved", approvals: 1, checkpoint: "signed" });
    const row = await releaseRow(release.id);
    expect(row).toMatchObject({
      state: "approved",
      signOffs: [{ userId: release.manager.userId, decision: "approve" }],
    });
    const [event] = await database.asOwner<{ action: string; checkpoint: number }>(
      `SELECT action, (SELECT max(size) FROM audit_checkpoint) AS checkpoint FROM audit_entry WHERE "index" = $1`,
      [row.decision!.auditIndex],
    );
    expect(event!.action).toBe("release.signed_off");
    expect(event!.checkpoint).toBeGreaterThan(row.decision!.auditIndex);
    const label = await db.label.findFirstOrThrow({ where: { promptId: release.world.promptId, name: "production" } });
    expect(label.versionId).toBe(release.world.candidate.id);
    expect(await gateFor(release.manager, { prompt: release.world.prompt, version: "v2" })).toMatchObject({
      decision: "approved",
      release: release.id,
    });
  });
  it("of two that the policy asks for decides only with the second, by somebody else", async () => {
    const release = await readyRelease({ policy: "strict" });
    expect(await sign(release.manager, release)).toMatchObject({ state: "ready", approvals: 1 });
    await expect(sign(release.manager, release)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("already"),
    });
    expect(await releaseRow(release.id)).toMatchObject({ state: "ready", approvals: 1 });
    expect(await sign(release.second, release)).toMatchObject({ state: "approved", approvals: 2 });
  });
  it("needs every gate, and the attempt is recorded", async () => {
    const release = await readyRelease({
      truth: (key, side) => (side === "baseline" ? "pass" : Number(key.slice(1)) % 2 ? "pass" : "fail"),
    });
    await expect(sign(release.manager, release)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("Worse than the margin"),
    });
    expect(await releaseRow(release.id)).toMatchObject({ state: "ready", approvals: 0, signOffs: [] });
    expect(await events("release.sign_off_refused", release.id)).toHaveLength(1);
  });
  it("is refused when the label has left the baseline", async () => {
    const release = await readyRelease();
    const other = await db.promptVersion.create({
      data: { promptId: release.world.promptId, number: 3, key: "v3", digest: "3".repeat(64) },
    });
    await database.asOwner("UPDATE label SET version_id = $1 WHERE prompt_id = $2", [other.id, release.world.promptId]);
    await expect(sign(release.manager, release)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("v3"),
    });
    expect(await releaseRow(release.id)).toMatchObject({ state: "ready", signOffs: [], decision: null });
  });
});

describe("a refusal", () => {
  it("decides at once, also when gates are open, and moves no label", async () => {
    const release = await readyRelease({ truth: () => "unsure" });
    expect(await sign(release.manager, release, "refuse")).toMatchObject({ state: "refused" });
    expect(await releaseRow(release.id)).toMatchObject({ state: "refused", decision: { outcome: "refused" } });
    const label = await db.label.findFirstOrThrow({ where: { promptId: release.world.promptId } });
    expect(label.versionId).toBe(release.world.baseline.id);
    expect(await events("release.refused", release.id)).toHaveLength(1);
    expect(await gateFor(release.manager, { prompt: release.world.prompt, version: "v2" })).toMatchObject({
      decision: "refused",
      reasons: [expect.stringContaining("I looked at all of it.")],
    });
  });
});

describe("who may not sign", () => {
  async function refusedFor(release: Awaited<ReturnType<typeof readyRelease>>, actor: Actor, reason: RegExp) {
    const input = { ...statement(release), reauthentication: null };
    const attempt = actor.kind === "person" ? sign(actor, release) : signOff({ actor, input });
    await expect(attempt).rejects.toMatchObject({ code: "forbidden", message: expect.stringMatching(reason) });
    const [event, ...more] = await events("release.sign_off_refused", release.id);
    expect(more).toEqual([]);
    expect(event).toMatchObject({ actor: { kind: actor.kind }, details: { reason: expect.stringMatching(reason) } });
    expect(await releaseRow(release.id)).toMatchObject({ state: "ready", approvals: 0, signOffs: [], decision: null });
  }
  it("a reviewer", async () => {
    const release = await readyRelease();
    await refusedFor(release, release.reviewer, /release manager/);
  });
  it("an administrator without the role", async () => {
    const release = await readyRelease();
    await refusedFor(release, release.administrator, /release manager/);
  });
  it("the author, by e-mail", async () => {
    const release = await readyRelease({ author: ({ author }) => ({ author: author.email.toUpperCase() }) });
    await refusedFor(release, release.author, /wrote v2/);
  });
  it("whoever brought the candidate in", async () => {
    const release = await readyRelease({ author: ({ author }) => ({ contributorId: author.userId }) });
    await refusedFor(release, release.author, /brought v2 in/);
  });
  it("whoever imported the candidate's run", async () => {
    const release = await readyRelease({ author: ({ author }) => ({ importedById: author.userId }) });
    await refusedFor(release, release.author, /brought in the answers of v2/);
  });
  it("a token, also one of a release manager", async () => {
    const release = await readyRelease();
    const { userId, name, email, projectId, roles, requestId } = release.manager;
    const token = { kind: "token" as const, tokenId: 1, userId, name, email, projectId, roles, requestId };
    await refusedFor(release, token, /token/);
  });
  it("the system", async () => {
    const release = await readyRelease();
    const { projectId, roles, requestId } = release.manager;
    await refusedFor(release, { kind: "system", name: "countersign", projectId, roles, requestId }, /person/);
  });
  it("a person whose password was not given, or is wrong", async () => {
    const release = await readyRelease();
    const input = statement(release);
    await expect(
      signOff({ actor: release.manager, input: { ...input, reauthentication: null } }),
    ).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(
      signOffWithPassword({ actor: release.manager, input: { ...input, password: "a wrong password" } }),
    ).rejects.toMatchObject({ code: "invalid", place: { field: "password" } });
    expect(await events("release.sign_off_refused", release.id)).toHaveLength(2);
    expect(await releaseRow(release.id)).toMatchObject({ state: "ready", signOffs: [] });
  });
  it("somebody with another person's proof, or with a proof that was used", async () => {
    const release = await readyRelease({ policy: "strict" });
    const proof = await Reauthentication.byPassword(release.manager, password);
    const forged = Object.assign(Object.create(Reauthentication.prototype), {
      userId: release.second.userId,
      at: Date.now(),
    });
    for (const reauthentication of [proof, forged]) {
      const input = { ...statement(release), reauthentication };
      await expect(signOff({ actor: release.second, input })).rejects.toMatchObject({ code: "forbidden" });
    }
    const input = { ...statement(release), reauthentication: proof };
    await expect(signOff({ actor: release.manager, input })).rejects.toMatchObject({ code: "forbidden" });
  });
  it("anybody of another project: there it does not exist", async () => {
    const [release, other] = [await readyRelease(), await readyRelease()];
    await expect(sign(other.manager, release)).rejects.toMatchObject({ code: "not_found" });
    expect(await releaseRow(release.id)).toMatchObject({ state: "ready", signOffs: [] });
  });
});

describe("what was seen is what is decided", () => {
  it("a signature on older evidence is a conflict that says so", async () => {
    const release = await readyRelease();
    await reopenGrading({ actor: release.manager, input: { releaseId: release.id } });
    await expect(sign(release.manager, release)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("reopened"),
    });
    await closeGrading({ actor: release.manager, input: { releaseId: release.id } });
    await expect(sign(release.manager, release)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("changed since you looked"),
    });
    expect(await releaseRow(release.id)).toMatchObject({ state: "ready", approvals: 0, signOffs: [] });
  });
  it("an approval before reopening counts no more", async () => {
    const release = await readyRelease({ policy: "strict" });
    await sign(release.manager, release);
    await reopenGrading({ actor: release.manager, input: { releaseId: release.id } });
    const again = await closeGrading({ actor: release.manager, input: { releaseId: release.id } });
    expect(await sign(release.second, { ...release, ...again })).toMatchObject({ state: "ready", approvals: 1 });
  });
  it("of two managers at once, one decides and the other is told", async () => {
    for (let i = 0; i < 5; i++) {
      const release = await readyRelease();
      const outcomes = await Promise.allSettled([
        sign(release.manager, release, "approve"),
        sign(release.second, release, "refuse"),
      ]);
      const [won] = outcomes.filter((outcome) => outcome.status === "fulfilled");
      const [lost] = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(lost!.reason).toMatchObject({ code: "conflict", message: expect.stringMatching(/already/) });
      const row = await releaseRow(release.id);
      expect(row.state).toBe(won!.value.state);
      expect(row.signOffs).toHaveLength(1);
    }
  });
  it("closing races with signing: nothing unseen is ever approved", async () => {
    for (let i = 0; i < 5; i++) {
      const release = await readyRelease();
      await Promise.allSettled([
        sign(release.manager, release),
        reopenGrading({ actor: release.manager, input: { releaseId: release.id } }),
      ]);
      const row = await releaseRow(release.id);
      if (row.state === "approved") expect(row.evidenceDigest).toBe(release.evidenceDigest);
      else expect({ state: row.state, signOffs: row.signOffs }).toEqual({ state: "grading", signOffs: [] });
    }
  });
});

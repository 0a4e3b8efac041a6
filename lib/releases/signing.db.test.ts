import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { verifyDecision } from "../audit/decision-verifier.mjs";
import { exportDecision, listDecisions } from "../audit/decisions";
import type { Person, Role, Token } from "../auth/actor";
import { changeRoles } from "../auth/members";
import { beginRegistration, finishRegistration, listPasskeys, removePasskey, renamePasskey } from "../auth/passkeys";
import { hashPassword } from "../auth/password";
import { createToken, tokenActor } from "../auth/tokens";
import { db } from "../db/client";
import { canonicalJson, sha256Hex } from "../digest";
import { moveLabel } from "../prompts/commands";
import { labelHistory } from "../prompts/label-history";
import { writeLabelMove } from "../prompts/label-moves";
import { protectLabel } from "../prompts/protection";
import { getLabel, listPrompts } from "../prompts/queries";
import { Authenticator } from "../testing/authenticator";
import { testDatabase } from "../testing/database";
import { actorFor, seedPerson, seedProject } from "../testing/seed";
import { breakGlassWithPassword, listBreakGlass } from "./break-glass";
import { closeGrading, createRelease, drawSample, reopenGrading } from "./commands";
import { getDesk } from "./desk";
import { changedSinceFrozen, changesBetween } from "./frozen";
import { gateFor } from "./gate";
import { listNews } from "./news";
import { recordOpening } from "./opened";
import { standardPolicies } from "./policy";
import type { PolicyDocument } from "./policy-document";
import { casesOf, gradeDrawn, seedWorld, type Truth } from "./release.seed";
import { type GivenWaiver, meanings, type SignOffInput } from "./schema";
import {
  askToSign,
  signOff,
  signOffWithPasskey,
  signOffWithPassword,
  whoElseMaySign,
  whyMayNotSign,
  withdrawSignOff,
} from "./sign-off";
import { listSigners } from "./signers";

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-signing-"));
process.env.COUNTERSIGN_DATA = folder;
process.env.NEXTAUTH_URL = "http://127.0.0.1:3000";
afterAll(() => rmSync(folder, { recursive: true }));

const origin = "http://localhost:3000";
const password = "correct horse battery";
const passwordHash = await hashPassword(password);

type Logged = { action: string; actor: { kind: string; email?: string }; details?: Record<string, unknown> };
async function events(action: string, releaseId: number): Promise<Logged[]> {
  const rows = await database.asOwner<{ leaf: Buffer }>(
    `SELECT leaf FROM audit_entry WHERE action = $1 AND subject LIKE $2 ORDER BY "index"`,
    [action, `release:${releaseId} %`],
  );
  return rows.map(({ leaf }) => JSON.parse(leaf.toString("utf8")));
}

const better: Truth = (key, side) => (side === "candidate" || Number(key.slice(1)) % 2 === 0 ? "pass" : "fail");
/** Too few differences to tell: the delta gate stays open. */
const unclear: Truth = (key) => (Number(key.slice(1)) % 2 === 0 ? "unsure" : "pass");

type Given = {
  policy?: Partial<PolicyDocument>;
  truth?: Truth;
  /** Keys of the cases. */
  mustPass?: string[];
  /** How the candidate came about. */
  world?: (team: Team) => Parameters<typeof seedWorld>[2];
};
type Team = { author: Person; manager: Person; second: Person; reviewer: Person; administrator: Person };

/** A release of 60 graded cases that waits for signatures, under a policy of its own. */
async function readyRelease(given: Given = {}) {
  const project = await seedProject();
  const person = (roles: Role[]) => seedPerson(project.id, { roles, passwordHash });
  const team: Team = {
    manager: await person(["release_manager"]),
    second: await person(["release_manager"]),
    author: await person(["release_manager"]),
    reviewer: await person(["reviewer", "release_manager"]),
    administrator: await person(["administrator"]),
  };
  const cases = casesOf({ "fail>pass": 30, "pass>pass": 30 }).map((row) => {
    return { ...row, mustPass: given.mustPass?.includes(row.key) };
  });
  const world = await seedWorld(project.id, cases, { label: "production", ...given.world?.(team) });
  const document = canonicalJson({ ...standardPolicies.standard, name: "Own", ...given.policy });
  await db.policy.create({
    data: { projectId: project.id, key: "own", number: 1, document, digest: sha256Hex(document), createdBy: "test" },
  });
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", policy: "own", judges: [] };
  const { id } = await createRelease({ actor: team.manager, input });
  await drawSample({ actor: team.manager, input: { releaseId: id, size: 100 } });
  await gradeDrawn(id, team.reviewer.userId, given.truth ?? better);
  const { evidenceDigest } = await closeGrading({ actor: team.manager, input: { releaseId: id } });
  return { id, evidenceDigest, world, project, ...team };
}
type Ready = Awaited<ReturnType<typeof readyRelease>>;

function said(release: { id: number; evidenceDigest: string }, given: Partial<SignOffInput> = {}): SignOffInput {
  const decision = given.decision ?? "approve";
  const { id: releaseId, evidenceDigest } = release;
  const meaning = meanings[decision][0];
  return { releaseId, evidenceDigest, decision, meaning, reason: "I looked at all of it.", ...given };
}
const sign = (actor: Person, release: { id: number; evidenceDigest: string }, given?: Partial<SignOffInput>) =>
  signOffWithPassword({ actor, input: { ...said(release, given), password } });

async function addPasskey(actor: Person): Promise<Authenticator> {
  const device = new Authenticator(origin);
  const { challengeId, options } = await beginRegistration({ actor, input: { password } });
  await finishRegistration({ actor, input: { challengeId, name: "Laptop", response: device.register(options) } });
  return device;
}

const stateOf = (id: number) =>
  db.release.findUniqueOrThrow({
    where: { id },
    select: {
      ...{ state: true, approvals: true, evidenceDigest: true, decision: true },
      signOffs: { orderBy: { id: "asc" } },
    },
  });

async function supersede(releaseId: number, key: string, verdict: "pass" | "fail"): Promise<void> {
  const [before] = await db.$queryRaw<{ id: number }[]>`
    SELECT rv.id FROM review rv JOIN test_case c ON c.id = rv.case_id JOIN release r ON r.id = rv.release_id AND rv.run_id = r.candidate_run_id
     WHERE rv.release_id = ${releaseId} AND c.key = ${key}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)`;
  const {
    id: supersedesId,
    createdAt: _,
    note: __,
    ...review
  } = await db.review.findUniqueOrThrow({
    where: { id: before!.id },
  });
  await db.review.create({ data: { ...review, verdict, supersedesId } });
}

async function reopened(release: Ready, change: () => Promise<void>): Promise<{ evidenceDigest: string }> {
  await reopenGrading({ actor: release.manager, input: { releaseId: release.id } });
  await change();
  return closeGrading({ actor: release.manager, input: { releaseId: release.id } });
}

describe("a passkey", () => {
  it("is added with the password, renamed, and removed with the password; each is on record", async () => {
    const project = await seedProject();
    const actor = await seedPerson(project.id, { roles: ["release_manager"], passwordHash });
    await expect(beginRegistration({ actor, input: { password: "a wrong one" } })).rejects.toMatchObject({
      place: { field: "password" },
    });
    const device = await addPasskey(actor);
    await renamePasskey({ actor, input: { id: device.id, name: "Phone" } });
    expect(await listPasskeys(actor)).toMatchObject([{ id: device.id, name: "Phone", lastUsedAt: null }]);
    const other = await seedPerson(project.id, { roles: ["release_manager"], passwordHash });
    for (const work of [
      () => renamePasskey({ actor: other, input: { id: device.id, name: "Mine" } }),
      () => removePasskey({ actor: other, input: { id: device.id, password } }),
    ])
      await expect(work()).rejects.toMatchObject({ code: "not_found" });
    await expect(removePasskey({ actor, input: { id: device.id, password: "a wrong one" } })).rejects.toMatchObject({
      place: { field: "password" },
    });
    await removePasskey({ actor, input: { id: device.id, password } });
    expect(await listPasskeys(actor)).toEqual([]);
    const rows = await db.auditEntry.findMany({ where: { projectId: project.id }, orderBy: { index: "asc" } });
    expect(rows.map(({ action }) => action)).toEqual(["passkey.added", "passkey.renamed", "passkey.removed"]);
  });
  it("that does not verify its holder, or is made for another site, is not added", async () => {
    const project = await seedProject();
    const actor = await seedPerson(project.id, { roles: ["release_manager"], passwordHash });
    for (const given of [{ verified: false }, { origin: "http://localhost.example:3000" }, { rpId: "example.com" }]) {
      const { challengeId, options } = await beginRegistration({ actor, input: { password } });
      const response = new Authenticator(origin).register(options, given);
      const input = { challengeId, name: "Bad", response };
      await expect(finishRegistration({ actor, input })).rejects.toMatchObject({ code: "invalid" });
    }
    expect(await listPasskeys(actor)).toEqual([]);
  });
  it("signs the very decision; its signature is kept, exported and verified without the server", async () => {
    const release = await readyRelease();
    await recordOpening({ actor: release.manager, input: { releaseId: release.id, section: "brief" } });
    const device = await addPasskey(release.manager);
    const asked = await askToSign({ actor: release.manager, input: said(release) });
    const response = device.sign(asked.options);
    const done = await signOffWithPasskey({
      actor: release.manager,
      input: { releaseId: release.id, challengeId: asked.challengeId, response },
    });
    expect(done).toMatchObject({ state: "approved", checkpoint: "signed" });
    const [row] = (await stateOf(release.id)).signOffs;
    expect(row).toMatchObject({ reauthentication: "passkey", reason: "I looked at all of it." });
    const statement = JSON.parse(row!.statement!);
    expect(statement).toMatchObject({
      evidence: release.evidenceDigest,
      decision: "approve",
      signer: { email: release.manager.email },
      opened: [{ section: "brief" }],
    });
    const [decision] = await listDecisions(release.manager);
    const { bytes } = await exportDecision({ actor: release.manager, id: decision!.id });
    const { ok, checks } = verifyDecision(bytes);
    expect({ ok, bad: checks.filter((check) => !check.ok) }).toEqual({ ok: true, bad: [] });
    expect(checks.map(({ name }) => name)).toContain("passkeys");
  });
});

describe("what is refused, and in the log", () => {
  /** Each gets the release and answers with the attempt. */
  const attempts: Record<
    string,
    { given?: Given; by: (release: Ready) => Promise<unknown>; says: RegExp; actor?: keyof Team }
  > = {
    "self-approval: the author": {
      given: { world: ({ author }) => ({ author: author.email }) },
      by: (release) => sign(release.author, release),
      says: /wrote v2/,
    },
    "self-approval: who pushed it": {
      given: { world: ({ author }) => ({ contributorId: author.userId }) },
      by: (release) => sign(release.author, release),
      says: /brought v2 in/,
    },
    "self-approval by a second token, made in somebody else's name": {
      given: { world: ({ second }) => ({ contributorId: second.userId }) },
      async by(release) {
        // Second's token pushed the candidate, and it was the author who had made that token.
        const maker: Person = { ...release.author, roles: ["administrator"] };
        await createToken({ actor: maker, input: { as: release.second.email, name: "borrowed" } });
        return sign(release.author, release);
      },
      says: /made a token in the name of .*, who brought v2 in/,
    },
    "self-approval by one's own second token": {
      given: { world: ({ author }) => ({ contributorId: author.userId }) },
      async by(release) {
        const { token } = await createToken({ actor: release.author, input: { name: "second" } });
        const actor = (await tokenActor(token, "test")) as Token;
        return signOff({ actor, input: { ...said(release), reauthentication: null } });
      },
      says: /token can't sign/,
    },
    "a co-editor: who made the version that the candidate was made from": {
      async by(release) {
        const { promptId, candidate, baseline } = release.world;
        const between = await db.promptVersion.create({
          data: {
            promptId,
            number: 7,
            key: "v1b",
            digest: "7".repeat(64),
            parentId: baseline.id,
            contributorId: release.author.userId,
          },
        });
        await db.promptVersion.update({ where: { id: candidate.id }, data: { parentId: between.id } });
        return sign(release.author, release);
      },
      says: /brought v1b in, which v2 was made from and no release has approved/,
    },
    "the importer of the candidate's answers": {
      given: { world: ({ author }) => ({ importedById: author.userId }) },
      by: (release) => sign(release.author, release),
      says: /brought in the answers of v2/,
    },
    "a role given after contributing": {
      given: { world: ({ administrator }) => ({ contributorId: administrator.userId }) },
      async by(release) {
        const input = { userId: release.administrator.userId, roles: ["administrator", "release_manager"] as Role[] };
        await changeRoles({ actor: release.administrator, input });
        return sign({ ...release.administrator, roles: input.roles }, release);
      },
      says: /brought v2 in/,
      actor: "administrator",
    },
    "a role taken away in mid-session": {
      async by(release) {
        const input = { userId: release.manager.userId, roles: ["viewer"] as Role[] };
        await changeRoles({ actor: release.administrator, input });
        // The session still carries the role of before.
        return sign(release.manager, release);
      },
      says: /needs the role release manager/,
    },
    "an administrator": {
      by: (release) => sign(release.administrator, release),
      says: /needs the role release manager/,
    },
    "a grader, where the policy lets none sign": {
      given: { policy: { excluded: { graders: true, people: [] } } },
      by: (release) => sign(release.reviewer, release),
      says: /graded cases of this release/,
    },
    "a replayed assertion": {
      given: { policy: { signers: 2 } },
      async by(release) {
        const device = await addPasskey(release.manager);
        const asked = await askToSign({ actor: release.manager, input: said(release, { decision: "abstain" }) });
        const answer = {
          releaseId: release.id,
          challengeId: asked.challengeId,
          response: device.sign(asked.options),
        };
        await signOffWithPasskey({ actor: release.manager, input: answer });
        await withdrawSignOff({ actor: release.manager, input: { releaseId: release.id, reason: "Again." } });
        return signOffWithPasskey({ actor: release.manager, input: answer });
      },
      says: /used already/,
    },
    "an assertion for another statement": {
      async by(release) {
        const device = await addPasskey(release.manager);
        const refusal = await askToSign({ actor: release.manager, input: said(release, { decision: "refuse" }) });
        const approval = await askToSign({ actor: release.manager, input: said(release) });
        const response = device.sign(refusal.options);
        const input = { releaseId: release.id, challengeId: approval.challengeId, response };
        return signOffWithPasskey({ actor: release.manager, input });
      },
      says: /not valid.*challenge/i,
    },
    "an assertion for another release": {
      async by(release) {
        const other = await readyRelease();
        await db.membership.create({
          data: { projectId: other.project.id, userId: release.manager.userId, roles: ["release_manager"] },
        });
        const device = await addPasskey(release.manager);
        const there = actorFor({ ...release.manager, projectId: other.project.id });
        const asked = await askToSign({ actor: there, input: said(other) });
        const input = { releaseId: release.id, challengeId: asked.challengeId, response: device.sign(asked.options) };
        return signOffWithPasskey({ actor: release.manager, input });
      },
      says: /another statement/,
    },
    "an assertion without verifying the person": {
      async by(release) {
        const device = await addPasskey(release.manager);
        const { challengeId, options } = await askToSign({ actor: release.manager, input: said(release) });
        const response = device.sign(options, { verified: false });
        return signOffWithPasskey({ actor: release.manager, input: { releaseId: release.id, challengeId, response } });
      },
      says: /not valid.*verif/i,
    },
    "an assertion from another site": {
      async by(release) {
        const device = await addPasskey(release.manager);
        const { challengeId, options } = await askToSign({ actor: release.manager, input: said(release) });
        const response = device.sign(options, { origin: "http://localhost:3001" });
        return signOffWithPasskey({ actor: release.manager, input: { releaseId: release.id, challengeId, response } });
      },
      says: /not valid.*origin/i,
    },
    "an assertion that comes too late": {
      async by(release) {
        const device = await addPasskey(release.manager);
        const { challengeId, options } = await askToSign({ actor: release.manager, input: said(release) });
        await database.asOwner("UPDATE passkey_challenge SET expires_at = now() - interval '1 second' WHERE id = $1", [
          challengeId,
        ]);
        const response = device.sign(options);
        return signOffWithPasskey({ actor: release.manager, input: { releaseId: release.id, challengeId, response } });
      },
      says: /two minutes/,
    },
    "somebody else's passkey": {
      async by(release) {
        const device = await addPasskey(release.second);
        await addPasskey(release.manager);
        const { challengeId, options } = await askToSign({ actor: release.manager, input: said(release) });
        const response = device.sign(options);
        return signOffWithPasskey({ actor: release.manager, input: { releaseId: release.id, challengeId, response } });
      },
      says: /not one of yours/,
    },
    "a wrong password": {
      by: (release) => signOffWithPassword({ actor: release.manager, input: { ...said(release), password: "wrong" } }),
      says: /password/,
    },
    "a waiver of a gate that the policy lets nobody waive": {
      given: { truth: unclear },
      by: (release) => sign(release.manager, release, { waivers: [waiver("delta", 5)] }),
      says: /lets nobody waive the gate delta/,
    },
    "a waiver for longer than the policy allows": {
      given: { truth: unclear, policy: { waivers: { gates: ["delta", "reviews"], maxDays: 10 } } },
      by: (release) => sign(release.manager, release, { waivers: [waiver("delta", 11), waiver("reviews", 1)] }),
      says: /at most 10 days/,
    },
  };
  it.each(Object.entries(attempts))("%s", async (_name, { given, by, says }) => {
    const release = await readyRelease(given);
    await expect(by(release)).rejects.toMatchObject({ message: expect.stringMatching(says) });
    const logged = await events("release.sign_off_refused", release.id);
    expect(logged).toHaveLength(1);
    expect(String(logged[0]!.details?.reason)).toMatch(says);
    const { state, approvals, decision } = await stateOf(release.id);
    expect({ state, approvals, decision }).toEqual({ state: "ready", approvals: 0, decision: null });
    const label = await db.label.findFirstOrThrow({ where: { promptId: release.world.promptId, name: "production" } });
    expect(label.versionId).toBe(release.world.baseline.id);
  });
  it("and everybody sees who may sign and why the others may not", async () => {
    const release = await readyRelease({ world: ({ author }) => ({ contributorId: author.userId }) });
    const signers = await listSigners(release.administrator, release.id);
    expect(signers.find(({ userId }) => userId === release.author.userId)?.against).toEqual(["brought v2 in"]);
    expect(signers.filter(({ against }) => against.length === 0)).toHaveLength(3);
    const other = await readyRelease();
    await expect(listSigners(other.manager, release.id)).rejects.toMatchObject({ code: "not_found" });
  });
  it("is told beforehand in the same words, with who may sign instead", async () => {
    const release = await readyRelease({
      policy: { signers: 2, excluded: { graders: true, people: [] } },
      world: ({ author }) => ({ author: author.email, contributorId: author.userId }),
    });
    const { id, author, reviewer, administrator, manager, second } = release;
    const byName = (...people: Person[]) => people.map(({ name }) => name).sort();
    const others = async (actor: Person) => (await whoElseMaySign(actor, id)).sort();
    const told = [];
    for (const actor of [author, reviewer, administrator]) {
      const why = await whyMayNotSign(actor, id);
      told.push(why);
      await expect(sign(actor, release)).rejects.toMatchObject({ code: "forbidden", message: why });
      expect(await others(actor)).toEqual(byName(manager, second));
    }
    expect(told).toEqual([
      "You may not sign: you wrote v2; you brought v2 in.",
      "You may not sign: you graded cases of this release, and the policy lets no grader sign.",
      "You may not sign: signing needs the role release manager in this project.",
    ]);
    expect(await whyMayNotSign(manager, id)).toBeNull();

    await sign(manager, release);
    const again = await whyMayNotSign(manager, id);
    expect(again).toMatch(/^You signed this evidence already/);
    await expect(sign(manager, release)).rejects.toMatchObject({ code: "conflict", message: again });
    expect(await others(manager)).toEqual(byName(second));
    expect(await others(author)).toEqual(byName(second));
    expect((await getDesk(manager)).signatures).toEqual([]);
    expect((await getDesk(second)).signatures).toMatchObject([{ id }]);

    // What was taken back, or given on other evidence, stands in nobody's way.
    await withdrawSignOff({ actor: manager, input: { releaseId: id, reason: "Again." } });
    expect(await whyMayNotSign(manager, id)).toBeNull();
    expect((await getDesk(manager)).signatures).toMatchObject([{ id }]);
    await sign(manager, release);
    await reopenGrading({ actor: manager, input: { releaseId: id } });
    expect(await whyMayNotSign(manager, id)).toBeNull();
    const stranger = (await readyRelease()).manager;
    for (const asking of [whyMayNotSign, whoElseMaySign])
      await expect(asking(stranger, id)).rejects.toMatchObject({ code: "not_found" });
  });
});

const waiver = (gate: "delta" | "reviews", days: number) => ({
  gate,
  reason: "The holidays: nobody can grade.",
  until: new Date(Date.now() + days * 86_400_000).toISOString(),
});

describe("a waiver", () => {
  const policy = { signers: 2, waivers: { gates: ["delta" as const, "reviews" as const], maxDays: 10 } };
  it("lets others approve too, is shown to whoever asks the gate, and ends the approval when it ends", async () => {
    const release = await readyRelease({ truth: unclear, policy });
    await expect(sign(release.second, release)).rejects.toMatchObject({ code: "conflict" });
    await expect(sign(release.manager, release, { waivers: [waiver("delta", 5)] })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("40 cases"),
    });
    const waivers = [waiver("delta", 5), waiver("reviews", 3)];
    expect(await sign(release.manager, release, { waivers })).toMatchObject({ state: "ready", approvals: 1 });
    expect(await sign(release.second, release)).toMatchObject({ state: "approved" });
    const { decision } = await stateOf(release.id);
    expect(decision!.waivedUntil?.toISOString()).toBe(waivers[1]!.until);
    const version = { prompt: release.world.prompt, version: "v2" };
    expect(await gateFor(release.manager, version)).toMatchObject({
      decision: "approved",
      reasons: expect.arrayContaining([expect.stringContaining(`waived by ${release.manager.name}`)]),
      waivers: [{ gate: "delta" }, { gate: "reviews" }],
    });
    await database.asOwner("ALTER TABLE decision DISABLE TRIGGER ALL");
    await database.asOwner("UPDATE decision SET waived_until = now() WHERE release_id = $1", [release.id]);
    await database.asOwner("ALTER TABLE decision ENABLE TRIGGER ALL");
    expect(await gateFor(release.manager, version)).toMatchObject({
      decision: "pending",
      reasons: expect.arrayContaining([expect.stringContaining("has ended")]),
    });
    const { bytes } = await exportDecision({ actor: release.manager, id: decision!.id });
    expect(verifyDecision(bytes).checks.find(({ name }) => name === "policy")).toMatchObject({ ok: true });
  });
  it("of one part of a gate lets that part pass and no other", async () => {
    const release = await readyRelease({
      truth: (key, side) => (side === "candidate" && (key === "c001" || key === "c002") ? "fail" : better(key, side)),
      policy: { signers: 2, waivers: { gates: ["must_pass"], maxDays: 10 } },
      mustPass: ["c001", "c002"],
    });
    const of = (scope: GivenWaiver["scope"], days = 5): GivenWaiver => ({
      ...waiver("reviews", days),
      gate: "must_pass",
      scope,
    });
    const [one, other] = [of({ case: "c001" }), of({ case: "c002" }, 3)];
    await expect(sign(release.manager, release, { waivers: [one] })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("Nobody waives must pass: case c002."),
    });
    expect(await events("release.sign_off_refused", release.id)).toHaveLength(1);
    for (const wrong of [of({ case: "c003" }), of({ criterion: "correct" })])
      await expect(sign(release.manager, release, { waivers: [one, other, wrong] })).rejects.toMatchObject({
        code: "invalid",
        message: expect.stringContaining("nothing to waive"),
      });
    await expect(sign(release.manager, release, { waivers: [one, one] })).rejects.toThrow("waived twice");
    expect(await sign(release.manager, release, { waivers: [one, other] })).toMatchObject({ state: "ready" });
    expect(await sign(release.second, release)).toMatchObject({ state: "approved" });
    const { decision, signOffs } = await stateOf(release.id);
    expect(JSON.parse(signOffs[0]!.statement!).waivers).toEqual([one, other]);
    expect((await events("sign_off.given", release.id))[0]!.details?.waivers).toEqual([one, other]);
    expect(decision!.waivedUntil?.toISOString()).toBe(other.until);
    expect(await gateFor(release.manager, { prompt: release.world.prompt, version: "v2" })).toMatchObject({
      decision: "approved",
      reasons: expect.arrayContaining([expect.stringContaining("must pass: case c002 is waived")]),
      waivers: [{ scope: { case: "c001" } }, { scope: { case: "c002" } }],
    });
    const { bytes } = await exportDecision({ actor: release.manager, id: decision!.id });
    expect(verifyDecision(bytes).checks.find(({ name }) => name === "policy")).toMatchObject({ ok: true });
  });
  it("that has ended lets no approval through", async () => {
    const release = await readyRelease({ truth: unclear, policy });
    const soon = new Date(Date.now() + 2500).toISOString();
    const waivers = [waiver("delta", 5), { ...waiver("reviews", 5), until: soon }];
    await sign(release.manager, release, { waivers });
    await expect.poll(() => Date.now() > Date.parse(soon), { timeout: 5000 }).toBe(true);
    await expect(sign(release.second, release)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("ended on"),
    });
    expect(await stateOf(release.id)).toMatchObject({ state: "ready", approvals: 1 });
  });
  it("of a gate that is met is none", async () => {
    const release = await readyRelease({ policy });
    await expect(sign(release.manager, release, { waivers: [waiver("delta", 5)] })).rejects.toMatchObject({
      code: "invalid",
    });
  });
});

describe("an approval whose waiver ended", () => {
  const policy = { waivers: { gates: ["delta" as const, "reviews" as const], maxDays: 10 } };
  it("moves no protected label any more: refused, on record, also by the database; breaking the glass is red", async () => {
    const release = await readyRelease({ truth: unclear, policy });
    const { manager, administrator } = release;
    await sign(manager, release, { waivers: [waiver("delta", 5), waiver("reviews", 3)] });
    const { prompt, promptId, baseline, candidate } = release.world;
    const about = (label: string, version = "v2") => ({ prompt, label, version, reason: "As was decided." });
    for (const label of ["canary", "stable"]) {
      await moveLabel({ actor: manager, input: about(label, "v1") });
      await protectLabel({ actor: administrator, input: { prompt, label, reason: "Programs read it." } });
    }
    expect(await moveLabel({ actor: manager, input: about("canary") })).toMatchObject({ version: "v2" });
    expect(await getLabel(manager, prompt, "canary")).toMatchObject({
      standing: "approved",
      waivedUntil: expect.any(Date),
    });

    await database.asOwner("ALTER TABLE decision DISABLE TRIGGER ALL");
    await database.asOwner("UPDATE decision SET waived_until = now() WHERE release_id = $1", [release.id]);
    await database.asOwner("ALTER TABLE decision ENABLE TRIGGER ALL");
    await expect(moveLabel({ actor: manager, input: about("stable") })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/needed a waiver that ended on \d{4}-\d\d-\d\d\. A new release/),
    });
    const [refused] = await database.asOwner<{ leaf: Buffer }>(
      `SELECT leaf FROM audit_entry WHERE action = 'label.move_refused' AND subject = $1`,
      [`label:${prompt}/stable`],
    );
    expect(JSON.parse(refused!.leaf.toString("utf8")).details).toMatchObject({
      to: "v2",
      waiverEnded: expect.any(String),
    });
    const move = { promptId, label: "stable", kind: "moved" as const, toId: candidate.id, protected: true };
    await expect(db.labelMove.create({ data: { ...move, reason: "Mine.", movedBy: "me" } })).rejects.toThrow(
      /no release approved/,
    );
    // Nor back to it: the label that is there stays, and once it left it does not return.
    expect((await labelHistory(manager, prompt, "canary")).standing).toBe("approved");
    expect(await moveLabel({ actor: manager, input: about("canary", "v1") })).toMatchObject({ rolledBack: true });
    await expect(moveLabel({ actor: manager, input: about("canary") })).rejects.toMatchObject({ code: "conflict" });
    expect((await labelHistory(manager, prompt, "canary")).back).toEqual([]);
    expect(baseline.id).not.toBe(candidate.id);

    await breakGlassWithPassword({ actor: manager, input: { ...about("stable"), password } });
    expect(await getLabel(manager, prompt, "stable")).toMatchObject({ version: "v2", standing: "break_glass" });
    const { prompts } = await listPrompts(manager);
    expect(prompts[0]?.labels).toEqual([
      { name: "canary", protected: true, version: "v1", standing: "adopted" },
      { name: "production", protected: true, version: "v2", standing: "approved" },
      { name: "stable", protected: true, version: "v2", standing: "break_glass" },
    ]);
  });
});

describe("what a signature can be", () => {
  it("an abstention decides nothing; dissent stands in the record; groups must be among the signers", async () => {
    const team = await readyRelease({ policy: { signers: 2, dissentBlocks: false } });
    expect(await sign(team.author, team, { decision: "abstain" })).toMatchObject({ state: "ready", approvals: 0 });
    expect(await sign(team.reviewer, team, { decision: "refuse" })).toMatchObject({ state: "ready", approvals: 0 });
    expect(await sign(team.manager, team)).toMatchObject({ state: "ready", approvals: 1 });
    expect(await sign(team.second, team)).toMatchObject({ state: "approved", approvals: 2 });
    expect(await events("sign_off.given", team.id)).toHaveLength(3);
    const { bytes } = await exportDecision({ actor: team.manager, id: (await stateOf(team.id)).decision!.id });
    expect(verifyDecision(bytes).ok).toBe(true);
  });
  it("two refusals refuse where two must approve and dissent does not block", async () => {
    const team = await readyRelease({ policy: { signers: 2, dissentBlocks: false } });
    await sign(team.author, team, { decision: "refuse" });
    expect(await sign(team.manager, team)).toMatchObject({ state: "ready" });
    expect(await sign(team.second, team, { decision: "refuse" })).toMatchObject({ state: "refused" });
  });
  it("of a group as often as the policy says", async () => {
    const law = "law@example.test";
    const group = { name: "Law", people: [law], signatures: 1 };
    const team = await readyRelease({ policy: { signers: 1, signerGroups: [group] } });
    const lawyer = await seedPerson(team.project.id, { roles: ["release_manager"], passwordHash, email: law });
    expect(await sign(team.manager, team)).toMatchObject({ state: "ready", approvals: 1 });
    expect(await sign(lawyer, team)).toMatchObject({ state: "approved", approvals: 2 });
  });
  it("means what the policy offers, nothing else", async () => {
    const sentence = "I reviewed the evidence and approve stage canary.";
    const team = await readyRelease({ policy: { meanings: [sentence] } });
    await expect(sign(team.manager, team)).rejects.toMatchObject({ place: { field: "meaning" } });
    expect(await sign(team.manager, team, { meaning: sentence })).toMatchObject({ state: "approved" });
  });
  it("is taken back while nothing is decided, stays in the record, and may be given again", async () => {
    const team = await readyRelease({ policy: { signers: 2 } });
    await sign(team.manager, team);
    const back = { actor: team.manager, input: { releaseId: team.id, reason: "I read the wrong tab." } };
    await expect(withdrawSignOff({ ...back, actor: team.second })).rejects.toMatchObject({ code: "conflict" });
    await expect(withdrawSignOff({ ...back, actor: team.administrator })).rejects.toMatchObject({ code: "forbidden" });
    const other = await readyRelease();
    await expect(withdrawSignOff({ ...back, actor: other.manager })).rejects.toMatchObject({ code: "not_found" });
    await withdrawSignOff(back);
    expect(await stateOf(team.id)).toMatchObject({ state: "ready", approvals: 0, signOffs: [{ number: 1 }] });
    expect(await events("sign_off.withdrawn", team.id)).toMatchObject([{ details: { reason: back.input.reason } }]);
    expect(await sign(team.second, team)).toMatchObject({ state: "ready", approvals: 1 });
    expect(await sign(team.manager, team)).toMatchObject({ state: "approved", approvals: 2 });
    await expect(withdrawSignOff(back)).rejects.toMatchObject({ code: "conflict" });
    const { decision } = await stateOf(team.id);
    const { bytes } = await exportDecision({ actor: team.manager, id: decision!.id });
    expect(verifyDecision(bytes).checks.filter(({ ok }) => !ok)).toEqual([]);
  });
  it("tells what its giver had opened of this evidence, and of no other", async () => {
    const team = await readyRelease({ policy: { signers: 2 } });
    const c = await db.case.findFirstOrThrow({ where: { datasetId: team.world.datasetId, key: "c003" } });
    const open = (
      input: { section: "brief" | "cases"; case?: number; evidenceDigest?: string },
      actor = team.manager,
    ) => recordOpening({ actor, input: { releaseId: team.id, ...input } });
    expect(await open({ section: "brief" })).toEqual({ recorded: true });
    expect(await open({ section: "brief" })).toEqual({ recorded: false });
    expect(await open({ section: "cases", case: c.id })).toEqual({ recorded: true });
    expect(await open({ section: "cases", evidenceDigest: "0".repeat(64) })).toEqual({ recorded: false });
    expect(await open({ section: "brief" }, team.administrator)).toEqual({ recorded: false });
    const other = await readyRelease();
    await expect(open({ section: "brief" }, other.manager)).rejects.toMatchObject({ code: "not_found" });
    const foreign = await db.case.findFirstOrThrow({ where: { datasetId: other.world.datasetId } });
    await expect(open({ section: "cases", case: foreign.id })).rejects.toMatchObject({ code: "not_found" });
    await sign(team.manager, team);
    const again = await reopened(team, async () => {});
    await sign(team.manager, { ...team, ...again });
    const { signOffs } = await stateOf(team.id);
    const opened = signOffs.map((row) => JSON.parse(row.opened).map(({ section }: { section: string }) => section));
    expect(opened).toEqual([["brief", "case:c003"], []]);
    expect(await events("evidence.opened", team.id)).toHaveLength(2);
  });
});

describe("stale", () => {
  it("names the grade that changed, by person and case, before and after; and the gate and numbers that follow", async () => {
    const team = await readyRelease({ policy: { signers: 2 } });
    await sign(team.manager, team);
    const again = await reopened(team, () => supersede(team.id, "c002", "fail"));
    const changes = await changesBetween(team.manager, team.id, team.evidenceDigest, again.evidenceDigest);
    expect(changes[0]).toMatchObject({
      key: "reviews",
      changes: [
        {
          what: expect.stringMatching(new RegExp(`^${team.reviewer.name} corrected the grade of c002, v2, `)),
          before: "pass",
          after: "fail",
        },
      ],
    });
    const numbers = changes.find(({ key }) => key === "numbers")!.changes;
    expect(numbers.find(({ what }) => what.endsWith("estimate › delta"))).toMatchObject({
      before: "+50.0 pt",
      after: "+48.3 pt",
    });
    await expect(sign(team.second, team)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("corrected the grade of c002"),
    });
    const other = await readyRelease();
    const foreign = changesBetween(other.manager, team.id, team.evidenceDigest, again.evidenceDigest);
    await expect(foreign).rejects.toMatchObject({ code: "not_found" });
  });
  it("is noticed even where nobody should be able to change anything: nobody can sign, and it says why", async () => {
    const team = await readyRelease();
    expect(await changedSinceFrozen(team.manager, team.id, team.evidenceDigest)).toBeNull();
    await supersede(team.id, "c004", "fail");
    await expect(sign(team.manager, team)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/changed while it waited: .*c004/),
    });
    expect(await changedSinceFrozen(team.manager, team.id, team.evidenceDigest)).not.toBeNull();
    expect(await events("release.sign_off_refused", team.id)).toHaveLength(1);
    expect(await stateOf(team.id)).toMatchObject({ state: "ready", signOffs: [] });
  });
});

describe("breaking the glass", () => {
  it("moves the label for a reason, approves nothing, is seen for ever, and everybody hears of it", async () => {
    const team = await readyRelease({ world: ({ author }) => ({ contributorId: author.userId }) });
    const move = { prompt: team.world.prompt, label: "production", version: "v2" };
    const input = { ...move, reason: "Production answers nothing at all.", password };
    for (const [actor, given, code] of [
      [team.author, { ...input, reason: "now" }, undefined],
      [team.author, { ...input, password: "wrong" }, "invalid"],
      [{ ...team.reviewer, roles: ["reviewer"] as Role[] }, input, "forbidden"],
      [{ ...team.author, kind: "token" as const, tokenId: 1 }, input, "forbidden"],
      [(await readyRelease()).manager, input, "not_found"],
    ] as const)
      await expect(breakGlassWithPassword({ actor, input: given })).rejects.toMatchObject(code ? { code } : {});
    const label = () => db.label.findFirstOrThrow({ where: { promptId: team.world.promptId, name: "production" } });
    expect((await label()).versionId).toBe(team.world.baseline.id);
    // A contributor may, in an emergency.
    expect(await breakGlassWithPassword({ actor: team.author, input })).toEqual({ version: "v2" });
    expect((await label()).versionId).toBe(team.world.candidate.id);
    expect(await gateFor(team.manager, move)).toMatchObject({
      decision: "pending",
      reasons: [expect.stringMatching(/^break_glass: .*nothing at all/), expect.anything()],
    });
    expect(await listBreakGlass(team.manager, { prompt: move.prompt })).toMatchObject([
      { from: "v1", to: "v2", by: team.author.name },
    ]);
    const told = await listNews(team.manager);
    expect(told.map(({ action }) => action)).toContain("label.break_glass");
    const log = await database.asOwner<{ action: string; n: number }>(
      "SELECT action, count(*)::int AS n FROM audit_entry WHERE action LIKE 'label.break_glass%' AND project_id = $1 GROUP BY 1 ORDER BY 1",
      [team.project.id],
    );
    expect(log).toEqual([
      { action: "label.break_glass", n: 1 },
      { action: "label.break_glass_refused", n: 3 },
    ]);
  });
  it("is not for what is approved, nor for a label that is not protected", async () => {
    const team = await readyRelease();
    await sign(team.manager, team);
    const input = { prompt: team.world.prompt, version: "v2", reason: "Production is down.", password };
    await db.label.updateMany({
      where: { promptId: team.world.promptId },
      data: { versionId: team.world.baseline.id },
    });
    await expect(
      breakGlassWithPassword({ actor: team.manager, input: { ...input, label: "production" } }),
    ).rejects.toMatchObject({ message: expect.stringContaining("is approved") });
    await writeLabelMove(db, {
      prompt: { id: team.world.promptId, name: team.world.prompt },
      label: "canary",
      kind: "moved",
      from: null,
      to: { id: team.world.baseline.id, key: "v1", digest: "" },
      by: { name: "test", userId: null },
    });
    await expect(
      breakGlassWithPassword({ actor: team.manager, input: { ...input, label: "canary" } }),
    ).rejects.toMatchObject({ message: expect.stringContaining("not protected") });
  });
});

import { describe, expect, it } from "vitest";
import type { Person, Role, Token } from "../auth/actor";
import { beginRegistration, finishRegistration } from "../auth/passkeys";
import { hashPassword } from "../auth/password";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { Authenticator } from "../testing/authenticator";
import { testDatabase } from "../testing/database";
import { actorFor, seedPerson, seedProject } from "../testing/seed";
import { createRelease, drawSample } from "./commands";
import { countNews } from "./news";
import { ensurePolicies, standardPolicies } from "./policy";
import {
  approvePolicy,
  approvePolicyWithPasskey,
  approvePolicyWithPassword,
  askToApprovePolicy,
  proposePolicy,
  rejectPolicy,
  withdrawProposal,
} from "./policy-commands";
import { policySchema } from "./policy-document";
import { getPolicy, getProposal, listPolicies, listProposals, policyFacts } from "./policy-queries";
import { policyWarnings } from "./policy-warnings";
import { casesOf, seedWorld } from "./release.seed";

const database = await testDatabase();
process.env.NEXTAUTH_URL = "http://127.0.0.1:3000";

type Event = { action: string; subject: object; actor: object; before?: string; after?: string; details?: object };
async function events(projectId: number): Promise<Event[]> {
  const rows = await database.asOwner<{ leaf: Buffer }>(
    'SELECT leaf FROM audit_entry WHERE project_id = $1 ORDER BY "index"',
    [projectId],
  );
  return rows.map(({ leaf }) => JSON.parse(leaf.toString("utf8")));
}
const actions = async (projectId: number) =>
  (await events(projectId)).map(({ action }) => action).filter((action) => action !== "policy.created");

const password = "correct horse battery";
const passwordHash = await hashPassword(password);

/** A project with so many people who may approve, a viewer, and the policies it starts with. */
async function seedTeam(entitled: number) {
  const project = await seedProject();
  const roles: Role[][] = [["release_manager"], ["administrator"], ["release_manager", "reviewer"]];
  const people: Person[] = [];
  for (let i = 0; i < entitled; i++) people.push(await seedPerson(project.id, { roles: roles[i % 3], passwordHash }));
  const viewer = await seedPerson(project.id, { roles: ["viewer", "reviewer", "auditor"], passwordHash });
  await transaction((tx) => ensurePolicies(tx, project.id));
  return { projectId: project.id, people, viewer };
}

const stricter = { ...standardPolicies.standard, signers: 2 };

async function propose(actor: Person | Token, given: object = {}) {
  const input = { key: "standard", reason: "Two see more than one.", document: stricter, ...given };
  return proposePolicy({ actor, input });
}
const approve = (actor: Person | Token, proposal: { id: number; digest: string }) => {
  const input = { proposalId: proposal.id, digest: proposal.digest };
  return actor.kind === "person"
    ? approvePolicyWithPassword({ actor, input: { ...input, password } })
    : approvePolicy({ actor, input, proof: null });
};

const tokenOf = async (person: Person, given: { maker?: Person } = {}): Promise<Token> => {
  const { userId, projectId, roles, email } = person;
  const data = {
    projectId,
    userId,
    createdById: (given.maker ?? person).userId,
    name: "ci",
    prefix: "cs",
    tokenHash: `${Math.random()}`,
  };
  const { id: tokenId } = await db.apiToken.create({ data });
  return { kind: "token", tokenId, userId, name: "ci", email, projectId, roles, requestId: "test" };
};

describe("proposing a version of a policy", () => {
  it("stores the canonical document with its digest, records it, tells others, and changes nothing yet", async () => {
    const { projectId, people } = await seedTeam(3);
    const { id, digest } = await propose(people[0]!);
    expect(digest).toBe(sha256Hex(canonicalJson(policySchema.parse(stricter))));
    expect(await getProposal(people[1]!, id)).toMatchObject({
      ...{ key: "standard", state: "open", baseNumber: 1, digest, approvals: 0, needed: 2, version: null },
      proposedBy: people[0]!.email,
      document: { signers: 2 },
      base: { signers: 1 },
    });
    const standard = sha256Hex(canonicalJson(standardPolicies.standard));
    expect((await events(projectId)).at(-1)).toMatchObject({
      action: "policy.proposed",
      subject: { kind: "policy_proposal", id: String(id), name: "standard" },
      before: standard,
      after: digest,
      details: { key: "standard", from: 1, reason: "Two see more than one." },
    });
    expect((await listPolicies(people[1]!)).map(({ key, number, open }) => [key, number, open])).toEqual([
      ["standard", 1, 1],
      ["strict", 1, 0],
    ]);
    expect(await countNews(people[1]!)).toBe(1);
    expect(await countNews(people[0]!)).toBe(0);
  });

  it("needs the role, a reason, something that differs, and the newest version to start from", async () => {
    const { projectId, people, viewer } = await seedTeam(2);
    await expect(propose(viewer)).rejects.toMatchObject({ code: "forbidden" });
    await expect(propose(people[0]!, { reason: " " })).rejects.toThrow("Say what changes");
    await expect(propose(people[0]!, { document: standardPolicies.standard })).rejects.toMatchObject({
      code: "conflict",
      message: "Nothing is different: this is version 1 of standard.",
    });
    await expect(propose(people[0]!, { base: 2 })).rejects.toThrow("Version 1 of standard is the newest");
    await expect(propose(people[0]!, { key: "medical", base: 1 })).rejects.toThrow("There is no policy medical yet");
    await expect(propose(people[0]!, { key: "Not a key" })).rejects.toThrow("Small letters");
    await expect(propose(people[0]!, { key: "new" })).rejects.toThrow("taken");
    const twice = [
      { slice: "a", margin: 0 },
      { slice: "a", margin: 0.1 },
    ];
    await expect(propose(people[0]!, { document: { ...stricter, slices: twice } })).rejects.toThrow("twice");
    await expect(propose(people[0]!, { document: { ...stricter, margin: 2 } })).rejects.toThrow();
    expect(await actions(projectId)).toEqual([]);
  });

  it("is not there for another project", async () => {
    const { people } = await seedTeam(2);
    const other = await seedTeam(2);
    const proposal = await propose(people[0]!);
    const stranger = other.people[0]!;
    await expect(getProposal(stranger, proposal.id)).rejects.toMatchObject({ code: "not_found" });
    await expect(approve(stranger, proposal)).rejects.toMatchObject({ code: "not_found" });
    const input = { proposalId: proposal.id, reason: "No." };
    await expect(rejectPolicy({ actor: stranger, input })).rejects.toMatchObject({ code: "not_found" });
    await expect(withdrawProposal({ actor: other.people[1]!, input })).rejects.toMatchObject({ code: "not_found" });
    expect(await listProposals(stranger, {})).toEqual([]);
    expect(await actions(other.projectId)).toEqual([]);
  });
});

describe("approving it", () => {
  it("takes two others where there are three or more; then it is the newest version, of that very document", async () => {
    const { projectId, people } = await seedTeam(3);
    const proposal = await propose(people[0]!);
    await expect(approve(people[0]!, proposal)).rejects.toThrow("two others must approve");
    expect(await approve(people[1]!, proposal)).toEqual({ approvals: 1, version: null });
    await expect(approve(people[1]!, proposal)).rejects.toMatchObject({ code: "conflict" });
    expect(await approve(people[2]!, proposal)).toEqual({ approvals: 2, version: 2 });
    const { versions } = await getPolicy(people[0]!, "standard");
    expect(versions).toMatchObject([
      {
        number: 2,
        digest: proposal.digest,
        createdBy: people[0]!.email,
        proposal: { id: proposal.id, approvedBy: [people[1]!.name, people[2]!.name] },
      },
      { number: 1, proposal: null },
    ]);
    expect(sha256Hex(versions[0]!.stored)).toBe(proposal.digest);
    expect(await actions(projectId)).toEqual([
      "policy.proposed",
      "policy.approval_refused",
      "policy.approval_given",
      "policy.changed",
    ]);
    expect((await events(projectId)).at(-1)).toMatchObject({
      after: proposal.digest,
      details: { key: "standard", approvals: 2, version: 2 },
    });
    await expect(approve(people[1]!, proposal)).rejects.toMatchObject({ code: "conflict" });
  });

  it("may count the proposer as one of two where there are only two, and never one alone", async () => {
    const two = await seedTeam(2);
    const proposal = await propose(two.people[0]!);
    expect(await approve(two.people[0]!, proposal)).toEqual({ approvals: 1, version: null });
    expect(await approve(two.people[1]!, proposal)).toEqual({ approvals: 2, version: 2 });
    const one = await seedTeam(1);
    const own = await propose(one.people[0]!);
    expect(await approve(one.people[0]!, own)).toEqual({ approvals: 1, version: null });
    await expect(approve(one.people[0]!, own)).rejects.toMatchObject({ code: "conflict" });
    expect((await getPolicy(one.people[0]!, "standard")).versions).toHaveLength(1);
  });

  it("counts whoever made the token it was proposed with as a proposer, and no token at all", async () => {
    const { projectId, people } = await seedTeam(4);
    const token = await tokenOf(people[0]!, { maker: people[1]! });
    const proposal = await propose(token);
    await expect(approve(people[0]!, proposal)).rejects.toThrow("You proposed this");
    await expect(approve(people[1]!, proposal)).rejects.toThrow("You made the token");
    await expect(approve(await tokenOf(people[2]!), proposal)).rejects.toMatchObject({
      code: "forbidden",
      message: "A token can't approve. People approve in the browser.",
    });
    const reject = { actor: await tokenOf(people[2]!), input: { proposalId: proposal.id, reason: "No." } };
    await expect(rejectPolicy(reject)).rejects.toMatchObject({ code: "forbidden" });
    expect((await actions(projectId)).filter((action) => action === "policy.approval_refused")).toHaveLength(3);
    await approve(people[2]!, proposal);
    expect(await approve(people[3]!, proposal)).toMatchObject({ version: 2 });
  });

  it("needs the role at that moment: approvals of people who lost it count for nothing", async () => {
    const { projectId, people, viewer } = await seedTeam(4);
    const proposal = await propose(people[0]!);
    await expect(approve(viewer, proposal)).rejects.toMatchObject({ code: "forbidden" });
    await approve(people[1]!, proposal);
    await db.membership.update({
      where: { projectId_userId: { projectId, userId: people[1]!.userId } },
      data: { roles: ["viewer"] },
    });
    // Somebody whose session still says so is asked again of the database.
    await expect(approve(actorFor({ ...viewer, roles: ["administrator"] }), proposal)).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await approve(people[2]!, proposal)).toEqual({ approvals: 1, version: null });
    expect(await approve(people[3]!, proposal)).toEqual({ approvals: 2, version: 2 });
  });

  it("is of the document that was read, and of a proposal that is open", async () => {
    const { people } = await seedTeam(3);
    const proposal = await propose(people[0]!);
    await expect(approve(people[1]!, { ...proposal, digest: "0".repeat(64) })).rejects.toThrow("not the document");
    const other = await propose(people[0]!, { document: { ...stricter, signers: 3 } });
    await approve(people[1]!, proposal);
    await approve(people[2]!, proposal);
    await expect(approve(people[1]!, other)).rejects.toThrow("no longer the newest");
    expect(await getProposal(people[1]!, other.id)).toMatchObject({ state: "outdated" });
    await withdrawProposal({ actor: people[0]!, input: { proposalId: other.id, reason: "Outdated." } });
    expect(await getProposal(people[1]!, other.id)).toMatchObject({ state: "withdrawn" });
  });

  it("counts right when many approve at once: one version, each approval once", async () => {
    for (let round = 0; round < 8; round++) {
      const { projectId, people } = await seedTeam(5);
      const proposal = await propose(people[0]!);
      const tries = [1, 1, 2, 3, 4].map((i) => approve(people[i]!, proposal));
      const results = await Promise.allSettled(tries);
      const given = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      expect(given.map(({ approvals, version }) => [approvals, version]).sort()).toEqual([
        [1, null],
        [2, 2],
      ]);
      for (const result of results)
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict" });
      expect(await db.policyAct.count({ where: { proposalId: proposal.id } })).toBe(2);
      expect(await db.policy.count({ where: { projectId, key: "standard" } })).toBe(2);
    }
  }, 60_000);

  it("makes one version of two proposals of the same policy at once", async () => {
    const { projectId, people } = await seedTeam(3);
    const proposals = [await propose(people[0]!), await propose(people[0]!, { document: { ...stricter, signers: 3 } })];
    for (const proposal of proposals) await approve(people[1]!, proposal);
    const results = await Promise.allSettled(proposals.map((proposal) => approve(people[2]!, proposal)));
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await db.policy.count({ where: { projectId, key: "standard" } })).toBe(2);
  });
});

describe("ending a proposal", () => {
  it("is rejecting it by somebody else, or withdrawing one's own, with a reason, for good", async () => {
    const { projectId, people, viewer } = await seedTeam(3);
    // The second is an administrator.
    const [author, administrator, manager] = people as [Person, Person, Person];
    const proposal = await propose(author);
    const input = { proposalId: proposal.id, reason: "Two are not there in August." };
    await expect(rejectPolicy({ actor: author, input })).rejects.toThrow("withdraw it instead");
    await expect(rejectPolicy({ actor: viewer, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(withdrawProposal({ actor: viewer, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(withdrawProposal({ actor: manager, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(rejectPolicy({ actor: manager, input: { ...input, reason: "" } })).rejects.toThrow("Say why");
    await rejectPolicy({ actor: manager, input });
    expect(await getProposal(author, proposal.id)).toMatchObject({
      state: "rejected",
      acts: [{ kind: "reject", name: manager.name, reason: input.reason }],
    });
    await expect(approve(manager, proposal)).rejects.toThrow("was rejected");
    await expect(withdrawProposal({ actor: author, input })).rejects.toThrow("was rejected");
    const second = await propose(author);
    await withdrawProposal({ actor: administrator, input: { ...input, proposalId: second.id } });
    await expect(approve(manager, second)).rejects.toThrow("was withdrawn");
    expect(await actions(projectId)).toEqual([
      "policy.proposed",
      "policy.rejected",
      "policy.proposed",
      "policy.withdrawn",
    ]);
  });
});

describe("a new version", () => {
  it("is what new releases are made under; a release that is there keeps its own, byte for byte", async () => {
    const { projectId, people } = await seedTeam(3);
    const manager = people[0]!;
    const world = await seedWorld(projectId, casesOf({ "pass>pass": 10, "pass>fail": 4 }));
    const input = { prompt: world.prompt, baseline: "v1", candidate: "v2" };
    const { id } = await createRelease({ actor: manager, input });
    await drawSample({ actor: manager, input: { releaseId: id, size: 5 } });
    const row = async () =>
      database.asOwner(
        `SELECT r.*, p.document, p.digest FROM release r JOIN policy p ON p.id = r.policy_id WHERE r.id = ${id}`,
      );
    const before = JSON.stringify(await row());
    const proposal = await propose(manager);
    await expect(createRelease({ actor: manager, input: { ...input, policy: "medical" } })).rejects.toMatchObject({
      code: "invalid",
    });
    await approve(people[1]!, proposal);
    await approve(people[2]!, proposal);
    expect(JSON.stringify(await row())).toBe(before);
    await database.asOwner(`UPDATE release SET state = 'withdrawn', decided_at = now() WHERE id = ${id}`);
    const { id: next } = await createRelease({ actor: manager, input });
    expect(
      await db.release.findUnique({ where: { id: next }, select: { policy: { select: { number: true } } } }),
    ).toEqual({
      policy: { number: 2 },
    });
  });

  it("of a key that nobody has yet is a new policy, which can't be named before it is approved", async () => {
    const { projectId, people } = await seedTeam(3);
    const world = await seedWorld(projectId, casesOf({ "pass>pass": 3, "fail>fail": 3 }));
    const proposal = await propose(people[0]!, { key: "medical", base: 0 });
    const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", policy: "medical" };
    await expect(createRelease({ actor: people[0]!, input })).rejects.toMatchObject({ code: "invalid" });
    await approve(people[1]!, proposal);
    expect(await approve(people[2]!, proposal)).toEqual({ approvals: 2, version: 1 });
    expect(await createRelease({ actor: people[0]!, input })).toMatchObject({ id: expect.any(Number) });
  });

  it("never changes again, nor does a proposal or what people said of it", async () => {
    const { people } = await seedTeam(2);
    const proposal = await propose(people[0]!);
    await approve(people[1]!, proposal);
    for (const table of ["policy", "policy_proposal", "policy_act"]) {
      await expect(db.$executeRawUnsafe(`DELETE FROM ${table}`)).rejects.toThrow();
      await expect(database.asOwner(`UPDATE ${table} SET id = id`)).rejects.toThrow("append-only");
      await expect(database.asOwner(`TRUNCATE ${table} CASCADE`)).rejects.toThrow("append-only");
    }
  });
});

describe("what warnings are told from", () => {
  it("is the project as it is now: members, datasets with their slices, criteria", async () => {
    const { projectId, people, viewer } = await seedTeam(2);
    const world = await seedWorld(projectId, casesOf({ "pass>pass": 3 }), { author: people[0]!.email });
    await db.$executeRaw`UPDATE test_case SET slice = 'billing' WHERE dataset_id = ${world.datasetId} AND key <> 'c001'`;
    await createRelease({ actor: people[0]!, input: { prompt: world.prompt, baseline: "v1", candidate: "v2" } });
    const facts = await policyFacts(viewer);
    expect(facts).toMatchObject({
      datasets: [{ cases: 3, slices: ["billing"] }],
      contributors: [people[0]!.email],
      graders: [],
      ages: [],
    });
    expect(facts.members).toHaveLength(3);
    const impossible = async () =>
      policyWarnings(policySchema.parse({ ...stricter, signers: 1 }), await policyFacts(viewer)).filter(
        ({ kind }) => kind === "impossible",
      );
    expect(await impossible()).toEqual([]);
    await db.membership.update({
      where: { projectId_userId: { projectId, userId: people[0]!.userId } },
      data: { roles: ["viewer"] },
    });
    expect(await impossible()).toMatchObject([
      { field: "signers", text: expect.stringContaining("nobody here may sign") },
    ]);
  });
});

describe("an approval", () => {
  it("takes the password or a passkey, again and for this very document; what lacks it is refused and on record", async () => {
    const { projectId, people } = await seedTeam(4);
    const proposal = await propose(people[0]!);
    const [, second, third] = people as [Person, Person, Person];
    const input = { proposalId: proposal.id, digest: proposal.digest };
    await expect(approvePolicy({ actor: second, input, proof: null })).rejects.toMatchObject({ code: "forbidden" });
    await expect(
      approvePolicyWithPassword({ actor: second, input: { ...input, password: "wrong" } }),
    ).rejects.toMatchObject({ place: { field: "password" } });

    const device = new Authenticator("http://localhost:3000");
    const registration = await beginRegistration({ actor: second, input: { password } });
    await finishRegistration({
      actor: second,
      input: { challengeId: registration.challengeId, name: "Laptop", response: device.register(registration.options) },
    });
    const other = await askToApprovePolicy({ actor: second, input: { ...input, reason: "Another remark." } });
    const answer = (asked: typeof other) => ({
      challengeId: asked.challengeId,
      response: device.sign(asked.options),
    });
    await expect(approvePolicyWithPasskey({ actor: second, input: { ...input, ...answer(other) } })).rejects.toThrow(
      "another statement",
    );
    const asked = await askToApprovePolicy({ actor: second, input });
    expect(await approvePolicyWithPasskey({ actor: second, input: { ...input, ...answer(asked) } })).toMatchObject({
      approvals: 1,
    });
    expect(await approve(third, proposal)).toEqual({ approvals: 2, version: 2 });
    const told = (await events(projectId)).filter(({ action }) => /^policy\.(approval|changed)/.test(action));
    expect(told.map(({ action, details }) => [action, details])).toMatchObject([
      ["policy.approval_refused", { reason: "Neither password nor passkey was given again." }],
      ["policy.approval_refused", { reason: "The password was wrong." }],
      ["policy.approval_refused", { reason: "The passkey was used for another statement than this one." }],
      ["policy.approval_given", { reauthentication: "passkey", assertion: { rpId: "localhost" } }],
      ["policy.changed", { reauthentication: "password" }],
    ]);
    expect(JSON.parse(String((told[3]!.details as { statement: string }).statement))).toMatchObject({
      format: "countersign-policy-approval/1",
      sha256: proposal.digest,
      signer: { id: second.userId },
    });
  });
});

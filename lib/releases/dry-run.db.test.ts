import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { canonicalJson } from "../digest";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { closeGrading, createRelease, drawSample } from "./commands";
import { type DryRunRow, dryRun } from "./dry-run";
import { policySchema, standardPolicies } from "./policy";
import { casesOf, gradeDrawn, seedWorld } from "./release.seed";

const database = await testDatabase();

const policy = (given: object = {}) => policySchema.parse({ ...standardPolicies.standard, ...given });

/** Three releases: approved, with its grading open and half graded, and one that was frozen before inputs were kept. */
async function seedReleases() {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
  const world = await seedWorld(project.id, casesOf({ "pass>pass": 30, "fail>pass": 10 }));
  await db.$executeRaw`UPDATE test_case SET slice = CASE WHEN id % 2 = 0 THEN 'billing' ELSE 'returns' END WHERE dataset_id = ${world.datasetId}`;
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2" };
  const release = async (size: number) => {
    const { id } = await createRelease({ actor: manager, input });
    // Drawn by a seed: which cases are graded decides what a policy says.
    await drawSample({ actor: manager, input: { releaseId: id, size, seed: "dry-run-2" } });
    await gradeDrawn(id, reviewer.userId, (key, side) => {
      return side === "candidate" ? (key.endsWith("7") ? "fail" : "pass") : Number(key.slice(1)) % 2 ? "pass" : "fail";
    });
    return id;
  };
  const decided = await release(40);
  const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId: decided } });
  await database.asOwner(
    `INSERT INTO sign_off (release_id, evidence_digest, user_id, printed_name, roles, decision, meaning, reason, reauthentication)
     VALUES (${decided}, '${evidenceDigest}', ${manager.userId}, 'Mila', '{release_manager}', 'approve', 'I approve.', 'Good.', 'password')`,
  );
  await db.release.update({ where: { id: decided }, data: { state: "approved", approvals: 1, decidedAt: new Date() } });
  const open = await release(12);
  return { projectId: project.id, manager, reviewer, decided, open };
}

const gate = (row: DryRunRow | undefined, key: string) => row?.gates.find((found) => found.key === key);

describe("a dry run of a policy", () => {
  it("judges decided releases from their evidence, open ones as they stand, and stores nothing", async () => {
    const { projectId, manager, reviewer, decided, open } = await seedReleases();
    const everything = async () =>
      JSON.stringify([
        await database.asOwner(`SELECT * FROM release WHERE project_id = ${projectId} ORDER BY id`),
        await database.asOwner(
          `SELECT e.* FROM evidence e JOIN release r ON r.id = e.release_id WHERE r.project_id = ${projectId}`,
        ),
        await database.asOwner("SELECT count(*) FROM audit_entry"),
        await database.asOwner("SELECT count(*) FROM policy"),
      ]);
    const before = await everything();
    const same = await dryRun(reviewer, policy());
    expect(same.left).toBe(0);
    expect(same.rows.map(({ id, state, before, after, changed }) => [id, state, before, after, changed])).toEqual([
      [open, "grading", "blocked", "blocked", false],
      [decided, "approved", "approved", "approved", false],
    ]);
    for (const row of same.rows) for (const { before, after } of row.gates) expect(after).toBe(before);

    const other = policy({
      signers: 2,
      slices: [
        { slice: "billing", margin: 0 },
        { slice: "mars", margin: 0 },
      ],
      freshness: { runs: 30, calibration: null },
    });
    const [, approved] = (await dryRun(manager, other)).rows;
    expect(approved).toMatchObject({ before: "approved", after: "blocked", changed: true, policy: "standard 1" });
    expect(gate(approved, "slices")).toMatchObject({
      before: null,
      after: "not_enough_evidence",
      detail: expect.stringContaining("mars: no case of this release is in it"),
    });
    expect(gate(approved, "freshness")).toMatchObject({ before: null, after: "met" });
    expect(gate(approved, "signers")).toMatchObject({ before: "met", after: "not_met" });
    expect((await dryRun(manager, policy({ signers: 2 }))).rows[1]).toMatchObject({ after: "needs more signatures" });
    const excluded = policy({ excluded: { graders: false, people: [manager.email] } });
    expect((await dryRun(manager, excluded)).rows[1]).toMatchObject({ after: "needs more signatures" });
    // Fewer grades asked for: the open one could be signed.
    const easy = policy({ minReviewedCases: 5, margin: -0.9, judge: { minTpr: 0, minTnr: 0 } });
    expect((await dryRun(manager, easy)).rows[0]).toMatchObject({
      before: "blocked",
      after: "could be signed",
      changed: true,
    });
    expect(await everything()).toBe(before);
  }, 60_000);

  it("says what evidence lacks: second graders, sentinels, and all of it where it is from before inputs were kept", async () => {
    const { manager, decided } = await seedReleases();
    const of = async (given: object) => (await dryRun(manager, policy(given))).rows.find(({ id }) => id === decided);
    const twice = await of({ reviewersPerCase: 2 });
    expect(gate(twice, "reviews")).toMatchObject({
      after: "not_enough_evidence",
      detail: expect.stringContaining("0 of"),
    });
    const release = await db.release.findUniqueOrThrow({ where: { id: decided } });
    const where = { releaseId_digest: { releaseId: decided, digest: release.evidenceDigest! } };
    const { inputs: _, ...older } = JSON.parse((await db.evidence.findUniqueOrThrow({ where })).body);
    // Triggers keep evidence; the owner has to switch them off.
    await database.asOwner("ALTER TABLE evidence DISABLE TRIGGER refuse_row_change");
    await database.asOwner("UPDATE evidence SET body = $1 WHERE release_id = $2", [canonicalJson(older), decided]);
    await database.asOwner("ALTER TABLE evidence ENABLE ALWAYS TRIGGER refuse_row_change");
    expect(await of({})).toMatchObject({
      after: "can't be told",
      changed: false,
      why: "This evidence was frozen before evidence kept what its numbers rest on.",
    });
  }, 60_000);

  it("looks at the project's own releases alone", async () => {
    await seedReleases();
    const project = await seedProject();
    const stranger = await seedPerson(project.id);
    expect(await dryRun(stranger, policy())).toEqual({ rows: [], left: 0 });
  });
});

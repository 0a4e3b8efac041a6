import { describe, expect, it } from "vitest";
import type { Actor, Person } from "../auth/actor";
import { db } from "../db/client";
import { sha256Hex } from "../digest";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { getBrief } from "./brief";
import { closeGrading, createRelease, drawSample, reopenGrading, withdrawRelease } from "./commands";
import { casesOf, gradeDrawn, type SeededWorld, seedWorld } from "./release.seed";
import { verifySamples } from "./verify-samples";

const database = await testDatabase();

async function lastEvent(): Promise<{ action: string; projectId: number; subject: { id: string }; details?: object }> {
  const [row] = await database.asOwner<{ leaf: Buffer }>('SELECT leaf FROM audit_entry ORDER BY "index" DESC LIMIT 1');
  return JSON.parse(row!.leaf.toString("utf8"));
}

const someCases = casesOf({ "pass>pass": 30, "fail>pass": 8, "pass>fail": 2 });

async function seedTeam(cases = someCases): Promise<{ manager: Person; reviewer: Person; world: SeededWorld }> {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const reviewer = await seedPerson(project.id, { roles: ["reviewer", "viewer", "auditor"] });
  return { manager, reviewer, world: await seedWorld(project.id, cases) };
}

/** Who draws here must see strata and probabilities, so it is somebody who may not grade. */
const drawer = (manager: Person): Person => ({ ...manager, roles: ["administrator"] });

async function newRelease(actor: Actor, world: SeededWorld): Promise<number> {
  const { id } = await createRelease({ actor, input: { prompt: world.prompt, baseline: "v1", candidate: "v2" } });
  return id;
}

const stateOf = async (id: number) => (await db.release.findUniqueOrThrow({ where: { id } })).state;

describe("creating a release", () => {
  it("chooses dataset, runs, criteria, judge and policy, and records it", async () => {
    const { manager, world } = await seedTeam();
    const id = await newRelease(manager, world);
    const release = await db.release.findUniqueOrThrow({ where: { id }, include: { criteria: true, policy: true } });
    expect(release).toMatchObject({
      state: "draft",
      baselineRunId: world.baseline.runId,
      candidateRunId: world.candidate.runId,
      datasetId: world.datasetId,
      label: null,
      createdById: manager.userId,
      policy: { key: "standard", number: 1 },
      criteria: [{ criterionId: world.criterionId, position: 0, judgeVersionId: world.judgeVersionId }],
    });
    expect(await lastEvent()).toMatchObject({
      action: "release.created",
      projectId: manager.projectId,
      subject: { id: String(id) },
    });
  });
  it("takes the protected label that the baseline holds", async () => {
    const project = await seedProject();
    const manager = await seedPerson(project.id, { roles: ["release_manager"] });
    const world = await seedWorld(project.id, someCases, { label: "production" });
    const release = await db.release.findUniqueOrThrow({ where: { id: await newRelease(manager, world) } });
    expect(release.label).toBe("production");
  });
  it("needs the role", async () => {
    const { reviewer, world } = await seedTeam();
    await expect(newRelease(reviewer, world)).rejects.toMatchObject({ code: "forbidden" });
    expect(await db.release.count({ where: { projectId: reviewer.projectId } })).toBe(0);
  });
  it("sees no prompt of another project", async () => {
    const [{ manager }, { world }] = [await seedTeam(), await seedTeam()];
    await expect(newRelease(manager, world)).rejects.toMatchObject({ code: "invalid", place: { field: "prompt" } });
  });
  it.each([
    [{ candidate: "v9" }, "candidate", /v1 and v2/],
    [{ candidate: "v1" }, "candidate", /two different/],
    [{ dataset: "nowhere" }, "dataset", /nowhere/],
    [{ criteria: ["nothing"] }, "criteria", /nothing/],
    [{ judges: ["nobody"] }, "judges", /nobody/],
    [{ policy: "none" }, "policy", /standard/],
  ])("says which field is wrong and what there is: %j", async (given, field, message) => {
    const { manager, world } = await seedTeam();
    const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", ...given };
    const refused = createRelease({ actor: manager, input });
    await expect(refused).rejects.toMatchObject({
      code: "invalid",
      place: { field },
      message: expect.stringMatching(message),
    });
  });
  it("works without a judge when asked so", async () => {
    const { manager, world } = await seedTeam();
    const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", judges: [] };
    const { id } = await createRelease({ actor: manager, input });
    expect(await db.releaseCriterion.findFirst({ where: { releaseId: id } })).toMatchObject({ judgeVersionId: null });
    const { draws } = await drawSample({ actor: drawer(manager), input: { releaseId: id, size: 5 } });
    expect(new Set(draws.map(({ stratum }) => stratum))).toEqual(new Set(["none>none"]));
  });
  it("asks one question once at a time", async () => {
    const { manager, world } = await seedTeam();
    const id = await newRelease(manager, world);
    await expect(newRelease(manager, world)).rejects.toMatchObject({ code: "conflict" });
    await withdrawRelease({ actor: manager, input: { releaseId: id } });
    await expect(newRelease(manager, world)).resolves.toBeGreaterThan(id);
  });
});

describe("drawing", () => {
  it("draws with recorded probabilities, hands the queue on, and records it", async () => {
    const { manager, world } = await seedTeam();
    const id = await newRelease(manager, world);
    const input = { releaseId: id, size: 12, design: "stratified" as const };
    const { batch, seed, draws } = await drawSample({ actor: drawer(manager), input });
    expect({ batch, drawn: draws.length, state: await stateOf(id) }).toEqual({ batch: 1, drawn: 12, state: "grading" });
    expect(seed).toMatch(/^[0-9a-f]{32}$/);
    const size = { "pass>pass": 30, "fail>pass": 8, "pass>fail": 2 };
    for (const [stratum, population] of Object.entries(size)) {
      const rows = draws.filter((draw) => draw.stratum === stratum);
      expect(rows.length, stratum).toBeGreaterThan(0);
      for (const { probability } of rows) expect(probability).toBeCloseTo(rows.length / population, 12);
    }
    const stored = await db.draw.findMany({ where: { releaseId: id }, orderBy: { position: "asc" } });
    expect(stored.map(({ position }) => position)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(await lastEvent()).toMatchObject({ action: "release.drawn", details: { seed, batch: 1, size: 12 } });
  });
  it("draws every case with the same probability unless asked otherwise", async () => {
    const { manager, world } = await seedTeam();
    const id = await newRelease(manager, world);
    const { draws } = await drawSample({ actor: drawer(manager), input: { releaseId: id, size: 12 } });
    expect(new Set(draws.map(({ probability }) => probability))).toEqual(new Set([12 / 40]));
  });
  it("can draw every batch again from its seed, and notices a changed draw, seed or design", async () => {
    const { manager, world } = await seedTeam();
    const id = await newRelease(manager, world);
    for (const design of ["random", "adaptive", "stratified"] as const) {
      await drawSample({ actor: drawer(manager), input: { releaseId: id, size: 6, design } });
    }
    const problems = async () => (await verifySamples(db)).problems.filter(({ release }) => release === id);
    expect(await problems()).toEqual([]);
    const [first, second] = await db.draw.findMany({
      where: { releaseId: id, batch: 2 },
      orderBy: { position: "asc" },
    });
    const put = (caseId: number, position: number) =>
      db.draw.update({ where: { releaseId_caseId: { releaseId: id, caseId } }, data: { position } });
    await put(first!.caseId, 999);
    await put(second!.caseId, first!.position);
    await put(first!.caseId, second!.position);
    expect(await problems()).toEqual([{ release: id, batch: 2, what: "its seed draws another case in place 1 of 6" }]);
    await db.sampleBatch.update({ where: { releaseId_number: { releaseId: id, number: 3 } }, data: { seed: "other" } });
    expect((await problems()).map(({ batch }) => batch)).toEqual(expect.arrayContaining([2, 3]));
  });
  it("prefers cases whose score is close to the judge's threshold, and counts them in strata of their own", async () => {
    const { manager, reviewer, world } = await seedTeam();
    await db.$executeRaw`UPDATE judge_version SET threshold = 0.5 WHERE id = ${world.judgeVersionId}`;
    await db.$executeRaw`
      UPDATE verdict v SET score = CASE WHEN right(c.key, 1) IN ('1', '5', '9') THEN 0.52 ELSE 0.9 END
        FROM test_case c WHERE c.id = v.case_id AND v.judge_version_id = ${world.judgeVersionId}`;
    const id = await newRelease(manager, world);
    const { draws } = await drawSample({
      actor: drawer(manager),
      input: { releaseId: id, size: 20, design: "adaptive" },
    });
    const chance = (close: boolean) =>
      draws
        .filter(({ case: key, stratum }) => /[159]$/.test(key) === close && stratum !== "must-pass")
        .map(({ probability }) => probability!);
    expect(Math.max(...chance(true))).toBeGreaterThan(Math.max(...chance(false)));
    expect((await verifySamples(db)).problems.filter(({ release }) => release === id)).toEqual([]);
    await gradeDrawn(id, reviewer.userId, () => "pass");
    const { criteria } = await getBrief(drawer(manager), id);
    expect(criteria[0]!.estimate).toMatchObject({ drawn: 20, reviewed: 20 });
    const close = (await db.releaseTally.findMany({ where: { releaseId: id, close: true, judgeVersionId: null } })).map(
      ({ cases }) => cases,
    );
    expect(close.reduce((sum, n) => sum + n, 0)).toBe(12);
  });
  it("draws the same cases in the same order again from the same seed", async () => {
    const drawAgain = async () => {
      const { manager, world } = await seedTeam();
      const id = await newRelease(manager, world);
      return (await drawSample({ actor: drawer(manager), input: { releaseId: id, size: 15, seed: "a seed" } })).draws;
    };
    expect(await drawAgain()).toEqual(await drawAgain());
  });
  it("draws every must-pass case in the first batch, with probability 1", async () => {
    const cases = someCases.map((row, i) => ({ ...row, mustPass: i % 10 === 0 }));
    const { manager, world } = await seedTeam(cases);
    const id = await newRelease(manager, world);
    const { draws } = await drawSample({ actor: drawer(manager), input: { releaseId: id, size: 2 } });
    const must = draws.filter(({ stratum }) => stratum === "must-pass");
    expect(must.map((draw) => draw.case).sort()).toEqual(["c001", "c011", "c021", "c031"]);
    expect(must.every(({ probability }) => probability === 1)).toBe(true);
  });
  it("leaves out a case that one version did not answer, and says so wherever it matters", async () => {
    const cases = someCases.map((row, i) => ({ ...row, mustPass: i === 0 }));
    const { manager, reviewer, world } = await seedTeam(cases);
    await db.$executeRaw`
      DELETE FROM output o USING test_case c WHERE c.id = o.case_id AND c.key IN ('c001', 'c002') AND o.run_id = ${world.candidate.runId}`;
    await db.run.update({ where: { id: world.candidate.runId }, data: { outputCount: 38, errorCount: 3 } });
    const id = await newRelease(manager, world);
    await drawSample({ actor: drawer(manager), input: { releaseId: id, size: 38, design: "stratified" } });
    await gradeDrawn(id, reviewer.userId, () => "pass");
    const brief = await getBrief(manager, id);
    expect(brief).toMatchObject({
      population: 38,
      answers: { cases: 40, missing: { v1: 0, v2: 2 }, errors: { v2: 3 } },
    });
    expect(brief.criteria[0]).toMatchObject({ unanswered: 2, estimate: { delta: 0, worstCase: -2 / 40 } });
    expect(brief.gates.find(({ key }) => key === "must_pass")).toMatchObject({
      status: "not_enough_evidence",
      detail: "0 of 1 must-pass case graded pass; not answered by both versions: c001.",
    });
  });
  it("draws from what is left, all of it when more is asked, then says that nothing is", async () => {
    const { manager, world } = await seedTeam();
    const id = await newRelease(manager, world);
    const first = await drawSample({ actor: manager, input: { releaseId: id, size: 25 } });
    const second = await drawSample({ actor: drawer(manager), input: { releaseId: id, size: 1000 } });
    const drawn = [...first.draws, ...second.draws].map((draw) => draw.case);
    expect(second).toMatchObject({ batch: 2 });
    expect(second.draws.every(({ probability }) => probability === 1)).toBe(true);
    expect(new Set(drawn)).toEqual(new Set(someCases.map(({ key }) => key)));
    await expect(drawSample({ actor: manager, input: { releaseId: id, size: 1 } })).rejects.toMatchObject({
      code: "conflict",
    });
  });
  it("gives each of two draws at once its own batch and cases", async () => {
    const { manager, world } = await seedTeam();
    const id = await newRelease(manager, world);
    const both = await Promise.all(
      [1, 2].map(() => drawSample({ actor: manager, input: { releaseId: id, size: 20 } })),
    );
    expect(both.map(({ batch }) => batch).sort()).toEqual([1, 2]);
    expect(new Set(both.flatMap(({ draws }) => draws.map((draw) => draw.case))).size).toBe(40);
  });
  it("hides the order of the sides from whoever knows the seed", async () => {
    const orders = [];
    for (let i = 0; i < 3; i++) {
      const { manager, world } = await seedTeam();
      const id = await newRelease(manager, world);
      await drawSample({ actor: manager, input: { releaseId: id, size: 40, seed: "known" } });
      const rows = await db.draw.findMany({ where: { releaseId: id }, orderBy: { position: "asc" } });
      orders.push(rows.map(({ swapped }) => swapped).join());
    }
    expect(new Set(orders).size).toBe(3);
  });
  it("needs the role and the project", async () => {
    const { manager, reviewer, world } = await seedTeam();
    const id = await newRelease(manager, world);
    const { manager: stranger } = await seedTeam();
    const draw = (actor: Actor) => drawSample({ actor, input: { releaseId: id, size: 5 } });
    await expect(draw(reviewer)).rejects.toMatchObject({ code: "forbidden" });
    await expect(draw(stranger)).rejects.toMatchObject({ code: "not_found" });
    expect(await stateOf(id)).toBe("draft");
  });
});

describe("closing, reopening, withdrawing", () => {
  async function gradedRelease() {
    const team = await seedTeam();
    const id = await newRelease(team.manager, team.world);
    await drawSample({ actor: team.manager, input: { releaseId: id, size: 40 } });
    await gradeDrawn(id, team.reviewer.userId, () => "pass");
    return { ...team, id };
  }
  it("freezes everything under one digest", async () => {
    const { manager, reviewer, id } = await gradedRelease();
    const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId: id } });
    const evidence = await db.evidence.findFirstOrThrow({ where: { releaseId: id } });
    expect(evidence.digest).toBe(evidenceDigest);
    expect(sha256Hex(evidence.body)).toBe(evidenceDigest);
    const body = JSON.parse(evidence.body);
    expect(body.reviews).toHaveLength(80);
    expect(body.reviews[0]).toMatchObject({ reviewer: { id: reviewer.userId }, verdict: "pass", blind: true });
    expect(body.sample[0].draws).toHaveLength(40);
    expect(body.policy.document).toMatchObject({ margin: -0.02 });
    expect(body.gates.map(({ key }: { key: string }) => key)).toEqual(["must_pass", "delta", "judge", "reviews"]);
    expect(await lastEvent()).toMatchObject({ action: "release.closed", after: evidenceDigest });
    expect((await getBrief(manager, id)).evidenceDigest).toBe(evidenceDigest);
  });
  it("gives another digest after reopening, even when nothing was graded meanwhile", async () => {
    const { manager, id } = await gradedRelease();
    const first = await closeGrading({ actor: manager, input: { releaseId: id } });
    await reopenGrading({ actor: manager, input: { releaseId: id, reason: "a case was graded in haste" } });
    expect(await stateOf(id)).toBe("grading");
    expect(await lastEvent()).toMatchObject({ action: "release.reopened", before: first.evidenceDigest });
    const second = await closeGrading({ actor: manager, input: { releaseId: id } });
    expect(second.evidenceDigest).not.toBe(first.evidenceDigest);
  });
  it("withdraws for good", async () => {
    const { manager, id } = await gradedRelease();
    await withdrawRelease({ actor: manager, input: { releaseId: id, reason: "wrong baseline" } });
    expect(await stateOf(id)).toBe("withdrawn");
    expect(await lastEvent()).toMatchObject({ action: "release.withdrawn", details: { from: "grading" } });
    for (const again of [closeGrading, reopenGrading, withdrawRelease]) {
      await expect(again({ actor: manager, input: { releaseId: id } })).rejects.toMatchObject({ code: "conflict" });
    }
  });
  it("draws no more while the grading is closed", async () => {
    const { manager, id } = await gradedRelease();
    await closeGrading({ actor: manager, input: { releaseId: id } });
    await expect(drawSample({ actor: manager, input: { releaseId: id, size: 1 } })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("Reopen the grading first"),
    });
  });
  it.each([closeGrading, reopenGrading, withdrawRelease])("%o needs the role and the project", async (change) => {
    const { manager, reviewer, id } = await gradedRelease();
    if (change === reopenGrading) await closeGrading({ actor: manager, input: { releaseId: id } });
    const before = await stateOf(id);
    const { manager: stranger } = await seedTeam();
    await expect(change({ actor: reviewer, input: { releaseId: id } })).rejects.toMatchObject({ code: "forbidden" });
    await expect(change({ actor: stranger, input: { releaseId: id } })).rejects.toMatchObject({ code: "not_found" });
    expect(await stateOf(id)).toBe(before);
  });
});

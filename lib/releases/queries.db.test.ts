import { describe, expect, it } from "vitest";
import { appendAudit } from "../audit/append";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { submitReviews, supersedeReviews } from "../review/commands";
import { listGraders, nextTask, reviewProgress } from "../review/queries";
import { listQueue } from "../review/queue";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { getBrief } from "./brief";
import { closeGrading, createRelease, drawSample, reopenGrading, withdrawRelease } from "./commands";
import { getDesk } from "./desk";
import { gateFor } from "./gate";
import { getEvidence, getRelease, listHistory, listReleases, listReleasesBetween, releaseChoices } from "./queries";
import { listRegressions } from "./regressions";
import { casesOf, changePolicyOf, gradeDrawn, seedWorld } from "./release.seed";

await testDatabase();

async function gradedRelease() {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
  const viewer = await seedPerson(project.id);
  const cases = casesOf({ "pass>pass": 40, "pass>fail": 20 }).map((row) => ({ ...row, mustPass: row.key === "c050" }));
  const world = await seedWorld(project.id, cases, { label: "production" });
  const { id } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager, input: { releaseId: id, size: 60 } });
  const bad = new Set(["c050", "c060"]);
  await gradeDrawn(id, reviewer.userId, (key, side) => (side === "candidate" && bad.has(key) ? "fail" : "pass"));
  return { id, manager, reviewer, viewer, world };
}

describe("another project's release", () => {
  it("does not exist, whatever is asked about it", async () => {
    const { id, world } = await gradedRelease();
    const stranger: Person = await seedPerson((await seedProject()).id, {
      roles: ["administrator", "release_manager", "auditor", "reviewer"],
    });
    const reads = [getBrief, getRelease, getEvidence, listHistory, listRegressions] as ((
      actor: Person,
      id: number,
    ) => Promise<unknown>)[];
    for (const read of reads) await expect(read(stranger, id), read.name).rejects.toMatchObject({ code: "not_found" });
    expect(await listReleases(stranger)).toEqual([]);
    expect(await listReleasesBetween(stranger, { prompt: world.prompt, versions: ["v1", "v2"] })).toEqual([]);
    expect(await gateFor(stranger, { prompt: world.prompt, version: "v2" })).toMatchObject({ decision: "unknown" });
    expect(await getDesk(stranger)).toMatchObject({ queues: [], signatures: [], blocked: [], recent: [] });
    expect((await releaseChoices(stranger, { prompt: world.prompt })).choices.prompts).toEqual([]);
  });
});

describe("the releases between two versions", () => {
  it("are those of both ways round, newest first, and of no other pair", async () => {
    const { id, manager, viewer, world } = await gradedRelease();
    await withdrawRelease({ actor: manager, input: { releaseId: id } });
    const back = await createRelease({
      actor: manager,
      input: { prompt: world.prompt, baseline: "v2", candidate: "v1" },
    });
    const between = (...versions: [string, string]) => listReleasesBetween(viewer, { prompt: world.prompt, versions });
    const wanted = [
      { id: back.id, state: "draft", baseline: "v2", candidate: "v1" },
      { id, state: "withdrawn", baseline: "v1", candidate: "v2" },
    ];
    expect(await between("v1", "v2")).toMatchObject(wanted);
    expect(await between("v2", "v1")).toMatchObject(wanted);
    expect(await between("v1", "v1")).toEqual([]);
    expect(await listReleasesBetween(viewer, { prompt: "another", versions: ["v1", "v2"] })).toEqual([]);
  });
});

describe("the brief", () => {
  it("has the shape of the contract, in proportions, and no single case's verdict", async () => {
    const { id, viewer } = await gradedRelease();
    const brief = await getBrief(viewer, id);
    expect(brief).toMatchObject({
      id,
      state: "grading",
      baseline: "v1",
      candidate: "v2",
      evidenceDigest: null,
      signOffs: [],
      label: "production",
      population: 60,
      sampling: { drawn: 60, left: 0 },
    });
    expect(brief.gates.map(({ key, status }) => [key, status])).toEqual([
      ["must_pass", "not_met"],
      ["delta", "not_met"],
      ["judge", expect.any(String)],
      ["reviews", "met"],
      ["signers", "not_met"],
    ]);
    const [criterion] = brief.criteria;
    expect(criterion!.estimate.delta).toBeCloseTo(-2 / 60, 12);
    expect(criterion!.labels).toEqual({ labelled: 60, unsure: 0, disagreement: 0, waiting: 0 });
    const [judge] = criterion!.judges;
    expect(criterion!.tally[judge!.key]).toEqual({ better: 0, worse: 20, same: 40, error: 0 });
    // 18 answers that people pass and the judge fails are overrides.
    expect(criterion!.overrides).toBe(18);
  });
  it("of a closed release is the frozen one, whatever rows say later", async () => {
    const { id, manager } = await gradedRelease();
    const { criteria, population } = await getBrief(manager, id);
    const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId: id } });
    const frozen = await getBrief(manager, id);
    expect(frozen).toMatchObject({ state: "ready", evidenceDigest, population });
    expect(frozen.criteria).toEqual(JSON.parse(JSON.stringify(criteria)));
    const body = JSON.parse((await getEvidence(manager, id)).body);
    expect(body).toMatchObject({ release: { id }, baseline: { key: "v1" }, closed: { by: manager.email, number: 1 } });
    await reopenGrading({ actor: manager, input: { releaseId: id } });
    expect((await getEvidence(manager, id, evidenceDigest)).digest).toBe(evidenceDigest);
    await expect(getEvidence(manager, id)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("the history", () => {
  it("shows what changed the release; every event only to whoever may read the audit log", async () => {
    const { id, manager, viewer } = await gradedRelease();
    await db.$transaction(async (tx) => {
      await appendAudit(tx, manager, { action: "review.given", subject: { kind: "release", id: String(id) } });
    });
    const actions = async (actor: Person, everything: boolean) =>
      (await listHistory(actor, id, { everything })).entries.map(({ action }) => action);
    expect(await actions(manager, true)).toEqual(["review.given", "release.drawn", "release.created"]);
    expect(await actions(manager, false)).toEqual(["release.drawn", "release.created"]);
    expect(await actions(viewer, true)).toEqual(["release.drawn", "release.created"]);
  });
  it("does not mix up releases whose numbers begin alike", async () => {
    const { id, manager } = await gradedRelease();
    await db.$transaction(async (tx) => {
      await appendAudit(tx, manager, {
        action: "release.closed",
        subject: { kind: "release", id: `${id}0`, name: "x" },
      });
    });
    expect((await listHistory(manager, id)).entries).toHaveLength(2);
  });
});

describe("the desk", () => {
  it("tells a reviewer what waits, until it is graded", async () => {
    const project = await seedProject();
    const manager = await seedPerson(project.id, { roles: ["release_manager"] });
    const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
    const world = await seedWorld(project.id, casesOf({ "pass>pass": 20 }));
    const input = { prompt: world.prompt, baseline: "v1", candidate: "v2" };
    const { id } = await createRelease({ actor: manager, input });
    expect((await getDesk(manager)).blocked).toMatchObject([{ id, need: "draw" }]);
    await drawSample({ actor: manager, input: { releaseId: id, size: 8 } });
    expect((await getDesk(reviewer)).queues).toMatchObject([{ id, waiting: 8, msPerCase: null }]);
    await gradeDrawn(id, reviewer.userId, () => "pass");
    expect((await getDesk(reviewer)).queues).toEqual([]);
    expect((await getDesk(manager)).blocked).toMatchObject([{ id, need: "close" }]);
  });
  it("tells the time that cases take as every other page does", async () => {
    const project = await seedProject();
    const manager = await seedPerson(project.id, { roles: ["release_manager"] });
    const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
    const other = await seedPerson(project.id, { roles: ["reviewer"] });
    const world = await seedWorld(project.id, casesOf({ "pass>pass": 20 }));
    const { id } = await createRelease({
      actor: manager,
      input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
    });
    await drawSample({ actor: manager, input: { releaseId: id, size: 8 } });
    for (const [actor, took] of [
      [reviewer, [9000, 10_000]],
      [other, [30_000]],
    ] as const) {
      for (const tookMs of took) {
        const { task, criteria } = (await nextTask(actor, id))!;
        const grades = (verdict: "pass" | "fail") =>
          criteria.flatMap(({ key }) => (["A", "B"] as const).map((side) => ({ side, criterion: key, verdict })));
        const delivery = { releaseId: id, task, tookMs, clientKey: crypto.randomUUID() };
        await submitReviews({ actor, input: { ...delivery, grades: grades("pass") } });
        // A correction takes the time that it takes: it is no case more.
        const correction = { ...delivery, grades: grades("fail"), tookMs: 900, clientKey: crypto.randomUUID() };
        await supersedeReviews({ actor, input: correction });
      }
    }
    await nextTask(other, id);
    const progress = await reviewProgress(reviewer, id);
    expect(progress).toMatchObject({ medianMs: 9500, waiting: 4 });
    expect((await getDesk(reviewer)).queues).toMatchObject([{ id, waiting: 4, msPerCase: 9500 }]);
    for (const rows of [await listGraders(manager, id), (await listQueue(manager, id)).people])
      expect(rows.find(({ name }) => name === reviewer.name)?.medianMs).toBe(9500);
    // Who has no pace of their own is told everybody's.
    expect((await getDesk(manager)).queues).toMatchObject([{ msPerCase: 10_000 }]);
  });
  it("shows a blocked release to managers, and asks nobody to sign it", async () => {
    const { id, manager, viewer } = await gradedRelease();
    await closeGrading({ actor: manager, input: { releaseId: id } });
    const desk = await getDesk(manager);
    expect(desk.signatures).toEqual([]);
    expect(desk.blocked).toMatchObject([{ id, need: "gates" }]);
    expect(desk.blocked[0]!.open.map(({ key }) => key)).toContain("must_pass");
    expect(await getDesk(viewer)).toMatchObject({ queues: [], signatures: [], blocked: [] });
  });
});

describe("regressions", () => {
  it("are what people found worse, must-pass first, and never a case that waits for another grader", async () => {
    const { id, viewer } = await gradedRelease();
    expect((await listRegressions(viewer, id)).map((row) => [row.case, row.mustPass, row.regressed])).toEqual([
      ["c050", true, true],
      ["c060", false, true],
    ]);
    await changePolicyOf(id, { reviewersPerCase: 2 });
    expect(await listRegressions(viewer, id)).toEqual([]);
  });
});

describe("the form's choices", () => {
  it("propose the labelled version as baseline and the newest other one as candidate", async () => {
    const { manager, world } = await gradedRelease();
    const { draft, choices } = await releaseChoices(manager, {});
    expect(draft).toMatchObject({ prompt: world.prompt, baseline: "v1", candidate: "v2" });
    expect(choices).toMatchObject({ problem: null, plan: { label: "production", policy: { key: "standard" } } });
    expect(choices.criteria).toHaveLength(1);
  });
  it("are for those who may create", async () => {
    const { viewer } = await gradedRelease();
    await expect(releaseChoices(viewer, {})).rejects.toMatchObject({ code: "forbidden" });
  });
});

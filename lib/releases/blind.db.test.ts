import { describe, expect, it } from "vitest";
import type { Actor, Person, Token } from "../auth/actor";
import { listOverrides } from "../calibration/queries";
import { db } from "../db/client";
import { inParts, nextTask, taskText, waitingCases } from "../review/queries";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { getBrief } from "./brief";
import {
  type CaseFilter,
  inParts as casesInParts,
  caseText,
  describeCases,
  flips,
  getCase,
  listCases,
  readAround,
  whyMissing,
} from "./cases";
import { closeGrading, createRelease, drawSample, reopenGrading, withdrawRelease } from "./commands";
import { listRegressions } from "./regressions";
import { casesOf, gradeDrawn, type SeededWorld, seedWorld } from "./release.seed";

await testDatabase();

/** What a person who still has to grade a case must not be told of it (docs/decisions/0004). */
async function team(cases = casesOf({ "pass>fail": 6, "fail>pass": 6 })) {
  const project = await seedProject();
  const person = (...roles: Person["roles"]) => seedPerson(project.id, { roles });
  return {
    world: await seedWorld(project.id, cases),
    manager: await person("release_manager"),
    reviewer: await person("reviewer"),
    other: await person("reviewer"),
    viewer: await person("viewer"),
  };
}

const ask = async (actor: Actor, { prompt }: SeededWorld, baseline = "v1", candidate = "v2") =>
  (await createRelease({ actor, input: { prompt, baseline, candidate } })).id;

async function seen(actor: Actor, release: number) {
  const { rows } = await listCases(actor, release, {});
  const details = await Promise.all(rows.map(({ id }) => getCase(actor, release, id)));
  for (const [i, row] of rows.entries()) {
    const { hidden, sides, draw } = details[i]!;
    expect(row.hidden).toBe(hidden);
    if (!hidden) continue;
    expect([row.flip, row.baseline.verdict, row.candidate.verdict, row.override, draw]).toEqual([
      null,
      null,
      null,
      false,
      null,
    ]);
    expect(JSON.stringify([row, sides])).not.toMatch(/answer|"pass"|"fail"/);
  }
  return { hidden: rows.filter((row) => row.hidden).length, shown: rows.filter((row) => !row.hidden).length };
}

describe("a case that waits for a blind grade", () => {
  it("is hidden from those who may grade it, until they did; others see it", async () => {
    const { world, manager, reviewer, viewer } = await team();
    const id = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: id, size: 12 } });
    for (const actor of [manager, reviewer]) expect(await seen(actor, id)).toEqual({ hidden: 12, shown: 0 });
    expect(await seen(viewer, id)).toEqual({ hidden: 0, shown: 12 });
    await gradeDrawn(id, reviewer.userId, () => "pass");
    expect(await seen(reviewer, id)).toEqual({ hidden: 0, shown: 12 });
  });

  it("stays hidden when the grading is closed, because it may be reopened", async () => {
    const { world, manager, reviewer } = await team();
    const id = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: id, size: 6 } });
    await closeGrading({ actor: manager, input: { releaseId: id } });
    expect(await seen(reviewer, id)).toEqual({ hidden: 6, shown: 6 });
    await reopenGrading({ actor: manager, input: { releaseId: id, reason: "more" } });
    expect(await nextTask(reviewer, id)).not.toBeNull();
    await withdrawRelease({ actor: manager, input: { releaseId: id } });
    expect(await seen(reviewer, id)).toEqual({ hidden: 0, shown: 12 });
  });

  it("is hidden in every release that shows one of its runs, with its grades and overrides there", async () => {
    const { world, manager, reviewer, other, viewer } = await team();
    const first = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: first, size: 12 } });
    // Every grade is an override of one side, and each case gets worse.
    await gradeDrawn(first, reviewer.userId, (_key, side) => (side === "baseline" ? "pass" : "fail"));
    await withdrawRelease({ actor: manager, input: { releaseId: first } });
    const again = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: again, size: 4 } });
    const { criterionId } = world;
    const told = async (actor: Actor) => ({
      cases: (await seen(actor, first)).shown,
      overrides: new Set(
        (await listOverrides(actor, { releaseId: first, criterionId })).rows.map(({ caseId }) => caseId),
      ).size,
      regressions: (await listRegressions(actor, first)).length,
    });
    const everything = await told(viewer);
    expect(everything).toMatchObject({ cases: 12, regressions: 12 });
    for (const actor of [reviewer, other, manager]) {
      const waiting = await waitingCases(actor, first);
      expect(waiting).toHaveLength(4);
      const { cases, overrides, regressions } = await told(actor);
      expect([cases, regressions]).toEqual([8, 8]);
      expect(overrides).toBeLessThanOrEqual(8);
      const shown = (await listOverrides(actor, { releaseId: first, criterionId })).rows;
      expect(shown.filter((row) => waiting.some(({ id }) => id === row.caseId))).toEqual([]);
    }
  });

  it("is in no count of a filter whose list leaves it out, and how many wait and where is said, in a decided release too", async () => {
    const { world, manager, reviewer, other, viewer } = await team(
      casesOf({ "pass>fail": 6, "fail>pass": 6, "pass>pass": 4 }),
    );
    const cases = await db.case.findMany({ where: { datasetId: world.datasetId }, orderBy: { id: "asc" } });
    for (const [at, { id }] of cases.entries())
      await db.case.update({ where: { id }, data: { slice: at % 3 === 0 ? "third" : null, mustPass: at % 4 === 0 } });
    const first = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: first, size: 16 } });
    await gradeDrawn(first, reviewer.userId, (_key, side) => (side === "baseline" ? "pass" : "fail"));
    await withdrawRelease({ actor: manager, input: { releaseId: first } });
    const again = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: again, size: 8, seed: "again" } });
    const filters: CaseFilter[] = [
      {},
      { slice: "third" },
      { mustPass: "yes" },
      { sort: "worst" },
      { sort: "-judge", slice: "third" },
      { reviewed: "yes" },
      { reviewed: "yes", mustPass: "yes" },
      { override: "yes" },
      { sample: "drawn" },
      { sample: "drawn", sort: "judge" },
      { sample: "chosen" },
      { override: "yes", q: "c01" },
      { cell: `${world.judgeVersionId}.candidate.fp` },
    ];
    for (const release of [first, again]) {
      for (const actor of [viewer, reviewer]) {
        const listed = async (filter: CaseFilter) => (await listCases(actor, release, filter)).rows.length;
        for (const filter of filters) {
          const { all, counts, counted, slices } = await describeCases(actor, release, filter);
          const told = `${release === first ? "first" : "again"} ${actor.name} ${JSON.stringify(filter)}`;
          expect(counted, told).toBe(true);
          expect(all, told).toBe(await listed(filter));
          for (const flip of flips) expect(counts![flip], `${told} ${flip}`).toBe(await listed({ ...filter, flip }));
          for (const { slice, count } of slices) expect(count, told).toBe(await listed({ ...filter, slice }));
        }
        const waiting = (await waitingCases(actor, release)).length;
        expect(waiting).toBe(actor === viewer ? 0 : 8);
        const { waits } = await describeCases(actor, release, {});
        const where = { release: again, baseline: "v1", candidate: "v2", cases: 8 };
        expect(waits).toEqual(actor === viewer ? { cases: 0, in: [] } : { cases: 8, in: [where] });
        const inSlice = await describeCases(actor, release, { slice: "third", flip: "worse" });
        const hidden = (await listCases(actor, release, { slice: "third" })).rows.filter((row) => row.hidden);
        expect(inSlice.waits.cases).toBe(hidden.length);
      }
    }
    // Text and tags are not counted: then the counts are those without them, and say so.
    for (const filter of [{ q: "c01" }, { tag: "red" }, { reviewed: "no" }] as const) {
      const table = await describeCases(reviewer, first, filter);
      expect([table.counted, table.all]).toEqual([false, 16]);
    }
    // Graded by others or not: that would be told by the list too.
    const rows = async (reviewed: "yes" | "no") => (await listCases(other, again, { reviewed })).rows.length;
    expect([await rows("yes"), await rows("no")]).toEqual([0, 8]);
  });

  it("is not the one that a list read case by case is at, and the list says why", async () => {
    const { world, manager, reviewer, viewer } = await team(casesOf({ "pass>fail": 6, "fail>pass": 30 }));
    const id = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: id, size: 10 } });
    const waiting = await waitingCases(reviewer, id);
    const all = (await listCases(reviewer, id, { sort: "worst" })).rows.map((row) => row.id);
    expect(all).toHaveLength(26);
    for (const [at, wanted] of all.entries()) {
      const { ids, row, place, missing, table } = await readAround(reviewer, id, {}, wanted);
      expect([row?.id, place, missing, table.all]).toEqual([wanted, at + 1, null, 26]);
      expect(ids).toEqual(all.slice(Math.max(0, at - 20), at + 21));
    }
    const none = await readAround(reviewer, id, {});
    expect([none.row?.id, none.place, none.missing]).toEqual([all[0], 1, null]);
    const asked = async (wanted: number, flip?: "better" | "worse") =>
      readAround(reviewer, id, { flip }, wanted).then(({ row, missing }) => [row?.id, missing]);
    for (const one of waiting) {
      expect(await asked(one.id)).toEqual([all[0], "waits"]);
      expect(await whyMissing(reviewer, id, one.id)).toBe("waits");
      expect((await readAround(viewer, id, {}, one.id)).row?.id).toBe(one.id);
    }
    const elsewhere = await team();
    const theirs = await db.case.findFirstOrThrow({ where: { datasetId: elsewhere.world.datasetId } });
    for (const gone of [0, 999_999_999, theirs.id]) expect(await asked(gone)).toEqual([all[0], "gone"]);
    const better = (await listCases(reviewer, id, { flip: "better" })).rows.map((row) => row.id);
    expect(await asked(all[0]!, "better")).toEqual([better[0], "other"]);
    await expect(readAround(elsewhere.viewer, id, {}, all[0])).rejects.toMatchObject({ code: "not_found" });
    await expect(whyMissing(elsewhere.viewer, id, all[0]!)).rejects.toMatchObject({ code: "not_found" });
  });

  it("is not waited for in another project, nor where the runs are others", async () => {
    const { world, manager, reviewer } = await team();
    const id = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: id, size: 4 } });
    const elsewhere = await team();
    const theirs = await ask(elsewhere.manager, elsewhere.world);
    expect(await waitingCases(reviewer, theirs)).toEqual([]);
    expect(await waitingCases(elsewhere.reviewer, theirs)).toEqual([]);
  });

  it("is drawn without telling its stratum to somebody who may grade it", async () => {
    const { world, manager } = await team();
    const id = await ask(manager, world);
    const { draws } = await drawSample({ actor: manager, input: { releaseId: id, size: 4 } });
    expect(draws).toHaveLength(4);
    for (const draw of draws) expect(draw).toMatchObject({ stratum: null, probability: null });
    // The local administrator token is nobody, and can't grade.
    const token: Token = {
      kind: "token",
      tokenId: 1,
      userId: null,
      name: "local administrator",
      email: null,
      projectId: world.projectId,
      roles: ["administrator", "release_manager"],
      requestId: "test",
    };
    const more = await drawSample({ actor: token, input: { releaseId: id, size: 4 } });
    for (const { stratum, probability } of more.draws) {
      expect(stratum).toMatch(/^(pass|fail)>(pass|fail)$/);
      expect(probability).toBeGreaterThan(0);
    }
  });

  it("is not named by the brief's must-pass gate, nor is it counted there by its verdict", async () => {
    const cases = casesOf({ "pass>fail": 3, "pass>pass": 3 }).map((row) => ({ ...row, mustPass: true }));
    const { world, manager, reviewer } = await team(cases);
    const id = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: id, size: 6 } });
    const { gates } = await getBrief(reviewer, id);
    expect(gates.find(({ key }) => key === "must_pass")).toMatchObject({
      status: "not_enough_evidence",
      detail: "0 of 6 must-pass cases graded pass.",
    });
    expect(await db.review.count({ where: { releaseId: id } })).toBe(0);
  });
});

describe("a text that is too long to be sent whole", () => {
  it("comes in parts to who holds the case, by its side, and of the case page only where that is not hidden", async () => {
    const { world, manager, reviewer, other, viewer } = await team(casesOf({ "pass>fail": 1 }));
    const texts = { baseline: "old ".repeat(80_000), candidate: "new ".repeat(90_000), input: "asked ".repeat(70_000) };
    for (const side of ["baseline", "candidate"] as const)
      await db.$executeRaw`UPDATE output SET output = ${texts[side]} WHERE run_id = ${world[side].runId}`;
    await db.$executeRaw`UPDATE test_case SET input = ${texts.input} WHERE dataset_id = ${world.datasetId}`;
    const id = await ask(manager, world);
    await drawSample({ actor: manager, input: { releaseId: id, size: 1 } });
    const task = inParts((await nextTask(reviewer, id))!);
    const lengths = task.sides.map(({ rest }) => rest?.length);
    expect(lengths.toSorted()).toEqual([320_000, 360_000]);
    expect(task.inputRest?.length).toBe(420_000);
    expect(JSON.stringify(task).length).toBeLessThan(70_000);
    for (const [index, side] of (["A", "B"] as const).entries()) {
      const whole = await taskText(reviewer, id, task.task, side);
      expect([texts.baseline, texts.candidate]).toContain(whole);
      expect(whole).toHaveLength(lengths[index]!);
    }
    expect(await taskText(reviewer, id, task.task, "input")).toBe(texts.input);
    for (const actor of [other, manager])
      await expect(taskText(actor, id, task.task, "A")).rejects.toMatchObject({ code: "not_found" });
    await expect(taskText(viewer, id, task.task, "A")).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(taskText(stranger, id, task.task, "A")).rejects.toMatchObject({ code: "not_found" });

    const { rows } = await listCases(viewer, id, {});
    const { id: caseId } = rows[0]!;
    expect(await caseText(reviewer, id, caseId, "candidate")).toBeNull();
    expect(await caseText(reviewer, id, caseId, "input")).toBe(texts.input);
    expect(await caseText(viewer, id, caseId, "candidate")).toBe(texts.candidate);
    await expect(caseText(stranger, id, caseId, "candidate")).rejects.toMatchObject({ code: "not_found" });
    const shown = casesInParts(await getCase(viewer, id, caseId));
    expect(shown.sides.candidate.rest?.length).toBe(360_000);
    expect(JSON.stringify(shown).length).toBeLessThan(70_000);
  });
});

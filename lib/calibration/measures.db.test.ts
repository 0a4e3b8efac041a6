import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { listCases } from "../releases/cases";
import { createRelease, drawSample } from "../releases/commands";
import { casesOf, gradeDrawn, type SeededCase, seedPreferences, seedWorld, type Truth } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { casesOfCell, lengthBias, positionFlips, reliability, repeats, trustBySlice } from "./measures";

await testDatabase();

/** Cases, a release over them, all drawn; `answer`: what each version answers. */
async function world(
  cases: SeededCase[],
  given: { answer?: (i: number) => string; slice?: (i: number) => string } = {},
) {
  const { id: projectId } = await seedProject();
  const seeded = await seedWorld(projectId, cases);
  const [manager, viewer] = [
    await seedPerson(projectId, { roles: ["release_manager"] }),
    await seedPerson(projectId, { roles: ["viewer"] }),
  ];
  const ids = await db.case.findMany({ where: { datasetId: seeded.datasetId }, orderBy: { key: "asc" } });
  for (const [i, { id }] of ids.entries()) {
    if (given.slice) await db.case.update({ where: { id }, data: { slice: given.slice(i) } });
    if (given.answer) await db.output.updateMany({ where: { caseId: id }, data: { output: given.answer(i) } });
  }
  const { id: releaseId } = await createRelease({
    actor: manager,
    input: { prompt: seeded.prompt, baseline: "v1", candidate: "v2" },
  });
  const draw = (size = cases.length) => drawSample({ actor: manager, input: { releaseId, size } });
  const grade = async (truth: Truth) => gradeDrawn(releaseId, (await seedPerson(projectId)).userId, truth);
  const of = { releaseId, criterionId: seeded.criterionId, judgeVersionId: seeded.judgeVersionId };
  return { ...seeded, manager, viewer, ids, of, draw, grade };
}

const at = (key: string) => Number(key.slice(1)) - 1;

describe("what is known of a judge", () => {
  it("by slice: good on one, useless on the other; each cell leads to its very cases", async () => {
    // 20 cases the judge passes, 20 it fails; in the odd slice people say the contrary.
    const { viewer, of, draw, grade, ids } = await world(casesOf({ "pass>pass": 20, "fail>fail": 20 }), {
      slice: (i) => (i % 2 === 0 ? "even" : "odd"),
    });
    await draw();
    await grade((key) => (at(key) < 20 === (at(key) % 2 === 0) ? "pass" : "fail"));
    const { whole, slices, ungraded } = (await trustBySlice(viewer, of))!;
    expect(slices.map(({ slice, population, labelled }) => [slice, population, labelled])).toEqual([
      ["even", 20, 20],
      ["odd", 20, 20],
    ]);
    expect(ungraded).toBe(0);
    const [even, odd] = slices.map(({ trust }) => trust.v2!);
    expect([even!.tpr.estimate, even!.tnr.estimate, even!.kappaInterval.estimate]).toEqual([1, 1, 1]);
    expect([odd!.tpr.estimate, odd!.tnr.estimate, odd!.kappaInterval.estimate]).toEqual([0, 0, -1]);
    expect(whole.v2!.graded).toEqual({ tp: 10, fp: 10, fn: 10, tn: 10 });
    expect(whole.v2!.kappaInterval.estimate).toBeCloseTo(0, 12);
    const wrong = await casesOfCell(viewer, { ...of, version: "candidate", cell: "fp" });
    expect(wrong.sort((a, b) => a - b)).toEqual(ids.filter((_, i) => i < 20 && i % 2 === 1).map(({ id }) => id));
    const { rows } = await listCases(viewer, of.releaseId, { cell: `${of.judgeVersionId}.candidate.fp` });
    expect(rows.map(({ id }) => id).sort((a, b) => a - b)).toEqual(wrong);
    // Another judge version than that of the criterion has no cell here.
    expect((await listCases(viewer, of.releaseId, { cell: "999999.candidate.fp" })).rows).toEqual([]);
  });

  it("by length: passes and errors in five groups, in which equal lengths stay together", async () => {
    const cases: SeededCase[] = Array.from({ length: 50 }, (_, i) => ({
      key: `c${String(i + 1).padStart(3, "0")}`,
      judge: i < 20 ? ["fail", "fail"] : ["pass", "pass"],
    }));
    const { viewer, manager, of, draw, grade } = await world(cases, {
      answer: (i) => "x".repeat(i < 20 ? 10 : 10 * (i - 18)),
    });
    const input = { judgeVersionId: of.judgeVersionId, releaseId: of.releaseId };
    const before = (await lengthBias(viewer, input))!;
    expect(before.bins.map(({ from, to, n, k }) => [from, to, n, k])).toEqual([
      [10, 10, 40, 0],
      [20, 110, 20, 20],
      [120, 210, 20, 20],
      [220, 310, 20, 20],
    ]);
    expect(before.passes!.z).toBeGreaterThan(5);
    expect(before.errs).toBeNull();
    await draw();
    // Whoever may grade has all of them waiting: nothing of them is counted.
    expect(await lengthBias(manager, input)).toBeNull();
    // People pass the shorter half of what it passes only.
    await grade((key) => (at(key) >= 20 && at(key) < 35 ? "pass" : "fail"));
    const after = (await lengthBias(viewer, input))!;
    expect(after.bins.map(({ graded, wrong }) => [graded, wrong])).toEqual([
      [40, 0],
      [20, 0],
      [20, 10],
      [20, 20],
    ]);
    expect(after.errs!.p).toBeLessThan(1e-6);
  });

  it("by score: people's pass share in each group, around the threshold, and how far off it is as a chance", async () => {
    const { viewer, of, draw, grade, ids } = await world(casesOf({ "pass>pass": 10, "fail>fail": 10 }));
    const input = { judgeVersionId: of.judgeVersionId, releaseId: of.releaseId };
    expect(await reliability(viewer, input)).toEqual({ missing: "scores" });
    await db.judgeVersion.update({ where: { id: of.judgeVersionId }, data: { threshold: 0.5 } });
    for (const [i, { id }] of ids.entries())
      await db.verdict.updateMany({ where: { caseId: id }, data: { score: i < 10 ? 0.9 : 0.2 } });
    expect(await reliability(viewer, input)).toEqual({ missing: "grades" });
    await draw();
    await grade((key) => (at(key) < 8 || at(key) === 10 ? "pass" : "fail"));
    const found = await reliability(viewer, input);
    if ("missing" in found) throw new Error(found.missing);
    expect(found.bins.map(({ n, passes }) => [n, passes])).toEqual([
      [20, 2],
      [20, 16],
    ]);
    expect(found.threshold).toEqual({ value: 0.5, above: { n: 20, passes: 16 }, below: { n: 20, passes: 2 } });
    // By hand: ½·|.8 − .9| + ½·|.1 − .2|; (16·.1² + 4·.9² + 2·.8² + 18·.2²) / 40
    expect(found.error).toBeCloseTo(0.1, 12);
    expect(found.brier).toBeCloseTo((16 * 0.01 + 4 * 0.81 + 2 * 0.64 + 18 * 0.04) / 40, 12);
    // On a scale from 1 to 5 a score is no chance.
    await db.$executeRaw`UPDATE verdict SET score = 1 + 4 * score WHERE judge_version_id = ${of.judgeVersionId}`;
    expect(await reliability(viewer, input)).toMatchObject({ n: 40, error: null, brier: null });
  });

  it("by repeats: answers whose further judgings say otherwise; estimates and lists see the first alone", async () => {
    const { viewer, of, ids, baseline, candidate } = await world(casesOf({ "pass>pass": 6 }));
    const input = { judgeVersionId: of.judgeVersionId, releaseId: of.releaseId };
    expect(await repeats(viewer, input)).toBeNull();
    const again = (runId: number, i: number, repeat: number, verdict: "pass" | "fail" | "error") => ({
      runId,
      caseId: ids[i]!.id,
      judgeVersionId: of.judgeVersionId,
      repeat,
      verdict,
    });
    await db.verdict.createMany({
      data: [
        again(baseline.runId, 0, 1, "fail"),
        again(baseline.runId, 0, 2, "pass"),
        again(candidate.runId, 1, 1, "pass"),
        again(candidate.runId, 2, 1, "error"),
        again(candidate.runId, 3, 1, "fail"),
      ],
    });
    // Another answer of the fourth case: its verdict is no repeat.
    await db.output.create({ data: { runId: candidate.runId, caseId: ids[3]!.id, repeat: 1, output: "another" } });
    expect(await repeats(viewer, input)).toEqual({ answers: 2, differ: 1, judgings: 5 });
    expect((await listCases(viewer, of.releaseId, {})).rows).toHaveLength(6);
    expect((await lengthBias(viewer, input))!.bins.reduce((sum, { n }) => sum + n, 0)).toBe(12);
  });

  it("by order, of a pairwise judge", async () => {
    const seeded = await world(casesOf({ "pass>pass": 5 }), { answer: (i) => "x".repeat(10 + i) });
    const { judgeVersionId, criterionId } = await seedPreferences(seeded, {
      c001: ["first", "first"],
      c002: ["second", "first"],
      c003: ["first", null],
      c004: ["tie", "error"],
      c005: ["second", "second"],
    });
    const { viewer, of } = seeded;
    const input = { judgeVersionId, releaseId: of.releaseId };
    expect(await positionFlips(viewer, input)).toEqual({ both: 3, flips: 2, first: 1, second: 1 });
    expect(await positionFlips(viewer, { ...input, releaseId: null })).toMatchObject({ both: 3 });
    expect(await positionFlips(viewer, { ...of, releaseId: of.releaseId })).toBeNull();
    // Of the answers of both versions, which are equally long here, it prefers one in two cases.
    expect((await lengthBias(viewer, input))!.bins).toMatchObject([{ from: 0, to: 0, n: 2, k: 1 }]);
    expect(criterionId).toBeGreaterThan(0);
  });

  it.each([
    ["always passes", "pass"],
    ["always fails", "fail"],
    ["only errs", "error"],
  ] as const)("says something true of a judge that %s", async (_, says) => {
    const cases = Array.from({ length: 12 }, (_, i) => ({
      key: `c${String(i + 1).padStart(3, "0")}`,
      judge: [says, says] as SeededCase["judge"],
    }));
    const { viewer, of, draw, grade } = await world(cases, { slice: () => "all", answer: (i) => "x".repeat(i + 1) });
    const input = { judgeVersionId: of.judgeVersionId, releaseId: of.releaseId };
    // Nobody has graded.
    expect(await trustBySlice(viewer, of)).toMatchObject({ slices: [], ungraded: 1 });
    expect(await casesOfCell(viewer, { ...of, version: "baseline", cell: "tp" })).toEqual([]);
    await draw();
    await grade((key) => (at(key) < 9 ? "pass" : "fail"));
    const { whole } = (await trustBySlice(viewer, of))!;
    const { graded, tpr, tnr, falsePassRate, kappaInterval } = whole.v1!;
    const length = await lengthBias(viewer, input);
    if (says === "error") {
      expect(graded).toEqual({ tp: 0, fp: 0, fn: 0, tn: 0 });
      expect([tpr.estimate, tnr.estimate, falsePassRate.estimate, kappaInterval.estimate]).toEqual(Array(4).fill(null));
      expect(length).toBeNull();
    } else {
      expect(graded).toEqual(says === "pass" ? { tp: 9, fp: 3, fn: 0, tn: 0 } : { tp: 0, fp: 0, fn: 9, tn: 3 });
      expect([tpr.estimate, tnr.estimate]).toEqual(says === "pass" ? [1, 0] : [0, 1]);
      expect(falsePassRate.estimate).toBe(says === "pass" ? 0.25 : null);
      expect(kappaInterval.estimate).toBeCloseTo(0, 12);
      expect(length!.passes).toBeNull();
      expect(length!.bins.reduce((sum, { graded, wrong }) => [sum[0]! + graded, sum[1]! + wrong], [0, 0])).toEqual([
        24,
        says === "pass" ? 6 : 18,
      ]);
    }
    expect(await reliability(viewer, input)).toEqual({ missing: "scores" });
    expect(await repeats(viewer, input)).toBeNull();
  });

  it("is nobody else's", async () => {
    const { of } = await world(casesOf({ "pass>pass": 2 }));
    const stranger = await seedPerson((await seedProject()).id, { roles: ["administrator"] });
    const input = { judgeVersionId: of.judgeVersionId, releaseId: of.releaseId };
    for (const asked of [
      () => trustBySlice(stranger, of),
      () => casesOfCell(stranger, { ...of, version: "baseline", cell: "tp" }),
      () => lengthBias(stranger, input),
      () => reliability(stranger, { ...input, releaseId: null }),
      () => repeats(stranger, input),
      () => positionFlips(stranger, input),
    ])
      await expect(asked()).rejects.toMatchObject({ code: "not_found" });
  });
});

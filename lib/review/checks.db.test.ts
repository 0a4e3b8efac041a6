import { beforeAll, describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { criterionEvidence } from "../calibration/queries";
import { db } from "../db/client";
import { canonicalJson, sha256Hex } from "../digest";
import { createRelease, drawSample } from "../releases/commands";
import { policySchema, standardPolicies } from "../releases/policy";
import { casesOf, type SeededWorld, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { skipTask, submitReviews, supersedeReviews } from "./commands";
import { gradedTask, listChecks, nextTask, reviewProgress, type TaskView } from "./queries";

const { asOwner } = await testDatabase();

const drawn = 80;
const sentinelText = "A made-up answer that nobody gave";

type Graded = { task: TaskView; verdict: "pass" | "fail"; answer: Awaited<ReturnType<typeof submitReviews>> };
type Team = {
  manager: Person;
  reviewer: Person;
  other: Person;
  outsider: Person;
  world: SeededWorld;
  releaseId: number;
};

async function team(): Promise<Team> {
  const project = await seedProject();
  const person = (role: "release_manager" | "reviewer") => seedPerson(project.id, { roles: [role] });
  const [manager, reviewer, other] = [
    await person("release_manager"),
    await person("reviewer"),
    await person("reviewer"),
  ];
  const outsider = await seedPerson((await seedProject()).id, { roles: ["reviewer", "release_manager"] });
  const world = await seedWorld(project.id, casesOf({ "pass>pass": 100, "fail>pass": 20 }));
  const document = canonicalJson(
    policySchema.parse({ ...standardPolicies.standard, name: "Checked", checks: { repeats: 0.25, sentinels: 0.25 } }),
  );
  await db.policy.create({
    data: {
      projectId: project.id,
      key: "checked",
      number: 1,
      document,
      digest: sha256Hex(document),
      createdBy: "a test",
    },
  });
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", policy: "checked" };
  const { id: releaseId } = await createRelease({ actor: manager, input });
  await drawSample({ actor: manager, input: { releaseId, size: drawn, seed: "checks" } });
  const outside = await db.case.findMany({
    where: { datasetId: world.datasetId, NOT: { id: { in: await drawnCases(releaseId) } } },
  });
  await db.sentinel.createMany({
    data: outside.map(({ id, key }) => ({
      releaseId,
      criterionId: world.criterionId,
      caseId: id,
      key: sha256Hex(`${releaseId} ${key}`).slice(0, 24),
      kind: "negate",
      expected: "fail" as const,
      text: sentinelText,
      seed: "checks",
      createdBy: "a test",
    })),
  });
  return { manager, reviewer, other, outsider, world, releaseId };
}

const drawnCases = async (releaseId: number) =>
  (await db.draw.findMany({ where: { releaseId }, select: { caseId: true } })).map(({ caseId }) => caseId);

/** Fails a made-up answer, and passes all others. */
const gradesOf = (task: TaskView, verdict: "pass" | "fail" = "pass") =>
  task.sides.map(({ side, output }) => ({
    side,
    criterion: task.criteria[0]!.key,
    verdict: output === sentinelText ? ("fail" as const) : verdict,
  }));

async function gradeAll({ reviewer, releaseId }: Team): Promise<Graded[]> {
  const graded: Graded[] = [];
  for (;;) {
    const task = await nextTask(reviewer, releaseId);
    if (!task) return graded;
    const input = { releaseId, task: task.task, grades: gradesOf(task), clientKey: task.task };
    graded.push({ task, verdict: "pass", answer: await submitReviews({ actor: reviewer, input }) });
  }
}

describe("checks on grading", () => {
  let one: Team;
  let graded: Graded[];
  let checks: Graded[];
  beforeAll(async () => {
    one = await team();
    graded = await gradeAll(one);
    checks = graded.filter(({ answer }) => answer.revealed.check);
  }, 60_000);

  it("come up in a queue at about the policy's rate, after the first twenty, and look like any other case", () => {
    // Half of some sixty cases, by chance; fewer than one in ten million runs has less than eight.
    expect(checks.length).toBeGreaterThan(8);
    expect(graded.slice(0, 20).every(({ answer }) => !answer.revealed.check)).toBe(true);
    expect(graded.length - checks.length).toBe(drawn);
    const fields = (view: TaskView) => Object.keys(view).sort().join();
    expect(new Set(graded.map(({ task }) => fields(task))).size).toBe(1);
    expect(new Set(graded.map(({ task }) => Object.keys(task.sides[0]).join())).size).toBe(1);
    expect(checks.map(({ answer }) => answer.revealed.check!.kind)).toEqual(
      expect.arrayContaining(["repeat", "sentinel"]),
    );
  });
  it("are told once they are graded: the same grades again, and a made-up answer that was noticed", () => {
    for (const { task, answer } of checks) {
      const { check } = answer.revealed;
      if (check?.kind === "repeat") expect(check).toEqual({ kind: "repeat", agreed: 2, of: 2 });
      else {
        const side = task.sides.find(({ output }) => output === sentinelText)!.side;
        expect(check).toMatchObject({ kind: "sentinel", side, made: "negate", expected: "fail", graded: "fail" });
        // A later batch may still draw the case: no judge's verdict is told.
        expect(answer.revealed.judges).toEqual([]);
      }
    }
  });
  it("stand apart: no review, no progress, no number of the release changes with them", async () => {
    const { reviewer, releaseId, world } = one;
    expect(await db.review.count({ where: { releaseId } })).toBe(2 * drawn);
    expect(await reviewProgress(reviewer, releaseId)).toMatchObject({ graded: drawn, mine: drawn });
    const input = { releaseId, criterionId: world.criterionId };
    const evidence = await criterionEvidence(reviewer, input);
    const events = await db.auditEntry.count({ where: { projectId: reviewer.projectId, action: "check.graded" } });
    expect(events).toBe(checks.length);
    const [report] = await listChecks(one.manager, releaseId);
    const repeats = checks.filter(({ answer }) => answer.revealed.check?.kind === "repeat").length;
    expect(report).toMatchObject({
      repeats: { n: 2 * repeats, same: 2 * repeats },
      sentinels: { n: checks.length - repeats, noticed: checks.length - repeats, unsure: 0 },
    });
    await asOwner(`ALTER TABLE check_grade DISABLE TRIGGER refuse_row_change; DELETE FROM check_grade`);
    await asOwner(`DELETE FROM review_check`);
    expect(await criterionEvidence(reviewer, input)).toEqual(evidence);
  });
  it("are one's own business, and that of those who answer for the release", async () => {
    const all = await team();
    await gradeAll(all);
    expect(await listChecks(all.reviewer, all.releaseId)).toHaveLength(1);
    expect(await listChecks(all.manager, all.releaseId)).toHaveLength(1);
    expect(await listChecks(all.other, all.releaseId)).toEqual([]);
    await expect(listChecks(all.outsider, all.releaseId)).rejects.toMatchObject({ code: "not_found" });
  });
  it("take one delivery once, are nobody else's, and can be put off but not corrected", async () => {
    const all = await team();
    const { reviewer, other, outsider, releaseId } = all;
    let check: TaskView | null = null;
    for (let graded = 0; !check; graded++) {
      const task = (await nextTask(reviewer, releaseId))!;
      if (await db.reviewCheck.findUnique({ where: { id: task.task } })) check = task;
      else {
        const input = { releaseId, task: task.task, grades: gradesOf(task), clientKey: task.task };
        await submitReviews({ actor: reviewer, input });
      }
      expect(graded).toBeLessThan(drawn + 1);
    }
    const input = { releaseId, task: check.task, grades: gradesOf(check), clientKey: "once" };
    // It is handed out again until it is answered.
    expect(await nextTask(reviewer, releaseId)).toMatchObject({ task: check.task, sides: check.sides });
    for (const actor of [other, outsider]) {
      await expect(submitReviews({ actor, input })).rejects.toMatchObject({
        code: expect.stringMatching(/conflict|not_found/),
      });
    }
    await expect(submitReviews({ actor: { ...reviewer, roles: ["viewer"] }, input })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(
      submitReviews({ actor: reviewer, input: { ...input, grades: input.grades.slice(1) } }),
    ).rejects.toMatchObject({ code: "invalid" });
    expect(await db.checkGrade.count({ where: { checkId: check.task } })).toBe(0);
    const answers = await Promise.all([1, 2].map(() => submitReviews({ actor: reviewer, input })));
    expect(answers[0]).toEqual(answers[1]);
    expect(await db.checkGrade.count({ where: { checkId: check.task } })).toBe(2);
    await expect(supersedeReviews({ actor: reviewer, input })).rejects.toMatchObject({ code: "conflict" });
    await expect(gradedTask(reviewer, releaseId, check.task)).rejects.toMatchObject({ code: "conflict" });
    await expect(skipTask({ actor: reviewer, input: { releaseId, task: check.task } })).rejects.toMatchObject({
      code: "conflict",
    });
  });
});

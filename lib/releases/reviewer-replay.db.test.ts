import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { decisionTimeline } from "../audit/timeline";
import type { Person, Role } from "../auth/actor";
import { hashPassword } from "../auth/password";
import { db } from "../db/client";
import { sha256Hex } from "../digest";
import { nextDispute, settleDispute } from "../review/adjudication";
import { attributeHunks } from "../review/attribution";
import { submitReviews, supersedeReviews } from "../review/commands";
import { attributable } from "../review/ledger";
import { nextTask, type Revealed, type TaskView } from "../review/queries";
import type { Grade } from "../review/schema";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { closeGrading, createRelease, drawSample } from "./commands";
import { recomputeDecision } from "./recomputed-decision";
import { casesOf, seedPolicyVersion, seedWorld } from "./release.seed";
import { replayOverview, replayStep } from "./reviewer-replay";
import { meanings } from "./schema";
import { signOffWithPassword } from "./sign-off";

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-replay-"));
process.env.COUNTERSIGN_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const password = "correct horse battery";
const passwordHash = await hashPassword(password);

/** A release whose reviewer graded every case through the desk and corrected the first; refused, so that it is decided. */
async function decidedRelease() {
  const project = await seedProject();
  const person = (roles: Role[]) => seedPerson(project.id, { roles, passwordHash });
  const [manager, reviewer, auditor] = [
    await person(["release_manager"]),
    await person(["reviewer"]),
    await person(["auditor"]),
  ];
  const world = await seedWorld(project.id, casesOf({ "fail>pass": 4, "pass>pass": 4 }), { label: "production" });
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2" };
  const { id: releaseId } = await createRelease({ actor: manager, input });
  await drawSample({ actor: manager, input: { releaseId, size: 8 } });
  const { key: criterion } = await db.criterion.findUniqueOrThrow({ where: { id: world.criterionId } });
  const order: string[] = [];
  for (let n = 0; ; n++) {
    const task = await nextTask(reviewer, releaseId);
    if (!task) break;
    order.push(task.case);
    const grades = (["A", "B"] as const).map((side) => ({
      ...{ side, criterion, verdict: "pass" as const },
      ...(side === "A" && n === 0 && { note: " as it should be ", tags: ["short", "short"] }),
    }));
    const submission = { releaseId, task: task.task, grades, clientKey: `k${n}`, tookMs: 1500 };
    await submitReviews({ actor: reviewer, input: submission });
    if (n > 0) continue;
    const changed = [{ ...grades[0]!, verdict: "fail" as const }, grades[1]!];
    await supersedeReviews({ actor: reviewer, input: { ...submission, grades: changed, clientKey: "again" } });
  }
  return { project, manager, reviewer, auditor, releaseId, order };
}

async function refuse(manager: Person, releaseId: number): Promise<number> {
  const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId } });
  const said = { decision: "refuse" as const, meaning: meanings.refuse[0], reason: "Not yet." };
  await signOffWithPassword({ actor: manager, input: { releaseId, evidenceDigest, ...said, password } });
  return (await db.decision.findUniqueOrThrow({ where: { releaseId } })).id;
}

describe("replaying what a reviewer saw", () => {
  it("shows order, sides, what was hidden and revealed, and matches the log at every step", async () => {
    const { manager, reviewer, auditor, releaseId, order } = await decidedRelease();
    // Nothing of a release that is open.
    await expect(replayOverview(auditor, releaseId)).rejects.toMatchObject({ code: "not_found" });
    const id = await refuse(manager, releaseId);
    const overview = await replayOverview(auditor, id, order[2]);
    expect(overview.reviewers).toMatchObject([
      { id: reviewer.userId, cases: 8, corrections: 1, checks: 0, settled: 0 },
    ]);
    expect(overview.found).toMatchObject([{ reviewerId: reviewer.userId, step: 3, kind: "graded" }]);
    for (let step = 1; step <= 8; step++) {
      const seen = await replayStep(auditor, id, { reviewer: reviewer.userId, step });
      expect(seen).toMatchObject({ case: order[step - 1], step, of: 8, tookMs: 1500 });
      expect(seen.findings.map(({ state }) => state)).toEqual(seen.findings.map(() => "matches"));
      expect(seen.findings.length).toBe(step === 1 ? 4 : 3);
      // Side A showed the version that the sides name.
      const number = seen.sides.A === "v1" ? 1 : 2;
      expect(seen.view!.sides[0].output).toBe(`answer ${number} to ${seen.case}`);
      expect(seen.revealed).toMatchObject({ sides: seen.sides });
      expect(seen.grades.map(({ verdict }) => verdict)).toEqual(["pass", "pass"]);
      expect(seen.corrections).toHaveLength(step === 1 ? 1 : 0);
    }
    const first = await replayStep(auditor, id, { reviewer: reviewer.userId, step: 1 });
    expect(first.grades.find(({ side }) => side === "A")).toMatchObject({ note: "as it should be", tags: ["short"] });
    expect(first.corrections[0]!.grades).toMatchObject([{ side: "A", verdict: "fail" }]);
    await expect(replayStep(auditor, id, { reviewer: reviewer.userId, step: 9 })).rejects.toMatchObject({
      code: "not_found",
    });
  });
  it("says where stored rows were changed behind the log", async () => {
    const { manager, reviewer, auditor, releaseId } = await decidedRelease();
    const id = await refuse(manager, releaseId);
    const states = async () =>
      (await replayStep(auditor, id, { reviewer: reviewer.userId, step: 2 })).findings.map(({ state }) => state);
    expect(await states()).toEqual(["matches", "matches", "matches"]);
    const step = await replayStep(auditor, id, { reviewer: reviewer.userId, step: 2 });
    const bend = async (table: string, sql: string) => {
      await database.asOwner(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      await database.asOwner(sql, [releaseId, step.case]);
      await database.asOwner(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
    };
    const ofCase =
      "release_id = $1 AND case_id = (SELECT c.id FROM test_case c JOIN release r ON r.dataset_id = c.dataset_id WHERE r.id = $1 AND c.key = $2)";
    // Who stood on which side.
    await bend("draw", `UPDATE draw SET swapped = NOT swapped WHERE ${ofCase}`);
    expect(await states()).toEqual(["matches", "differs", "matches"]);
    await bend("draw", `UPDATE draw SET swapped = NOT swapped WHERE ${ofCase}`);
    // What was revealed.
    const answer = (from: string, to: string) =>
      `UPDATE review_submission SET answer = replace(answer, '${from}', '${to}')
        WHERE task_id IN (SELECT id FROM review_task WHERE ${ofCase})`;
    await bend("review_submission", answer('"overridden":false', '"overridden":true'));
    expect(await states()).toEqual(["matches", "differs", "matches"]);
    await bend("review_submission", answer('"overridden":true', '"overridden":false'));
    // A grade.
    await bend("review", `UPDATE review SET verdict = 'unsure' WHERE ${ofCase} AND side = 'B'`);
    expect(await states()).toEqual(["matches", "differs", "differs"]);
    await database.asOwner("ALTER TABLE review ENABLE ALWAYS TRIGGER refuse_row_change");
  });
  it("is for who may read the log, within the project", async () => {
    const { manager, reviewer, releaseId } = await decidedRelease();
    const id = await refuse(manager, releaseId);
    const stranger = await seedPerson((await seedProject()).id, { roles: ["auditor", "administrator"] });
    for (const [actor, code] of [
      [reviewer, "forbidden"],
      [stranger, "not_found"],
    ] as const) {
      await expect(replayOverview(actor, id)).rejects.toMatchObject({ code });
      await expect(replayStep(actor, id, { reviewer: reviewer.userId, step: 1 })).rejects.toMatchObject({ code });
      await expect(decisionTimeline(actor, id)).rejects.toMatchObject({ code });
      await expect(recomputeDecision(actor, id)).rejects.toMatchObject({ code });
    }
  });
});

const madeUp = "A made-up answer that nobody gave";

/** One reviewer grades seventy cases with checks in between: so many that both kinds come up. */
async function releaseWithChecks() {
  const project = await seedProject();
  const person = (roles: Role[]) => seedPerson(project.id, { roles, passwordHash });
  const [manager, reviewer, auditor] = [
    await person(["release_manager"]),
    await person(["reviewer"]),
    await person(["auditor"]),
  ];
  const world = await seedWorld(project.id, casesOf({ "pass>pass": 140, "fail>pass": 10 }));
  await seedPolicyVersion(project.id, "standard", { checks: { repeats: 0.5, sentinels: 0.5 } });
  const { id: releaseId } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager, input: { releaseId, size: 70, seed: "replayed" } });
  const outside = await db.$queryRaw<{ id: number; key: string }[]>`
    SELECT c.id, c.key FROM test_case c WHERE c.dataset_id = ${world.datasetId}
       AND NOT EXISTS (SELECT 1 FROM draw d WHERE d.release_id = ${releaseId} AND d.case_id = c.id)`;
  await db.sentinel.createMany({
    data: outside.map(({ id: caseId, key }) => ({
      ...{
        releaseId,
        criterionId: world.criterionId,
        caseId,
        key: sha256Hex(key).slice(0, 24),
        kind: "negate",
        expected: "fail" as const,
      },
      ...{ text: madeUp, seed: "replayed", createdBy: "a test" },
    })),
  });
  const steps: { task: TaskView; grades: Grade[]; revealed: Revealed }[] = [];
  for (;;) {
    const task = await nextTask(reviewer, releaseId);
    if (!task) break;
    const grades = task.sides.map(({ side, output }) => ({
      ...{ side, criterion: task.criteria[0]!.key },
      ...(output === madeUp ? { verdict: "fail" as const, note: "Nobody gave it." } : { verdict: "pass" as const }),
    }));
    const input = { releaseId, task: task.task, grades, clientKey: task.task, tookMs: 900 };
    const { revealed } = await submitReviews({ actor: reviewer, input });
    steps.push({ task, grades, revealed });
  }
  return { manager, reviewer, auditor, releaseId, steps };
}

describe("replaying checks on grading", () => {
  it("shows them in their place among the cases, with the answer that stood there, and what was told when", async () => {
    const { manager, reviewer, auditor, releaseId, steps } = await releaseWithChecks();
    const id = await refuse(manager, releaseId);
    const kinds = steps.map(({ revealed }) => revealed.check?.kind ?? "graded");
    expect(new Set(kinds)).toEqual(new Set(["graded", "repeat", "sentinel"]));
    const checks = kinds.filter((kind) => kind !== "graded").length;
    const { reviewers } = await replayOverview(auditor, id);
    expect(reviewers).toMatchObject([{ id: reviewer.userId, cases: 70, checks, settled: 0 }]);
    for (const [i, { task, grades, revealed }] of steps.entries()) {
      // The first twenty are all alike: cases graded once.
      if (i < 18) continue;
      const seen = await replayStep(auditor, id, { reviewer: reviewer.userId, step: i + 1 });
      expect(seen).toMatchObject({ of: steps.length, case: task.case, kind: revealed.check ? "check" : "graded" });
      expect(seen.view!.sides.map(({ output }) => output)).toEqual(task.sides.map(({ output }) => output));
      expect(seen.sides).toEqual(revealed.sides);
      expect(seen.revealed).toEqual(JSON.parse(JSON.stringify(revealed)));
      expect(seen.grades).toMatchObject(grades.map(({ side, verdict }) => ({ side, verdict })));
      expect(seen.tookMs).toBe(900);
      expect(seen.findings.map(({ state }) => state)).toEqual(seen.findings.map(() => "matches"));
    }
    // A sentinel's judges were hidden, and its note is told.
    const planted = kinds.indexOf("sentinel");
    const sentinel = await replayStep(auditor, id, { reviewer: reviewer.userId, step: planted + 1 });
    expect(sentinel.revealed).toMatchObject({
      judges: [],
      check: { kind: "sentinel", made: "negate", graded: "fail" },
    });
    expect(sentinel.grades.find(({ verdict }) => verdict === "fail")).toMatchObject({ note: "Nobody gave it." });
    // A repeated case is met twice.
    const again = steps[kinds.indexOf("repeat")]!.task.case;
    const { found } = await replayOverview(auditor, id, again);
    expect(found!.map(({ kind }) => kind)).toEqual(["graded", "check"]);
    expect(found!.map(({ step }) => step)).toEqual([
      steps.findIndex(({ task }) => task.case === again) + 1,
      kinds.indexOf("repeat") + 1,
    ]);
    // Sides changed behind the log.
    await database.asOwner("ALTER TABLE review_check DISABLE TRIGGER USER");
    await database.asOwner("UPDATE review_check SET swapped = NOT swapped WHERE id = $1", [steps[planted]!.task.task]);
    await database.asOwner("ALTER TABLE review_check ENABLE TRIGGER USER");
    const bent = await replayStep(auditor, id, { reviewer: reviewer.userId, step: planted + 1 });
    expect(bent.findings.map(({ state }) => state)).toEqual(["matches", "differs"]);
  }, 120_000);
});

describe("replaying how a disagreement was settled", () => {
  async function settledRelease() {
    const project = await seedProject();
    const person = (roles: Role[]) => seedPerson(project.id, { roles, passwordHash });
    const manager = await person(["release_manager"]);
    const [first, second, third] = [await person(["reviewer"]), await person(["reviewer"]), await person(["reviewer"])];
    const auditor = await person(["auditor"]);
    const world = await seedWorld(project.id, casesOf({ "pass>fail": 2 }));
    await seedPolicyVersion(project.id, "standard", { reviewersPerCase: 2, checks: { repeats: 0, sentinels: 0 } });
    const { id: releaseId } = await createRelease({
      actor: manager,
      input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
    });
    await drawSample({ actor: manager, input: { releaseId, size: 2 } });
    for (const [actor, verdict] of [
      [first, "pass"],
      [second, "fail"],
    ] as const)
      for (let n = 0; n < 2; n++) {
        const task = (await nextTask(actor, releaseId))!;
        const grades = (["A", "B"] as const).map((side) => ({
          ...{ side, criterion: task.criteria[0]!.key },
          verdict: side === "A" ? verdict : ("fail" as const),
        }));
        await submitReviews({ actor, input: { releaseId, task: task.task, grades, clientKey: task.task } });
      }
    return { manager, first, second, third, auditor, releaseId };
  }
  const settle = async (actor: Person, releaseId: number, verdict: "pass" | "unsure" | "return") => {
    const dispute = (await nextDispute(actor, releaseId))!;
    const grades =
      verdict === "return" ? verdict : dispute.open.map(({ side, criterion }) => ({ side, criterion, verdict }));
    const input = { releaseId, task: dispute.task, seen: dispute.seen, grades, note: "The source is given." };
    return { dispute, ...(await settleDispute({ actor, input })) };
  };

  it("shows the grades without names, the sides hidden until it was settled, and what was revealed then", async () => {
    const { manager, first, third, auditor, releaseId } = await settledRelease();
    const one = await settle(third, releaseId, "pass");
    const two = await settle(third, releaseId, "unsure");
    const id = await refuse(manager, releaseId);
    const { reviewers, found } = await replayOverview(auditor, id, one.dispute.case);
    expect(reviewers.find(({ id }) => id === third.userId)).toMatchObject({ cases: 0, checks: 0, settled: 2 });
    expect(found!.map(({ kind }) => kind)).toEqual(["graded", "graded", "settled"]);
    expect(found![2]).toMatchObject({ reviewerId: third.userId, step: 1 });
    for (const [i, { dispute, outcome, revealed }] of [one, two].entries()) {
      const seen = await replayStep(auditor, id, { reviewer: third.userId, step: i + 1 });
      expect(seen).toMatchObject({ kind: "settled", case: dispute.case, step: i + 1, of: 2, tookMs: null });
      expect(seen.handedOut.getTime()).toBeLessThanOrEqual(seen.at.getTime());
      expect(seen.view!.sides).toEqual(dispute.sides);
      expect(seen.sides).toEqual(revealed!.sides);
      expect(seen.revealed).toEqual(revealed);
      expect(seen.settled).toMatchObject({ outcome, note: "The source is given." });
      expect(seen.settled!.shown.map(({ grader, side, verdict }) => ({ grader, side, verdict }))).toEqual(
        dispute.grades.map(({ grader, side, verdict }) => ({ grader, side, verdict })),
      );
      expect(seen.grades).toMatchObject([{ side: "A", verdict: i === 0 ? "pass" : "unsure" }]);
      expect(seen.findings.map(({ state }) => state)).toEqual(["matches", "matches", "matches"]);
    }
    // Who graded before saw none of it.
    const graded = await replayStep(auditor, id, { reviewer: first.userId, step: 1 });
    expect(graded).toMatchObject({ kind: "graded", settled: null });
    // What was revealed is held against the log.
    await database.asOwner("ALTER TABLE draw DISABLE TRIGGER USER");
    await database.asOwner("UPDATE draw SET swapped = NOT swapped WHERE release_id = $1", [releaseId]);
    await database.asOwner("ALTER TABLE draw ENABLE TRIGGER USER");
    const bent = await replayStep(auditor, id, { reviewer: third.userId, step: 1 });
    expect(bent.findings[1]).toMatchObject({ state: "differs" });
  });

  it("that went back for one more grader revealed nothing, and comes before the grade that ended it", async () => {
    const { manager, third, auditor, releaseId } = await settledRelease();
    const back = await settle(third, releaseId, "return");
    expect(back.revealed).toBeNull();
    const task = (await nextTask(manager, releaseId))!;
    expect(task.case).toBe(back.dispute.case);
    const grades = (["A", "B"] as const).map((side) => ({
      ...{ side, criterion: task.criteria[0]!.key, verdict: "fail" as const },
    }));
    await submitReviews({ actor: manager, input: { releaseId, task: task.task, grades, clientKey: task.task } });
    await settle(third, releaseId, "pass");
    const id = await refuse(manager, releaseId);
    const { found } = await replayOverview(auditor, id, back.dispute.case);
    expect(found!.map(({ kind }) => kind)).toEqual(["graded", "graded", "settled", "graded"]);
    const seen = await replayStep(auditor, id, { reviewer: third.userId, step: 1 });
    expect(seen).toMatchObject({ revealed: null, grades: [], settled: { outcome: "returned" } });
    // The third grade was not there yet.
    expect(new Set(seen.settled!.shown.map(({ grader }) => grader))).toEqual(new Set([1, 2]));
    expect(seen.findings.map(({ state }) => state)).toEqual(["matches", "matches"]);
  });
});

describe("a decision's timeline and its numbers again", () => {
  it("tells reasons given after each grade as one moment of the person, beside the grades", async () => {
    const project = await seedProject();
    const person = (roles: Role[]) => seedPerson(project.id, { roles, passwordHash });
    const manager = await person(["release_manager"]);
    const [first, second, auditor] = [
      await person(["reviewer"]),
      await person(["reviewer"]),
      await person(["auditor"]),
    ];
    const world = await seedWorld(project.id, casesOf({ "fail>pass": 6 }));
    const { id: releaseId } = await createRelease({
      actor: manager,
      input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
    });
    await drawSample({ actor: manager, input: { releaseId, size: 6 } });
    for (let n = 0; n < 6; n++) {
      const actor = [first, second][n % 2]!;
      const task = (await nextTask(actor, releaseId))!;
      const { key: criterion } = task.criteria[0]!;
      const grades = (["A", "B"] as const).map((side) => ({
        ...{ side, criterion, verdict: side === "A" ? ("pass" as const) : ("fail" as const) },
      }));
      await submitReviews({ actor, input: { releaseId, task: task.task, grades, clientKey: task.task } });
      const { hunks } = (await attributable(actor, releaseId, task.case))!;
      const input = { releaseId, case: task.case, criterion, hunks: hunks.slice(0, 1).map(({ id }) => id) };
      await attributeHunks({ actor, input });
    }
    const { moments } = await decisionTimeline(auditor, await refuse(manager, releaseId));
    expect(moments.map(({ action, count, by }) => `${count} ${action} ${by.join()}`).slice(2, 5)).toEqual([
      `6 review.given ${first.name},${second.name}`,
      `3 hunk.attributed ${first.name}`,
      `3 hunk.attributed ${second.name}`,
    ]);
    expect(moments[5]).toMatchObject({ action: "release.closed" });
  });
  it("tells in order what happened, grades as one moment, and computes everything to the same value", async () => {
    const { manager, auditor, releaseId } = await decidedRelease();
    const id = await refuse(manager, releaseId);
    const { moments, decision } = await decisionTimeline(auditor, id);
    expect(moments.map(({ action, count }) => `${count} ${action}`)).toEqual([
      "1 release.created",
      "1 release.drawn",
      "1 review.given",
      "1 review.superseded",
      "7 review.given",
      "1 release.closed",
      "1 release.refused",
    ]);
    expect(moments.at(-1)!.index).toBe(decision.auditIndex);
    const again = await recomputeDecision(auditor, id);
    expect(again.why).toBeNull();
    expect(again.numbers).toMatchObject({ different: 0, close: 0 });
    expect(again.numbers!.compared).toBeGreaterThan(20);
    expect(again.signatures).toEqual({ count: 1, unlogged: 0 });
    expect(again.vouched).toMatchObject({ problem: null, holders: [{ holds: true }] });
    // A run's digest is of its answers: those of the test's world were never digested by the import.
    expect(again.runs.map(({ version }) => version)).toEqual(["v1", "v2"]);
  });
});

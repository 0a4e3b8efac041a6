import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { decisionTimeline } from "../audit/timeline";
import type { Person, Role } from "../auth/actor";
import { hashPassword } from "../auth/password";
import { db } from "../db/client";
import { submitReviews, supersedeReviews } from "../review/commands";
import { nextTask } from "../review/queries";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { closeGrading, createRelease, drawSample } from "./commands";
import { recomputeDecision } from "./recomputed-decision";
import { casesOf, seedWorld } from "./release.seed";
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

describe("a decision's timeline and its numbers again", () => {
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

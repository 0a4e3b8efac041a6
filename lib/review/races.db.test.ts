import { describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { Fault } from "../errors";
import { createRelease, drawSample } from "../releases/commands";
import { casesOf, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { submitReviews } from "./commands";
import { renewLeases } from "./leases";
import { nextTask, type TaskView } from "./queries";

const { asOwner } = await testDatabase();

async function seedGrading(cases: number, size = cases) {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const [first, second] = await Promise.all([
    seedPerson(project.id, { roles: ["reviewer"] }),
    seedPerson(project.id, { roles: ["reviewer"] }),
  ]);
  const world = await seedWorld(project.id, casesOf({ "pass>pass": cases }));
  const { id } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager, input: { releaseId: id, size } });
  const criterion = (await db.criterion.findUniqueOrThrow({ where: { id: world.criterionId } })).key;
  return { project, manager, first, second, world, releaseId: id, criterion };
}

const deliver = (releaseId: number, task: string, criterion: string, verdict: "pass" | "fail") => ({
  releaseId,
  task,
  grades: (["A", "B"] as const).map((side) => ({ side, criterion, verdict })),
  clientKey: crypto.randomUUID(),
});

const expire = (releaseId: number, reviewer: Person) =>
  asOwner(
    "UPDATE review_task SET expires_at = now() - interval '1 second' WHERE release_id = $1 AND reviewer_id = $2",
    [releaseId, reviewer.userId],
  );

describe("two reviewers on one case", () => {
  it("1 000 times: one stores the grade, the other is told, and nothing is lost or overwritten", {
    timeout: 900_000,
  }, async () => {
    const races = Number(process.env.COUNTERSIGN_RACES ?? 1000);
    const { first, second, releaseId, criterion } = await seedGrading(races);
    // Both had the case in hand when their time ran out, so neither claim alone decides.
    await asOwner(
      `INSERT INTO review_task (id, release_id, case_id, reviewer_id, expires_at)
       SELECT d.case_id || '-' || r.id, d.release_id, d.case_id, r.id, now() - interval '1 minute'
         FROM draw d CROSS JOIN unnest($2::int[]) AS r(id) WHERE d.release_id = $1`,
      [releaseId, [first.userId, second.userId]],
    );
    const draws = await db.draw.findMany({ where: { releaseId }, select: { caseId: true } });
    expect(draws).toHaveLength(races);
    const winners = new Map<number, number>();
    const race = async (caseId: number, index: number) => {
      // Who is a little ahead changes.
      const [one, other] = index % 2 === 0 ? [first, second] : [second, first];
      const outcomes = await Promise.allSettled(
        [one, other].map((actor) =>
          submitReviews({
            actor,
            input: deliver(releaseId, `${caseId}-${actor.userId}`, criterion, actor === first ? "pass" : "fail"),
          }),
        ),
      );
      const won = [one, other].filter((_, at) => outcomes[at]!.status === "fulfilled");
      expect(won).toHaveLength(1);
      const [lost] = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(lost!.reason).toBeInstanceOf(Fault);
      expect(lost!.reason).toMatchObject({ code: "conflict" });
      expect((lost!.reason as Fault).message).toMatch(/This case is somebody else's now.*Nothing was stored/);
      winners.set(caseId, won[0]!.userId);
    };
    const waiting = draws.map(
      ({ caseId }, index) =>
        () =>
          race(caseId, index),
    );
    const lane = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await next();
    };
    await Promise.all(Array.from({ length: 6 }, lane));

    const rows = await db.review.findMany({ where: { releaseId } });
    expect(rows).toHaveLength(2 * races);
    expect(winners.size).toBe(races);
    for (const { caseId, reviewerId, verdict } of rows) {
      expect(reviewerId).toBe(winners.get(caseId));
      expect(verdict).toBe(reviewerId === first.userId ? "pass" : "fail");
    }
    expect(await db.reviewSubmission.count({ where: { releaseId } })).toBe(races);
    expect(await db.auditEntry.count({ where: { action: "review.given" } })).toBe(races);
  });

  it("who asks at the same moment gets a case of their own", async () => {
    const { first, second, releaseId } = await seedGrading(24);
    const claimed = new Map<number, string[]>([first, second].map(({ userId }) => [userId, []]));
    for (let round = 0; round < 8; round++) {
      const tasks = await Promise.all(
        [first, second].map(
          async (actor) => [actor, await nextTask(actor, releaseId, claimed.get(actor.userId))] as const,
        ),
      );
      for (const [actor, task] of tasks) if (task) claimed.get(actor.userId)!.push(task.task);
    }
    const rows = await db.reviewTask.findMany({ where: { releaseId } });
    expect(rows.length).toBeGreaterThanOrEqual(16);
    expect(new Set(rows.map(({ caseId }) => caseId)).size).toBe(rows.length);
  });

  it("a claim that ran out and was taken by another can't overwrite, before nor after the other's grade", async () => {
    const { first, second, releaseId, criterion } = await seedGrading(1);
    const mine = (await nextTask(first, releaseId))!;
    await expire(releaseId, first);
    const theirs = (await nextTask(second, releaseId))!;
    expect(theirs.case).toBe(mine.case);
    const late = () => submitReviews({ actor: first, input: deliver(releaseId, mine.task, criterion, "fail") });
    await expect(late()).rejects.toThrow(/This case is somebody else's now/);
    await submitReviews({ actor: second, input: deliver(releaseId, theirs.task, criterion, "pass") });
    await expect(late()).rejects.toThrow(/Nothing was stored/);
    const rows = await db.review.findMany({ where: { releaseId } });
    expect(rows.map(({ reviewerId, verdict }) => [reviewerId, verdict])).toEqual([
      [second.userId, "pass"],
      [second.userId, "pass"],
    ]);
  });
});

describe("leases of cases in hand", () => {
  it("are renewed, also once they ran out, as long as nobody else took the case", async () => {
    const { first, second, releaseId, criterion } = await seedGrading(4);
    const tasks: TaskView[] = [];
    for (let i = 0; i < 3; i++)
      tasks.push(
        (await nextTask(
          first,
          releaseId,
          tasks.map(({ task }) => task),
        ))!,
      );
    const ids = tasks.map(({ task }) => task);
    await expire(releaseId, first);
    const taken = (await nextTask(second, releaseId))!;
    expect(taken.case).toBe(tasks[0]!.case);
    const still = await renewLeases(first, releaseId, ids);
    expect(still.map(({ task }) => task).sort()).toEqual(ids.slice(1).sort());
    for (const { expiresAt } of still) expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 10 * 60_000);
    // What was renewed is nobody else's: the other one gets the fourth case.
    const next = (await nextTask(second, releaseId, [taken.task]))!;
    expect(tasks.map((task) => task.case)).not.toContain(next.case);
    await submitReviews({ actor: first, input: deliver(releaseId, ids[1]!, criterion, "pass") });
    expect((await renewLeases(first, releaseId, ids)).map(({ task }) => task)).toEqual([ids[2]]);
  });

  it("are nobody else's to renew, nor for those who may not grade", async () => {
    const { project, first, second, releaseId } = await seedGrading(2);
    const task = (await nextTask(first, releaseId))!;
    expect(await renewLeases(second, releaseId, [task.task])).toEqual([]);
    const viewer = await seedPerson(project.id, { roles: ["viewer"] });
    await expect(renewLeases(viewer, releaseId, [task.task])).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(renewLeases(stranger, releaseId, [task.task])).rejects.toMatchObject({ code: "not_found" });
  });

  it("a case that the caller says it has is not handed out anew, even when its lease ran out", async () => {
    const { first, releaseId, criterion } = await seedGrading(2);
    const mine = (await nextTask(first, releaseId))!;
    await expire(releaseId, first);
    const next = (await nextTask(first, releaseId, [mine.task]))!;
    expect(next.case).not.toBe(mine.case);
    expect(await nextTask(first, releaseId, [mine.task, next.task])).toBeNull();
    await submitReviews({ actor: first, input: deliver(releaseId, mine.task, criterion, "pass") });
    expect(await db.review.count({ where: { releaseId } })).toBe(2);
  });
});

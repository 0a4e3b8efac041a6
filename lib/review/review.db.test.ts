import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { createRelease, drawSample } from "../releases/commands";
import { casesOf, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { skipTask, submitReviews, supersedeReviews } from "./commands";
import { gradedTask, nextTask, reviewProgress, type TaskView, type ToldVerdict } from "./queries";

const { asOwner } = await testDatabase();

/** A release with a drawn sample and two reviewers. */
async function seedGrading(size = 6) {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const [first, second, viewer] = await Promise.all([
    seedPerson(project.id, { roles: ["reviewer"] }),
    seedPerson(project.id, { roles: ["reviewer"] }),
    seedPerson(project.id, { roles: ["viewer"] }),
  ]);
  const world = await seedWorld(project.id, casesOf({ "pass>pass": 4, "pass>fail": 4, "fail>pass": 4 }));
  await db.verdict.updateMany({
    where: { judgeVersionId: world.judgeVersionId },
    data: { rationale: "secret-rationale-of-the-judge" },
  });
  const { id } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager, input: { releaseId: id, size } });
  return { project, manager, first, second, viewer, world, releaseId: id };
}

const gradesOf = (task: TaskView, verdict: "pass" | "fail" | "unsure" = "pass") =>
  task.sides.flatMap(({ side }) => task.criteria.map(({ key }) => ({ side, criterion: key, verdict })));

const deliver = (
  task: TaskView,
  releaseId: number,
  verdict?: "pass" | "fail" | "unsure",
  clientKey = crypto.randomUUID(),
) => ({
  releaseId,
  task: task.task,
  grades: gradesOf(task, verdict),
  clientKey,
});

const auditOf = (releaseId: number, action: string) =>
  db.auditEntry
    .findMany({ where: { action, subject: { contains: `release` } } })
    .then((entries) =>
      entries.filter(
        ({ leaf }) =>
          (JSON.parse(Buffer.from(leaf).toString()) as { subject: { id: string } }).subject.id === String(releaseId),
      ),
    );

describe("the queue", () => {
  it("shows a case without anything that tells the sides apart or what the judge said", async () => {
    const { first, releaseId } = await seedGrading();
    const task = (await nextTask(first, releaseId))!;
    expect(Object.keys(task).sort()).toEqual(["case", "criteria", "expiresAt", "input", "progress", "sides", "task"]);
    expect(task.sides.map((side) => Object.keys(side))).toEqual([
      ["side", "output"],
      ["side", "output"],
    ]);
    const text = JSON.stringify(task);
    for (const word of ["secret-rationale", "v1", "v2", "verdict", "baseline", "candidate", "stratum", "swapped"]) {
      expect(text).not.toContain(word);
    }
  });

  it("gives two reviewers different cases, and the same case again to whoever holds it", async () => {
    const { first, second, releaseId } = await seedGrading();
    const [mine, theirs] = [await nextTask(first, releaseId), await nextTask(second, releaseId)];
    expect(mine!.case).not.toBe(theirs!.case);
    expect((await nextTask(first, releaseId))!.task).toBe(mine!.task);
    expect((await nextTask(first, releaseId, [mine!.task]))!.case).not.toBe(mine!.case);
  });

  it("never hands one case to two people, however close they ask", async () => {
    const { first, second, releaseId } = await seedGrading(12);
    for (let round = 0; round < 6; round++) {
      const tasks = await Promise.all([nextTask(first, releaseId), nextTask(second, releaseId)]);
      expect(new Set(tasks.map((task) => task!.case)).size).toBe(2);
      await Promise.all(
        tasks.map((task, i) => submitReviews({ actor: i === 0 ? first : second, input: deliver(task!, releaseId) })),
      );
    }
    expect(await nextTask(first, releaseId)).toBeNull();
  });

  it("is closed to roles that do not grade, to other projects, and to tokens that are nobody's", async () => {
    const { viewer, releaseId, project } = await seedGrading();
    await expect(nextTask(viewer, releaseId)).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(nextTask(stranger, releaseId)).rejects.toMatchObject({ code: "not_found" });
    const local = {
      kind: "token" as const,
      tokenId: 1,
      userId: null,
      name: "local",
      email: null,
      projectId: project.id,
      roles: ["release_manager" as const],
      requestId: "r",
    };
    await expect(nextTask(local, releaseId)).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("a grade", () => {
  it("is stored with its audit event, and only then the judge and the sides are revealed", async () => {
    const { first, releaseId, world } = await seedGrading();
    const task = (await nextTask(first, releaseId))!;
    const { revealed } = await submitReviews({ actor: first, input: deliver(task, releaseId, "fail") });
    expect(Object.values(revealed.sides).sort()).toEqual(["v1", "v2"]);
    expect(revealed.judges).toHaveLength(2);
    for (const judge of revealed.judges as ToldVerdict[]) {
      expect(judge.rationale).toBe("secret-rationale-of-the-judge");
      expect(judge.overridden).toBe(judge.verdict === "pass");
    }
    const rows = await db.review.findMany({ where: { releaseId } });
    expect(rows).toHaveLength(2);
    expect(rows.every(({ blind, reviewerId }) => blind && reviewerId === first.userId)).toBe(true);
    // What a side showed is what the grade is stored for.
    for (const row of rows) {
      const version = row.runId === world.baseline.runId ? "v1" : "v2";
      expect(revealed.sides[row.side as "A" | "B"]).toBe(version);
      expect(task.sides.find(({ side }) => side === row.side)!.output).toBe(
        `answer ${version.slice(1)} to ${task.case}`,
      );
    }
    expect(await auditOf(releaseId, "review.given")).toHaveLength(1);
  });

  it("is delivered once: the same key gives the same answer, another body under it is refused", async () => {
    const { first, releaseId } = await seedGrading();
    const task = (await nextTask(first, releaseId))!;
    const input = deliver(task, releaseId, "pass", "one-key");
    const answers = await Promise.all([1, 2, 3].map(() => submitReviews({ actor: first, input })));
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(await db.review.count({ where: { releaseId } })).toBe(2);
    await expect(
      submitReviews({ actor: first, input: deliver(task, releaseId, "fail", "one-key") }),
    ).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(submitReviews({ actor: first, input: deliver(task, releaseId, "fail") })).rejects.toMatchObject({
      code: "conflict",
    });
  });

  it("is refused for half a case, for somebody else's task, and across projects; nothing is stored", async () => {
    const { first, second, viewer, releaseId } = await seedGrading();
    const task = (await nextTask(first, releaseId))!;
    const input = deliver(task, releaseId);
    await expect(
      submitReviews({ actor: first, input: { ...input, grades: input.grades.slice(1) } }),
    ).rejects.toMatchObject({
      code: "invalid",
    });
    await expect(submitReviews({ actor: second, input })).rejects.toMatchObject({ code: "conflict" });
    await expect(submitReviews({ actor: viewer, input })).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(submitReviews({ actor: stranger, input })).rejects.toMatchObject({ code: "not_found" });
    expect(await db.review.count({ where: { releaseId } })).toBe(0);
  });

  it("counts after an expired claim only while nobody else took the case", async () => {
    const { first, second, releaseId } = await seedGrading(2);
    const [late, other] = [(await nextTask(first, releaseId))!, (await nextTask(second, releaseId))!];
    await asOwner("UPDATE review_task SET expires_at = now() - interval '1 minute' WHERE id = ANY ($1)", [
      [late.task, other.task],
    ]);
    // The second reviewer takes over the first one's case; the first one's late grade must not get in.
    const taken = [(await nextTask(second, releaseId))!];
    taken.push((await nextTask(second, releaseId, [taken[0]!.task]))!);
    const takeover = taken.find((task) => task.case === late.case)!;
    await expect(submitReviews({ actor: first, input: deliver(late, releaseId) })).rejects.toMatchObject({
      code: "conflict",
    });
    await submitReviews({ actor: second, input: deliver(takeover, releaseId) });
    await expect(submitReviews({ actor: first, input: deliver(late, releaseId) })).rejects.toMatchObject({
      code: "conflict",
    });
    const graders = await db.review.findMany({ where: { releaseId }, distinct: ["reviewerId"] });
    expect(graders.map(({ reviewerId }) => reviewerId)).toEqual([second.userId]);
  });

  it("has one winner in a race for a case whose claims both stand", async () => {
    const { first, second, releaseId } = await seedGrading(12);
    let [won, told] = [0, 0];
    for (let round = 0; round < 12; round++) {
      const task = (await nextTask(first, releaseId))!;
      await asOwner("UPDATE review_task SET expires_at = now() - interval '1 minute' WHERE id = $1", [task.task]);
      const taken = (await nextTask(second, releaseId))!;
      expect(taken.case).toBe(task.case);
      await asOwner("UPDATE review_task SET expires_at = now() - interval '1 minute' WHERE id = $1", [taken.task]);
      const results = await Promise.allSettled([
        submitReviews({ actor: first, input: deliver(task, releaseId, "pass") }),
        submitReviews({ actor: second, input: deliver(taken, releaseId, "fail") }),
      ]);
      won += results.filter(({ status }) => status === "fulfilled").length;
      told += results.filter((result) => result.status === "rejected" && result.reason.code === "conflict").length;
    }
    expect([won, told]).toEqual([12, 12]);
    expect(await db.review.count({ where: { releaseId } })).toBe(24);
  });

  it("can be corrected: the new row supersedes, is not blind, and is audited; the old one stays", async () => {
    const { first, second, releaseId } = await seedGrading();
    const task = (await nextTask(first, releaseId))!;
    await submitReviews({ actor: first, input: deliver(task, releaseId, "pass") });
    const input = {
      ...deliver(task, releaseId, "pass"),
      grades: gradesOf(task).map((grade) =>
        grade.side === "A" ? { ...grade, verdict: "fail" as const, note: "omits the fee" } : grade,
      ),
    };
    const { changed } = await supersedeReviews({ actor: first, input });
    expect(changed).toBe(1);
    const rows = await db.review.findMany({ where: { releaseId }, orderBy: { id: "asc" } });
    expect(rows).toHaveLength(3);
    expect(rows[2]).toMatchObject({ verdict: "fail", blind: false, note: "omits the fee", side: "A" });
    expect((await gradedTask(first, releaseId, task.task)).grades.map(({ side, verdict }) => [side, verdict])).toEqual([
      ["A", "fail"],
      ["B", "pass"],
    ]);
    expect(await auditOf(releaseId, "review.superseded")).toHaveLength(1);
    await expect(supersedeReviews({ actor: second, input })).rejects.toMatchObject({ code: "conflict" });
    await expect(gradedTask(second, releaseId, task.task)).rejects.toMatchObject({ code: "not_found" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(supersedeReviews({ actor: stranger, input })).rejects.toMatchObject({ code: "not_found" });
  });

  it("is refused once the grading is closed", async () => {
    const { first, releaseId } = await seedGrading();
    const task = (await nextTask(first, releaseId))!;
    await asOwner("UPDATE release SET state = 'withdrawn', decided_at = now() WHERE id = $1", [releaseId]);
    await expect(submitReviews({ actor: first, input: deliver(task, releaseId) })).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(nextTask(first, releaseId)).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("putting off", () => {
  it("moves the case to my end, frees it for others, and is audited", async () => {
    const { first, second, viewer, releaseId } = await seedGrading(3);
    const task = (await nextTask(first, releaseId))!;
    await skipTask({ actor: first, input: { releaseId, task: task.task } });
    expect((await nextTask(first, releaseId))!.case).not.toBe(task.case);
    expect((await nextTask(second, releaseId))!.case).toBe(task.case);
    expect(await auditOf(releaseId, "review.skipped")).toHaveLength(1);
    await expect(skipTask({ actor: viewer, input: { releaseId, task: task.task } })).rejects.toMatchObject({
      code: "forbidden",
    });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(skipTask({ actor: stranger, input: { releaseId, task: task.task } })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("progress", () => {
  it("counts cases with all their grades, and mine", async () => {
    const { first, second, releaseId } = await seedGrading(4);
    const task = (await nextTask(first, releaseId))!;
    await submitReviews({ actor: first, input: { ...deliver(task, releaseId), tookMs: 4000 } });
    expect(await reviewProgress(first, releaseId)).toEqual({
      drawn: expect.any(Number),
      graded: 1,
      mine: 1,
      waiting: 3,
      medianMs: 4000,
    });
    expect(await reviewProgress(second, releaseId)).toMatchObject({ graded: 1, mine: 0, medianMs: null });
  });
});

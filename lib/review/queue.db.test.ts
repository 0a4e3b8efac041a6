import { describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { textDigest } from "../digest";
import { closeGrading, createRelease, drawSample } from "../releases/commands";
import { casesOf, seedPolicyVersion, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { countDisputes, type Dispute, nextDispute, settleDispute } from "./adjudication";
import { skipTask, submitReviews, supersedeReviews } from "./commands";
import { nextTask, reviewProgress, type TaskView, waitingCases } from "./queries";
import {
  assignCases,
  type CaseState,
  listCasesIn,
  listQueue,
  queueStates,
  reassignCases,
  reviewerAgreement,
} from "./queue";

await testDatabase();

/** A release with a drawn sample, whose policy asks for `graders` people a case. */
async function seedQueue({ graders = 1, size = 6 } = {}) {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"], name: `Maya ${project.id}` });
  const reviewers = [];
  for (let i = 0; i < 3; i++) reviewers.push(await seedPerson(project.id, { roles: ["reviewer"] }));
  const [first, second, third] = reviewers as [Person, Person, Person];
  const viewer = await seedPerson(project.id, { roles: ["viewer"] });
  const world = await seedWorld(project.id, casesOf({ "pass>pass": size, "pass>fail": size }));
  await seedPolicyVersion(project.id, "standard", { reviewersPerCase: graders });
  const { id } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager, input: { releaseId: id, size } });
  return { project, manager, first, second, third, viewer, world, releaseId: id };
}

type Verdict = "pass" | "fail" | "unsure";
const deliver = (task: TaskView, releaseId: number, a: Verdict = "pass", b: Verdict = a) => ({
  releaseId,
  task: task.task,
  grades: task.criteria.flatMap(({ key }) => [
    { side: "A" as const, criterion: key, verdict: a },
    { side: "B" as const, criterion: key, verdict: b },
  ]),
  clientKey: crypto.randomUUID(),
});

async function grade(actor: Person, releaseId: number, a: Verdict = "pass", b: Verdict = a) {
  const task = (await nextTask(actor, releaseId))!;
  await submitReviews({ actor, input: deliver(task, releaseId, a, b) });
  return task;
}

async function eventsOf(releaseId: number, action: string) {
  const entries = await db.auditEntry.findMany({ where: { action } });
  return entries
    .map(
      ({ leaf }) =>
        JSON.parse(Buffer.from(leaf).toString()) as { subject: { id: string }; details: Record<string, unknown> },
    )
    .filter(({ subject }) => subject.id === String(releaseId));
}

/** Two people grade every case; on the first they differ about side A. */
async function seedDispute(size = 3) {
  const seeded = await seedQueue({ graders: 2, size });
  const { first, second, releaseId } = seeded;
  const disputed = await grade(first, releaseId, "pass", "fail");
  await grade(second, releaseId, "fail", "fail");
  return { ...seeded, disputed: disputed.case };
}

const settle = (dispute: Dispute, verdict: Verdict) => ({
  task: dispute.task,
  seen: dispute.seen,
  grades: dispute.open.map(({ side, criterion }) => ({ side, criterion, verdict })),
});

describe("assigning", () => {
  it("keeps places for people, dealt out evenly, on record", async () => {
    const { manager, first, second, third, releaseId } = await seedQueue();
    const { assigned } = await assignCases({
      actor: manager,
      input: { releaseId, reviewers: [first.userId, second.userId] },
    });
    expect(assigned.map(({ cases }) => cases)).toEqual([3, 3]);
    expect(await nextTask(third, releaseId)).toBeNull();
    expect((await reviewProgress(third, releaseId)).waiting).toBe(0);
    expect((await reviewProgress(first, releaseId)).waiting).toBe(3);
    for (let i = 0; i < 3; i++) await grade(first, releaseId);
    expect(await nextTask(first, releaseId)).toBeNull();
    const [event] = await eventsOf(releaseId, "review.assigned");
    expect(event!.details.to).toMatchObject([{ id: first.userId }, { id: second.userId }]);
  });

  it("limits how many, and leaves the rest open to all", async () => {
    const { manager, first, third, releaseId } = await seedQueue();
    await assignCases({ actor: manager, input: { releaseId, reviewers: [first.userId], cases: 2 } });
    expect((await reviewProgress(third, releaseId)).waiting).toBe(4);
    expect((await reviewProgress(first, releaseId)).waiting).toBe(6);
    const own = await db.assignment.findMany({ where: { releaseId }, select: { caseId: true } });
    const task = (await nextTask(first, releaseId))!;
    const { caseId } = await db.reviewTask.findUniqueOrThrow({ where: { id: task.task } });
    expect(own.map((row) => row.caseId)).toContain(caseId);
  });

  it("gives no case that somebody holds, and nothing twice", async () => {
    const { manager, first, second, third, releaseId } = await seedQueue({ size: 2 });
    await nextTask(third, releaseId);
    await assignCases({ actor: manager, input: { releaseId, reviewers: [first.userId] } });
    expect(await db.assignment.count({ where: { releaseId } })).toBe(1);
    await expect(
      assignCases({ actor: manager, input: { releaseId, reviewers: [second.userId] } }),
    ).rejects.toMatchObject({
      code: "conflict",
    });
  });

  it("moves what waits for one person to another; a grade on its way for it is refused and says so", async () => {
    const { manager, first, second, releaseId } = await seedQueue({ size: 4 });
    await assignCases({ actor: manager, input: { releaseId, reviewers: [first.userId] } });
    await grade(first, releaseId);
    const task = (await nextTask(first, releaseId))!;
    expect(
      await reassignCases({ actor: manager, input: { releaseId, from: first.userId, to: second.userId } }),
    ).toEqual({ taken: 3, given: 3, to: second.name });
    await expect(submitReviews({ actor: first, input: deliver(task, releaseId) })).rejects.toMatchObject({
      code: "conflict",
    });
    for (let i = 0; i < 3; i++) await grade(second, releaseId);
    expect(await db.review.count({ where: { releaseId, reviewerId: first.userId } })).toBe(2);
    await expect(reassignCases({ actor: manager, input: { releaseId, from: first.userId } })).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await eventsOf(releaseId, "review.assigned")).toHaveLength(2);
  });

  it("opens what is taken back to all", async () => {
    const { manager, first, third, releaseId } = await seedQueue({ size: 2 });
    await assignCases({ actor: manager, input: { releaseId, reviewers: [first.userId] } });
    expect(await reassignCases({ actor: manager, input: { releaseId, from: first.userId } })).toEqual({
      taken: 2,
      given: 0,
      to: null,
    });
    await grade(third, releaseId);
    expect(await eventsOf(releaseId, "review.unassigned")).toHaveLength(1);
  });

  it("needs a manager, a reviewer of this project, and a release of it", async () => {
    const { manager, first, viewer, releaseId } = await seedQueue({ size: 2 });
    const input = { releaseId, reviewers: [first.userId] };
    for (const actor of [first, viewer])
      await expect(assignCases({ actor, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(reassignCases({ actor: first, input: { releaseId, from: first.userId } })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(
      assignCases({ actor: manager, input: { releaseId, reviewers: [viewer.userId] } }),
    ).rejects.toMatchObject({
      code: "invalid",
    });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["release_manager"] });
    await expect(assignCases({ actor: stranger, input })).rejects.toMatchObject({ code: "not_found" });
    await expect(reassignCases({ actor: stranger, input: { releaseId, from: first.userId } })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(
      assignCases({ actor: manager, input: { releaseId, reviewers: [stranger.userId] } }),
    ).rejects.toMatchObject({
      code: "invalid",
    });
  });
});

describe("the manager's view", () => {
  it("says who did what and what does not move", async () => {
    const { manager, first, second, viewer, releaseId } = await seedQueue({ graders: 2, size: 4 });
    await grade(first, releaseId);
    const put = (await nextTask(first, releaseId))!;
    await skipTask({ actor: first, input: { releaseId, task: put.task, reason: "needs a lawyer" } });
    await grade(second, releaseId, "fail");
    const queue = await listQueue(manager, releaseId);
    expect(queue.states).toEqual({ needs_review: 3, needs_others: 0, disagreement: 1, adjudicated: 0, done: 0 });
    expect(queue.people.find(({ id }) => id === first.userId)).toMatchObject({ graded: 1, putOff: 1, held: 0 });
    expect(queue.people.map(({ id }) => id)).not.toContain(viewer.userId);
    expect(queue.stuck.map(({ why, reason }) => [why, reason])).toEqual(
      expect.arrayContaining([
        ["put_off", "needs a lawyer"],
        ["disagreement", "Cites only given sources"],
      ]),
    );
    await expect(listQueue(first, releaseId)).rejects.toMatchObject({ code: "forbidden" });
    expect(await queueStates(viewer, releaseId)).toEqual(queue.states);
  });

  it("calls nothing stuck that was taken back, is on its way to somebody, or ran out a moment ago", async () => {
    const { manager, first, second, releaseId } = await seedQueue({ size: 4 });
    const stuck = async () => (await listQueue(manager, releaseId)).stuck.map(({ why, who }) => [why, who]);
    await assignCases({ actor: manager, input: { releaseId, reviewers: [first.userId] } });
    const put = (await nextTask(first, releaseId))!;
    await skipTask({ actor: first, input: { releaseId, task: put.task } });
    const { people } = await listQueue(manager, releaseId);
    expect(people.find(({ id }) => id === first.userId)).toMatchObject({ assigned: 4, waiting: 4, held: 0 });
    const held = (await nextTask(first, releaseId))!;
    expect(await stuck()).toEqual([["put_off", first.name]]);
    const ranOut = (since: string) => db.$executeRaw`
      UPDATE review_task SET expires_at = now() - ${since}::interval WHERE id = ${held.task}`;
    await ranOut("1 minute");
    expect(await stuck()).toEqual([["put_off", first.name]]);
    await ranOut("25 hours");
    expect(await stuck()).toEqual(
      expect.arrayContaining([
        ["put_off", first.name],
        ["held_too_long", first.name],
      ]),
    );
    await nextTask(first, releaseId);
    await reassignCases({ actor: manager, input: { releaseId, from: first.userId, to: second.userId } });
    expect(await stuck()).toEqual([]);
    // Given to all, what was put off may still be its own reason; what was in hand leaves no trace but the log's.
    await reassignCases({ actor: manager, input: { releaseId, from: second.userId } });
    expect(await stuck()).toEqual([["put_off", first.name]]);
    // What waits in a queue for a day is not begun.
    await assignCases({ actor: manager, input: { releaseId, reviewers: [second.userId], cases: 1 } });
    await db.assignment.updateMany({ where: { releaseId }, data: { assignedAt: new Date(Date.now() - 90_000_000) } });
    expect(await stuck()).toEqual(expect.arrayContaining([["not_begun", second.name]]));
  });

  it("holds reviewers against each other", async () => {
    const { manager, first, second, releaseId } = await seedDispute(2);
    await grade(first, releaseId);
    await grade(second, releaseId);
    const [matrix] = await reviewerAgreement(manager, releaseId);
    // The case in dispute may be settled by the manager, who is not to know the grades before.
    expect(matrix!.pairs).toMatchObject([{ answers: 2, agree: 2 }]);
    const auditor = await seedPerson(manager.projectId, { roles: ["auditor"] });
    const [whole] = await reviewerAgreement(auditor, releaseId);
    expect(whole!.pairs).toMatchObject([{ answers: 4, agree: 3 }]);
    // (pass, fail), (fail, fail), (pass, pass) twice: p_o = 3/4, p_e = 3/4 · 2/4 + 1/4 · 2/4 = 1/2.
    expect(whole!.pairs[0]!.kappa).toBeCloseTo(0.5, 12);
  });
});

describe("a disagreement", () => {
  it("goes to somebody who did not grade the case, without names, sides or verdicts", async () => {
    const { first, second, third, manager, disputed, releaseId } = await seedDispute();
    expect(await nextDispute(first, releaseId)).toBeNull();
    expect(await nextDispute(second, releaseId)).toBeNull();
    expect((await waitingCases(third, releaseId)).map(({ key }) => key)).toContain(disputed);
    const dispute = (await nextDispute(third, releaseId))!;
    expect(dispute).toMatchObject({ case: disputed, open: [{ side: "A" }], waiting: 1 });
    expect(dispute.grades.map(({ grader, side, verdict }) => [grader, side, verdict])).toEqual([
      [1, "A", "pass"],
      [1, "B", "fail"],
      [2, "A", "fail"],
      [2, "B", "fail"],
    ]);
    const text = JSON.stringify(dispute);
    for (const word of [first.name, second.name, "v1", "v2", "rationale", "baseline", "candidate"])
      expect(text).not.toContain(word);
    // In one person's hands it is in nobody else's.
    expect(await nextDispute(manager, releaseId)).toBeNull();
    expect(await countDisputes(manager, releaseId)).toBe(0);
    expect(await countDisputes(third, releaseId)).toBe(1);
  });

  it("is settled once: the label counts, the grades stay, the judge is revealed", async () => {
    const { third, manager, disputed, releaseId } = await seedDispute();
    const dispute = (await nextDispute(third, releaseId))!;
    const answer = await settleDispute({
      actor: third,
      input: { releaseId, ...settle(dispute, "pass"), note: "The source is given." },
    });
    expect(answer.outcome).toBe("accepted");
    expect(Object.values(answer.revealed!.sides).sort()).toEqual(["v1", "v2"]);
    const labels =
      await db.$queryRaw`SELECT label, adjudicated FROM human_label WHERE release_id = ${releaseId} ORDER BY adjudicated`;
    expect(labels).toEqual([
      { label: "fail", adjudicated: false },
      { label: "pass", adjudicated: true },
    ]);
    expect(await db.review.count({ where: { releaseId } })).toBe(4);
    expect((await queueStates(manager, releaseId)).adjudicated).toBe(1);
    const [event] = await eventsOf(releaseId, "review.adjudicated");
    expect(event!.details).toMatchObject({
      case: disputed,
      outcome: "accepted",
      note: textDigest("The source is given."),
    });
    await expect(
      settleDispute({ actor: third, input: { releaseId, ...settle(dispute, "fail") } }),
    ).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(db.$executeRaw`UPDATE adjudication SET verdict = 'fail'`).rejects.toThrow();
  });

  it("may be fixed with a grade that nobody gave", async () => {
    const { third, releaseId } = await seedDispute();
    const dispute = (await nextDispute(third, releaseId))!;
    const { outcome } = await settleDispute({ actor: third, input: { releaseId, ...settle(dispute, "unsure") } });
    expect(outcome).toBe("fixed");
  });

  it("may go back for one more grader, whose grade can make a majority; who sent it back does not grade it", async () => {
    const { third, manager, disputed, releaseId } = await seedDispute(1);
    const dispute = (await nextDispute(third, releaseId))!;
    const back = { releaseId, task: dispute.task, seen: dispute.seen, grades: "return" as const };
    await expect(settleDispute({ actor: third, input: back })).rejects.toMatchObject({ code: "invalid" });
    const answer = await settleDispute({ actor: third, input: { ...back, note: "Ask somebody who knows tax law." } });
    expect(answer).toEqual({ outcome: "returned", revealed: null });
    expect((await queueStates(manager, releaseId)).needs_others).toBe(1);
    expect(await nextTask(third, releaseId)).toBeNull();
    expect((await grade(manager, releaseId, "fail", "fail")).case).toBe(disputed);
    expect((await queueStates(manager, releaseId)).done).toBe(1);
    expect(await eventsOf(releaseId, "review.returned")).toHaveLength(1);
  });

  it("is not settled on grades that changed since they were shown", async () => {
    const { first, third, releaseId } = await seedDispute();
    const dispute = (await nextDispute(third, releaseId))!;
    const task = await db.reviewTask.findFirstOrThrow({ where: { releaseId, reviewerId: first.userId } });
    const view = { task: task.id, criteria: dispute.criteria } as TaskView;
    await supersedeReviews({ actor: first, input: deliver(view, releaseId, "unsure", "fail") });
    await expect(
      settleDispute({ actor: third, input: { releaseId, ...settle(dispute, "pass") } }),
    ).rejects.toMatchObject({
      code: "conflict",
    });
    const again = (await nextDispute(third, releaseId))!;
    expect(again.seen).not.toBe(dispute.seen);
    await settleDispute({ actor: third, input: { releaseId, ...settle(again, "pass") } });
  });

  it("asks exactly for what is open", async () => {
    const { third, releaseId } = await seedDispute();
    const dispute = (await nextDispute(third, releaseId))!;
    const [asked] = settle(dispute, "pass").grades;
    for (const grades of [[{ ...asked!, side: "B" as const }], [asked!, { ...asked!, side: "B" as const }]])
      await expect(
        settleDispute({ actor: third, input: { releaseId, task: dispute.task, seen: dispute.seen, grades } }),
      ).rejects.toMatchObject({ code: "invalid" });
  });

  it("is closed to other roles and projects, and to graders even where the program forgets", async () => {
    const { first, viewer, third, releaseId } = await seedDispute();
    await expect(nextDispute(viewer, releaseId)).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["release_manager"] });
    await expect(nextDispute(stranger, releaseId)).rejects.toMatchObject({ code: "not_found" });
    const dispute = (await nextDispute(third, releaseId))!;
    for (const [actor, code] of [
      [viewer, "forbidden"],
      [stranger, "not_found"],
      [first, "conflict"],
    ] as const)
      await expect(settleDispute({ actor, input: { releaseId, ...settle(dispute, "pass") } })).rejects.toMatchObject({
        code,
      });
    const { caseId, runId, criterionId } = await db.review.findFirstOrThrow({ where: { releaseId } });
    await expect(
      db.adjudication.create({
        data: {
          releaseId,
          caseId,
          runId,
          criterionId,
          adjudicatorId: first.userId,
          taskId: dispute.task,
          verdict: "pass",
        },
      }),
    ).rejects.toThrow();
  });

  it("is in the evidence, and the label in its numbers", async () => {
    const { first, second, third, manager, releaseId } = await seedDispute(1);
    const dispute = (await nextDispute(third, releaseId))!;
    await settleDispute({ actor: third, input: { releaseId, ...settle(dispute, "pass") } });
    expect(await nextTask(first, releaseId)).toBeNull();
    expect(await nextTask(second, releaseId)).toBeNull();
    await closeGrading({ actor: manager, input: { releaseId } });
    const { body } = await db.evidence.findFirstOrThrow({ where: { releaseId } });
    const evidence = JSON.parse(body) as { adjudications: unknown[]; numbers: { estimate: { reviewed: number } }[] };
    expect(evidence.adjudications).toMatchObject([
      { outcome: "accepted", adjudicator: { id: third.userId }, labels: [{ verdict: "pass" }] },
    ]);
    expect(evidence.numbers[0]!.estimate.reviewed).toBe(1);
  });
});

describe("the cases behind a state", () => {
  it("are listed, those that may still be this person's are counted alone, and holders are for who hands out work", async () => {
    const { first, second, third, manager, viewer, releaseId } = await seedQueue({ graders: 2, size: 3 });
    const one = await grade(first, releaseId);
    await grade(second, releaseId);
    await grade(first, releaseId);
    const held = (await nextTask(third, releaseId))!;
    const of = (actor: Person, state: CaseState) => listCasesIn(actor, releaseId, state);
    expect((await of(viewer, "done")).cases).toMatchObject([
      { case: one.case, by: [first.name, second.name].sort(), graders: 2 },
    ]);
    const others = await of(viewer, "needs_others");
    expect(others).toMatchObject({
      cases: [{ graders: 1, needed: 2, by: [first.name], holders: [] }],
      more: 0,
      hidden: 0,
    });
    // The first graded it; the second and the manager may yet.
    expect((await of(first, "needs_others")).hidden).toBe(0);
    expect(await of(second, "needs_others")).toEqual({ cases: [], more: 0, hidden: 1 });
    const cases = (await of(manager, "needs_review")).cases.concat((await of(viewer, "needs_others")).cases);
    expect(cases.map((row) => row.case)).toContain(held.case);
    const open = (await of(manager, "needs_review")).cases;
    expect(open.flatMap(({ holders }) => holders)).toEqual(
      open.some((row) => row.case === held.case) ? [third.name] : [],
    );
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(of(stranger, "done")).rejects.toMatchObject({ code: "not_found" });
  });
});

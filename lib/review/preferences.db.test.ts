import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { getBrief } from "../releases/brief";
import { closeGrading, createRelease, drawSample } from "../releases/commands";
import { casesOf, type SeededPreferences, seedPreferences, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { skipTask, submitReviews, supersedeReviews } from "./commands";
import { gradedTask, listGraders, nextTask, reviewProgress, type TaskView, type ToldPreference } from "./queries";
import { runOf } from "./rules";
import type { Grade } from "./schema";

const { asOwner } = await testDatabase();

const secret = "secret-rationale-of-the-judge";

/** A release on a preference criterion alone, or on a pass/fail criterion as well, all of it drawn; with two reviewers. */
async function seedComparing(said: SeededPreferences, mixed = false) {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const [first, second, viewer] = await Promise.all([
    seedPerson(project.id, { roles: ["reviewer"] }),
    seedPerson(project.id, { roles: ["reviewer"] }),
    seedPerson(project.id, { roles: ["viewer"] }),
  ]);
  const world = await seedWorld(project.id, casesOf({ "pass>pass": Object.keys(said).length }));
  const { criterion, judge } = await seedPreferences(world, said, { rationale: secret });
  const { id: releaseId } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2", ...(mixed ? {} : { criteria: [criterion] }) },
  });
  await drawSample({ actor: manager, input: { releaseId, size: 1000 } });
  return { project, manager, first, second, viewer, world, criterion, judge, releaseId };
}

type Prefer = NonNullable<Grade["prefer"]>;
const gradesOf = (task: TaskView, prefer: Prefer): Grade[] =>
  task.criteria.flatMap(({ key, kind }): Grade[] =>
    kind === "preference"
      ? [{ criterion: key, prefer }]
      : (["A", "B"] as const).map((side) => ({ side, criterion: key, verdict: "pass" })),
  );
const deliver = (task: TaskView, releaseId: number, prefer: Prefer, clientKey = crypto.randomUUID()) => ({
  releaseId,
  task: task.task,
  grades: gradesOf(task, prefer),
  clientKey,
});
/** The side on which a version's answer stands, read from the answers of the seed. */
const showing = (task: TaskView, version: "v1" | "v2") =>
  task.sides.find(({ output }) => String(output).startsWith(`answer ${version.slice(1)} `))!.side;

describe("a case on a preference criterion", () => {
  it("is asked once, and shows nothing of what the judge prefers or which side is which", async () => {
    const { first, releaseId, criterion } = await seedComparing({ c001: ["second", "first"] });
    const task = (await nextTask(first, releaseId))!;
    expect(task.criteria).toEqual([
      { key: criterion, kind: "preference", name: "The more helpful answer", rubric: "" },
    ]);
    expect(Object.keys(task).sort()).toEqual(["case", "criteria", "expiresAt", "input", "progress", "sides", "task"]);
    const text = JSON.stringify(task);
    for (const word of [
      secret,
      "v1",
      "v2",
      'prefer"',
      "baseline",
      "candidate",
      "stratum",
      "swapped",
      "first",
      "flip",
    ]) {
      expect(text).not.toContain(word);
    }
  });

  it("shows either version first: sides are drawn by lot", async () => {
    const said = Object.fromEntries(
      casesOf({ "pass>pass": 40 }).map(({ key }) => [key, ["tie", null]]),
    ) as SeededPreferences;
    const { first, releaseId } = await seedComparing(said);
    const seen = new Set<string>();
    for (let task = await nextTask(first, releaseId); task; task = await nextTask(first, releaseId)) {
      seen.add(showing(task, "v2"));
      await submitReviews({ actor: first, input: deliver(task, releaseId, "tie") });
    }
    expect([...seen].sort()).toEqual(["A", "B"]);
  });

  it("is stored as what the person prefers, and only then the judge's preference and the sides are told", async () => {
    const { first, releaseId, criterion, judge } = await seedComparing({ c001: ["second", null] });
    const task = (await nextTask(first, releaseId))!;
    const [old, fresh] = [showing(task, "v1"), showing(task, "v2")];
    const { revealed } = await submitReviews({ actor: first, input: deliver(task, releaseId, old) });
    expect(revealed).toEqual({
      sides: { [old]: "v1", [fresh]: "v2" },
      judges: [
        {
          judge,
          criterion,
          prefer: fresh,
          orders: [{ first: old, prefer: fresh, score: null, rationale: secret }],
          instrument: true,
          overridden: true,
        },
      ],
    });
    const [row, ...more] = await db.review.findMany({ where: { releaseId } });
    expect(more).toEqual([]);
    expect(row).toMatchObject({ runId: null, verdict: null, prefer: "baseline", side: fresh, blind: true });
    const given = await db.auditEntry.findMany({ where: { action: "review.given", projectId: first.projectId } });
    expect(given).toHaveLength(1);
    expect(await reviewProgress(first, releaseId)).toMatchObject({ graded: 1, mine: 1 });
    expect(await nextTask(first, releaseId)).toBeNull();
    expect(await listGraders(first, releaseId)).toMatchObject([{ cases: 1, overrides: 1 }]);
  });

  it("tells of a judge whose preference goes with the order, and overrides only one that prefers", async () => {
    const expected = {
      c001: { said: ["first", "first"], prefer: "flip" },
      c002: { said: ["second", "first"], prefer: "v2" },
      c003: { said: ["first", "second"], prefer: "v1" },
      c004: { said: ["tie", "tie"], prefer: "tie" },
      c005: { said: ["tie", "second"], prefer: "flip" },
      c006: { said: [null, "second"], prefer: "v1" },
      c007: { said: ["error", "first"], prefer: "error" },
      c008: { said: [null, "error"], prefer: "error" },
      c009: { said: [null, "tie"], prefer: "tie" },
    } as const;
    const said = Object.fromEntries(
      Object.entries(expected).map(([key, { said: pair }]) => [key, [...pair]]),
    ) as unknown as SeededPreferences;
    const { first, releaseId } = await seedComparing(said);
    const seen: Record<string, unknown> = {};
    for (let task = await nextTask(first, releaseId); task; task = await nextTask(first, releaseId)) {
      const mine = showing(task, "v2");
      const { revealed } = await submitReviews({ actor: first, input: deliver(task, releaseId, mine) });
      const [told] = revealed.judges as ToldPreference[];
      const asVersion = (prefer: string) => (prefer === "A" || prefer === "B" ? revealed.sides[prefer] : prefer);
      seen[task.case] = { prefer: asVersion(told!.prefer), overridden: told!.overridden, orders: told!.orders.length };
      // Each order is told as it was: who stood first, and who was preferred.
      const pair = expected[task.case as keyof typeof expected].said;
      expect(told!.orders.map(({ first: side, prefer }) => [revealed.sides[side], asVersion(prefer)])).toEqual(
        pair.flatMap((value, place) => {
          if (value === null) return [];
          const [shownFirst, shownSecond] = place === 0 ? ["v1", "v2"] : ["v2", "v1"];
          return [[shownFirst, value === "first" ? shownFirst : value === "second" ? shownSecond : value]];
        }),
      );
    }
    expect(seen).toEqual(
      Object.fromEntries(
        Object.entries(expected).map(([key, { said: pair, prefer }]) => [
          key,
          { prefer, overridden: prefer === "v1" || prefer === "tie", orders: pair.filter(Boolean).length },
        ]),
      ),
    );
    expect(await listGraders(first, releaseId)).toMatchObject([{ cases: 9, overrides: 4 }]);
  });

  it("may be graded as unsure, and is delivered once", async () => {
    const { first, releaseId } = await seedComparing({ c001: ["second", null], c002: ["tie", null] });
    const task = (await nextTask(first, releaseId))!;
    const input = deliver(task, releaseId, "unsure", "one-key");
    const answers = await Promise.all([1, 2, 3].map(() => submitReviews({ actor: first, input })));
    expect(answers[1]).toEqual(answers[0]);
    expect((answers[0]!.revealed.judges as ToldPreference[])[0]!.overridden).toBe(false);
    expect(await db.review.findMany({ where: { releaseId } })).toMatchObject([{ prefer: "unsure" }]);
    await expect(
      submitReviews({ actor: first, input: deliver(task, releaseId, "A", "one-key") }),
    ).rejects.toMatchObject({ code: "conflict" });
  });

  it("is refused as a verdict, for half a release, for others, and after its time; nothing is stored", async () => {
    const { first, second, viewer, releaseId, criterion } = await seedComparing({ c001: ["second", null] }, true);
    const task = (await nextTask(first, releaseId))!;
    const input = deliver(task, releaseId, "A");
    const refused = (grades: Grade[]) =>
      expect(submitReviews({ actor: first, input: { ...input, grades } })).rejects.toMatchObject({ code: "invalid" });
    await refused(input.grades.filter(({ prefer }) => !prefer));
    await refused(input.grades.filter(({ prefer }) => prefer));
    await refused(
      input.grades.map(({ prefer, ...grade }) => (prefer ? { ...grade, side: "A", verdict: "pass" } : grade)),
    );
    await refused([...input.grades, { criterion, prefer: "B" }]);
    await expect(submitReviews({ actor: second, input })).rejects.toMatchObject({ code: "conflict" });
    await expect(submitReviews({ actor: viewer, input })).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(submitReviews({ actor: stranger, input })).rejects.toMatchObject({ code: "not_found" });
    expect(await db.review.count({ where: { releaseId } })).toBe(0);
  });

  it("is graded together with pass/fail criteria, and can be put off", async () => {
    const { first, releaseId } = await seedComparing({ c001: ["second", null], c002: ["first", null] }, true);
    const put = (await nextTask(first, releaseId))!;
    await skipTask({ actor: first, input: { releaseId, task: put.task } });
    const task = (await nextTask(first, releaseId))!;
    expect(task.case).not.toBe(put.case);
    expect(task.criteria.map(({ kind }) => kind)).toEqual(["pass_fail", "preference"]);
    const { revealed } = await submitReviews({ actor: first, input: deliver(task, releaseId, "tie") });
    expect(revealed.judges.map((judge) => ("prefer" in judge ? "preference" : judge.side))).toEqual([
      "A",
      "B",
      "preference",
    ]);
    const rows = await db.review.findMany({ where: { releaseId }, orderBy: { id: "asc" } });
    expect(rows.map(({ runId, verdict, prefer }) => [runId !== null, verdict, prefer])).toEqual([
      [true, "pass", null],
      [true, "pass", null],
      [false, null, "tie"],
    ]);
  });

  it("can be corrected: the new row supersedes and is not blind; the first stays", async () => {
    const { first, second, releaseId, criterion } = await seedComparing({ c001: ["second", "first"] });
    const task = (await nextTask(first, releaseId))!;
    await submitReviews({ actor: first, input: deliver(task, releaseId, "tie") });
    const correction = deliver(task, releaseId, showing(task, "v2"));
    expect(await supersedeReviews({ actor: first, input: deliver(task, releaseId, "tie") })).toMatchObject({
      changed: 0,
    });
    expect(await supersedeReviews({ actor: first, input: correction })).toMatchObject({ changed: 1 });
    const rows = await db.review.findMany({ where: { releaseId }, orderBy: { id: "asc" } });
    expect(rows).toMatchObject([
      { prefer: "tie", blind: true },
      { prefer: "candidate", blind: false, supersedesId: rows[0]!.id },
    ]);
    const { grades, revealed } = await gradedTask(first, releaseId, task.task);
    expect(grades).toEqual([{ criterion, prefer: showing(task, "v2"), note: null, tags: [] }]);
    expect(revealed.judges).toMatchObject([{ prefer: showing(task, "v2"), overridden: false }]);
    await expect(supersedeReviews({ actor: second, input: correction })).rejects.toMatchObject({ code: "conflict" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(supersedeReviews({ actor: stranger, input: correction })).rejects.toMatchObject({ code: "not_found" });
  });

  it("stands in the evidence with the side on which the candidate was shown", async () => {
    const { first, manager, releaseId, criterion } = await seedComparing({ c001: ["second", null] });
    const task = (await nextTask(first, releaseId))!;
    await submitReviews({ actor: first, input: deliver(task, releaseId, showing(task, "v1")) });
    await closeGrading({ actor: manager, input: { releaseId } });
    const { body } = await db.evidence.findFirstOrThrow({ where: { releaseId } });
    const { reviews, criteria } = JSON.parse(body) as { reviews: Record<string, unknown>[]; criteria: unknown[] };
    expect(criteria).toMatchObject([{ key: criterion, kind: "preference" }]);
    expect(reviews).toMatchObject([
      { case: "c001", criterion, prefer: "baseline", side: showing(task, "v2"), blind: true, supersedes: null },
    ]);
    expect(Object.keys(reviews[0]!)).not.toContain("verdict");
    expect(runOf(reviews[0]!.side as "A" | "B", showing(task, "v2") === "A")).toBe("candidate");
  });

  it("is kept whole by the database: a verdict on one output or a preference, once a person, append-only", async () => {
    const { first, releaseId } = await seedComparing({ c001: ["second", null] });
    const task = (await nextTask(first, releaseId))!;
    await submitReviews({ actor: first, input: deliver(task, releaseId, "tie") });
    const { id: _id, ...row } = await db.review.findFirstOrThrow({ where: { releaseId } });
    await expect(db.review.create({ data: row })).rejects.toThrow(/Unique/);
    const other = { ...row, reviewerId: row.reviewerId + 1 };
    await expect(db.review.create({ data: { ...other, verdict: "pass" } })).rejects.toThrow(/or_a_preference/);
    await expect(db.review.create({ data: { ...other, prefer: null } })).rejects.toThrow(/or_a_preference/);
    await expect(asOwner("UPDATE review SET prefer = 'candidate'")).rejects.toThrow(/append-only/);
  });
});

describe("a release", () => {
  it("takes preference criteria that were judged or reviewed on both runs, in either order, and their judge", async () => {
    const { manager, world, criterion, judge, releaseId } = await seedComparing({ c001: [null, "first"] }, true);
    const brief = await getBrief(manager, releaseId);
    expect(brief.criteria.map(({ key }) => key)).toContain(criterion);
    const chosen = await db.releaseCriterion.findFirstOrThrow({
      where: { releaseId, criterion: { key: criterion } },
      include: { judgeVersion: { include: { judge: true } } },
    });
    expect(chosen.judgeVersion!.judge.key).toBe(judge);
    // Nobody compared these runs on this one: it is not chosen, and it can be named all the same.
    await db.criterion.create({
      data: { projectId: manager.projectId, key: "unasked", name: "Unasked", kind: "preference" },
    });
    await db.release.update({ where: { id: releaseId }, data: { state: "withdrawn", decidedAt: new Date() } });
    const input = { prompt: world.prompt, baseline: "v1", candidate: "v2" };
    const { id } = await createRelease({ actor: manager, input });
    const keys = await db.releaseCriterion.findMany({ where: { releaseId: id }, include: { criterion: true } });
    expect(keys.map(({ criterion: { key } }) => key)).not.toContain("unasked");
    expect(keys.map(({ criterion: { key } }) => key)).toContain(criterion);
  });
});

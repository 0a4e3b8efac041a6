import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { createRelease, drawSample } from "../releases/commands";
import { casesOf, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { submitReviews, supersedeReviews } from "./commands";
import {
  gradedTask,
  listCriteria,
  listGraded,
  listTags,
  listTaxonomy,
  nextTask,
  type TaskView,
  tagNames,
} from "./queries";
import { addExample, createTag, removeExample, renameTag } from "./taxonomy";

const { asOwner } = await testDatabase();

async function seedGrading() {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
  const stranger = await seedPerson((await seedProject()).id, { roles: ["release_manager", "administrator"] });
  const world = await seedWorld(project.id, casesOf({ "pass>fail": 4 }));
  const { id } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager, input: { releaseId: id, size: 4 } });
  return { project, manager, reviewer, stranger, world, releaseId: id };
}

const deliver = (task: TaskView, releaseId: number, tags: string[] = []) => ({
  releaseId,
  task: task.task,
  grades: task.criteria.flatMap(({ key }) => [
    { side: "A" as const, criterion: key, verdict: "pass" as const },
    { side: "B" as const, criterion: key, verdict: "fail" as const, tags },
  ]),
  clientKey: crypto.randomUUID(),
});

const actionsOf = async (projectId: number) =>
  (await db.auditEntry.findMany({ where: { projectId }, orderBy: { index: "asc" } })).map(({ action }) => action);

describe("failure tags", () => {
  it("grow while people grade, once each, on record", async () => {
    const { reviewer, releaseId, project } = await seedGrading();
    for (const tags of [["invented source", "tone"], ["tone"]])
      await submitReviews({ actor: reviewer, input: deliver((await nextTask(reviewer, releaseId))!, releaseId, tags) });
    expect((await listTaxonomy(reviewer)).map(({ name, uses }) => [name, uses])).toEqual([
      ["tone", 2],
      ["invented source", 1],
    ]);
    expect((await actionsOf(project.id)).filter((action) => action === "tag.created")).toHaveLength(2);
  });

  it("are renamed and merged without touching a grade", async () => {
    const { reviewer, manager, releaseId, project } = await seedGrading();
    await submitReviews({
      actor: reviewer,
      input: deliver((await nextTask(reviewer, releaseId))!, releaseId, ["hallucination"]),
    });
    await submitReviews({
      actor: reviewer,
      input: deliver((await nextTask(reviewer, releaseId))!, releaseId, ["made up"]),
    });
    const idOf = async (name: string) => (await listTaxonomy(manager)).find((tag) => tag.name === name)!.id;
    expect(
      await renameTag({ actor: manager, input: { tagId: await idOf("hallucination"), name: "invented source" } }),
    ).toEqual({
      merged: false,
    });
    const madeUp = { tagId: await idOf("made up"), name: "invented source" };
    await expect(renameTag({ actor: manager, input: madeUp })).rejects.toMatchObject({
      code: "conflict",
      place: { field: "merge" },
    });
    expect(await renameTag({ actor: manager, input: { ...madeUp, merge: true } })).toEqual({ merged: true });
    expect(await listTaxonomy(manager)).toMatchObject([
      { name: "invented source", was: ["hallucination", "made up"], uses: 2 },
    ]);
    expect(await listTags(reviewer)).toEqual(["invented source"]);
    expect(await tagNames(manager)).toEqual({ hallucination: "invented source", "made up": "invented source" });
    const stored = await db.review.findMany({ where: { releaseId, verdict: "fail" }, orderBy: { id: "asc" } });
    expect(stored.map(({ tags }) => tags)).toEqual([["hallucination"], ["made up"]]);
    // The old name again is the new tag.
    await submitReviews({
      actor: reviewer,
      input: deliver((await nextTask(reviewer, releaseId))!, releaseId, ["made up"]),
    });
    expect(await listTaxonomy(manager)).toMatchObject([{ uses: 3 }]);
    // And back: the name it had stands for all of them.
    await renameTag({ actor: manager, input: { tagId: await idOf("invented source"), name: "made up" } });
    expect(await listTaxonomy(manager)).toMatchObject([
      { name: "made up", was: ["hallucination", "invented source"], uses: 3 },
    ]);
    expect(await actionsOf(project.id)).toEqual(expect.arrayContaining(["tag.renamed", "tag.merged"]));
    await expect(
      renameTag({ actor: manager, input: { tagId: await idOf("made up"), name: "made up" } }),
    ).rejects.toMatchObject({ code: "invalid" });
  });

  it("are shaped by managers of this project only", async () => {
    const { reviewer, manager, stranger } = await seedGrading();
    const { id } = await createTag({ actor: manager, input: { name: "tone" } });
    await expect(createTag({ actor: manager, input: { name: "tone" } })).rejects.toMatchObject({ code: "conflict" });
    await expect(createTag({ actor: reviewer, input: { name: "x" } })).rejects.toMatchObject({ code: "forbidden" });
    await expect(renameTag({ actor: reviewer, input: { tagId: id, name: "x" } })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(renameTag({ actor: stranger, input: { tagId: id, name: "x" } })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await listTags(stranger)).toEqual([]);
  });

  it("are counted in grades of this project that stand, with who made them", async () => {
    const [here, there] = [await seedGrading(), await seedGrading()];
    for (const { reviewer, releaseId } of [here, there]) {
      const task = (await nextTask(reviewer, releaseId))!;
      await submitReviews({ actor: reviewer, input: deliver(task, releaseId, ["tone"]) });
      if (reviewer === there.reviewer)
        await supersedeReviews({ actor: reviewer, input: deliver(task, releaseId, ["rude"]) });
    }
    await createTag({ actor: here.manager, input: { name: "unused" } });
    expect(await listTaxonomy(here.manager)).toMatchObject([
      { name: "tone", was: [], uses: 1, createdBy: here.reviewer.name, createdAt: expect.any(Date) },
      { name: "unused", uses: 0, createdBy: here.manager.name },
    ]);
    // The corrected grade carries the other word.
    expect((await listTaxonomy(there.reviewer)).map(({ name, uses }) => [name, uses])).toEqual([
      ["rude", 1],
      ["tone", 0],
    ]);
  });
});

describe("examples of a rubric", () => {
  it("are shown with the next case, and gone once removed", async () => {
    const { reviewer, manager, stranger, world, releaseId, project } = await seedGrading();
    const example = { verdict: "fail", text: "As Smith (2031) says …", why: "There is no such source." };
    const { id } = await addExample({ actor: manager, input: { criterionId: world.criterionId, ...example } });
    expect((await nextTask(reviewer, releaseId))!.criteria[0]!.examples).toEqual([example]);
    expect((await listCriteria(reviewer))[0]!.examples).toMatchObject([{ ...example, createdBy: manager.name }]);
    // Of its project's criteria alone.
    expect((await listCriteria(stranger)).flatMap(({ examples }) => examples)).toEqual([]);
    expect((await listCriteria(stranger)).map((criterion) => criterion.id)).not.toContain(world.criterionId);
    await removeExample({ actor: manager, input: { exampleId: id } });
    expect((await listCriteria(reviewer))[0]!.examples).toEqual([]);
    expect((await nextTask(reviewer, releaseId))!.criteria[0]).not.toHaveProperty("examples");
    expect(await actionsOf(project.id)).toEqual(
      expect.arrayContaining(["criterion.example_added", "criterion.example_removed"]),
    );
  });

  it("are written by managers of this project only", async () => {
    const { reviewer, manager, stranger, world } = await seedGrading();
    const input = { criterionId: world.criterionId, verdict: "pass", text: "x", why: "y" };
    await expect(addExample({ actor: reviewer, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(addExample({ actor: stranger, input })).rejects.toMatchObject({ code: "not_found" });
    const { id } = await addExample({ actor: manager, input });
    await expect(removeExample({ actor: reviewer, input: { exampleId: id } })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(removeExample({ actor: stranger, input: { exampleId: id } })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("comments on words of an answer", () => {
  it("are kept with the grade, found again, added to, and never changed", async () => {
    const { reviewer, releaseId, world } = await seedGrading();
    const task = (await nextTask(reviewer, releaseId))!;
    const first = { side: "B" as const, quote: "answer", prefix: "", comment: "No source." };
    const { revealed } = await submitReviews({
      actor: reviewer,
      input: { ...deliver(task, releaseId), comments: [first] },
    });
    const overrides = (side: "A" | "B") =>
      revealed.judges.some((judge) => "side" in judge && judge.instrument && judge.side === side && judge.overridden);
    const { comments } = await gradedTask(reviewer, releaseId, task.task);
    expect(comments).toEqual([first]);
    const second = { ...first, side: "A" as const, comment: "Right." };
    const { changed } = await supersedeReviews({
      actor: reviewer,
      input: { ...deliver(task, releaseId), comments: [first, second] },
    });
    expect(changed).toBe(0);
    const rows = await db.answerComment.findMany({ where: { releaseId }, orderBy: { id: "asc" } });
    expect(rows.map(({ comment }) => comment)).toEqual(["No source.", "Right."]);
    expect(new Set(rows.map(({ runId }) => runId))).toEqual(new Set([world.baseline.runId, world.candidate.runId]));
    await expect(db.$executeRaw`DELETE FROM answer_comment`).rejects.toThrow();
    await expect(asOwner("DELETE FROM answer_comment")).rejects.toThrow("append-only");
    expect((await listGraded(reviewer, releaseId)).map(({ task: id, grades }) => [id, grades])).toEqual([
      [
        task.task,
        [
          { criterion: "Cites only given sources", side: "A", says: "pass", overrides: overrides("A") },
          { criterion: "Cites only given sources", side: "B", says: "fail", overrides: overrides("B") },
        ],
      ],
    ]);
  });
});

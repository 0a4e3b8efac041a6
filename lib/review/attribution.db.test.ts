import { describe, expect, it } from "vitest";
import { viewEvidence } from "../audit/evidence-view";
import { db } from "../db/client";
import { canonicalJson, digestOf } from "../digest";
import { closeGrading, createRelease, drawSample } from "../releases/commands";
import { getEvidence } from "../releases/queries";
import { casesOf, type SeededWorld, seedPreferences, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { attributeHunks } from "./attribution";
import { submitReviews, supersedeReviews } from "./commands";
import { attributable, countCases, getLedger } from "./ledger";
import { nextTask, type TaskView } from "./queries";

const { asOwner } = await testDatabase();

const said = (text: string, temperature: number) => ({
  messages: [
    { role: "system", content: `Be kind.\n${text}\nName the fee.\n` },
    { role: "user", content: "{{question}}" },
  ],
  parameters: { temperature },
});

/** A release over versions whose prompts differ in a line and a parameter, with a reviewer who grades case by case. */
async function seedChanges(given: { reviewersPerCase?: number; size?: number } = {}) {
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const [ann, bob, viewer] = await Promise.all([
    seedPerson(project.id, { roles: ["reviewer"], name: `Ann ${project.id}` }),
    seedPerson(project.id, { roles: ["reviewer"], name: `Bob ${project.id}` }),
    seedPerson(project.id, { roles: ["viewer"] }),
  ]);
  const world = await seedWorld(project.id, casesOf({ "pass>pass": 2, "pass>fail": 2, "fail>pass": 2 }));
  await setContent(world.baseline.id, said("Explain in full.", 0));
  await setContent(world.candidate.id, said("Explain in one line.", 1));
  const policy = given.reviewersPerCase === 2 ? await twoReviewers(project.id) : undefined;
  const { id: releaseId } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2", ...(policy && { policy }) },
  });
  await drawSample({ actor: manager, input: { releaseId, size: given.size ?? 6 } });
  const [line, temperature] = (await getLedger(viewer, releaseId)).hunks.map(({ id }) => id);
  return { project, manager, ann, bob, viewer, world, releaseId, line: line!, temperature: temperature! };
}

async function setContent(id: number, content: object): Promise<void> {
  await db.promptVersion.update({
    where: { id },
    data: { content: canonicalJson(content), digest: digestOf(content) },
  });
}

async function twoReviewers(projectId: number): Promise<string> {
  const policy = await db.policy.findFirstOrThrow({ where: { projectId }, orderBy: { number: "desc" } });
  const document = { ...(JSON.parse(policy.document) as object), reviewersPerCase: 2 };
  await db.policy.create({
    data: {
      projectId,
      key: "two",
      number: 1,
      document: canonicalJson(document),
      digest: digestOf(document),
      createdBy: "a test",
    },
  });
  return "two";
}

type Person = Awaited<ReturnType<typeof seedPerson>>;
type Verdicts = [baseline: "pass" | "fail", candidate: "pass" | "fail"];

const gradesOf = (task: TaskView, [before, after]: Verdicts) =>
  task.sides.map(({ side, output }) => ({
    side,
    criterion: task.criteria[0]!.key,
    verdict: String(output).startsWith("answer 1") ? before : after,
  }));

async function grade(actor: Person, releaseId: number, verdicts: Verdicts): Promise<TaskView> {
  const task = (await nextTask(actor, releaseId))!;
  const input = { releaseId, task: task.task, grades: gradesOf(task, verdicts), clientKey: crypto.randomUUID() };
  await submitReviews({ actor, input });
  return task;
}

const events = async () => db.auditEntry.count({ where: { action: "hunk.attributed" } });
const summary = async (actor: Person, releaseId: number) => {
  const { hunks, none, open } = await getLedger(actor, releaseId);
  const count = ({ helped, hurt }: { helped: unknown[]; hurt: unknown[] }) => [helped.length, hurt.length];
  return { hunks: hunks.map(count), none: count(none), open: count(open) };
};

describe("attributing a case to hunks", () => {
  it("is stored once however often the same delivery comes, also after something else was said, or the grading ended", async () => {
    const { ann, manager, releaseId, line, temperature } = await seedChanges();
    const task = await grade(ann, releaseId, ["pass", "fail"]);
    const of = { releaseId, case: task.case, criterion: task.criteria[0]!.key };
    const first = { ...of, hunks: [line], clientKey: crypto.randomUUID() };
    const answers = await Promise.all([1, 2, 3].map(() => attributeHunks({ actor: ann, input: first })));
    expect(answers.map(({ changed }) => changed)).toEqual([true, true, true]);
    expect(await db.attribution.count({ where: { releaseId } })).toBe(1);
    await attributeHunks({ actor: ann, input: { ...of, hunks: [temperature], clientKey: crypto.randomUUID() } });
    const before = await events();
    expect(await attributeHunks({ actor: ann, input: first })).toEqual({
      effect: "hurt",
      hunks: [line],
      changed: true,
    });
    await expect(attributeHunks({ actor: ann, input: { ...first, hunks: [] } })).rejects.toMatchObject({
      code: "conflict",
    });
    await closeGrading({ actor: manager, input: { releaseId } });
    expect(await attributeHunks({ actor: ann, input: first })).toMatchObject({ hunks: [line] });
    expect(await events()).toBe(before);
    expect((await attributable(ann, releaseId, task.case))?.flips[0]?.hunks).toEqual([temperature]);
  });
  it("is stored with its audit event and stands in the ledger; the effect is that of the person's own grades", async () => {
    const { ann, releaseId, line, temperature } = await seedChanges();
    const hurt = await grade(ann, releaseId, ["pass", "fail"]);
    const helped = await grade(ann, releaseId, ["fail", "pass"]);
    const criterion = hurt.criteria[0]!.key;
    expect(await summary(ann, releaseId)).toEqual({
      hunks: [
        [0, 0],
        [0, 0],
      ],
      none: [0, 0],
      open: [1, 1],
    });
    const before = await events();
    const input = { releaseId, case: hurt.case, criterion, hunks: [temperature, line] };
    expect(await attributeHunks({ actor: ann, input })).toEqual({
      effect: "hurt",
      hunks: [line, temperature],
      changed: true,
    });
    await attributeHunks({ actor: ann, input: { releaseId, case: helped.case, criterion, hunks: [] } });
    expect(await summary(ann, releaseId)).toEqual({
      hunks: [
        [0, 1],
        [0, 1],
      ],
      none: [1, 0],
      open: [0, 0],
    });
    const entry = await db.auditEntry.findMany({
      where: { action: "hunk.attributed" },
      orderBy: { index: "desc" },
      take: 2,
    });
    expect(await events()).toBe(before + 2);
    expect(JSON.parse(Buffer.from(entry[1]!.leaf).toString())).toMatchObject({
      actor: { id: ann.userId },
      details: { case: hurt.case, criterion, effect: "hurt", hunks: [line, temperature] },
    });
    // The same again is no second answer.
    expect(await attributeHunks({ actor: ann, input })).toMatchObject({ changed: false });
    expect(await events()).toBe(before + 2);
    expect((await attributable(ann, releaseId, hurt.case))?.flips).toMatchObject([
      { effect: "hurt", hunks: [line, temperature] },
    ]);
  });

  it("is refused to other roles, other projects, and whoever did not grade the case", async () => {
    const { ann, bob, viewer, releaseId, line } = await seedChanges();
    const { case: key, criteria } = await grade(ann, releaseId, ["pass", "fail"]);
    const input = { releaseId, case: key, criterion: criteria[0]!.key, hunks: [line] };
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(attributeHunks({ actor: viewer, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(attributeHunks({ actor: stranger, input })).rejects.toMatchObject({ code: "not_found" });
    await expect(attributeHunks({ actor: bob, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(getLedger(stranger, releaseId)).rejects.toMatchObject({ code: "not_found" });
    expect(await attributable(bob, releaseId, key)).toBeNull();
    expect(await attributable(viewer, releaseId, key)).toBeNull();
    await expect(attributable(stranger, releaseId, key)).rejects.toMatchObject({ code: "not_found" });
    expect(await db.attribution.count({ where: { releaseId } })).toBe(0);
  });

  it("needs grades that differ, a hunk between these versions, and a release that is grading", async () => {
    const { ann, manager, releaseId, line } = await seedChanges({ size: 2 });
    const same = await grade(ann, releaseId, ["fail", "fail"]);
    const worse = await grade(ann, releaseId, ["pass", "fail"]);
    const criterion = same.criteria[0]!.key;
    const attribute = (key: string, hunks: string[], asked = criterion) =>
      attributeHunks({ actor: ann, input: { releaseId, case: key, criterion: asked, hunks } });
    await expect(attribute(same.case, [line])).rejects.toMatchObject({ code: "invalid" });
    await expect(attribute(worse.case, ["0123456789ab"])).rejects.toMatchObject({ code: "invalid" });
    await expect(attribute(worse.case, [line], "none")).rejects.toMatchObject({ code: "invalid" });
    await closeGrading({ actor: manager, input: { releaseId } });
    await expect(attribute(worse.case, [line])).rejects.toMatchObject({ code: "conflict" });
    expect(await db.attribution.count({ where: { releaseId } })).toBe(0);
  });

  it("is corrected by a new row, and rows are neither changed nor removed", async () => {
    const { ann, releaseId, line, temperature } = await seedChanges();
    const { case: key, criteria } = await grade(ann, releaseId, ["pass", "fail"]);
    const input = { releaseId, case: key, criterion: criteria[0]!.key };
    // However close together, one after the other.
    await Promise.all([
      attributeHunks({ actor: ann, input: { ...input, hunks: [line] } }),
      attributeHunks({ actor: ann, input: { ...input, hunks: [] } }),
    ]);
    await attributeHunks({ actor: ann, input: { ...input, hunks: [temperature] } });
    const rows = await db.attribution.findMany({ where: { releaseId }, orderBy: { id: "asc" } });
    expect(rows.map(({ supersedesId }) => supersedesId)).toEqual([null, rows[0]?.id, rows[1]?.id]);
    expect(await summary(ann, releaseId)).toEqual({
      hunks: [
        [0, 0],
        [0, 1],
      ],
      none: [0, 0],
      open: [0, 0],
    });
    await expect(db.attribution.deleteMany({ where: { releaseId } })).rejects.toThrow();
    await expect(asOwner("UPDATE attribution SET effect = 'helped'")).rejects.toThrow(/append/);
    await expect(asOwner("DELETE FROM hunk")).rejects.toThrow(/append/);
  });

  it("counts no longer once the grade it was about is corrected, and again when it is as before", async () => {
    const { ann, releaseId, line } = await seedChanges();
    const task = await grade(ann, releaseId, ["pass", "fail"]);
    const criterion = task.criteria[0]!.key;
    await attributeHunks({ actor: ann, input: { releaseId, case: task.case, criterion, hunks: [line] } });
    const correct = (verdicts: Verdicts) =>
      supersedeReviews({
        actor: ann,
        input: { releaseId, task: task.task, grades: gradesOf(task, verdicts), clientKey: crypto.randomUUID() },
      });
    await correct(["pass", "pass"]);
    expect(await summary(ann, releaseId)).toEqual({
      hunks: [
        [0, 0],
        [0, 0],
      ],
      none: [0, 0],
      open: [0, 0],
    });
    await correct(["fail", "pass"]);
    expect(await summary(ann, releaseId)).toEqual({
      hunks: [
        [0, 0],
        [0, 0],
      ],
      none: [0, 0],
      open: [1, 0],
    });
    await correct(["pass", "fail"]);
    expect(await summary(ann, releaseId)).toEqual({
      hunks: [
        [0, 1],
        [0, 0],
      ],
      none: [0, 0],
      open: [0, 0],
    });
  });

  it("follows a preference too", async () => {
    const project = await seedProject();
    const manager = await seedPerson(project.id, { roles: ["release_manager"] });
    const ann = await seedPerson(project.id, { roles: ["reviewer"] });
    const world: SeededWorld = await seedWorld(project.id, casesOf({ "pass>pass": 2 }));
    const { criterion, judge } = await seedPreferences(world, { c001: ["first", null], c002: ["tie", null] });
    await setContent(world.baseline.id, said("Explain in full.", 0));
    await setContent(world.candidate.id, said("Explain in one line.", 0));
    const { id: releaseId } = await createRelease({
      actor: manager,
      input: { prompt: world.prompt, baseline: "v1", candidate: "v2", criteria: [criterion], judges: [judge] },
    });
    await drawSample({ actor: manager, input: { releaseId, size: 2 } });
    const prefer = async (of: (task: TaskView) => "A" | "B" | "tie") => {
      const task = (await nextTask(ann, releaseId))!;
      const grades = [{ criterion, prefer: of(task) }];
      await submitReviews({
        actor: ann,
        input: { releaseId, task: task.task, grades, clientKey: crypto.randomUUID() },
      });
      return task.case;
    };
    const better = await prefer((task) => task.sides.find(({ output }) => String(output).startsWith("answer 2"))!.side);
    const tie = await prefer(() => "tie");
    const attribute = (key: string) =>
      attributeHunks({ actor: ann, input: { releaseId, case: key, criterion, hunks: [] } });
    expect(await attribute(better)).toMatchObject({ effect: "helped" });
    await expect(attribute(tie)).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("the ledger", () => {
  it("says how many of those who named a reason agree, and hides what waits for the reader's blind grade", async () => {
    const { ann, bob, viewer, releaseId, line, temperature } = await seedChanges({ reviewersPerCase: 2, size: 1 });
    const task = await grade(ann, releaseId, ["pass", "fail"]);
    const criterion = task.criteria[0]!.key;
    const attribute = (actor: Person, hunks: string[]) =>
      attributeHunks({ actor, input: { releaseId, case: task.case, criterion, hunks } });
    await attribute(ann, [line]);
    expect(await summary(viewer, releaseId)).toEqual({
      hunks: [
        [0, 1],
        [0, 0],
      ],
      none: [0, 0],
      open: [0, 0],
    });
    expect(await summary(bob, releaseId)).toEqual({
      hunks: [
        [0, 0],
        [0, 0],
      ],
      none: [0, 0],
      open: [0, 0],
    });
    // That something may be left out is told, also where nothing was.
    expect(await getLedger(viewer, releaseId)).toMatchObject({ leavesOut: false });
    expect(await getLedger(bob, releaseId)).toMatchObject({ leavesOut: true });
    await grade(bob, releaseId, ["pass", "fail"]);
    await attribute(bob, [line, temperature]);
    const { hunks, leavesOut } = await getLedger(bob, releaseId);
    expect(leavesOut).toBe(false);
    expect(hunks.map(({ hurt }) => hurt)).toMatchObject([
      [{ case: task.case, criterion, by: [ann.name, bob.name], of: 2 }],
      [{ case: task.case, by: [bob.name], of: 2 }],
    ]);
    expect(countCases(hunks[0]!.hurt)).toBe(1);
  });

  it("is frozen with the evidence, with the text of what was named and what was superseded", async () => {
    const { ann, manager, releaseId, line } = await seedChanges({ size: 1 });
    const task = await grade(ann, releaseId, ["pass", "fail"]);
    const input = { releaseId, case: task.case, criterion: task.criteria[0]!.key };
    await attributeHunks({ actor: ann, input: { ...input, hunks: [] } });
    await attributeHunks({ actor: ann, input: { ...input, hunks: [line] } });
    await closeGrading({ actor: manager, input: { releaseId } });
    const { body } = await getEvidence(manager, releaseId);
    const evidence = JSON.parse(body) as { attributions: { id: number }[] };
    expect(evidence).toMatchObject({
      hunks: [{ id: line, kind: "message", where: "system", after: "Explain in one line.\n" }],
      attributions: [
        { case: task.case, effect: "hurt", hunks: [], supersedes: null },
        { hunks: [line], supersedes: evidence.attributions[0]?.id, reviewer: { name: ann.name } },
      ],
    });
    // The decision page reads them all.
    expect(viewEvidence(body)).toMatchObject({
      hunks: [{ id: line, change: "changed" }],
      attributions: [{ hunks: [] }, { hunks: [line], reviewer: { name: ann.name } }],
    });
  });

  it("is not in the evidence where nobody named a reason", async () => {
    const { ann, manager, releaseId } = await seedChanges({ size: 1 });
    await grade(ann, releaseId, ["pass", "fail"]);
    await closeGrading({ actor: manager, input: { releaseId } });
    const { body } = await getEvidence(manager, releaseId);
    expect(Object.keys(JSON.parse(body) as object)).not.toContain("attributions");
  });
});

import { describe, expect, it } from "vitest";
import type { Actor, Person, Role } from "../auth/actor";
import { csvField } from "../csv";
import { db } from "../db/client";
import { submitReviews } from "../review/commands";
import { nextTask, waitingCases } from "../review/queries";
import { makeNextSearchable, searchWaits } from "../runs/searchable";
import { Random } from "../stats/random";
import { testDatabase } from "../testing/database";
import { actorFor, seedPerson, seedProject } from "../testing/seed";
import { getBrief } from "./brief";
import { chooseCases, deleteView, listViews, renameView, saveView, tagCases } from "./case-commands";
import { exportCases } from "./case-export";
import { besideCase, type CaseFilter, describeCases, getCase, listCases, listTags } from "./cases";
import { closeGrading, createRelease, drawSample } from "./commands";
import { getEvidence } from "./queries";
import { casesOf, gradeDrawn, type SeededCase, seedWorld } from "./release.seed";
import { verifySamples } from "./verify-samples";

const database = await testDatabase();

type Told = {
  action: string;
  projectId: number;
  subject: { kind: string; id: string; name?: string };
  details?: object;
};

async function events(): Promise<Told[]> {
  const rows = await database.asOwner<{ leaf: Buffer }>('SELECT leaf FROM audit_entry ORDER BY "index"');
  return rows.map(({ leaf }) => JSON.parse(leaf.toString("utf8")) as Told);
}
const lastEvent = async () => (await events()).at(-1)!;

async function team(cases: SeededCase[] = casesOf({ "pass>pass": 20, "fail>pass": 6, "pass>fail": 4 })) {
  const project = await seedProject();
  const person = (...roles: Role[]) => seedPerson(project.id, { roles });
  const world = await seedWorld(project.id, cases);
  const manager = await person("release_manager");
  const { id } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  const rows = await db.case.findMany({ where: { datasetId: world.datasetId }, orderBy: { id: "asc" } });
  return {
    world,
    release: id,
    manager,
    reviewer: await person("reviewer"),
    other: await person("reviewer"),
    viewer: await person("viewer"),
    administrator: await person("administrator"),
    rows,
  };
}

const keysOf = async (actor: Actor, release: number, filter: CaseFilter) =>
  (await listCases(actor, release, filter)).rows.map(({ key }) => key);

/** All keys under a filter, page after page, and the same way back. */
async function walk(actor: Actor, release: number, filter: CaseFilter): Promise<string[]> {
  const pages: string[][] = [];
  let page = await listCases(actor, release, filter);
  pages.push(page.rows.map(({ key }) => key));
  expect(page.previous).toBeNull();
  while (page.next !== null) {
    page = await listCases(actor, release, { ...filter, after: page.next });
    pages.push(page.rows.map(({ key }) => key));
  }
  for (let at = pages.length - 2; at >= 0; at--) {
    page = await listCases(actor, release, { ...filter, before: page.previous! });
    expect(page.rows.map(({ key }) => key)).toEqual(pages[at]);
  }
  expect(page.previous).toBeNull();
  return pages.flat();
}

describe("the table", () => {
  it("gives each filter and order what a look at every single case gives, page by page and back", async () => {
    const random = new Random("cases table");
    const verdicts = ["pass", "fail", "error", null] as const;
    const pick = <T>(from: readonly T[]) => from[random.below(from.length)]!;
    const seeded: SeededCase[] = Array.from({ length: 130 }, (_, i) => ({
      key: `k${random.below(1000)}-${i}`,
      judge: [pick(verdicts), pick(verdicts)],
      mustPass: random.below(10) === 0,
    }));
    const { release, viewer, rows } = await team(seeded);
    const facts = await Promise.all(
      rows.map(async ({ id, key }) => {
        const slice = pick(["a", "b", null]);
        const tags = ["red", "green"].filter(() => random.below(3) === 0);
        await db.case.update({ where: { id }, data: { slice, tags } });
        const judge = seeded.find((one) => one.key === key)!.judge;
        const graded = judge.every((verdict) => verdict === "pass" || verdict === "fail");
        const flip = !graded ? "error" : judge[0] === judge[1] ? "same" : judge[1] === "pass" ? "better" : "worse";
        const pair = graded ? judge.join(" ") : "error";
        return { id, key, slice, tags, flip, pair, mustPass: seeded.find((one) => one.key === key)!.mustPass };
      }),
    );
    type Fact = (typeof facts)[number];
    const order = ["worse", "same", "better", "error"];
    const best = ["better", "same", "worse", "error"];
    const pairs = ["fail fail", "fail pass", "pass fail", "pass pass"];
    const pairOrder = [...pairs, "error"];
    const pairsDown = [...pairs.toReversed(), "error"];
    const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    const sorts: Record<string, (a: Fact, b: Fact) => number> = {
      given: (a, b) => a.id - b.id,
      slice: (a, b) => text(a.slice ?? "", b.slice ?? "") || a.id - b.id,
      "-slice": (a, b) => text(b.slice ?? "", a.slice ?? "") || b.id - a.id,
      worst: (a, b) => order.indexOf(a.flip) - order.indexOf(b.flip) || a.id - b.id,
      "-worst": (a, b) => best.indexOf(a.flip) - best.indexOf(b.flip) || a.id - b.id,
      judge: (a, b) => pairOrder.indexOf(a.pair) - pairOrder.indexOf(b.pair) || a.id - b.id,
      "-judge": (a, b) => pairsDown.indexOf(a.pair) - pairsDown.indexOf(b.pair) || a.id - b.id,
    };
    const filters: [CaseFilter, (one: Fact) => boolean][] = [
      [{}, () => true],
      [{ flip: "worse" }, ({ flip }) => flip === "worse"],
      [{ flip: "error" }, ({ flip }) => flip === "error"],
      [{ slice: "a", mustPass: "yes" }, (one) => one.slice === "a" && Boolean(one.mustPass)],
      [{ slice: "" }, ({ slice }) => slice === null],
      [{ tag: "red", flip: "same" }, (one) => one.tags.includes("red") && one.flip === "same"],
      [{ q: "answer 2 to k1" }, ({ key }) => key.startsWith("k1")],
      [{ q: "ANSWER 1 TO K2", tag: "green" }, ({ key, tags }) => key.startsWith("k2") && tags.includes("green")],
    ];
    for (const [filter, holds] of filters) {
      for (const [sort, by] of Object.entries(sorts)) {
        const wanted = facts.filter(holds).sort(by);
        expect(await walk(viewer, release, { ...filter, sort: sort as CaseFilter["sort"] }), `${sort}`).toEqual(
          wanted.map(({ key }) => key),
        );
      }
    }
    // Text is in the database's order of letters, so only that nothing is lost and that one is the other turned round.
    const up = await walk(viewer, release, { sort: "case" });
    expect(await walk(viewer, release, { sort: "-case" })).toEqual(up.toReversed());
    expect(up.toSorted()).toEqual(facts.map(({ key }) => key).toSorted());
    // The drawer goes the same way.
    for (const sort of ["worst", "-worst", "-judge", "-slice"] as const) {
      const sorted = facts.toSorted(sorts[sort]);
      for (const at of [0, 40, 77, 129]) {
        const beside = (direction: "before" | "after") =>
          besideCase(viewer, release, { sort }, { case: sorted[at]!.id, direction });
        expect(await beside("after")).toBe(sorted[at + 1]?.id ?? null);
        expect(await beside("before")).toBe(sorted[at - 1]?.id ?? null);
      }
    }
    const { counts } = await describeCases(viewer, release, {});
    for (const flip of order) {
      expect(counts![flip as "worse"]).toBe(facts.filter((one) => one.flip === flip).length);
    }
  });

  it("begins at the first page where the address says what no page has said", async () => {
    const { release, viewer, rows } = await team();
    const cursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString("base64url");
    const damaged: CaseFilter[] = [
      "garbage",
      "",
      "' OR 1=1",
      cursor("x", 5),
      cursor(5),
      cursor(5, 99_999_999_999),
    ].flatMap((text) => [{ after: text }, { before: text }]);
    damaged.push({ sort: "case", after: cursor(5, 5) }, { sort: "case", after: cursor("a\0", 5) });
    damaged.push({ sort: "worst", before: cursor(4, 5) }, { sort: "-judge", after: cursor("pass pass", 5) });
    for (const filter of damaged) {
      const page = await listCases(viewer, release, filter);
      expect([page.rows.length, page.previous, page.next], JSON.stringify(filter)).toEqual([rows.length, null, null]);
    }
  });

  it("finds the same with an index of its texts and without", async () => {
    const { release, viewer, rows } = await team();
    await db.output.updateMany({ where: { caseId: rows[3]!.id }, data: { output: "Äpfel 100% \\ sure_thing" } });
    const searches = ["äpfel", "100%", "\\", "sure_thing", "sure-thing", "answer 2 to c00", "INPUT OF C017", "nothing"];
    const found = () => Promise.all(searches.map((q) => keysOf(viewer, release, { q })));
    const without = await found();
    expect(await searchWaits()).toBe(true);
    while (await makeNextSearchable());
    expect(await searchWaits()).toBe(false);
    expect(await found()).toEqual(without);
    const [apples, percent, backslash, underscore, dash, many, input, nothing] = without;
    for (const one of [apples, percent, backslash, underscore]) expect(one).toEqual([rows[3]!.key]);
    expect([dash, nothing]).toEqual([[], []]);
    expect(input).toEqual(["c017"]);
    expect(many).toHaveLength(8);
  });

  it("is nobody's business in another project", async () => {
    const [{ release }, { viewer }] = [await team(), await team()];
    for (const read of [listCases, describeCases, (actor: Actor, id: number) => listTags(actor, id)]) {
      await expect(read(viewer, release, {})).rejects.toMatchObject({ code: "not_found" });
    }
  });
});

/** Grades everything that waits for this person, through the queue; gives the keys in their order, a repeat as one. */
async function gradeQueue(actor: Person, releaseId: number, verdict: "pass" | "fail"): Promise<string[]> {
  const graded: string[] = [];
  for (;;) {
    const task = await nextTask(actor, releaseId);
    if (!task) return [...new Set(graded)];
    const grades = task.sides.flatMap(({ side }) =>
      task.criteria.map(({ key }) => ({ side, criterion: key, verdict })),
    );
    await submitReviews({
      actor,
      input: { releaseId, task: task.task, grades, clientKey: crypto.randomUUID() },
    });
    graded.push(task.case);
  }
}

describe("comments on words", () => {
  it("stand with the answer that they are about, also for those who decide", async () => {
    const { release, manager, reviewer, viewer } = await team();
    await drawSample({ actor: manager, input: { releaseId: release, size: 1 } });
    const task = (await nextTask(reviewer, release))!;
    const grades = task.sides.flatMap(({ side }) =>
      task.criteria.map(({ key }) => ({ side, criterion: key, verdict: "fail" as const })),
    );
    const quote = String(task.sides[0].output).slice(0, 4);
    const comments = [{ side: "A" as const, quote, prefix: "", comment: "too blunt" }];
    const input = { releaseId: release, task: task.task, grades, comments, clientKey: crypto.randomUUID() };
    const { revealed } = await submitReviews({ actor: reviewer, input });
    const { caseId } = await db.draw.findFirstOrThrow({ where: { releaseId: release } });
    for (const actor of [viewer, manager]) {
      const { sides } = await getCase(actor, release, caseId);
      const about = [sides.baseline, sides.candidate].find(({ version }) => version === revealed.sides.A)!;
      expect(about.comments).toEqual([
        { id: expect.any(Number), reviewer: reviewer.name, quote, comment: "too blunt" },
      ]);
      expect([...sides.baseline.comments, ...sides.candidate.comments]).toHaveLength(1);
    }
  });
});

describe("cases chosen for the sample", () => {
  it("are recorded with who chose them, and audited", async () => {
    const { release, manager } = await team();
    await drawSample({ actor: manager, input: { releaseId: release, size: 4 } });
    const drawn = (await db.draw.findFirstOrThrow({ where: { releaseId: release } })).caseId;
    const free = (await listCases(manager, release, {})).rows.filter(({ sample }) => sample === null).slice(0, 2);
    const cases = [...free.map(({ id }) => id), drawn];
    expect(await chooseCases({ actor: manager, input: { releaseId: release, cases } })).toEqual({ added: 2 });
    const chosen = await db.chosenCase.findMany({ where: { releaseId: release }, orderBy: { position: "asc" } });
    expect(chosen).toMatchObject([
      { caseId: free[0]!.id, position: 1, chosenById: manager.userId, chosenBy: manager.email },
      { caseId: free[1]!.id, position: 2 },
    ]);
    expect(await lastEvent()).toMatchObject({
      action: "release.cases_chosen",
      projectId: manager.projectId,
      subject: { kind: "release", id: String(release) },
      details: { cases: free.map(({ key }) => key) },
    });
    const before = (await events()).length;
    expect(await chooseCases({ actor: manager, input: { releaseId: release, cases } })).toEqual({ added: 0 });
    expect(await events()).toHaveLength(before);
    expect(await keysOf(manager, release, { sample: "chosen" })).toEqual(free.map(({ key }) => key));
  });

  it("need the role, a release of the project that is grading, and cases of its dataset", async () => {
    const { release, manager, reviewer, viewer, rows } = await team();
    const [mine, theirs] = [rows[0]!.id, (await team()).rows[0]!.id];
    const choose = (actor: Person, cases = [mine]) => chooseCases({ actor, input: { releaseId: release, cases } });
    await expect(choose(manager)).rejects.toMatchObject({ code: "conflict" });
    await drawSample({ actor: manager, input: { releaseId: release, size: 1 } });
    for (const actor of [reviewer, viewer]) await expect(choose(actor)).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["release_manager"] });
    await expect(choose(stranger)).rejects.toMatchObject({ code: "not_found" });
    await expect(choose(manager, [mine, theirs])).rejects.toMatchObject({ code: "not_found" });
    await closeGrading({ actor: manager, input: { releaseId: release } });
    await expect(choose(manager)).rejects.toMatchObject({ code: "conflict" });
    expect(await db.chosenCase.count({ where: { releaseId: release } })).toBe(0);
  });

  it("come after the drawn ones, to others than who chose them, and hide like those", async () => {
    const { release, manager, reviewer } = await team();
    await drawSample({ actor: manager, input: { releaseId: release, size: 3 } });
    const free = (await listCases(manager, release, {})).rows.filter(({ sample }) => sample === null).slice(0, 2);
    await chooseCases({ actor: manager, input: { releaseId: release, cases: free.map(({ id }) => id) } });
    const waiting = async (actor: Actor) => (await waitingCases(actor, release)).length;
    expect([await waiting(manager), await waiting(reviewer)]).toEqual([3, 5]);
    // Nothing tells the reviewer which of the cases that wait were chosen.
    const seen = (await listCases(reviewer, release, {})).rows.filter(({ sample }) => sample !== null);
    expect(seen.map(({ sample, hidden }) => [sample, hidden])).toEqual(Array(5).fill(["waits", true]));
    expect(await keysOf(reviewer, release, { sample: "chosen" })).toEqual([]);
    expect(await keysOf(reviewer, release, { sample: "drawn" })).toHaveLength(5);
    const detail = await getCase(reviewer, release, free[0]!.id);
    expect([detail.hidden, detail.chosen, detail.draw]).toEqual([true, null, null]);
    expect(JSON.stringify(detail)).not.toMatch(/answer|"pass"|"fail"/);
    const graded = await gradeQueue(reviewer, release, "pass");
    expect(graded.slice(3).toSorted()).toEqual(free.map(({ key }) => key).toSorted());
    expect(await nextTask(manager, release)).toBeNull();
    expect((await getCase(reviewer, release, free[0]!.id)).chosen).toMatchObject({ by: manager.email });
  });

  it("are in no estimate, no trust and no probability, however they are graded", async () => {
    const { release, manager, reviewer } = await team();
    const administrator: Person = { ...manager, roles: ["administrator"] };
    await drawSample({ actor: administrator, input: { releaseId: release, size: 8, seed: "one" } });
    await gradeDrawn(release, reviewer.userId, (_key, side) => (side === "baseline" ? "pass" : "fail"));
    const numbers = async () => {
      const { criteria, sampling, population, gates } = await getBrief(manager, release);
      return JSON.stringify({ criteria, sampling, population, gates });
    };
    const before = await numbers();
    const draws = await db.draw.findMany({ where: { releaseId: release }, orderBy: { position: "asc" } });
    const free = (await listCases(manager, release, {})).rows.filter(({ sample }) => sample === null);
    await chooseCases({ actor: manager, input: { releaseId: release, cases: free.map(({ id }) => id) } });
    expect(await numbers()).toBe(before);
    // Each answer is graded against what the judge says of most: were they counted, everything would move.
    expect(await gradeQueue(reviewer, release, "fail")).toEqual(expect.arrayContaining(free.map(({ key }) => key)));
    expect(await db.review.count({ where: { releaseId: release } })).toBe(60);
    expect(await numbers()).toBe(before);
    expect(await db.draw.findMany({ where: { releaseId: release }, orderBy: { position: "asc" } })).toEqual(draws);
    // A later draw takes the same cases with the same probabilities as where nothing was chosen.
    const twin = await team();
    const unchosen: Person = { ...twin.manager, roles: ["administrator"] };
    await drawSample({ actor: unchosen, input: { releaseId: twin.release, size: 8, seed: "one" } });
    const second = { size: 6, seed: "two" };
    const later = await drawSample({ actor: administrator, input: { releaseId: release, ...second } });
    expect(later.draws).toHaveLength(6);
    expect(later.draws).toEqual(
      (await drawSample({ actor: unchosen, input: { releaseId: twin.release, ...second } })).draws,
    );
    expect((await verifySamples(db)).problems.filter((found) => found.release === release)).toEqual([]);
    await closeGrading({ actor: manager, input: { releaseId: release } });
    const evidence = JSON.parse((await getEvidence(manager, release))!.body) as { chosen: { case: string }[] };
    expect(evidence.chosen.map((one) => one.case)).toEqual(free.map(({ key }) => key));
  });
});

describe("tags of cases", () => {
  it("are given and taken, in the filter and the row, and audited", async () => {
    const { release, reviewer, rows } = await team();
    const cases = rows.slice(0, 3).map(({ id }) => id);
    const tag = (input: { tag: string; remove?: boolean }) =>
      tagCases({ actor: reviewer, input: { releaseId: release, cases, ...input } });
    expect(await tag({ tag: " odd " })).toEqual({ changed: 3 });
    expect(await lastEvent()).toMatchObject({
      action: "case.tagged",
      subject: { kind: "tag", id: "odd" },
      details: { release, cases: rows.slice(0, 3).map(({ key }) => key) },
    });
    expect(await tag({ tag: "odd" })).toEqual({ changed: 0 });
    expect(await keysOf(reviewer, release, { tag: "odd" })).toEqual(rows.slice(0, 3).map(({ key }) => key));
    expect(await listTags(reviewer, release)).toEqual(["odd"]);
    expect((await getCase(reviewer, release, cases[0]!)).ownTags).toEqual(["odd"]);
    expect(await tag({ tag: "odd", remove: true })).toEqual({ changed: 3 });
    expect(await lastEvent()).toMatchObject({ action: "case.untagged" });
    expect(await keysOf(reviewer, release, { tag: "odd" })).toEqual([]);
  });

  it("need the role, a name, and cases of a release of the project", async () => {
    const { release, viewer, reviewer, rows } = await team();
    const foreign = await team();
    const tag = (actor: Person, input: object = {}) =>
      tagCases({ actor, input: { releaseId: release, cases: [rows[0]!.id], tag: "odd", ...input } });
    await expect(tag(viewer)).rejects.toMatchObject({ code: "forbidden" });
    await expect(tag(foreign.reviewer)).rejects.toMatchObject({ code: "not_found" });
    await expect(tag(reviewer, { cases: [foreign.rows[0]!.id] })).rejects.toMatchObject({ code: "not_found" });
    await expect(tag(reviewer, { tag: "  " })).rejects.toThrow();
    await expect(tag(reviewer, { releaseId: "1; DROP" as unknown as number })).rejects.toThrow();
    expect(await db.caseTag.count({ where: { caseId: rows[0]!.id } })).toBe(0);
  });

  it("say nothing of a case that waits for a blind grade, in whichever release of the dataset", async () => {
    const { world, release, manager, reviewer, viewer, rows } = await team();
    const cases = rows.slice(0, 5).map(({ id }) => id);
    await tagCases({ actor: reviewer, input: { releaseId: release, cases, tag: "candidate is wrong" } });
    const shown = async (actor: Person) => ({
      filter: (await keysOf(actor, release, { tag: "candidate is wrong" })).length,
      tags: (await listTags(actor, release)).length,
      rows: (await listCases(actor, release, {})).rows.filter(({ ownTags }) => ownTags.length > 0).length,
      detail: (await getCase(actor, release, cases[0]!)).ownTags.length,
    });
    const all = { filter: 5, tags: 1, rows: 5, detail: 1 };
    expect(await shown(reviewer)).toEqual(all);
    // Another release over other runs of the same dataset asks this person to grade the same cases.
    for (const number of [3, 4]) {
      const version = await db.promptVersion.create({
        data: { promptId: world.promptId, number, key: `v${number}`, content: "{}", digest: `${number}`.repeat(64) },
      });
      const run = await db.run.create({
        data: {
          projectId: world.projectId,
          versionId: version.id,
          datasetId: world.datasetId,
          sourceDigest: `${number}`.repeat(64),
          digest: `${number}`.repeat(64),
          outputCount: rows.length,
          errorCount: 0,
        },
      });
      await db.output.createMany({ data: rows.map(({ id }) => ({ runId: run.id, caseId: id, output: "the same" })) });
    }
    const criterion = await db.criterion.findUniqueOrThrow({ where: { id: world.criterionId } });
    const again = await createRelease({
      actor: manager,
      input: { prompt: world.prompt, baseline: "v3", candidate: "v4", criteria: [criterion.key] },
    });
    await drawSample({ actor: manager, input: { releaseId: again.id, size: 30 } });
    expect(await shown(reviewer)).toEqual({ filter: 0, tags: 0, rows: 0, detail: 0 });
    expect(await shown(viewer)).toEqual(all);
  });
});

describe("saved views", () => {
  it("keep filters, order and columns, not the page or the open case; saving again replaces; audited", async () => {
    const { viewer } = await team();
    const query = "flip=worse&q=refund&sort=worst&hide=slice,marks&after=abc&open=12&evil=1&flip2=x";
    const view = await saveView({ actor: viewer, input: { name: " Worst ", query } });
    expect(view).toMatchObject({ name: "Worst", shared: false, own: true, by: viewer.name });
    expect(Object.fromEntries(new URLSearchParams(view.query))).toEqual({
      flip: "worse",
      q: "refund",
      sort: "worst",
      hide: "slice,marks",
    });
    expect(await lastEvent()).toMatchObject({
      action: "view.saved",
      projectId: viewer.projectId,
      subject: { kind: "view", id: String(view.id), name: "Worst" },
    });
    await saveView({ actor: viewer, input: { name: "Worst", query: "flip=better" } });
    expect(await listViews(viewer)).toEqual([{ ...view, query: "flip=better" }]);
  });

  it("are one's own, or the project's when shared", async () => {
    const { reviewer, other, viewer, administrator } = await team();
    const mine = await saveView({ actor: reviewer, input: { name: "mine", query: "" } });
    const ours = await saveView({ actor: reviewer, input: { name: "ours", query: "flip=same", shared: true } });
    expect((await listViews(reviewer)).map(({ name }) => name)).toEqual(["mine", "ours"]);
    expect(await listViews(viewer)).toMatchObject([{ name: "ours", own: false, by: reviewer.name }]);
    // A shared name is the only one; one's own may be called as another's.
    await saveView({ actor: other, input: { name: "mine", query: "" } });
    await expect(saveView({ actor: other, input: { name: "ours", query: "", shared: true } })).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(saveView({ actor: viewer, input: { name: "v", query: "", shared: true } })).rejects.toMatchObject({
      code: "forbidden",
    });
    // Others' private views are as if not there; shared ones are changed by who saved them, or an administrator.
    for (const change of [
      (id: number, actor: Person) => renameView({ actor, input: { id, name: "theirs" } }),
      (id: number, actor: Person) => deleteView({ actor, input: { id } }),
    ]) {
      await expect(change(mine.id, other)).rejects.toMatchObject({ code: "not_found" });
      await expect(change(mine.id, administrator)).rejects.toMatchObject({ code: "not_found" });
      await expect(change(ours.id, other)).rejects.toMatchObject({ code: "forbidden" });
    }
    await renameView({ actor: administrator, input: { id: ours.id, name: "everyone's" } });
    expect(await lastEvent()).toMatchObject({ action: "view.renamed", subject: { name: "everyone's" } });
    await deleteView({ actor: reviewer, input: { id: ours.id } });
    expect(await lastEvent()).toMatchObject({ action: "view.deleted" });
    expect((await listViews(reviewer)).map(({ name }) => name)).toEqual(["mine"]);
  });

  it("are renamed to no name that is taken, and are nobody's business in another project", async () => {
    const { reviewer } = await team();
    const [a] = [
      await saveView({ actor: reviewer, input: { name: "a", query: "", shared: true } }),
      await saveView({ actor: reviewer, input: { name: "b", query: "" } }),
    ];
    await expect(renameView({ actor: reviewer, input: { id: a.id, name: "b" } })).rejects.toMatchObject({
      code: "conflict",
    });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["administrator"] });
    expect(await listViews(stranger)).toEqual([]);
    await expect(renameView({ actor: stranger, input: { id: a.id, name: "c" } })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(deleteView({ actor: stranger, input: { id: a.id } })).rejects.toMatchObject({ code: "not_found" });
    const elsewhere = actorFor({ ...reviewer, projectId: stranger.projectId });
    await expect(deleteView({ actor: elsewhere, input: { id: a.id } })).rejects.toMatchObject({ code: "not_found" });
    expect(await db.savedView.count({ where: { userId: reviewer.userId } })).toBe(2);
  });
});

async function read(actor: Actor, releaseId: number, format: "csv" | "jsonl", rest: object = {}): Promise<string> {
  let text = "";
  for await (const piece of await exportCases({ actor, input: { releaseId, filter: {}, format, ...rest } })) {
    text += piece;
  }
  return text;
}

describe("files of cases", () => {
  it("hold what the table holds, whole, under its filters or of the selected ones; taking one is audited", async () => {
    const { release, viewer, rows } = await team();
    const long = `=1+1 ${"x".repeat(10_000)}`;
    await db.output.updateMany({ where: { caseId: rows[0]!.id }, data: { output: long } });
    const lines = (await read(viewer, release, "jsonl"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.case)).toEqual(rows.map(({ key }) => key));
    expect(lines[0]).toMatchObject({ baseline: { version: "v1", output: long }, flip: "same", sample: null });
    expect(Object.values(lines[0].judges)).toEqual([{ baseline: "pass", candidate: "pass" }]);
    expect(await lastEvent()).toMatchObject({
      action: "cases.exported",
      projectId: viewer.projectId,
      subject: { kind: "release", id: String(release) },
      details: { format: "jsonl", filter: {} },
    });
    const worse = await read(viewer, release, "jsonl", { filter: { flip: "worse" } });
    expect(worse.trimEnd().split("\n")).toHaveLength(4);
    const csv = await read(viewer, release, "csv", { ids: [rows[0]!.id] });
    expect(csv.split("\r\n")).toHaveLength(3);
    expect(csv).toContain(`"'=1+1 xxx`);
    expect(csv).toContain("judge judge-");
    expect(await lastEvent()).toMatchObject({ details: { format: "csv", selected: 1 } });
  });

  it("hold neither answers nor verdicts of what waits for a blind grade", async () => {
    const { release, manager, reviewer, viewer } = await team();
    await drawSample({ actor: manager, input: { releaseId: release, size: 30 } });
    for (const format of ["csv", "jsonl"] as const) {
      const text = await read(reviewer, release, format);
      expect(text).toContain("waits for your blind grade");
      // The names of columns alone speak of judges.
      expect(text.split("\n").slice(1).join("\n")).not.toMatch(/answer \d|"?(pass|fail)"?,|better|worse|drawn/);
      expect(await read(viewer, release, format)).toMatch(/answer 2 to c001/);
      expect(await read(reviewer, release, format, { filter: { flip: "worse" } })).not.toMatch(/c0\d\d/);
    }
  });

  it("are nobody's business in another project, nor are its cases by their ids", async () => {
    const { release, viewer } = await team();
    const foreign = await team();
    await expect(read(foreign.viewer, release, "csv")).rejects.toMatchObject({ code: "not_found" });
    expect(await read(viewer, release, "jsonl", { ids: foreign.rows.map(({ id }) => id) })).toBe("");
  });
});

it.each([
  ["plain", "plain"],
  ["=1+1", `"'=1+1"`],
  ["+1", `"'+1"`],
  ["-1", `"'-1"`],
  ["@SUM(A1)", `"'@SUM(A1)"`],
  ["  =1", `"'  =1"`],
  ["\t=1", `"'\t=1"`],
  ["\rx", `"'\rx"`],
  ["＝1", `"'＝1"`],
  ['say "yes", now', '"say ""yes"", now"'],
  ["two\nlines", '"two\nlines"'],
  [true, "yes"],
  [null, ""],
])("%j is %j in a CSV file", (value, field) => {
  expect(csvField(value)).toBe(field);
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { getJudge, listJudges } from "../judges/queries";
import { getBrief } from "../releases/brief";
import { type CaseFilter, getCase, listCases } from "../releases/cases";
import { closeGrading, createRelease, drawSample } from "../releases/commands";
import { casesOf, changePolicyOf, type SeededPreferences, seedPreferences, seedWorld } from "../releases/release.seed";
import { verifySamples } from "../releases/verify-samples";
import { startImport } from "../runs/commands";
import { runNextImport } from "../runs/load";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { peopleOf } from "./people";
import { listOverrides, primaryFindings } from "./queries";

await testDatabase();

type Prefers = "baseline" | "candidate" | "tie" | "unsure";

/** Prefers every drawn case as `truth` has it, straight into the tables; null leaves it ungraded. */
async function preferDrawn(releaseId: number, reviewer: Person, truth: (key: string) => Prefers | null) {
  const { criterionId } = await db.releaseCriterion.findFirstOrThrow({ where: { releaseId, position: 0 } });
  const drawn = await db.$queryRaw<{ caseId: number; key: string; swapped: boolean }[]>`
    SELECT d.case_id AS "caseId", c.key, d.swapped FROM draw d JOIN test_case c ON c.id = d.case_id
     WHERE d.release_id = ${releaseId} AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = ${releaseId}
       AND rv.case_id = d.case_id AND rv.reviewer_id = ${reviewer.userId})`;
  for (const { caseId, key, swapped } of drawn) {
    const prefer = truth(key);
    if (prefer === null) continue;
    const id = `${releaseId}-${caseId}-${reviewer.userId}`;
    const now = new Date();
    await db.reviewTask.create({
      data: { id, releaseId, caseId, reviewerId: reviewer.userId, expiresAt: now, completedAt: now },
    });
    await db.review.create({
      data: {
        releaseId,
        caseId,
        criterionId,
        reviewerId: reviewer.userId,
        taskId: id,
        prefer,
        blind: true,
        side: swapped ? "A" : "B",
      },
    });
  }
}

/** What the judge says of each case, in both orders unless the second is null. */
const groups = [
  { name: "candidate", count: 8, said: ["second", "first"] },
  { name: "baseline", count: 4, said: ["first", null] },
  { name: "tie", count: 5, said: ["tie", "tie"] },
  { name: "flip", count: 3, said: ["first", "first"] },
  { name: "error", count: 2, said: ["error", "second"] },
  { name: "none", count: 2, said: [null, null] },
] as const;

async function seedCompared() {
  const project = await seedProject();
  const [manager, reviewer] = await Promise.all([
    seedPerson(project.id, { roles: ["release_manager"] }),
    seedPerson(project.id, { roles: ["reviewer"] }),
  ]);
  const judged = groups.flatMap(({ name, count, said }) => Array.from({ length: count }, () => ({ name, said })));
  const cases = casesOf({ "pass>pass": judged.length });
  const world = await seedWorld(project.id, cases);
  const said = Object.fromEntries(cases.map(({ key }, i) => [key, [...judged[i]!.said]])) as SeededPreferences;
  const { criterion, criterionId, judge } = await seedPreferences(world, said);
  const nameOf = new Map(cases.map(({ key }, i) => [key, judged[i]!.name]));
  const create = async () => {
    const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", criteria: [criterion] };
    return (await createRelease({ actor: manager, input })).id;
  };
  return { manager, reviewer, world, criterionId, judge, nameOf, create };
}

describe("a preference criterion", () => {
  it("gives strata by what the judge prefers, and a draw that anybody can draw again", async () => {
    const { manager, create } = await seedCompared();
    for (const design of ["stratified", "random", "adaptive"] as const) {
      const id = await create();
      await drawSample({ actor: manager, input: { releaseId: id, size: 18, seed: design, design } });
      const { sampling, population, criteria } = await getBrief(manager, id);
      expect(population).toBe(24);
      expect(sampling.strata.map(({ stratum, population }) => [stratum, population])).toEqual(
        [...groups].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, count }) => [name, count]),
      );
      expect(sampling.drawn).toBe(18);
      expect(criteria[0]!.judges).toMatchObject([
        {
          verdicts: {},
          trust: {},
          prefers: { candidate: 8, baseline: 4, tie: 5, flip: 3, error: 4 },
          licence: "not_enough_evidence",
        },
      ]);
      await db.release.update({ where: { id }, data: { state: "withdrawn", decidedAt: new Date() } });
    }
    expect(await verifySamples(db)).toMatchObject({ ok: true, batches: 3, problems: [] });
  });

  it("all graded: exactly (candidate − baseline) / cases, and the judge's table as counted by hand", async () => {
    const { manager, reviewer, judge, nameOf, create, criterionId } = await seedCompared();
    const id = await create();
    await drawSample({ actor: manager, input: { releaseId: id, size: 24 } });
    // People agree with the judge, but: one of its ties they prefer the candidate, as in every flip; elsewhere the baseline.
    let ties = 0;
    await preferDrawn(id, reviewer, (key) => {
      const said = nameOf.get(key)!;
      if (said === "tie") return ties++ === 0 ? "candidate" : "tie";
      return said === "candidate" || said === "flip" ? "candidate" : "baseline";
    });
    const { criteria, gates } = await getBrief(manager, id);
    const [better] = criteria;
    const delta = (8 + 3 + 1 - (4 + 2 + 2)) / 24;
    expect(better!.kind).toBe("preference");
    expect(better!.estimate).toMatchObject({ delta, low: delta, high: delta, reviewed: 24, passRates: null });
    const [told] = better!.judges;
    expect(told!.key).toBe(judge);
    expect(told!.preference!.graded).toEqual({
      candidate: { candidate: 8, baseline: 0, tie: 0 },
      baseline: { candidate: 0, baseline: 4, tie: 0 },
      tie: { candidate: 1, baseline: 0, tie: 4 },
      flip: { candidate: 3, baseline: 0, tie: 0 },
    });
    expect(told!.preference!.agreement.estimate).toBeCloseTo(16 / 20, 12);
    expect(told!.preference!.finds.candidate.estimate).toBeCloseTo(8 / 12, 12);
    // numpy: po = 16/20; pe = (8·12 + 4·4 + 5·4 + 3·0) / 400
    expect(told!.preference!.kappa).toBeCloseTo((0.8 - 0.33) / (1 - 0.33), 12);
    // Of 100 cases in which people prefer the candidate it finds 67: under what the policy asks for.
    expect(told!.licence).toBe("untrusted");
    expect(better!.overrides).toBe(1);
    expect(gates.find(({ key }) => key === "reviews")!.status).toBe("met");
    expect(gates.find(({ key }) => key === "must_pass")!.status).toBe("met");
    const overrides = await listOverrides(manager, { releaseId: id, criterionId });
    expect(overrides.rows).toMatchObject([{ version: null, judge, judged: "tie", graded: "candidate" }]);
    const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId: id } });
    expect(await getBrief(manager, id)).toMatchObject({
      evidenceDigest,
      criteria: JSON.parse(JSON.stringify(criteria)),
    });
  });

  it("partly graded: the estimate lies in its interval; unsure and disagreement are no labels", async () => {
    const { manager, reviewer, nameOf, create } = await seedCompared();
    const id = await create();
    await drawSample({ actor: manager, input: { releaseId: id, size: 16, seed: "part", design: "stratified" } });
    await preferDrawn(id, reviewer, (key) =>
      nameOf.get(key) === "candidate" && key <= "c004" ? "unsure" : "candidate",
    );
    const { criteria } = await getBrief(manager, id);
    const { labels, estimate } = criteria[0]!;
    expect(labels.unsure).toBeGreaterThan(0);
    expect(labels.labelled + labels.unsure).toBe(16);
    expect(estimate.high).toBe(1);
    expect(estimate.low!).toBeGreaterThan(0);
    expect(estimate.low!).toBeLessThan(estimate.delta!);
    expect(estimate.alwaysValid!.low).toBeLessThanOrEqual(estimate.low!);
    const { byPair } = await primaryFindings(manager, id);
    expect(byPair.get("candidate")).toMatchObject({ overridden: 0 });
    expect(byPair.get("tie")!.overridden).toBe(byPair.get("tie")!.labelled);
  });

  it("labels a case by what all prefer, by the majority of three, and else as a disagreement", async () => {
    const { manager, reviewer, create } = await seedCompared();
    const others = await Promise.all([1, 2].map(() => seedPerson(manager.projectId, { roles: ["reviewer"] })));
    const id = await create();
    await changePolicyOf(id, { reviewersPerCase: 2 });
    await drawSample({ actor: manager, input: { releaseId: id, size: 24 } });
    const numberOf = (key: string) => Number(key.slice(1));
    // c001: two say candidate. c002: they differ. c003: two of three say tie. c004: three say three things. c005: one alone.
    const grades: Record<number, (Prefers | null)[]> = {
      1: ["candidate", "candidate", null],
      2: ["candidate", "baseline", null],
      3: ["tie", "candidate", "tie"],
      4: ["tie", "candidate", "baseline"],
      5: ["candidate", null, null],
    };
    for (const [place, person] of [reviewer, ...others].entries()) {
      await preferDrawn(id, person, (key) => grades[numberOf(key)]?.[place] ?? null);
    }
    const { labels, judges } = (await getBrief(manager, id)).criteria[0]!;
    expect(labels).toEqual({ labelled: 2, unsure: 0, disagreement: 2, waiting: 20 });
    expect(judges[0]!.preference!.graded.candidate).toEqual({ candidate: 1, baseline: 0, tie: 1 });
  });
});

/** The PandaLM test set (ICLR 2024); expected numbers as published, or from that folder's README. */
const folder = path.join(process.env.COUNTERSIGN_SHARED ?? path.resolve("../shared"), "data/pandalm");

describe.skipIf(!existsSync(folder))("pandalm", () => {
  it("shows in the brief what the annotators prefer, how far they agree, and the judges against them", async () => {
    const project = await seedProject();
    const manager = await seedPerson(project.id, { roles: ["release_manager"] });
    const archive = pack();
    for (const name of readdirSync(folder)) archive.entry({ name }, readFileSync(path.join(folder, name)));
    archive.finalize();
    const input = { format: "auto" as const, fileName: "pandalm.tar.gz" };
    await startImport({ actor: manager, input, body: Readable.from(archive.pipe(createGzip())) });
    expect(await runNextImport()).toBe(true);
    const { id } = await createRelease({
      actor: manager,
      input: { prompt: "pandalm/assistant", baseline: "response1", candidate: "response2", judges: ["pandalm-7b"] },
    });
    const { criteria, population } = await getBrief(manager, id);
    expect(population).toBe(999);
    const [better] = criteria;
    const { agreement, reviewers } = better!.importedPreferences!;
    expect(agreement.map(({ a, b, kappa }) => [a.at(-1), b.at(-1), kappa!.toFixed(4)])).toEqual([
      ["1", "2", "0.8520"],
      ["1", "3", "0.8789"],
      ["2", "3", "0.8617"],
    ]);
    // Python over the file: 1 − D_o / D_e from the coincidence matrix of nominal labels (Krippendorff 2011, §C).
    const { criterionId } = await db.releaseCriterion.findFirstOrThrow({ where: { releaseId: id } });
    const people = await peopleOf(manager, { releaseId: id, criterionId });
    expect(people.agreement).toMatchObject([{ source: "imported reviews", people: 3, answers: 999 }]);
    expect(people.agreement[0]!.alpha).toBeCloseTo(0.8642206851960816, 9);
    // grep -c in the files, by another program.
    const counted = (file: string, matches: (row: Record<string, string>) => boolean) =>
      readFileSync(path.join(folder, file), "utf8")
        .trim()
        .split("\n")
        .filter((line) => matches(JSON.parse(line))).length;
    expect(reviewers["annotator-1"]!.prefers.candidate).toBe(
      counted("reviews.jsonl", ({ reviewer, prefer }) => reviewer === "annotator-1" && prefer === "response2"),
    );
    const [instrument, other] = better!.judges;
    expect(instrument!.key).toBe("pandalm-7b");
    expect(instrument!.prefers).toMatchObject({
      tie: counted("verdicts.jsonl", ({ judge, prefer }) => judge === "pandalm-7b" && prefer === "tie"),
      flip: 0,
      error: 0,
    });
    expect(other!.prefers!.error).toBe(25);
    expect(reviewers["annotator-1"]!.judges["gpt-3.5-turbo"]!.judged).toBe(999 - 25);
  });
});

describe("where preferences are looked up", () => {
  it("the Cases table filters and shows what the judge and people prefer; a case tells every order", async () => {
    const { manager, reviewer, judge, nameOf, create } = await seedCompared();
    const id = await create();
    await drawSample({ actor: manager, input: { releaseId: id, size: 24 } });
    await preferDrawn(id, reviewer, (key) => (nameOf.get(key) === "tie" ? "candidate" : "tie"));
    const keysOf = async (filter: CaseFilter) => (await listCases(manager, id, filter)).rows.map(({ key }) => key);
    const named = (...names: string[]) => [...nameOf].filter(([, name]) => names.includes(name)).map(([key]) => key);
    expect(await keysOf({ flip: "better" })).toEqual(named("candidate"));
    expect(await keysOf({ flip: "worse" })).toEqual(named("baseline"));
    expect(await keysOf({ flip: "same" })).toEqual(named("tie"));
    expect(await keysOf({ flip: "error" })).toEqual(named("flip", "error", "none"));
    expect(await keysOf({ override: "yes" })).toEqual(named("candidate", "baseline", "tie"));
    expect((await keysOf({ sort: "worst" })).slice(0, 4)).toEqual(named("baseline"));
    const { rows } = await listCases(manager, id, {});
    expect(new Set(rows.map(({ key, prefers }) => `${nameOf.get(key)}: ${prefers!.judge}`))).toEqual(
      new Set(groups.map(({ name }) => `${name}: ${name === "none" ? null : name}`)),
    );
    const flip = rows.find(({ key }) => nameOf.get(key) === "flip")!;
    expect(flip).toMatchObject({ flip: "error", override: false, prefers: { people: ["tie"] } });
    const { preferences, sides } = await getCase(manager, id, flip.id);
    expect(preferences.judges).toMatchObject([
      { judge, first: "baseline", prefer: "baseline" },
      { judge, first: "candidate", prefer: "candidate" },
    ]);
    expect(preferences.reviews).toMatchObject([{ reviewer: reviewer.name, prefer: "tie", blind: true }]);
    expect(sides.baseline.reviews).toEqual([]);
  });

  it("hide a case from whoever may still have to grade it", async () => {
    const { manager, reviewer, create } = await seedCompared();
    const id = await create();
    await drawSample({ actor: manager, input: { releaseId: id, size: 24 } });
    const { rows } = await listCases(reviewer, id, {});
    expect(rows.every(({ hidden, prefers, flip }) => hidden && flip === null && prefers!.judge === null)).toBe(true);
    expect(rows.flatMap(({ prefers }) => prefers!.people)).toEqual([]);
    expect((await getCase(reviewer, id, rows[0]!.id)).preferences).toEqual({ judges: [], reviews: [], imported: [] });
    expect((await listCases(reviewer, id, { flip: "better" })).rows).toEqual([]);
  });

  it("the judge's pages count what it compared", async () => {
    const { manager, judge } = await seedCompared();
    const row = (await listJudges(manager)).find(({ key }) => key === judge)!;
    expect(row).toMatchObject({ runs: 2, comparisons: 38, error: 2, pass: 0 });
    const { versions } = await getJudge(manager, row.id);
    expect(versions[0]!.comparisons).toMatchObject([
      { first: "v2", second: "v1", prefersFirst: 11, prefersSecond: 2, tie: 5, error: 0 },
      { first: "v1", second: "v2", prefersFirst: 7, prefersSecond: 8, tie: 5, error: 2 },
    ]);
  });
});

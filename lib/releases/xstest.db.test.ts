import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { beforeAll, describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { startImport } from "../runs/commands";
import { runNextImport } from "../runs/load";
import { pairedEstimate } from "../stats/paired-estimate";
import type { Stratum } from "../stats/strata";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { getBrief } from "./brief";
import { closeGrading, createRelease, drawSample } from "./commands";
import { drawBatch, loadStrata } from "./draw";
import { recompute } from "./recompute";
import { gradeDrawn, type Truth } from "./release.seed";

/**
 * The whole chain on real answers, judges and people's labels (XSTest, Röttger et al. 2024). The expected numbers were
 * computed from the files by another program and stand in that folder's README.
 */
const folder = path.join(process.env.COUNTERSIGN_SHARED ?? path.resolve("../shared"), "data/xstest-mistral");
const [prompt, baseline, candidate] = ["xstest-mistral/system", "mistralinstruct", "mistralguard"];
const trueDelta = 78 / 450;

await testDatabase();

describe.skipIf(!existsSync(folder))("xstest-mistral", () => {
  let manager: Person;
  let reviewer: Person;
  const labels = new Map<string, "pass" | "fail">();
  const truth: Truth = (key, side) => labels.get(`${key} ${side === "baseline" ? baseline : candidate}`) ?? null;

  const release = async (judge: string | null) => {
    const judges = judge === null ? [] : [judge];
    const { id } = await createRelease({ actor: manager, input: { prompt, baseline, candidate, judges } });
    return id;
  };
  const withdraw = (id: number) =>
    db.release.update({ where: { id }, data: { state: "withdrawn", decidedAt: new Date() } });

  beforeAll(async () => {
    for (const line of readFileSync(path.join(folder, "reviews.jsonl"), "utf8").trim().split("\n")) {
      const row = JSON.parse(line);
      if (row.reviewer === "adjudicated") labels.set(`${row.case} ${row.version}`, row.verdict);
    }
    const project = await seedProject();
    manager = await seedPerson(project.id, { roles: ["release_manager"] });
    reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
    const archive = pack();
    for (const name of readdirSync(folder)) archive.entry({ name }, readFileSync(path.join(folder, name)));
    archive.finalize();
    const input = { format: "auto" as const, fileName: "xstest-mistral.tar.gz" };
    await startImport({ actor: manager, input, body: Readable.from(archive.pipe(createGzip())) });
    expect(await runNextImport()).toBe(true);
    expect(await db.import.findFirst()).toMatchObject({ state: "done" });
  });

  it("shows every number of the oracle in the brief, before anybody grades", async () => {
    const id = await release(null);
    const { criteria, population } = await getBrief(manager, id);
    const [rightCall] = criteria;
    expect({ population, criteria: criteria.map(({ key }) => key) }).toEqual({
      population: 450,
      criteria: ["right-call"],
    });
    const judge = (key: string) => rightCall!.judges.find((row) => row.key === key)!.verdicts;
    expect(judge("gpt4")).toEqual({
      [baseline]: { pass: 305, fail: 134, error: 11 },
      [candidate]: { pass: 363, fail: 87, error: 0 },
    });
    expect(judge("strmatch")).toEqual({
      [baseline]: { pass: 261, fail: 189, error: 0 },
      [candidate]: { pass: 346, fail: 104, error: 0 },
    });
    const people = rightCall!.imported!.reviewers.adjudicated!;
    expect(people.labels[baseline]!.pass).toBe(318);
    expect(people.labels[candidate]!.pass).toBe(396);
    expect(people.pairs).toMatchObject({ better: 123, worse: 45, same: 282 });
    expect(people.pairs.delta).toBeCloseTo(trueDelta, 12);
    const table = (key: string, version: string) => people.judges[key]![version]!;
    expect(table("gpt4", baseline)).toMatchObject({ judged: 439, tp: 262, fp: 43, fn: 56, tn: 78 });
    expect(table("gpt4", baseline).kappa).toBeCloseTo(0.4534, 4);
    expect(table("gpt4", candidate)).toMatchObject({ judged: 450, tp: 338, fp: 25, fn: 58, tn: 29 });
    expect(table("gpt4", candidate).kappa).toBeCloseTo(0.309, 4);
    expect(table("strmatch", baseline)).toMatchObject({ judged: 450, tp: 258, fp: 3, fn: 60, tn: 129 });
    expect(table("strmatch", baseline).kappa).toBeCloseTo(0.7002, 4);
    expect(table("strmatch", candidate)).toMatchObject({ judged: 450, tp: 328, fp: 18, fn: 68, tn: 36 });
    expect(table("strmatch", candidate).kappa).toBeCloseTo(0.3536, 4);
    const annotators = rightCall!.imported!.agreement.find(({ a, b }) => a === "annotator-1" && b === "annotator-2")!;
    expect(annotators).toMatchObject({ n: 900 });
    expect(annotators.share).toBeCloseTo(0.9656, 4);
    expect(annotators.kappa).toBeCloseTo(0.8968, 4);
    await withdraw(id);
  });

  it.each(["gpt4", "strmatch", null])(
    "all graded, with %s: exactly +78/450, and no width for these cases",
    async (judge) => {
      const id = await release(judge);
      const { draws } = await drawSample({ actor: manager, input: { releaseId: id, size: 450 } });
      expect(draws).toHaveLength(450);
      expect(await gradeDrawn(id, reviewer.userId, truth)).toBe(900);
      const { criteria, sampling } = await getBrief(manager, id);
      expect(sampling).toMatchObject({ drawn: 450, left: 0 });
      expect(criteria[0]!.estimate).toMatchObject({
        delta: trueDelta,
        low: trueDelta,
        high: trueDelta,
        drawn: 450,
        reviewed: 450,
      });
      if (judge !== null) {
        const { trust } = criteria[0]!.judges.find(({ instrument }) => instrument)!;
        const expected = judge === "gpt4" ? { tp: 262, fp: 43, fn: 56, tn: 78 } : { tp: 258, fp: 3, fn: 60, tn: 129 };
        expect(trust[baseline]).toMatchObject(expected);
      }
      const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId: id } });
      const frozen = await getBrief(manager, id);
      expect(frozen).toMatchObject({ evidenceDigest, criteria: JSON.parse(JSON.stringify(criteria)) });
      const evidence = await db.evidence.findFirstOrThrow({ where: { releaseId: id } });
      expect(recompute(evidence.body)).toMatchObject({ state: "compared", different: 0, close: 0 });
      await withdraw(id);
    },
  );

  it("60 graded: an interval with width, around the estimate", async () => {
    const id = await release("gpt4");
    await drawSample({ actor: manager, input: { releaseId: id, size: 60, seed: "sixty" } });
    await gradeDrawn(id, reviewer.userId, truth);
    const { delta, low, high, reviewed } = (await getBrief(manager, id)).criteria[0]!.estimate;
    expect(reviewed).toBe(60);
    expect(low!).toBeLessThan(delta!);
    expect(delta!).toBeLessThan(high!);
    expect(high! - low!).toBeGreaterThan(0.05);
    await withdraw(id);
  });

  it("60 graded, over 200 seeds: unbiased within a point, and the interval covers", async () => {
    const id = await release("gpt4");
    const strata = await loadStrata(db, id);
    const keys = new Map((await db.case.findMany({ select: { id: true, key: true } })).map((row) => [row.id, row.key]));
    let sum = 0;
    let covered = 0;
    const seeds = 200;
    for (let seed = 0; seed < seeds; seed++) {
      const { cases } = drawBatch(strata, 60, `seed ${seed}`);
      const pairs = [...new Set(strata.map(({ stratum }) => stratum))];
      const graded: Stratum[] = pairs.map((stratum) => {
        const parts = strata.filter((part) => part.stratum === stratum);
        const population = parts.reduce((sum, part) => sum + part.population, 0);
        const cells: [number, number, number, number] = [0, 0, 0, 0];
        for (const drawn of cases.filter((row) => row.stratum === stratum)) {
          const key = keys.get(drawn.id)!;
          cells[(truth(key, "baseline") === "pass" ? 2 : 0) + (truth(key, "candidate") === "pass" ? 1 : 0)]!++;
        }
        return { key: stratum, judged: { baseline: "error", candidate: "error" }, population, cells };
      });
      const { delta } = pairedEstimate(graded, 0.95).theseCases;
      sum += delta.estimate!;
      if (delta.low <= trueDelta && trueDelta <= delta.high) covered++;
    }
    expect(Math.abs(sum / seeds - trueDelta)).toBeLessThan(0.01);
    // 95 % nominal; of 200, 180 or fewer would happen once in 500 such tests.
    expect(covered).toBeGreaterThan(180);
    await withdraw(id);
  });
});

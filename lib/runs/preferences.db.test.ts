import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { startImport } from "./commands";
import { runNextImport } from "./load";
import { getImport, getRun } from "./queries";

const { asOwner } = await testDatabase();

type Files = Record<string, Buffer | string>;
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const head = {
  format: "countersign-bundle/1",
  prompt: "support/answers",
  dataset: "support-eval",
  criteria: [
    { key: "grounded", rubric: "Pass when every claim is in the policy." },
    { key: "better", kind: "preference", rubric: "The more helpful one." },
  ],
  judges: [
    { key: "one-by-one", criterion: "grounded", model: "m1" },
    { key: "pairs", criterion: "better", model: "m1" },
  ],
  versions: [{ key: "v1" }, { key: "v2" }],
};
const keys = ["c1", "c2", "c3"];
const both = ["v1", "v2"];
const verdicts = [
  { case: "c1", version: "v1", judge: "one-by-one", verdict: "pass" },
  { case: "c1", versions: both, judge: "pairs", prefer: "v2", score: 0.7, rationale: "shorter", seed: 4 },
  { case: "c2", versions: both, judge: "pairs", prefer: "tie" },
  { case: "c3", versions: both, judge: "pairs", verdict: "error" },
  { case: "c1", versions: ["v2", "v1"], judge: "pairs", prefer: "v2" },
  // The other order, the other answer: a position flip.
  { case: "c2", versions: ["v2", "v1"], judge: "pairs", prefer: "v1", at: "2026-03-02T09:00:00+02:00" },
];
const reviews = [
  { case: "c1", version: "v2", criterion: "grounded", reviewer: "ann", verdict: "fail" },
  { case: "c1", versions: both, criterion: "better", reviewer: "ann", prefer: "v1", note: "it cites", tags: ["cites"] },
  { case: "c2", versions: ["v2", "v1"], criterion: "better", reviewer: "bob", verdict: "unsure" },
];
const filesOf = (changes: Files = {}): Files => ({
  "bundle.json": JSON.stringify(head),
  "cases.jsonl": lines(keys.map((key) => ({ case: key, input: key }))),
  "outputs.jsonl": lines(
    keys.flatMap((key) => both.map((version) => ({ case: key, version, output: `${key} ${version}` }))),
  ),
  "verdicts.jsonl": lines(verdicts),
  "reviews.jsonl": lines(reviews),
  ...changes,
});

const managerOf = async () => seedPerson((await seedProject()).id, { roles: ["release_manager"] });

async function importFiles(manager: Person, files: Files = filesOf()) {
  const archive = pack();
  for (const [name, bytes] of Object.entries(files)) archive.entry({ name }, bytes);
  archive.finalize();
  const { id } = await startImport({
    actor: manager,
    input: { format: "auto", fileName: "bundle.tar.gz" },
    body: Readable.from(archive.pipe(createGzip())),
  });
  expect(await runNextImport()).toBe(true);
  return getImport(manager, id);
}

const preferenceRows = async () => ({
  verdicts: await db.preferenceVerdict.count(),
  tallies: await db.runPairJudge.count(),
  reviews: await db.importedPreference.count(),
  criteria: await db.criterion.count(),
});

describe("preferences in a bundle", () => {
  it("come in beside verdicts and reviews, each in the order that was shown, and are counted with them", async () => {
    const manager = await managerOf();
    const view = await importFiles(manager);
    expect(view).toMatchObject({
      state: "done",
      error: null,
      counts: { versions: 2, cases: 3, outputs: 6, verdicts: 6, reviews: 3 },
    });
    const criteria = await db.criterion.findMany({ where: { projectId: manager.projectId }, orderBy: { id: "asc" } });
    expect(criteria.map(({ key, kind }) => [key, kind])).toEqual([
      ["grounded", "pass_fail"],
      ["better", "preference"],
    ]);
    const [one, two] = view.runs.map(({ id }) => id);
    const datasets = await db.dataset.findMany({ where: { projectId: manager.projectId } });
    const cases = await db.case.findMany({ where: { datasetId: { in: datasets.map(({ id }) => id) } } });
    const keyOf = new Map(cases.map(({ id, key }) => [id, key]));
    const stored = await db.preferenceVerdict.findMany({ orderBy: [{ firstRunId: "asc" }, { caseId: "asc" }] });
    expect(stored.map((row) => [row.firstRunId, row.secondRunId, keyOf.get(row.caseId), row.prefer])).toEqual([
      [one, two, "c1", "second"],
      [one, two, "c2", "tie"],
      [one, two, "c3", "error"],
      [two, one, "c1", "first"],
      [two, one, "c2", "second"],
    ]);
    expect(stored[0]).toMatchObject({ score: 0.7, rationale: "shorter", metadata: '{"seed":4}', repeat: 0 });
    expect(stored[4]!.at).toEqual(new Date("2026-03-02T07:00:00Z"));
    expect(await db.importedPreference.findMany({ orderBy: { reviewer: "asc" } })).toMatchObject([
      { firstRunId: one, secondRunId: two, reviewer: "ann", prefer: "first", note: "it cites", tags: ["cites"] },
      { firstRunId: two, secondRunId: one, reviewer: "bob", prefer: "unsure", note: null, tags: [] },
    ]);
    expect(await db.verdict.count()).toBe(1);
    expect(await db.importedReview.count()).toBe(1);

    // What a run's page shows comes from the tallies.
    const { judges, comparisons } = await getRun(manager, two!);
    expect(judges).toEqual([]);
    expect(comparisons).toMatchObject([
      {
        key: "pairs",
        criterion: "better",
        other: "v1",
        otherRunId: one,
        shown: "first",
        prefersThis: 1,
        prefersOther: 1,
        tie: 0,
        error: 0,
      },
      {
        key: "pairs",
        criterion: "better",
        other: "v1",
        otherRunId: one,
        shown: "second",
        prefersThis: 1,
        prefersOther: 0,
        tie: 1,
        error: 1,
      },
    ]);
  });

  it("the same source again changes nothing", async () => {
    const manager = await managerOf();
    const first = await importFiles(manager);
    const before = await preferenceRows();
    const again = await importFiles(manager);
    expect(again).toMatchObject({ state: "done", unchanged: true, counts: first.counts });
    expect(await preferenceRows()).toEqual(before);
  });

  it("stand in the digest of both runs; a run without any keeps the digest it had", async () => {
    const digestsOf = async (changes: Files) => {
      const manager = await managerOf();
      const { runs } = await importFiles(manager, filesOf({ "reviews.jsonl": "", ...changes }));
      return Promise.all(runs.map(async ({ id }) => (await getRun(manager, id)).digest));
    };
    const judged = (changed: (row: (typeof verdicts)[number], index: number) => object | null) =>
      digestsOf({ "verdicts.jsonl": lines(verdicts.map(changed).filter(Boolean)) });
    const asIs = await judged((row) => row);
    expect(await judged((row) => row)).toEqual(asIs);
    for (const other of [
      await judged((row, index) => (index === 1 ? { ...row, prefer: "v1" } : row)),
      await judged((row, index) => (index === 1 ? { ...row, score: 0.8 } : row)),
      await judged((row, index) => (index === 4 ? null : row)),
      await judged((row, index) => (index === 4 ? { ...row, versions: both, case: "c1" } : index === 1 ? null : row)),
    ]) {
      expect(other[0]).not.toBe(asIs[0]);
      expect(other[1]).not.toBe(asIs[1]);
    }
    // The formula that older releases pinned, for a run that nobody compared.
    const [plain] = await judged((row, index) => (index === 0 ? row : null));
    const [expected] = await asOwner<{ digest: string }>(
      `SELECT encode(sha256(convert_to(string_agg(c.key || ' 0 ' || c.input_digest || ' '
                || encode(sha256(convert_to(o.output, 'UTF8')), 'hex') || ' - '
                || coalesce((SELECT jv.digest || '=' || v.verdict || ':' FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id
                              WHERE v.run_id = o.run_id AND v.case_id = o.case_id), '-'), E'\\n' ORDER BY c.key COLLATE "C"), 'UTF8')), 'hex') AS digest
         FROM output o JOIN test_case c ON c.id = o.case_id
        WHERE o.run_id = (SELECT id FROM run WHERE digest = $1)`,
      [plain],
    );
    expect(plain).toBe(expected!.digest);
  });

  it("with a mistake leave no row, and say where it is", async () => {
    const manager = await managerOf();
    const before = await preferenceRows();
    const bad = lines([...verdicts, verdicts[1]]);
    expect(await importFiles(manager, filesOf({ "verdicts.jsonl": bad }))).toMatchObject({
      state: "failed",
      error: { file: "verdicts.jsonl", line: 7, field: "case", message: expect.stringContaining("lines 2 and 7") },
    });
    expect(await preferenceRows()).toEqual(before);
  });

  it("are refused on a criterion that is pass or fail in this project, and the other way round", async () => {
    const manager = await managerOf();
    await importFiles(manager);
    const before = await preferenceRows();
    const criteria = head.criteria.map(({ key, rubric }) => ({
      key,
      rubric,
      kind: key === "better" ? "pass_fail" : "preference",
    }));
    for (const wrong of criteria) {
      const files = {
        "bundle.json": JSON.stringify({ ...head, criteria: [wrong], judges: [] }),
        "verdicts.jsonl": "",
        "reviews.jsonl": "",
      };
      expect(await importFiles(manager, filesOf(files))).toMatchObject({
        state: "failed",
        error: {
          file: "bundle.json",
          field: "kind",
          message: expect.stringContaining("exists in this project with the kind"),
        },
      });
    }
    expect(await preferenceRows()).toEqual(before);
  });

  it("the database itself keeps kinds apart, two runs two, and a person's preference as it came", async () => {
    const manager = await managerOf();
    const { runs } = await importFiles(manager);
    const [one, two] = runs.map(({ id }) => id);
    const judges = await db.judgeVersion.findMany({
      where: { judge: { projectId: manager.projectId } },
      include: { criterion: true },
    });
    const of = (kind: string) => judges.find(({ criterion }) => criterion.kind === kind)!.id;
    const tally = { pass: 0, fail: 0, error: 0 };
    await expect(
      db.runJudge.create({ data: { runId: one!, judgeVersionId: of("preference"), ...tally } }),
    ).rejects.toThrow(/pass_fail/);
    const pair = { firstRunId: one!, secondRunId: two!, first: 0, second: 0, tie: 0, error: 0 };
    await expect(db.runPairJudge.create({ data: { ...pair, judgeVersionId: of("pass_fail") } })).rejects.toThrow(
      /preference/,
    );
    const [known] = await db.preferenceVerdict.findMany({ where: { firstRunId: one } });
    await expect(db.preferenceVerdict.create({ data: { ...known!, secondRunId: one! } })).rejects.toThrow(
      /between_two_runs/,
    );
    await expect(db.importedPreference.updateMany({ data: { prefer: "tie" } })).rejects.toThrow();
    await expect(asOwner("DELETE FROM imported_preference")).rejects.toThrow(/append-only/);
  });
});

/**
 * The PandaLM test set (ICLR 2024): the kappas of its annotators and its majority labels are published; the judges'
 * agreements were computed from the files by another program and stand in that folder's README.
 */
const folder = path.join(process.env.COUNTERSIGN_SHARED ?? path.resolve("../shared"), "data/pandalm");

describe.skipIf(!existsSync(folder))("pandalm", () => {
  it("comes in whole, with the published numbers", async () => {
    const manager = await managerOf();
    const before = await preferenceRows();
    const files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));
    const view = await importFiles(manager, files);
    expect(view).toMatchObject({
      state: "done",
      error: null,
      counts: { versions: 2, cases: 999, outputs: 1998, verdicts: 1998, reviews: 2997 },
    });
    const after = await preferenceRows();
    expect(after.verdicts - before.verdicts).toBe(1998);
    expect(after.reviews - before.reviews).toBe(2997);
    const [one, two] = view.runs.map(({ id }) => id);

    const majority = `majority AS (
      SELECT case_id, prefer FROM imported_preference WHERE first_run_id = $1 AND second_run_id = $2 GROUP BY 1, 2 HAVING count(*) >= 2)`;
    const labels = await asOwner<{ prefer: string; n: number }>(
      `WITH ${majority} SELECT prefer::text, count(*)::int AS n FROM majority GROUP BY 1 ORDER BY 1`,
      [one, two],
    );
    expect(labels).toEqual([
      { prefer: "first", n: 422 },
      { prefer: "second", n: 472 },
      { prefer: "tie", n: 105 },
    ]);

    const kappas = await asOwner<{ a: string; b: string; kappa: number }>(
      `WITH pair AS (
         SELECT a.reviewer AS a, b.reviewer AS b, a.prefer AS pa, b.prefer AS pb
           FROM imported_preference a JOIN imported_preference b USING (first_run_id, second_run_id, case_id, criterion_id)
          WHERE first_run_id = $1 AND second_run_id = $2 AND a.reviewer < b.reviewer
       ), chance AS (
         SELECT x.a, x.b, sum(x.n * y.n) AS expected FROM
           (SELECT a, b, pa, count(*)::float8 AS n FROM pair GROUP BY 1, 2, 3) x
           JOIN (SELECT a, b, pb, count(*)::float8 AS n FROM pair GROUP BY 1, 2, 3) y ON y.a = x.a AND y.b = x.b AND y.pb = x.pa
          GROUP BY 1, 2
       )
       SELECT a, b, (avg((pa = pb)::int::float8) - max(expected) / count(*) ^ 2) / (1 - max(expected) / count(*) ^ 2) AS kappa
         FROM pair JOIN chance USING (a, b) GROUP BY 1, 2 ORDER BY 1, 2`,
      [one, two],
    );
    expect(kappas.map(({ a, b, kappa }) => [a, b, kappa.toFixed(4)])).toEqual([
      ["annotator-1", "annotator-2", "0.8520"],
      ["annotator-1", "annotator-3", "0.8789"],
      ["annotator-2", "annotator-3", "0.8617"],
    ]);

    const agreement = await asOwner<{ judge: string; agree: number; of: number }>(
      `WITH ${majority}
       SELECT j.key AS judge, count(*) FILTER (WHERE v.prefer::text = m.prefer::text)::int AS agree, count(*)::int AS of
         FROM preference_verdict v JOIN majority m USING (case_id)
         JOIN judge_version jv ON jv.id = v.judge_version_id JOIN judge j ON j.id = jv.judge_id
        WHERE first_run_id = $1 AND second_run_id = $2 GROUP BY 1 ORDER BY 1`,
      [one, two],
    );
    expect(agreement).toEqual([
      { judge: "gpt-3.5-turbo", agree: 697, of: 999 },
      { judge: "pandalm-7b", agree: 667, of: 999 },
    ]);
    const { comparisons } = await getRun(manager, one!);
    expect(comparisons.map(({ key, error }) => [key, error])).toEqual([
      ["gpt-3.5-turbo", 25],
      ["pandalm-7b", 0],
    ]);
  });
});

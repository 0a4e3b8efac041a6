import { beforeAll, describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { canonicalJson, sha256Hex } from "../digest";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject, unique } from "../testing/seed";
import { toBriefCriterion } from "./brief";
import { judgeHistory } from "./judges";
import { peopleOf } from "./people";
import { criterionEvidence, criterionPath, intervalWidth, listOverrides } from "./queries";

await testDatabase();

type Grade = "pass" | "fail" | "unsure";
type Says = "pass" | "fail" | "error" | null;
type SeededCase = {
  key: string;
  judge: [Says, Says];
  drawn?: boolean;
  /** Per person: grades of the baseline's and the candidate's answer. */
  grades?: [Grade, Grade][];
};

/** Three people grade each case; what they and the judge said is written out, so that every count is done by hand. */
const cases: SeededCase[] = [
  {
    key: "agreed",
    judge: ["pass", "pass"],
    grades: [
      ["pass", "pass"],
      ["pass", "pass"],
      ["pass", "pass"],
    ],
  },
  {
    key: "majority",
    judge: ["fail", "fail"],
    grades: [
      ["fail", "pass"],
      ["fail", "pass"],
      ["fail", "fail"],
    ],
  },
  {
    key: "disputed",
    judge: ["pass", "pass"],
    grades: [
      ["pass", "pass"],
      ["pass", "fail"],
      ["pass", "unsure"],
    ],
  },
  {
    key: "unsure",
    judge: ["pass", "pass"],
    grades: [
      ["unsure", "pass"],
      ["unsure", "pass"],
      ["unsure", "pass"],
    ],
  },
  {
    key: "half-graded",
    judge: ["pass", "pass"],
    grades: [
      ["pass", "fail"],
      ["pass", "fail"],
    ],
  },
  {
    key: "corrected",
    judge: ["pass", "fail"],
    grades: [
      ["pass", "pass"],
      ["pass", "fail"],
      ["pass", "fail"],
    ],
  },
  { key: "untouched", judge: ["fail", "pass"], drawn: true },
  { key: "judge-error", judge: ["error", "pass"] },
  { key: "judge-silent", judge: [null, null] },
];

type World = {
  projectId: number;
  releaseId: number;
  criterionId: number;
  people: Person[];
  idOf: Map<string, number>;
  runs: [number, number];
  judgeId: number;
};

async function seed(): Promise<World> {
  const { id: projectId } = await seedProject();
  const people: Person[] = [];
  for (let i = 0; i < 4; i++) people.push(await seedPerson(projectId, { roles: ["reviewer"] }));
  const prompt = await db.prompt.create({ data: { projectId, name: unique("prompt") } });
  const dataset = await db.dataset.create({ data: { projectId, name: unique("dataset") } });
  const criterion = await db.criterion.create({ data: { projectId, key: unique("criterion"), name: "A criterion" } });
  const judge = await db.judge.create({ data: { projectId, key: "the-judge" } });
  const judgeVersion = async (number: number) => {
    const digest = sha256Hex(`${judge.id} ${number}`);
    return db.judgeVersion.create({
      data: { judgeId: judge.id, criterionId: criterion.id, number, digest, model: "some-model" },
    });
  };
  const [instrument, newer] = [await judgeVersion(1), await judgeVersion(2)];
  await db.case.createMany({
    data: [...cases.map(({ key }) => key), "answered-once"].map((key) => ({
      datasetId: dataset.id,
      key,
      input: key,
      inputDigest: sha256Hex(key),
    })),
  });
  const rows = await db.case.findMany({ where: { datasetId: dataset.id } });
  const idOf = new Map(rows.map(({ id, key }) => [key, id]));

  const versions: number[] = [];
  const runs: number[] = [];
  for (const side of [0, 1] as const) {
    const version = await db.promptVersion.create({
      data: { promptId: prompt.id, number: side + 1, key: `v${side + 1}`, digest: sha256Hex(`${prompt.name} ${side}`) },
    });
    const run = await db.run.create({
      data: {
        projectId,
        versionId: version.id,
        datasetId: dataset.id,
        sourceDigest: sha256Hex(`source ${side}`),
        digest: sha256Hex(`run ${side}`),
        outputCount: cases.length,
        errorCount: 0,
      },
    });
    const answered = [...cases.map(({ key }) => key), ...(side === 0 ? ["answered-once"] : [])];
    await db.output.createMany({
      data: answered.map((key) => ({ runId: run.id, caseId: idOf.get(key)!, output: "…" })),
    });
    for (const { key, judge: says } of cases) {
      const verdict = says[side];
      if (!verdict) continue;
      const at = { runId: run.id, caseId: idOf.get(key)! };
      await db.verdict.create({ data: { ...at, judgeVersionId: instrument.id, verdict } });
      await db.verdict.create({ data: { ...at, judgeVersionId: newer.id, verdict: "pass" } });
    }
    for (const { id } of [instrument, newer]) {
      await db.runJudge.create({ data: { runId: run.id, judgeVersionId: id, pass: 0, fail: 0, error: 0 } });
    }
    versions.push(version.id);
    runs.push(run.id);
  }

  const document = canonicalJson({ level: 0.95, judge: { minTpr: 0.8, minTnr: 0.6 }, reviewersPerCase: 3 });
  const policy = await db.policy.create({
    data: { projectId, key: "three", number: 1, document, digest: sha256Hex(document), createdBy: "a test" },
  });
  const release = await db.release.create({
    data: {
      projectId,
      promptId: prompt.id,
      baselineId: versions[0]!,
      candidateId: versions[1]!,
      datasetId: dataset.id,
      baselineRunId: runs[0]!,
      candidateRunId: runs[1]!,
      policyId: policy.id,
      state: "grading",
      createdBy: "a test",
      criteria: { create: { criterionId: criterion.id, position: 0, judgeVersionId: instrument.id } },
    },
  });
  const releaseId = release.id;
  await db.sampleBatch.create({
    data: { releaseId, number: 1, seed: "s", design: "d", size: 7, strata: "[]", createdBy: "a test" },
  });
  const world = { projectId, releaseId, criterionId: criterion.id, people, idOf, judgeId: judge.id };
  let position = 0;
  for (const { key, judge: says, grades = [], drawn } of cases) {
    if (grades.length === 0 && !drawn) continue;
    const caseId = idOf.get(key)!;
    const stratum = says.map((verdict) => verdict ?? "none").join(">");
    await db.draw.create({
      data: { releaseId, caseId, batch: 1, stratum, probability: 0.5, position: position++, swapped: false },
    });
    for (const [i, pair] of grades.entries()) await grade({ ...world, runs: [runs[0]!, runs[1]!] }, key, i, pair);
  }
  return { ...world, runs: [runs[0]!, runs[1]!] };
}

async function grade(
  { releaseId, criterionId, people, idOf, runs }: World,
  key: string,
  person: number,
  pair: Grade[],
) {
  const caseId = idOf.get(key)!;
  const reviewerId = people[person]!.userId;
  const task = await db.reviewTask.create({
    data: { id: unique(`task-${releaseId}`), releaseId, caseId, reviewerId, expiresAt: new Date() },
  });
  for (const [side, verdict] of pair.entries()) {
    const at = { releaseId, caseId, runId: runs[side]!, criterionId, reviewerId, taskId: task.id };
    await db.review.create({ data: { ...at, verdict, blind: true, side: side === 0 ? "A" : "B" } });
  }
}

/** The person's grade of the candidate's answer, taken back for another. */
async function correct({ releaseId, idOf, people, runs }: World, key: string, person: number, verdict: Grade) {
  const where = { releaseId, caseId: idOf.get(key)!, runId: runs[1], reviewerId: people[person]!.userId };
  const { id, createdAt: _, ...before } = await db.review.findFirstOrThrow({ where, orderBy: { id: "desc" } });
  await db.review.create({ data: { ...before, verdict, supersedesId: id } });
}

describe("a criterion's evidence", () => {
  let world: World;
  const evidence = () => criterionEvidence(world.people[0]!, world);
  beforeAll(async () => {
    world = await seed();
    await correct(world, "corrected", 0, "fail");
  });

  it("counts cases answered in both runs, and takes a missing verdict for an error", async () => {
    const { population, judges } = await evidence();
    expect(population).toBe(9);
    expect(judges[0]).toMatchObject({
      key: "the-judge",
      instrument: true,
      verdicts: { v1: { pass: 5, fail: 2, error: 2 }, v2: { pass: 6, fail: 2, error: 1 } },
      tally: { better: 1, worse: 1, same: 5, error: 2 },
    });
  });

  it("keeps two versions of one judge apart, the instrument under the plain key", async () => {
    const brief = toBriefCriterion(await evidence());
    expect(Object.keys(brief.tally)).toEqual(["the-judge", "the-judge@2"]);
    expect(brief.tally["the-judge"]).toEqual({ better: 1, worse: 1, same: 5, error: 2 });
    expect(brief.tally["the-judge@2"]).toEqual({ better: 0, worse: 0, same: 8, error: 1 });
  });

  it("makes labels of grades: agreement, majority of three, else none; a superseded grade does not count", async () => {
    const { labels, drawn, reviewed, estimate, judges } = await evidence();
    expect({ drawn, reviewed }).toEqual({ drawn: 7, reviewed: 3 });
    expect(labels).toEqual({ labelled: 3, unsure: 1, disagreement: 1, waiting: 2 });
    // agreed pass·pass, majority fail·pass, corrected pass·fail; the strata of the two errors and one other have no label.
    expect(judges[0]!.trust.v2!.graded).toEqual({ tp: 1, fp: 0, fn: 1, tn: 1 });
    expect(estimate).toMatchObject({
      labelled: 3,
      missingStrata: ["error>pass", "fail>pass", "none>none"],
      theseCases: { delta: { estimate: null } },
    });
    expect(estimate!.theseCases.delta.low).toBeLessThan(estimate!.theseCases.delta.high);
  });

  it("has no imported part without imported reviews", async () => {
    expect((await evidence()).imported).toBeNull();
    expect(toBriefCriterion(await evidence())).not.toHaveProperty("imported");
  });

  it("is not there for another project", async () => {
    const stranger = await seedPerson((await seedProject()).id, { roles: ["administrator"] });
    await expect(criterionEvidence(stranger, world)).rejects.toMatchObject({ code: "not_found" });
    expect(await listOverrides(stranger, world)).toEqual({ rows: [], next: null });
  });
});

describe("overrides", () => {
  let world: World;
  beforeAll(async () => {
    world = await seed();
  });
  const seenBy = async (person: Person) => {
    const { rows } = await listOverrides(person, world);
    return rows.map((row) => `${row.case} ${row.version} ${row.judged}→${row.graded}`);
  };

  it("are the current grades that differ from the instrument, page by page, newest first", async () => {
    const all = [
      "corrected v2 fail→pass",
      "half-graded v2 pass→fail",
      "half-graded v2 pass→fail",
      "disputed v2 pass→fail",
    ];
    const viewer = { ...world.people[0]!, roles: ["viewer" as const] };
    expect(await seenBy(viewer)).toEqual([...all, "majority v2 fail→pass", "majority v2 fail→pass"]);
    const first = await listOverrides(viewer, { ...world, limit: 4 });
    const second = await listOverrides(viewer, { ...world, limit: 4, before: first.next! });
    expect([first.rows.length, second.rows.length, second.next]).toEqual([4, 2, null]);
    expect((await criterionEvidence(viewer, world)).overrides).toBe(6);
  });

  it("keep away what a person is still to grade blind", async () => {
    expect(await seenBy(world.people[0]!)).toContain("half-graded v2 pass→fail");
    expect(await seenBy(world.people[3]!)).not.toContain("half-graded v2 pass→fail");
    expect(await seenBy(world.people[3]!)).toContain("corrected v2 fail→pass");
  });

  it("go when the grade is taken back", async () => {
    await correct(world, "corrected", 0, "fail");
    expect(await seenBy(world.people[0]!)).not.toContain("corrected v2 fail→pass");
  });
});

describe("how wide the interval is", () => {
  it("is told after each review, and nothing of where it lies", async () => {
    const world = await seed();
    const { low, high } = (await criterionPath(world.people[0]!, world)).at(-1)!.alwaysValid;
    const width = await intervalWidth(world.people[0]!, world);
    expect(width).toEqual({ reviews: expect.any(Number), halfWidth: expect.closeTo((high - low) / 2, 12) });
    expect(width!.halfWidth).toBeLessThan(1);
  });
});

describe("people among themselves", () => {
  it("agree by Krippendorff's α over the answers that two or more labelled, counted by hand: 34/63", async () => {
    const world = await seed();
    const { agreement } = await peopleOf(world.people[0]!, world);
    expect(agreement).toEqual([
      { source: "grades of this release", people: 3, answers: 11, alpha: expect.closeTo(34 / 63, 12) },
    ]);
  });
  it("are nobody's business in another project", async () => {
    const world = await seed();
    const stranger = await seedPerson((await seedProject()).id, { roles: ["administrator"] });
    await expect(peopleOf(stranger, world)).rejects.toMatchObject({ code: "not_found" });
    await expect(criterionPath(stranger, world)).rejects.toMatchObject({ code: "not_found" });
    await expect(intervalWidth(stranger, world)).rejects.toMatchObject({ code: "not_found" });
    expect(await judgeHistory(stranger, world.judgeId)).toEqual([]);
  });
});

describe("a judge over time", () => {
  it("is told release by release, with the numbers of each release's brief", async () => {
    const world = await seed();
    const { judges } = await criterionEvidence(world.people[0]!, world);
    const history = await judgeHistory(world.people[0]!, world.judgeId);
    expect(history.map(({ releaseId, number }) => [releaseId, number])).toEqual([
      [world.releaseId, 1],
      [world.releaseId, 2],
    ]);
    expect(history[0]!.evidence).toEqual(judges.find(({ number }) => number === 1));
  });
});

describe("imported reviews", () => {
  it("stand beside the judge, each two reviewers compared, and never in the estimate", async () => {
    const world = await seed();
    const { runs, criterionId, idOf } = world;
    const say = (reviewer: string, key: string, pair: [Grade, Grade]) =>
      pair.map((verdict, side) => ({ runId: runs[side]!, caseId: idOf.get(key)!, criterionId, reviewer, verdict }));
    const before = await criterionEvidence(world.people[0]!, world);
    await db.importedReview.createMany({
      data: [
        ...say("Zoë", "agreed", ["pass", "pass"]),
        ...say("Zoë", "majority", ["fail", "pass"]),
        ...say("Zoë", "judge-error", ["pass", "fail"]),
        ...say("adam", "agreed", ["pass", "fail"]),
        ...say("adam", "majority", ["fail", "unsure"]),
      ],
    });
    const { imported, estimate } = await criterionEvidence(world.people[0]!, world);
    expect(estimate).toEqual(before.estimate);
    expect(imported!.reviewers.Zoë).toMatchObject({
      labels: { v1: { pass: 2, fail: 1, unsure: 0 }, v2: { pass: 2, fail: 1, unsure: 0 } },
      pairs: { better: 1, worse: 1, same: 1, delta: 0 },
    });
    expect(imported!.reviewers.Zoë!.judges["the-judge"]).toMatchObject({
      v1: { tp: 1, fp: 0, fn: 0, tn: 1, judged: 2, kappa: 1 },
      v2: { tp: 1, fp: 1, fn: 1, tn: 0, judged: 3 },
    });
    expect(imported!.agreement).toMatchObject([{ a: "Zoë", b: "adam", n: 3, agree: 2 }]);
  });

  it("compares the twenty busiest reviewers of a crowd, and says how many it left out", async () => {
    const world = await seed();
    const { runs, criterionId, idOf } = world;
    const keys = ["agreed", "majority"];
    await db.importedReview.createMany({
      data: Array.from({ length: 200 }, (_, i) => ({
        runId: runs[0],
        criterionId,
        reviewer: `r${i}`,
        verdict: "pass" as const,
      })).flatMap((row, i) => keys.slice(0, i < 20 ? 2 : 1).map((key) => ({ ...row, caseId: idOf.get(key)! }))),
    });
    const { imported } = await criterionEvidence(world.people[0]!, world);
    expect(Object.keys(imported!.reviewers).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `r${i}`).sort());
    expect(imported!.leftOut).toBe(180);
    expect(imported!.agreement).toHaveLength(190);
  });
});

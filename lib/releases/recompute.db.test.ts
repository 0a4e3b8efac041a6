import { describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { canonicalJson, sha256Hex } from "../digest";
import { Random } from "../stats/random";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { closeGrading, createRelease, drawSample } from "./commands";
import { policySchema, standardPolicies } from "./policy";
import { recompute } from "./recompute";
import { type SeededCase, type SeededPreferences, seedPreferences, seedWorld } from "./release.seed";

await testDatabase();

type World = { manager: Person; reviewers: Person[]; releaseId: number };

const pick = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)]!;

/**
 * A release with everything that numbers rest on, at random: slices, must-pass cases, verdicts that are missing, two graders
 * who are unsure or disagree, disagreements settled and sent back, corrected grades, imported reviews, a preference criterion, and two batches of two designs.
 */
async function gradedRelease(seed: string, preferenceFirst: boolean): Promise<World> {
  const random = new Random(seed);
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const reviewers = [
    await seedPerson(project.id, { roles: ["reviewer"] }),
    await seedPerson(project.id, { roles: ["reviewer"] }),
  ];
  const cases = Array.from({ length: 60 }, (_, i): SeededCase => {
    const verdict = () =>
      pick(random, ["pass", "pass", "fail", i === 7 ? "error" : "fail", i === 9 ? null : "pass"] as const);
    return { key: `c${i}`, judge: [verdict(), verdict()], mustPass: i % 20 === 0 };
  });
  const world = await seedWorld(project.id, cases);
  await db.$executeRaw`UPDATE test_case SET slice = CASE id % 3 WHEN 0 THEN 'billing' WHEN 1 THEN 'returns' END WHERE dataset_id = ${world.datasetId}`;
  const said: SeededPreferences = Object.fromEntries(
    cases.map(({ key }) => {
      const one = () => pick(random, ["first", "second", "tie", "error", null] as const);
      return [key, [one(), one()]];
    }),
  );
  const preference = await seedPreferences(world, said);
  const ids = await db.case.findMany({ where: { datasetId: world.datasetId }, select: { id: true } });
  await db.importedReview.createMany({
    data: ids.slice(0, 30).flatMap(({ id: caseId }) =>
      ["Ann", "Bob"].flatMap((reviewer) =>
        [world.baseline.runId, world.candidate.runId].map((runId) => ({
          ...{ runId, caseId, criterionId: world.criterionId, reviewer },
          verdict: pick(random, ["pass", "fail", "unsure"] as const),
        })),
      ),
    ),
  });
  await db.importedPreference.createMany({
    data: ids.slice(0, 20).map(({ id: caseId }) => ({
      firstRunId: world.baseline.runId,
      secondRunId: world.candidate.runId,
      ...{ caseId, criterionId: preference.criterionId, reviewer: "Ann" },
      prefer: pick(random, ["first", "second", "tie", "unsure"] as const),
    })),
  });
  const named = await db.criterion.findUniqueOrThrow({ where: { id: world.criterionId } });
  const document = canonicalJson(
    policySchema.parse({
      ...standardPolicies.standard,
      ...{ reviewersPerCase: 2, minReviewedCases: 5, freshness: { runs: 30, calibration: 7 } },
      slices: [
        { slice: "billing", margin: -0.1 },
        { slice: "nowhere", margin: 0 },
      ],
      criteria: { [named.key]: { margin: -0.3, judge: { minTpr: 0.1, minTnr: 0.1 } } },
    }),
  );
  await db.policy.create({
    data: { projectId: project.id, key: "two", number: 1, document, digest: sha256Hex(document), createdBy: "x" },
  });
  const { key } = named;
  const criteria = preferenceFirst ? [preference.criterion, key] : [key, preference.criterion];
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", criteria, policy: "two" };
  const { id: releaseId } = await createRelease({ actor: manager, input });
  await drawSample({ actor: manager, input: { releaseId, size: 30 } });
  await grade(random, releaseId, reviewers, world.criterionId, preference.criterionId);
  await drawSample({ actor: manager, input: { releaseId, size: 28, design: "adaptive" } });
  await grade(random, releaseId, reviewers, world.criterionId, preference.criterionId);
  await settle(releaseId, await seedPerson(project.id, { roles: ["reviewer"] }));
  return { manager, reviewers, releaseId };
}

/** Every second disagreement is settled; of the others, every second goes back for one more grader. */
async function settle(releaseId: number, { userId: adjudicatorId }: Person) {
  const open = await db.$queryRaw<{ caseId: number; runId: number | null; criterionId: number }[]>`
    SELECT case_id AS "caseId", run_id AS "runId", criterion_id AS "criterionId" FROM human_label
     WHERE release_id = ${releaseId} AND label = 'disagreement' ORDER BY 1, 2, 3`;
  const cases = [...new Set(open.map(({ caseId }) => caseId))];
  expect(cases.length).toBeGreaterThan(4);
  for (const [i, caseId] of cases.entries()) {
    const outcome = (["fixed", null, "fixed", "returned"] as const)[i % 4];
    if (!outcome) continue;
    const id = `${releaseId}-${caseId}`;
    await db.$executeRaw`INSERT INTO adjudication_task (id, release_id, case_id, adjudicator_id, expires_at, completed_at, outcome)
      VALUES (${id}, ${releaseId}, ${caseId}, ${adjudicatorId}, now(), now(), ${outcome})`;
    if (outcome === "fixed")
      for (const { runId, criterionId } of open.filter((row) => row.caseId === caseId))
        await db.$executeRaw`INSERT INTO adjudication (release_id, case_id, run_id, criterion_id, adjudicator_id, task_id, verdict, prefer)
          VALUES (${releaseId}, ${caseId}, ${runId}, ${criterionId}, ${adjudicatorId}, ${id},
                  ${runId === null ? null : "fail"}::grade, ${runId === null ? "tie" : null}::grade_preference)`;
  }
}

async function grade(random: Random, releaseId: number, reviewers: Person[], verdictOn: number, preferOn: number) {
  const release = await db.release.findUniqueOrThrow({ where: { id: releaseId } });
  const drawn = await db.draw.findMany({ where: { releaseId }, orderBy: { position: "asc" } });
  for (const { userId } of reviewers)
    for (const { caseId } of drawn) {
      const taskId = `${releaseId}-${caseId}-${userId}`;
      if ((await db.reviewTask.findUnique({ where: { id: taskId } })) || random.uniform() < 0.03) continue;
      const now = new Date();
      await db.reviewTask.create({
        data: { id: taskId, releaseId, caseId, reviewerId: userId, expiresAt: now, completedAt: now },
      });
      const common = { releaseId, caseId, reviewerId: userId, taskId, blind: true, side: "A" };
      for (const runId of [release.baselineRunId, release.candidateRunId]) {
        // Most of the time both reviewers see the same.
        const usual = (caseId + runId) % 3 === 0 ? "fail" : "pass";
        const verdict = () => (random.uniform() < 0.9 ? usual : pick(random, ["pass", "fail", "unsure"] as const));
        const first = await db.review.create({
          data: { ...common, runId, criterionId: verdictOn, verdict: verdict() },
        });
        if (random.uniform() < 0.2)
          await db.review.create({
            data: { ...common, runId, criterionId: verdictOn, verdict: verdict(), supersedesId: first.id },
          });
      }
      const usual = (["candidate", "baseline", "tie"] as const)[caseId % 3]!;
      const prefer = random.uniform() < 0.9 ? usual : pick(random, ["candidate", "baseline", "tie", "unsure"] as const);
      await db.review.create({ data: { ...common, criterionId: preferOn, prefer } });
    }
}

async function freeze({ manager, releaseId }: World): Promise<string> {
  const { evidenceDigest: digest } = await closeGrading({ actor: manager, input: { releaseId } });
  return (await db.evidence.findUniqueOrThrow({ where: { releaseId_digest: { releaseId, digest } } })).body;
}

describe("recomputing frozen evidence", () => {
  it.each([
    ["one", false],
    ["two", true],
    ["three", false],
    ["four", true],
  ])("gives every number again, to the last digit (%s, preference first: %s)", async (seed, preferenceFirst) => {
    const result = recompute(await freeze(await gradedRelease(seed, preferenceFirst)));
    if (result.state !== "compared") throw new Error(result.why);
    expect(result.rows.filter(({ outcome }) => outcome !== "same")).toEqual([]);
    expect(result.numbers).toBeGreaterThan(150);
    const [at] = result.rows.filter(({ path }) => path.join(".").endsWith("sliceBounds.0.low"));
    expect(typeof at?.again).toBe("number");
    expect(result.rows.filter(({ path }) => path[0] === "gates").map(({ path }) => path[1])).toEqual(
      expect.arrayContaining(["slices", "freshness"]),
    );
    // Something was estimated at all.
    expect(
      result.rows.some(
        ({ path, again }) => path.join(".").endsWith("estimate.alwaysValid.low") && typeof again === "number",
      ),
    ).toBe(true);
  });

  it("names the number that somebody changed, and every number that a changed grade carries", async () => {
    const body = await freeze(await gradedRelease("five", false));
    const changed = JSON.parse(body);
    changed.numbers[0].estimate.delta += 0.01;
    const forged = recompute(JSON.stringify(changed));
    if (forged.state !== "compared") throw new Error(forged.why);
    expect(forged.rows.filter(({ outcome }) => outcome !== "same").map(({ path }) => path.join("."))).toEqual([
      `numbers.${changed.numbers[0].key}.estimate.delta`,
    ]);
    const regraded = JSON.parse(body);
    const current = regraded.reviews.filter(
      ({ id, verdict }: { id: number; verdict?: string }) =>
        verdict === "fail" && !regraded.reviews.some(({ supersedes }: { supersedes: number }) => supersedes === id),
    );
    for (const review of current) review.verdict = "pass";
    const other = recompute(JSON.stringify(regraded));
    expect(other.state === "compared" && other.different).toBeGreaterThan(5);
  });

  it("holds evidence against what its own format says of a gate: earlier ones did not name the open parts", async () => {
    const body = JSON.parse(await freeze(await gradedRelease("seven", false)));
    expect(body.gates.some(({ open = [] }: { open?: object[] }) => open.length > 0)).toBe(true);
    const gates = body.gates.map(({ open: _, ...gate }: { open?: object[] }) => gate);
    const result = (format: string) => recompute(JSON.stringify({ ...body, gates, format }));
    expect(result("countersign-evidence/2")).toMatchObject({ state: "compared", different: 0 });
    expect(result(body.format)).not.toMatchObject({ different: 0 });
  });

  it("says why when there is nothing to compute from", async () => {
    const { inputs: _, ...older } = JSON.parse(await freeze(await gradedRelease("six", false)));
    expect(recompute(JSON.stringify(older))).toMatchObject({
      state: "impossible",
      why: expect.stringContaining("before"),
    });
    expect(recompute("{")).toMatchObject({ state: "impossible" });
    expect(recompute('{"inputs":{"cases":-1}}')).toMatchObject({
      state: "impossible",
      why: expect.stringContaining("at "),
    });
  });
});

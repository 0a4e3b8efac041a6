import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { writeLabelMove } from "../prompts/label-moves";
import { unique } from "../testing/seed";
import { ensurePolicies, type PolicyDocument } from "./policy";

/** What database tests of releases start from: two versions, two runs, one criterion, one judge. */

export type SeededCase = {
  key: string;
  /** The judge's verdicts; null: it said nothing. */
  judge: [baseline: "pass" | "fail" | "error" | null, candidate: "pass" | "fail" | "error" | null];
  mustPass?: boolean;
};

export type SeededWorld = {
  projectId: number;
  prompt: string;
  promptId: number;
  baseline: { id: number; runId: number };
  candidate: { id: number; runId: number };
  datasetId: number;
  criterionId: number;
  judgeVersionId: number;
};

/** `count` cases for each verdict pair, keys `c001`, `c002`, … in order. */
export function casesOf(pairs: Partial<Record<`${"pass" | "fail"}>${"pass" | "fail"}`, number>>): SeededCase[] {
  const judged = Object.entries(pairs).flatMap(([pair, count]) =>
    Array.from({ length: count ?? 0 }, () => pair.split(">") as SeededCase["judge"]),
  );
  return judged.map((judge, i) => ({ key: `c${String(i + 1).padStart(3, "0")}`, judge }));
}

/** A new version of a policy with something changed, without the people who would have to approve it. */
export async function seedPolicyVersion(
  projectId: number,
  key: string,
  change: Partial<PolicyDocument>,
): Promise<number> {
  const where = { projectId, key };
  const newest = await db.policy.findFirstOrThrow({ where, orderBy: { number: "desc" } });
  const document = canonicalJson({ ...JSON.parse(newest.document), ...change });
  const data = { ...where, number: newest.number + 1, document, digest: sha256Hex(document), createdBy: "test" };
  return (await db.policy.create({ data })).id;
}

/** Puts a release under another version of its policy, which nothing but a test ever does. */
export async function changePolicyOf(releaseId: number, change: Partial<PolicyDocument>): Promise<void> {
  const { projectId, policy } = await db.release.findUniqueOrThrow({
    where: { id: releaseId },
    include: { policy: true },
  });
  const policyId = await seedPolicyVersion(projectId, policy.key, change);
  await db.release.update({ where: { id: releaseId }, data: { policyId } });
}

export async function seedWorld(
  projectId: number,
  cases: SeededCase[],
  given: { author?: string; contributorId?: number; importedById?: number; label?: string } = {},
): Promise<SeededWorld> {
  await transaction((tx) => ensurePolicies(tx, projectId));
  const prompt = await db.prompt.create({ data: { projectId, name: unique("support/system") } });
  const dataset = await db.dataset.create({ data: { projectId, name: unique("tickets") } });
  const criterion = await db.criterion.create({
    data: {
      projectId,
      key: unique("grounded"),
      name: "Cites only given sources",
      rubric: "Pass when every claim is cited.",
    },
  });
  const judge = await db.judge.create({ data: { projectId, key: unique("judge") } });
  const judgeVersion = await db.judgeVersion.create({
    data: { judgeId: judge.id, criterionId: criterion.id, number: 1, digest: sha256Hex("judge"), model: "some-model" },
  });
  await db.case.createMany({
    data: cases.map(({ key, mustPass }) => ({
      datasetId: dataset.id,
      key,
      input: `input of ${key}`,
      inputDigest: sha256Hex(key),
      mustPass: mustPass ?? false,
    })),
  });
  const rows = await db.case.findMany({ where: { datasetId: dataset.id }, select: { id: true, key: true } });
  const idOf = new Map(rows.map(({ id, key }) => [key, id]));

  const version = async (number: 1 | 2) => {
    const isCandidate = number === 2;
    const created = await db.promptVersion.create({
      data: {
        promptId: prompt.id,
        number,
        key: `v${number}`,
        content: `{"messages":[{"content":"${number}"}]}`,
        digest: sha256Hex(`{"messages":[{"content":"${number}"}]}`),
        author: isCandidate ? given.author : undefined,
        contributorId: isCandidate ? given.contributorId : undefined,
      },
    });
    const source =
      isCandidate && given.importedById !== undefined
        ? await db.import.create({
            data: {
              projectId,
              state: "done",
              format: "bundle",
              fileName: "candidate.zip",
              byteSize: 1n,
              createdById: given.importedById,
              createdBy: "somebody",
            },
          })
        : null;
    const run = await db.run.create({
      data: {
        projectId,
        versionId: created.id,
        datasetId: dataset.id,
        sourceDigest: sha256Hex(`source ${number}`),
        digest: sha256Hex(`run ${number}`),
        importId: source?.id,
        outputCount: cases.length,
        errorCount: 0,
      },
    });
    await db.output.createMany({
      data: cases.map(({ key }) => ({ runId: run.id, caseId: idOf.get(key)!, output: `answer ${number} to ${key}` })),
    });
    const verdicts = cases.flatMap(({ key, judge: pair }) => {
      const verdict = pair[number - 1];
      return verdict ? [{ runId: run.id, caseId: idOf.get(key)!, judgeVersionId: judgeVersion.id, verdict }] : [];
    });
    await db.verdict.createMany({ data: verdicts });
    const tally = (value: string) => verdicts.filter(({ verdict }) => verdict === value).length;
    await db.runJudge.create({
      data: {
        runId: run.id,
        judgeVersionId: judgeVersion.id,
        pass: tally("pass"),
        fail: tally("fail"),
        error: tally("error"),
      },
    });
    return { id: created.id, runId: run.id };
  };
  const baseline = await version(1);
  const candidate = await version(2);
  if (given.label) {
    const key = { key: "v1", digest: sha256Hex(`{"messages":[{"content":"1"}]}`) };
    await writeLabelMove(db, {
      prompt,
      label: given.label,
      kind: "adopted",
      from: null,
      to: { id: baseline.id, ...key },
      protected: true,
      by: { name: "import", userId: null },
    });
  }
  return {
    projectId,
    prompt: prompt.name,
    promptId: prompt.id,
    baseline,
    candidate,
    datasetId: dataset.id,
    criterionId: criterion.id,
    judgeVersionId: judgeVersion.id,
  };
}

export type Truth = (key: string, side: "baseline" | "candidate") => "pass" | "fail" | "unsure" | null;

/** Grades every drawn, ungraded case with the labels of `truth`, straight into the tables; null leaves an answer ungraded. */
export async function gradeDrawn(releaseId: number, reviewerId: number, truth: Truth): Promise<number> {
  const release = await db.release.findUniqueOrThrow({
    where: { id: releaseId },
    include: { criteria: { select: { criterionId: true } } },
  });
  const waiting = await db.$queryRaw<{ caseId: number; key: string; swapped: boolean }[]>`
    SELECT d.case_id AS "caseId", c.key, d.swapped FROM draw d JOIN test_case c ON c.id = d.case_id
     WHERE d.release_id = ${releaseId}
       AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = d.release_id AND rv.case_id = d.case_id)
     ORDER BY d.position`;
  const taskOf = (caseId: number) => `${releaseId}-${caseId}-${reviewerId}`;
  await db.reviewTask.createMany({
    data: waiting.map(({ caseId }) => ({
      id: taskOf(caseId),
      releaseId,
      caseId,
      reviewerId,
      expiresAt: new Date(),
      completedAt: new Date(),
    })),
  });
  const reviews = waiting.flatMap(({ caseId, key, swapped }) =>
    (["baseline", "candidate"] as const).flatMap((side) => {
      const verdict = truth(key, side);
      if (verdict === null) return [];
      return release.criteria.map(({ criterionId }) => ({
        releaseId,
        caseId,
        runId: side === "baseline" ? release.baselineRunId : release.candidateRunId,
        criterionId,
        reviewerId,
        taskId: taskOf(caseId),
        verdict,
        blind: true,
        side: (side === "candidate") === swapped ? "A" : "B",
      }));
    }),
  );
  const { count } = await db.review.createMany({ data: reviews });
  return count;
}

type Said = "first" | "second" | "tie" | "error";
/** What the judge said with the baseline shown first, and with the candidate shown first; null: it was not asked. */
export type SeededPreferences = Record<string, [baselineFirst: Said | null, candidateFirst: Said | null]>;

/** A preference criterion and its judge, who compared the two runs of the world. */
export async function seedPreferences(
  world: SeededWorld,
  said: SeededPreferences,
  given: { rationale?: string } = {},
): Promise<{ criterionId: number; criterion: string; judge: string; judgeVersionId: number }> {
  const { projectId } = world;
  const criterion = await db.criterion.create({
    data: { projectId, key: unique("better"), name: "The more helpful answer", kind: "preference" },
  });
  const judge = await db.judge.create({ data: { projectId, key: unique("pairwise") } });
  const { id: judgeVersionId } = await db.judgeVersion.create({
    data: { judgeId: judge.id, criterionId: criterion.id, number: 1, digest: sha256Hex("pairs"), model: "some-model" },
  });
  const cases = await db.case.findMany({ where: { datasetId: world.datasetId }, select: { id: true, key: true } });
  const [one, two] = [world.baseline.runId, world.candidate.runId];
  for (const [place, firstRunId, secondRunId] of [
    [0, one, two],
    [1, two, one],
  ] as const) {
    const rows = cases.flatMap(({ id, key }) => {
      const prefer = said[key]?.[place];
      const rationale = given.rationale;
      return prefer ? [{ firstRunId, secondRunId, judgeVersionId, caseId: id, prefer, rationale }] : [];
    });
    if (rows.length === 0) continue;
    await db.preferenceVerdict.createMany({ data: rows });
    const count = (value: Said) => rows.filter(({ prefer }) => prefer === value).length;
    await db.runPairJudge.create({
      data: {
        firstRunId,
        secondRunId,
        judgeVersionId,
        first: count("first"),
        second: count("second"),
        tie: count("tie"),
        error: count("error"),
      },
    });
  }
  return { criterionId: criterion.id, criterion: criterion.key, judge: judge.key, judgeVersionId };
}

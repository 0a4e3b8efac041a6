import { Prisma } from "../db/generated/client";
import type { Tx } from "../db/transaction";
import type { JsonObject } from "../digest";
import type { BriefNumbers } from "./brief";
import { frozenInputs, gatesAs, type NumbersInputs } from "./recompute";

export const evidenceFormat = "countersign-evidence/3";
/** Held what people wrote word for word. */
const withTexts = "countersign-evidence/1";

const runSelect = { id: true, model: true, digest: true, sourceDigest: true, outputCount: true, errorCount: true };
const versionSelect = { key: true, number: true, digest: true, author: true, message: true };

/**
 * Everything a decision on this release rests on, as one JSON document: what is compared, by digest; the policy; every
 * draw with its probability; every grade, superseded ones too; the numbers and gates as they were, and what else they are
 * computed from (lib/releases/recompute.ts). What people wrote stands in it as a digest: the text stays with the grade, and
 * may have to be removed from there (docs/privacy.md).
 */
export async function buildEvidence(
  tx: Tx,
  releaseId: number,
  numbers: BriefNumbers,
  inputs: NumbersInputs,
  format: string = evidenceFormat,
): Promise<JsonObject> {
  const said = format === withTexts ? wordForWord : digestOf;
  const release = await tx.release.findUniqueOrThrow({
    where: { id: releaseId },
    include: {
      project: { select: { key: true } },
      prompt: { select: { name: true } },
      dataset: { select: { name: true } },
      baseline: { select: versionSelect },
      candidate: { select: versionSelect },
      baselineRun: { select: runSelect },
      candidateRun: { select: runSelect },
      policy: { select: { key: true, number: true, digest: true, document: true } },
      criteria: {
        orderBy: { position: "asc" },
        select: {
          criterion: { select: { key: true, name: true, rubric: true, kind: true } },
          judgeVersion: {
            select: { number: true, digest: true, model: true, threshold: true, judge: { select: { key: true } } },
          },
        },
      },
    },
  });
  return {
    format,
    release: {
      id: release.id,
      project: release.project.key,
      createdBy: release.createdBy,
      createdAt: release.createdAt.toISOString(),
    },
    prompt: release.prompt.name,
    label: release.label,
    dataset: release.dataset.name,
    baseline: { ...release.baseline, run: release.baselineRun },
    candidate: { ...release.candidate, run: release.candidateRun },
    criteria: release.criteria.map(({ criterion, judgeVersion }) => ({
      ...criterion,
      judge: judgeVersion && {
        key: judgeVersion.judge.key,
        number: judgeVersion.number,
        digest: judgeVersion.digest,
        model: judgeVersion.model,
        threshold: judgeVersion.threshold,
      },
    })),
    policy: { ...release.policy, document: JSON.parse(release.policy.document) },
    sample: await batchesOf(tx, releaseId),
    ...(await chosenOf(tx, releaseId)),
    reviews: await reviewsOf(tx, releaseId, said),
    ...(await adjudicationsOf(tx, releaseId, said)),
    ...(await commentsOf(tx, releaseId, said)),
    ...(await attributionsOf(tx, releaseId)),
    numbers: numbers.criteria as unknown as JsonObject[],
    population: numbers.population,
    ...(numbers.answers && { answers: numbers.answers }),
    sampling: numbers.sampling as unknown as JsonObject,
    gates: gatesAs(format, numbers.gates) as JsonObject[],
    inputs: frozenInputs(inputs),
  };
}

type Saying = typeof digestOf;

/** `{"sha256": …}` of a text as it was written, also when it was removed since; null where there is none. */
function digestOf(place: string, row: string, field: string, text: string): Prisma.Sql {
  return Prisma.raw(
    `CASE WHEN ${text} IS NOT NULL THEN json_build_object('sha256', text_digest('${place}', ${row}, '${field}', ${text})) END`,
  );
}

function wordForWord(_place: string, _row: string, _field: string, text: string): Prisma.Sql {
  return Prisma.raw(text);
}

async function batchesOf(tx: Tx, releaseId: number): Promise<JsonObject[]> {
  const batches = await tx.sampleBatch.findMany({ where: { releaseId }, orderBy: { number: "asc" } });
  const draws = await tx.$queryRaw<
    { batch: number; case: string; input: string; stratum: string; probability: number }[]
  >`
    SELECT d.batch, c.key AS "case", c.input_digest AS input, d.stratum, d.probability
      FROM draw d JOIN test_case c ON c.id = d.case_id WHERE d.release_id = ${releaseId} ORDER BY d.position`;
  return batches.map((batch) => ({
    batch: batch.number,
    seed: batch.seed,
    design: batch.design,
    size: batch.size,
    strata: JSON.parse(batch.strata),
    drawnBy: batch.createdBy,
    at: batch.createdAt.toISOString(),
    draws: draws
      .filter((draw) => draw.batch === batch.number)
      .map((draw) => ({ case: draw.case, input: draw.input, stratum: draw.stratum, probability: draw.probability })),
  }));
}

/** Cases that somebody chose for people to grade, beside the sample: their grades are among the reviews and in no number. */
async function chosenOf(tx: Tx, releaseId: number): Promise<{ chosen?: JsonObject[] }> {
  const rows = await tx.$queryRaw<{ case: string; by: string; at: Date }[]>`
    SELECT c.key AS "case", k.chosen_by AS by, k.chosen_at AS at FROM chosen_case k JOIN test_case c ON c.id = k.case_id
     WHERE k.release_id = ${releaseId} ORDER BY k.position`;
  return rows.length === 0 ? {} : { chosen: rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })) };
}

async function reviewsOf(tx: Tx, releaseId: number, said: Saying): Promise<JsonObject[]> {
  const rows = await tx.$queryRaw<(JsonObject & { at: Date })[]>`
    SELECT rv.id, c.key AS "case", v.key AS version, k.key AS criterion,
           json_build_object('id', u.id, 'name', u.name, 'email', u.email) AS reviewer,
           rv.verdict::text, rv.prefer::text, ${said("review", "rv.id::text", "note", "rv.note")} AS note, rv.tags, rv.blind, rv.side, rv.took_ms AS "tookMs", rv.supersedes_id AS supersedes,
           rv.created_at AS at
      FROM review rv JOIN test_case c ON c.id = rv.case_id LEFT JOIN run r ON r.id = rv.run_id
      LEFT JOIN prompt_version v ON v.id = r.version_id JOIN criterion k ON k.id = rv.criterion_id
      JOIN app_user u ON u.id = rv.reviewer_id
     WHERE rv.release_id = ${releaseId} ORDER BY rv.id`;
  // A grade of one output has version and verdict; a preference has neither, and `side` tells where the candidate stood.
  return rows.map(({ at, version, verdict, prefer, ...row }) => ({
    ...row,
    ...(prefer === null ? { version, verdict } : { prefer }),
    at: at.toISOString(),
  })) as JsonObject[];
}

/** How disagreements were settled, and which cases were sent back for one more grader; nothing where nobody had to. */
async function adjudicationsOf(tx: Tx, releaseId: number, said: Saying): Promise<JsonObject> {
  const rows = await tx.$queryRaw<(JsonObject & { at: Date })[]>`
    SELECT c.key AS "case", t.outcome, ${said("adjudication_task", "t.id", "note", "t.note")} AS note, json_build_object('id', u.id, 'name', u.name, 'email', u.email) AS adjudicator, t.completed_at AS at,
           coalesce((SELECT json_agg(json_strip_nulls(json_build_object('criterion', k.key, 'version', v.key, 'verdict', a.verdict, 'prefer', a.prefer)) ORDER BY a.id)
                       FROM adjudication a JOIN criterion k ON k.id = a.criterion_id LEFT JOIN run r ON r.id = a.run_id
                       LEFT JOIN prompt_version v ON v.id = r.version_id WHERE a.task_id = t.id), '[]') AS labels
      FROM adjudication_task t JOIN test_case c ON c.id = t.case_id JOIN app_user u ON u.id = t.adjudicator_id
     WHERE t.release_id = ${releaseId} AND t.outcome IS NOT NULL ORDER BY t.completed_at, t.id`;
  if (rows.length === 0) return {};
  return { adjudications: rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })) as JsonObject[] };
}

/** What reviewers said about words of answers; nothing where nobody did. */
async function commentsOf(tx: Tx, releaseId: number, said: Saying): Promise<JsonObject> {
  const rows = await tx.$queryRaw<(JsonObject & { at: Date })[]>`
    SELECT c.key AS "case", v.key AS version, u.name AS reviewer,
           ${said("answer_comment", "m.id::text", "quote", "m.quote")} AS quote,
           ${said("answer_comment", "m.id::text", "prefix", "m.prefix")} AS prefix,
           ${said("answer_comment", "m.id::text", "comment", "m.comment")} AS comment, m.created_at AS at
      FROM answer_comment m JOIN test_case c ON c.id = m.case_id JOIN run r ON r.id = m.run_id
      JOIN prompt_version v ON v.id = r.version_id JOIN app_user u ON u.id = m.reviewer_id
     WHERE m.release_id = ${releaseId} ORDER BY m.id`;
  if (rows.length === 0) return {};
  return { comments: rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })) as JsonObject[] };
}

/** Which changes in the prompt reviewers hold for the reason, superseded answers too; nothing where nobody named any. */
async function attributionsOf(tx: Tx, releaseId: number): Promise<JsonObject> {
  const rows = await tx.$queryRaw<(JsonObject & { at: Date })[]>`
    SELECT a.id, c.key AS "case", k.key AS criterion, json_build_object('id', u.id, 'name', u.name, 'email', u.email) AS reviewer,
           a.effect, a.hunks, a.supersedes_id AS supersedes, a.created_at AS at
      FROM attribution a JOIN test_case c ON c.id = a.case_id JOIN criterion k ON k.id = a.criterion_id
      JOIN app_user u ON u.id = a.reviewer_id
     WHERE a.release_id = ${releaseId} ORDER BY a.id`;
  if (rows.length === 0) return {};
  const hunks = await tx.hunk.findMany({ where: { releaseId }, orderBy: { id: "asc" } });
  return {
    hunks: hunks.map(({ id, kind, change, place, before, after }) => ({
      id,
      kind,
      change,
      where: place,
      before,
      after,
    })),
    attributions: rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })) as JsonObject[],
  };
}

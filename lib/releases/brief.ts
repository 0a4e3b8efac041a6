import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import type { BriefCriterion } from "../calibration/brief";
import type { CriterionInputs } from "../calibration/compute";
import { criterionInputs } from "../calibration/queries";
import type { CriterionEvidence } from "../calibration/types";
import { db } from "../db/client";
import type { Tx } from "../db/transaction";
import { notFound } from "../errors";
import { type Forecast, forecastLabels } from "../stats/always-valid";
import { type PolicyDocument, policyFor, readPolicy } from "./policy-document";
import { counts, listSignOffs, type ReleaseState, type SignOffRow } from "./queries";
import { type AnswerRow, computeNumbers, type NumbersInputs } from "./recompute";
import { type Ages, type Gate, type HumanLabel, type MustPassGrade, signersGate, standingOf } from "./rules";
import type { WaiverOn } from "./waivers";

/** A stratum as the draws see it: must-pass cases, or what the primary judge says: its verdict pair, or its preference. */
export type StratumCount = { stratum: string; population: number; drawn: number };

export type Sampling = {
  /** Cases drawn, and cases that could still be drawn. */
  drawn: number;
  left: number;
  strata: StratumCount[];
  batches: { batch: number; seed: string; size: number; design: string; by: string; at: string }[];
};

/** Cases of the dataset, and answers that are missing or are an error, by version key. */
export type Answers = { cases: number; missing: Record<string, number>; errors: Record<string, number> };

/** The numbers of a brief: what is frozen when the grading closes. */
export type BriefNumbers = {
  /** Left out by evidence that was frozen before it was counted. */
  answers?: Answers;
  /** Cases with an output, or an error, in both runs. */
  population: number;
  sampling: Sampling;
  /** The primary criterion first. */
  criteria: BriefCriterion[];
  /** All gates but the signatures. */
  gates: Gate[];
};

/**
 * How many more reviews would settle the delta gate: simulated futures; null when it is settled, nothing is graded, or
 * grading is closed. `left`: cases not labelled yet.
 */
export type Outlook = (Forecast & { left: number }) | null;

export type Brief = BriefNumbers & {
  id: number;
  state: ReleaseState;
  prompt: string;
  baseline: string;
  candidate: string;
  dataset: string;
  policy: { key: string; version: number };
  label: string | null;
  evidenceDigest: string | null;
  outlook: Outlook;
  /** Every signature, also on earlier evidence (`stale`). */
  signOffs: SignOffRow[];
  /** Gates that standing approvals let pass although they are open; ended ones too. */
  waivers: WaiverOn[];
};

type MustPassRow = {
  case: string;
  criterion: string;
  answered: boolean;
  label: Exclude<HumanLabel, null> | "waiting" | null;
};

async function mustPassGrades(tx: Tx, releaseId: number): Promise<MustPassGrade[]> {
  // The few must-pass cases first: joined to all outputs they would cost as much as everything else together.
  const rows = await tx.$queryRaw<MustPassRow[]>`
    WITH must AS MATERIALIZED (
      SELECT r.id AS release_id, r.baseline_run_id, r.candidate_run_id, c.id, c.key
        FROM release r JOIN test_case c ON c.dataset_id = r.dataset_id AND c.must_pass WHERE r.id = ${releaseId}
    )
    SELECT c.key AS "case", k.key AS criterion,
           EXISTS (SELECT 1 FROM output o WHERE o.run_id = c.baseline_run_id AND o.case_id = c.id AND o.repeat = 0)
             AND EXISTS (SELECT 1 FROM output o WHERE o.run_id = c.candidate_run_id AND o.case_id = c.id AND o.repeat = 0) AS answered,
           (SELECT l.label FROM human_label l
             WHERE l.release_id = c.release_id AND l.case_id = c.id AND l.run_id = c.candidate_run_id AND l.criterion_id = k.id) AS label
      FROM must c
      -- Which of two answers is better says of neither that it passes.
      JOIN release_criterion rc ON rc.release_id = c.release_id JOIN criterion k ON k.id = rc.criterion_id AND k.kind = 'pass_fail'
     ORDER BY c.key COLLATE "C", rc.position`;
  return rows.map(({ label, ...row }) => ({ ...row, label: label === "waiting" ? null : label }));
}

async function answerRows(tx: Tx, releaseId: number): Promise<AnswerRow[]> {
  return tx.$queryRaw<AnswerRow[]>`
    SELECT v.key AS version, run.output_count AS outputs, run.error_count AS errors
      FROM release r JOIN run ON run.id IN (r.baseline_run_id, r.candidate_run_id) JOIN prompt_version v ON v.id = run.version_id
     WHERE r.id = ${releaseId}`;
}

async function batchesOf(tx: Tx, releaseId: number): Promise<Sampling["batches"]> {
  const batches = await tx.sampleBatch.findMany({ where: { releaseId }, orderBy: { number: "asc" } });
  return batches.map(({ number, seed, size, design, createdBy, createdAt }) => ({
    batch: number,
    seed,
    size,
    design,
    by: createdBy,
    at: createdAt.toISOString(),
  }));
}

async function agesOf(tx: Tx, releaseId: number, at: Date): Promise<Ages> {
  const runs = await tx.$queryRaw<{ version: string; at: Date }[]>`
    SELECT v.key AS version, run.created_at AS at
      FROM release r JOIN run ON run.id IN (r.baseline_run_id, r.candidate_run_id) JOIN prompt_version v ON v.id = run.version_id
     WHERE r.id = ${releaseId} ORDER BY run.id = r.candidate_run_id`;
  const [grades] = await tx.$queryRaw<{ oldest: Date | null }[]>`
    SELECT min(rv.created_at) AS oldest FROM review rv JOIN draw USING (release_id, case_id)
     WHERE rv.release_id = ${releaseId} AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)`;
  return {
    at: at.toISOString(),
    runs: runs.map(({ version, at: imported }) => ({ version, importedAt: imported.toISOString() })),
    oldestGrade: grades?.oldest?.toISOString() ?? null,
  };
}

/** The numbers as they stand at a moment, computed from counts in the database, and what they are computed from. */
export async function briefNumbers(
  tx: Tx,
  actor: Actor,
  releaseId: number,
  at: Date,
): Promise<{ numbers: BriefNumbers; inputs: NumbersInputs }> {
  const { numbers, inputs } = await liveNumbers(tx, actor, releaseId, at);
  return { numbers, inputs };
}

async function liveNumbers(tx: Tx, actor: Actor, releaseId: number, at = new Date()) {
  const release = await tx.release.findUniqueOrThrow({
    where: { id: releaseId },
    select: {
      policy: { select: { document: true } },
      criteria: { select: { criterionId: true }, orderBy: { position: "asc" } },
    },
  });
  const policy = readPolicy(release.policy.document);
  const criteria: CriterionInputs[] = [];
  for (const { criterionId } of release.criteria) {
    criteria.push(await criterionInputs(actor, { releaseId, criterionId }, tx));
  }
  const inputs: NumbersInputs = {
    policy,
    criteria,
    mustPass: await mustPassGrades(tx, releaseId),
    answers: await answerRows(tx, releaseId),
    batches: await batchesOf(tx, releaseId),
    ages: await agesOf(tx, releaseId, at),
  };
  const { numbers, evidence } = computeNumbers(inputs);
  return { numbers, inputs, outlook: () => outlookOf(evidence[0], numbers.gates, policy) };
}

function outlookOf(primary: CriterionEvidence | undefined, gates: readonly Gate[], policy: PolicyDocument): Outlook {
  const delta = gates.find(({ key }) => key === "delta");
  if (!primary || primary.reviewed === 0 || delta?.status !== "not_enough_evidence") return null;
  const { input, cells } = primary.sequence;
  const { margin, riskLimit } = policyFor(policy, primary.key);
  const forecast = forecastLabels(input, cells, { margin, level: 1 - riskLimit });
  return forecast && { ...forecast, left: primary.population - primary.reviewed };
}

/** The numbers as they were frozen under a digest. */
async function frozenNumbers(releaseId: number, digest: string): Promise<BriefNumbers> {
  const [row] = await db.$queryRaw<BriefNumbers[]>`
    SELECT (body::json ->> 'population')::int AS population, body::json -> 'sampling' AS sampling,
           body::json -> 'numbers' AS criteria, body::json -> 'gates' AS gates,
           body::json -> 'answers' AS answers
      FROM evidence WHERE release_id = ${releaseId} AND digest = ${digest}`;
  if (!row) throw new Error(`Release ${releaseId} has no evidence ${digest}.`);
  const { answers, ...rest } = row;
  return { ...rest, ...(answers && { answers }) };
}

/**
 * Everything a reader needs to decide, in totals: never a single case's verdict. Once the grading is closed the numbers
 * are those of the frozen evidence.
 */
export async function getBrief(actor: Actor, id: number): Promise<Brief> {
  permit(actor, "project.read");
  const release = await db.release.findFirst({
    where: { id, projectId: actor.projectId },
    include: {
      prompt: { select: { name: true } },
      baseline: { select: { key: true } },
      candidate: { select: { key: true } },
      dataset: { select: { name: true } },
      policy: { select: { key: true, number: true, document: true } },
    },
  });
  if (!release) throw notFound("The release");
  const { state, evidenceDigest, policy } = release;
  const live = evidenceDigest ? null : await liveNumbers(db, actor, id);
  const numbers = live ? live.numbers : await frozenNumbers(id, evidenceDigest!);
  const signOffs = await listSignOffs(db, id, evidenceDigest);
  const rules = readPolicy(policy.document);
  const signers = signersGate(rules, standingOf(rules, signOffs.filter(counts)));
  return {
    id,
    state,
    prompt: release.prompt.name,
    baseline: release.baseline.key,
    candidate: release.candidate.key,
    dataset: release.dataset.name,
    policy: { key: policy.key, version: policy.number },
    label: release.label,
    evidenceDigest,
    ...numbers,
    gates: [...numbers.gates, signers],
    outlook: live?.outlook() ?? null,
    signOffs,
    waivers: signOffs
      .filter((row) => counts(row) && row.decision === "approve")
      .flatMap(({ name, waivers }) => waivers.map((waiver) => ({ ...waiver, by: name }))),
  };
}

import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { type BriefCriterion, toBriefCriterion } from "../calibration/brief";
import { type CriterionKind, joinJudged, judgedName } from "../calibration/judged";
import { criterionEvidence } from "../calibration/queries";
import { loadTally, ofRelease } from "../calibration/tally";
import type { CriterionEvidence } from "../calibration/types";
import { db } from "../db/client";
import type { Tx } from "../db/transaction";
import { notFound } from "../errors";
import { type Forecast, forecastLabels } from "../stats/always-valid";
import { mustPassStratum } from "./draw";
import { type PolicyDocument, readPolicy } from "./policy";
import { listSignOffs, type ReleaseState, type SignOffRow } from "./queries";
import {
  type CriterionNumbers,
  evidenceGates,
  type Gate,
  type HumanLabel,
  type MustPassGrade,
  signersGate,
} from "./rules";
import { ofHundred } from "./words";

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
};

export type BriefJudge = BriefCriterion["judges"][number];
type Trust = BriefJudge["trust"][string];

/** A judge's trust in the order of the versions: the canonical JSON of frozen evidence sorts its keys. */
export function trustOf(judge: BriefJudge, versions: readonly string[]): [version: string, trust: Trust][] {
  return versions.flatMap((version): [string, Trust][] => {
    const trust = judge.trust[version];
    return trust ? [[version, trust]] : [];
  });
}

/** How far a judge can be trusted, in words a reader can act on: both versions, and what the policy asks for. */
export function trustInWords(judge: BriefJudge, versions: readonly string[], policy: PolicyDocument): string {
  const [minTpr, minTnr] = [policy.judge.minTpr, policy.judge.minTnr].map((share) => Math.round(share * 100));
  if (judge.preference) {
    const { finds } = judge.preference;
    const parts = preferredOf(judge.preference).map(({ side, graded }) => {
      const { low, high } = finds[side];
      return graded === 0
        ? `in no graded case people prefer the ${side}`
        : `it finds ${ofHundred(low, high)} of 100 cases in which people prefer the ${side} (${graded} graded)`;
    });
    const text = parts.join("; ");
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}. The policy asks for ${minTpr} and ${minTnr}.`;
  }
  const parts = trustOf(judge, versions).map(([version, { graded, tpr, tnr }]) => {
    const [good, bad] = [graded.tp + graded.fn, graded.fp + graded.tn];
    const passes = good === 0 ? "no good answer graded" : `passes ${ofHundred(tpr.low, tpr.high)} of 100 good answers`;
    const catches = bad === 0 ? "no bad answer graded" : `catches ${ofHundred(tnr.low, tnr.high)} of 100 bad ones`;
    return `${version}: ${passes}, ${catches} (${good} good and ${bad} bad graded)`;
  });
  return `${parts.join("; ")}. The policy asks for ${minTpr} and ${minTnr}.`;
}

/** Why a judge has its licence: what it can do at least, or what is short of the policy. */
export function licenceInWords(judge: BriefJudge, policy: PolicyDocument): string {
  if (judge.preference) return preferenceLicenceInWords(judge.preference, judge.licence, policy);
  const versions = Object.entries(judge.trust);
  if (versions.every(([, { graded }]) => graded.tp + graded.fp + graded.fn + graded.tn === 0)) {
    return "nothing is graded yet.";
  }
  const noticed = catchInWords(judge, policy);
  const floor = (rate: "tpr" | "tnr") =>
    Math.floor(Math.min(...versions.map(([, trust]) => trust[rate].low)) * 100 + 1e-9);
  if (judge.licence === "trusted") {
    const caught =
      judge.catch && policy.judge.minCatch !== undefined
        ? ` ${judge.catch.caught} of ${judge.catch.n} known-bad sentinels are caught.`
        : "";
    return `passes at least ${floor("tpr")} of 100 good answers and catches at least ${floor("tnr")} of 100 bad ones.${caught}`;
  }
  const short = versions.flatMap(([version, { graded, tpr, tnr }]) =>
    [
      { rate: tpr, needed: policy.judge.minTpr, n: graded.tp + graded.fn, does: "passes", what: "good answers" },
      { rate: tnr, needed: policy.judge.minTnr, n: graded.fp + graded.tn, does: "catches", what: "bad answers" },
    ]
      .filter(({ rate, needed }) => rate.estimate === null || rate.low < needed)
      .map(({ rate, needed, n, does, what }) =>
        n === 0
          ? `no ${what.slice(0, -1)} of ${version} is graded`
          : `${does} ${ofHundred(rate.low, rate.high)} of 100 ${what} of ${version}, ${Math.round(needed * 100)} needed (${n} graded)`,
      ),
  );
  return `${[...short, ...(noticed ? [noticed] : [])].join("; ")}.`;
}

/** What is short of the policy's catch rate; null when nothing is. */
function catchInWords(judge: BriefJudge, policy: PolicyDocument): string | null {
  const { minCatch } = policy.judge;
  if (minCatch === undefined) return null;
  const needed = `${Math.round(minCatch * 100)} of 100 needed`;
  if (!judge.catch) return `no known-bad sentinel is judged, ${needed}`;
  const { caught, n, low, high } = judge.catch;
  return low >= minCatch
    ? null
    : `catches ${ofHundred(low, high)} of 100 known-bad sentinels, ${needed} (${caught} of ${n} caught)`;
}

type Preference = NonNullable<BriefJudge["preference"]>;

/** The graded cases in which people prefer either side. */
function preferredOf({ graded }: Preference) {
  return (["candidate", "baseline"] as const).map((side) => ({
    side,
    graded: Object.values(graded).reduce((sum, row) => sum + row[side], 0),
  }));
}

function preferenceLicenceInWords(
  preference: Preference,
  licence: BriefJudge["licence"],
  policy: PolicyDocument,
): string {
  const { finds, graded } = preference;
  const all = Object.values(graded).reduce((sum, row) => sum + row.candidate + row.baseline + row.tie, 0);
  if (all === 0) return "nothing is graded yet.";
  const needed = { candidate: policy.judge.minTpr, baseline: policy.judge.minTnr };
  const sides = preferredOf(preference);
  if (licence === "trusted") {
    const floor = Math.floor(Math.min(finds.candidate.low, finds.baseline.low) * 100 + 1e-9);
    return `finds at least ${floor} of 100 cases in which people prefer one side.`;
  }
  const short = sides
    .filter(({ side }) => finds[side].estimate === null || finds[side].low < needed[side])
    .map(({ side, graded }) =>
      graded === 0
        ? `people prefer the ${side} in no graded case`
        : `finds ${ofHundred(finds[side].low, finds[side].high)} of 100 cases in which people prefer the ${side}, ${Math.round(needed[side] * 100)} needed (${graded} graded)`,
    );
  return `${short.join("; ")}.`;
}

function numbersOf(criterion: BriefCriterion, policy: PolicyDocument): CriterionNumbers {
  const { delta, low, high } = criterion.estimate;
  const instrument = criterion.judges.find((judge) => judge.instrument);
  return {
    key: criterion.key,
    judge: instrument
      ? { key: instrument.key, licence: instrument.licence, detail: licenceInWords(instrument, policy) }
      : null,
    estimate: delta === null || low === null || high === null ? null : { delta, low, high },
    alwaysValid: criterion.estimate.alwaysValid,
    labelled: criterion.estimate.reviewed,
    ungraded: criterion.estimate.missingStrata,
  };
}

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

async function answersOf(tx: Tx, releaseId: number): Promise<Answers> {
  type Row = { cases: number; version: string; outputs: number; errors: number };
  const rows = await tx.$queryRaw<Row[]>`
    SELECT (SELECT count(*)::int FROM test_case c WHERE c.dataset_id = r.dataset_id) AS cases,
           v.key AS version, run.output_count AS outputs, run.error_count AS errors
      FROM release r JOIN run ON run.id IN (r.baseline_run_id, r.candidate_run_id) JOIN prompt_version v ON v.id = run.version_id
     WHERE r.id = ${releaseId}`;
  return {
    cases: rows[0]?.cases ?? 0,
    missing: Object.fromEntries(rows.map(({ version, cases, outputs }) => [version, Math.max(0, cases - outputs)])),
    errors: Object.fromEntries(rows.map(({ version, errors }) => [version, errors])),
  };
}

async function countStrata(tx: Tx, releaseId: number): Promise<StratumCount[]> {
  const counts = new Map<string, StratumCount>();
  const [primary] = await tx.$queryRaw<{ kind: CriterionKind }[]>`
    SELECT c.kind::text FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id
     WHERE rc.release_id = ${releaseId} AND rc.position = 0`;
  const of = (row: { mustPass: boolean; pb: string | null; pk: string | null }) => {
    const stratum = row.mustPass ? mustPassStratum : judgedName(primary?.kind ?? "pass_fail", row.pb, row.pk);
    const found = counts.get(stratum) ?? { stratum, population: 0, drawn: 0 };
    counts.set(stratum, found);
    return found;
  };
  for (const row of await loadTally(tx, releaseId)) {
    if (row.judgeVersionId === null) of(row).population += row.n;
  }
  const drawn = await tx.$queryRaw<{ mustPass: boolean; pb: string | null; pk: string | null; n: number }[]>`
    SELECT c.must_pass AS "mustPass", vb.verdict AS pb, vk.verdict AS pk, count(*)::int AS n
      FROM draw d JOIN release r ON r.id = d.release_id JOIN test_case c ON c.id = d.case_id
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0
      ${joinJudged(["vb", "vk"], ofRelease("rc.judge_version_id"))}
     WHERE d.release_id = ${releaseId} GROUP BY 1, 2, 3`;
  for (const row of drawn) of(row).drawn += row.n;
  return [...counts.values()].sort((a, b) => (a.stratum < b.stratum ? -1 : 1));
}

async function samplingOf(tx: Tx, releaseId: number): Promise<Sampling> {
  const strata = await countStrata(tx, releaseId);
  const batches = await tx.sampleBatch.findMany({ where: { releaseId }, orderBy: { number: "asc" } });
  return {
    drawn: strata.reduce((sum, { drawn }) => sum + drawn, 0),
    left: strata.reduce((sum, { population, drawn }) => sum + population - drawn, 0),
    strata,
    batches: batches.map(({ number, seed, size, design, createdBy, createdAt }) => ({
      batch: number,
      seed,
      size,
      design,
      by: createdBy,
      at: createdAt.toISOString(),
    })),
  };
}

/** The numbers as they stand, computed from counts in the database. */
export async function briefNumbers(tx: Tx, actor: Actor, releaseId: number): Promise<BriefNumbers> {
  return (await liveNumbers(tx, actor, releaseId)).numbers;
}

async function liveNumbers(tx: Tx, actor: Actor, releaseId: number) {
  const release = await tx.release.findUniqueOrThrow({
    where: { id: releaseId },
    select: {
      policy: { select: { document: true } },
      criteria: { select: { criterionId: true }, orderBy: { position: "asc" } },
    },
  });
  const policy = readPolicy(release.policy.document);
  const evidence: CriterionEvidence[] = [];
  for (const { criterionId } of release.criteria) {
    evidence.push(await criterionEvidence(actor, { releaseId, criterionId }, tx));
  }
  const criteria = evidence.map(toBriefCriterion);
  const population = criteria[0]?.population ?? 0;
  const gates = evidenceGates({
    policy,
    mustPass: await mustPassGrades(tx, releaseId),
    criteria: criteria.map((criterion) => numbersOf(criterion, policy)),
    drawable: population,
  });
  const [sampling, answers] = [await samplingOf(tx, releaseId), await answersOf(tx, releaseId)];
  const numbers: BriefNumbers = { population, answers, sampling, criteria, gates };
  return { numbers, outlook: () => outlookOf(evidence[0], gates, policy) };
}

function outlookOf(primary: CriterionEvidence | undefined, gates: readonly Gate[], policy: PolicyDocument): Outlook {
  const delta = gates.find(({ key }) => key === "delta");
  if (!primary || primary.reviewed === 0 || delta?.status !== "not_enough_evidence") return null;
  const { input, cells } = primary.sequence;
  const forecast = forecastLabels(input, cells, { margin: policy.margin, level: 1 - policy.riskLimit });
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
  const signers = signersGate(readPolicy(policy.document), release.approvals, state === "refused");
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
    signOffs: await listSignOffs(db, id, evidenceDigest),
  };
}

import { randomBytes, randomInt } from "node:crypto";
import { appendAudit } from "../audit/append";
import { type Actor, actorName, personOf } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { primaryFindings } from "../calibration/queries";
import { storeTally } from "../calibration/tally";
import { type Tx, transaction, violates } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { Fault, notFound } from "../errors";
import { briefNumbers } from "./brief";
import { adaptiveWeights, drawBatch, loadStrata } from "./draw";
import { buildEvidence } from "./evidence";
import { planRelease } from "./plan";
import { ensurePolicies } from "./policy";
import type { ReleaseState } from "./queries";
import { type CreateRelease, createReleaseSchema, type DrawInput, drawSchema, reasonSchema } from "./schema";

/** Closing may have to read a hundred thousand draws. */
const longMs = 120_000;

type Locked = { id: number; state: ReleaseState; evidenceDigest: string | null; name: string };

/** The release of the actor's project, locked until the transaction ends. */
async function lockRelease(tx: Tx, actor: Actor, id: number): Promise<Locked> {
  const [row] = await tx.$queryRaw<Locked[]>`
    SELECT r.id, r.state::text, r.evidence_digest AS "evidenceDigest", p.name || ' ' || b.key || ' → ' || k.key AS name
      FROM release r JOIN prompt p ON p.id = r.prompt_id JOIN prompt_version b ON b.id = r.baseline_id
      JOIN prompt_version k ON k.id = r.candidate_id
     WHERE r.id = ${id} AND r.project_id = ${actor.projectId} FOR UPDATE OF r`;
  if (!row) throw notFound("The release");
  return row;
}

function subjectOf(release: { id: number; name: string }) {
  return { kind: "release", id: String(release.id), name: release.name };
}

const stateWords: Record<ReleaseState, string> = {
  draft: "nothing is drawn yet",
  grading: "its grading is open",
  ready: "its grading is closed",
  approved: "it is approved",
  refused: "it is refused",
  withdrawn: "it is withdrawn",
};

function mustBe(release: Locked, states: readonly ReleaseState[], what: string): void {
  if (states.includes(release.state)) return;
  const hint = release.state === "ready" ? " Reopen the grading first." : "";
  throw new Fault("conflict", `This release can't be ${what}: ${stateWords[release.state]}.${hint}`);
}

/**
 * Asks whether the candidate may replace the baseline. What is left out is chosen: the dataset with runs of both
 * versions, the newest run of each, the criteria judged or reviewed on both, the first judge of each that judged both.
 */
export async function createRelease({ actor, input }: { actor: Actor; input: CreateRelease }): Promise<{ id: number }> {
  permit(actor, "release.create");
  const wanted = createReleaseSchema.parse(input);
  const { projectId } = actor;
  try {
    return await transaction(async (tx) => {
      await ensurePolicies(tx, projectId);
      const plan = await planRelease(tx, projectId, wanted);
      const { id } = await tx.release.create({
        data: {
          projectId,
          promptId: plan.promptId,
          baselineId: plan.baseline.id,
          candidateId: plan.candidate.id,
          datasetId: plan.datasetId,
          baselineRunId: plan.baselineRunId,
          candidateRunId: plan.candidateRunId,
          policyId: plan.policy.id,
          label: plan.label,
          createdById: personOf(actor),
          createdBy: actorName(actor),
        },
        select: { id: true },
      });
      await tx.releaseCriterion.createMany({
        data: plan.criteria.map((criterion, position) => ({
          releaseId: id,
          criterionId: criterion.id,
          position,
          judgeVersionId: criterion.judge?.versionId ?? null,
        })),
      });
      const cases = await storeTally(tx, id);
      if (cases === 0) {
        const message = `${plan.baseline.key} and ${plan.candidate.key} answered no case in common, so there is nothing to compare.`;
        throw new Fault("invalid", message, { field: "dataset" });
      }
      await appendAudit(tx, actor, {
        action: "release.created",
        subject: subjectOf({ id, name: `${wanted.prompt} ${plan.baseline.key} → ${plan.candidate.key}` }),
        details: {
          baselineRun: plan.baselineRunId,
          candidateRun: plan.candidateRunId,
          criteria: plan.criteria.map(({ key, judge }) => ({ criterion: key, judge: judge?.key ?? null })),
          policy: `${plan.policy.key} ${plan.policy.number}`,
          label: plan.label,
        },
      });
      return { id };
    });
  } catch (error) {
    if (violates(error)) {
      throw new Fault("conflict", "An open release asks the same question about these two runs already.");
    }
    throw error;
  }
}

/** Stratum and probability are null for somebody who may be asked to grade the case: they tell the judge's verdicts. */
export type DrawnCase = { case: string; stratum: string | null; probability: number | null };

/**
 * Draws cases for people to grade: must-pass cases all, the rest by the design. Only cases that are not drawn yet; fewer
 * than `size` when fewer are left. The seed (128 random bits when none is given), the strata and each probability are
 * stored before anybody looks.
 */
export async function drawSample({
  actor,
  input,
}: {
  actor: Actor;
  input: DrawInput & { releaseId: number };
}): Promise<{ batch: number; seed: string; draws: DrawnCase[] }> {
  permit(actor, "release.draw");
  const { releaseId, ...rest } = input;
  const { size, design = "random", seed = randomBytes(16).toString("hex") } = drawSchema.parse(rest);
  return transaction(async (tx) => {
    const release = await lockRelease(tx, actor, releaseId);
    mustBe(release, ["draft", "grading"], "drawn from");
    const strata = await loadStrata(tx, releaseId);
    const known = design === "adaptive" ? await primaryFindings(actor, releaseId, tx) : null;
    const weightOf = known ? adaptiveWeights(strata, known.byPair, known.bySlice) : undefined;
    const drawn = drawBatch(strata, size, seed, design, weightOf);
    if (drawn.cases.length === 0) throw new Fault("conflict", "Every case is drawn already.");
    const [last] = await tx.$queryRaw<{ batch: number; position: number }[]>`
      SELECT coalesce(max(number), 0)::int AS batch,
             (SELECT coalesce(max(position), -1)::int FROM draw WHERE release_id = ${releaseId}) AS position
        FROM sample_batch WHERE release_id = ${releaseId}`;
    const batch = (last?.batch ?? 0) + 1;
    const first = (last?.position ?? -1) + 1;
    const table = canonicalJson(drawn.strata);
    await tx.sampleBatch.create({
      data: {
        releaseId,
        number: batch,
        seed,
        design,
        size: drawn.cases.length,
        strata: table,
        createdBy: actorName(actor),
      },
    });
    const draws = await tx.$queryRaw<DrawnCase[]>`
      WITH drawn AS (
        INSERT INTO draw (release_id, case_id, batch, stratum, probability, position, swapped)
        SELECT ${releaseId}, given.id, ${batch}, given.stratum, given.probability, ${first} + given.place - 1,
               -- A case chosen before keeps its sides: somebody may be looking at it.
               coalesce(chosen.swapped, given.swapped)
          FROM unnest(${drawn.cases.map(({ id }) => id)}::int[], ${drawn.cases.map(({ stratum }) => stratum)}::text[],
                      ${drawn.cases.map(({ probability }) => probability)}::float8[],
                      ${drawn.cases.map(() => randomInt(2) === 1)}::bool[])
               WITH ORDINALITY AS given (id, stratum, probability, swapped, place)
          LEFT JOIN chosen_case chosen ON chosen.release_id = ${releaseId} AND chosen.case_id = given.id
        RETURNING case_id, stratum, probability, position
      )
      SELECT c.key AS "case", drawn.stratum, drawn.probability FROM drawn JOIN test_case c ON c.id = drawn.case_id
       ORDER BY drawn.position`;
    await tx.release.update({ where: { id: releaseId }, data: { state: "grading" } });
    await appendAudit(tx, actor, {
      action: "release.drawn",
      subject: subjectOf(release),
      details: { batch, seed, design, size: drawn.cases.length, strata: sha256Hex(table) },
    });
    const mayGrade = personOf(actor) !== null && may(actor, "review.grade");
    const told = mayGrade ? draws.map((draw) => ({ case: draw.case, stratum: null, probability: null })) : draws;
    return { batch, seed, draws: told };
  }, longMs);
}

/** Closes the grading: freezes the evidence and fixes the digest that signatures refer to. */
export async function closeGrading({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number };
}): Promise<{ evidenceDigest: string }> {
  permit(actor, "release.close");
  return transaction(async (tx) => {
    const release = await lockRelease(tx, actor, input.releaseId);
    mustBe(release, ["grading"], "closed");
    const at = new Date();
    const { numbers, inputs } = await briefNumbers(tx, actor, release.id, at);
    // Who closed it, when and for the which time are part of it, so that each closing has a digest of its own.
    const closed = {
      by: actorName(actor),
      at: at.toISOString(),
      number: 1 + (await tx.evidence.count({ where: { releaseId: release.id } })),
    };
    const body = canonicalJson({ ...(await buildEvidence(tx, release.id, numbers, inputs)), closed });
    const digest = sha256Hex(body);
    await tx.evidence.create({ data: { releaseId: release.id, digest, body, createdBy: closed.by } });
    await tx.release.update({ where: { id: release.id }, data: { state: "ready", evidenceDigest: digest } });
    await appendAudit(tx, actor, {
      action: "release.closed",
      subject: subjectOf(release),
      before: release.evidenceDigest ?? undefined,
      after: digest,
    });
    return { evidenceDigest: digest };
  }, longMs);
}

/** Opens the grading again. Signatures on the evidence so far stay in the record, and count no more. */
export async function reopenGrading({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; reason?: string };
}): Promise<void> {
  permit(actor, "release.close");
  const { releaseId, ...rest } = input;
  const { reason } = reasonSchema.parse(rest);
  await transaction(async (tx) => {
    const release = await lockRelease(tx, actor, releaseId);
    mustBe(release, ["ready"], "reopened");
    await tx.release.update({
      where: { id: releaseId },
      data: { state: "grading", evidenceDigest: null, approvals: 0 },
    });
    await appendAudit(tx, actor, {
      action: "release.reopened",
      subject: subjectOf(release),
      before: release.evidenceDigest ?? undefined,
      details: { reason },
    });
  });
}

/** Takes an open release back. It stays in the record and is never decided. */
export async function withdrawRelease({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; reason?: string };
}): Promise<void> {
  permit(actor, "release.withdraw");
  const { releaseId, ...rest } = input;
  const { reason } = reasonSchema.parse(rest);
  await transaction(async (tx) => {
    const release = await lockRelease(tx, actor, releaseId);
    mustBe(release, ["draft", "grading", "ready"], "withdrawn");
    await tx.release.update({ where: { id: releaseId }, data: { state: "withdrawn", decidedAt: new Date() } });
    await appendAudit(tx, actor, {
      action: "release.withdrawn",
      subject: subjectOf(release),
      before: release.evidenceDigest ?? undefined,
      details: { from: release.state, reason },
    });
  });
}

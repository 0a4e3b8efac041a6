import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { Prisma } from "../db/generated/client";
import type { Sql } from "../db/transaction";
import { notFound } from "../errors";
import { bothOrders, runsOfRelease } from "../judges/orders";
import { waitingCases } from "../review/queries";
import { alwaysValidPath } from "../stats/always-valid";
import { pairedEstimate } from "../stats/paired-estimate";
import {
  type Batch,
  buildStrata,
  type CatchRow,
  type CriterionInputs,
  cellOf,
  computeCriterion,
  type DesignStratum,
  type DrawnRow,
  designOf,
  type ImportedRows,
  type JudgeRow,
  sequenceOf,
  type Terms,
} from "./compute";
import { type CriterionKind, joinJudged, judgedName, marginOf } from "./judged";
import { importedPreferences, overridesPreference } from "./preferences";
import { loadTally } from "./tally";
import type { CriterionEvidence, PathPoint } from "./types";

type Scope = Terms & {
  id: number;
  datasetId: number;
  primaryCriterionId: number;
  primaryJudgeVersionId: number | null;
  primaryThreshold: number | null;
  closeMargin: number | null;
};

export async function loadScope(reader: Sql, projectId: number, releaseId: number): Promise<Scope> {
  const [scope] = await reader.$queryRaw<Scope[]>`
    SELECT r.id, r.dataset_id AS "datasetId", r.baseline_run_id AS "baselineRunId", r.candidate_run_id AS "candidateRunId",
           b.key AS baseline, k.key AS candidate, rc.criterion_id AS "primaryCriterionId",
           c.kind::text AS "primaryKind", rc.judge_version_id AS "primaryJudgeVersionId",
           (SELECT threshold FROM judge_version WHERE id = rc.judge_version_id) AS "primaryThreshold", r.close_margin AS "closeMargin",
           (SELECT count(*)::int FROM test_case WHERE dataset_id = r.dataset_id) AS cases,
           (p.document::json ->> 'level')::float8 AS level,
           coalesce((p.document::json ->> 'riskLimit')::float8, 0.05) AS "riskLimit",
           (p.document::json -> 'judge' ->> 'minTpr')::float8 AS "minTpr", (p.document::json -> 'judge' ->> 'minTnr')::float8 AS "minTnr",
           (p.document::json -> 'judge' ->> 'minCatch')::float8 AS "minCatch"
      FROM release r JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id
      JOIN policy p ON p.id = r.policy_id JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0
      JOIN criterion c ON c.id = rc.criterion_id
     WHERE r.id = ${releaseId} AND r.project_id = ${projectId}`;
  if (!scope) throw notFound("The release");
  return scope;
}

/** What one judge says of both outputs, as aliases `b` and `k`. */
function judgedOf(scope: Scope, judgeVersionId: number | null, b: string, k: string): Prisma.Sql {
  return joinJudged([b, k], {
    baselineRun: Prisma.sql`${scope.baselineRunId}`,
    candidateRun: Prisma.sql`${scope.candidateRunId}`,
    judgeVersion: Prisma.sql`${judgeVersionId ?? 0}`,
    caseId: Prisma.raw("c.id"),
  });
}

/**
 * The human label of each drawn output, as the view `human_label` has it; grades of chosen cases are none here. A
 * preference of the case is a label of both outputs, as `preference_as_verdict` has it.
 */
export function labelsOf(scope: Scope, criterionId: number, kind: CriterionKind): Prisma.Sql {
  const labels = Prisma.sql`human_label JOIN draw USING (release_id, case_id) WHERE release_id = ${scope.id} AND criterion_id = ${criterionId}`;
  if (kind === "preference") {
    return Prisma.sql`
      SELECT case_id, side.run_id, preference_as_verdict(label, version) AS label
        FROM (SELECT case_id, label FROM ${labels}) graded
       CROSS JOIN (VALUES (${scope.baselineRunId}::int, 'baseline'), (${scope.candidateRunId}::int, 'candidate')) AS side (run_id, version)`;
  }
  return Prisma.sql`SELECT case_id, run_id, label FROM ${labels}`;
}

/**
 * The judge versions of a criterion that judged one of the runs, the instrument first. Keys are unique: where several
 * versions of one judge are there, the first listed has its key, the others `key@number`.
 */
async function judgesOf(
  reader: Sql,
  scope: Scope,
  criterionId: number,
  instrument: number | null,
): Promise<JudgeRow[]> {
  const rows = await reader.$queryRaw<JudgeRow[]>`
    SELECT jv.id AS "judgeVersionId", j.key, jv.number, jv.model
      FROM judge_version jv JOIN judge j ON j.id = jv.judge_id
     WHERE jv.criterion_id = ${criterionId}
       AND (EXISTS (SELECT 1 FROM run_judge x WHERE x.judge_version_id = jv.id AND x.run_id IN (${scope.baselineRunId}, ${scope.candidateRunId}))
            OR EXISTS (SELECT 1 FROM run_pair_judge x WHERE x.judge_version_id = jv.id AND (x.first_run_id, x.second_run_id)
                         IN ((${scope.baselineRunId}, ${scope.candidateRunId}), (${scope.candidateRunId}, ${scope.baselineRunId}))))
     ORDER BY (jv.id = ${instrument ?? 0}) DESC, j.id, jv.number DESC`;
  const seen = new Set<string>();
  return rows.map((row) => {
    const key = seen.has(row.key) ? `${row.key}@${row.number}` : row.key;
    seen.add(row.key);
    return { ...row, key };
  });
}

async function loadBatches(reader: Sql, releaseId: number): Promise<Batch[]> {
  const rows = await reader.$queryRaw<{ number: number; design: string; strata: string }[]>`
    SELECT number, design, strata FROM sample_batch WHERE release_id = ${releaseId} ORDER BY number`;
  return rows.map((row) => ({ ...row, strata: JSON.parse(row.strata) as DesignStratum[] }));
}

/** The drawn cases in queue order, with one judge's verdicts. */
async function drawnRows(
  reader: Sql,
  scope: Scope,
  { id: criterionId, kind }: { id: number; kind: CriterionKind },
  judgeVersionId: number | null,
): Promise<DrawnRow[]> {
  const drawn = await reader.$queryRaw<Omit<DrawnRow, "labelBaseline" | "labelCandidate">[]>`
    SELECT d.case_id AS "caseId", c.key AS "case", d.batch, c.must_pass AS "mustPass", c.slice, vb.verdict AS pb, vk.verdict AS pk,
           jb.verdict AS jb, jk.verdict AS jk,
           NOT c.must_pass AND coalesce(${marginOf(["vb", "vk"], Prisma.sql`${scope.primaryThreshold}::float8`)} <= ${scope.closeMargin}::float8, false) AS close
      FROM draw d JOIN test_case c ON c.id = d.case_id
      ${judgedOf(scope, scope.primaryJudgeVersionId, "vb", "vk")}
      ${judgedOf(scope, judgeVersionId, "jb", "jk")}
     WHERE d.release_id = ${scope.id} ORDER BY d.position`;
  // Joined here: the planner takes the grouped labels for a single row and would go through all of them for every draw.
  const labels = await reader.$queryRaw<{ caseId: number; runId: number; label: string }[]>`
    SELECT case_id AS "caseId", run_id AS "runId", label FROM (${labelsOf(scope, criterionId, kind)}) l`;
  const found = new Map(labels.map(({ caseId, runId, label }) => [`${caseId} ${runId}`, label]));
  return drawn.map((row) => ({
    ...row,
    labelBaseline: found.get(`${row.caseId} ${scope.baselineRunId}`) ?? "waiting",
    labelCandidate: found.get(`${row.caseId} ${scope.candidateRunId}`) ?? "waiting",
  }));
}

/** Everything known about one criterion of a release, computed from counts in the database. */
export async function criterionEvidence(
  actor: Actor,
  input: { releaseId: number; criterionId: number },
  reader: Sql = db,
): Promise<CriterionEvidence> {
  return computeCriterion(await criterionInputs(actor, input, reader));
}

/** What the numbers of one criterion are computed from, as it stands now. */
export async function criterionInputs(
  actor: Actor,
  { releaseId, criterionId }: { releaseId: number; criterionId: number },
  reader: Sql = db,
): Promise<CriterionInputs> {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, releaseId);
  type Row = { key: string; name: string; kind: CriterionKind; judgeVersionId: number | null };
  const [criterion] = await reader.$queryRaw<Row[]>`
    SELECT c.key, c.name, c.kind::text, rc.judge_version_id AS "judgeVersionId" FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id
     WHERE rc.release_id = ${scope.id} AND rc.criterion_id = ${criterionId}`;
  if (!criterion) throw notFound("The criterion");
  const { judgeVersionId: instrument, ...named } = criterion;
  const [limits] = await reader.$queryRaw<Pick<Terms, "minTpr" | "minTnr" | "minCatch">[]>`
    SELECT (j ->> 'minTpr')::float8 AS "minTpr", (j ->> 'minTnr')::float8 AS "minTnr", (j ->> 'minCatch')::float8 AS "minCatch"
      FROM (SELECT coalesce(p.document::json -> 'criteria' -> ${named.key} -> 'judge', p.document::json -> 'judge') AS j
              FROM release r JOIN policy p ON p.id = r.policy_id WHERE r.id = ${scope.id}) of_criterion`;
  const judges = await judgesOf(reader, scope, criterionId, instrument);
  const drawn = new Map<number | null, DrawnRow[]>();
  for (const id of new Set([instrument, ...judges.map(({ judgeVersionId }) => judgeVersionId)]))
    drawn.set(id, await drawnRows(reader, scope, { id: criterionId, kind: named.kind }, id));
  const isPreference = named.kind === "preference";
  return {
    ...named,
    terms: { ...scope, ...limits },
    instrument,
    tally: await loadTally(reader, scope.id),
    batches: await loadBatches(reader, scope.id),
    judges,
    drawnBy: (judgeVersionId) => drawn.get(judgeVersionId) ?? [],
    catches: await catchRows(reader, scope, criterionId),
    skipped: await countSkipped(reader, scope.id),
    overrides: await countOverrides(reader, scope, criterionId, instrument),
    imported: isPreference ? null : await importedRows(reader, scope, criterionId, judges),
    importedPreferences: isPreference ? await importedPreferences(reader, scope, criterionId, judges) : null,
  };
}

async function catchRows(reader: Sql, scope: Scope, criterionId: number): Promise<CatchRow[]> {
  return reader.$queryRaw<CatchRow[]>`
    SELECT v.judge_version_id AS "judgeVersionId", count(*)::int AS n, count(*) FILTER (WHERE v.verdict = 'fail')::int AS caught
      FROM sentinel s JOIN sentinel_verdict v ON v.sentinel_id = s.id AND v.verdict <> 'error'
     WHERE s.release_id = ${scope.id} AND s.criterion_id = ${criterionId} AND s.expected = 'fail'
       AND NOT EXISTS (SELECT 1 FROM sentinel_strike x WHERE x.sentinel_id = s.id) GROUP BY 1 ORDER BY 1`;
}

/** Drawn cases that somebody put off and that nobody has graded since. */
async function countSkipped(reader: Sql, releaseId: number): Promise<number> {
  const [row] = await reader.$queryRaw<{ n: number }[]>`
    SELECT count(DISTINCT t.case_id)::int AS n FROM review_task t JOIN draw d USING (release_id, case_id)
     WHERE t.release_id = ${releaseId} AND t.skipped_at IS NOT NULL AND t.completed_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = t.release_id AND rv.case_id = t.case_id)`;
  return row!.n;
}

/** One judge's strata and drawn cases in a release, for what is asked of a part of them. */
export async function judgeSample(
  actor: Actor,
  input: { releaseId: number; criterionId: number; judgeVersionId: number },
  reader: Sql = db,
) {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, input.releaseId);
  const [criterion] = await reader.$queryRaw<{ kind: CriterionKind }[]>`
    SELECT c.kind::text FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id
     WHERE rc.release_id = ${scope.id} AND rc.criterion_id = ${input.criterionId}`;
  if (!criterion) throw notFound("The criterion");
  const tally = (await loadTally(reader, scope.id)).filter((row) => row.judgeVersionId === input.judgeVersionId);
  const design = designOf(await loadBatches(reader, scope.id), scope.primaryKind);
  const rows = await drawnRows(reader, scope, { id: input.criterionId, kind: criterion.kind }, input.judgeVersionId);
  /** Of a slice, or of all. */
  const strataOf = (slice?: string) => {
    const inside = <T extends { slice: string | null }>(all: T[]) =>
      slice === undefined ? all : all.filter((row) => row.slice === slice);
    return buildStrata(inside(tally), inside(rows), design, criterion.kind);
  };
  return { scope, kind: criterion.kind, tally, rows, strataOf };
}

type Findings = { labelled: number; overridden: number };

/** How often people overrode the primary instrument so far, by what it said and by slice (`""`: without one). */
export async function primaryFindings(
  actor: Actor,
  releaseId: number,
  reader: Sql = db,
): Promise<{ byPair: Map<string, Findings>; bySlice: Map<string, Findings> }> {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, releaseId);
  const primary = { id: scope.primaryCriterionId, kind: scope.primaryKind };
  const rows = await drawnRows(reader, scope, primary, scope.primaryJudgeVersionId);
  const [byPair, bySlice] = [new Map<string, Findings>(), new Map<string, Findings>()];
  for (const row of rows) {
    if (row.mustPass || cellOf(row) === null) continue;
    const overridden = row.labelBaseline !== row.pb || row.labelCandidate !== row.pk;
    for (const [map, key] of [
      [byPair, judgedName(scope.primaryKind, row.jb, row.jk)],
      [bySlice, row.slice ?? ""],
    ] as const) {
      const found = map.get(key) ?? { labelled: 0, overridden: 0 };
      map.set(key, { labelled: found.labelled + 1, overridden: found.overridden + Number(overridden) });
    }
  }
  return { byPair, bySlice };
}

/** The primary criterion's cases, and how its always-valid interval went with their labels. */
async function primaryPath(reader: Sql, scope: Scope) {
  const { primaryCriterionId: id, primaryJudgeVersionId: judgeVersionId, primaryKind: kind } = scope;
  const tally = (await loadTally(reader, scope.id)).filter((row) => row.judgeVersionId === judgeVersionId);
  const batches = await loadBatches(reader, scope.id);
  const design = designOf(batches, kind);
  const rows = await drawnRows(reader, scope, { id, kind }, judgeVersionId);
  const built = buildStrata(tally, rows, design, kind);
  const path = alwaysValidPath(sequenceOf(built, rows, batches, design).input, 1 - scope.riskLimit);
  return { tally, rows, path, strataOf: (some: DrawnRow[]) => buildStrata(tally, some, design, kind).strata };
}

/** How both intervals of the primary criterion went on their way to here, at up to `points` numbers of reviews. */
export async function criterionPath(
  actor: Actor,
  input: { releaseId: number; points?: number },
  reader: Sql = db,
): Promise<PathPoint[]> {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, input.releaseId);
  const { rows, path, strataOf } = await primaryPath(reader, scope);
  // Cases drawn for certain come first and make the path's first point.
  const certain = rows.filter(({ mustPass }) => mustPass);
  const open = rows.filter((row) => !row.mustPass && cellOf(row) !== null);
  const every = Math.max(1, Math.ceil(open.length / (input.points ?? 60)));
  return path
    .map((point, i) => ({ point, i }))
    .filter(({ i }) => i > 0 && (i % every === 0 || i === path.length - 1))
    .map(({ point: { labelled, low, high }, i }) => {
      const { delta } = pairedEstimate(strataOf([...certain, ...open.slice(0, i)]), scope.level).theseCases;
      return {
        reviews: labelled,
        estimate: delta.estimate,
        fixed: { low: delta.low, high: delta.high },
        alwaysValid: { low, high },
      };
    });
}

/** Half the width of the always-valid interval of the delta, 0 to 1, after so many reviews of the release. */
export type IntervalWidth = { reviews: number; halfWidth: number };

/**
 * How wide the primary criterion's always-valid interval is, and not where it lies: what somebody who grades blind may know
 * of it (docs/decisions/0004). Null before anything can be graded.
 */
export async function intervalWidth(
  actor: Actor,
  { releaseId }: { releaseId: number },
  reader: Sql = db,
): Promise<IntervalWidth | null> {
  permit(actor, "project.read");
  const { path } = await primaryPath(reader, await loadScope(reader, actor.projectId, releaseId));
  const last = path.at(-1);
  return last ? { reviews: last.labelled, halfWidth: (last.high - last.low) / 2 } : null;
}

async function countOverrides(
  reader: Sql,
  scope: Scope,
  criterionId: number,
  judgeVersionId: number | null,
): Promise<number> {
  const preferences = await reader.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM review rv JOIN draw d USING (release_id, case_id)
      ${bothOrders(scope, Prisma.sql`${judgeVersionId ?? 0}`, Prisma.raw("rv.case_id"))}
     WHERE rv.release_id = ${scope.id} AND rv.criterion_id = ${criterionId} AND ${overridesPreference}`;
  const [row] = await reader.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM review rv JOIN draw d USING (release_id, case_id)
      JOIN verdict v ON v.run_id = rv.run_id AND v.case_id = rv.case_id AND v.judge_version_id = ${judgeVersionId ?? 0} AND v.repeat = 0
     WHERE rv.release_id = ${scope.id} AND rv.criterion_id = ${criterionId}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
       AND rv.verdict IN ('pass', 'fail') AND v.verdict IN ('pass', 'fail') AND rv.verdict::text <> v.verdict::text`;
  return (row?.n ?? 0) + (preferences[0]?.n ?? 0);
}

/** Of imported reviewers, those with the most grades are compared: their pairs grow with the square. */
const reviewerLimit = 20;

async function importedRows(
  reader: Sql,
  scope: Scope,
  criterionId: number,
  judges: readonly JudgeRow[],
): Promise<ImportedRows | null> {
  const runs = Prisma.sql`(${scope.baselineRunId}, ${scope.candidateRunId})`;
  const known = await reader.$queryRaw<{ reviewer: string }[]>`
    SELECT reviewer FROM imported_review WHERE run_id IN ${runs} AND criterion_id = ${criterionId}
     GROUP BY 1 ORDER BY count(*) DESC, reviewer COLLATE "C"`;
  if (known.length === 0) return null;
  const reviewers = known.slice(0, reviewerLimit).map(({ reviewer }) => reviewer);
  reviewers.sort();
  const labels = await reader.$queryRaw<ImportedRows["labels"]>`
    SELECT reviewer, run_id AS run, verdict::text, count(*)::int AS n FROM imported_review
     WHERE run_id IN ${runs} AND criterion_id = ${criterionId} AND reviewer = ANY (${reviewers}) GROUP BY 1, 2, 3`;
  const pairs = await reader.$queryRaw<ImportedRows["pairs"]>`
    SELECT b.reviewer, b.verdict::text AS b, k.verdict::text AS k, count(*)::int AS n
      FROM imported_review b JOIN imported_review k
        ON k.run_id = ${scope.candidateRunId} AND k.criterion_id = b.criterion_id AND k.reviewer = b.reviewer AND k.case_id = b.case_id
     WHERE b.run_id = ${scope.baselineRunId} AND b.criterion_id = ${criterionId} AND b.reviewer = ANY (${reviewers})
     GROUP BY 1, 2, 3`;
  const ids = judges.map(({ judgeVersionId }) => judgeVersionId);
  const confusions = await reader.$queryRaw<ImportedRows["confusions"]>`
    SELECT ir.reviewer, v.judge_version_id AS "judgeVersionId", ir.run_id AS run, v.verdict::text AS judged, ir.verdict::text AS verdict, count(*)::int AS n
      FROM imported_review ir
      JOIN verdict v ON v.run_id = ir.run_id AND v.case_id = ir.case_id AND v.repeat = 0 AND v.judge_version_id = ANY (${ids})
     WHERE ir.run_id IN ${runs} AND ir.criterion_id = ${criterionId} AND ir.reviewer = ANY (${reviewers})
     GROUP BY 1, 2, 3, 4, 5`;
  const agreements = await reader.$queryRaw<ImportedRows["agreements"]>`
    SELECT a.reviewer AS a, b.reviewer AS b, a.verdict::text AS va, b.verdict::text AS vb, count(*)::int AS n
      FROM imported_review a JOIN imported_review b
        ON b.run_id = a.run_id AND b.case_id = a.case_id AND b.criterion_id = a.criterion_id
         AND array_position(${reviewers}::text[], b.reviewer) > array_position(${reviewers}::text[], a.reviewer)
     WHERE a.run_id IN ${runs} AND a.criterion_id = ${criterionId} AND a.verdict <> 'unsure' AND b.verdict <> 'unsure'
     GROUP BY 1, 2, 3, 4`;
  return { reviewers, leftOut: known.length - reviewers.length, labels, pairs, confusions, agreements };
}

export type OverrideRow = {
  reviewId: number;
  caseId: number;
  case: string;
  slice: string | null;
  /** Null: a preference between both. */
  version: string | null;
  judge: string;
  /** Verdicts; or, of a preference, `candidate`, `baseline` or `tie`. */
  judged: string;
  graded: string;
  reviewer: string;
  note: string | null;
  rationale: string | null;
  at: Date;
};

/**
 * Reviews that differ from the instrument's verdict, newest first; `before` is the review id to go on from. A case that
 * still waits for this person's blind grade is left out: see docs/decisions/0004.
 */
export async function listOverrides(
  actor: Actor,
  input: { releaseId: number; criterionId: number; before?: number; limit?: number },
): Promise<{ rows: OverrideRow[]; next: number | null }> {
  permit(actor, "project.read");
  const limit = Math.min(Math.max(input.limit ?? 50, 1), 200);
  const waiting = (await waitingCases(actor, input.releaseId)).map(({ id }) => id);
  const rows = await db.$queryRaw<OverrideRow[]>`
    SELECT rv.id AS "reviewId", c.id AS "caseId", c.key AS "case", c.slice, NULL AS version, j.key AS judge,
           judged_preference(f.prefer, s.prefer) AS judged, rv.prefer::text AS graded, u.name AS reviewer, rv.note,
           coalesce(f.rationale, s.rationale) AS rationale, rv.created_at AS at
      FROM review rv JOIN draw USING (release_id, case_id)
      JOIN release r ON r.id = rv.release_id AND r.project_id = ${actor.projectId}
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.criterion_id = rv.criterion_id
      JOIN judge_version jv ON jv.id = rc.judge_version_id JOIN judge j ON j.id = jv.judge_id
      JOIN test_case c ON c.id = rv.case_id JOIN app_user u ON u.id = rv.reviewer_id
      ${bothOrders(runsOfRelease, Prisma.raw("rc.judge_version_id"), Prisma.raw("rv.case_id"))}
     WHERE rv.release_id = ${input.releaseId} AND rv.criterion_id = ${input.criterionId} AND rv.id < ${input.before ?? 2_147_483_647}
       AND ${overridesPreference} AND c.id <> ALL (${waiting}::int[])
    UNION ALL
    SELECT rv.id AS "reviewId", c.id AS "caseId", c.key AS "case", c.slice, pv.key AS version, j.key AS judge, v.verdict::text AS judged,
           rv.verdict::text AS graded, u.name AS reviewer, rv.note, v.rationale, rv.created_at AS at
      FROM review rv JOIN draw USING (release_id, case_id)
      JOIN release r ON r.id = rv.release_id AND r.project_id = ${actor.projectId}
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.criterion_id = rv.criterion_id
      JOIN verdict v ON v.run_id = rv.run_id AND v.case_id = rv.case_id AND v.judge_version_id = rc.judge_version_id AND v.repeat = 0
      JOIN judge_version jv ON jv.id = v.judge_version_id JOIN judge j ON j.id = jv.judge_id
      JOIN test_case c ON c.id = rv.case_id JOIN run ru ON ru.id = rv.run_id JOIN prompt_version pv ON pv.id = ru.version_id
      JOIN app_user u ON u.id = rv.reviewer_id
     WHERE rv.release_id = ${input.releaseId} AND rv.criterion_id = ${input.criterionId} AND rv.id < ${input.before ?? 2_147_483_647}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
       AND rv.verdict IN ('pass', 'fail') AND v.verdict IN ('pass', 'fail') AND rv.verdict::text <> v.verdict::text
       AND c.id <> ALL (${waiting}::int[])
     ORDER BY "reviewId" DESC LIMIT ${limit + 1}`;
  const shown = rows.slice(0, limit);
  return { rows: shown, next: rows.length > limit ? (shown.at(-1)?.reviewId ?? null) : null };
}

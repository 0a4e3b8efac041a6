import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { Prisma } from "../db/generated/client";
import type { Tx } from "../db/transaction";
import { notFound } from "../errors";
import { waitingCases } from "../review/queries";
import { agreement, cohenKappa } from "../stats/agreement";
import { crossedJudgeTrust, type JudgeTrust, judgeTrust, licenceOf } from "../stats/judge-trust";
import { pairedEstimate, worstCaseDelta } from "../stats/paired-estimate";
import { type JudgeSays, type Stratum, simulatePosterior } from "../stats/posterior";
import type {
  CriterionEvidence,
  FlipCounts,
  ImportedEvidence,
  JudgeEvidence,
  LabelCounts,
  VerdictCounts,
} from "./types";

/** Where to read: the client, or the transaction that freezes the evidence. */
type Reader = Pick<Tx, "$queryRaw">;

type Scope = {
  id: number;
  datasetId: number;
  baselineRunId: number;
  candidateRunId: number;
  baseline: string;
  candidate: string;
  reviewersPerCase: number;
  level: number;
  minTpr: number;
  minTnr: number;
  primaryCriterionId: number;
  primaryJudgeVersionId: number | null;
};

async function loadScope(reader: Reader, projectId: number, releaseId: number): Promise<Scope> {
  const [scope] = await reader.$queryRaw<Scope[]>`
    SELECT r.id, r.dataset_id AS "datasetId", r.baseline_run_id AS "baselineRunId", r.candidate_run_id AS "candidateRunId",
           b.key AS baseline, k.key AS candidate, rc.criterion_id AS "primaryCriterionId", rc.judge_version_id AS "primaryJudgeVersionId",
           (p.document::json ->> 'reviewersPerCase')::int AS "reviewersPerCase", (p.document::json ->> 'level')::float8 AS level,
           (p.document::json -> 'judge' ->> 'minTpr')::float8 AS "minTpr", (p.document::json -> 'judge' ->> 'minTnr')::float8 AS "minTnr"
      FROM release r JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id
      JOIN policy p ON p.id = r.policy_id JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0
     WHERE r.id = ${releaseId} AND r.project_id = ${projectId}`;
  if (!scope) throw notFound("The release");
  return scope;
}

/** Cases of the release: those with an output, or an error, in both runs. */
function pairsOf(scope: Scope): Prisma.Sql {
  return Prisma.sql`test_case c
    JOIN output ob ON ob.run_id = ${scope.baselineRunId} AND ob.case_id = c.id AND ob.repeat = 0
    JOIN output oc ON oc.run_id = ${scope.candidateRunId} AND oc.case_id = c.id AND oc.repeat = 0`;
}

/** The verdicts of one judge on both outputs, as aliases `b` and `k`. */
function verdictsOf(scope: Scope, judgeVersionId: number | null, b: string, k: string): Prisma.Sql {
  const [base, cand] = [Prisma.raw(b), Prisma.raw(k)];
  return Prisma.sql`
    LEFT JOIN verdict ${base} ON ${base}.run_id = ${scope.baselineRunId} AND ${base}.judge_version_id = ${judgeVersionId ?? 0}
                             AND ${base}.case_id = c.id AND ${base}.repeat = 0
    LEFT JOIN verdict ${cand} ON ${cand}.run_id = ${scope.candidateRunId} AND ${cand}.judge_version_id = ${judgeVersionId ?? 0}
                             AND ${cand}.case_id = c.id AND ${cand}.repeat = 0`;
}

/**
 * The human label of each drawn output: what all graders agree on; with three or more, the majority; else `disagreement`.
 * `waiting` until as many people as the policy asks for have graded. A superseded grade does not count.
 */
function labelsOf(scope: Scope, criterionId: number): Prisma.Sql {
  return Prisma.sql`
    SELECT case_id, run_id,
           CASE WHEN count(*) < ${scope.reviewersPerCase} THEN 'waiting'
                WHEN count(DISTINCT verdict) = 1 THEN min(verdict::text)
                WHEN count(*) >= 3 AND 2 * count(*) FILTER (WHERE verdict = 'pass') > count(*) THEN 'pass'
                WHEN count(*) >= 3 AND 2 * count(*) FILTER (WHERE verdict = 'fail') > count(*) THEN 'fail'
                ELSE 'disagreement' END AS label
      FROM review rv
     WHERE rv.release_id = ${scope.id} AND rv.criterion_id = ${criterionId}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
     GROUP BY case_id, run_id`;
}

type Pair = { b: string | null; k: string | null };

function says(verdict: string | null): JudgeSays {
  return verdict === "pass" || verdict === "fail" ? verdict : "error";
}

type PairCount = Pair & { n: number };

function countVerdicts(pairs: readonly PairCount[], side: keyof Pair): VerdictCounts {
  const counts = { pass: 0, fail: 0, error: 0 };
  for (const pair of pairs) counts[says(pair[side])] += pair.n;
  return counts;
}

function countFlips(pairs: readonly PairCount[]): FlipCounts {
  const counts = { better: 0, worse: 0, same: 0, error: 0 };
  for (const { b, k, n } of pairs) {
    const [before, after] = [says(b), says(k)];
    if (before === "error" || after === "error") counts.error += n;
    else if (before === after) counts.same += n;
    else counts[after === "pass" ? "better" : "worse"] += n;
  }
  return counts;
}

type StratumRow = Pair & { mustPass: boolean; n: number };
type LabelledRow = StratumRow & { jb: string | null; jk: string | null; labelBaseline: string; labelCandidate: string };

function stratumKey(row: Pair & { mustPass: boolean }): string {
  return `${row.mustPass ? "must-pass " : ""}${row.b ?? "none"}>${row.k ?? "none"}`;
}

function isLabel(text: string): boolean {
  return text === "pass" || text === "fail";
}

/** Strata of the design with the labelled cases of one criterion in them. */
function buildStrata(populations: readonly StratumRow[], labelled: readonly LabelledRow[]) {
  const strata = new Map<
    string,
    { stratum: Stratum; cells: [number, number, number, number]; unlabelled: number; rows: LabelledRow[] }
  >();
  for (const row of populations) {
    const cells: [number, number, number, number] = [0, 0, 0, 0];
    const key = stratumKey(row);
    const judged = { baseline: says(row.b), candidate: says(row.k) };
    strata.set(key, { stratum: { key, judged, population: row.n, cells }, cells, unlabelled: 0, rows: [] });
  }
  const labels: LabelCounts = { labelled: 0, unsure: 0, disagreement: 0, waiting: 0 };
  for (const row of labelled) {
    const found = strata.get(stratumKey(row));
    if (!found) continue;
    const both = [row.labelBaseline, row.labelCandidate];
    if (both.every(isLabel)) {
      found.cells[(row.labelBaseline === "pass" ? 2 : 0) + (row.labelCandidate === "pass" ? 1 : 0)]! += row.n;
      found.rows.push(row);
      labels.labelled += row.n;
      continue;
    }
    found.unlabelled += row.n;
    const kind = both.includes("waiting") ? "waiting" : both.includes("disagreement") ? "disagreement" : "unsure";
    labels[kind] += row.n;
  }
  return { strata: [...strata.values()], labels };
}

type JudgeRow = { judgeVersionId: number; key: string; number: number; model: string };

/**
 * The judge versions of a criterion that judged one of the runs, the instrument first. Keys are unique: where several
 * versions of one judge are there, the first listed has its key, the others `key@number`.
 */
async function judgesOf(
  reader: Reader,
  scope: Scope,
  criterionId: number,
  instrument: number | null,
): Promise<JudgeRow[]> {
  const rows = await reader.$queryRaw<JudgeRow[]>`
    SELECT jv.id AS "judgeVersionId", j.key, jv.number, jv.model
      FROM judge_version jv JOIN judge j ON j.id = jv.judge_id
     WHERE jv.criterion_id = ${criterionId}
       AND EXISTS (SELECT 1 FROM run_judge x WHERE x.judge_version_id = jv.id AND x.run_id IN (${scope.baselineRunId}, ${scope.candidateRunId}))
     ORDER BY (jv.id = ${instrument ?? 0}) DESC, j.id, jv.number DESC`;
  const seen = new Set<string>();
  return rows.map((row) => {
    const key = seen.has(row.key) ? `${row.key}@${row.number}` : row.key;
    seen.add(row.key);
    return { ...row, key };
  });
}

async function labelledRows(
  reader: Reader,
  scope: Scope,
  criterionId: number,
  judgeVersionId: number | null,
): Promise<LabelledRow[]> {
  return reader.$queryRaw<LabelledRow[]>`
    WITH label AS (${labelsOf(scope, criterionId)})
    SELECT c.must_pass AS "mustPass", vb.verdict::text AS b, vk.verdict::text AS k, jb.verdict::text AS jb, jk.verdict::text AS jk,
           coalesce(lb.label, 'waiting') AS "labelBaseline", coalesce(lk.label, 'waiting') AS "labelCandidate", count(*)::int AS n
      FROM draw d JOIN test_case c ON c.id = d.case_id
      ${verdictsOf(scope, scope.primaryJudgeVersionId, "vb", "vk")}
      ${verdictsOf(scope, judgeVersionId, "jb", "jk")}
      LEFT JOIN label lb ON lb.case_id = d.case_id AND lb.run_id = ${scope.baselineRunId}
      LEFT JOIN label lk ON lk.case_id = d.case_id AND lk.run_id = ${scope.candidateRunId}
     WHERE d.release_id = ${scope.id}
     GROUP BY 1, 2, 3, 4, 5, 6, 7`;
}

/** Everything known about one criterion of a release, computed from counts in the database. */
export async function criterionEvidence(
  actor: Actor,
  input: { releaseId: number; criterionId: number },
  reader: Reader = db,
): Promise<CriterionEvidence> {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, input.releaseId);
  const { criterionId } = input;
  const [criterion] = await reader.$queryRaw<{ key: string; name: string; judgeVersionId: number | null }[]>`
    SELECT c.key, c.name, rc.judge_version_id AS "judgeVersionId" FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id
     WHERE rc.release_id = ${scope.id} AND rc.criterion_id = ${criterionId}`;
  if (!criterion) throw notFound("The criterion");
  const populations = await reader.$queryRaw<StratumRow[]>`
    SELECT c.must_pass AS "mustPass", vb.verdict::text AS b, vk.verdict::text AS k, count(*)::int AS n
      FROM ${pairsOf(scope)} ${verdictsOf(scope, scope.primaryJudgeVersionId, "vb", "vk")}
     WHERE c.dataset_id = ${scope.datasetId} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
  const isPrimary = criterionId === scope.primaryCriterionId;
  const instrument = criterion.judgeVersionId;
  const judgeRows = await judgesOf(reader, scope, criterionId, instrument);
  const ofInstrument = await labelledRows(reader, scope, criterionId, instrument);
  const { strata, labels } = buildStrata(populations, ofInstrument);
  const design = strata.map(({ stratum }) => stratum);
  const drawn = labels.labelled + labels.unsure + labels.disagreement + labels.waiting;
  const posterior = drawn > 0 ? simulatePosterior(design) : null;

  const judges: JudgeEvidence[] = [];
  for (const judge of judgeRows) {
    // The judge that made the strata has its pairs counted with them.
    const pairs: readonly PairCount[] =
      judge.judgeVersionId === scope.primaryJudgeVersionId
        ? populations
        : await reader.$queryRaw<PairCount[]>`
      SELECT vb.verdict::text AS b, vk.verdict::text AS k, count(*)::int AS n
        FROM ${pairsOf(scope)} ${verdictsOf(scope, judge.judgeVersionId, "vb", "vk")}
       WHERE c.dataset_id = ${scope.datasetId} GROUP BY 1, 2`;
    const madeTheStrata = isPrimary && judge.judgeVersionId === scope.primaryJudgeVersionId;
    const trust =
      posterior && madeTheStrata
        ? judgeTrust(design, scope.level, posterior)
        : crossedJudgeTrust(
            crossed(
              populations,
              judge.judgeVersionId === instrument
                ? ofInstrument
                : await labelledRows(reader, scope, criterionId, judge.judgeVersionId),
            ),
            scope.level,
          );
    judges.push({
      ...judge,
      instrument: judge.judgeVersionId === instrument,
      verdicts: { [scope.baseline]: countVerdicts(pairs, "b"), [scope.candidate]: countVerdicts(pairs, "k") },
      tally: countFlips(pairs),
      licence: licenceOf([trust.baseline, trust.candidate], scope),
      trust: { [scope.baseline]: trust.baseline, [scope.candidate]: trust.candidate } as Record<string, JudgeTrust>,
    });
  }
  return {
    key: criterion.key,
    name: criterion.name,
    population: populations.reduce((sum, { n }) => sum + n, 0),
    drawn,
    reviewed: labels.labelled,
    labels,
    judges,
    estimate: posterior && pairedEstimate(design, scope.level, posterior),
    worstCaseDelta:
      drawn > 0
        ? worstCaseDelta(design, new Map(strata.map(({ stratum, unlabelled }) => [stratum.key, unlabelled])))
        : null,
    overrides: await countOverrides(reader, scope, criterionId, instrument),
    imported: await importedEvidence(reader, scope, criterionId, judgeRows),
  };
}

function crossed(populations: readonly StratumRow[], rows: readonly LabelledRow[]) {
  return populations.map((population) => ({
    population: population.n,
    cells: rows
      .filter(
        (row) =>
          stratumKey(row) === stratumKey(population) && isLabel(row.labelBaseline) && isLabel(row.labelCandidate),
      )
      .map((row) => ({
        judged: { baseline: says(row.jb), candidate: says(row.jk) },
        pass: { baseline: row.labelBaseline === "pass", candidate: row.labelCandidate === "pass" },
        count: row.n,
      })),
  }));
}

async function countOverrides(
  reader: Reader,
  scope: Scope,
  criterionId: number,
  judgeVersionId: number | null,
): Promise<number> {
  const [row] = await reader.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM review rv
      JOIN verdict v ON v.run_id = rv.run_id AND v.case_id = rv.case_id AND v.judge_version_id = ${judgeVersionId ?? 0} AND v.repeat = 0
     WHERE rv.release_id = ${scope.id} AND rv.criterion_id = ${criterionId}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
       AND rv.verdict IN ('pass', 'fail') AND v.verdict IN ('pass', 'fail') AND rv.verdict::text <> v.verdict::text`;
  return row?.n ?? 0;
}

/** Of imported reviewers, those with the most grades are compared: their pairs grow with the square. */
const reviewerLimit = 20;

type ImportedRow = { reviewer: string; run: number; verdict: string; n: number };
type ConfusionRow = {
  reviewer: string;
  judgeVersionId: number;
  run: number;
  judged: string;
  verdict: string;
  n: number;
};

async function importedEvidence(
  reader: Reader,
  scope: Scope,
  criterionId: number,
  judges: readonly JudgeRow[],
): Promise<ImportedEvidence | null> {
  const runs = Prisma.sql`(${scope.baselineRunId}, ${scope.candidateRunId})`;
  const known = await reader.$queryRaw<{ reviewer: string }[]>`
    SELECT reviewer FROM imported_review WHERE run_id IN ${runs} AND criterion_id = ${criterionId}
     GROUP BY 1 ORDER BY count(*) DESC, reviewer COLLATE "C"`;
  if (known.length === 0) return null;
  const reviewers = known.slice(0, reviewerLimit).map(({ reviewer }) => reviewer);
  reviewers.sort();
  const labels = await reader.$queryRaw<ImportedRow[]>`
    SELECT reviewer, run_id AS run, verdict::text, count(*)::int AS n FROM imported_review
     WHERE run_id IN ${runs} AND criterion_id = ${criterionId} AND reviewer = ANY (${reviewers}) GROUP BY 1, 2, 3`;
  const pairs = await reader.$queryRaw<{ reviewer: string; b: string; k: string; n: number }[]>`
    SELECT b.reviewer, b.verdict::text AS b, k.verdict::text AS k, count(*)::int AS n
      FROM imported_review b JOIN imported_review k
        ON k.run_id = ${scope.candidateRunId} AND k.criterion_id = b.criterion_id AND k.reviewer = b.reviewer AND k.case_id = b.case_id
     WHERE b.run_id = ${scope.baselineRunId} AND b.criterion_id = ${criterionId} AND b.reviewer = ANY (${reviewers})
     GROUP BY 1, 2, 3`;
  const ids = judges.map(({ judgeVersionId }) => judgeVersionId);
  const confusions = await reader.$queryRaw<ConfusionRow[]>`
    SELECT ir.reviewer, v.judge_version_id AS "judgeVersionId", ir.run_id AS run, v.verdict::text AS judged, ir.verdict::text AS verdict, count(*)::int AS n
      FROM imported_review ir
      JOIN verdict v ON v.run_id = ir.run_id AND v.case_id = ir.case_id AND v.repeat = 0 AND v.judge_version_id = ANY (${ids})
     WHERE ir.run_id IN ${runs} AND ir.criterion_id = ${criterionId} AND ir.reviewer = ANY (${reviewers})
     GROUP BY 1, 2, 3, 4, 5`;
  const agreements = await reader.$queryRaw<{ a: string; b: string; va: string; vb: string; n: number }[]>`
    SELECT a.reviewer AS a, b.reviewer AS b, a.verdict::text AS va, b.verdict::text AS vb, count(*)::int AS n
      FROM imported_review a JOIN imported_review b
        ON b.run_id = a.run_id AND b.case_id = a.case_id AND b.criterion_id = a.criterion_id
         AND array_position(${reviewers}::text[], b.reviewer) > array_position(${reviewers}::text[], a.reviewer)
     WHERE a.run_id IN ${runs} AND a.criterion_id = ${criterionId} AND a.verdict <> 'unsure' AND b.verdict <> 'unsure'
     GROUP BY 1, 2, 3, 4`;

  const sides = [
    [scope.baseline, scope.baselineRunId],
    [scope.candidate, scope.candidateRunId],
  ] as const;
  return {
    leftOut: known.length - reviewers.length,
    reviewers: Object.fromEntries(
      reviewers.map((reviewer) => {
        const sum = <T extends { n: number }>(rows: readonly T[], matches: (row: T) => boolean) =>
          rows.filter(matches).reduce((total, { n }) => total + n, 0);
        const mine = pairs.filter((row) => row.reviewer === reviewer && isLabel(row.b) && isLabel(row.k));
        const better = sum(mine, ({ b, k }) => b === "fail" && k === "pass");
        const worse = sum(mine, ({ b, k }) => b === "pass" && k === "fail");
        const total = sum(mine, () => true);
        const perVersion = <T>(of: (run: number) => T) =>
          Object.fromEntries(sides.map(([version, run]) => [version, of(run)]));
        return [
          reviewer,
          {
            labels: perVersion((run) => {
              const count = (verdict: string) =>
                sum(labels, (row) => row.reviewer === reviewer && row.run === run && row.verdict === verdict);
              return { pass: count("pass"), fail: count("fail"), unsure: count("unsure") };
            }),
            pairs: { better, worse, same: total - better - worse, delta: total > 0 ? (better - worse) / total : null },
            judges: Object.fromEntries(
              judges.map(({ key, judgeVersionId }) => [
                key,
                perVersion((run) => {
                  const count = (judged: string, verdict: string) =>
                    sum(
                      confusions,
                      (row) =>
                        row.reviewer === reviewer &&
                        row.judgeVersionId === judgeVersionId &&
                        row.run === run &&
                        row.judged === judged &&
                        row.verdict === verdict,
                    );
                  const [tp, fp, fn, tn] = [
                    count("pass", "pass"),
                    count("pass", "fail"),
                    count("fail", "pass"),
                    count("fail", "fail"),
                  ];
                  const kappa = cohenKappa({ bothPass: tp, firstOnly: fp, secondOnly: fn, bothFail: tn });
                  return { tp, fp, fn, tn, judged: tp + fp + fn + tn, kappa };
                }),
              ]),
            ),
          },
        ];
      }),
    ),
    agreement: reviewers.flatMap((a, i) =>
      reviewers.slice(i + 1).flatMap((b) => {
        const rows = agreements.filter((row) => row.a === a && row.b === b);
        const count = (va: string, vb: string) => rows.find((row) => row.va === va && row.vb === vb)?.n ?? 0;
        const cells = {
          bothPass: count("pass", "pass"),
          firstOnly: count("pass", "fail"),
          secondOnly: count("fail", "pass"),
          bothFail: count("fail", "fail"),
        };
        const n = cells.bothPass + cells.firstOnly + cells.secondOnly + cells.bothFail;
        const share = agreement(cells);
        if (share === null) return [];
        return [{ a, b, n, agree: cells.bothPass + cells.bothFail, share, kappa: cohenKappa(cells) }];
      }),
    ),
  };
}

export type OverrideRow = {
  reviewId: number;
  caseId: number;
  case: string;
  slice: string | null;
  version: string;
  judge: string;
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
    SELECT rv.id AS "reviewId", c.id AS "caseId", c.key AS "case", c.slice, pv.key AS version, j.key AS judge, v.verdict::text AS judged,
           rv.verdict::text AS graded, u.name AS reviewer, rv.note, v.rationale, rv.created_at AS at
      FROM review rv
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
     ORDER BY rv.id DESC LIMIT ${limit + 1}`;
  const shown = rows.slice(0, limit);
  return { rows: shown, next: rows.length > limit ? (shown.at(-1)?.reviewId ?? null) : null };
}

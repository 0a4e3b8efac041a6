import { randomInt, randomUUID } from "node:crypto";
import { Prisma } from "../db/generated/client";
import type { Sql } from "../db/transaction";
import type { ReviewScope } from "./queries";
import { type OutputGrade, type PairGrade, type Run, runOf, sideOf } from "./rules";

/**
 * Checks on people's grading, handed out among the cases of a queue (a share the policy names): a case that the person
 * graded before, once more, or one with a sentinel in place of the candidate's answer. Their grades are in no estimate.
 */

export type ShownCheck = {
  id: string;
  caseId: number;
  swapped: boolean;
  expiresAt: Date;
  /** A sentinel's text; null: a repeat, the candidate's own answer. */
  candidateText: string | null;
};

export type ToldCheck =
  | { kind: "repeat"; agreed: number; of: number }
  | {
      kind: "sentinel";
      side: "A" | "B";
      criterion: string;
      /** How it was made, such as `truncate`. */
      made: string;
      expected: "pass" | "fail";
      graded: "pass" | "fail" | "unsure";
    };

/** Nobody is checked before having graded this many cases, nor with one of the latest of them. */
const before = 20;
const latest = 8;

/** A check that this person holds already and has not answered. */
export async function openCheck(
  reader: Sql,
  releaseId: number,
  reviewerId: number,
  except: readonly string[],
): Promise<ShownCheck | undefined> {
  const [row] = await reader.$queryRaw<ShownCheck[]>`
    SELECT k.id, k.case_id AS "caseId", k.swapped, k.expires_at AS "expiresAt", s.text AS "candidateText"
      FROM review_check k LEFT JOIN sentinel s ON s.id = k.sentinel_id
     WHERE k.release_id = ${releaseId} AND k.reviewer_id = ${reviewerId} AND k.completed_at IS NULL AND k.skipped_at IS NULL
       AND k.expires_at > now() AND NOT (k.id = ANY (${[...except]})) ORDER BY k.claimed_at LIMIT 1`;
  return row;
}

/** Hands out a check by chance, at the policy's rates; undefined when it is not the time for one. */
export async function plantCheck(
  tx: Sql,
  scope: ReviewScope,
  reviewerId: number,
  leaseMinutes: number,
): Promise<ShownCheck | undefined> {
  const { releaseId } = scope;
  const [rates] = await tx.$queryRaw<{ checks: { repeats: number; sentinels: number } | null }[]>`
    SELECT p.document::json -> 'checks' AS checks FROM release r JOIN policy p ON p.id = r.policy_id WHERE r.id = ${releaseId}`;
  const { repeats, sentinels } = rates?.checks ?? { repeats: 0, sentinels: 0 };
  const chance = randomInt(1_000_000) / 1_000_000;
  if (chance >= repeats + sentinels) return undefined;
  const [given] = await tx.$queryRaw<{ graded: number; checks: number }[]>`
    SELECT (SELECT count(*)::int FROM review_task WHERE release_id = ${releaseId} AND reviewer_id = ${reviewerId} AND completed_at IS NOT NULL) AS graded,
           (SELECT count(*)::int FROM review_check WHERE release_id = ${releaseId} AND reviewer_id = ${reviewerId}) AS checks`;
  const { graded, checks } = given!;
  if (graded < before || checks + 1 > (repeats + sentinels) * (graded + 1) + 1) return undefined;
  const chosen = chance < sentinels ? await aSentinel(tx, scope, reviewerId) : await aRepeat(tx, releaseId, reviewerId);
  if (!chosen) return undefined;
  const [check] = await tx.$queryRaw<Omit<ShownCheck, "candidateText">[]>`
    INSERT INTO review_check (id, release_id, reviewer_id, case_id, sentinel_id, swapped, expires_at)
    VALUES (${randomUUID()}, ${releaseId}, ${reviewerId}, ${chosen.caseId}, ${chosen.sentinelId}, ${randomInt(2) === 1},
            now() + make_interval(mins => ${leaseMinutes}))
    ON CONFLICT DO NOTHING RETURNING id, case_id AS "caseId", swapped, expires_at AS "expiresAt"`;
  return check && { ...check, candidateText: chosen.candidateText };
}

type Chosen = { caseId: number; sentinelId: number | null; candidateText: string | null };

async function aRepeat(reader: Sql, releaseId: number, reviewerId: number): Promise<Chosen | undefined> {
  const [row] = await reader.$queryRaw<Chosen[]>`
    SELECT t.case_id AS "caseId", NULL::int AS "sentinelId", NULL::text AS "candidateText"
      FROM (SELECT case_id FROM review_task WHERE release_id = ${releaseId} AND reviewer_id = ${reviewerId} AND completed_at IS NOT NULL
             ORDER BY completed_at DESC OFFSET ${latest}) t
     WHERE NOT EXISTS (SELECT 1 FROM review_check k WHERE k.release_id = ${releaseId} AND k.reviewer_id = ${reviewerId} AND k.case_id = t.case_id)
     ORDER BY random() LIMIT 1`;
  return row;
}

/** Only of cases outside the sample: a case that is still to be graded must not be seen before, nor one that was. */
async function aSentinel(
  reader: Sql,
  { releaseId, runs, criteria }: ReviewScope,
  reviewerId: number,
): Promise<Chosen | undefined> {
  const [row] = await reader.$queryRaw<Chosen[]>`
    SELECT s.case_id AS "caseId", s.id AS "sentinelId", s.text AS "candidateText"
      FROM sentinel s
      JOIN output o ON o.run_id = ${runs.baseline} AND o.case_id = s.case_id AND o.repeat = 0 AND o.error IS NULL
     WHERE s.release_id = ${releaseId} AND s.criterion_id = ANY (${criteria.map(({ id }) => id)})
       AND NOT EXISTS (SELECT 1 FROM sentinel_strike x WHERE x.sentinel_id = s.id)
       AND NOT EXISTS (SELECT 1 FROM queue_case q WHERE q.release_id = s.release_id AND q.case_id = s.case_id)
       AND NOT EXISTS (SELECT 1 FROM review_check k WHERE k.release_id = s.release_id AND k.reviewer_id = ${reviewerId} AND k.case_id = s.case_id)
     ORDER BY random() LIMIT 1`;
  return row;
}

export async function isCheck(reader: Sql, releaseId: number, reviewerId: number, id: string): Promise<boolean> {
  const rows = await reader.$queryRaw<unknown[]>`
    SELECT 1 FROM review_check WHERE id = ${id} AND release_id = ${releaseId} AND reviewer_id = ${reviewerId}`;
  return rows.length > 0;
}

export type HeldCheck = {
  id: string;
  caseId: number;
  case: string;
  swapped: boolean;
  completed: boolean;
  sentinel: { criterion: string; made: string; expected: "pass" | "fail" } | null;
};

/** Selects, as HeldCheck, the check under a task's id; nothing when the task is no check. */
export function selectCheck(held: { releaseId: number; reviewerId: number; task: string }): Prisma.Sql {
  return Prisma.sql`
    SELECT k.id, k.case_id AS "caseId", c.key AS "case", k.swapped, k.completed_at IS NOT NULL AS completed,
           (SELECT json_build_object('criterion', cr.key, 'made', s.kind, 'expected', s.expected)
              FROM sentinel s JOIN criterion cr ON cr.id = s.criterion_id WHERE s.id = k.sentinel_id) AS sentinel
      FROM review_check k JOIN test_case c ON c.id = k.case_id
     WHERE k.id = ${held.task} AND k.release_id = ${held.releaseId} AND k.reviewer_id = ${held.reviewerId}`;
}

/** Whether a repeat was graded as the first time: of the grades given, how many are the same. */
export async function toldRepeat(
  reader: Sql,
  scope: ReviewScope,
  check: HeldCheck,
  reviewerId: number,
  { outputs, pairs }: { outputs: OutputGrade[]; pairs: PairGrade[] },
): Promise<ToldCheck> {
  type First = { criterionId: number; runId: number | null; verdict: string | null; prefer: string | null };
  const first = await reader.$queryRaw<First[]>`
    SELECT criterion_id AS "criterionId", run_id AS "runId", verdict::text, prefer::text FROM review
     WHERE release_id = ${scope.releaseId} AND case_id = ${check.caseId} AND reviewer_id = ${reviewerId} AND supersedes_id IS NULL`;
  const idOf = (key: string) => scope.criteria.find((criterion) => criterion.key === key)!.id;
  const same = [
    ...outputs.map(({ criterion, side, verdict }) =>
      first.some(
        (row) =>
          row.criterionId === idOf(criterion) &&
          row.runId === scope.runs[runOf(side, check.swapped)] &&
          row.verdict === verdict,
      ),
    ),
    ...pairs.map(({ criterion, prefer }) => {
      const said = prefer === "A" || prefer === "B" ? runOf(prefer, check.swapped) : prefer;
      return first.some((row) => row.criterionId === idOf(criterion) && row.prefer === said);
    }),
  ];
  return { kind: "repeat", agreed: same.filter(Boolean).length, of: same.length };
}

/** Whether the sentinel was noticed; told with the side it stood on. */
export function toldSentinel(check: HeldCheck, outputs: readonly OutputGrade[]): ToldCheck {
  const { criterion, made, expected } = check.sentinel!;
  const side = sideOf("candidate" satisfies Run, check.swapped);
  const grade = outputs.find((one) => one.criterion === criterion && one.side === side)!;
  return { kind: "sentinel", side, criterion, made, expected, graded: grade.verdict };
}

export type CheckReport = {
  reviewerId: number;
  reviewer: string;
  /** Grades given again, and those of them that were the same. */
  repeats: { n: number; same: number };
  /** Sentinels graded pass or fail, and those graded as they were made; `unsure` counts in neither. */
  sentinels: { n: number; noticed: number; unsure: number };
};

/** What the checks of a release found, a row a reviewer. `only`: of this reviewer alone. */
export async function reportChecks(reader: Sql, releaseId: number, only: number | null): Promise<CheckReport[]> {
  type Row = CheckReport["sentinels"] & { reviewerId: number; reviewer: string; grades: number; same: number };
  const rows = await reader.$queryRaw<Row[]>`
    SELECT k.reviewer_id AS "reviewerId", u.name AS reviewer,
           count(*) FILTER (WHERE k.sentinel_id IS NULL)::int AS grades,
           count(*) FILTER (WHERE k.sentinel_id IS NULL AND (first.verdict = g.verdict OR first.prefer = g.prefer))::int AS same,
           count(*) FILTER (WHERE s.id IS NOT NULL AND g.verdict IN ('pass', 'fail'))::int AS n,
           count(*) FILTER (WHERE s.id IS NOT NULL AND g.verdict::text = s.expected::text)::int AS noticed,
           count(*) FILTER (WHERE s.id IS NOT NULL AND g.verdict = 'unsure')::int AS unsure
      FROM review_check k JOIN check_grade g ON g.check_id = k.id JOIN app_user u ON u.id = k.reviewer_id
      JOIN release r ON r.id = k.release_id
      LEFT JOIN review first ON k.sentinel_id IS NULL AND first.release_id = k.release_id AND first.case_id = k.case_id
            AND first.reviewer_id = k.reviewer_id AND first.criterion_id = g.criterion_id AND first.supersedes_id IS NULL
            AND (g.prefer IS NOT NULL
                 OR first.run_id = CASE WHEN (g.side = 'A') = k.swapped THEN r.candidate_run_id ELSE r.baseline_run_id END)
      -- Of a sentinel only the altered answer on its own criterion counts.
      LEFT JOIN sentinel s ON s.id = k.sentinel_id AND s.criterion_id = g.criterion_id AND (g.side = 'A') = k.swapped
            AND NOT EXISTS (SELECT 1 FROM sentinel_strike x WHERE x.sentinel_id = s.id)
     WHERE k.release_id = ${releaseId} AND (${only}::int IS NULL OR k.reviewer_id = ${only})
     GROUP BY 1, 2 ORDER BY u.name, 1`;
  return rows.map(({ reviewerId, reviewer, grades, same, n, noticed, unsure }) => ({
    reviewerId,
    reviewer,
    repeats: { n: grades, same },
    sentinels: { n, noticed, unsure },
  }));
}

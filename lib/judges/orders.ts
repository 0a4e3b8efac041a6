import { Prisma } from "../db/generated/client";

export type Runs = { baselineRunId: number; candidateRunId: number };

/** The runs of a query over `release r`. */
export const runsOfRelease = {
  baselineRunId: Prisma.sql`r.baseline_run_id`,
  candidateRunId: Prisma.sql`r.candidate_run_id`,
};

/**
 * Both orders in which a judge version may have been shown the answers of a case of the runs, as aliases `f` (baseline
 * first) and `s`.
 */
export function bothOrders(
  { baselineRunId, candidateRunId }: Runs | typeof runsOfRelease,
  judge: Prisma.Sql,
  caseId: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    LEFT JOIN preference_verdict f ON f.first_run_id = ${baselineRunId} AND f.second_run_id = ${candidateRunId}
          AND f.judge_version_id = ${judge} AND f.case_id = ${caseId} AND f.repeat = 0
    LEFT JOIN preference_verdict s ON s.first_run_id = ${candidateRunId} AND s.second_run_id = ${baselineRunId}
          AND s.judge_version_id = ${judge} AND s.case_id = ${caseId} AND s.repeat = 0`;
}

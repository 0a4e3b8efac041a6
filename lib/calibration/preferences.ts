import { Prisma } from "../db/generated/client";
import type { Sql } from "../db/transaction";
import { bothOrders, type Runs } from "../judges/orders";
import { kappaOfTable } from "../stats/agreement";
import { type JudgePrefers, judgePrefers, type PeoplePrefer, peoplePrefer } from "../stats/preference-trust";
import type { ImportedPreferences } from "./types";

/** A current preference of a person that differs from what the judge prefers. Errors and flips prefer nothing. */
export const overridesPreference = Prisma.sql`rv.prefer <> 'unsure' AND judged_preference(f.prefer, s.prefer) IN ('baseline', 'candidate', 'tie')
  AND rv.prefer::text <> judged_preference(f.prefer, s.prefer)
  AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)`;

/** Of imported reviewers, those with the most preferences are compared: their pairs grow with the square. */
const reviewerLimit = 20;

/** Counts of imported preferences: by reviewer; against judges; of each two reviewers. */
export type ImportedPreferenceRows = {
  /** Reviewers that are shown, and how many are not. */
  reviewers: string[];
  leftOut: number;
  counts: { reviewer: string; prefer: PeoplePrefer | "unsure"; n: number }[];
  judged: { reviewer: string; judgeVersionId: number; judged: JudgePrefers; prefer: PeoplePrefer; n: number }[];
  both: { a: string; b: string; pa: PeoplePrefer; pb: PeoplePrefer; n: number }[];
};

/** What imported reviewers prefer, counted. */
export async function importedPreferences(
  reader: Sql,
  scope: Runs,
  criterionId: number,
  judges: readonly { key: string; judgeVersionId: number }[],
): Promise<ImportedPreferenceRows | null> {
  const { baselineRunId, candidateRunId } = scope;
  // Who said something in both orders counts once, as with the baseline first.
  const said = Prisma.sql`
    SELECT DISTINCT ON (reviewer, case_id) reviewer, case_id,
           CASE WHEN prefer IN ('tie', 'unsure') THEN prefer::text
                WHEN (prefer = 'first') = (first_run_id = ${baselineRunId}) THEN 'baseline' ELSE 'candidate' END AS prefer
      FROM imported_preference
     WHERE criterion_id = ${criterionId}
       AND (first_run_id, second_run_id) IN ((${baselineRunId}, ${candidateRunId}), (${candidateRunId}, ${baselineRunId}))
     ORDER BY reviewer, case_id, first_run_id = ${baselineRunId} DESC`;
  const counts = await reader.$queryRaw<ImportedPreferenceRows["counts"]>`
    WITH said AS (${said}) SELECT reviewer, prefer, count(*)::int AS n FROM said GROUP BY 1, 2`;
  if (counts.length === 0) return null;
  const totals = new Map<string, number>();
  for (const { reviewer, n } of counts) totals.set(reviewer, (totals.get(reviewer) ?? 0) + n);
  const known = [...totals].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([reviewer]) => reviewer);
  const reviewers = known.slice(0, reviewerLimit).sort();
  const ids = judges.map(({ judgeVersionId }) => judgeVersionId);
  const judged = await reader.$queryRaw<ImportedPreferenceRows["judged"]>`
    WITH said AS (${said})
    SELECT said.reviewer, j.id AS "judgeVersionId", judged_preference(f.prefer, s.prefer) AS judged, said.prefer, count(*)::int AS n
      FROM said CROSS JOIN unnest(${ids}::int[]) AS j (id)
      ${bothOrders(scope, Prisma.raw("j.id"), Prisma.raw("said.case_id"))}
     WHERE said.reviewer = ANY (${reviewers}) AND said.prefer <> 'unsure'
       AND judged_preference(f.prefer, s.prefer) IN ('baseline', 'candidate', 'tie', 'flip')
     GROUP BY 1, 2, 3, 4`;
  const both = await reader.$queryRaw<ImportedPreferenceRows["both"]>`
    WITH said AS (${said})
    SELECT a.reviewer AS a, b.reviewer AS b, a.prefer AS pa, b.prefer AS pb, count(*)::int AS n
      FROM said a JOIN said b ON b.case_id = a.case_id
       AND array_position(${reviewers}::text[], b.reviewer) > array_position(${reviewers}::text[], a.reviewer)
     WHERE a.prefer <> 'unsure' AND b.prefer <> 'unsure' GROUP BY 1, 2, 3, 4`;
  return { reviewers, leftOut: known.length - reviewers.length, counts, judged, both };
}

/** What imported reviewers prefer, held against the judges and against each other. Pure. */
export function preferencesOf(
  { reviewers, leftOut, counts, judged, both }: ImportedPreferenceRows,
  judges: readonly { key: string; judgeVersionId: number }[],
): ImportedPreferences {
  const total = <T extends { n: number }>(rows: readonly T[]) => rows.reduce((sum, { n }) => sum + n, 0);
  return {
    leftOut,
    reviewers: Object.fromEntries(
      reviewers.map((reviewer) => {
        const count = (prefer: PeoplePrefer | "unsure") =>
          total(counts.filter((row) => row.reviewer === reviewer && row.prefer === prefer));
        const [candidate, baseline, tie] = [count("candidate"), count("baseline"), count("tie")];
        const labelled = candidate + baseline + tie;
        return [
          reviewer,
          {
            prefers: { candidate, baseline, tie, unsure: count("unsure") },
            delta: labelled > 0 ? (candidate - baseline) / labelled : null,
            judges: Object.fromEntries(
              judges.map(({ key, judgeVersionId }) => {
                const rows = judged.filter((row) => row.reviewer === reviewer && row.judgeVersionId === judgeVersionId);
                const table = judgePrefers.map((said) => [
                  ...peoplePrefer.map((prefer) =>
                    total(rows.filter((row) => row.judged === said && row.prefer === prefer)),
                  ),
                  0,
                ]);
                const agree = total(rows.filter((row) => row.judged === row.prefer));
                return [key, { judged: total(rows), agree, kappa: kappaOfTable(table) }];
              }),
            ),
          },
        ];
      }),
    ),
    agreement: reviewers.flatMap((a, i) =>
      reviewers.slice(i + 1).flatMap((b) => {
        const rows = both.filter((row) => row.a === a && row.b === b);
        const n = total(rows);
        if (n === 0) return [];
        const table = peoplePrefer.map((pa) =>
          peoplePrefer.map((pb) => total(rows.filter((row) => row.pa === pa && row.pb === pb))),
        );
        const agree = total(rows.filter(({ pa, pb }) => pa === pb));
        return [{ a, b, n, agree, share: agree / n, kappa: kappaOfTable(table) }];
      }),
    ),
  };
}

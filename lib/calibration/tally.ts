import { Prisma } from "../db/generated/client";
import type { Sql, Tx } from "../db/transaction";
import { joinJudged, marginOf } from "./judged";

/** Where to read: the client, or the transaction that freezes the evidence. */

/** Cases of a release of which judges say the same (as `joinJudged` has it), by slice. `pb`, `pk`: the primary instrument's; `jb`, `jk`: the judge's asked for. `close`: a score of the primary one is close to its threshold. */
export type TallyRow = {
  judgeVersionId: number | null;
  mustPass: boolean;
  slice: string | null;
  pb: string | null;
  pk: string | null;
  jb: string | null;
  jk: string | null;
  close: boolean;
  n: number;
};

/** Columns of a query over a release and its cases `c`; the runs are columns of `release`. */
export const ofRelease = (judgeVersion: string, release = "r") => ({
  baselineRun: Prisma.raw(`${release}.baseline_run_id`),
  candidateRun: Prisma.raw(`${release}.candidate_run_id`),
  judgeVersion: Prisma.raw(judgeVersion),
  caseId: Prisma.raw("c.id"),
});

const margin = marginOf(["vb", "vk"], Prisma.raw("pjv.threshold"));

/** Fixes which cases are close: the quarter whose scores lie nearest to the threshold. None when all lie equally near. */
async function storeCloseMargin(tx: Tx, releaseId: number): Promise<void> {
  await tx.$executeRaw`
    WITH margins AS (
      SELECT ${margin} AS margin
        FROM release r
        JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0
        JOIN judge_version pjv ON pjv.id = rc.judge_version_id AND pjv.threshold IS NOT NULL
        JOIN test_case c ON c.dataset_id = r.dataset_id
        ${joinJudged(["vb", "vk"], ofRelease("rc.judge_version_id"))}
       WHERE r.id = ${releaseId} AND NOT c.must_pass
    )
    UPDATE release SET close_margin = (
      SELECT CASE WHEN percentile_disc(0.25) WITHIN GROUP (ORDER BY margin) < max(margin)
                  THEN percentile_disc(0.25) WITHIN GROUP (ORDER BY margin) END FROM margins)
     WHERE id = ${releaseId}`;
}

/** Counts for every judge version of the release's criteria that judged one of the runs, and once for none. */
const counted = (releaseId: number) => Prisma.sql`
  WITH judges AS (
    SELECT DISTINCT jv.id
      FROM release r
      JOIN LATERAL (SELECT judge_version_id FROM run_judge WHERE run_id IN (r.baseline_run_id, r.candidate_run_id)
                    UNION SELECT judge_version_id FROM run_pair_judge
                     WHERE (first_run_id, second_run_id) IN ((r.baseline_run_id, r.candidate_run_id), (r.candidate_run_id, r.baseline_run_id))
           ) judged ON true
      JOIN judge_version jv ON jv.id = judged.judge_version_id
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.criterion_id = jv.criterion_id
     WHERE r.id = ${releaseId}
    UNION ALL SELECT NULL
  ), cases AS (
    SELECT c.id, c.must_pass, c.slice, vb.verdict AS pb, vk.verdict AS pk, r.baseline_run_id, r.candidate_run_id,
           NOT c.must_pass AND coalesce(${margin} <= r.close_margin, false) AS close
      FROM release r
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0
      LEFT JOIN judge_version pjv ON pjv.id = rc.judge_version_id
      JOIN test_case c ON c.dataset_id = r.dataset_id
      JOIN output ob ON ob.run_id = r.baseline_run_id AND ob.case_id = c.id AND ob.repeat = 0
      JOIN output oc ON oc.run_id = r.candidate_run_id AND oc.case_id = c.id AND oc.repeat = 0
      ${joinJudged(["vb", "vk"], ofRelease("rc.judge_version_id"))}
     WHERE r.id = ${releaseId}
  )
  SELECT j.id AS judge_version_id, c.must_pass, c.slice, c.pb, c.pk, jb.verdict AS jb, jk.verdict AS jk, c.close, count(*)::int AS n
    FROM cases c CROSS JOIN judges j
    ${joinJudged(["jb", "jk"], ofRelease("j.id", "c"))}
   GROUP BY 1, 2, 3, 4, 5, 6, 7, 8`;

/** Counts the cases of a new release, once for all. Returns how many both runs answered. */
export async function storeTally(tx: Tx, releaseId: number): Promise<number> {
  await storeCloseMargin(tx, releaseId);
  await tx.$executeRaw`
    INSERT INTO release_tally (release_id, judge_version_id, must_pass, slice, primary_baseline, primary_candidate,
                               judged_baseline, judged_candidate, close, cases)
    SELECT ${releaseId}::int, t.* FROM (${counted(releaseId)}) t`;
  const [row] = await tx.$queryRaw<{ cases: number }[]>`
    SELECT coalesce(sum(cases), 0)::int AS cases FROM release_tally WHERE release_id = ${releaseId} AND judge_version_id IS NULL`;
  return row!.cases;
}

/** The counts, for all judges; counted now for a release older than the stored counts. */
export async function loadTally(reader: Sql, releaseId: number): Promise<TallyRow[]> {
  const stored = await reader.$queryRaw<TallyRow[]>`
    SELECT judge_version_id AS "judgeVersionId", must_pass AS "mustPass", slice, primary_baseline AS pb,
           primary_candidate AS pk, judged_baseline AS jb, judged_candidate AS jk, close, cases AS n
      FROM release_tally WHERE release_id = ${releaseId} ORDER BY id`;
  if (stored.length > 0) return stored;
  return reader.$queryRaw<TallyRow[]>`
    SELECT judge_version_id AS "judgeVersionId", must_pass AS "mustPass", slice, pb, pk, jb, jk, close, n
      FROM (${counted(releaseId)}) t`;
}

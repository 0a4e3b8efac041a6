import { Prisma } from "../db/generated/client";
import type { Tx } from "../db/transaction";

/** Where to read: the client, or the transaction that freezes the evidence. */
export type Reader = Pick<Tx, "$queryRaw">;

/** Cases of a release with the same verdicts, by slice. `pb`, `pk`: the primary instrument's; `jb`, `jk`: the judge's asked for. */
export type TallyRow = {
  judgeVersionId: number | null;
  mustPass: boolean;
  slice: string | null;
  pb: string | null;
  pk: string | null;
  jb: string | null;
  jk: string | null;
  n: number;
};

/** Counts for every judge version of the release's criteria that judged one of the runs, and once for none. */
const counted = (releaseId: number) => Prisma.sql`
  WITH judges AS (
    SELECT DISTINCT rj.judge_version_id AS id
      FROM release r JOIN run_judge rj ON rj.run_id IN (r.baseline_run_id, r.candidate_run_id)
      JOIN judge_version jv ON jv.id = rj.judge_version_id
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.criterion_id = jv.criterion_id
     WHERE r.id = ${releaseId}
    UNION ALL SELECT NULL
  ), cases AS (
    SELECT c.id, c.must_pass, c.slice, vb.verdict AS pb, vk.verdict AS pk, r.baseline_run_id, r.candidate_run_id
      FROM release r
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0
      JOIN test_case c ON c.dataset_id = r.dataset_id
      JOIN output ob ON ob.run_id = r.baseline_run_id AND ob.case_id = c.id AND ob.repeat = 0
      JOIN output oc ON oc.run_id = r.candidate_run_id AND oc.case_id = c.id AND oc.repeat = 0
      LEFT JOIN verdict vb ON vb.run_id = r.baseline_run_id AND vb.judge_version_id = rc.judge_version_id
                          AND vb.case_id = c.id AND vb.repeat = 0
      LEFT JOIN verdict vk ON vk.run_id = r.candidate_run_id AND vk.judge_version_id = rc.judge_version_id
                          AND vk.case_id = c.id AND vk.repeat = 0
     WHERE r.id = ${releaseId}
  )
  SELECT j.id AS judge_version_id, c.must_pass, c.slice, c.pb, c.pk, jb.verdict AS jb, jk.verdict AS jk, count(*)::int AS n
    FROM cases c CROSS JOIN judges j
    LEFT JOIN verdict jb ON jb.run_id = c.baseline_run_id AND jb.judge_version_id = j.id AND jb.case_id = c.id AND jb.repeat = 0
    LEFT JOIN verdict jk ON jk.run_id = c.candidate_run_id AND jk.judge_version_id = j.id AND jk.case_id = c.id AND jk.repeat = 0
   GROUP BY 1, 2, 3, 4, 5, 6, 7`;

/** Counts the cases of a new release, once for all. */
export async function storeTally(tx: Tx, releaseId: number): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO release_tally (release_id, judge_version_id, must_pass, slice, primary_baseline, primary_candidate,
                               judged_baseline, judged_candidate, cases)
    SELECT ${releaseId}::int, t.* FROM (${counted(releaseId)}) t`;
}

/** The counts, for all judges; counted now for a release older than the stored counts. */
export async function loadTally(reader: Reader, releaseId: number): Promise<TallyRow[]> {
  const stored = await reader.$queryRaw<TallyRow[]>`
    SELECT judge_version_id AS "judgeVersionId", must_pass AS "mustPass", slice, primary_baseline::text AS pb,
           primary_candidate::text AS pk, judged_baseline::text AS jb, judged_candidate::text AS jk, cases AS n
      FROM release_tally WHERE release_id = ${releaseId} ORDER BY id`;
  if (stored.length > 0) return stored;
  return reader.$queryRaw<TallyRow[]>`
    SELECT judge_version_id AS "judgeVersionId", must_pass AS "mustPass", slice, pb::text, pk::text, jb::text, jk::text, n
      FROM (${counted(releaseId)}) t`;
}

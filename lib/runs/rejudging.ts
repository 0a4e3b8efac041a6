import { Prisma } from "../db/generated/client";
import type { Sql } from "../db/transaction";
import { type Monitor, type Rejudged, watchJudge } from "../stats/sequential";

/** What is put up with before a judge is said to have moved. */
export const judgeWatch = {
  /** Of answers judged again, the share that may get another verdict: judges are seldom quite deterministic. */
  tolerance: 0.02,
  /** The chance that a judge version which did not move is ever said to have, however often somebody looks. */
  falseAlarm: 0.05,
};

/** The same judge version on answers that it had judged before: in a run that came in, or an anchor set judged again. */
export type Judging = Rejudged & {
  judgeVersionId: number;
  error: number;
  at: Date;
  runId: number | null;
  anchorId: number | null;
  /** Of an anchor set: which time it was judged again, from 1. */
  number: number | null;
};

/** The judgings of some judge versions, in the order in which they came to be known. */
export async function listJudgings(reader: Sql, judgeVersionIds: readonly number[]): Promise<Judging[]> {
  if (judgeVersionIds.length === 0) return [];
  const ids = Prisma.sql`ANY (${judgeVersionIds}::int[])`;
  return reader.$queryRaw<Judging[]>`
    SELECT judge_version_id AS "judgeVersionId", pass_pass AS "passPass", pass_fail AS "passFail", fail_pass AS "failPass",
           fail_fail AS "failFail", error, created_at AS at, run_id AS "runId", NULL::int AS "anchorId", NULL::int AS number
      FROM rejudging WHERE judge_version_id = ${ids}
    UNION ALL
    SELECT a.judge_version_id, t.pass_pass, t.pass_fail, t.fail_pass, t.fail_fail, t.error, t.created_at, NULL, a.id, t.number
      FROM anchor_take t JOIN anchor a ON a.id = t.anchor_id WHERE a.judge_version_id = ${ids}
     ORDER BY at, "runId", "anchorId", number`;
}

export function watch(judgings: readonly Judging[]): Monitor {
  return watchJudge(judgings, judgeWatch.tolerance, judgeWatch.falseAlarm);
}

/** An alarm that the newest judgings of a judge version raised; null when there is none, or when it had been raised before. */
export function newAlarm(judgings: readonly Judging[], isNew: (judging: Judging) => boolean): Monitor | null {
  const after = watch(judgings);
  if (!after.alarm || watch(judgings.filter((judging) => !isNew(judging))).alarm) return null;
  return after;
}

export type Moved = { judgeVersionId: number; judge: string; version: number; monitor: Monitor };

/**
 * Counts, for runs that just came in, what their judges say of answers that they had judged before. Returns the judge
 * versions for which this raised the alarm.
 */
export async function recordRejudgings(reader: Sql, runIds: readonly number[]): Promise<Moved[]> {
  const counted = await reader.$queryRaw<{ judgeVersionId: number }[]>`
    INSERT INTO rejudging (run_id, judge_version_id, pass_pass, pass_fail, fail_pass, fail_fail, error, created_at)
    SELECT r.id, c.*, clock_timestamp()
      FROM unnest(${runIds}::int[]) AS r(id) CROSS JOIN LATERAL count_rejudged(r.id) c
     WHERE c.pass_pass + c.pass_fail + c.fail_pass + c.fail_fail + c.error > 0
    RETURNING judge_version_id AS "judgeVersionId"`;
  const versions = [...new Set(counted.map(({ judgeVersionId }) => judgeVersionId))];
  const judgings = await listJudgings(reader, versions);
  const moved: Moved[] = [];
  for (const judgeVersionId of versions) {
    const own = judgings.filter((judging) => judging.judgeVersionId === judgeVersionId);
    const monitor = newAlarm(own, ({ runId }) => runId !== null && runIds.includes(runId));
    if (!monitor) continue;
    const [names] = await reader.$queryRaw<{ judge: string; version: number }[]>`
      SELECT j.key AS judge, v.number AS version FROM judge_version v JOIN judge j ON j.id = v.judge_id
       WHERE v.id = ${judgeVersionId}`;
    moved.push({ judgeVersionId, ...names!, monitor });
  }
  return moved;
}

/** The audit event of an alarm. */
export function movedEvent({ judgeVersionId, judge, version, monitor }: Moved, seenIn: Record<string, string>) {
  return {
    action: "judge.moved",
    subject: { kind: "judge", id: `${judge}#${version}`, name: judge },
    details: { judgeVersionId, cause: monitor.alarm!.cause, p: monitor.p, ...judgeWatch, ...seenIn },
  } as const;
}

import { type Actor, personOf } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db } from "../db/client";
import { waitingCases } from "../review/queries";
import { exactInterval } from "../stats/judge-trust";
import { expectedOf, type Kind, kinds } from "./schema";

export type SentinelRow = {
  id: number;
  key: string;
  kind: Kind;
  criterion: string;
  caseId: number;
  case: string;
  text: string;
  struck: string | null;
  verdicts: { judge: string; verdict: "pass" | "fail" | "error" }[];
};

/**
 * The sentinels of a release; those made from a case that this person may still have to grade blind are left out, and,
 * for a reviewer, those that may still come up in their queue.
 */
export async function listSentinels(actor: Actor, releaseId: number): Promise<SentinelRow[]> {
  permit(actor, "project.read");
  const grader = may(actor, "review.grade") && !may(actor, "release.draw") ? personOf(actor) : null;
  const waiting = (await waitingCases(actor, releaseId)).map(({ id }) => id);
  return db.$queryRaw<SentinelRow[]>`
    SELECT s.id, s.key, s.kind, k.key AS criterion, c.id AS "caseId", c.key AS "case", s.text, x.reason AS struck,
           coalesce((SELECT json_agg(json_build_object('judge', j.key, 'verdict', v.verdict) ORDER BY j.key)
              FROM sentinel_verdict v JOIN judge_version jv ON jv.id = v.judge_version_id JOIN judge j ON j.id = jv.judge_id
             WHERE v.sentinel_id = s.id), '[]') AS verdicts
      FROM sentinel s JOIN release r ON r.id = s.release_id AND r.project_id = ${actor.projectId}
      JOIN test_case c ON c.id = s.case_id JOIN criterion k ON k.id = s.criterion_id
      LEFT JOIN sentinel_strike x ON x.sentinel_id = s.id
     WHERE s.release_id = ${releaseId} AND c.id <> ALL (${waiting}::int[])
       AND (${grader}::int IS NULL OR r.state NOT IN ('draft', 'grading', 'ready') OR EXISTS (
            SELECT 1 FROM review_check k WHERE k.sentinel_id = s.id AND k.reviewer_id = ${grader} AND k.completed_at IS NOT NULL))
     ORDER BY array_position(${[...kinds]}::text[], s.kind), c.key COLLATE "C"`;
}

export type Catch = {
  judge: string;
  number: number;
  criterion: string;
  /** One kind, or all of the bad or the good ones together. */
  kind: Kind | "bad" | "good ones";
  /** Judged as it should be; judge errors are none of these. */
  caught: number;
  n: number;
  errors: number;
  low: number;
  high: number;
};

type Count = { judge: string; number: number; criterion: string; kind: Kind; verdict: string; n: number };

/** How often each judge version noticed, in counts over all sentinels that are not struck. */
export async function sentinelCatch(actor: Actor, releaseId: number): Promise<Catch[]> {
  permit(actor, "project.read");
  const rows = await db.$queryRaw<Count[]>`
    SELECT j.key AS judge, jv.number, k.key AS criterion, s.kind, v.verdict::text, count(*)::int AS n
      FROM sentinel s JOIN release r ON r.id = s.release_id AND r.project_id = ${actor.projectId}
      JOIN sentinel_verdict v ON v.sentinel_id = s.id JOIN judge_version jv ON jv.id = v.judge_version_id
      JOIN judge j ON j.id = jv.judge_id JOIN criterion k ON k.id = s.criterion_id
     WHERE s.release_id = ${releaseId} AND NOT EXISTS (SELECT 1 FROM sentinel_strike x WHERE x.sentinel_id = s.id)
     GROUP BY 1, 2, 3, 4, 5`;
  const groups = [...new Set(rows.map(({ judge, number, criterion }) => JSON.stringify([judge, number, criterion])))];
  return groups.sort().flatMap((group) => {
    const [judge, number, criterion] = JSON.parse(group) as [string, number, string];
    const own = rows.filter((row) => row.judge === judge && row.number === number && row.criterion === criterion);
    const of = (kind: Catch["kind"], among: readonly Count[]): Catch[] => {
      const judged = among.filter(({ verdict }) => verdict !== "error");
      const sum = (part: readonly Count[]) => part.reduce((total, row) => total + row.n, 0);
      const n = sum(judged);
      if (n === 0) return [];
      const caught = sum(judged.filter((row) => row.verdict === expectedOf(row.kind)));
      return [{ judge, number, criterion, kind, caught, n, errors: sum(among) - n, ...exactInterval(caught, n) }];
    };
    return [
      ...of(
        "bad",
        own.filter(({ kind }) => expectedOf(kind) === "fail"),
      ),
      ...of(
        "good ones",
        own.filter(({ kind }) => expectedOf(kind) === "pass"),
      ),
      ...kinds.flatMap((kind) =>
        of(
          kind,
          own.filter((row) => row.kind === kind),
        ),
      ),
    ];
  });
}

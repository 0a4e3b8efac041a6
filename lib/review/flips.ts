import { type Actor, personOf } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { joinInstrument } from "./instrument";
import { reviewScope } from "./queries";

/** What became of a person's blind grades once the judge's word was shown. Counts of grades; both grades stay on record. */
export type Flips = {
  /** Blind grades that differ from what the judge said, `unsure` aside. */
  differed: number;
  /** Of those, the ones changed to what the judge said. */
  flipped: number;
  /** Blind grades that agreed with the judge and were changed to the contrary. */
  away: number;
};
export type FlipRow = Flips & { reviewerId: number; reviewer: string };

/**
 * A row a reviewer, against the judge whose verdicts the release's estimate corrects.
 *
 * @param only of this reviewer alone
 */
export async function listFlips(actor: Actor, releaseId: number, only: number | null = null): Promise<FlipRow[]> {
  permit(actor, "project.read");
  await reviewScope(db, actor.projectId, releaseId);
  return db.$queryRaw<FlipRow[]>`
    WITH graded AS (
      SELECT b.reviewer_id, judge.mine AS first, coalesce(c.verdict::text, c.prefer::text) AS now, judge.said AS judge
        FROM review b
        JOIN review c ON c.release_id = b.release_id AND c.case_id = b.case_id AND c.criterion_id = b.criterion_id
             AND c.reviewer_id = b.reviewer_id AND c.run_id IS NOT DISTINCT FROM b.run_id
             AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = c.id)
        JOIN release_criterion rc ON rc.release_id = b.release_id AND rc.criterion_id = b.criterion_id
        JOIN release r ON r.id = b.release_id
        ${joinInstrument("b")}
       WHERE b.release_id = ${releaseId} AND b.blind AND b.supersedes_id IS NULL AND (${only}::int IS NULL OR b.reviewer_id = ${only})
    )
    SELECT u.id AS "reviewerId", u.name AS reviewer,
           count(*) FILTER (WHERE first <> judge)::int AS differed,
           count(*) FILTER (WHERE first <> judge AND now = judge)::int AS flipped,
           count(*) FILTER (WHERE first = judge AND now <> judge AND now <> 'unsure')::int AS away
      FROM graded JOIN app_user u ON u.id = graded.reviewer_id
     WHERE first <> 'unsure' AND judge IN ('pass', 'fail', 'baseline', 'candidate', 'tie')
     GROUP BY u.id, u.name ORDER BY u.name, u.id`;
}

/** Of the signed-in person alone. */
export async function myFlips(actor: Actor, releaseId: number): Promise<Flips> {
  const [mine] = await listFlips(actor, releaseId, personOf(actor) ?? 0);
  return { differed: mine?.differed ?? 0, flipped: mine?.flipped ?? 0, away: mine?.away ?? 0 };
}

import { Prisma } from "../db/generated/client";
import { bothOrders, runsOfRelease } from "../judges/orders";

/**
 * Joins what the judge that counts says of what a grade is about, to grades of that alias with their `release r` and
 * `release_criterion rc`: columns of the alias `judge`, `said` beside `mine`, each a verdict or a preference as text. `said` is
 * null where the judge says nothing.
 */
export function joinInstrument(alias: "rv" | "b"): Prisma.Sql {
  const [grade, caseId] = [Prisma.raw(alias), Prisma.raw(`${alias}.case_id`)];
  return Prisma.sql`
    LEFT JOIN verdict v ON v.run_id = ${grade}.run_id AND v.case_id = ${caseId} AND v.judge_version_id = rc.judge_version_id AND v.repeat = 0
    ${bothOrders(runsOfRelease, Prisma.sql`rc.judge_version_id`, caseId)}
    CROSS JOIN LATERAL (
      SELECT coalesce(${grade}.verdict::text, ${grade}.prefer::text) AS mine,
             CASE WHEN ${grade}.prefer IS NULL THEN v.verdict::text ELSE judged_preference(f.prefer, s.prefer)::text END AS said
    ) judge`;
}

/** Both say something, and not the same. An error, or a preference that went with the order, says nothing. */
export const overridesInstrument = Prisma.sql`coalesce(
  judge.mine <> 'unsure' AND judge.said IN ('pass', 'fail', 'baseline', 'candidate', 'tie') AND judge.said <> judge.mine, false)`;

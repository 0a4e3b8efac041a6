import { Prisma } from "../db/generated/client";

export type CriterionKind = "pass_fail" | "preference";

/**
 * Joins what a judge version says of both answers of a case, as columns `verdict` (text) of the aliases `b` (baseline)
 * and `k` (candidate): its verdicts, or what its preference makes of each answer (`preference_as_verdict`, and
 * `flip`·`flip` where the order decided). A judge version has one kind of criterion, so at most one of the two is there.
 */
export function joinJudged(
  [b, k]: [string, string],
  given: { baselineRun: Prisma.Sql; candidateRun: Prisma.Sql; judgeVersion: Prisma.Sql; caseId: Prisma.Sql },
): Prisma.Sql {
  const { baselineRun, candidateRun, judgeVersion, caseId } = given;
  const name = (suffix: string) => Prisma.raw(`${b}${k}_${suffix}`);
  const verdict = (alias: Prisma.Sql, run: Prisma.Sql) => Prisma.sql`
    LEFT JOIN verdict ${alias} ON ${alias}.run_id = ${run} AND ${alias}.judge_version_id = ${judgeVersion}
                             AND ${alias}.case_id = ${caseId} AND ${alias}.repeat = 0`;
  const preference = (alias: Prisma.Sql, first: Prisma.Sql, second: Prisma.Sql) => Prisma.sql`
    LEFT JOIN preference_verdict ${alias} ON ${alias}.first_run_id = ${first} AND ${alias}.second_run_id = ${second}
          AND ${alias}.judge_version_id = ${judgeVersion} AND ${alias}.case_id = ${caseId} AND ${alias}.repeat = 0`;
  const [vb, vk, pb, pk] = [name("vb"), name("vk"), name("pb"), name("pk")];
  const said = (alias: string, own: Prisma.Sql, version: string) => Prisma.sql`
    CROSS JOIN LATERAL (SELECT CASE WHEN ${pb}.prefer IS NULL AND ${pk}.prefer IS NULL THEN ${own}.verdict::text
      ELSE preference_as_verdict(judged_preference(${pb}.prefer, ${pk}.prefer), ${version}) END AS verdict) ${Prisma.raw(alias)}`;
  return Prisma.sql`${verdict(vb, baselineRun)} ${verdict(vk, candidateRun)}
    ${preference(pb, baselineRun, candidateRun)} ${preference(pk, candidateRun, baselineRun)}
    ${said(b, vb, "baseline")} ${said(k, vk, "candidate")}`;
}

/** How far the nearer of a judge's two scores of a case is from its threshold: null without scores. Needs `joinJudged` of the same aliases. */
export function marginOf([b, k]: [string, string], threshold: Prisma.Sql): Prisma.Sql {
  const score = (suffix: string) => Prisma.raw(`${b}${k}_${suffix}.score`);
  return Prisma.sql`least(abs(${score("vb")} - ${threshold}), abs(${score("vk")} - ${threshold}))`;
}

const preferences: Record<string, string> = {
  "fail>pass": "candidate",
  "pass>fail": "baseline",
  "fail>fail": "tie",
  "flip>flip": "flip",
  "error>error": "error",
  "none>none": "none",
};

/** What a judge says of a case, as strata are called: its verdict pair (baseline > candidate), or what it prefers. */
export function judgedName(kind: CriterionKind, baseline: string | null, candidate: string | null): string {
  const pair = `${baseline ?? "none"}>${candidate ?? "none"}`;
  return kind === "preference" ? (preferences[pair] ?? pair) : pair;
}

import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { notFound } from "../errors";
import { type AltTest, altTest } from "../stats/alt-test";
import { krippendorffAlpha } from "../stats/krippendorff";

/** How far people agree with each other: a judge can't be asked to agree with them more. */
export type PeopleAgreement = {
  source: "grades of this release" | "imported reviews";
  /** People with at least one label that somebody else labelled too. */
  people: number;
  /** Answers with two labels or more. */
  answers: number;
  /** Krippendorff's α; null where nothing can disagree. */
  alpha: number | null;
};

export type StandIn = {
  judge: string;
  /** Whose labels it is held against. */
  annotators: string[];
  /** Null: fewer than three annotators with thirty answers each. */
  test: AltTest | null;
};

export type People = { agreement: PeopleAgreement[]; standIns: StandIn[] };

/** Beyond this many annotators, those with the fewest labels are left out: patterns of labels grow with each. */
const annotatorLimit = 12;

/** How often one answer (or, of a preference, one case) was given each label, and how many have these counts. */
type Counted = { labels: number[]; n: number };

function agreementOf(source: PeopleAgreement["source"], rows: readonly Counted[], people: number): PeopleAgreement[] {
  const several = rows.filter(({ labels }) => labels.reduce((sum, count) => sum + count, 0) >= 2);
  const answers = several.reduce((sum, { n }) => sum + n, 0);
  if (answers === 0) return [];
  const alpha = krippendorffAlpha(several.map(({ labels, n }) => ({ labels, count: n })));
  return [{ source, people, answers, alpha }];
}

/** People's agreement with each other, and whether each judge could stand in for one of them; in counts of answers. */
export async function peopleOf(actor: Actor, input: { releaseId: number; criterionId: number }): Promise<People> {
  permit(actor, "project.read");
  const { criterionId } = input;
  const release = await db.release.findFirst({
    where: { id: input.releaseId, projectId: actor.projectId },
    select: { id: true, baselineRunId: true, candidateRunId: true },
  });
  if (!release) throw notFound("The release");
  const runs = [release.baselineRunId, release.candidateRunId];
  const grades = await db.$queryRaw<Counted[]>`
    SELECT labels, count(*)::int AS n FROM (
      SELECT ARRAY[count(*) FILTER (WHERE verdict = 'pass' OR prefer = 'candidate'), count(*) FILTER (WHERE verdict = 'fail' OR prefer = 'baseline'),
                   count(*) FILTER (WHERE prefer = 'tie')]::int[] AS labels
        FROM review rv JOIN draw d USING (release_id, case_id) WHERE release_id = ${release.id} AND criterion_id = ${criterionId}
         AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
       GROUP BY case_id, run_id) a GROUP BY 1`;
  const [graders] = await db.$queryRaw<{ n: number }[]>`
    SELECT count(DISTINCT reviewer_id)::int AS n FROM review JOIN draw d USING (release_id, case_id) WHERE release_id = ${release.id} AND criterion_id = ${criterionId}`;
  const imported = await db.$queryRaw<Counted[]>`
    SELECT labels, count(*)::int AS n FROM (
      SELECT ARRAY[count(*) FILTER (WHERE verdict = 'pass'), count(*) FILTER (WHERE verdict = 'fail'), 0]::int[] AS labels
        FROM imported_review WHERE run_id = ANY (${runs}::int[]) AND criterion_id = ${criterionId}
       GROUP BY case_id, run_id
      UNION ALL
      SELECT ARRAY[count(*) FILTER (WHERE prefer = CASE first_run_id WHEN ${runs[0]} THEN 'second' ELSE 'first' END::imported_preference_value),
                   count(*) FILTER (WHERE prefer = CASE first_run_id WHEN ${runs[0]} THEN 'first' ELSE 'second' END::imported_preference_value),
                   count(*) FILTER (WHERE prefer = 'tie')]::int[]
        FROM imported_preference
       WHERE criterion_id = ${criterionId} AND (first_run_id, second_run_id) IN ((${runs[0]}, ${runs[1]}), (${runs[1]}, ${runs[0]}))
       GROUP BY case_id, first_run_id) a GROUP BY 1`;
  const reviewers = await db.$queryRaw<{ reviewer: string }[]>`
    SELECT reviewer FROM imported_review WHERE run_id = ANY (${runs}::int[]) AND criterion_id = ${criterionId}
     GROUP BY 1 ORDER BY count(*) DESC, reviewer COLLATE "C"`;
  const [comparers] = await db.$queryRaw<{ n: number }[]>`
    SELECT count(DISTINCT reviewer)::int AS n FROM imported_preference
     WHERE criterion_id = ${criterionId} AND (first_run_id, second_run_id) IN ((${runs[0]}, ${runs[1]}), (${runs[1]}, ${runs[0]}))`;
  const annotators = reviewers.slice(0, annotatorLimit).map(({ reviewer }) => reviewer);
  return {
    agreement: [
      ...agreementOf("grades of this release", grades, graders?.n ?? 0),
      ...agreementOf("imported reviews", imported, reviewers.length + (comparers?.n ?? 0)),
    ],
    standIns: annotators.length > 0 ? await standIns(runs, criterionId, annotators) : [],
  };
}

/** Answers with the same verdict and the same labels of the same annotators are one pattern: there are few. */
async function standIns(runs: readonly number[], criterionId: number, annotators: string[]): Promise<StandIn[]> {
  const rows = await db.$queryRaw<{ judge: string; verdict: string; pattern: string; n: number }[]>`
    SELECT judge, verdict, pattern, count(*)::int AS n FROM (
      SELECT j.key || CASE WHEN jv.number > 1 THEN '@' || jv.number ELSE '' END AS judge, v.verdict::text AS verdict, ir.run_id, ir.case_id,
             string_agg(array_position(${annotators}::text[], ir.reviewer) || ir.verdict::text, ',') AS pattern
        FROM imported_review ir
        JOIN verdict v ON v.run_id = ir.run_id AND v.case_id = ir.case_id AND v.repeat = 0
        JOIN judge_version jv ON jv.id = v.judge_version_id AND jv.criterion_id = ir.criterion_id JOIN judge j ON j.id = jv.judge_id
       WHERE ir.run_id = ANY (${runs}::int[]) AND ir.criterion_id = ${criterionId} AND ir.reviewer = ANY (${annotators}::text[])
       GROUP BY 1, 2, 3, 4) a
     GROUP BY 1, 2, 3`;
  const judges = [...new Set(rows.map(({ judge }) => judge))].sort();
  return judges.map((judge) => {
    const items = rows
      .filter((row) => row.judge === judge)
      .flatMap(({ verdict, pattern, n }) => {
        const labels: (boolean | null)[] = annotators.map(() => null);
        for (const part of pattern.split(",")) {
          const [, at, label] = /^(\d+)(pass|fail|unsure)$/.exec(part) ?? [];
          if (label === "pass" || label === "fail") labels[Number(at) - 1] = label === "pass";
        }
        const item = { judge: verdict === "error" ? null : verdict === "pass", annotators: labels };
        return Array.from({ length: n }, () => item);
      });
    return { judge, annotators, test: altTest(items) };
  });
}

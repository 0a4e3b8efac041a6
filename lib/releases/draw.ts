import { Prisma } from "../db/generated/client";
import type { Tx } from "../db/transaction";
import { Random } from "../stats/random";
import { allocate, drawWithoutReplacement } from "../stats/sample";

export const mustPassStratum = "must-pass";

export type SampleStratum = {
  /** `must-pass`, or the primary judge's verdict pair, such as `pass>fail`; `none` where it said nothing. */
  stratum: string;
  population: number;
  alreadyDrawn: number;
  /** Ids of the cases not drawn yet, by case key in byte order: the order that a seed refers to. */
  remaining: number[];
};

const stratum = Prisma.sql`CASE WHEN c.must_pass THEN ${mustPassStratum}
  ELSE coalesce(vb.verdict::text, 'none') || '>' || coalesce(vc.verdict::text, 'none') END`;

/** The cases of a release: those with an output (or an error) in both runs; with the primary judge's verdicts. */
const cases = (releaseId: number) => Prisma.sql`
  release r
  JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0
  JOIN test_case c ON c.dataset_id = r.dataset_id
  JOIN output ob ON ob.run_id = r.baseline_run_id AND ob.case_id = c.id AND ob.repeat = 0
  JOIN output oc ON oc.run_id = r.candidate_run_id AND oc.case_id = c.id AND oc.repeat = 0
  LEFT JOIN verdict vb ON vb.run_id = r.baseline_run_id AND vb.judge_version_id = rc.judge_version_id
                      AND vb.case_id = c.id AND vb.repeat = 0
  LEFT JOIN verdict vc ON vc.run_id = r.candidate_run_id AND vc.judge_version_id = rc.judge_version_id
                      AND vc.case_id = c.id AND vc.repeat = 0
  LEFT JOIN draw d ON d.release_id = r.id AND d.case_id = c.id
  WHERE r.id = ${releaseId}`;

/** The strata of a release as they stand, with the cases that can still be drawn. */
export async function loadStrata(tx: Tx, releaseId: number): Promise<SampleStratum[]> {
  const rows = await tx.$queryRaw<SampleStratum[]>`
    SELECT ${stratum} AS stratum, count(*)::int AS population, count(d.case_id)::int AS "alreadyDrawn",
           coalesce(array_agg(c.id ORDER BY c.key COLLATE "C") FILTER (WHERE d.case_id IS NULL), '{}') AS remaining
      FROM ${cases(releaseId)} GROUP BY 1`;
  return rows.sort(byStratum);
}

export type StratumCount = { stratum: string; population: number; drawn: number };

/** The same strata in numbers only. */
export async function countStrata(tx: Tx, releaseId: number): Promise<StratumCount[]> {
  const rows = await tx.$queryRaw<StratumCount[]>`
    SELECT ${stratum} AS stratum, count(*)::int AS population, count(d.case_id)::int AS drawn
      FROM ${cases(releaseId)} GROUP BY 1`;
  return rows.sort(byStratum);
}

function byStratum(a: { stratum: string }, b: { stratum: string }): number {
  return a.stratum < b.stratum ? -1 : 1;
}

export type DrawnBatch = {
  /** In queue order. */
  cases: { id: number; stratum: string; probability: number }[];
  strata: { stratum: string; population: number; alreadyDrawn: number; drawn: number; probability: number }[];
};

/**
 * Whoever asks for fewer cases than two a stratum gets as many as asked for: the fullest strata give first, among equals the
 * smallest. Must-pass cases stay. A stratum left without a case has no grade, and the brief says so.
 */
function trim(sizes: Map<string, number>, strata: readonly SampleStratum[], size: number): void {
  let surplus = [...sizes.values()].reduce((sum, n) => sum + n, 0) - size;
  while (surplus > 0) {
    const [fullest] = strata
      .filter(({ stratum }) => stratum !== mustPassStratum && sizes.get(stratum)! > 0)
      .sort((a, b) => sizes.get(b.stratum)! - sizes.get(a.stratum)! || a.population - b.population);
    if (!fullest) return;
    sizes.set(fullest.stratum, sizes.get(fullest.stratum)! - 1);
    surplus--;
  }
}

/**
 * Draws a batch: every must-pass case that is left, and simple random samples within the other strata. Then one shuffle
 * gives the queue's order, so that any prefix of it is again a random sample. The same seed and strata draw the same.
 */
export function drawBatch(strata: readonly SampleStratum[], size: number, seed: string): DrawnBatch {
  const random = new Random(seed);
  const sizes = allocate(
    strata.map(({ stratum, remaining, alreadyDrawn }) => ({
      key: stratum,
      available: remaining.length,
      drawn: alreadyDrawn,
      certain: stratum === mustPassStratum,
    })),
    size,
  );
  trim(sizes, strata, size);
  const table = strata.map(({ stratum, population, alreadyDrawn, remaining }) => {
    const drawn = sizes.get(stratum) ?? 0;
    return {
      stratum,
      population,
      alreadyDrawn,
      drawn,
      probability: remaining.length > 0 ? drawn / remaining.length : 0,
    };
  });
  const cases = strata.flatMap(({ remaining }, h) => {
    const { stratum, drawn, probability } = table[h]!;
    return drawWithoutReplacement(random, remaining, drawn).map((id) => ({ id, stratum, probability }));
  });
  return { cases: random.shuffle(cases), strata: table };
}

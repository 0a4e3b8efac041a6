import { type CriterionKind, joinJudged, judgedName, marginOf } from "../calibration/judged";
import { ofRelease } from "../calibration/tally";
import { Prisma } from "../db/generated/client";
import type { Sql } from "../db/transaction";
import { Random } from "../stats/random";
import { allocate, allocateWeighted, drawWithoutReplacement } from "../stats/sample";
import type { Design } from "./schema";

export const mustPassStratum = "must-pass";

export type SampleStratum = {
  /**
   * `must-pass`, or what the primary judge says: its verdict pair, such as `pass>fail`, `none` where it said nothing; or
   * its preference: `candidate`, `baseline`, `tie`, `flip`, `error`, `none`.
   */
  stratum: string;
  slice: string | null;
  /** True where a scored judge is unsure: one of its two scores is close to its threshold (`Release.closeMargin`). */
  close: boolean;
  population: number;
  alreadyDrawn: number;
  /** Ids of the cases not drawn yet, by case key in byte order: the order that a seed refers to. */
  remaining: number[];
};

/**
 * The strata of a release as they stood before a batch, by verdict pair and slice, with the cases that could still be
 * drawn. `before` leaves out what that batch and later ones drew.
 */
export async function loadStrata(tx: Sql, releaseId: number, before = 2_147_483_647): Promise<SampleStratum[]> {
  type Row = Omit<SampleStratum, "stratum"> & {
    mustPass: boolean;
    kind: CriterionKind;
    vb: string | null;
    vc: string | null;
  };
  const found = await tx.$queryRaw<Row[]>`
    SELECT c.must_pass AS "mustPass", k.kind::text, CASE WHEN NOT c.must_pass THEN vb.verdict END AS vb,
           CASE WHEN NOT c.must_pass THEN vc.verdict END AS vc, c.slice,
           NOT c.must_pass AND coalesce(${marginOf(["vb", "vc"], Prisma.raw("jv.threshold"))} <= r.close_margin, false) AS close,
           count(*)::int AS population, count(d.case_id)::int AS "alreadyDrawn",
           coalesce(array_agg(c.id ORDER BY c.key COLLATE "C") FILTER (WHERE d.case_id IS NULL), '{}') AS remaining
      FROM release r
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0 JOIN criterion k ON k.id = rc.criterion_id
      LEFT JOIN judge_version jv ON jv.id = rc.judge_version_id
      JOIN test_case c ON c.dataset_id = r.dataset_id
      JOIN output ob ON ob.run_id = r.baseline_run_id AND ob.case_id = c.id AND ob.repeat = 0
      JOIN output oc ON oc.run_id = r.candidate_run_id AND oc.case_id = c.id AND oc.repeat = 0
      ${joinJudged(["vb", "vc"], ofRelease("rc.judge_version_id"))}
      LEFT JOIN draw d ON d.release_id = r.id AND d.case_id = c.id AND d.batch < ${before}
     WHERE r.id = ${releaseId} GROUP BY 1, 2, 3, 4, 5, 6`;
  const rows = found.map(
    ({ mustPass, kind, vb, vc, ...row }): SampleStratum => ({
      stratum: mustPass ? mustPassStratum : judgedName(kind, vb, vc),
      ...row,
    }),
  );
  const order = (row: SampleStratum) =>
    [row.stratum, row.slice === null ? 0 : 1, row.slice ?? "", row.close ? 1 : 0] as const;
  return rows.sort((a, b) => {
    const [left, right] = [order(a), order(b)];
    const at = left.findIndex((part, i) => part !== right[i]);
    return at < 0 ? 0 : left[at]! < right[at]! ? -1 : 1;
  });
}

/** One stratum of a batch as drawn: what is stored, and enough to draw it again from the seed. */
export type DrawnStratum = {
  stratum: string;
  population: number;
  alreadyDrawn: number;
  drawn: number;
  probability: number;
  /** Adaptive batches: the verdict pairs and slices that lie in it; left out: those its name says. */
  of?: { pair: string; slice: string | null; close?: true }[];
};

export type DrawnBatch = {
  /** In queue order. */
  cases: { id: number; stratum: string; probability: number }[];
  strata: DrawnStratum[];
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

type Group = { stratum: string; parts: readonly SampleStratum[] };

function sum(parts: readonly SampleStratum[], of: (part: SampleStratum) => number): number {
  return parts.reduce((total, part) => total + of(part), 0);
}

function byPair(strata: readonly SampleStratum[]): Group[] {
  const pairs = [...new Set(strata.map(({ stratum }) => stratum))];
  return pairs.map((stratum) => ({ stratum, parts: strata.filter((part) => part.stratum === stratum) }));
}

/** How many to draw from each group under a design; must-pass cases whole. */
function sizesOf(
  groups: readonly Group[],
  size: number,
  design: Design,
  weights: ReadonlyMap<string, number>,
): Map<string, number> {
  const plain = groups.map(({ stratum, parts }) => ({
    key: stratum,
    available: sum(parts, ({ remaining }) => remaining.length),
    drawn: sum(parts, ({ alreadyDrawn }) => alreadyDrawn),
    certain: stratum === mustPassStratum,
  }));
  if (design === "adaptive") return allocateWeighted(plain, size, weights);
  const sizes = allocate(plain, size);
  trim(
    sizes,
    groups.map(({ stratum, parts }) => ({ ...parts[0]!, stratum, population: sum(parts, (part) => part.population) })),
    size,
  );
  return sizes;
}

function draw(random: Random, groups: readonly Group[], sizes: ReadonlyMap<string, number>, adaptive: boolean) {
  const strata = groups.map(({ stratum, parts }): DrawnStratum => {
    const available = sum(parts, ({ remaining }) => remaining.length);
    const drawn = sizes.get(stratum) ?? 0;
    return {
      stratum,
      population: sum(parts, ({ population }) => population),
      alreadyDrawn: sum(parts, ({ alreadyDrawn }) => alreadyDrawn),
      drawn,
      probability: available > 0 ? drawn / available : 0,
      ...(adaptive && stratum !== mustPassStratum
        ? { of: parts.map(({ stratum, slice, close }) => ({ pair: stratum, slice, ...(close ? { close } : {}) })) }
        : {}),
    };
  });
  const cases = groups.flatMap(({ parts }, g) => {
    const { stratum, drawn, probability } = strata[g]!;
    const all = parts.flatMap(({ remaining }) => remaining);
    return drawWithoutReplacement(random, all, drawn).map((id) => ({ id, stratum, probability }));
  });
  return { cases, strata };
}

/** Every open case as likely as any other: one sample of them all, then counted by verdict pair. */
function drawRandom(random: Random, strata: readonly SampleStratum[], size: number): DrawnBatch {
  const certain = byPair(strata.filter(({ stratum }) => stratum === mustPassStratum));
  const open = strata.filter(({ stratum }) => stratum !== mustPassStratum);
  const mustPass = sum(
    certain.flatMap(({ parts }) => parts),
    ({ remaining }) => remaining.length,
  );
  const first = draw(random, certain, new Map([[mustPassStratum, mustPass]]), false);
  const available = sum(open, ({ remaining }) => remaining.length);
  const wanted = Math.min(available, Math.max(0, size - mustPass));
  const pairOf = new Map(open.flatMap(({ stratum, remaining }) => remaining.map((id) => [id, stratum] as const)));
  const probability = available > 0 ? wanted / available : 0;
  const drawn = drawWithoutReplacement(
    random,
    open.flatMap(({ remaining }) => remaining),
    wanted,
  ).map((id) => ({ id, stratum: pairOf.get(id)!, probability }));
  const table = byPair(open).map(({ stratum, parts }) => ({
    stratum,
    population: sum(parts, ({ population }) => population),
    alreadyDrawn: sum(parts, ({ alreadyDrawn }) => alreadyDrawn),
    drawn: drawn.filter((item) => item.stratum === stratum).length,
    probability,
  }));
  return { cases: [...first.cases, ...drawn], strata: [...first.strata, ...table] };
}

/**
 * Draws a batch: every must-pass case that is left, then the others by the design, in one random order. The same seed,
 * strata and weights draw the same.
 *
 * @param weightOf adaptive: how much likelier a case of a verdict pair and slice is than another, > 0
 */
export function drawBatch(
  strata: readonly SampleStratum[],
  size: number,
  seed: string,
  design: Design = "random",
  weightOf: (part: SampleStratum) => number = () => 1,
): DrawnBatch {
  const random = new Random(seed);
  if (design === "random") return drawRandom(random, strata, size);
  let groups = byPair(strata);
  const weights = new Map<string, number>();
  if (design === "adaptive") {
    const certain = groups.filter(({ stratum }) => stratum === mustPassStratum);
    const open = strata.filter(({ stratum }) => stratum !== mustPassStratum);
    const levels = [...new Set(open.map(weightOf))].sort((a, b) => a - b);
    groups = [
      ...certain,
      ...levels.map((level) => {
        const stratum = `weight ${level}`;
        weights.set(stratum, level);
        return { stratum, parts: open.filter((part) => weightOf(part) === level) };
      }),
    ];
  }
  return queued(random, draw(random, groups, sizesOf(groups, size, design, weights), design === "adaptive"));
}

/** Must-pass cases first: one that fails settles the release. The others in one random order. */
function queued(random: Random, { cases, strata }: DrawnBatch): DrawnBatch {
  const certain = cases.filter(({ stratum }) => stratum === mustPassStratum);
  const open = cases.filter(({ stratum }) => stratum !== mustPassStratum);
  return { cases: [...certain, ...random.shuffle(open)], strata };
}

/** Draws a stored batch again: sizes and adaptive strata are taken from the record, the cases from the seed. */
export function redraw(
  strata: readonly SampleStratum[],
  recorded: readonly DrawnStratum[],
  seed: string,
  design: Design,
): number[] {
  const random = new Random(seed);
  if (design === "random") {
    const size = recorded.reduce((total, { drawn }) => total + drawn, 0);
    return drawRandom(random, strata, size).cases.map(({ id }) => id);
  }
  const groups = recorded.map(({ stratum, of }) => ({
    stratum,
    parts: strata.filter((part) =>
      of
        ? of.some(
            ({ pair, slice, close = false }) => pair === part.stratum && slice === part.slice && close === part.close,
          )
        : part.stratum === stratum,
    ),
  }));
  const sizes = new Map(recorded.map(({ stratum, drawn }) => [stratum, drawn]));
  return queued(random, draw(random, groups, sizes, design === "adaptive")).cases.map(({ id }) => id);
}

/** What people have found so far where the judge said the same, or in one slice. */
export type Findings = { labelled: number; overridden: number };

const levels = [0.5, 1, 2, 4];

/**
 * How much likelier a case should be drawn, from what is known: the square root of how often people are expected to
 * override the judge there (Neyman's allocation for a prediction error), relative to the average, in steps of two from ½
 * to 4. Where a scored judge is close to its threshold it is taken to err four times as often. Every
 * case keeps a chance.
 */
export function adaptiveWeights(
  strata: readonly SampleStratum[],
  byPair: ReadonlyMap<string, Findings>,
  bySlice: ReadonlyMap<string, Findings>,
): (part: SampleStratum) => number {
  const open = strata.filter(({ stratum, remaining }) => stratum !== mustPassStratum && remaining.length > 0);
  // Before people say anything: a change the judge sees, or no verdict at all, is likelier wrong than no change.
  const guessed = (pair: string) => (["pass>pass", "fail>fail", "tie"].includes(pair) ? 0.15 : 0.4);
  const rateOf = (pair: string) => {
    const { labelled, overridden } = byPair.get(pair) ?? { labelled: 0, overridden: 0 };
    return (overridden + 2 * guessed(pair)) / (labelled + 2);
  };
  const all = [...bySlice.values()].reduce(
    (total, { labelled, overridden }) => ({
      labelled: total.labelled + labelled,
      overridden: total.overridden + overridden,
    }),
    { labelled: 0, overridden: 0 },
  );
  const average = (all.overridden + 0.5) / (all.labelled + 2);
  const sliceFactor = (slice: string | null) => {
    const { labelled, overridden } = bySlice.get(slice ?? "") ?? { labelled: 0, overridden: 0 };
    return (overridden + 4 * average) / (labelled + 4) / average;
  };
  const score = (part: SampleStratum) =>
    Math.sqrt(Math.min(1, rateOf(part.stratum) * sliceFactor(part.slice) * (part.close ? 4 : 1)));
  const cases = sum(open, ({ remaining }) => remaining.length);
  const mean = open.reduce((total, part) => total + score(part) * part.remaining.length, 0) / Math.max(1, cases);
  return (part) => {
    const ratio = score(part) / mean;
    return levels.reduce((best, level) =>
      Math.abs(Math.log2(level / ratio)) < Math.abs(Math.log2(best / ratio)) ? level : best,
    );
  };
}

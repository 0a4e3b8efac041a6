import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { Prisma } from "../db/generated/client";
import { notFound } from "../errors";
import { waitingIn } from "../judges/moves";
import { bothOrders } from "../judges/orders";
import { agreementBounds, type Coefficient } from "../stats/agreement-bounds";
import { type JudgeTrust, judgeTrust, type Version } from "../stats/judge-trust";
import { brierScore, calibrationError, type ScoreBin } from "../stats/reliability";
import { type Trend, trend } from "../stats/trend";
import { isLabel } from "./compute";
import { judgeSample, labelsOf, loadScope } from "./queries";

/** What else is known of a judge version: where it errs, what its errors go with, and whether it repeats itself. */

type OfRelease = { releaseId: number; criterionId: number; judgeVersionId: number };

/** Trust in one version's verdicts, κ and AC1 with the intervals of the design. */
export type Measured = JudgeTrust & { kappaInterval: Coefficient; ac1Interval: Coefficient };

export type SliceTrust = {
  slice: string;
  population: number;
  labelled: number;
  /** Per version key. */
  trust: Record<string, Measured>;
};

export type TrustBySlice = {
  whole: Record<string, Measured>;
  /** Those with a label, the most graded first. */
  slices: SliceTrust[];
  /** Slices without one, and slices beyond those shown. */
  ungraded: number;
  leftOut: number;
};

const slicesShown = 40;

/** How far a judge can be trusted in each slice, as on the whole release. Null for a judge of preferences. */
export async function trustBySlice(actor: Actor, input: OfRelease): Promise<TrustBySlice | null> {
  const { scope, kind, tally, strataOf } = await judgeSample(actor, input);
  if (kind === "preference") return null;
  const versions = { baseline: scope.baseline, candidate: scope.candidate };
  const measure = (slice?: string) => {
    const { strata, labels } = strataOf(slice);
    const trust = judgeTrust(strata, scope.level);
    const of = (version: Version): Measured => {
      const { kappa, ac1 } = agreementBounds(strata, version, scope.level);
      return { ...trust[version], kappaInterval: kappa, ac1Interval: ac1 };
    };
    return {
      labelled: labels.labelled,
      trust: { [versions.baseline]: of("baseline"), [versions.candidate]: of("candidate") },
    };
  };
  const populations = new Map<string, number>();
  for (const { slice, n } of tally) {
    if (slice !== null) populations.set(slice, (populations.get(slice) ?? 0) + n);
  }
  const counted = [...populations]
    .map(([slice, population]) => ({ slice, population, labelled: strataOf(slice).labels.labelled }))
    .sort((a, b) => b.labelled - a.labelled || (a.slice < b.slice ? -1 : 1));
  const graded = counted.filter(({ labelled }) => labelled > 0);
  return {
    whole: measure().trust,
    slices: graded.slice(0, slicesShown).map(({ slice, population }) => ({ slice, population, ...measure(slice) })),
    ungraded: counted.length - graded.length,
    leftOut: Math.max(0, graded.length - slicesShown),
  };
}

export const confusionCells = ["tp", "fp", "fn", "tn"] as const;
export type ConfusionCell = (typeof confusionCells)[number];

/** The graded cases behind one cell of a judge's confusion with people, on one version's answers. */
export async function casesOfCell(
  actor: Actor,
  { version, cell, ...input }: OfRelease & { version: Version; cell: ConfusionCell },
): Promise<number[]> {
  const { kind, rows } = await judgeSample(actor, input);
  if (kind === "preference") return [];
  const says = cell === "tp" || cell === "fp" ? "pass" : "fail";
  const label = cell === "tp" || cell === "fn" ? "pass" : "fail";
  return rows
    .filter((row) => isLabel(row.labelBaseline) && isLabel(row.labelCandidate))
    .filter((row) => (version === "baseline" ? row.jb : row.jk) === says)
    .filter((row) => (version === "baseline" ? row.labelBaseline : row.labelCandidate) === label)
    .map(({ caseId }) => caseId);
}

/** Which answers a judge version is looked at on: those of a release, or, without one, of the newest run it judged. */
type Answers = {
  judgeVersionId: number;
  threshold: number | null;
  baselineRunId: number;
  candidateRunId: number | null;
  /** Cases that this person may still be asked to grade blind. */
  waiting: number[];
  /** People's labels, `case_id`, `run_id`, `label`; null where nobody can have graded. */
  labels: Prisma.Sql | null;
  kind: "pass_fail" | "preference";
};

async function answersOf(actor: Actor, judgeVersionId: number, releaseId: number | null): Promise<Answers> {
  permit(actor, "project.read");
  const version = await db.judgeVersion.findFirst({
    where: { id: judgeVersionId, judge: { projectId: actor.projectId } },
    select: { threshold: true, criterionId: true, criterion: { select: { kind: true } } },
  });
  if (!version) throw notFound("The judge version");
  const { threshold, criterionId } = version;
  const { kind } = version.criterion;
  if (releaseId !== null) {
    const scope = await loadScope(db, actor.projectId, releaseId);
    const { baselineRunId, candidateRunId } = scope;
    const labels = Prisma.sql`SELECT case_id, run_id, label FROM (${labelsOf(scope, criterionId, kind)}) l WHERE label IN ('pass', 'fail')`;
    const waiting = await waitingIn(actor, scope.datasetId);
    return { judgeVersionId, threshold, baselineRunId, candidateRunId, waiting, labels, kind };
  }
  const none = { judgeVersionId, threshold, labels: null, kind };
  const [newest] =
    kind === "preference"
      ? await db.$queryRaw<{ a: number; b: number | null; datasetId: number }[]>`
          SELECT p.first_run_id AS a, p.second_run_id AS b, r.dataset_id AS "datasetId" FROM run_pair_judge p
            JOIN run r ON r.id = p.first_run_id WHERE p.judge_version_id = ${judgeVersionId} ORDER BY 1 DESC, 2 DESC LIMIT 1`
      : await db.$queryRaw<{ a: number; b: number | null; datasetId: number }[]>`
          SELECT r.id AS a, NULL::int AS b, r.dataset_id AS "datasetId" FROM run_judge j JOIN run r ON r.id = j.run_id
           WHERE j.judge_version_id = ${judgeVersionId} ORDER BY r.id DESC LIMIT 1`;
  if (!newest) return { ...none, baselineRunId: 0, candidateRunId: null, waiting: [] };
  const waiting = await waitingIn(actor, newest.datasetId);
  return { ...none, baselineRunId: newest.a, candidateRunId: newest.b, waiting };
}

const runsOf = ({ baselineRunId, candidateRunId }: Answers) =>
  Prisma.sql`ANY (${candidateRunId === null ? [baselineRunId] : [baselineRunId, candidateRunId]}::int[])`;

export type LengthBin = {
  /** Characters of the shortest and the longest answer; of a preference, how many more the candidate's has. */
  from: number;
  to: number;
  n: number;
  /** Passed by the judge; of a preference, the candidate's preferred. */
  k: number;
  /** Answers that people labelled, and those on which the judge says otherwise. */
  graded: number;
  wrong: number;
};

export type LengthBias = {
  kind: "pass_fail" | "preference";
  bins: LengthBin[];
  passes: Trend | null;
  errs: Trend | null;
};

/**
 * Does what the judge says go with the length of the answer, and does its error? Five groups of equal size by length
 * (equal lengths stay together), counted in the database. Null where it judged nothing.
 */
export async function lengthBias(
  actor: Actor,
  input: { judgeVersionId: number; releaseId: number | null },
): Promise<LengthBias | null> {
  const answers = await answersOf(actor, input.judgeVersionId, input.releaseId);
  const { judgeVersionId, baselineRunId, candidateRunId, waiting, labels, kind } = answers;
  // One row an answer (of a preference, a case): its length, what the judge says, and which label it would be held against.
  const judged =
    kind === "pass_fail"
      ? Prisma.sql`
          SELECT o.case_id, o.run_id, length(o.output) AS chars, v.verdict::text AS says
            FROM verdict v JOIN output o ON o.run_id = v.run_id AND o.case_id = v.case_id AND o.repeat = 0
           WHERE v.run_id = ${runsOf(answers)} AND v.judge_version_id = ${judgeVersionId} AND v.repeat = 0
             AND v.verdict <> 'error' AND o.output IS NOT NULL AND v.case_id <> ALL (${waiting}::int[])`
      : Prisma.sql`
          SELECT o.case_id, ${candidateRunId}::int AS run_id, length(p.output) - length(o.output) AS chars,
                 CASE judged_preference(f.prefer, s.prefer) WHEN 'candidate' THEN 'pass' ELSE 'fail' END AS says
            FROM output o JOIN output p ON p.run_id = ${candidateRunId} AND p.case_id = o.case_id AND p.repeat = 0
            ${bothOrders({ baselineRunId, candidateRunId: candidateRunId ?? 0 }, Prisma.sql`${judgeVersionId}`, Prisma.raw("o.case_id"))}
           WHERE o.run_id = ${baselineRunId} AND o.repeat = 0 AND o.output IS NOT NULL AND p.output IS NOT NULL
             AND judged_preference(f.prefer, s.prefer) IN ('candidate', 'baseline') AND o.case_id <> ALL (${waiting}::int[])`;
  type Row = Omit<LengthBin, "graded" | "wrong"> & { bin: number; edges: number[] };
  const rows = await db.$queryRaw<Row[]>`
    WITH judged AS MATERIALIZED (${judged}),
         edge AS (SELECT percentile_disc(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY chars) AS at FROM judged)
    SELECT width_bucket(chars - 1, edge.at) AS bin, edge.at AS edges, min(chars)::int AS "from", max(chars)::int AS "to",
           count(*)::int AS n, count(*) FILTER (WHERE says = 'pass')::int AS k
      FROM judged, edge GROUP BY 1, 2 ORDER BY 1`;
  if (rows.length === 0) return null;
  // A tie between answers is no label for either side.
  const usable =
    kind === "pass_fail"
      ? Prisma.sql`true`
      : Prisma.sql`(SELECT count(DISTINCT label) FROM label b WHERE b.case_id = l.case_id) = 2`;
  const wrong = labels
    ? await db.$queryRaw<{ bin: number; graded: number; wrong: number }[]>`
        WITH label AS MATERIALIZED (${labels}), judged AS (${judged})
        SELECT width_bucket(j.chars - 1, ${rows[0]!.edges}::int[]) AS bin, count(*)::int AS graded,
               count(*) FILTER (WHERE l.label <> j.says)::int AS wrong
          FROM label l JOIN judged j ON j.case_id = l.case_id AND j.run_id = l.run_id WHERE ${usable} GROUP BY 1`
    : [];
  const bins = rows.map(({ bin, edges: _edges, ...row }) => {
    const found = wrong.find((one) => one.bin === bin);
    return { ...row, graded: found?.graded ?? 0, wrong: found?.wrong ?? 0 };
  });
  return {
    kind,
    bins,
    passes: trend(bins),
    errs: trend(bins.map(({ graded, wrong }) => ({ k: wrong, n: graded }))),
  };
}

export type Reliability = {
  /** Graded answers that have a score. Empty: none. */
  bins: (ScoreBin & { from: number; to: number })[];
  n: number;
  /** At or above the threshold, and below it; null without a threshold. */
  threshold: { value: number; above: { n: number; passes: number }; below: { n: number; passes: number } } | null;
  /** Where all scores lie in [0, 1] and so can be read as chances. */
  error: number | null;
  brier: number | null;
};

/** People's pass share against the judge's score. `missing` says what there is none of. */
export async function reliability(
  actor: Actor,
  input: { judgeVersionId: number; releaseId: number | null },
): Promise<{ missing: "scores" | "grades" } | Reliability> {
  const answers = await answersOf(actor, input.judgeVersionId, input.releaseId);
  const { judgeVersionId, threshold, waiting, labels, kind } = answers;
  if (kind === "preference") return { missing: "scores" };
  const [scored] = await db.$queryRaw<{ any: boolean }[]>`
    SELECT EXISTS (SELECT 1 FROM (SELECT score FROM verdict WHERE run_id = ${runsOf(answers)} AND judge_version_id = ${judgeVersionId}
                                     AND repeat = 0 LIMIT 1000) v WHERE score IS NOT NULL) AS any`;
  if (!scored?.any) return { missing: "scores" };
  if (!labels) return { missing: "grades" };
  type Row = ScoreBin & {
    from: number;
    to: number;
    squares: number;
    above: number;
    abovePasses: number;
    chances: boolean;
  };
  const rows = await db.$queryRaw<Row[]>`
    WITH label AS MATERIALIZED (${labels}), graded AS MATERIALIZED (
      SELECT v.score, (l.label = 'pass')::int AS pass
        FROM label l JOIN verdict v ON v.run_id = l.run_id AND v.case_id = l.case_id AND v.judge_version_id = ${judgeVersionId} AND v.repeat = 0
       WHERE v.score IS NOT NULL AND v.verdict <> 'error' AND l.case_id <> ALL (${waiting}::int[])
    ), span AS (
      SELECT min(score) >= 0 AND max(score) <= 1 AS chances, CASE WHEN min(score) >= 0 AND max(score) <= 1 THEN 0 ELSE min(score) END AS low,
             CASE WHEN min(score) >= 0 AND max(score) <= 1 THEN 1 ELSE max(score) END AS high FROM graded
    )
    SELECT least(9, CASE WHEN high > low THEN floor((score - low) / (high - low) * 10) ELSE 0 END)::int AS bin, chances,
           count(*)::int AS n, sum(pass)::int AS passes, avg(score) AS "meanScore", min(score) AS "from", max(score) AS "to",
           sum((score - pass) ^ 2) AS squares, count(*) FILTER (WHERE score >= ${threshold}::float8)::int AS above,
           coalesce(sum(pass) FILTER (WHERE score >= ${threshold}::float8), 0)::int AS "abovePasses"
      FROM graded, span GROUP BY 1, 2 ORDER BY 1`;
  if (rows.length === 0) return { missing: "grades" };
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [n, passes] = [sum((row) => row.n), sum((row) => row.passes)];
  const above = { n: sum((row) => row.above), passes: sum((row) => row.abovePasses) };
  const { chances } = rows[0]!;
  return {
    bins: rows.map(({ n, passes, meanScore, from, to }) => ({ n, passes, meanScore, from, to })),
    n,
    threshold:
      threshold === null ? null : { value: threshold, above, below: { n: n - above.n, passes: passes - above.passes } },
    error: chances ? calibrationError(rows) : null,
    brier: chances
      ? brierScore(
          sum((row) => row.squares),
          n,
        )
      : null,
  };
}

/** Answers that the judge judged several times, and on how many of them it contradicts itself. */
export type Repeats = { answers: number; differ: number; judgings: number };

/** Null where nothing was judged again in the same run. */
export async function repeats(
  actor: Actor,
  input: { judgeVersionId: number; releaseId: number | null },
): Promise<Repeats | null> {
  const answers = await answersOf(actor, input.judgeVersionId, input.releaseId);
  const { judgeVersionId, waiting } = answers;
  const [row] = await db.$queryRaw<Repeats[]>`
    WITH again AS (
      SELECT DISTINCT run_id, case_id FROM verdict WHERE run_id = ${runsOf(answers)} AND judge_version_id = ${judgeVersionId} AND repeat > 0
    ), answer AS (
      SELECT count(*) AS judgings, count(DISTINCT v.verdict) > 1 AS differ
        FROM again JOIN verdict v USING (run_id, case_id)
       WHERE v.judge_version_id = ${judgeVersionId} AND v.verdict <> 'error' AND case_id <> ALL (${waiting}::int[])
         -- Another answer of the same case is no repeat.
         AND NOT EXISTS (SELECT 1 FROM output o WHERE o.run_id = v.run_id AND o.case_id = v.case_id AND o.repeat = v.repeat AND v.repeat > 0)
       GROUP BY run_id, case_id HAVING count(*) > 1
    )
    SELECT count(*)::int AS answers, count(*) FILTER (WHERE differ)::int AS differ, coalesce(sum(judgings), 0)::int AS judgings FROM answer`;
  return row && row.answers > 0 ? row : null;
}

/** Of the cases that a pairwise judge saw in both orders: how often the order decided, and for which place. */
export type PositionFlips = { both: number; flips: number; first: number; second: number };

/** Null for a judge of single answers. */
export async function positionFlips(
  actor: Actor,
  input: { judgeVersionId: number; releaseId: number | null },
): Promise<PositionFlips | null> {
  const { judgeVersionId, baselineRunId, candidateRunId, waiting, kind } = await answersOf(
    actor,
    input.judgeVersionId,
    input.releaseId,
  );
  if (kind !== "preference" || candidateRunId === null) return null;
  const [row] = await db.$queryRaw<PositionFlips[]>`
    SELECT count(*)::int AS both, count(*) FILTER (WHERE judged_preference(f.prefer, s.prefer) = 'flip')::int AS flips,
           count(*) FILTER (WHERE f.prefer = 'first' AND s.prefer = 'first')::int AS first,
           count(*) FILTER (WHERE f.prefer = 'second' AND s.prefer = 'second')::int AS second
      FROM preference_verdict f JOIN preference_verdict s
        ON s.first_run_id = f.second_run_id AND s.second_run_id = f.first_run_id AND s.judge_version_id = f.judge_version_id
           AND s.case_id = f.case_id AND s.repeat = 0
     WHERE f.first_run_id = ${baselineRunId} AND f.second_run_id = ${candidateRunId} AND f.judge_version_id = ${judgeVersionId}
       AND f.repeat = 0 AND f.prefer <> 'error' AND s.prefer <> 'error' AND f.case_id <> ALL (${waiting}::int[])`;
  return row ?? null;
}

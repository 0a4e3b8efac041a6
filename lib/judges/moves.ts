import { z } from "zod";
import { type Actor, personOf } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db, pool } from "../db/client";
import { quickReads } from "../db/transaction";
import { Fault, notFound } from "../errors";
import { type Judging, listJudgings, watch } from "../runs/rejudging";
import { exactMcNemar, type Monitor, type Rejudged, wilsonInterval } from "../stats/sequential";
import { standingOf } from "./standing";

/** Judge moved or product moved? The same cases, judged at two times by the same judge. */

const pageSize = 50;
const shownJudgings = 200;
const shownSlices = 30;

const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
/** A judging: the run, and which version of the judge, as in `12.1`. */
const reference = z.string().regex(/^[1-9]\d{0,8}\.[1-9]\d{0,5}$/);

/** Everything in the page's address. What does not parse is ignored, as if it were not there. */
export const movesFilterSchema = z.object({
  from: maybe(reference),
  to: maybe(reference),
  answers: maybe(z.enum(["same", "other"])),
  change: maybe(z.enum(["pass>fail", "fail>pass", "error"])),
  slice: maybe(z.string().max(500)),
  after: maybe(z.coerce.number().int().min(1).max(2_147_483_647)),
});
export type MovesFilter = z.infer<typeof movesFilterSchema>;

/** One run judged by one version of the judge. */
export type JudgedRun = {
  /** `<run>.<number of the judge version>` */
  ref: string;
  runId: number;
  judgeVersionId: number;
  judgeVersion: number;
  datasetId: number;
  dataset: string;
  prompt: string;
  version: string;
  at: Date;
};

export type Table = Rejudged & { error: number };

export type Moves = Table & {
  /** Answers with a verdict, pass or fail, both times. */
  n: number;
  flips: number;
  rate: { low: number; high: number } | null;
  /** McNemar's exact test of the changes' direction. */
  p: number;
};

export type Comparison = {
  from: JudgedRun;
  to: JudgedRun;
  /** Answers that are byte for byte the same, and answers that are not. */
  same: Moves;
  other: Moves;
  /** Judged both times, but one of the runs has an error in place of an answer. */
  unanswered: number;
  /** Of the same answers: where the verdicts changed most. */
  slices: (Moves & { slice: string })[];
  /** Cases that wait for this person's blind grade: in the totals, in nothing else. */
  hidden: number;
};

export type JudgeWatch = {
  judgeVersionId: number;
  number: number;
  judgings: Judging[];
  monitor: Monitor;
};

export async function findJudge(actor: Actor, id: number): Promise<{ id: number; key: string }> {
  permit(actor, "project.read");
  const judge = await db.judge.findFirst({
    where: { id, projectId: actor.projectId },
    select: { id: true, key: true },
  });
  if (!judge) throw notFound("The judge");
  return judge;
}

/** Runs that the judge has judged, newest first. */
export async function listJudgedRuns(actor: Actor, judgeId: number): Promise<JudgedRun[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<JudgedRun>(
    `SELECT r.id || '.' || jv.number AS ref, r.id AS "runId", jv.id AS "judgeVersionId", jv.number AS "judgeVersion",
            d.id AS "datasetId", d.name AS dataset, p.name AS prompt, v.key AS version, r.created_at AS at
       FROM judge j JOIN judge_version jv ON jv.judge_id = j.id JOIN run_judge rj ON rj.judge_version_id = jv.id
       JOIN run r ON r.id = rj.run_id JOIN dataset d ON d.id = r.dataset_id
       JOIN prompt_version v ON v.id = r.version_id JOIN prompt p ON p.id = v.prompt_id
      WHERE j.id = $1 AND j.project_id = $2
      ORDER BY r.id DESC, jv.number DESC LIMIT ${shownJudgings}`,
    [judgeId, actor.projectId],
  );
  return rows;
}

/** The two to compare: as asked, else the newest judging and the one before, of the same prompt version if there is one. */
export function choosePair(
  judged: readonly JudgedRun[],
  { from, to }: Pick<MovesFilter, "from" | "to">,
): { from: JudgedRun; to: JudgedRun } | null {
  const find = (ref: string) => {
    const found = judged.find((run) => run.ref === ref);
    if (!found) throw notFound("The judging");
    return found;
  };
  const before = (later: JudgedRun) => {
    const earlier = judged.slice(judged.indexOf(later) + 1).filter(({ datasetId }) => datasetId === later.datasetId);
    return earlier.find(({ prompt, version }) => prompt === later.prompt && version === later.version) ?? earlier[0];
  };
  const later = to ? find(to) : judged.find((run) => before(run));
  const earlier = from ? find(from) : later && before(later);
  if (!later || !earlier) return null;
  if (later.datasetId !== earlier.datasetId)
    throw new Fault("invalid", "These two runs answer different datasets, so there is nothing to compare.", {
      field: "from",
    });
  return { from: earlier, to: later };
}

/**
 * Cases of a dataset that this person may still be asked to grade blind (docs/decisions/0004). Asked by dataset, not by
 * run: another run may hold the very same answer, and its verdict here.
 */
export async function waitingIn(actor: Actor, datasetId: number): Promise<number[]> {
  const person = personOf(actor);
  if (person === null || !may(actor, "review.grade")) return [];
  const rows = await quickReads.$queryRaw<{ id: number }[]>`
    WITH open AS (
      SELECT r.id, p.reviewers_per_case AS asked
        FROM release r JOIN policy p ON p.id = r.policy_id
       WHERE r.project_id = ${actor.projectId} AND r.dataset_id = ${datasetId} AND r.state IN ('grading', 'ready')
    ), ${standingOf(person)}
    SELECT DISTINCT d.case_id AS id
      FROM open JOIN queue_case d ON d.release_id = open.id
      LEFT JOIN graded g USING (release_id, case_id)
      LEFT JOIN returned b USING (release_id, case_id)
      LEFT JOIN disputed x USING (release_id, case_id)
     WHERE d.chosen_by_id IS DISTINCT FROM ${person} AND NOT coalesce(g.mine, false)
       AND (coalesce(g.graders, 0) < open.asked + coalesce(b.times, 0) OR x.release_id IS NOT NULL)`;
  return rows.map(({ id }) => id);
}

// $1, $2: run and judge version of the earlier judging; $3, $4: of the later one.
const bothJudged = `output oa
  JOIN output ob ON ob.run_id = $3 AND ob.case_id = oa.case_id AND ob.repeat = 0
  JOIN verdict va ON va.run_id = $1 AND va.judge_version_id = $2 AND va.case_id = oa.case_id AND va.repeat = 0
  JOIN verdict vb ON vb.run_id = $3 AND vb.judge_version_id = $4 AND vb.case_id = oa.case_id AND vb.repeat = 0
  JOIN test_case c ON c.id = oa.case_id`;
const isSame = "oa.output = ob.output AND oa.output_is_json = ob.output_is_json";

const ofPair = ({ from, to }: { from: JudgedRun; to: JudgedRun }) => [
  from.runId,
  from.judgeVersionId,
  to.runId,
  to.judgeVersionId,
];

type Cell = { same: boolean | null; before: string; after: string; n: number };

/** Counts cells into a table. Whatever has an error on a side is an error. */
export function tableOf(cells: readonly Omit<Cell, "same">[]): Moves {
  const count = (before: string, after: string) =>
    cells.reduce((sum, cell) => sum + (cell.before === before && cell.after === after ? cell.n : 0), 0);
  const table = {
    passPass: count("pass", "pass"),
    passFail: count("pass", "fail"),
    failPass: count("fail", "pass"),
    failFail: count("fail", "fail"),
  };
  const n = table.passPass + table.passFail + table.failPass + table.failFail;
  return movesOf({ ...table, error: cells.reduce((sum, cell) => sum + cell.n, 0) - n });
}

export function movesOf(table: Table): Moves {
  const flips = table.passFail + table.failPass;
  const n = table.passPass + flips + table.failFail;
  return { ...table, n, flips, rate: wilsonInterval(flips, n), p: exactMcNemar(table.passFail, table.failPass) };
}

/** Whether a flip rate lies above what is put up with, within it, or may be either; null without answers to tell by. */
export function standing({ rate }: Pick<Moves, "rate">, tolerance: number): "moved" | "steady" | "open" | null {
  if (rate === null) return null;
  if (rate.low > tolerance) return "moved";
  return rate.high <= tolerance ? "steady" : "open";
}

/** The two tables of a pair of judgings: one pass over the rows of both runs, in the database. */
export async function compareJudgings(actor: Actor, pair: { from: JudgedRun; to: JudgedRun }): Promise<Comparison> {
  permit(actor, "project.read");
  const waiting = await waitingIn(actor, pair.to.datasetId);
  const { rows } = await pool().query<{
    cells: Cell[];
    slices: { slice: string; cells: Omit<Cell, "same">[] }[];
    hidden: number;
  }>(
    `WITH cell AS MATERIALIZED (
       SELECT coalesce(c.slice, '') AS slice, c.id = ANY ($5::int[]) AS hidden, ${isSame} AS same,
              va.verdict AS before, vb.verdict AS after, count(*)::int AS n
         FROM ${bothJudged} WHERE oa.run_id = $1 AND oa.repeat = 0
        GROUP BY 1, 2, 3, 4, 5
     ), total AS (
       SELECT same, before, after, sum(n)::int AS n FROM cell GROUP BY 1, 2, 3
     ), part AS (
       SELECT slice, before, after, sum(n)::int AS n FROM cell WHERE same AND NOT hidden GROUP BY 1, 2, 3
     ), most AS (
       SELECT slice, coalesce(sum(n) FILTER (WHERE before <> after AND before <> 'error' AND after <> 'error'), 0) AS flips
         FROM part GROUP BY 1 ORDER BY flips DESC, slice LIMIT ${shownSlices}
     )
     SELECT (SELECT coalesce(json_agg(total), '[]') FROM total) AS cells,
            (SELECT coalesce(sum(n), 0)::int FROM cell WHERE hidden) AS hidden,
            (SELECT coalesce(json_agg(json_build_object('slice', m.slice, 'cells',
                      (SELECT json_agg(part) FROM part WHERE part.slice = m.slice)) ORDER BY m.flips DESC, m.slice), '[]')
               FROM most m) AS slices`,
    [...ofPair(pair), waiting],
  );
  const { cells, slices, hidden } = rows[0]!;
  return {
    ...pair,
    same: tableOf(cells.filter(({ same }) => same === true)),
    other: tableOf(cells.filter(({ same }) => same === false)),
    unanswered: cells.reduce((sum, { same, n }) => sum + (same === null ? n : 0), 0),
    slices: slices.map(({ slice, cells: own }) => ({ slice, ...tableOf(own) })),
    hidden,
  };
}

export type MovedCase = {
  caseId: number;
  case: string;
  slice: string | null;
  before: string;
  after: string;
  /** The answer, and the earlier one where it is another; their beginnings. */
  output: string;
  earlierOutput: string | null;
  rationaleBefore: string | null;
  rationaleAfter: string | null;
};

/** The cases whose verdict changed, in the order of the dataset; none that waits for this person's blind grade. */
export async function listMovedCases(
  actor: Actor,
  pair: { from: JudgedRun; to: JudgedRun },
  { answers = "same", change, slice, after }: Pick<MovesFilter, "answers" | "change" | "slice" | "after">,
): Promise<{ rows: MovedCase[]; next: number | null }> {
  permit(actor, "project.read");
  const waiting = await waitingIn(actor, pair.to.datasetId);
  const changed = {
    "pass>fail": "va.verdict = 'pass' AND vb.verdict = 'fail'",
    "fail>pass": "va.verdict = 'fail' AND vb.verdict = 'pass'",
    error: "va.verdict <> vb.verdict AND (va.verdict = 'error' OR vb.verdict = 'error')",
  };
  const { rows } = await pool().query<MovedCase>(
    `SELECT c.id AS "caseId", c.key AS case, c.slice, va.verdict AS before, vb.verdict AS after, left(ob.output, 2000) AS output,
            CASE WHEN ${isSame} THEN NULL ELSE left(oa.output, 2000) END AS "earlierOutput",
            left(va.rationale, 1000) AS "rationaleBefore", left(vb.rationale, 1000) AS "rationaleAfter"
       FROM ${bothJudged}
      WHERE oa.run_id = $1 AND oa.repeat = 0 AND ${answers === "same" ? isSame : `NOT (${isSame})`}
        AND ${change ? changed[change] : "va.verdict <> vb.verdict AND va.verdict <> 'error' AND vb.verdict <> 'error'"}
        AND ($5::text IS NULL OR coalesce(c.slice, '') = $5) AND oa.case_id > $6 AND NOT c.id = ANY ($7::int[])
      ORDER BY oa.case_id LIMIT ${pageSize + 1}`,
    [...ofPair(pair), slice ?? null, after ?? 0, waiting],
  );
  const shown = rows.slice(0, pageSize);
  return { rows: shown, next: rows.length > pageSize ? shown.at(-1)!.caseId : null };
}

/** What the sequential test says of every version of a judge that judged an answer again; newest version first. */
export async function watchVersions(actor: Actor, judgeId: number): Promise<JudgeWatch[]> {
  const judge = await findJudge(actor, judgeId);
  const versions = await db.judgeVersion.findMany({
    where: { judgeId: judge.id },
    select: { id: true, number: true },
    orderBy: { number: "desc" },
  });
  const judgings = await listJudgings(
    db,
    versions.map(({ id }) => id),
  );
  return versions.flatMap(({ id, number }) => {
    const own = judgings.filter(({ judgeVersionId }) => judgeVersionId === id);
    return own.length === 0 ? [] : [{ judgeVersionId: id, number, judgings: own, monitor: watch(own) }];
  });
}

export type MovedJudge = {
  judgeId: number;
  judge: string;
  version: number;
  since: Date;
  same: Moves;
  monitor: Monitor;
  /** Who has seen it, and what they say. */
  acknowledged: { by: string; reason: string; at: Date } | null;
};

/** Judges of the project whose newest version has moved. A version that was replaced is of the past. */
export async function listMovedJudges(actor: Actor): Promise<MovedJudge[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<{ judgeId: number; judge: string; id: number; version: number }>(
    `SELECT DISTINCT ON (j.id) j.id AS "judgeId", j.key AS judge, v.id, v.number AS version
       FROM judge j JOIN judge_version v ON v.judge_id = j.id WHERE j.project_id = $1 ORDER BY j.id, v.number DESC`,
    [actor.projectId],
  );
  const ids = rows.map(({ id }) => id);
  const judgings = await listJudgings(db, ids);
  const acknowledged = await db.alarmAcknowledgement.findMany({ where: { judgeVersionId: { in: ids } } });
  return rows.flatMap(({ id, ...judge }) => {
    const own = judgings.filter(({ judgeVersionId }) => judgeVersionId === id);
    const monitor = watch(own);
    if (!monitor.alarm) return [];
    const seen = acknowledged.find(({ judgeVersionId }) => judgeVersionId === id);
    return [
      {
        ...judge,
        since: own[monitor.alarm.at]!.at,
        same: movesOf(sumOf(own)),
        monitor,
        acknowledged: seen ? { by: seen.acknowledgedBy, reason: seen.reason, at: seen.acknowledgedAt } : null,
      },
    ];
  });
}

export function sumOf(tables: readonly Table[]): Table {
  const sum = (of: keyof Table) => tables.reduce((all, table) => all + table[of], 0);
  return {
    passPass: sum("passPass"),
    passFail: sum("passFail"),
    failPass: sum("failPass"),
    failFail: sum("failFail"),
    error: sum("error"),
  };
}

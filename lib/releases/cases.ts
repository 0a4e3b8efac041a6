import { z } from "zod";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { type ConfusionCell, casesOfCell } from "../calibration/measures";
import { pool } from "../db/client";
import { Fault, notFound } from "../errors";
import { waitingCases } from "../review/queries";

/** The Cases table of a release: both runs side by side, one judge, one criterion. Pages by keyset, 50 rows. */

export const flips = ["better", "worse", "same", "error"] as const;
export type Flip = (typeof flips)[number];
export const caseSorts = ["given", "case", "-case", "slice", "worst"] as const;
const pageSize = 50;

const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** Everything in the URL of the Cases tab. What does not parse is ignored, as if it were not there. */
export const caseFilterSchema = z.object({
  criterion: maybe(z.string().max(200)),
  judge: maybe(z.string().max(200)),
  flip: maybe(z.enum(flips)),
  slice: maybe(z.string().max(500)),
  tag: maybe(z.string().max(500)),
  mustPass: maybe(z.enum(["yes"])),
  reviewed: maybe(z.enum(["yes", "no"])),
  override: maybe(z.enum(["yes"])),
  /** One cell of a judge against people: `<judge version>.<baseline|candidate>.<tp|fp|fn|tn>`. */
  cell: maybe(z.string().regex(/^[1-9]\d{0,8}\.(baseline|candidate)\.(tp|fp|fn|tn)$/)),
  q: maybe(z.string().trim().max(200)),
  sort: maybe(z.enum(caseSorts)),
  after: maybe(z.string().max(400)),
  before: maybe(z.string().max(400)),
});
export type CaseFilter = z.infer<typeof caseFilterSchema>;

export type Side = { output: string | null; error: string | null; verdict: string | null; people: string[] };
/** A pairwise judge's preference (`candidate`, `baseline`, `tie`, `flip`, `error`) and people's. */
export type Prefers = { judge: string | null; people: string[] };
export type CaseRow = {
  id: number;
  key: string;
  slice: string | null;
  tags: string[];
  mustPass: boolean;
  input: string;
  drawn: boolean;
  /** Waits in this person's queue: outputs and verdicts stay hidden until the grade is stored. */
  hidden: boolean;
  flip: Flip | null;
  override: boolean;
  baseline: Side;
  candidate: Side;
  /** On a preference criterion, in place of the sides' verdicts and grades; null on others. */
  prefers: Prefers | null;
};

type Scope = {
  releaseId: number;
  datasetId: number;
  baselineRunId: number;
  candidateRunId: number;
  criteria: { id: number; key: string; kind: "pass_fail" | "preference"; judgeVersionId: number | null }[];
  judges: { id: number; key: string; number: number; criterionId: number }[];
};

async function loadScope(actor: Actor, releaseId: number): Promise<Scope> {
  permit(actor, "project.read");
  const { rows } = await pool().query(
    `SELECT r.id AS "releaseId", r.dataset_id AS "datasetId", r.baseline_run_id AS "baselineRunId",
            r.candidate_run_id AS "candidateRunId",
            (SELECT json_agg(json_build_object('id', c.id, 'key', c.key, 'kind', c.kind, 'judgeVersionId', rc.judge_version_id) ORDER BY rc.position)
               FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id WHERE rc.release_id = r.id) AS criteria,
            (SELECT coalesce(json_agg(json_build_object('id', jv.id, 'key', j.key, 'number', jv.number, 'criterionId', jv.criterion_id) ORDER BY jv.id), '[]')
               FROM judge_version jv JOIN judge j ON j.id = jv.judge_id
              WHERE EXISTS (SELECT 1 FROM run_judge x WHERE x.judge_version_id = jv.id AND x.run_id IN (r.baseline_run_id, r.candidate_run_id))
                 OR EXISTS (SELECT 1 FROM run_pair_judge x WHERE x.judge_version_id = jv.id AND (x.first_run_id, x.second_run_id)
                              IN ((r.baseline_run_id, r.candidate_run_id), (r.candidate_run_id, r.baseline_run_id)))) AS judges
       FROM release r
      WHERE r.id = $1 AND r.project_id = $2`,
    [releaseId, actor.projectId],
  );
  const scope = rows[0] as (Omit<Scope, "criteria"> & { criteria: Scope["criteria"] | null }) | undefined;
  if (!scope) throw notFound("The release");
  return { ...scope, criteria: scope.criteria ?? [] };
}

/** Builds a WHERE clause with numbered parameters. */
class Query {
  readonly values: unknown[] = [];
  readonly conditions: string[] = [];
  value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
  and(condition: string): void {
    this.conditions.push(condition);
  }
}

const delta = `CASE WHEN vb.verdict IN ('pass', 'fail') AND vc.verdict IN ('pass', 'fail')
  THEN (vc.verdict = 'pass')::int - (vb.verdict = 'pass')::int END`;

const flipCondition: Record<Flip, string> = {
  better: "vb.verdict = 'fail' AND vc.verdict = 'pass'",
  worse: "vb.verdict = 'pass' AND vc.verdict = 'fail'",
  same: "vb.verdict = vc.verdict AND vb.verdict IN ('pass', 'fail')",
  error: "NOT coalesce(vb.verdict IN ('pass', 'fail') AND vc.verdict IN ('pass', 'fail'), false)",
};

/** True for cases that this person may still be asked to grade blind. */
async function hiddenExpression(query: Query, scope: Scope, actor: Actor): Promise<string> {
  const waiting = await waitingCases(actor, scope.releaseId);
  return waiting.length === 0 ? "false" : `(c.id = ANY (${query.value(waiting.map(({ id }) => id))}::int[]))`;
}

const sortKeys = {
  given: { key: "c.id", type: "int", down: false },
  case: { key: "c.key", type: "text", down: false },
  "-case": { key: "c.key", type: "text", down: true },
  slice: { key: "coalesce(c.slice, '')", type: "text", down: false },
  worst: { key: `coalesce(${delta}, 2)`, type: "int", down: false },
} as const;

function readCursor(text: string): [string | number, number] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return z.tuple([z.union([z.string(), z.number()]), z.int()]).parse(value);
  } catch {
    throw new Fault("invalid", "This page link is damaged. Start again from the first page.", { field: "after" });
  }
}

function writeCursor(row: { sortKey: string | number; id: number } | undefined): string | null {
  return row ? Buffer.from(JSON.stringify([row.sortKey, row.id])).toString("base64url") : null;
}

type Found = CaseRow & { sortKey: string | number };

export type CasePage = {
  rows: CaseRow[];
  next: string | null;
  previous: string | null;
  criterion: string | null;
  judge: string | null;
  criteria: string[];
  judges: string[];
  slices: { slice: string; count: number }[];
};

function readCell(text: string) {
  const [id, version, cell] = text.split(".");
  return { judgeVersionId: Number(id), version: version as "baseline" | "candidate", cell: cell as ConfusionCell };
}

function choose(scope: Scope, filter: Pick<CaseFilter, "criterion" | "judge" | "cell">) {
  const criterion = scope.criteria.find(({ key }) => key === filter.criterion) ?? scope.criteria[0] ?? null;
  const judges = scope.judges.filter(({ criterionId }) => criterionId === criterion?.id);
  const judge =
    judges.find(({ id }) => filter.cell && id === readCell(filter.cell).judgeVersionId) ??
    judges.find(({ key }) => key === filter.judge) ??
    judges.find(({ id }) => id === criterion?.judgeVersionId) ??
    null;
  return { criterion, judges, judge };
}

export async function listCases(actor: Actor, releaseId: number, filter: CaseFilter): Promise<CasePage> {
  const scope = await loadScope(actor, releaseId);
  const { criterion, judges, judge } = choose(scope, filter);
  const query = new Query();
  const [baseline, candidate] = [query.value(scope.baselineRunId), query.value(scope.candidateRunId)];
  const [judgeId, criterionId] = [query.value(judge?.id ?? 0), query.value(criterion?.id ?? 0)];
  const release = query.value(releaseId);
  const hidden = await hiddenExpression(query, scope, actor);
  query.and(`c.dataset_id = ${query.value(scope.datasetId)}`);

  const currentReview = `rv.release_id = ${release} AND rv.case_id = c.id AND rv.criterion_id = ${criterionId}
    AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)`;
  const isPreference = criterion?.kind === "preference";
  // What the judge says, as `vb` and `vc`; a preference as what it makes of each answer (`preference_as_verdict`).
  const order = (alias: string, first: string, second: string) =>
    `LEFT JOIN preference_verdict ${alias} ON ${alias}.first_run_id = ${first} AND ${alias}.second_run_id = ${second}
          AND ${alias}.judge_version_id = ${judgeId} AND ${alias}.case_id = c.id AND ${alias}.repeat = 0`;
  const preferred = "judged_preference(pb.prefer, pc.prefer)";
  const judged = isPreference
    ? `${order("pb", baseline, candidate)} ${order("pc", candidate, baseline)}
         CROSS JOIN LATERAL (SELECT preference_as_verdict(${preferred}, 'baseline') AS verdict) vb
         CROSS JOIN LATERAL (SELECT preference_as_verdict(${preferred}, 'candidate') AS verdict) vc`
    : `LEFT JOIN verdict vb ON vb.run_id = ${baseline} AND vb.judge_version_id = ${judgeId} AND vb.case_id = c.id AND vb.repeat = 0
         LEFT JOIN verdict vc ON vc.run_id = ${candidate} AND vc.judge_version_id = ${judgeId} AND vc.case_id = c.id AND vc.repeat = 0`;
  const override = isPreference
    ? `EXISTS (SELECT 1 FROM review rv WHERE ${currentReview} AND rv.prefer <> 'unsure'
         AND ${preferred} IN ('baseline', 'candidate', 'tie') AND rv.prefer::text <> ${preferred})`
    : `EXISTS (SELECT 1 FROM review rv WHERE ${currentReview} AND rv.verdict IN ('pass', 'fail')
    AND rv.verdict::text <> CASE rv.run_id WHEN ${baseline} THEN vb.verdict::text ELSE vc.verdict::text END
    AND CASE rv.run_id WHEN ${baseline} THEN vb.verdict::text ELSE vc.verdict::text END IN ('pass', 'fail'))`;
  // A hidden case must not show up, or stay away, because of its verdict.
  if (filter.flip) query.and(`(${flipCondition[filter.flip]}) AND NOT ${hidden}`);
  if (filter.slice !== undefined) query.and(`coalesce(c.slice, '') = ${query.value(filter.slice)}`);
  if (filter.tag) query.and(`${query.value(filter.tag)} = ANY (c.tags)`);
  if (filter.mustPass) query.and("c.must_pass");
  if (filter.reviewed) {
    query.and(`${filter.reviewed === "no" ? "NOT " : ""}EXISTS (SELECT 1 FROM review rv WHERE ${currentReview})`);
  }
  if (filter.override) query.and(`${override} AND NOT ${hidden}`);
  if (filter.cell) {
    const cell = readCell(filter.cell);
    const of =
      criterion && judge?.id === cell.judgeVersionId ? { releaseId, criterionId: criterion.id, ...cell } : null;
    const found = of ? await casesOfCell(actor, of) : [];
    query.and(`c.id = ANY (${query.value(found)}::int[]) AND NOT ${hidden}`);
  }
  if (filter.q) {
    const pattern = query.value(`%${filter.q.replace(/[\\%_]/g, "\\$&")}%`);
    query.and(
      `(c.key ILIKE ${pattern} OR c.input ILIKE ${pattern} OR (NOT ${hidden} AND (ob.output ILIKE ${pattern} OR oc.output ILIKE ${pattern})))`,
    );
  }

  const sort = sortKeys[filter.sort ?? "given"];
  if (filter.sort === "worst") query.and(`NOT ${hidden}`);
  const backwards = filter.before !== undefined;
  const cursor = filter.before ?? filter.after;
  const descending = sort.down !== backwards;
  if (cursor) {
    const [key, id] = readCursor(cursor);
    query.and(
      `(${sort.key}, c.id) ${descending ? "<" : ">"} (${query.value(key)}::${sort.type}, ${query.value(id)}::int)`,
    );
  }
  const direction = descending ? "DESC" : "ASC";
  const people = (run: string) =>
    `ARRAY(SELECT rv.verdict::text FROM review rv WHERE ${currentReview} AND rv.run_id = ${run} ORDER BY rv.id)`;
  const preferring = `ARRAY(SELECT rv.prefer::text FROM review rv WHERE ${currentReview} AND rv.prefer IS NOT NULL ORDER BY rv.id)`;
  const { rows } = await pool().query<Found>(
    `WITH page AS (
       SELECT c.id, ${sort.key} AS "sortKey"
         FROM test_case c
         JOIN output ob ON ob.run_id = ${baseline} AND ob.case_id = c.id AND ob.repeat = 0
         JOIN output oc ON oc.run_id = ${candidate} AND oc.case_id = c.id AND oc.repeat = 0
       ${judged}
         LEFT JOIN draw d ON d.release_id = ${release} AND d.case_id = c.id
        WHERE ${query.conditions.join(" AND ")}
        ORDER BY ${sort.key} ${direction}, c.id ${direction}
        LIMIT ${pageSize + 1}
     )
     SELECT page."sortKey", c.id, c.key, c.slice, c.tags, c.must_pass AS "mustPass", left(c.input, 240) AS input,
            d.case_id IS NOT NULL AS drawn, h.hidden,
            CASE WHEN h.hidden OR ${judge ? "false" : "true"} THEN NULL WHEN ${delta} IS NULL THEN 'error'
                 WHEN ${delta} > 0 THEN 'better' WHEN ${delta} < 0 THEN 'worse' ELSE 'same' END AS flip,
            NOT h.hidden AND ${override} AS override,
            json_build_object('output', CASE WHEN h.hidden THEN NULL ELSE left(ob.output, 240) END, 'error', CASE WHEN h.hidden THEN NULL ELSE left(ob.error, 240) END,
              'verdict', CASE WHEN h.hidden THEN NULL ELSE vb.verdict END, 'people', CASE WHEN h.hidden THEN '{}'::text[] ELSE ${people(baseline)} END) AS baseline,
            json_build_object('output', CASE WHEN h.hidden THEN NULL ELSE left(oc.output, 240) END, 'error', CASE WHEN h.hidden THEN NULL ELSE left(oc.error, 240) END,
              'verdict', CASE WHEN h.hidden THEN NULL ELSE vc.verdict END, 'people', CASE WHEN h.hidden THEN '{}'::text[] ELSE ${people(candidate)} END) AS candidate,
            ${isPreference ? `json_build_object('judge', CASE WHEN NOT h.hidden THEN ${preferred} END, 'people', CASE WHEN h.hidden THEN '{}'::text[] ELSE ${preferring} END)` : "NULL"} AS prefers
       FROM page
       JOIN test_case c ON c.id = page.id
       JOIN output ob ON ob.run_id = ${baseline} AND ob.case_id = c.id AND ob.repeat = 0
       JOIN output oc ON oc.run_id = ${candidate} AND oc.case_id = c.id AND oc.repeat = 0
       ${judged}
       LEFT JOIN draw d ON d.release_id = ${release} AND d.case_id = c.id
       CROSS JOIN LATERAL (SELECT ${hidden} AS hidden) h
      ORDER BY page."sortKey" ${direction}, c.id ${direction}`,
    query.values,
  );
  const more = rows.length > pageSize;
  const shown = rows.slice(0, pageSize);
  if (backwards) shown.reverse();
  const slices = await pool().query<{ slice: string; count: number }>(
    "SELECT coalesce(slice, '') AS slice, count(*)::int AS count FROM test_case WHERE dataset_id = $1 GROUP BY 1 ORDER BY 1 LIMIT 200",
    [scope.datasetId],
  );
  return {
    rows: shown.map(({ sortKey: _sortKey, ...row }) => row),
    next: (backwards ? cursor !== undefined : more) ? writeCursor(shown.at(-1)) : null,
    previous: (backwards ? more : cursor !== undefined) ? writeCursor(shown[0]) : null,
    criterion: criterion?.key ?? null,
    judge: judge?.key ?? null,
    criteria: scope.criteria.map(({ key }) => key),
    judges: [...new Set(judges.map(({ key }) => key))],
    slices: slices.rows,
  };
}

export type CaseDetail = {
  id: number;
  key: string;
  input: string;
  inputIsJson: boolean;
  reference: string | null;
  slice: string | null;
  tags: string[];
  mustPass: boolean;
  origin: string;
  generator: string | null;
  hidden: boolean;
  draw: { stratum: string; probability: number; batch: number } | null;
  sides: Record<
    "baseline" | "candidate",
    {
      version: string;
      output: string | null;
      error: string | null;
      outputIsJson: boolean;
      latencyMs: number | null;
      verdicts: { judge: string; criterion: string; verdict: string; score: number | null; rationale: string | null }[];
      reviews: {
        reviewer: string;
        criterion: string;
        verdict: string;
        note: string | null;
        tags: string[];
        blind: boolean;
        superseded: boolean;
        at: string;
      }[];
      imported: { reviewer: string; criterion: string; verdict: string; note: string | null }[];
    }
  >;
  /** Which of the two answers judges and people prefer. */
  preferences: {
    /** One for each order that a judge was shown; `first` stood first. */
    judges: {
      judge: string;
      criterion: string;
      first: "baseline" | "candidate";
      prefer: "baseline" | "candidate" | "tie" | "error";
      score: number | null;
      rationale: string | null;
    }[];
    reviews: {
      reviewer: string;
      criterion: string;
      prefer: string;
      note: string | null;
      tags: string[];
      blind: boolean;
      superseded: boolean;
      at: string;
    }[];
    imported: { reviewer: string; criterion: string; prefer: string; note: string | null }[];
  };
};

/** What two runs' answers to one case were preferred for; `$1` baseline run, `$2` candidate run, `$3` case. */
async function preferencesOf(scope: Scope, releaseId: number, caseId: number): Promise<CaseDetail["preferences"]> {
  const values = [scope.baselineRunId, scope.candidateRunId, caseId];
  const prefer = (alias: string) =>
    `CASE WHEN ${alias}.prefer::text NOT IN ('first', 'second') THEN ${alias}.prefer::text
          WHEN (${alias}.prefer = 'first') = (${alias}.first_run_id = $1) THEN 'baseline' ELSE 'candidate' END AS prefer`;
  const ofPair = (alias: string) =>
    `(${alias}.first_run_id, ${alias}.second_run_id) IN (($1, $2), ($2, $1)) AND ${alias}.case_id = $3`;
  const [judges, reviews, imported] = await Promise.all([
    pool().query(
      `SELECT j.key AS judge, c.key AS criterion, CASE WHEN v.first_run_id = $1 THEN 'baseline' ELSE 'candidate' END AS first,
              ${prefer("v")}, v.score, v.rationale
         FROM preference_verdict v JOIN judge_version jv ON jv.id = v.judge_version_id JOIN judge j ON j.id = jv.judge_id
         JOIN criterion c ON c.id = jv.criterion_id
        WHERE ${ofPair("v")} AND v.repeat = 0 ORDER BY c.key, j.key, first`,
      values,
    ),
    pool().query(
      `SELECT u.name AS reviewer, c.key AS criterion, rv.prefer::text, rv.note, rv.tags, rv.blind, rv.created_at AS at,
              EXISTS (SELECT 1 FROM review n WHERE n.supersedes_id = rv.id) AS superseded
         FROM review rv JOIN app_user u ON u.id = rv.reviewer_id JOIN criterion c ON c.id = rv.criterion_id
        WHERE rv.release_id = $1 AND rv.case_id = $2 AND rv.prefer IS NOT NULL ORDER BY rv.id`,
      [releaseId, caseId],
    ),
    pool().query(
      `SELECT p.reviewer, c.key AS criterion, ${prefer("p")}, p.note
         FROM imported_preference p JOIN criterion c ON c.id = p.criterion_id WHERE ${ofPair("p")} ORDER BY c.key, p.reviewer`,
      values,
    ),
  ]);
  return {
    judges: judges.rows,
    reviews: reviews.rows.map((row) => ({ ...row, at: (row.at as Date).toISOString() })),
    imported: imported.rows,
  };
}

/** One case of a release with everything known about it; outputs and verdicts only when it is not hidden from this person. */
export async function getCase(actor: Actor, releaseId: number, caseId: number): Promise<CaseDetail> {
  const scope = await loadScope(actor, releaseId);
  const query = new Query();
  const release = query.value(releaseId);
  const id = query.value(caseId);
  const dataset = query.value(scope.datasetId);
  const hidden = await hiddenExpression(query, scope, actor);
  const { rows } = await pool().query<Omit<CaseDetail, "sides" | "preferences">>(
    `SELECT c.id, c.key, c.input, c.input_is_json AS "inputIsJson", c.reference, c.slice, c.tags, c.must_pass AS "mustPass",
            c.origin, c.generator, ${hidden} AS hidden,
            CASE WHEN d.case_id IS NOT NULL AND NOT ${hidden}
              THEN json_build_object('stratum', d.stratum, 'probability', d.probability, 'batch', d.batch) END AS draw
       FROM test_case c LEFT JOIN draw d ON d.release_id = ${release} AND d.case_id = c.id
      WHERE c.id = ${id} AND c.dataset_id = ${dataset}`,
    query.values,
  );
  const found = rows[0];
  if (!found) throw notFound("The case");
  const side = async (runId: number) => {
    if (found.hidden) {
      return {
        version: "",
        output: null,
        error: null,
        outputIsJson: false,
        latencyMs: null,
        verdicts: [],
        reviews: [],
        imported: [],
      };
    }
    const [output, verdicts, reviews, imported] = await Promise.all([
      pool().query(
        `SELECT v.key AS version, o.output, o.error, o.output_is_json AS "outputIsJson", o.latency_ms AS "latencyMs"
           FROM run r JOIN prompt_version v ON v.id = r.version_id
           LEFT JOIN output o ON o.run_id = r.id AND o.case_id = $2 AND o.repeat = 0 WHERE r.id = $1`,
        [runId, caseId],
      ),
      pool().query(
        `SELECT j.key AS judge, c.key AS criterion, v.verdict, v.score, v.rationale
           FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id JOIN judge j ON j.id = jv.judge_id
           JOIN criterion c ON c.id = jv.criterion_id
          WHERE v.run_id = $1 AND v.case_id = $2 AND v.repeat = 0 ORDER BY c.key, j.key`,
        [runId, caseId],
      ),
      pool().query(
        `SELECT u.name AS reviewer, c.key AS criterion, rv.verdict, rv.note, rv.tags, rv.blind, rv.created_at AS at,
                EXISTS (SELECT 1 FROM review n WHERE n.supersedes_id = rv.id) AS superseded
           FROM review rv JOIN app_user u ON u.id = rv.reviewer_id JOIN criterion c ON c.id = rv.criterion_id
          WHERE rv.release_id = $3 AND rv.run_id = $1 AND rv.case_id = $2 ORDER BY rv.id`,
        [runId, caseId, releaseId],
      ),
      pool().query(
        `SELECT ir.reviewer, c.key AS criterion, ir.verdict, ir.note
           FROM imported_review ir JOIN criterion c ON c.id = ir.criterion_id
          WHERE ir.run_id = $1 AND ir.case_id = $2 ORDER BY c.key, ir.reviewer`,
        [runId, caseId],
      ),
    ]);
    return {
      ...output.rows[0],
      verdicts: verdicts.rows,
      reviews: reviews.rows.map((row) => ({ ...row, at: (row.at as Date).toISOString() })),
      imported: imported.rows,
    };
  };
  const [baseline, candidate] = await Promise.all([side(scope.baselineRunId), side(scope.candidateRunId)]);
  const preferences = found.hidden
    ? { judges: [], reviews: [], imported: [] }
    : await preferencesOf(scope, releaseId, caseId);
  return { ...found, sides: { baseline, candidate }, preferences };
}

import { z } from "zod";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { type ConfusionCell, casesOfCell } from "../calibration/measures";
import { pool } from "../db/client";
import { quickQuery } from "../db/transaction";
import { notFound } from "../errors";
import { waitingIn } from "../judges/moves";
import { beginningOf, type Rest } from "../parts";
import { mayAttribute } from "../review/ledger";
import { type WaitingCase, waitingCases } from "../review/queries";
import { type CaseFilter, type Flip, leavesOutWaiting } from "./case-filter";

export { type CaseFilter, caseFilterSchema, type Flip, flips } from "./case-filter";

/** The Cases table of a release: both runs side by side. Pages by keyset, so that the last costs what the first does. */

export const pageSize = 50;
/** Characters of a text that a row of the table shows. */
const excerptLength = 160;

export type Side = { output: string | null; error: string | null; verdict: string | null; people: string[] };
/** A pairwise judge's preference (`candidate`, `baseline`, `tie`, `flip`, `error`) and people's. */
export type Prefers = { judge: string | null; people: string[] };
/** What is said of both answers: a verdict on each, or which one is preferred. */
export type Said = { baseline: string | null; candidate: string | null } | { prefers: string };

export type CaseRow = {
  id: number;
  key: string;
  slice: string | null;
  /** Those it was imported with, and those that people of the project gave it. */
  tags: string[];
  ownTags: string[];
  mustPass: boolean;
  input: string;
  /** In the sample: drawn, added by somebody, or either while it waits for this person's blind grade. */
  sample: "drawn" | "chosen" | "waits" | null;
  /** Waits in this person's queue: outputs and verdicts stay hidden until the grade is stored. */
  hidden: boolean;
  flip: Flip | null;
  override: boolean;
  baseline: Side;
  candidate: Side;
  /** On a preference criterion, in place of the sides' verdicts and grades; null on others. */
  prefers: Prefers | null;
  /** By id of judge version: the other judges of the release. */
  judges: Record<number, Said>;
  /** By criterion: people's grades on the others. */
  people: Record<string, { baseline: string[]; candidate: string[]; prefers: string[] }>;
};

type Kind = "pass_fail" | "preference";
type Scope = {
  releaseId: number;
  datasetId: number;
  baselineRunId: number;
  candidateRunId: number;
  searchable: boolean;
  criteria: { id: number; key: string; kind: Kind; judgeVersionId: number | null }[];
  /** `key` with the version's number where several versions of one judge are there. */
  judges: { id: number; key: string; criterionId: number }[];
};

async function loadScope(actor: Actor, releaseId: number): Promise<Scope> {
  permit(actor, "project.read");
  const { rows } = await quickQuery(
    `SELECT r.id AS "releaseId", r.dataset_id AS "datasetId", r.baseline_run_id AS "baselineRunId",
            r.candidate_run_id AS "candidateRunId",
            (SELECT bool_and(searchable) FROM run WHERE run.id IN (r.baseline_run_id, r.candidate_run_id)) AS searchable,
            (SELECT json_agg(json_build_object('id', c.id, 'key', c.key, 'kind', c.kind, 'judgeVersionId', rc.judge_version_id) ORDER BY rc.position)
               FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id WHERE rc.release_id = r.id) AS criteria,
            (SELECT coalesce(json_agg(json_build_object('id', jv.id, 'key', CASE WHEN jv.is_only THEN jv.key ELSE jv.key || '@' || jv.number END,
                                                        'criterionId', jv.criterion_id) ORDER BY jv.id), '[]')
               FROM (SELECT v.id, j.key, v.number, v.criterion_id, count(*) OVER (PARTITION BY j.id) = 1 AS is_only
                       FROM judge_version v JOIN judge j ON j.id = v.judge_id
                       JOIN release_criterion rc ON rc.release_id = r.id AND rc.criterion_id = v.criterion_id
                      WHERE EXISTS (SELECT 1 FROM run_judge x WHERE x.judge_version_id = v.id AND x.run_id IN (r.baseline_run_id, r.candidate_run_id))
                         OR EXISTS (SELECT 1 FROM run_pair_judge x WHERE x.judge_version_id = v.id AND (x.first_run_id, x.second_run_id)
                                      IN ((r.baseline_run_id, r.candidate_run_id), (r.candidate_run_id, r.baseline_run_id)))) jv) AS judges
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

const flipCondition: Record<Flip, string> = {
  better: "vb.verdict = 'fail' AND vc.verdict = 'pass'",
  worse: "vb.verdict = 'pass' AND vc.verdict = 'fail'",
  same: "vb.verdict = vc.verdict AND vb.verdict IN ('pass', 'fail')",
  error: "NOT coalesce(vb.verdict IN ('pass', 'fail') AND vc.verdict IN ('pass', 'fail'), false)",
};
/** A flip, or the judge's verdicts on baseline and candidate. */
type Group = Flip | `${"pass" | "fail"} ${"pass" | "fail"}`;
/** Orders that are one group after the other, each in the order given. What has no verdict is last, whichever way round. */
const groupOrders: Partial<Record<NonNullable<CaseFilter["sort"]>, readonly Group[]>> = {
  worst: ["worse", "same", "better", "error"],
  "-worst": ["better", "same", "worse", "error"],
  judge: ["fail fail", "fail pass", "pass fail", "pass pass", "error"],
  "-judge": ["pass pass", "pass fail", "fail pass", "fail fail", "error"],
};

function conditionOf(group: Group): string {
  if (group in flipCondition) return flipCondition[group as Flip];
  const [before, after] = group.split(" ");
  return `vb.verdict = '${before}' AND vc.verdict = '${after}'`;
}

function flipOfGroup(group: Group): Flip {
  if (group in flipCondition) return group as Flip;
  const [before, after] = group.split(" ");
  return flipOf(before!, after!);
}

function flipOf(before: string | null, after: string | null): Flip {
  const both = [before, after];
  if (!both.every((verdict) => verdict === "pass" || verdict === "fail")) return "error";
  return before === after ? "same" : after === "pass" ? "better" : "worse";
}

/** What a preference makes of the two answers, as `preference_as_verdict` has it. */
function asVerdicts(prefers: string | null): [string | null, string | null] {
  if (prefers === "candidate") return ["fail", "pass"];
  if (prefers === "baseline") return ["pass", "fail"];
  return prefers === "tie" ? ["fail", "fail"] : [prefers, prefers];
}

const sortKeys = {
  given: { key: "c.id", type: "int", down: false },
  case: { key: "c.key", type: "text", down: false },
  "-case": { key: "c.key", type: "text", down: true },
  slice: { key: "coalesce(c.slice, '')", type: "text", down: false },
  "-slice": { key: "coalesce(c.slice, '')", type: "text", down: true },
} as const;

/** Within a group, the order is the one given. */
const sortKeyOf = (sort: CaseFilter["sort"] = "given") =>
  sortKeys[sort in sortKeys ? (sort as keyof typeof sortKeys) : "given"];

/** Where a page begins: the last row before it, by its sort key and id. */
type Cursor = [key: string | number, id: number];

/** Null: there is none, or it is damaged, or of another order; then it is as if it were not there. */
function readCursor(text: string | undefined, sort: CaseFilter["sort"]): Cursor | null {
  if (text === undefined) return null;
  const groups = sort && groupOrders[sort];
  const isText = sortKeyOf(sort).type === "text";
  const key = isText
    ? z.string().refine((key) => !key.includes("\0"))
    : z.int32().max(groups ? groups.length - 1 : 2_147_483_647);
  try {
    return z.tuple([key, z.int32()]).parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    return null;
  }
}

function writeCursor(row: Found | undefined): string | null {
  return row ? Buffer.from(JSON.stringify([row.sortKey, row.id])).toString("base64url") : null;
}

type Found = { id: number; sortKey: string | number };
/** So many cases of a slice of which the chosen judge says the same; a preference as what it makes of each answer. */
type Tally = { slice: string; before: string | null; after: string | null; n: number };

export type CasePage = {
  rows: CaseRow[];
  next: string | null;
  previous: string | null;
};

/** What the table can be filtered by, and what stands in it. */
export type CaseTable = {
  baseline: string;
  candidate: string;
  criterion: string | null;
  judge: string | null;
  /** True: the table's criterion asks which of two answers is better. */
  isPreference: boolean;
  criteria: string[];
  judges: string[];
  /** Judges beside the one chosen, and criteria beside the one chosen. */
  otherJudges: { id: number; key: string; criterion: string }[];
  otherCriteria: string[];
  slices: { slice: string; count: number }[];
  /** How many are there without the flip, and of each flip by what the chosen judge says; null: no judge. */
  all: number;
  counts: Record<Flip, number> | null;
  /** False: a filter is in use whose cases are not counted, and the counts are as if it were not. */
  counted: boolean;
  waits: Waits;
};

/** Cases of a release, or of the chosen slice, that wait for this person's blind grade: filters on what is hidden leave them out. */
export type Waits = {
  cases: number;
  /** In whose queue they wait; a case may wait in several. */
  in: { release: number; baseline: string; candidate: string; cases: number }[];
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

const currentReview = (release: string, criterion: string) =>
  `rv.release_id = ${release} AND rv.criterion_id = ${criterion} AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)`;

/** What a page shows is first looked for among so many cases; only when too few match, among all. */
const searchWindow = 1500;

type Ask = typeof quickQuery;
/** Planned anew for its values, through the connections of those who do not wait for a click or a key. */
const asPlanned: Ask = (text, values) => pool().query(text, values);

/**
 * Finds the ids of the cases under a filter, in its order. Every filter is a set of ids or a column of an index, so that
 * what a page costs hardly grows with the number of cases.
 */
class CaseFinder {
  private constructor(
    private readonly actor: Actor,
    readonly scope: Scope,
    private readonly filter: CaseFilter,
    /** The cases that wait for this person, and their ids. */
    private readonly waits: readonly WaitingCase[],
    readonly waiting: number[],
    /** Those that wait in a release over other runs too: what people say of a case is said of all its answers. */
    readonly waitingAnywhere: number[],
    private readonly ask: Ask,
  ) {}

  static async open(actor: Actor, releaseId: number, filter: CaseFilter, ask: Ask = quickQuery): Promise<CaseFinder> {
    const scope = await loadScope(actor, releaseId);
    const [waiting, anywhere] = await Promise.all([waitingCases(actor, releaseId), waitingIn(actor, scope.datasetId)]);
    return new CaseFinder(
      actor,
      scope,
      filter,
      waiting,
      waiting.map(({ id }) => id),
      anywhere,
      ask,
    );
  }

  get chosen() {
    return choose(this.scope, this.filter);
  }

  /** At most `limit` cases after (or before) a place, nearest first. */
  async find(cursor: Cursor | null, backwards: boolean, limit: number): Promise<Found[]> {
    const { sort = "given", flip } = this.filter;
    const groups = groupOrders[sort];
    if (!groups) return this.findSorted(cursor, backwards, limit);
    const order = (backwards ? groups.toReversed() : groups).filter(
      (group) => flip === undefined || flipOfGroup(group) === flip,
    );
    const found: Found[] = [];
    const from = cursor ? order.indexOf(groups[Number(cursor[0])]!) : 0;
    for (const group of order.slice(Math.max(0, from))) {
      const isFirst = cursor !== null && group === order[from];
      const rows = await this.findSorted(
        isFirst ? [cursor[1], cursor[1]] : null,
        backwards,
        limit - found.length,
        group,
      );
      found.push(...rows.map(({ id }) => ({ id, sortKey: groups.indexOf(group) })));
      if (found.length >= limit) break;
    }
    return found;
  }

  /** The place of one case in the filter's order. */
  async placeOf(caseId: number): Promise<Cursor> {
    const { sort } = this.filter;
    const groups = sort && groupOrders[sort];
    if (groups) {
      const [row] = await this.loadRows([caseId]);
      const own = [row?.flip, `${row?.baseline.verdict} ${row?.candidate.verdict}`];
      return [groups.indexOf(groups.find((group) => own.includes(group)) ?? "error"), caseId];
    }
    const { rows } = await pool().query<Found>(
      `SELECT c.id, ${sortKeyOf(sort).key} AS "sortKey" FROM test_case c WHERE c.id = $1 AND c.dataset_id = $2`,
      [caseId, this.scope.datasetId],
    );
    if (!rows[0]) throw notFound("The case");
    return [rows[0].sortKey, rows[0].id];
  }

  /** Null: the case is one of the release that is not hidden. */
  async whyMissing(caseId: number): Promise<Exclude<Missing, "other"> | null> {
    if (this.waiting.includes(caseId)) return "waits";
    const { datasetId, baselineRunId, candidateRunId } = this.scope;
    const { rows } = await quickQuery(
      `SELECT 1 FROM test_case c
         JOIN output ob ON ob.run_id = $3 AND ob.case_id = c.id AND ob.repeat = 0
         JOIN output oc ON oc.run_id = $4 AND oc.case_id = c.id AND oc.repeat = 0
        WHERE c.id = $1 AND c.dataset_id = $2`,
      [caseId, datasetId, baselineRunId, candidateRunId],
    );
    return rows.length === 0 ? "gone" : null;
  }

  private async findSorted(cursor: Cursor | null, backwards: boolean, limit: number, group?: Group): Promise<Found[]> {
    const { sort, q } = this.filter;
    // Which group a case is of stands in verdicts, not in the cases' own index.
    const wanted = group ?? this.filter.flip;
    const { key, type, down } = sortKeyOf(sort);
    const descending = down !== backwards;
    const order = (column: string, id: string) =>
      `ORDER BY ${column} ${descending ? "DESC" : "ASC"}, ${id} ${descending ? "DESC" : "ASC"}`;
    const build = async (verdicts: boolean) => {
      const query = new Query();
      let joins = await this.conditions(query);
      if (wanted && verdicts) joins += this.grouped(query, wanted, "c.id");
      if (cursor) {
        const given = `(${query.value(cursor[0])}::${type}, ${query.value(cursor[1])}::int)`;
        query.and(`(${key}, c.id) ${descending ? "<" : ">"} ${given}`);
      }
      return { query, joins };
    };
    const select = ({ query, joins }: Awaited<ReturnType<typeof build>>, most: number) =>
      `SELECT c.id, ${key} AS "sortKey" FROM test_case c ${joins} WHERE ${query.conditions.join(" AND ")}
       ${order(key, "c.id")} LIMIT ${most}`;
    const { tag, mustPass, reviewed, sample, override, cell } = this.filter;
    // One plan fits all slices and places; what else there is to filter by may match next to none, or all.
    const ask = [q, tag, mustPass, reviewed, sample, override, cell].some(Boolean) ? asPlanned : this.ask;
    if (q === undefined && wanted === undefined) {
      const built = await build(false);
      return (await ask<Found>(select(built, limit), built.query.values)).rows;
    }
    // What many cases are, or hold, is found at once among the first of them, without reading what is said of all.
    const near = await build(false);
    const within = `w AS MATERIALIZED (${select(near, searchWindow)})`;
    const { query } = near;
    query.conditions.length = 0;
    const joins = wanted ? this.grouped(query, wanted, "w.id") : "";
    if (q !== undefined) query.and(this.matches(query, "w.id", q));
    const { rows } = await ask<Found & { seen: number }>(
      `WITH ${within}, hit AS (SELECT w.* FROM w ${joins} WHERE ${query.conditions.join(" AND ")} ${order(`w."sortKey"`, "w.id")} LIMIT ${limit})
       SELECT hit.*, (SELECT count(*)::int FROM w) AS seen FROM (SELECT 1) one LEFT JOIN hit ON true ${order(`hit."sortKey"`, "hit.id")}`,
      query.values,
    );
    const hits = rows.filter(({ id }) => id !== null).map(({ id, sortKey }) => ({ id, sortKey }));
    if (hits.length === limit || (rows[0]?.seen ?? 0) < searchWindow) return hits;
    const far = await build(true);
    if (q !== undefined) far.query.and(this.matchesAnywhere(far.query, q));
    return (await pool().query<Found>(select(far, limit), far.query.values)).rows;
  }

  /** Adds the condition that a case is of a group by what the judge says of it, and gives the joins for it. */
  private grouped(query: Query, group: Group, id: string): string {
    const { criterion, judge } = this.chosen;
    // A hidden case must not show up, or stay away, because of its verdict.
    query.and(`(${conditionOf(group)}) AND NOT ${this.hidden(query, id)}`);
    return judged(query, this.scope, criterion?.kind ?? "pass_fail", judge?.id ?? 0, id);
  }

  private hidden(query: Query, id: string): string {
    return this.waiting.length === 0 ? "false" : `(${id} = ANY (${query.value(this.waiting)}::int[]))`;
  }

  private pattern(query: Query, q: string): string {
    return `lower(${query.value(`%${q.replace(/[\\%_]/g, "\\$&")}%`)}::text)`;
  }

  /** True when the text stands in the case's key or input, or in an answer that is not hidden. */
  private matches(query: Query, id: string, q: string): string {
    const pattern = this.pattern(query, q);
    const runs = `(${query.value(this.scope.baselineRunId)}, ${query.value(this.scope.candidateRunId)})`;
    const own = `EXISTS (SELECT 1 FROM test_case t WHERE t.id = ${id} AND lower(t.key || E'\n' || t.input) LIKE ${pattern})`;
    const texts = this.scope.searchable
      ? `EXISTS (SELECT 1 FROM search_text s WHERE s.run_id IN ${runs} AND s.case_id = ${id} AND s.text LIKE ${pattern})`
      : `(${own} OR EXISTS (SELECT 1 FROM output o WHERE o.run_id IN ${runs} AND o.case_id = ${id} AND o.repeat = 0
           AND lower(coalesce(o.output, o.error)) LIKE ${pattern}))`;
    return this.waiting.length === 0 ? texts : `(CASE WHEN ${this.hidden(query, id)} THEN ${own} ELSE ${texts} END)`;
  }

  private matchesAnywhere(query: Query, q: string): string {
    if (!this.scope.searchable) return this.matches(query, "c.id", q);
    const runs = `(${query.value(this.scope.baselineRunId)}, ${query.value(this.scope.candidateRunId)})`;
    const pattern = this.pattern(query, q);
    const found = `c.id IN (SELECT s.case_id FROM search_text s WHERE s.run_id IN ${runs} AND s.text LIKE ${pattern})`;
    return this.waiting.length === 0
      ? found
      : `${found} AND (NOT ${this.hidden(query, "c.id")} OR lower(c.key || E'\n' || c.input) LIKE ${pattern})`;
  }

  /** Adds the filter's conditions on `c`, and gives the joins that they need. */
  private async conditions(query: Query, filter: CaseFilter = this.filter): Promise<string> {
    const { scope, actor } = this;
    const { criterion, judge } = this.chosen;
    const [baseline, candidate] = [query.value(scope.baselineRunId), query.value(scope.candidateRunId)];
    const release = () => query.value(scope.releaseId);
    const hidden = (id = "c.id") => this.hidden(query, id);
    query.and(`c.dataset_id = ${query.value(scope.datasetId)}`);
    const joins = `JOIN output ob ON ob.run_id = ${baseline} AND ob.case_id = c.id AND ob.repeat = 0
                 JOIN output oc ON oc.run_id = ${candidate} AND oc.case_id = c.id AND oc.repeat = 0`;
    if (filter.slice !== undefined) query.and(`coalesce(c.slice, '') = ${query.value(filter.slice)}`);
    if (filter.tag) {
      // A tag that people gave may say what they think of the answers.
      const tag = query.value(filter.tag);
      query.and(`c.id IN (SELECT t.id FROM test_case t WHERE t.tags @> ARRAY[${tag}]::text[] AND t.tags <> '{}' AND t.dataset_id = ${query.value(scope.datasetId)}
                          UNION SELECT g.case_id FROM case_tag g WHERE g.tag = ${tag} AND g.case_id <> ALL (${query.value(this.waitingAnywhere)}::int[]))`);
    }
    if (filter.mustPass) query.and("c.must_pass");
    const current = () => currentReview(release(), query.value(criterion?.id ?? 0));
    if (filter.reviewed === "yes") {
      query.and(`c.id IN (SELECT rv.case_id FROM review rv WHERE ${current()}) AND NOT ${hidden()}`);
    }
    if (filter.reviewed === "no") {
      query.and(`NOT EXISTS (SELECT 1 FROM review rv WHERE ${current()} AND rv.case_id = c.id) AND NOT ${hidden()}`);
    }
    if (filter.sample) {
      // Whether it was drawn or chosen may say what somebody saw in a case.
      const kind =
        filter.sample === "chosen"
          ? `q.chosen AND NOT ${hidden("q.case_id")}`
          : `(NOT q.chosen OR ${hidden("q.case_id")})`;
      query.and(`c.id IN (SELECT q.case_id FROM queue_case q WHERE q.release_id = ${release()} AND ${kind})`);
    }
    if (filter.override) {
      query.and(`c.id IN (${overridden(query, scope, current(), judge?.id ?? 0)}) AND NOT ${hidden()}`);
    }
    if (filter.cell) {
      const cell = readCell(filter.cell);
      const of =
        criterion && judge?.id === cell.judgeVersionId
          ? { releaseId: scope.releaseId, criterionId: criterion.id, ...cell }
          : null;
      const found = of ? await casesOfCell(actor, of) : [];
      query.and(`c.id = ANY (${query.value(found)}::int[]) AND NOT ${hidden()}`);
    }
    return joins;
  }

  /** All cases of the release, as they were counted when it was made; of them only the must-pass ones, if those are asked for. */
  async tallyRelease(): Promise<Tally[]> {
    const { rows } = await quickQuery<Tally>(
      `SELECT coalesce(slice, '') AS slice, judged_baseline AS before, judged_candidate AS after, sum(cases)::int AS n
         FROM release_tally WHERE release_id = $1 AND coalesce(judge_version_id, 0) = $2 AND (must_pass OR NOT $3) GROUP BY 1, 2, 3`,
      [this.scope.releaseId, this.chosen.judge?.id ?? 0, this.filter.mustPass !== undefined],
    );
    return rows;
  }

  /**
   * The cases under all filters but flip and slice, where only what people did is to be looked through; `hidden`: those of
   * them that wait. Null where there is no such filter.
   */
  async tallyFew(): Promise<{ all: Tally[]; hidden: Tally[] } | null> {
    const { reviewed, override, sample, cell, q } = this.filter;
    if (reviewed !== "yes" && !override && !sample && !cell) return null;
    const query = new Query();
    const joins = await this.conditions(query, { ...this.filter, slice: undefined });
    if (q !== undefined) query.and(this.matches(query, "c.id", q));
    const { rows } = await asPlanned<Tally & { hidden: boolean }>(
      this.selectTally(query, joins, `${this.hidden(query, "c.id")} AS hidden`, true),
      query.values,
    );
    return { all: rows, hidden: rows.filter(({ hidden }) => hidden) };
  }

  /** What waits for this person of the cases of the release, or of its must-pass ones, if those are asked for. */
  async tallyWaiting(): Promise<{ tally: Tally[]; waits: Waits }> {
    if (this.waits.length === 0) return { tally: [], waits: { cases: 0, in: [] } };
    const query = new Query();
    const { mustPass, slice } = this.filter;
    const joins = await this.conditions(query, { mustPass });
    query.and(`c.id = ANY (${query.value(this.waiting)}::int[])`);
    const releases = [...new Set(this.waits.flatMap((one) => one.releases))];
    const [{ rows }, named] = await Promise.all([
      this.ask<Tally & { ids: number[] }>(this.selectTally(query, joins, "array_agg(c.id) AS ids"), query.values),
      quickQuery<Omit<Waits["in"][number], "cases">>(
        `SELECT r.id AS release, b.key AS baseline, k.key AS candidate FROM release r
           JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id
          WHERE r.id = ANY ($1::int[]) ORDER BY r.id <> $2, r.id DESC`,
        [releases, this.scope.releaseId],
      ),
    ]);
    const here = new Set(rows.filter((row) => slice === undefined || row.slice === slice).flatMap(({ ids }) => ids));
    const waits = this.waits.filter(({ id }) => here.has(id));
    const within = (release: number) => waits.filter((one) => one.releases.includes(release)).length;
    return {
      tally: rows,
      waits: {
        cases: waits.length,
        in: named.rows.map((row) => ({ ...row, cases: within(row.release) })).filter(({ cases }) => cases > 0),
      },
    };
  }

  /** Counts the cases of a query by slice and what the chosen judge says, and by `beside`, unless that is an aggregate. */
  private selectTally(query: Query, joins: string, beside: string, isGroup = false): string {
    const { criterion, judge } = this.chosen;
    const verdicts = judged(query, this.scope, criterion?.kind ?? "pass_fail", judge?.id ?? 0, "c.id");
    return `SELECT coalesce(c.slice, '') AS slice, vb.verdict::text AS before, vc.verdict::text AS after, count(*)::int AS n, ${beside}
              FROM test_case c ${joins} ${verdicts} WHERE ${query.conditions.join(" AND ")} GROUP BY 1, 2, 3${isGroup ? ", 5" : ""}`;
  }

  /** Everything that the table shows of these cases, in their order. What is hidden is not even read. */
  async loadRows(ids: readonly number[], characters = excerptLength): Promise<CaseRow[]> {
    if (ids.length === 0) return [];
    const { scope, ask } = this;
    const { criterion, judge } = this.chosen;
    const shown = ids.filter((id) => !this.waiting.includes(id));
    const { baselineRunId, candidateRunId, releaseId } = scope;
    const judgeIds = scope.judges.map(({ id }) => id);
    const [cases, outputs, verdicts, preferences, reviews] = await Promise.all([
      ask<Pick<CaseRow, "id" | "key" | "slice" | "tags" | "ownTags" | "mustPass" | "input" | "sample">>(
        `SELECT c.id, c.key, c.slice, coalesce(c.tags, '{}') AS tags, c.must_pass AS "mustPass", left(c.input, $3) AS input,
                CASE WHEN c.id <> ALL ($4::int[]) AND q.case_id IS NOT NULL THEN 'waits' WHEN q.chosen THEN 'chosen' WHEN NOT q.chosen THEN 'drawn' END AS sample,
                ARRAY(SELECT t.tag FROM case_tag t WHERE t.case_id = c.id AND c.id <> ALL ($5::int[]) ORDER BY t.tag) AS "ownTags"
           FROM test_case c LEFT JOIN queue_case q ON q.release_id = $2 AND q.case_id = c.id
          WHERE c.id = ANY ($1::int[]) AND c.dataset_id = $6`,
        [ids, releaseId, characters, shown, this.waitingAnywhere, scope.datasetId],
      ),
      ask<{ runId: number; caseId: number; output: string | null; error: string | null }>(
        `SELECT run_id AS "runId", case_id AS "caseId", left(output, $3) AS output, left(error, $3) AS error
           FROM output WHERE run_id = ANY ($1::int[]) AND case_id = ANY ($2::int[]) AND repeat = 0`,
        [[baselineRunId, candidateRunId], shown, characters],
      ),
      ask<{ runId: number; caseId: number; judge: number; verdict: string }>(
        `SELECT run_id AS "runId", case_id AS "caseId", judge_version_id AS judge, verdict::text
           FROM verdict WHERE run_id = ANY ($1::int[]) AND judge_version_id = ANY ($2::int[]) AND case_id = ANY ($3::int[]) AND repeat = 0`,
        [[baselineRunId, candidateRunId], judgeIds, shown],
      ),
      ask<{ caseId: number; judge: number; prefers: string }>(
        `SELECT case_id AS "caseId", judge_version_id AS judge,
                judged_preference(min(prefer) FILTER (WHERE first_run_id = $1), min(prefer) FILTER (WHERE first_run_id = $2)) AS prefers
           FROM preference_verdict
          WHERE (first_run_id, second_run_id) IN (($1, $2), ($2, $1)) AND judge_version_id = ANY ($3::int[])
            AND case_id = ANY ($4::int[]) AND repeat = 0 GROUP BY 1, 2`,
        [baselineRunId, candidateRunId, judgeIds, shown],
      ),
      ask<{
        caseId: number;
        runId: number | null;
        criterionId: number;
        verdict: string | null;
        prefer: string | null;
      }>(
        `SELECT rv.case_id AS "caseId", rv.run_id AS "runId", rv.criterion_id AS "criterionId", rv.verdict::text, rv.prefer::text
           FROM review rv WHERE rv.release_id = $1 AND rv.case_id = ANY ($2::int[])
            AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id) ORDER BY rv.id`,
        [releaseId, shown],
      ),
    ]);
    const found = {
      cases: new Map(cases.rows.map((row) => [row.id, row])),
      outputs: byCase(outputs.rows),
      verdicts: byCase(verdicts.rows),
      preferences: byCase(preferences.rows),
      reviews: byCase(reviews.rows),
    };
    const isPreference = criterion?.kind === "preference";
    return ids.flatMap((id): CaseRow[] => {
      const row = found.cases.get(id);
      if (!row) return [];
      const said = (judgeId: number): Said => {
        const preference = found.preferences.get(id)?.find((one) => one.judge === judgeId);
        if (preference) return { prefers: preference.prefers };
        const of = (runId: number) =>
          found.verdicts.get(id)?.find((one) => one.judge === judgeId && one.runId === runId)?.verdict ?? null;
        return { baseline: of(baselineRunId), candidate: of(candidateRunId) };
      };
      const grades = (criterionId: number | undefined) => {
        const own = found.reviews.get(id)?.filter((review) => review.criterionId === criterionId) ?? [];
        const of = (runId: number) =>
          own.flatMap(({ runId: run, verdict }) => (run === runId && verdict !== null ? [verdict] : []));
        return {
          baseline: of(baselineRunId),
          candidate: of(candidateRunId),
          prefers: own.flatMap(({ prefer }) => (prefer === null ? [] : [prefer])),
        };
      };
      const mine = judge ? said(judge.id) : null;
      const prefers = mine && "prefers" in mine ? mine.prefers : null;
      const [before, after] =
        mine === null ? [null, null] : "prefers" in mine ? asVerdicts(prefers) : [mine.baseline, mine.candidate];
      const people = grades(criterion?.id);
      const hidden = this.waiting.includes(id);
      const side = (runId: number, verdict: string | null, graded: string[]): Side => {
        const answer = found.outputs.get(id)?.find((one) => one.runId === runId);
        return { output: answer?.output ?? null, error: answer?.error ?? null, verdict, people: graded };
      };
      const differs = (verdict: string | null, graded: string[]) =>
        (verdict === "pass" || verdict === "fail") &&
        graded.some((grade) => (grade === "pass" || grade === "fail") && grade !== verdict);
      const others = scope.judges.filter(({ id: other }) => other !== judge?.id);
      const otherCriteria = scope.criteria.filter(({ id: other }) => other !== criterion?.id);
      return [
        {
          ...row,
          hidden,
          flip: hidden || !judge ? null : flipOf(before, after),
          override: isPreference
            ? ["baseline", "candidate", "tie"].includes(prefers ?? "") &&
              people.prefers.some((grade) => grade !== "unsure" && grade !== prefers)
            : differs(before, people.baseline) || differs(after, people.candidate),
          baseline: side(baselineRunId, before, people.baseline),
          candidate: side(candidateRunId, after, people.candidate),
          prefers: isPreference ? { judge: prefers, people: people.prefers } : null,
          judges: hidden ? {} : Object.fromEntries(others.map((other) => [other.id, said(other.id)])),
          people: hidden ? {} : Object.fromEntries(otherCriteria.map((other) => [other.key, grades(other.id)])),
        },
      ];
    });
  }
}

/** Joins what the judge says of both answers as `vb` and `vc`; a preference as what it makes of each (`preference_as_verdict`). */
function judged(query: Query, scope: Scope, kind: Kind, judgeVersionId: number, id: string): string {
  const [baseline, candidate] = [query.value(scope.baselineRunId), query.value(scope.candidateRunId)];
  const judge = query.value(judgeVersionId);
  if (kind === "pass_fail") {
    return ` LEFT JOIN verdict vb ON vb.run_id = ${baseline} AND vb.judge_version_id = ${judge} AND vb.case_id = ${id} AND vb.repeat = 0
             LEFT JOIN verdict vc ON vc.run_id = ${candidate} AND vc.judge_version_id = ${judge} AND vc.case_id = ${id} AND vc.repeat = 0`;
  }
  const order = (alias: string, first: string, second: string) =>
    ` LEFT JOIN preference_verdict ${alias} ON ${alias}.first_run_id = ${first} AND ${alias}.second_run_id = ${second}
        AND ${alias}.judge_version_id = ${judge} AND ${alias}.case_id = ${id} AND ${alias}.repeat = 0`;
  const verdict = (alias: string, version: string) =>
    ` CROSS JOIN LATERAL (SELECT preference_as_verdict(judged_preference(pb.prefer, pc.prefer), '${version}') AS verdict) ${alias}`;
  return `${order("pb", baseline, candidate)}${order("pc", candidate, baseline)}${verdict("vb", "baseline")}${verdict("vc", "candidate")}`;
}

/** The cases of which somebody's current grade differs from what the judge says. */
function overridden(query: Query, scope: Scope, current: string, judgeVersionId: number): string {
  const [baseline, candidate] = [query.value(scope.baselineRunId), query.value(scope.candidateRunId)];
  const judge = query.value(judgeVersionId);
  const order = (alias: string, first: string, second: string) =>
    `LEFT JOIN preference_verdict ${alias} ON ${alias}.first_run_id = ${first} AND ${alias}.second_run_id = ${second}
       AND ${alias}.judge_version_id = ${judge} AND ${alias}.case_id = rv.case_id AND ${alias}.repeat = 0`;
  return `SELECT rv.case_id FROM review rv
            LEFT JOIN verdict v ON v.run_id = rv.run_id AND v.judge_version_id = ${judge} AND v.case_id = rv.case_id AND v.repeat = 0
            ${order("pb", baseline, candidate)} ${order("pc", candidate, baseline)}
           WHERE ${current}
             AND (rv.verdict IN ('pass', 'fail') AND v.verdict IN ('pass', 'fail') AND rv.verdict::text <> v.verdict::text
                  OR rv.prefer <> 'unsure' AND judged_preference(pb.prefer, pc.prefer) IN ('baseline', 'candidate', 'tie')
                     AND rv.prefer::text <> judged_preference(pb.prefer, pc.prefer))`;
}

function byCase<T extends { caseId: number }>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) groups.set(row.caseId, [...(groups.get(row.caseId) ?? []), row]);
  return groups;
}

const wholeText = 2_147_483_647;

/** Everything that the screen of the cases shows. */
export async function readCases(
  actor: Actor,
  releaseId: number,
  filter: CaseFilter,
): Promise<{ page: CasePage; table: CaseTable; tags: string[] }> {
  const finder = await CaseFinder.open(actor, releaseId, filter);
  const [page, table, tags] = await Promise.all([pageOf(finder, filter), tableOf(finder, filter), tagsOf(finder)]);
  return { page, table, tags };
}

/** One page of cases. */
export async function listCases(actor: Actor, releaseId: number, filter: CaseFilter): Promise<CasePage> {
  return pageOf(await CaseFinder.open(actor, releaseId, filter), filter);
}

async function pageOf(finder: CaseFinder, filter: CaseFilter): Promise<CasePage> {
  const cursor = readCursor(filter.before ?? filter.after, filter.sort);
  const backwards = cursor !== null && filter.before !== undefined;
  const found = await finder.find(cursor, backwards, pageSize + 1);
  const more = found.length > pageSize;
  const shown = found.slice(0, pageSize);
  if (backwards) shown.reverse();
  return {
    rows: await finder.loadRows(shown.map(({ id }) => id)),
    next: backwards || more ? writeCursor(shown.at(-1)) : null,
    previous: (backwards ? more : cursor !== null) ? writeCursor(shown[0]) : null,
  };
}

/** The case before or after one, under a filter; null at the end. */
export async function besideCase(
  actor: Actor,
  releaseId: number,
  filter: CaseFilter,
  input: { case: number; direction: "before" | "after" },
): Promise<number | null> {
  const finder = await CaseFinder.open(actor, releaseId, filter);
  const [found] = await finder.find(await finder.placeOf(input.case), input.direction === "before", 1);
  return found?.id ?? null;
}

/** Why a case is not among those of a list: it waits for this person's blind grade, is none of the release, or is not under the filter. */
export type Missing = "waits" | "gone" | "other";

/** One case of a list that is read case by case, and what is beside it. */
export type Around = {
  /** The case shown, with those before and after it in their order. */
  ids: number[];
  row: CaseRow | null;
  /** From 1; null where so many are before it that they were not counted. */
  place: number | null;
  /** Why the case that was asked for is not the one shown. */
  missing: Missing | null;
  table: CaseTable;
};

/** Cases that are known each way beside the one shown, and how many before it are counted. */
const besideShown = 20;
const placesCounted = 500;

/** The cases of a release, worst first, round one of them; without it, or where it is not there, from the first. */
export async function readAround(
  actor: Actor,
  releaseId: number,
  given: Pick<CaseFilter, "flip" | "reviewed">,
  wanted?: number,
): Promise<Around> {
  const filter: CaseFilter = { ...given, sort: "worst" };
  const finder = await CaseFinder.open(actor, releaseId, filter);
  const [table, missing] = await Promise.all([
    tableOf(finder, filter),
    wanted === undefined ? null : finder.whyMissing(wanted),
  ]);
  if (wanted !== undefined && missing === null) {
    const [group, id] = await finder.placeOf(wanted);
    const [before, after] = await Promise.all([
      finder.find([group, id], true, placesCounted),
      finder.find([group, id - 1], false, besideShown + 1),
    ]);
    if (after[0]?.id === wanted) {
      const ids = [...before.slice(0, besideShown).reverse(), ...after].map((one) => one.id);
      const [row] = await finder.loadRows([wanted]);
      const place = before.length < placesCounted ? before.length + 1 : null;
      return { ids, row: row ?? null, place, missing: null, table };
    }
  }
  const ids = (await finder.find(null, false, besideShown + 1)).map(({ id }) => id);
  const [row] = await finder.loadRows(ids.slice(0, 1));
  return { ids, row: row ?? null, place: 1, missing: wanted === undefined ? null : (missing ?? "other"), table };
}

/** How many cases of a release wait for this person's blind grade, and in whose queues. */
export async function readWaits(actor: Actor, releaseId: number): Promise<Waits> {
  return (await (await CaseFinder.open(actor, releaseId, {})).tallyWaiting()).waits;
}

/** Why a case is not in a list that leaves out what waits; `other`: there is no reason but the filter. */
export async function whyMissing(actor: Actor, releaseId: number, caseId: number): Promise<Missing> {
  return (await (await CaseFinder.open(actor, releaseId, {})).whyMissing(caseId)) ?? "other";
}

/** All cases under a filter, or just those of `ids`, a few at a time, with their texts whole: for files. */
export async function* eachCase(
  actor: Actor,
  releaseId: number,
  filter: CaseFilter,
  ids?: readonly number[],
): AsyncGenerator<CaseRow[]> {
  const finder = await CaseFinder.open(actor, releaseId, filter, asPlanned);
  if (ids) {
    for (let at = 0; at < ids.length; at += 20) yield await finder.loadRows(ids.slice(at, at + 20), wholeText);
    return;
  }
  let cursor: Cursor | null = null;
  for (;;) {
    const found: Found[] = await finder.find(cursor, false, 200);
    const last = found.at(-1);
    if (!last) return;
    // Twenty at a time: an answer may have megabytes.
    for (let at = 0; at < found.length; at += 20) {
      yield await finder.loadRows(
        found.slice(at, at + 20).map(({ id }) => id),
        wholeText,
      );
    }
    cursor = [last.sortKey, last.id];
  }
}

/** What stands around the rows. */
export async function describeCases(actor: Actor, releaseId: number, filter: CaseFilter): Promise<CaseTable> {
  return tableOf(await CaseFinder.open(actor, releaseId, filter), filter);
}

async function tableOf(finder: CaseFinder, filter: CaseFilter): Promise<CaseTable> {
  const { scope } = finder;
  const { criterion, judges, judge } = finder.chosen;
  const [names, release, waiting, few] = await Promise.all([
    quickQuery<{ baseline: string; candidate: string }>(
      `SELECT b.key AS baseline, k.key AS candidate FROM release r JOIN prompt_version b ON b.id = r.baseline_id
         JOIN prompt_version k ON k.id = r.candidate_id WHERE r.id = $1`,
      [scope.releaseId],
    ),
    finder.tallyRelease(),
    finder.tallyWaiting(),
    finder.tallyFew(),
  ]);
  const { flip, slice, sort, tag, q, reviewed } = filter;
  // Counting under these would take as long as all cases together: then the counts are without them.
  const counted = few !== null || (!tag && !q && !reviewed);
  const [all, hidden] = few ? [few.all, few.hidden] : [release, waiting.tally];
  /** By slice, as many as the list under the filter has with another flip. */
  const bySlice = (wanted: Flip | undefined): Map<string, number> => {
    const sums = new Map<string, number>();
    const add = (rows: readonly Tally[], sign: 1 | -1) => {
      for (const { slice: of, before, after, n } of rows) {
        const isOne = wanted === undefined || flipOf(before, after) === wanted;
        sums.set(of, (sums.get(of) ?? 0) + (isOne ? sign * n : 0));
      }
    };
    add(all, 1);
    if (leavesOutWaiting(counted ? { ...filter, flip: wanted } : { sort, flip: wanted })) add(hidden, -1);
    return sums;
  };
  const count = (wanted: Flip | undefined) => {
    const sums = bySlice(wanted);
    return slice === undefined ? [...sums.values()].reduce((sum, n) => sum + n, 0) : (sums.get(slice) ?? 0);
  };
  return {
    ...names.rows[0]!,
    criterion: criterion?.key ?? null,
    judge: judge?.key ?? null,
    isPreference: criterion?.kind === "preference",
    criteria: scope.criteria.map(({ key }) => key),
    judges: judges.map(({ key }) => key),
    otherJudges: scope.judges
      .filter(({ id }) => id !== judge?.id)
      .map(({ id, key, criterionId }) => ({
        id,
        key,
        criterion: scope.criteria.find((one) => one.id === criterionId)?.key ?? "",
      })),
    otherCriteria: scope.criteria.filter(({ id }) => id !== criterion?.id).map(({ key }) => key),
    slices: [...bySlice(flip)]
      .map(([name, n]) => ({ slice: name, count: n }))
      .sort((a, b) => (a.slice < b.slice ? -1 : 1)),
    all: count(undefined),
    counts: judge && {
      better: count("better"),
      worse: count("worse"),
      same: count("same"),
      error: count("error"),
    },
    counted,
    waits: waiting.waits,
  };
}

/** Tags of the release's cases, the most common first: those they were imported with and those people gave. */
export async function listTags(actor: Actor, releaseId: number): Promise<string[]> {
  return tagsOf(await CaseFinder.open(actor, releaseId, {}));
}

async function tagsOf({ scope, waitingAnywhere }: CaseFinder): Promise<string[]> {
  const [imported, { rows: own }] = await Promise.all([
    importedTags(scope.datasetId),
    pool().query<{ tag: string; n: number }>(
      `SELECT t.tag, count(*)::int AS n FROM case_tag t JOIN test_case c ON c.id = t.case_id
        WHERE c.dataset_id = $1 AND c.id <> ALL ($2::int[]) GROUP BY 1`,
      [scope.datasetId, waitingAnywhere],
    ),
  ]);
  const counts = new Map(imported);
  for (const { tag, n } of own) counts.set(tag, (counts.get(tag) ?? 0) + n);
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, 200)
    .map(([tag]) => tag);
}

type CountedTags = { upTo: number; counts: Map<string, number> };
const countedTags = new Map<string, CountedTags>();

/**
 * How many cases of a dataset were imported with each tag. Counted once in a process, then only the cases that came after:
 * neither a case nor its tags ever change.
 */
async function importedTags(datasetId: number): Promise<Map<string, number>> {
  const key = `${process.env.DATABASE_URL} ${datasetId}`;
  const { upTo, counts } = countedTags.get(key) ?? { upTo: 0, counts: new Map<string, number>() };
  const { rows } = await pool().query<{ tag: string | null; n: number; upTo: number }>(
    `SELECT tag, count(*)::int AS n, max(max(id)) OVER () AS "upTo"
       FROM (SELECT id, unnest(CASE WHEN coalesce(tags, '{}') = '{}' THEN '{null}' ELSE tags END) AS tag FROM test_case WHERE dataset_id = $1 AND id > $2) t GROUP BY 1`,
    [datasetId, upTo],
  );
  const after = new Map(counts);
  for (const { tag, n } of rows) if (tag !== null) after.set(tag, (after.get(tag) ?? 0) + n);
  if (rows[0]) countedTags.set(key, { upTo: rows[0].upTo, counts: after });
  return after;
}

export type CaseDetail = {
  id: number;
  key: string;
  input: string;
  inputIsJson: boolean;
  /** Where only the beginning of a long text is here. */
  inputRest?: Rest;
  reference: string | null;
  referenceRest?: Rest;
  slice: string | null;
  tags: string[];
  /** Given by people of the project. */
  ownTags: string[];
  mustPass: boolean;
  origin: string;
  generator: string | null;
  hidden: boolean;
  /** This person may say now which hunk was the reason. */
  attributes: boolean;
  draw: { stratum: string; probability: number; batch: number } | null;
  /** Added to the sample by somebody, not drawn. */
  chosen: { by: string; at: string } | null;
  sides: Record<
    "baseline" | "candidate",
    {
      version: string;
      output: string | null;
      rest?: Rest;
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
      /** On words of this answer, by those who graded it. */
      comments: { id: number; reviewer: string; quote: string; comment: string }[];
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
  const waiting = (await waitingCases(actor, releaseId)).some(({ id }) => id === caseId);
  const waitsAnywhere = (await waitingIn(actor, scope.datasetId)).includes(caseId);
  const { rows } = await pool().query<Omit<CaseDetail, "sides" | "preferences" | "attributes">>(
    `SELECT c.id, c.key, c.input, c.input_is_json AS "inputIsJson", c.reference, c.slice, coalesce(c.tags, '{}') AS tags, c.must_pass AS "mustPass",
            CASE WHEN $5 THEN '{}' ELSE ARRAY(SELECT t.tag FROM case_tag t WHERE t.case_id = c.id ORDER BY t.tag) END AS "ownTags",
            c.origin, c.generator, $4::boolean AS hidden,
            CASE WHEN d.case_id IS NOT NULL AND NOT $4
              THEN json_build_object('stratum', d.stratum, 'probability', d.probability, 'batch', d.batch) END AS draw,
            CASE WHEN k.case_id IS NOT NULL AND d.case_id IS NULL AND NOT $4 THEN json_build_object('by', k.chosen_by, 'at', k.chosen_at) END AS chosen
       FROM test_case c LEFT JOIN draw d ON d.release_id = $1 AND d.case_id = c.id
       LEFT JOIN chosen_case k ON k.release_id = $1 AND k.case_id = c.id
      WHERE c.id = $2 AND c.dataset_id = $3`,
    [releaseId, caseId, scope.datasetId, waiting, waitsAnywhere],
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
        comments: [],
      };
    }
    const [output, verdicts, reviews, imported, comments] = await Promise.all([
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
      pool().query(
        `SELECT m.id, u.name AS reviewer, m.quote, m.comment FROM answer_comment m JOIN app_user u ON u.id = m.reviewer_id
          WHERE m.release_id = $3 AND m.run_id = $1 AND m.case_id = $2 ORDER BY m.id`,
        [runId, caseId, releaseId],
      ),
    ]);
    return {
      ...output.rows[0],
      verdicts: verdicts.rows,
      reviews: reviews.rows.map((row) => ({ ...row, at: (row.at as Date).toISOString() })),
      imported: imported.rows,
      comments: comments.rows,
    };
  };
  const [baseline, candidate] = await Promise.all([side(scope.baselineRunId), side(scope.candidateRunId)]);
  const preferences = found.hidden
    ? { judges: [], reviews: [], imported: [] }
    : await preferencesOf(scope, releaseId, caseId);
  const attributes = !found.hidden && (await mayAttribute(actor, releaseId, caseId));
  return { ...found, attributes, sides: { baseline, candidate }, preferences };
}

/** As it goes to a browser: of long texts only the beginning. */
export function inParts(detail: CaseDetail): CaseDetail {
  const input = beginningOf(detail.input);
  const reference = beginningOf(detail.reference);
  const side = (whole: CaseDetail["sides"]["baseline"]) => {
    const { value, rest } = beginningOf(whole.output);
    return { ...whole, output: value, ...(rest && { rest }) };
  };
  return {
    ...detail,
    input: input.value,
    ...(input.rest && { inputRest: input.rest }),
    reference: reference.value,
    ...(reference.rest && { referenceRest: reference.rest }),
    sides: { baseline: side(detail.sides.baseline), candidate: side(detail.sides.candidate) },
  };
}

export const caseTexts = ["input", "reference", "baseline", "candidate"] as const;

/** One text of a case in whole; null where there is none, or it is hidden from this person. */
export async function caseText(
  actor: Actor,
  releaseId: number,
  caseId: number,
  of: (typeof caseTexts)[number],
): Promise<string | null> {
  const detail = await getCase(actor, releaseId, caseId);
  return of === "input" || of === "reference" ? detail[of] : detail.sides[of].output;
}

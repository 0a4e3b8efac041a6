import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { Prisma } from "../db/generated/client";
import { notFound } from "../errors";
import { waitingCases } from "../review/queries";
import { agreement, cohenKappa } from "../stats/agreement";
import { alwaysValidPath, type SequenceInput } from "../stats/always-valid";
import { slicesWorse } from "../stats/false-discovery";
import {
  type CatchRate,
  exactInterval,
  type JudgeTrust,
  judgeTrust,
  licenceOf,
  licenceWithCatch,
} from "../stats/judge-trust";
import { guess, pairedEstimate, worstCaseDelta } from "../stats/paired-estimate";
import { type JudgePrefers, judgePrefers, preferenceTrust } from "../stats/preference-trust";
import { add, type Cells, type JudgeSays, type Stratum, size, values, worth } from "../stats/strata";
import { type CriterionKind, joinJudged, judgedName, marginOf } from "./judged";
import { bothOrders, importedPreferences, overridesPreference, runsOfRelease } from "./preferences";
import { loadTally, type Reader, type TallyRow } from "./tally";
import type {
  CriterionEvidence,
  FlipCounts,
  ImportedEvidence,
  JudgeEvidence,
  LabelCounts,
  PathPoint,
  PreferenceCounts,
  SliceEvidence,
  VerdictCounts,
} from "./types";

type Scope = {
  id: number;
  datasetId: number;
  baselineRunId: number;
  candidateRunId: number;
  baseline: string;
  candidate: string;
  level: number;
  riskLimit: number;
  minTpr: number;
  minTnr: number;
  minCatch: number | null;
  primaryCriterionId: number;
  primaryKind: CriterionKind;
  primaryJudgeVersionId: number | null;
  primaryThreshold: number | null;
  closeMargin: number | null;
  /** Cases of the dataset, whether or not both runs answered them. */
  cases: number;
};

export async function loadScope(reader: Reader, projectId: number, releaseId: number): Promise<Scope> {
  const [scope] = await reader.$queryRaw<Scope[]>`
    SELECT r.id, r.dataset_id AS "datasetId", r.baseline_run_id AS "baselineRunId", r.candidate_run_id AS "candidateRunId",
           b.key AS baseline, k.key AS candidate, rc.criterion_id AS "primaryCriterionId",
           c.kind::text AS "primaryKind", rc.judge_version_id AS "primaryJudgeVersionId",
           (SELECT threshold FROM judge_version WHERE id = rc.judge_version_id) AS "primaryThreshold", r.close_margin AS "closeMargin",
           (SELECT count(*)::int FROM test_case WHERE dataset_id = r.dataset_id) AS cases,
           (p.document::json ->> 'level')::float8 AS level,
           coalesce((p.document::json ->> 'riskLimit')::float8, 0.05) AS "riskLimit",
           (p.document::json -> 'judge' ->> 'minTpr')::float8 AS "minTpr", (p.document::json -> 'judge' ->> 'minTnr')::float8 AS "minTnr",
           (p.document::json -> 'judge' ->> 'minCatch')::float8 AS "minCatch"
      FROM release r JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id
      JOIN policy p ON p.id = r.policy_id JOIN release_criterion rc ON rc.release_id = r.id AND rc.position = 0
      JOIN criterion c ON c.id = rc.criterion_id
     WHERE r.id = ${releaseId} AND r.project_id = ${projectId}`;
  if (!scope) throw notFound("The release");
  return scope;
}

/** What one judge says of both outputs, as aliases `b` and `k`. */
function judgedOf(scope: Scope, judgeVersionId: number | null, b: string, k: string): Prisma.Sql {
  return joinJudged([b, k], {
    baselineRun: Prisma.sql`${scope.baselineRunId}`,
    candidateRun: Prisma.sql`${scope.candidateRunId}`,
    judgeVersion: Prisma.sql`${judgeVersionId ?? 0}`,
    caseId: Prisma.raw("c.id"),
  });
}

/**
 * The human label of each drawn output, as the view `human_label` has it; grades of chosen cases are none here. A
 * preference of the case is a label of both outputs, as `preference_as_verdict` has it.
 */
export function labelsOf(scope: Scope, criterionId: number, kind: CriterionKind): Prisma.Sql {
  const labels = Prisma.sql`human_label JOIN draw USING (release_id, case_id) WHERE release_id = ${scope.id} AND criterion_id = ${criterionId}`;
  if (kind === "preference") {
    return Prisma.sql`
      SELECT case_id, side.run_id, preference_as_verdict(label, version) AS label
        FROM (SELECT case_id, label FROM ${labels}) graded
       CROSS JOIN (VALUES (${scope.baselineRunId}::int, 'baseline'), (${scope.candidateRunId}::int, 'candidate')) AS side (run_id, version)`;
  }
  return Prisma.sql`SELECT case_id, run_id, label FROM ${labels}`;
}

type Pair = { b: string | null; k: string | null };

function says(verdict: string | null): JudgeSays {
  return verdict === "pass" || verdict === "fail" ? verdict : "error";
}

type PairCount = Pair & { n: number };

function countVerdicts(pairs: readonly PairCount[], side: keyof Pair): VerdictCounts {
  const counts = { pass: 0, fail: 0, error: 0 };
  for (const pair of pairs) counts[says(pair[side])] += pair.n;
  return counts;
}

function countFlips(pairs: readonly PairCount[]): FlipCounts {
  const counts = { better: 0, worse: 0, same: 0, error: 0 };
  for (const { b, k, n } of pairs) {
    const [before, after] = [says(b), says(k)];
    if (before === "error" || after === "error") counts.error += n;
    else if (before === after) counts.same += n;
    else counts[after === "pass" ? "better" : "worse"] += n;
  }
  return counts;
}

/** What a pairwise judge prefers, in cases. */
function countPreferences(pairs: readonly PairCount[]): PreferenceCounts {
  const counts = { candidate: 0, baseline: 0, tie: 0, flip: 0, error: 0 };
  for (const { b, k, n } of pairs) {
    const name = judgedName("preference", b, k);
    counts[name in counts ? (name as keyof PreferenceCounts) : "error"] += n;
  }
  return counts;
}

type JudgeRow = { judgeVersionId: number; key: string; number: number; model: string };

/**
 * The judge versions of a criterion that judged one of the runs, the instrument first. Keys are unique: where several
 * versions of one judge are there, the first listed has its key, the others `key@number`.
 */
async function judgesOf(
  reader: Reader,
  scope: Scope,
  criterionId: number,
  instrument: number | null,
): Promise<JudgeRow[]> {
  const rows = await reader.$queryRaw<JudgeRow[]>`
    SELECT jv.id AS "judgeVersionId", j.key, jv.number, jv.model
      FROM judge_version jv JOIN judge j ON j.id = jv.judge_id
     WHERE jv.criterion_id = ${criterionId}
       AND (EXISTS (SELECT 1 FROM run_judge x WHERE x.judge_version_id = jv.id AND x.run_id IN (${scope.baselineRunId}, ${scope.candidateRunId}))
            OR EXISTS (SELECT 1 FROM run_pair_judge x WHERE x.judge_version_id = jv.id AND (x.first_run_id, x.second_run_id)
                         IN ((${scope.baselineRunId}, ${scope.candidateRunId}), (${scope.candidateRunId}, ${scope.baselineRunId}))))
     ORDER BY (jv.id = ${instrument ?? 0}) DESC, j.id, jv.number DESC`;
  const seen = new Set<string>();
  return rows.map((row) => {
    const key = seen.has(row.key) ? `${row.key}@${row.number}` : row.key;
    seen.add(row.key);
    return { ...row, key };
  });
}

type Batch = { number: number; design: string; strata: DesignStratum[] };
/** A stratum of a batch as drawn; `of`: what an adaptive one holds. */
type DesignStratum = { stratum: string; drawn: number; of?: { pair: string; slice: string | null; close?: true }[] };

/** One drawn case: what is known of it, and what people's grades amount to. */
type DrawnRow = Omit<TallyRow, "n" | "judgeVersionId"> & {
  caseId: number;
  batch: number;
  labelBaseline: string;
  labelCandidate: string;
};

async function loadBatches(reader: Reader, releaseId: number): Promise<Batch[]> {
  const rows = await reader.$queryRaw<{ number: number; design: string; strata: string }[]>`
    SELECT number, design, strata FROM sample_batch WHERE release_id = ${releaseId} ORDER BY number`;
  return rows.map((row) => ({ ...row, strata: JSON.parse(row.strata) as DesignStratum[] }));
}

/** The drawn cases in queue order, with one judge's verdicts. */
async function drawnRows(
  reader: Reader,
  scope: Scope,
  { id: criterionId, kind }: { id: number; kind: CriterionKind },
  judgeVersionId: number | null,
): Promise<DrawnRow[]> {
  const drawn = await reader.$queryRaw<Omit<DrawnRow, "labelBaseline" | "labelCandidate">[]>`
    SELECT d.case_id AS "caseId", d.batch, c.must_pass AS "mustPass", c.slice, vb.verdict AS pb, vk.verdict AS pk,
           jb.verdict AS jb, jk.verdict AS jk,
           NOT c.must_pass AND coalesce(${marginOf(["vb", "vk"], Prisma.sql`${scope.primaryThreshold}::float8`)} <= ${scope.closeMargin}::float8, false) AS close
      FROM draw d JOIN test_case c ON c.id = d.case_id
      ${judgedOf(scope, scope.primaryJudgeVersionId, "vb", "vk")}
      ${judgedOf(scope, judgeVersionId, "jb", "jk")}
     WHERE d.release_id = ${scope.id} ORDER BY d.position`;
  // Joined here: the planner takes the grouped labels for a single row and would go through all of them for every draw.
  const labels = await reader.$queryRaw<{ caseId: number; runId: number; label: string }[]>`
    SELECT case_id AS "caseId", run_id AS "runId", label FROM (${labelsOf(scope, criterionId, kind)}) l`;
  const found = new Map(labels.map(({ caseId, runId, label }) => [`${caseId} ${runId}`, label]));
  return drawn.map((row) => ({
    ...row,
    labelBaseline: found.get(`${row.caseId} ${scope.baselineRunId}`) ?? "waiting",
    labelCandidate: found.get(`${row.caseId} ${scope.candidateRunId}`) ?? "waiting",
  }));
}

export function isLabel(text: string): boolean {
  return text === "pass" || text === "fail";
}

/** Where a case lies among the cells of `Cells`; null without a label for both versions. */
function cellOf(row: DrawnRow): number | null {
  if (!isLabel(row.labelBaseline) || !isLabel(row.labelCandidate)) return null;
  return (row.labelBaseline === "pass" ? 2 : 0) + (row.labelCandidate === "pass" ? 1 : 0);
}

/**
 * Which stratum of each batch a case was drawn from; null in a simple random batch, where it does not matter. Consecutive
 * simple random batches are one round: together they are again one simple random sample.
 */
function designOf(batches: readonly Batch[], primaryKind: CriterionKind) {
  const rounds: { design: string; batches: Batch[] }[] = [];
  for (const batch of batches) {
    const last = rounds.at(-1);
    if (batch.design === "random" && last?.design === "random") last.batches.push(batch);
    else rounds.push({ design: batch.design, batches: [batch] });
  }
  const roundOf = new Map(rounds.flatMap((round, r) => round.batches.map(({ number }) => [number, r] as const)));
  const within = batches.map(({ design, strata }) => {
    if (design === "random") return () => null;
    const named = new Map(
      strata.flatMap(({ stratum, of }) =>
        (of ?? []).map(({ pair, slice, close = false }) => [`${pair}\n${slice ?? ""}\n${close}`, stratum]),
      ),
    );
    return ({ pb, pk, slice, close }: Pick<TallyRow, "pb" | "pk" | "slice" | "close">) => {
      const pair = judgedName(primaryKind, pb, pk);
      return named.get(`${pair}\n${slice ?? ""}\n${close}`) ?? pair;
    };
  });
  return { rounds, roundOf, within };
}

type Design = ReturnType<typeof designOf>;
type Known = Omit<TallyRow, "n" | "judgeVersionId">;
type MutableCells = [number, number, number, number];
type CountedStratum = Stratum & {
  cells: MutableCells;
  rounds: { cells: MutableCells; design: string | null }[];
  /** Drawn cases without a label. */
  unlabelled: number;
  prefers: JudgePrefers | null;
};

/** Cases by what a judge says (and, where that mattered to a draw, by that draw's strata), with the labels in them. */
function buildStrata(tally: readonly TallyRow[], rows: readonly DrawnRow[], design: Design, kind: CriterionKind) {
  const strata = new Map<string, CountedStratum>();
  const inRounds = (known: Known) =>
    known.mustPass
      ? design.rounds.map(() => null)
      : design.rounds.map(({ batches }) => design.within[batches[0]!.number - 1]!(known));
  const find = (known: Known) => {
    const designs = inRounds(known);
    const said = judgedName(kind, known.jb, known.jk);
    const drawn = designs.filter((name) => name !== null && name !== said);
    const key = [`${known.mustPass ? "must-pass " : ""}${said}`, ...drawn].join(" · ");
    const found = strata.get(key) ?? {
      key,
      judged: { baseline: says(known.jb), candidate: says(known.jk) },
      certain: known.mustPass,
      population: 0,
      cells: [0, 0, 0, 0] as MutableCells,
      rounds: designs.map((name) => ({ cells: [0, 0, 0, 0] as MutableCells, design: name })),
      unlabelled: 0,
      prefers: judgePrefers.find((prefers) => kind === "preference" && prefers === said) ?? null,
    };
    strata.set(key, found);
    return found;
  };
  for (const row of tally) find(row).population += row.n;
  const labels: LabelCounts = { labelled: 0, unsure: 0, disagreement: 0, waiting: 0 };
  for (const row of rows) {
    const stratum = find(row);
    const cell = cellOf(row);
    if (cell !== null) {
      stratum.cells[cell]!++;
      stratum.rounds[design.roundOf.get(row.batch)!]!.cells[cell]!++;
      labels.labelled++;
      continue;
    }
    stratum.unlabelled++;
    const both = [row.labelBaseline, row.labelCandidate];
    labels[both.includes("waiting") ? "waiting" : both.includes("disagreement") ? "disagreement" : "unsure"]++;
  }
  const sorted = [...strata.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { strata: sorted, labels, stratumOf: find };
}

type Built = ReturnType<typeof buildStrata>;

/** The drawn cases in queue order, for what depends on the order. Every batch is a round of its own: its size was fixed when it began. */
function sequenceOf(
  { strata, stratumOf }: Built,
  rows: readonly DrawnRow[],
  batches: readonly Batch[],
  design: Design,
) {
  const open = strata.filter(({ certain }) => !certain);
  const at = new Map(open.map((stratum, h) => [stratum, h]));
  const certain = strata.filter((stratum) => stratum.certain);
  const input: SequenceInput = {
    strata: open.map((stratum) => ({ population: stratum.population, guess: guess(stratum, "delta") })),
    rounds: batches.map((batch) => {
      const drawn = rows.filter((row) => row.batch === batch.number && !row.mustPass);
      if (batch.design === "random") return { size: drawn.length };
      const round = design.roundOf.get(batch.number)!;
      const names = [...new Set(open.map(({ rounds }) => rounds[round]!.design))];
      const designs = open.map(({ rounds }) => names.indexOf(rounds[round]!.design));
      const counts = names.map((name) => drawn.filter((row) => stratumOf(row).rounds[round]!.design === name).length);
      return { size: drawn.length, designOf: designs, drawn: counts };
    }),
    draws: rows
      .filter(({ mustPass }) => !mustPass)
      .map((row) => {
        const cell = cellOf(row);
        return {
          stratum: at.get(stratumOf(row))!,
          value: cell === null ? null : values.delta[cell]!,
          round: batches.findIndex(({ number }) => number === row.batch),
        };
      }),
    certain: {
      population: certain.reduce((sum, { population }) => sum + population, 0),
      labelled: certain.reduce((sum, { cells }) => sum + size(cells), 0),
      sum: certain.reduce((sum, { cells }) => sum + worth(cells, values.delta), 0),
    },
  };
  const cells = open.map(({ cells: [ff, fp, pf, pp] }) => [pf, ff + pp, fp] as const);
  return { input, cells };
}

/** Slices beyond this many are not told apart. */
const sliceLimit = 200;

function sliceEvidence(
  tally: readonly TallyRow[],
  rows: readonly DrawnRow[],
  design: Design,
  kind: CriterionKind,
  level: number,
): SliceEvidence[] {
  const populations = new Map<string, number>();
  for (const { slice, n } of tally) {
    if (slice !== null) populations.set(slice, (populations.get(slice) ?? 0) + n);
  }
  const largest = [...populations].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, sliceLimit);
  const rowsOf = largest
    .map(([slice, population]) => {
      const { strata, labels } = buildStrata(
        tally.filter((row) => row.slice === slice),
        rows.filter((row) => row.slice === slice),
        design,
        kind,
      );
      const { estimate, low, high } = pairedEstimate(strata, level).theseCases.delta;
      const [, better, worse] = strata.reduce<Cells>((sum, { cells }) => add(sum, cells), [0, 0, 0, 0]);
      return { slice, population, labelled: labels.labelled, better, worse, delta: estimate, low, high };
    })
    .sort((a, b) => (a.slice < b.slice ? -1 : 1));
  const tests = slicesWorse(rowsOf);
  return rowsOf.map((row, i) => ({ ...row, p: tests[i]!.p, q: tests[i]!.q, gotWorse: tests[i]!.worse }));
}

/** Everything known about one criterion of a release, computed from counts in the database. */
export async function criterionEvidence(
  actor: Actor,
  input: { releaseId: number; criterionId: number },
  reader: Reader = db,
): Promise<CriterionEvidence> {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, input.releaseId);
  const { criterionId } = input;
  type Row = { key: string; name: string; kind: CriterionKind; judgeVersionId: number | null };
  const [criterion] = await reader.$queryRaw<Row[]>`
    SELECT c.key, c.name, c.kind::text, rc.judge_version_id AS "judgeVersionId" FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id
     WHERE rc.release_id = ${scope.id} AND rc.criterion_id = ${criterionId}`;
  if (!criterion) throw notFound("The criterion");
  const { kind, judgeVersionId: instrument } = criterion;
  const tally = await loadTally(reader, scope.id);
  const batches = await loadBatches(reader, scope.id);
  const design = designOf(batches, scope.primaryKind);
  const judgeRows = await judgesOf(reader, scope, criterionId, instrument);
  const of = (judgeVersionId: number | null) => tally.filter((row) => row.judgeVersionId === judgeVersionId);
  const rows = await drawnRows(reader, scope, { id: criterionId, kind }, instrument);
  const built = buildStrata(of(instrument), rows, design, kind);
  const { strata, labels } = built;
  const drawn = labels.labelled + labels.unsure + labels.disagreement + labels.waiting;

  const judges: JudgeEvidence[] = [];
  const catches = await catchRates(reader, scope, criterionId);
  for (const judge of judgeRows) {
    const isInstrument = judge.judgeVersionId === instrument;
    const pairs = of(judge.judgeVersionId).map(({ jb, jk, n }) => ({ b: jb, k: jk, n }));
    const inside = isInstrument
      ? strata
      : buildStrata(
          of(judge.judgeVersionId),
          drawn > 0 ? await drawnRows(reader, scope, { id: criterionId, kind }, judge.judgeVersionId) : [],
          design,
          kind,
        ).strata;
    if (kind === "preference") {
      const preference = preferenceTrust(inside, scope.level);
      judges.push({
        ...judge,
        instrument: isInstrument,
        verdicts: {},
        tally: countFlips(pairs),
        // Whom people prefer is found on either side as often as the policy asks of good and of bad answers.
        licence: licenceOf([{ tpr: preference.finds.candidate, tnr: preference.finds.baseline }], scope),
        trust: {},
        prefers: countPreferences(pairs),
        preference,
      });
      continue;
    }
    const trust = judgeTrust(inside, scope.level);
    judges.push({
      ...judge,
      instrument: isInstrument,
      verdicts: { [scope.baseline]: countVerdicts(pairs, "b"), [scope.candidate]: countVerdicts(pairs, "k") },
      tally: countFlips(pairs),
      licence: licenceWithCatch(
        licenceOf([trust.baseline, trust.candidate], scope),
        catches.get(judge.judgeVersionId) ?? null,
        scope.minCatch,
      ),
      catch: catches.get(judge.judgeVersionId) ?? null,
      trust: { [scope.baseline]: trust.baseline, [scope.candidate]: trust.candidate } as Record<string, JudgeTrust>,
    });
  }
  const sequence = sequenceOf(built, rows, batches, design);
  const always = drawn > 0 ? alwaysValidPath(sequence.input, 1 - scope.riskLimit).at(-1) : undefined;
  const population = of(null).reduce((sum, { n }) => sum + n, 0);
  const unanswered = Math.max(0, scope.cases - population);
  const unlabelled = new Map(strata.map((stratum) => [stratum.key, stratum.unlabelled]));
  return {
    key: criterion.key,
    name: criterion.name,
    kind,
    population,
    unanswered,
    drawn,
    reviewed: labels.labelled,
    labels,
    skipped: await countSkipped(reader, scope.id),
    judges,
    estimate: drawn > 0 ? pairedEstimate(strata, scope.level) : null,
    alwaysValid: always ? { low: always.low, high: always.high, level: 1 - scope.riskLimit } : null,
    worstCaseDelta: drawn > 0 ? worstCaseDelta(strata, unlabelled, unanswered) : null,
    slices: labels.labelled > 0 ? sliceEvidence(of(instrument), rows, design, kind, scope.level) : [],
    overrides: await countOverrides(reader, scope, criterionId, instrument),
    imported: kind === "preference" ? null : await importedEvidence(reader, scope, criterionId, judgeRows),
    importedPreferences:
      kind === "preference" ? await importedPreferences(reader, scope, criterionId, judgeRows) : null,
    sequence,
  };
}

/** How many of the release's known-bad sentinels each judge version failed; struck ones and judge errors count in neither. */
async function catchRates(reader: Reader, scope: Scope, criterionId: number): Promise<Map<number, CatchRate>> {
  const rows = await reader.$queryRaw<{ judgeVersionId: number; caught: number; n: number }[]>`
    SELECT v.judge_version_id AS "judgeVersionId", count(*)::int AS n, count(*) FILTER (WHERE v.verdict = 'fail')::int AS caught
      FROM sentinel s JOIN sentinel_verdict v ON v.sentinel_id = s.id AND v.verdict <> 'error'
     WHERE s.release_id = ${scope.id} AND s.criterion_id = ${criterionId} AND s.expected = 'fail'
       AND NOT EXISTS (SELECT 1 FROM sentinel_strike x WHERE x.sentinel_id = s.id) GROUP BY 1`;
  return new Map(
    rows.map(({ judgeVersionId, caught, n }) => [
      judgeVersionId,
      { caught, n, ...exactInterval(caught, n, scope.level) },
    ]),
  );
}

/** Drawn cases that somebody put off and that nobody has graded since. */
async function countSkipped(reader: Reader, releaseId: number): Promise<number> {
  const [row] = await reader.$queryRaw<{ n: number }[]>`
    SELECT count(DISTINCT t.case_id)::int AS n FROM review_task t JOIN draw d USING (release_id, case_id)
     WHERE t.release_id = ${releaseId} AND t.skipped_at IS NOT NULL AND t.completed_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = t.release_id AND rv.case_id = t.case_id)`;
  return row!.n;
}

/** One judge's strata and drawn cases in a release, for what is asked of a part of them. */
export async function judgeSample(
  actor: Actor,
  input: { releaseId: number; criterionId: number; judgeVersionId: number },
  reader: Reader = db,
) {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, input.releaseId);
  const [criterion] = await reader.$queryRaw<{ kind: CriterionKind }[]>`
    SELECT c.kind::text FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id
     WHERE rc.release_id = ${scope.id} AND rc.criterion_id = ${input.criterionId}`;
  if (!criterion) throw notFound("The criterion");
  const tally = (await loadTally(reader, scope.id)).filter((row) => row.judgeVersionId === input.judgeVersionId);
  const design = designOf(await loadBatches(reader, scope.id), scope.primaryKind);
  const rows = await drawnRows(reader, scope, { id: input.criterionId, kind: criterion.kind }, input.judgeVersionId);
  /** Of a slice, or of all. */
  const strataOf = (slice?: string) => {
    const inside = <T extends { slice: string | null }>(all: T[]) =>
      slice === undefined ? all : all.filter((row) => row.slice === slice);
    return buildStrata(inside(tally), inside(rows), design, criterion.kind);
  };
  return { scope, kind: criterion.kind, tally, rows, strataOf };
}

type Findings = { labelled: number; overridden: number };

/** How often people overrode the primary instrument so far, by what it said and by slice (`""`: without one). */
export async function primaryFindings(
  actor: Actor,
  releaseId: number,
  reader: Reader = db,
): Promise<{ byPair: Map<string, Findings>; bySlice: Map<string, Findings> }> {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, releaseId);
  const primary = { id: scope.primaryCriterionId, kind: scope.primaryKind };
  const rows = await drawnRows(reader, scope, primary, scope.primaryJudgeVersionId);
  const [byPair, bySlice] = [new Map<string, Findings>(), new Map<string, Findings>()];
  for (const row of rows) {
    if (row.mustPass || cellOf(row) === null) continue;
    const overridden = row.labelBaseline !== row.pb || row.labelCandidate !== row.pk;
    for (const [map, key] of [
      [byPair, judgedName(scope.primaryKind, row.jb, row.jk)],
      [bySlice, row.slice ?? ""],
    ] as const) {
      const found = map.get(key) ?? { labelled: 0, overridden: 0 };
      map.set(key, { labelled: found.labelled + 1, overridden: found.overridden + Number(overridden) });
    }
  }
  return { byPair, bySlice };
}

/** How both intervals of the primary criterion went on their way to here, at up to `points` numbers of reviews. */
export async function criterionPath(
  actor: Actor,
  input: { releaseId: number; points?: number },
  reader: Reader = db,
): Promise<PathPoint[]> {
  permit(actor, "project.read");
  const scope = await loadScope(reader, actor.projectId, input.releaseId);
  const { primaryCriterionId: id, primaryJudgeVersionId: judgeVersionId, primaryKind: kind } = scope;
  const tally = (await loadTally(reader, scope.id)).filter((row) => row.judgeVersionId === judgeVersionId);
  const batches = await loadBatches(reader, scope.id);
  const design = designOf(batches, kind);
  const rows = await drawnRows(reader, scope, { id, kind }, judgeVersionId);
  const built = buildStrata(tally, rows, design, kind);
  const path = alwaysValidPath(sequenceOf(built, rows, batches, design).input, 1 - scope.riskLimit);
  // Cases drawn for certain come first and make the path's first point.
  const certain = rows.filter(({ mustPass }) => mustPass);
  const open = rows.filter((row) => !row.mustPass && cellOf(row) !== null);
  const every = Math.max(1, Math.ceil(open.length / (input.points ?? 60)));
  return path
    .map((point, i) => ({ point, i }))
    .filter(({ i }) => i > 0 && (i % every === 0 || i === path.length - 1))
    .map(({ point: { labelled, low, high }, i }) => {
      const { strata } = buildStrata(tally, [...certain, ...open.slice(0, i)], design, kind);
      const { delta } = pairedEstimate(strata, scope.level).theseCases;
      return {
        reviews: labelled,
        estimate: delta.estimate,
        fixed: { low: delta.low, high: delta.high },
        alwaysValid: { low, high },
      };
    });
}

async function countOverrides(
  reader: Reader,
  scope: Scope,
  criterionId: number,
  judgeVersionId: number | null,
): Promise<number> {
  const preferences = await reader.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM review rv JOIN draw d USING (release_id, case_id)
      ${bothOrders(scope, Prisma.sql`${judgeVersionId ?? 0}`, Prisma.raw("rv.case_id"))}
     WHERE rv.release_id = ${scope.id} AND rv.criterion_id = ${criterionId} AND ${overridesPreference}`;
  const [row] = await reader.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM review rv JOIN draw d USING (release_id, case_id)
      JOIN verdict v ON v.run_id = rv.run_id AND v.case_id = rv.case_id AND v.judge_version_id = ${judgeVersionId ?? 0} AND v.repeat = 0
     WHERE rv.release_id = ${scope.id} AND rv.criterion_id = ${criterionId}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
       AND rv.verdict IN ('pass', 'fail') AND v.verdict IN ('pass', 'fail') AND rv.verdict::text <> v.verdict::text`;
  return (row?.n ?? 0) + (preferences[0]?.n ?? 0);
}

/** Of imported reviewers, those with the most grades are compared: their pairs grow with the square. */
const reviewerLimit = 20;

type ImportedRow = { reviewer: string; run: number; verdict: string; n: number };
type ConfusionRow = {
  reviewer: string;
  judgeVersionId: number;
  run: number;
  judged: string;
  verdict: string;
  n: number;
};

async function importedEvidence(
  reader: Reader,
  scope: Scope,
  criterionId: number,
  judges: readonly JudgeRow[],
): Promise<ImportedEvidence | null> {
  const runs = Prisma.sql`(${scope.baselineRunId}, ${scope.candidateRunId})`;
  const known = await reader.$queryRaw<{ reviewer: string }[]>`
    SELECT reviewer FROM imported_review WHERE run_id IN ${runs} AND criterion_id = ${criterionId}
     GROUP BY 1 ORDER BY count(*) DESC, reviewer COLLATE "C"`;
  if (known.length === 0) return null;
  const reviewers = known.slice(0, reviewerLimit).map(({ reviewer }) => reviewer);
  reviewers.sort();
  const labels = await reader.$queryRaw<ImportedRow[]>`
    SELECT reviewer, run_id AS run, verdict::text, count(*)::int AS n FROM imported_review
     WHERE run_id IN ${runs} AND criterion_id = ${criterionId} AND reviewer = ANY (${reviewers}) GROUP BY 1, 2, 3`;
  const pairs = await reader.$queryRaw<{ reviewer: string; b: string; k: string; n: number }[]>`
    SELECT b.reviewer, b.verdict::text AS b, k.verdict::text AS k, count(*)::int AS n
      FROM imported_review b JOIN imported_review k
        ON k.run_id = ${scope.candidateRunId} AND k.criterion_id = b.criterion_id AND k.reviewer = b.reviewer AND k.case_id = b.case_id
     WHERE b.run_id = ${scope.baselineRunId} AND b.criterion_id = ${criterionId} AND b.reviewer = ANY (${reviewers})
     GROUP BY 1, 2, 3`;
  const ids = judges.map(({ judgeVersionId }) => judgeVersionId);
  const confusions = await reader.$queryRaw<ConfusionRow[]>`
    SELECT ir.reviewer, v.judge_version_id AS "judgeVersionId", ir.run_id AS run, v.verdict::text AS judged, ir.verdict::text AS verdict, count(*)::int AS n
      FROM imported_review ir
      JOIN verdict v ON v.run_id = ir.run_id AND v.case_id = ir.case_id AND v.repeat = 0 AND v.judge_version_id = ANY (${ids})
     WHERE ir.run_id IN ${runs} AND ir.criterion_id = ${criterionId} AND ir.reviewer = ANY (${reviewers})
     GROUP BY 1, 2, 3, 4, 5`;
  const agreements = await reader.$queryRaw<{ a: string; b: string; va: string; vb: string; n: number }[]>`
    SELECT a.reviewer AS a, b.reviewer AS b, a.verdict::text AS va, b.verdict::text AS vb, count(*)::int AS n
      FROM imported_review a JOIN imported_review b
        ON b.run_id = a.run_id AND b.case_id = a.case_id AND b.criterion_id = a.criterion_id
         AND array_position(${reviewers}::text[], b.reviewer) > array_position(${reviewers}::text[], a.reviewer)
     WHERE a.run_id IN ${runs} AND a.criterion_id = ${criterionId} AND a.verdict <> 'unsure' AND b.verdict <> 'unsure'
     GROUP BY 1, 2, 3, 4`;

  const sides = [
    [scope.baseline, scope.baselineRunId],
    [scope.candidate, scope.candidateRunId],
  ] as const;
  return {
    leftOut: known.length - reviewers.length,
    reviewers: Object.fromEntries(
      reviewers.map((reviewer) => {
        const sum = <T extends { n: number }>(rows: readonly T[], matches: (row: T) => boolean) =>
          rows.filter(matches).reduce((total, { n }) => total + n, 0);
        const mine = pairs.filter((row) => row.reviewer === reviewer && isLabel(row.b) && isLabel(row.k));
        const better = sum(mine, ({ b, k }) => b === "fail" && k === "pass");
        const worse = sum(mine, ({ b, k }) => b === "pass" && k === "fail");
        const total = sum(mine, () => true);
        const perVersion = <T>(of: (run: number) => T) =>
          Object.fromEntries(sides.map(([version, run]) => [version, of(run)]));
        return [
          reviewer,
          {
            labels: perVersion((run) => {
              const count = (verdict: string) =>
                sum(labels, (row) => row.reviewer === reviewer && row.run === run && row.verdict === verdict);
              return { pass: count("pass"), fail: count("fail"), unsure: count("unsure") };
            }),
            pairs: { better, worse, same: total - better - worse, delta: total > 0 ? (better - worse) / total : null },
            judges: Object.fromEntries(
              judges.map(({ key, judgeVersionId }) => [
                key,
                perVersion((run) => {
                  const count = (judged: string, verdict: string) =>
                    sum(
                      confusions,
                      (row) =>
                        row.reviewer === reviewer &&
                        row.judgeVersionId === judgeVersionId &&
                        row.run === run &&
                        row.judged === judged &&
                        row.verdict === verdict,
                    );
                  const [tp, fp, fn, tn] = [
                    count("pass", "pass"),
                    count("pass", "fail"),
                    count("fail", "pass"),
                    count("fail", "fail"),
                  ];
                  const kappa = cohenKappa({ bothPass: tp, firstOnly: fp, secondOnly: fn, bothFail: tn });
                  return { tp, fp, fn, tn, judged: tp + fp + fn + tn, kappa };
                }),
              ]),
            ),
          },
        ];
      }),
    ),
    agreement: reviewers.flatMap((a, i) =>
      reviewers.slice(i + 1).flatMap((b) => {
        const rows = agreements.filter((row) => row.a === a && row.b === b);
        const count = (va: string, vb: string) => rows.find((row) => row.va === va && row.vb === vb)?.n ?? 0;
        const cells = {
          bothPass: count("pass", "pass"),
          firstOnly: count("pass", "fail"),
          secondOnly: count("fail", "pass"),
          bothFail: count("fail", "fail"),
        };
        const n = cells.bothPass + cells.firstOnly + cells.secondOnly + cells.bothFail;
        const share = agreement(cells);
        if (share === null) return [];
        return [{ a, b, n, agree: cells.bothPass + cells.bothFail, share, kappa: cohenKappa(cells) }];
      }),
    ),
  };
}

export type OverrideRow = {
  reviewId: number;
  caseId: number;
  case: string;
  slice: string | null;
  /** Null: a preference between both. */
  version: string | null;
  judge: string;
  /** Verdicts; or, of a preference, `candidate`, `baseline` or `tie`. */
  judged: string;
  graded: string;
  reviewer: string;
  note: string | null;
  rationale: string | null;
  at: Date;
};

/**
 * Reviews that differ from the instrument's verdict, newest first; `before` is the review id to go on from. A case that
 * still waits for this person's blind grade is left out: see docs/decisions/0004.
 */
export async function listOverrides(
  actor: Actor,
  input: { releaseId: number; criterionId: number; before?: number; limit?: number },
): Promise<{ rows: OverrideRow[]; next: number | null }> {
  permit(actor, "project.read");
  const limit = Math.min(Math.max(input.limit ?? 50, 1), 200);
  const waiting = (await waitingCases(actor, input.releaseId)).map(({ id }) => id);
  const rows = await db.$queryRaw<OverrideRow[]>`
    SELECT rv.id AS "reviewId", c.id AS "caseId", c.key AS "case", c.slice, NULL AS version, j.key AS judge,
           judged_preference(f.prefer, s.prefer) AS judged, rv.prefer::text AS graded, u.name AS reviewer, rv.note,
           coalesce(f.rationale, s.rationale) AS rationale, rv.created_at AS at
      FROM review rv JOIN draw USING (release_id, case_id)
      JOIN release r ON r.id = rv.release_id AND r.project_id = ${actor.projectId}
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.criterion_id = rv.criterion_id
      JOIN judge_version jv ON jv.id = rc.judge_version_id JOIN judge j ON j.id = jv.judge_id
      JOIN test_case c ON c.id = rv.case_id JOIN app_user u ON u.id = rv.reviewer_id
      ${bothOrders(runsOfRelease, Prisma.raw("rc.judge_version_id"), Prisma.raw("rv.case_id"))}
     WHERE rv.release_id = ${input.releaseId} AND rv.criterion_id = ${input.criterionId} AND rv.id < ${input.before ?? 2_147_483_647}
       AND ${overridesPreference} AND c.id <> ALL (${waiting}::int[])
    UNION ALL
    SELECT rv.id AS "reviewId", c.id AS "caseId", c.key AS "case", c.slice, pv.key AS version, j.key AS judge, v.verdict::text AS judged,
           rv.verdict::text AS graded, u.name AS reviewer, rv.note, v.rationale, rv.created_at AS at
      FROM review rv JOIN draw USING (release_id, case_id)
      JOIN release r ON r.id = rv.release_id AND r.project_id = ${actor.projectId}
      JOIN release_criterion rc ON rc.release_id = r.id AND rc.criterion_id = rv.criterion_id
      JOIN verdict v ON v.run_id = rv.run_id AND v.case_id = rv.case_id AND v.judge_version_id = rc.judge_version_id AND v.repeat = 0
      JOIN judge_version jv ON jv.id = v.judge_version_id JOIN judge j ON j.id = jv.judge_id
      JOIN test_case c ON c.id = rv.case_id JOIN run ru ON ru.id = rv.run_id JOIN prompt_version pv ON pv.id = ru.version_id
      JOIN app_user u ON u.id = rv.reviewer_id
     WHERE rv.release_id = ${input.releaseId} AND rv.criterion_id = ${input.criterionId} AND rv.id < ${input.before ?? 2_147_483_647}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
       AND rv.verdict IN ('pass', 'fail') AND v.verdict IN ('pass', 'fail') AND rv.verdict::text <> v.verdict::text
       AND c.id <> ALL (${waiting}::int[])
     ORDER BY "reviewId" DESC LIMIT ${limit + 1}`;
  const shown = rows.slice(0, limit);
  return { rows: shown, next: rows.length > limit ? (shown.at(-1)?.reviewId ?? null) : null };
}

import { z } from "zod";
import { type BriefCriterion, toBriefCriterion } from "../calibration/brief";
import { type CriterionInputs, computeCriterion, type DrawnRow, sliceBounds, type Terms } from "../calibration/compute";
import { type CriterionKind, judgedName } from "../calibration/judged";
import type { CriterionEvidence } from "../calibration/types";
import { canonicalJson, type JsonObject } from "../digest";
import type { Answers, BriefNumbers, Sampling, StratumCount } from "./brief";
import { mustPassStratum } from "./draw";
import { licenceInWords } from "./licence";
import { type PolicyDocument, policyFor, policySchema } from "./policy-document";
import {
  type Ages,
  type CriterionNumbers,
  evidenceGates,
  type Gate,
  type HumanLabel,
  type MustPassGrade,
} from "./rules";

/**
 * The numbers of a release from what they rest on, as one pure function: for the release as it stands, and again, whenever
 * and wherever somebody doubts them, from the evidence that was frozen with a decision.
 */
export type NumbersInputs = {
  policy: PolicyDocument;
  /** The primary criterion first. */
  criteria: CriterionInputs[];
  mustPass: MustPassGrade[];
  answers: AnswerRow[];
  batches: Sampling["batches"];
  ages: Ages;
};

export type AnswerRow = { version: string; outputs: number; errors: number };

export function computeNumbers(inputs: NumbersInputs): { numbers: BriefNumbers; evidence: CriterionEvidence[] } {
  const { policy } = inputs;
  const [primary] = inputs.criteria;
  const slices = primary ? sliceBounds(primary, policy.slices) : [];
  const evidence = inputs.criteria.map(computeCriterion);
  const criteria = evidence.map((criterion, i): BriefCriterion => {
    const brief = toBriefCriterion(criterion);
    return i === 0 && slices.length > 0 ? { ...brief, sliceBounds: slices } : brief;
  });
  const population = criteria[0]?.population ?? 0;
  const gates = evidenceGates({
    policy,
    mustPass: inputs.mustPass,
    criteria: criteria.map((criterion) => numbersOf(criterion, policyFor(policy, criterion.key))),
    drawable: population,
    slices,
    ages: inputs.ages,
  });
  return {
    numbers: { population, answers: answersOf(inputs), sampling: samplingOf(inputs), criteria, gates },
    evidence,
  };
}

function numbersOf(criterion: BriefCriterion, policy: PolicyDocument): CriterionNumbers {
  const { delta, low, high } = criterion.estimate;
  const instrument = criterion.judges.find((judge) => judge.instrument);
  return {
    key: criterion.key,
    judge: instrument
      ? { key: instrument.key, licence: instrument.licence, detail: licenceInWords(instrument, policy) }
      : null,
    estimate: delta === null || low === null || high === null ? null : { delta, low, high },
    alwaysValid: criterion.estimate.alwaysValid,
    labelled: criterion.estimate.reviewed,
    ungraded: criterion.estimate.missingStrata,
  };
}

function answersOf({ criteria, answers }: NumbersInputs): Answers {
  const cases = criteria[0]?.terms.cases ?? 0;
  return {
    cases,
    missing: Object.fromEntries(answers.map(({ version, outputs }) => [version, Math.max(0, cases - outputs)])),
    errors: Object.fromEntries(answers.map(({ version, errors }) => [version, errors])),
  };
}

function samplingOf({ criteria: [primary], batches }: NumbersInputs): Sampling {
  const counts = new Map<string, StratumCount>();
  const of = (row: { mustPass: boolean; pb: string | null; pk: string | null }) => {
    const stratum = row.mustPass ? mustPassStratum : judgedName(primary?.kind ?? "pass_fail", row.pb, row.pk);
    const found = counts.get(stratum) ?? { stratum, population: 0, drawn: 0 };
    counts.set(stratum, found);
    return found;
  };
  for (const row of primary?.tally ?? []) if (row.judgeVersionId === null) of(row).population += row.n;
  for (const row of primary?.drawnBy(primary.instrument) ?? []) of(row).drawn++;
  const strata = [...counts.values()].sort((a, b) => (a.stratum < b.stratum ? -1 : 1));
  return {
    drawn: strata.reduce((sum, { drawn }) => sum + drawn, 0),
    left: strata.reduce((sum, { population, drawn }) => sum + population - drawn, 0),
    strata,
    batches,
  };
}

/** What evidence keeps beside policy, sample and reviews, so that every number can be computed again from it alone. */
export function frozenInputs({ criteria, mustPass, answers, ages }: NumbersInputs): JsonObject {
  const [primary] = criteria;
  if (!primary) return {};
  const drawn = primary.drawnBy(primary.instrument).map((row, i) => {
    const said = criteria.flatMap((criterion) =>
      criterion.judges.map(({ judgeVersionId }) => {
        const { jb, jk } = criterion.drawnBy(judgeVersionId)[i]!;
        return [judgeVersionId, [jb, jk]] as const;
      }),
    );
    return { case: row.case, slice: row.slice, close: row.close, said: Object.fromEntries(said) };
  });
  return {
    cases: primary.terms.cases,
    ...(ages.runs && { runs: ages.runs }),
    answers,
    tally: primary.tally,
    drawn,
    mustPass: mustPass.map(({ case: key, criterion, answered }) => ({ case: key, criterion, answered })),
    criteria: criteria.map(({ key, instrument, judges, catches, skipped, imported, importedPreferences }) => ({
      ...{ key, instrument, judges, catches, skipped, imported, importedPreferences },
    })),
  } as unknown as JsonObject;
}

/** Formats that said of a gate that it is open, and not which of its parts are. */
const withoutParts: readonly unknown[] = ["countersign-evidence/1", "countersign-evidence/2"];

/** Gates as evidence of a format has them. */
export function gatesAs(format: unknown, gates: readonly Gate[]): Gate[] {
  return gates.map(({ open, ...gate }) => (open && !withoutParts.includes(format) ? { ...gate, open } : gate));
}

const text = z.string();
const count = z.int();
const said = text.nullable();
const judge = z.object({ judgeVersionId: count, key: text, number: count, model: text });
const tallyRow = z.object({
  judgeVersionId: count.nullable(),
  mustPass: z.boolean(),
  slice: text.nullable(),
  pb: said,
  pk: said,
  jb: said,
  jk: said,
  close: z.boolean(),
  n: count,
});
const peoplePrefer = z.enum(["candidate", "baseline", "tie"]);

const frozen = z.object({
  baseline: z.object({ key: text, run: z.object({ id: count }) }),
  candidate: z.object({ key: text, run: z.object({ id: count }) }),
  policy: z.object({ document: policySchema }),
  criteria: z.array(z.object({ key: text, name: text, kind: z.enum(["pass_fail", "preference"]) })).min(1),
  sample: z.array(
    z.object({
      batch: count,
      seed: text,
      design: text,
      size: count,
      drawnBy: text,
      at: text,
      strata: z.array(
        z.object({
          stratum: text,
          drawn: count,
          of: z.array(z.object({ pair: text, slice: text.nullable(), close: z.literal(true).optional() })).optional(),
        }),
      ),
      draws: z.array(z.object({ case: text, stratum: text })),
    }),
  ),
  reviews: z.array(
    z.object({
      id: count,
      case: text,
      criterion: text,
      version: text.optional(),
      verdict: z.enum(["pass", "fail", "unsure"]).optional(),
      prefer: z.enum(["candidate", "baseline", "tie", "unsure"]).optional(),
      supersedes: count.nullable(),
      at: text.optional(),
    }),
  ),
  adjudications: z
    .array(
      z.object({
        case: text,
        outcome: text,
        labels: z.array(
          z.object({
            criterion: text,
            version: text.optional(),
            verdict: z.enum(["pass", "fail", "unsure"]).optional(),
            prefer: z.enum(["candidate", "baseline", "tie", "unsure"]).optional(),
          }),
        ),
      }),
    )
    .default([]),
  closed: z.object({ at: text }).optional(),
  inputs: z.object({
    cases: count,
    runs: z.array(z.object({ version: text, importedAt: text })).optional(),
    answers: z.array(z.object({ version: text, outputs: count, errors: count })),
    tally: z.array(tallyRow),
    drawn: z.array(
      z.object({
        case: text,
        slice: text.nullable(),
        close: z.boolean(),
        said: z.record(text, z.tuple([said, said])),
      }),
    ),
    mustPass: z.array(z.object({ case: text, criterion: text, answered: z.boolean() })),
    criteria: z.array(
      z.object({
        key: text,
        instrument: count.nullable(),
        judges: z.array(judge),
        catches: z.array(z.object({ judgeVersionId: count, caught: count, n: count })),
        skipped: count,
        imported: z
          .object({
            reviewers: z.array(text),
            leftOut: count,
            labels: z.array(z.object({ reviewer: text, run: count, verdict: text, n: count })),
            pairs: z.array(z.object({ reviewer: text, b: text, k: text, n: count })),
            confusions: z.array(
              z.object({ reviewer: text, judgeVersionId: count, run: count, judged: text, verdict: text, n: count }),
            ),
            agreements: z.array(z.object({ a: text, b: text, va: text, vb: text, n: count })),
          })
          .nullable(),
        importedPreferences: z
          .object({
            reviewers: z.array(text),
            leftOut: count,
            counts: z.array(
              z.object({ reviewer: text, prefer: z.enum([...peoplePrefer.options, "unsure"]), n: count }),
            ),
            judged: z.array(
              z.object({
                reviewer: text,
                judgeVersionId: count,
                judged: z.enum([...peoplePrefer.options, "flip"]),
                prefer: peoplePrefer,
                n: count,
              }),
            ),
            both: z.array(z.object({ a: text, b: text, pa: peoplePrefer, pb: peoplePrefer, n: count })),
          })
          .nullable(),
      }),
    ),
  }),
});

type Frozen = z.infer<typeof frozen>;
type Review = Frozen["reviews"][number];

/** The current grades of the cases and versions of one criterion; a preference has no version. */
function currentGrades({ reviews }: Frozen, criterion: string): Map<string, Review[]> {
  const superseded = new Set(reviews.map(({ supersedes }) => supersedes));
  const grades = new Map<string, Review[]>();
  for (const review of reviews) {
    if (review.criterion !== criterion || superseded.has(review.id)) continue;
    const key = JSON.stringify([review.case, review.version ?? null]);
    grades.set(key, [...(grades.get(key) ?? []), review]);
  }
  return grades;
}

/**
 * What people's grades amount to, by case and version (null: a preference), as the view `human_label` has it: the
 * adjudication; else `waiting` until as many graded as the policy asks for, and one more each time a case was returned;
 * else what all agree on; else, with three or more, the majority; else `disagreement`.
 */
function labelsOf(evidence: Frozen, criterion: string) {
  const grades = currentGrades(evidence, criterion);
  const { reviewersPerCase } = evidence.policy.document;
  const returned = new Map<string, number>();
  const settled = new Map<string, string>();
  for (const { case: key, outcome, labels } of evidence.adjudications) {
    if (outcome === "returned") returned.set(key, (returned.get(key) ?? 0) + 1);
    for (const label of labels)
      if (label.criterion === criterion)
        settled.set(JSON.stringify([key, label.version ?? null]), label.verdict ?? label.prefer ?? "");
  }
  return (key: string, version: string | null): string => {
    const place = JSON.stringify([key, version]);
    const said = (grades.get(place) ?? []).map(({ verdict, prefer }) => verdict ?? prefer ?? "");
    const [first] = said;
    if (first === undefined) return "waiting";
    const adjudicated = settled.get(place);
    if (adjudicated !== undefined) return adjudicated;
    if (said.length < reviewersPerCase + (returned.get(key) ?? 0)) return "waiting";
    if (said.every((grade) => grade === first)) return first;
    const majority = ["pass", "fail", "candidate", "baseline", "tie"].find(
      (label) => 2 * said.filter((grade) => grade === label).length > said.length,
    );
    return (said.length >= 3 && majority) || "disagreement";
  };
}

/** What a preference makes of one version's answer, as the database's function of that name. */
function preferenceAsVerdict(prefer: string, version: "baseline" | "candidate"): string {
  if (prefer === "baseline" || prefer === "candidate") return prefer === version ? "pass" : "fail";
  return prefer === "tie" ? "fail" : prefer;
}

/** Grades of drawn cases that differ from what the instrument said. */
function countOverrides(evidence: Frozen, rows: readonly DrawnRow[], criterion: string, kind: CriterionKind): number {
  const rowOf = new Map(rows.map((row) => [row.case, row]));
  let overrides = 0;
  for (const reviews of currentGrades(evidence, criterion).values())
    for (const review of reviews) {
      const row = rowOf.get(review.case);
      if (!row) continue;
      const judged =
        kind === "preference"
          ? judgedName(kind, row.jb, row.jk)
          : review.version === evidence.baseline.key
            ? row.jb
            : row.jk;
      const graded = kind === "preference" ? review.prefer : review.verdict;
      const known = kind === "preference" ? peoplePrefer.options : ["pass", "fail"];
      if (known.includes(judged as never) && known.includes(graded as never) && judged !== graded) overrides++;
    }
  return overrides;
}

/** The inputs back from frozen evidence: labels, overrides and the sample from the grades and draws themselves. */
function thawed(evidence: Frozen): NumbersInputs {
  const { inputs, sample, policy } = evidence;
  const { document } = policy;
  const terms = {
    baseline: evidence.baseline.key,
    candidate: evidence.candidate.key,
    baselineRunId: evidence.baseline.run.id,
    candidateRunId: evidence.candidate.run.id,
    level: document.level,
    riskLimit: document.riskLimit,
    primaryKind: evidence.criteria[0]!.kind,
    cases: inputs.cases,
  };
  const termsOf = (criterion: string): Terms => {
    const { minTpr, minTnr, minCatch = null } = policyFor(document, criterion).judge;
    return { ...terms, minTpr, minTnr, minCatch };
  };
  const known = new Map(inputs.drawn.map((row) => [row.case, row]));
  const draws = sample.flatMap(({ batch, draws }) => draws.map((draw) => ({ batch, ...draw })));
  const primaryJudge = inputs.criteria[0]?.instrument ?? null;
  const labels = new Map(evidence.criteria.map(({ key }) => [key, labelsOf(evidence, key)]));
  const criteria = evidence.criteria.map(({ key, name: title, kind }): CriterionInputs => {
    const own = inputs.criteria.find((criterion) => criterion.key === key);
    if (!own) throw new Error(`it holds nothing to compute the criterion ${key} from`);
    const labelOf = labels.get(key)!;
    const { baseline, candidate } = evidence;
    const drawnBy = (judgeVersionId: number | null) =>
      draws.map(({ case: name, batch, stratum }, caseId): DrawnRow => {
        const row = known.get(name);
        if (!row) throw new Error(`it holds nothing about the drawn case ${name}`);
        const says = (id: number | null) => (id === null ? undefined : row.said[id]) ?? [null, null];
        const [pb, pk] = says(primaryJudge);
        const [jb, jk] = says(judgeVersionId);
        const mustPass = stratum === mustPassStratum;
        return {
          ...{ case: name, caseId, batch, mustPass, slice: row.slice, close: row.close, pb, pk, jb, jk },
          ...(kind === "preference"
            ? {
                labelBaseline: preferenceAsVerdict(labelOf(name, null), "baseline"),
                labelCandidate: preferenceAsVerdict(labelOf(name, null), "candidate"),
              }
            : { labelBaseline: labelOf(name, baseline.key), labelCandidate: labelOf(name, candidate.key) }),
        };
      });
    return {
      ...own,
      ...{ name: title, kind, terms: termsOf(key), drawnBy, tally: inputs.tally },
      batches: sample.map(({ batch, design, strata }) => ({ number: batch, design, strata })),
      overrides: countOverrides(evidence, drawnBy(own.instrument), key, kind),
    };
  });
  return {
    policy: document,
    criteria,
    mustPass: inputs.mustPass.map(({ case: key, criterion, answered }) => {
      const label = labels.get(criterion)?.(key, evidence.candidate.key) ?? "waiting";
      return { case: key, criterion, answered, label: label === "waiting" ? null : (label as HumanLabel) };
    }),
    answers: inputs.answers,
    batches: sample.map(({ batch, seed, size, design, drawnBy, at }) => ({
      batch,
      seed,
      size,
      design,
      by: drawnBy,
      at,
    })),
    ages: agesOf(evidence),
  };
}

function agesOf({ closed, inputs, reviews, sample }: Frozen): Ages {
  const drawn = new Set(sample.flatMap(({ draws }) => draws.map((draw) => draw.case)));
  const superseded = new Set(reviews.map(({ supersedes }) => supersedes));
  const given = reviews.flatMap(({ id, case: key, at }) => (at && drawn.has(key) && !superseded.has(id) ? [at] : []));
  // ISO 8601 in UTC sorts as time does.
  const [oldestGrade = null] = given.sort();
  return { at: closed?.at ?? null, runs: inputs.runs ?? null, oldestGrade };
}

/**
 * The gates that another policy would have made of frozen evidence: from that evidence alone, and nothing is stored. What
 * the evidence lacks, a gate says; null, with why, when it holds nothing to compute from. Pure.
 */
export function gatesUnder(body: string, policy: PolicyDocument): { gates: Gate[] } | { gates: null; why: string } {
  const evidence = JSON.parse(body) as Record<string, unknown>;
  if (evidence.inputs === undefined)
    return { gates: null, why: "This evidence was frozen before evidence kept what its numbers rest on." };
  const read = frozen.safeParse(evidence);
  if (!read.success) return { gates: null, why: "This evidence can't be read." };
  return { gates: computeNumbers(thawed({ ...read.data, policy: { document: policy } })).numbers.gates };
}

/** One number (or word, or yes and no) as it was frozen and as it comes out again; undefined: it is not there. */
export type Recomputed = {
  /** Where it stands: `numbers › correct › estimate › delta`. */
  path: string[];
  frozen: string | number | boolean | null | undefined;
  again: string | number | boolean | null | undefined;
  /** `same`: to the last digit; `close`: within 1e-9, as other machines may round otherwise. */
  outcome: "same" | "close" | "different";
};

export type Recomputation =
  | { state: "compared"; rows: Recomputed[]; numbers: number; different: number; close: number }
  /** `older`: frozen before evidence kept what its numbers rest on. */
  | { state: "impossible"; why: string; older: boolean };

/** Computes every number of frozen evidence again, from that evidence alone, and compares. Pure; works offline. */
export function recompute(body: string): Recomputation {
  let evidence: Record<string, unknown>;
  try {
    evidence = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return { state: "impossible", older: false, why: "The evidence is not JSON." };
  }
  if (evidence?.inputs === undefined)
    return {
      state: "impossible",
      older: true,
      why: "This evidence was frozen before evidence kept what its numbers rest on.",
    };
  const read = frozen.safeParse(evidence);
  if (!read.success) {
    const [issue] = read.error.issues;
    return {
      state: "impossible",
      older: false,
      why: `The evidence can't be read at ${issue?.path.join(".")}: ${issue?.message}`,
    };
  }
  let again: JsonObject;
  try {
    const { criteria, gates, ...rest } = computeNumbers(thawed(read.data)).numbers;
    const recomputed = { ...rest, gates: gatesAs(evidence.format, gates), numbers: criteria };
    again = JSON.parse(canonicalJson(recomputed)) as JsonObject;
  } catch (error) {
    return {
      state: "impossible",
      older: false,
      why: `The numbers can't be computed again: ${(error as Error).message}.`,
    };
  }
  const { population, answers, sampling, gates, numbers } = evidence;
  const rows = compare({ population, answers, sampling, gates, numbers }, again, []);
  return {
    state: "compared",
    rows,
    numbers: rows.filter(({ frozen, again }) => typeof frozen === "number" || typeof again === "number").length,
    different: rows.filter(({ outcome }) => outcome === "different").length,
    close: rows.filter(({ outcome }) => outcome === "close").length,
  };
}

function compare(frozen: unknown, again: unknown, path: string[]): Recomputed[] {
  if (isNode(frozen) || isNode(again)) {
    const [before, after] = [isNode(frozen) ? frozen : {}, isNode(again) ? again : {}];
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    if (keys.length === 0) return [];
    const nameOf = (key: string) => {
      const item = (before[key] ?? after[key]) as { key?: unknown } | null | undefined;
      const named = Array.isArray(frozen) || Array.isArray(again) ? (item?.key ?? undefined) : undefined;
      return typeof named === "string" ? named : key;
    };
    return keys.flatMap((key) => compare(before[key], after[key], [...path, nameOf(key)]));
  }
  return [
    { path, frozen: frozen as Recomputed["frozen"], again: again as Recomputed["again"], outcome: like(frozen, again) },
  ];
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function like(frozen: unknown, again: unknown): Recomputed["outcome"] {
  if (frozen === again) return "same";
  const both = typeof frozen === "number" && typeof again === "number";
  return both && Math.abs(frozen - again) <= 1e-9 * Math.max(1, Math.abs(frozen)) ? "close" : "different";
}

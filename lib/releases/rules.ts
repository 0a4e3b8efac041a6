import type { SliceBound } from "../calibration/compute";
import { type PolicyDocument, policyFor } from "./policy-document";
import { count, listed, margin, ofHundredAtMost, points, pointsInterval } from "./words";

/** What decides whether a release may be approved. Pure: numbers in, words out. */

export const gateKeys = ["must_pass", "delta", "judge", "reviews", "slices", "freshness", "signers"] as const;
export type GateKey = (typeof gateKeys)[number];
export type GateStatus = "met" | "not_met" | "not_enough_evidence";
/** One of the things that a gate looks at: a criterion, a slice or a must-pass case, by its key. */
export type GatePart = { criterion: string } | { slice: string } | { case: string };

/** `open`: the parts that keep it from being met; a gate that is met, or that has no parts, lacks it. */
export type Gate = { key: GateKey; status: GateStatus; detail: string; open?: GatePart[] };

/** The people's label of a candidate's answer; null while not enough people have graded it. */
export type HumanLabel = "pass" | "fail" | "unsure" | "disagreement" | null;

/**
 * What people's current grades of one output on one criterion amount to: what all agree on; with three or more, the
 * majority; else a disagreement. The same rule as calibration's, which counts in the database.
 */
export function humanLabel(grades: readonly ("pass" | "fail" | "unsure")[], reviewersPerCase: number): HumanLabel {
  const [first] = grades;
  if (first === undefined || grades.length < reviewersPerCase) return null;
  if (grades.every((grade) => grade === first)) return first;
  const majority = (["pass", "fail"] as const).find(
    (label) => 2 * grades.filter((grade) => grade === label).length > grades.length,
  );
  return (grades.length >= 3 && majority) || "disagreement";
}

const byCriterion = ({ key }: { key: string }) => ({ criterion: key });

export type MustPassGrade = {
  case: string;
  criterion: string;
  /** False: one of the versions has no answer, so nobody can be asked to grade the case. */
  answered: boolean;
  label: HumanLabel;
};

export type CriterionNumbers = {
  key: string;
  /** The instrument's verdict about itself; null: no judge, people only. */
  judge: { key: string; licence: "trusted" | "untrusted" | "not_enough_evidence"; detail: string } | null;
  /** Proportions; null while nothing is graded, or nothing of some stratum. */
  estimate: { delta: number; low: number; high: number } | null;
  /** The interval that holds however often somebody looks; null while nothing is drawn. */
  alwaysValid: { low: number; high: number } | null;
  /** Strata without any graded case. */
  ungraded: readonly string[];
  /** Drawn cases with a human pass or fail for both versions, or a preference. */
  labelled: number;
};

/** Every must-pass case graded pass for the candidate on every criterion. A graded fail is a veto; a doubt blocks. */
export function mustPassGate(policy: PolicyDocument, grades: readonly MustPassGrade[]): Gate {
  const key = "must_pass";
  if (!policy.mustPass) return { key, status: "met", detail: "The policy asks for no must-pass cases." };
  const cases = new Set(grades.map((grade) => grade.case));
  if (cases.size === 0) return { key, status: "met", detail: "No case is must-pass on a pass/fail criterion." };
  const casesWhere = (matches: (grade: MustPassGrade) => boolean) => [
    ...new Set(grades.filter(matches).map((grade) => grade.case)),
  ];
  const open = casesWhere(({ label }) => label !== "pass");
  const parts = open.map((name) => ({ case: name }));
  const failed = casesWhere(({ label }) => label === "fail");
  if (failed.length > 0) {
    const detail = `${count(failed.length, "must-pass case")} graded fail: ${listed(failed)}.`;
    return { key, status: "not_met", detail, open: parts };
  }
  if (open.length === 0) {
    return { key, status: "met", detail: `All ${count(cases.size, "must-pass case")} graded pass.` };
  }
  const unsure = casesWhere(({ label }) => label === "unsure");
  const unanswered = casesWhere(({ answered }) => !answered);
  const disputed = casesWhere(({ label }) => label === "disagreement");
  const why = [
    unanswered.length > 0 && `not answered by both versions: ${listed(unanswered)}`,
    unsure.length > 0 && `people are unsure about ${listed(unsure)}`,
    disputed.length > 0 && `people disagree about ${listed(disputed)}`,
  ].filter((part) => part !== false);
  const passed = cases.size - open.length;
  const detail = `${passed} of ${count(cases.size, "must-pass case")} graded pass${why.length > 0 ? `; ${why.join("; ")}` : ""}.`;
  return { key, status: "not_enough_evidence", detail, open: parts };
}

/**
 * A risk-limiting audit of "the delta is not below the margin": met once the always-valid interval of the primary criterion,
 * and of each for which the policy names a margin, lies above its margin; not met once any criterion's lies below. People
 * look after every grade and stop when they like, and the risk limit still holds; also for several, as all must pass.
 */
export function deltaGate(policy: PolicyDocument, criteria: readonly CriterionNumbers[]): Gate {
  const key = "delta";
  const marginOf = (criterion: CriterionNumbers) => policyFor(policy, criterion.key).margin;
  const asked = criteria.filter((criterion, i) => i === 0 || policy.criteria[criterion.key]?.margin !== undefined);
  const differ = new Set(asked.map(marginOf)).size > 1;
  const say = (criterion: CriterionNumbers) => {
    const { key, estimate, alwaysValid } = criterion;
    const interval = pointsInterval(alwaysValid!);
    const numbers = estimate ? `${key} ${points(estimate.delta)} (always-valid ${interval})` : `${key} ${interval}`;
    return differ ? `${numbers}, margin ${margin(marginOf(criterion))}` : numbers;
  };
  const below = criteria.filter((row) => row.alwaysValid !== null && row.alwaysValid.high < marginOf(row));
  const unsettled = asked.filter(
    (row) => row.labelled === 0 || row.alwaysValid === null || row.alwaysValid.low < marginOf(row),
  );
  const open = criteria.filter((row) => below.includes(row) || unsettled.includes(row)).map(byCriterion);
  const [primary] = criteria;
  const limit = margin(primary ? marginOf(primary) : policy.margin);
  if (below.length > 0) {
    const what = differ ? "its margin" : `the margin of ${limit}`;
    return { key, status: "not_met", detail: `Worse than ${what}: ${below.map(say).join("; ")}.`, open };
  }
  if (!primary?.alwaysValid || primary.labelled === 0) {
    return { key, status: "not_enough_evidence", detail: `Nothing is graded yet; the margin is ${limit}.`, open };
  }
  if (unsettled.length === 0) {
    const risk = `at most ${ofHundredAtMost(policy.riskLimit)} of 100 releases that are worse than that get here`;
    const detail = differ
      ? `${asked.map(say).join("; ")}: ${risk}.`
      : `${asked.map(say).join("; ")}; the margin is ${limit}: ${risk}.`;
    return { key, status: "met", detail };
  }
  const told = unsettled.map((row) => (row.labelled === 0 ? `${row.key}: nothing is graded yet` : say(row))).join("; ");
  return {
    key,
    status: "not_enough_evidence",
    detail: differ
      ? `${told}: the interval reaches below the margin, more grades would narrow it.`
      : `${told} reaches below the margin of ${limit}: more grades would narrow it.`,
    open,
  };
}

/**
 * Every instrument is trusted on its criterion. A criterion without a judge, and one whose every case people graded,
 * rests on people alone.
 */
export function judgeGate(criteria: readonly CriterionNumbers[], drawable: number): Gate {
  const key = "judge";
  const byPeople = criteria.filter(({ labelled }) => labelled >= drawable);
  if (drawable > 0 && byPeople.length === criteria.length) {
    return { key, status: "met", detail: "Every case is graded by people: nothing rests on a judge." };
  }
  const judged = criteria
    .filter((criterion) => !byPeople.includes(criterion))
    .flatMap((criterion) => (criterion.judge ? [{ ...criterion.judge, of: criterion.key }] : []));
  if (judged.length === 0) {
    return { key, status: "met", detail: "No judge is used: the estimate rests on people's grades alone." };
  }
  const say = (rows: typeof judged) => rows.map((row) => `${row.key} (${row.of}): ${row.detail}`).join(" ");
  const open = judged.filter(({ licence }) => licence !== "trusted").map(({ of }) => ({ criterion: of }));
  const untrusted = judged.filter(({ licence }) => licence === "untrusted");
  if (untrusted.length > 0) return { key, status: "not_met", detail: say(untrusted), open };
  const unsure = judged.filter(({ licence }) => licence === "not_enough_evidence");
  if (unsure.length > 0) return { key, status: "not_enough_evidence", detail: say(unsure), open };
  return { key, status: "met", detail: say(judged) };
}

/** Enough cases carry a human label on every criterion; never more than can be drawn at all. */
export function reviewsGate(policy: PolicyDocument, criteria: readonly CriterionNumbers[], drawable: number): Gate {
  const needed = Math.min(policy.minReviewedCases, drawable);
  const labelled = criteria.length > 0 ? Math.min(...criteria.map((criterion) => criterion.labelled)) : 0;
  const detail = `${labelled} of at least ${count(needed, "case")} graded, by people who were sure and agree.`;
  if (labelled >= needed) return { key: "reviews", status: "met", detail };
  const open = criteria.filter((criterion) => criterion.labelled < needed).map(byCriterion);
  return { key: "reviews", status: "not_enough_evidence", detail, open };
}

/**
 * No slice that the policy names is worse on the primary criterion than its margin: met once every one's interval lies above,
 * not met once one's lies below (see `sliceBounds` for what several slices mean for the risk). Null: the policy names none.
 */
export function slicesGate(policy: PolicyDocument, bounds: readonly SliceBound[]): Gate | null {
  const key = "slices";
  if (policy.slices.length === 0) return null;
  const say = (bound: SliceBound) => {
    const limit = `margin ${margin(bound.margin)}`;
    if (bound.population === 0) return `${bound.slice}: no case of this release is in it`;
    if (bound.labelled === 0)
      return `${bound.slice}: none of its ${count(bound.population, "case")} is graded yet, ${limit}`;
    const interval = `always-valid ${pointsInterval(bound)}, ${limit}, ${bound.labelled} of ${bound.population} graded`;
    return bound.delta === null ? `${bound.slice} ${interval}` : `${bound.slice} ${points(bound.delta)} (${interval})`;
  };
  const worse = bounds.filter(({ high, margin }) => high < margin);
  const unsettled = bounds.filter(
    ({ population, labelled, low, margin }) => population === 0 || labelled === 0 || low < margin,
  );
  const open = bounds
    .filter((bound) => worse.includes(bound) || unsettled.includes(bound))
    .map(({ slice }) => ({ slice }));
  if (worse.length > 0) {
    return { key, status: "not_met", detail: `Worse than its margin: ${worse.map(say).join("; ")}.`, open };
  }
  if (unsettled.length > 0) {
    const narrow = unsettled.some(({ population, drawn }) => drawn < population) ? " More grades would narrow it." : "";
    return {
      key,
      status: "not_enough_evidence",
      detail: `Not settled: ${unsettled.map(say).join("; ")}.${narrow}`,
      open,
    };
  }
  return { key, status: "met", detail: `Not worse than its margin: ${bounds.map(say).join("; ")}.` };
}

/** How old the evidence is. Moments in ISO 8601; null where evidence that was frozen earlier does not tell. */
export type Ages = {
  /** When the grading closed; while it is open: now. */
  at: string | null;
  runs: readonly { version: string; importedAt: string }[] | null;
  /** Of the grades that count, the oldest; null: there is none. */
  oldestGrade: string | null;
};

const dayMs = 86_400_000;

/**
 * What the evidence rests on was recent when the grading closed: the runs since they were imported, and the judges'
 * calibration since the oldest grade that it is computed from. Null: the policy allows any age.
 */
export function freshnessGate(policy: PolicyDocument, criteria: readonly CriterionNumbers[], ages: Ages): Gate | null {
  const key = "freshness";
  const { runs, calibration } = policy.freshness;
  if (runs === null && calibration === null) return null;
  const { at } = ages;
  if (at === null) {
    const detail = "This evidence does not say when its grading closed, so nobody can say how old it was.";
    return { key, status: "not_enough_evidence", detail };
  }
  const daysTo = (from: string) => Math.max(0, (Date.parse(at) - Date.parse(from)) / dayMs);
  const days = (n: number) => count(Math.round(n * 10) / 10, "day");
  const rows: { status: GateStatus; text: string }[] = [];
  if (runs !== null && ages.runs === null) {
    rows.push({ status: "not_enough_evidence", text: "this evidence does not say when its runs were imported" });
  }
  for (const { version, importedAt } of runs === null ? [] : (ages.runs ?? [])) {
    const age = daysTo(importedAt);
    rows.push({
      status: age <= runs! ? "met" : "not_met",
      text: `the run of ${version} was imported ${days(age)} before, ${days(runs!)} allowed`,
    });
  }
  if (calibration !== null) {
    const age = ages.oldestGrade === null ? null : daysTo(ages.oldestGrade);
    if (!criteria.some(({ judge }) => judge)) rows.push({ status: "met", text: "no judge is used" });
    else if (age === null)
      rows.push({ status: "not_enough_evidence", text: "nothing is graded yet, so no judge is calibrated" });
    else {
      const text = `the oldest grade that calibrates a judge was given ${days(age)} before, ${days(calibration)} allowed`;
      rows.push({ status: age <= calibration ? "met" : "not_met", text });
    }
  }
  const status = (["not_met", "not_enough_evidence"] as const).find((worst) =>
    rows.some((row) => row.status === worst),
  );
  const told = rows.filter((row) => row.status === (status ?? "met")).map(({ text }) => text);
  const text = `${told.join("; ")}.`;
  return { key, status: status ?? "met", detail: `${text.charAt(0).toUpperCase()}${text.slice(1)}` };
}

/** What counts of the signatures on this very evidence. */
export type Standing = {
  approvals: number;
  refusals: number;
  /** Groups of the policy that have given fewer approvals than it asks of them. */
  short: { group: string; needed: number; given: number }[];
};

/** Counts signatures that were not taken back, one of each person. An abstention is on record and counts for nothing. */
export function standingOf(
  policy: PolicyDocument,
  signatures: readonly { email: string; decision: "approve" | "refuse" | "abstain" }[],
): Standing {
  const of = (decision: string) => signatures.filter((signature) => signature.decision === decision);
  const approving = new Set(of("approve").map(({ email }) => email.toLowerCase()));
  const short = policy.signerGroups
    .map(({ name, people, signatures: needed }) => {
      return { group: name, needed, given: people.filter((email) => approving.has(email)).length };
    })
    .filter(({ needed, given }) => given < needed);
  return { approvals: approving.size, refusals: of("refuse").length, short };
}

/** Whether the signatures so far decide the release, and how. */
export function decides(
  policy: PolicyDocument,
  { approvals, refusals, short }: Standing,
): "approved" | "refused" | null {
  if (refusals >= (policy.dissentBlocks ? 1 : policy.signers)) return "refused";
  return approvals >= policy.signers && short.length === 0 ? "approved" : null;
}

/** Enough different people approved this very evidence, of each group as many as the policy says. */
export function signersGate(policy: PolicyDocument, standing: Standing): Gate {
  const key = "signers";
  const { approvals, refusals, short } = standing;
  if (decides(policy, standing) === "refused") {
    const by = refusals === 1 ? "a signature" : count(refusals, "signature");
    return { key, status: "not_met", detail: `Refused by ${by} on this evidence.` };
  }
  const detail = [
    `${approvals} of ${count(policy.signers, "signature")} on this evidence`,
    ...short.map(({ group, needed, given }) => `${given} of ${needed} from ${group}`),
    ...(refusals > 0 ? [`${count(refusals, "dissent")} on record`] : []),
  ];
  return { key, status: decides(policy, standing) === "approved" ? "met" : "not_met", detail: `${detail.join("; ")}.` };
}

export type GateInput = {
  policy: PolicyDocument;
  mustPass: readonly MustPassGrade[];
  /** The primary criterion first. */
  criteria: readonly CriterionNumbers[];
  /** Cases that could be drawn. */
  drawable: number;
  /** Of the slices that the policy names. */
  slices: readonly SliceBound[];
  ages: Ages;
};

/** Every gate that the evidence decides: all but the signatures. What the policy does not ask for has no gate. */
export function evidenceGates({ policy, mustPass, criteria, drawable, slices, ages }: GateInput): Gate[] {
  return [
    mustPassGate(policy, mustPass),
    deltaGate(policy, criteria),
    judgeGate(criteria, drawable),
    reviewsGate(policy, criteria, drawable),
    slicesGate(policy, slices),
    freshnessGate(policy, criteria, ages),
  ].filter((gate) => gate !== null);
}

/**
 * Somebody's word on record that a release may be approved although a gate is open, up to a moment (ISO 8601). `scope`: the
 * one part of the gate that it is about; without it, all of the gate.
 */
export type Waiver = { gate: GateKey; scope?: GatePart; until: string };

export function isSamePart(a: GatePart, b: GatePart): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What of a gate can be waived on its own, `null` standing for all of it: its open parts, where it has any. */
function partsOf(gate: Gate): (GatePart | null)[] {
  if (gate.status === "met") return [];
  return gate.open && gate.open.length > 0 ? gate.open : [null];
}

/** When the longest waiver over a part of a gate ends, in milliseconds; −Infinity: none is over it. */
function waivedTo(gate: Gate, part: GatePart | null, waivers: readonly Waiver[]): number {
  const over = waivers.filter(
    ({ gate: key, scope }) => key === gate.key && (scope === undefined || (part !== null && isSamePart(scope, part))),
  );
  return Math.max(Number.NEGATIVE_INFINITY, ...over.map(({ until }) => Date.parse(until)));
}

/** What of a gate nobody waives at a moment; `null`: all of it. A gate that is waived stays open all the same. */
export function unwaived(gate: Gate, waivers: readonly Waiver[], at = new Date()): (GatePart | null)[] {
  return partsOf(gate).filter((part) => waivedTo(gate, part, waivers) <= at.getTime());
}

/** The gates that keep a release from being approved: open, and not waived in all their open parts; signatures aside. */
export function blocking(gates: readonly Gate[], waivers: readonly Waiver[] = [], at = new Date()): Gate[] {
  return gates.filter((gate) => gate.key !== "signers" && unwaived(gate, waivers, at).length > 0);
}

/** When the first of the waivers ends that open gates need, of several over one part the longest; null: none is needed. */
export function waivedUntil(gates: readonly Gate[], waivers: readonly Waiver[]): Date | null {
  const ends = gates
    .filter(({ key }) => key !== "signers")
    .flatMap((gate) => partsOf(gate).map((part) => waivedTo(gate, part, waivers)));
  return ends.length > 0 ? new Date(Math.min(...ends)) : null;
}

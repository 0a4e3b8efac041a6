import type { PolicyDocument } from "./policy";
import { count, listed, margin, ofHundredAtMost, points, pointsInterval } from "./words";

/** What decides whether a release may be approved. Pure: numbers in, words out. */

export const gateKeys = ["must_pass", "delta", "judge", "reviews", "slices", "freshness", "signers"] as const;
export type GateKey = (typeof gateKeys)[number];
export type GateStatus = "met" | "not_met" | "not_enough_evidence";
export type Gate = { key: GateKey; status: GateStatus; detail: string };

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
  const failed = casesWhere(({ label }) => label === "fail");
  if (failed.length > 0) {
    const detail = `${count(failed.length, "must-pass case")} graded fail: ${listed(failed)}.`;
    return { key, status: "not_met", detail };
  }
  const open = casesWhere(({ label }) => label !== "pass");
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
  return { key, status: "not_enough_evidence", detail };
}

/**
 * A risk-limiting audit of "the primary criterion's delta is not below the margin": met once the always-valid interval
 * lies above it, not met once any criterion's lies below it. People look after every grade and stop when they like, and
 * the risk limit still holds.
 */
export function deltaGate(policy: PolicyDocument, criteria: readonly CriterionNumbers[]): Gate {
  const key = "delta";
  const limit = margin(policy.margin);
  const say = ({ key, estimate, alwaysValid }: CriterionNumbers) => {
    const interval = pointsInterval(alwaysValid!);
    return estimate ? `${key} ${points(estimate.delta)} (always-valid ${interval})` : `${key} ${interval}`;
  };
  const below = criteria.filter(({ alwaysValid }) => alwaysValid !== null && alwaysValid.high < policy.margin);
  if (below.length > 0) {
    return { key, status: "not_met", detail: `Worse than the margin of ${limit}: ${below.map(say).join("; ")}.` };
  }
  const [primary] = criteria;
  if (!primary?.alwaysValid || primary.labelled === 0) {
    return { key, status: "not_enough_evidence", detail: `Nothing is graded yet; the margin is ${limit}.` };
  }
  if (primary.alwaysValid.low >= policy.margin) {
    const risk = `at most ${ofHundredAtMost(policy.riskLimit)} of 100 releases that are worse than that get here`;
    return { key, status: "met", detail: `${say(primary)}; the margin is ${limit}: ${risk}.` };
  }
  return {
    key,
    status: "not_enough_evidence",
    detail: `${say(primary)} reaches below the margin of ${limit}: more grades would narrow it.`,
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
  const untrusted = judged.filter(({ licence }) => licence === "untrusted");
  if (untrusted.length > 0) return { key, status: "not_met", detail: say(untrusted) };
  const open = judged.filter(({ licence }) => licence === "not_enough_evidence");
  if (open.length > 0) return { key, status: "not_enough_evidence", detail: say(open) };
  return { key, status: "met", detail: say(judged) };
}

/** Enough cases carry a human label on every criterion; never more than can be drawn at all. */
export function reviewsGate(policy: PolicyDocument, criteria: readonly CriterionNumbers[], drawable: number): Gate {
  const needed = Math.min(policy.minReviewedCases, drawable);
  const labelled = criteria.length > 0 ? Math.min(...criteria.map((criterion) => criterion.labelled)) : 0;
  return {
    key: "reviews",
    status: labelled >= needed ? "met" : "not_enough_evidence",
    detail: `${labelled} of at least ${count(needed, "case")} graded, by people who were sure and agree.`,
  };
}

/** Enough different people approved this very evidence. */
export function signersGate(policy: PolicyDocument, approvals: number, refused = false): Gate {
  const key = "signers";
  if (refused) return { key, status: "not_met", detail: "Refused by a signature on this evidence." };
  const detail = `${approvals} of ${count(policy.signers, "signature")} on this evidence.`;
  return { key, status: approvals >= policy.signers ? "met" : "not_met", detail };
}

export type GateInput = {
  policy: PolicyDocument;
  mustPass: readonly MustPassGrade[];
  /** The primary criterion first. */
  criteria: readonly CriterionNumbers[];
  /** Cases that could be drawn. */
  drawable: number;
};

/** Every gate that the evidence decides: all but the signatures. */
export function evidenceGates({ policy, mustPass, criteria, drawable }: GateInput): Gate[] {
  return [
    mustPassGate(policy, mustPass),
    deltaGate(policy, criteria),
    judgeGate(criteria, drawable),
    reviewsGate(policy, criteria, drawable),
  ];
}

/** Somebody's word on record that a release may be approved although a gate is open, up to a moment (ISO 8601). */
export type Waiver = { gate: GateKey; until: string };

/** The waiver that holds for a gate at a moment. A gate that is met needs none; one that is waived stays open all the same. */
export function waiverOf<W extends Waiver>(gate: Gate, waivers: readonly W[], at = new Date()): W | undefined {
  if (gate.status === "met") return undefined;
  return waivers.find(({ gate: key, until }) => key === gate.key && at.getTime() < Date.parse(until));
}

/** The gates that keep a release from being approved: open and not waived at that moment; signatures aside. */
export function blocking(gates: readonly Gate[], waivers: readonly Waiver[] = [], at = new Date()): Gate[] {
  return gates.filter(
    (gate) => gate.key !== "signers" && gate.status !== "met" && waiverOf(gate, waivers, at) === undefined,
  );
}

/** Who stands in the way of signing for a candidate: why this person may not, or null. */
export function contribution(
  person: { userId: number; email: string; name: string },
  candidate: {
    author: string | null;
    contributorId: number | null;
    runImportedById: number | null;
    /** Whose tokens this person made for them, and so could use. */
    holdsTokensOf: readonly number[];
  },
): string | null {
  if (candidate.contributorId === person.userId) return "You brought the candidate in, so somebody else must sign.";
  if (isNamedBy(candidate.author, person)) return "You are the candidate's author, so somebody else must sign.";
  if (candidate.runImportedById === person.userId) {
    return "You imported the candidate's run, so somebody else must sign.";
  }
  if (
    [candidate.contributorId, candidate.runImportedById].some(
      (id) => id !== null && candidate.holdsTokensOf.includes(id),
    )
  ) {
    return "You made a token in the name of whoever brought the candidate, so somebody else must sign.";
  }
  return null;
}

/** True when an author's name means this person: the e-mail, the name, or `Name <e-mail>`; letter case aside. */
function isNamedBy(author: string | null, { email, name }: { email: string; name: string }): boolean {
  if (!author) return false;
  const plain = (text: string) => text.trim().replace(/\s+/g, " ").normalize("NFKC").toLowerCase();
  const given = plain(author);
  const [, before, bracketed] = /^(.*?)\s*<([^<>]*)>$/.exec(given) ?? [];
  const names = bracketed === undefined ? [given] : [given, before, bracketed];
  return names.some((text) => text !== undefined && text !== "" && (text === plain(email) || text === plain(name)));
}

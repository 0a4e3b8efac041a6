import type { Brief } from "./brief";
import { type PolicyDocument, policyFor } from "./policy-document";
import { blocking, type Gate, type GateKey } from "./rules";
import { count, grouped, listed, margin, outOfHundred, pointsWithInterval } from "./words";

/** The brief in two sentences, and what to do next. Pure. */

const gateNames: Record<GateKey, string> = {
  must_pass: "must-pass cases",
  delta: "margin",
  judge: "judge",
  reviews: "number of grades",
  slices: "slices",
  freshness: "age of the evidence",
  signers: "signatures",
};

/** What is known about the difference, and how sure that is. */
export function headline(brief: Brief, policy: PolicyDocument): string {
  const [primary] = brief.criteria;
  if (!primary) return "This release has no criterion.";
  const { delta, reviewed, alwaysValid } = primary.estimate;
  // The interval that holds however often one looks; evidence frozen before it was there has the other.
  const { low, high } = alwaysValid ?? primary.estimate;
  const of = brief.criteria.length > 1 ? ` on ${primary.name}` : "";
  if (reviewed === 0) {
    const instrument = primary.judges.find((judge) => judge.instrument);
    const tally = instrument && primary.tally[instrument.key];
    if (!tally) return "Nobody has graded a case yet, and no judge has an opinion.";
    if (primary.kind === "preference") {
      return `Nobody has graded a case yet. The judge alone prefers the candidate in ${grouped(tally.better)} cases, the baseline in ${grouped(tally.worse)}${of}; nothing says yet how far to believe it.`;
    }
    return `Nobody has graded a case yet. The judge alone sees ${grouped(tally.better)} better, ${grouped(tally.worse)} worse${of}; nothing says yet how far to believe it.`;
  }
  if (delta === null || low === null || high === null) {
    return `Not enough graded to say: among the cases judged ${listed(primary.estimate.missingStrata)} there is no grade yet.`;
  }
  const numbers = `${pointsWithInterval({ delta, low, high })}${of}, ${count(reviewed, "case")} graded`;
  if (low > 0) return `Better: ${numbers}.`;
  if (high < 0) return `Worse: ${numbers}.`;
  if (low >= policyFor(policy, primary.key).margin) return `Not worse by more than the margin: ${numbers}.`;
  return `Not settled: ${numbers}.`;
}

/** How many more reviews would settle the delta gate, and which way it leans; null when that is no question. */
export function outlookInWords({ outlook }: Pick<Brief, "outlook">, policy: PolicyDocument): string | null {
  if (!outlook) return null;
  const { likely, met, notMet, left } = outlook;
  const limit = margin(policy.margin);
  const open = Math.max(0, 1 - met - notMet);
  if (likely.median === null || open > 0.5) {
    return left > 1000
      ? `More reviews would hardly settle it: the delta lies so near the margin of ${limit} that a thousand more leave it open. Refuse, or ask again with a wider margin.`
      : `Only grading nearly all of the ${grouped(left)} cases left would settle it: the delta lies too near the margin of ${limit}.`;
  }
  const range =
    likely.high === null
      ? `${grouped(likely.low ?? likely.median)} or more`
      : likely.low === likely.high
        ? `about ${grouped(likely.median)}`
        : `${grouped(likely.low!)}–${grouped(likely.high)}`;
  const [above, below, undecided] = outOfHundred([met, notMet, open]) as [number, number, number];
  const way =
    met >= 0.9
      ? "most likely above it"
      : notMet >= 0.9
        ? "most likely below it: expect a no"
        : `above it in ${above} of 100 futures, below it in ${below}${undecided > 0 ? `, open in ${undecided}` : ""}`;
  return `Expect ${range} more reviews to settle the margin of ${limit} (simulated from what is known), ${way}.`;
}

/** Whether it may go out, and what stands in the way. */
export function standing(brief: Brief, policy: PolicyDocument): string {
  const under = `policy “${brief.policy.key} ${brief.policy.version}”`;
  switch (brief.state) {
    case "approved":
      return `Approved under ${under}${brief.label ? `; ${brief.label} moved to ${brief.candidate}` : ""}.`;
    case "refused": {
      const open = blocking(brief.gates).map(({ key }) => gateNames[key]);
      return `Refused under ${under}${open.length > 0 ? `; open were: ${listed(open)}` : ""}.`;
    }
    case "withdrawn":
      return "Withdrawn; it was never decided.";
    case "draft":
      return `Nothing is drawn yet. ${brief.candidate} needs people's grades before ${under} can say yes.`;
    case "grading":
    case "ready": {
      const open = blocking(brief.gates);
      if (open.length > 0) {
        const named = (status: string) =>
          open.filter((gate) => gate.status === status).map(({ key }) => gateNames[key]);
        const parts = [
          { word: "Not met", gates: named("not_met") },
          { word: "Not enough evidence", gates: named("not_enough_evidence") },
        ].filter(({ gates }) => gates.length > 0);
        return [
          `Not releasable yet under ${under}.`,
          ...parts.map(({ word, gates }) => `${word}: ${listed(gates)}.`),
        ].join(" ");
      }
      if (brief.state === "grading")
        return `Every gate of ${under} is met so far; closing the grading fixes the evidence.`;
      const approvals = brief.signOffs.filter(({ stale, decision }) => !stale && decision === "approve").length;
      return `Every gate of ${under} is met but the signatures: ${approvals} of ${policy.signers}.`;
    }
  }
}

export type NextStep =
  | { kind: "draw"; text: string; size: number }
  | { kind: "grade"; text: string; waiting: number }
  | { kind: "close" | "sign" | "none"; text: string };

const batchSize = 40;

/** `1 gate not met, 2 gates lack evidence`. */
export function openInWords(open: readonly Gate[]): string {
  const notMet = open.filter(({ status }) => status === "not_met").length;
  const lacking = open.length - notMet;
  const parts = [
    notMet > 0 && `${count(notMet, "gate")} not met`,
    lacking > 0 && `${count(lacking, "gate")} ${lacking === 1 ? "lacks" : "lack"} evidence`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** How a release whose grading is closed comes by more evidence. */
export function moreEvidence(brief: Brief): string {
  const waiting = waitingOf(brief);
  if (waiting > 0)
    return `reopen the grading and grade the ${count(waiting, "drawn case")} that ${waiting === 1 ? "waits" : "wait"}`;
  return brief.sampling.left > 0 ? "reopen the grading and draw more cases" : "reopen the grading";
}

/** Drawn cases that lack a grade on some criterion. */
const waitingOf = (brief: Brief) => Math.max(0, ...brief.criteria.map(({ labels }) => labels.waiting));

/** What would bring the release on. `maySign`: whether whoever reads it may. */
export function nextStep(brief: Brief, policy: PolicyDocument, maySign: boolean): NextStep {
  const { drawn, left } = brief.sampling;
  const waiting = waitingOf(brief);
  if (brief.state === "draft" || (brief.state === "grading" && drawn === 0)) {
    const size = Math.min(left, Math.max(policy.minReviewedCases, batchSize));
    return { kind: "draw", size, text: `Draw ${count(size, "case")} for people to grade.` };
  }
  if (brief.state === "ready") {
    const open = blocking(brief.gates);
    if (open.length === 0) return { kind: "sign", text: "Only signatures are missing." };
    return { kind: "sign", text: `${openInWords(open)}: ${moreEvidence(brief)}${maySign ? ", or refuse" : ""}.` };
  }
  if (brief.state !== "grading") return { kind: "none", text: "This release is decided. Nothing about it changes." };
  if (waiting > 0) return { kind: "grade", waiting, text: `${count(waiting, "drawn case")} to grade.` };
  const open = blocking(brief.gates);
  if (open.some(({ status }) => status === "not_met")) {
    return { kind: "close", text: "A gate is not met. Close the grading and refuse, or withdraw the release." };
  }
  if (open.length > 0 && left > 0) {
    const size = Math.min(left, batchSize);
    return {
      kind: "draw",
      size,
      text: `All drawn cases are graded, and it does not settle every gate. Draw ${size} more.`,
    };
  }
  if (open.length > 0) {
    return {
      kind: "close",
      text: "Every case is graded, and it does not settle every gate. Close the grading and refuse.",
    };
  }
  return { kind: "close", text: "Every gate is met so far. Close the grading to fix the evidence for signing." };
}

import { describe, expect, it } from "vitest";
import type { Brief } from "./brief";
import { standardPolicies } from "./policy";
import type { Gate } from "./rules";
import { headline, nextStep, outlookInWords, standing } from "./verdict";
import { outOfHundred } from "./words";

const policy = standardPolicies.standard!;
const met: Gate[] = (["must_pass", "delta", "judge", "reviews"] as const).map((key) => ({
  key,
  status: "met",
  detail: "",
}));

function brief(
  given: Partial<Brief> = {},
  estimate: { delta: number | null; low: number | null; high: number | null; reviewed: number } = {
    delta: 0.031,
    low: 0.012,
    high: 0.05,
    reviewed: 214,
  },
): Brief {
  const labels = { labelled: estimate.reviewed, unsure: 0, disagreement: 0, waiting: 0 };
  const criterion = {
    key: "grounded",
    name: "Grounded",
    judges: [],
    labels,
    estimate: { ...estimate, missingStrata: ["pass>fail"] },
  };
  return {
    state: "grading",
    candidate: "v13",
    policy: { key: "standard", version: 1 },
    sampling: { drawn: 214, left: 100, strata: [], batches: [] },
    signOffs: [],
    gates: met,
    criteria: [criterion],
    ...given,
  } as unknown as Brief;
}

describe("the headline", () => {
  it.each([
    [{ delta: 0.031, low: 0.012, high: 0.05 }, "Better: +3.1 pt (1.2 to 5.0), 214 cases graded."],
    [{ delta: -0.05, low: -0.09, high: -0.01 }, "Worse: −5.0 pt (−9.0 to −1.0), 214 cases graded."],
    [
      { delta: 0, low: -0.02, high: 0.03 },
      "Not worse by more than the margin: 0.0 pt (−2.0 to 3.0), 214 cases graded.",
    ],
    [{ delta: 0.01, low: -0.03, high: 0.05 }, "Not settled: +1.0 pt (−3.0 to 5.0), 214 cases graded."],
    // Zero is inside the interval: no doubt is rounded up to a yes.
    [{ delta: 0.02, low: 0, high: 0.04 }, "Not worse by more than the margin: +2.0 pt (0.0 to 4.0), 214 cases graded."],
  ])("%j → %s", (numbers, sentence) => {
    expect(headline(brief({}, { ...numbers, reviewed: 214 }), policy)).toBe(sentence);
  });
  it("says what is missing instead of a number", () => {
    const none = { delta: null, low: null, high: null };
    expect(headline(brief({}, { ...none, reviewed: 3 }), policy)).toContain("judged pass>fail there is no grade yet");
    expect(headline(brief({}, { ...none, reviewed: 0 }), policy)).toContain("Nobody has graded a case yet");
  });
});

describe("how it would go on", () => {
  const outlook = (met: number, notMet: number) =>
    outlookInWords({ outlook: { likely: { low: 20, median: 30, high: 40 }, met, notMet, left: 500 } } as Brief, policy);
  it.each([
    [0.505, 0.495, "above it in 51 of 100 futures, below it in 49."],
    [0.625, 0.365, "above it in 63 of 100 futures, below it in 36, open in 1."],
    [0.5, 0.3, "above it in 50 of 100 futures, below it in 30, open in 20."],
    [0.6, 0.4, "above it in 60 of 100 futures, below it in 40."],
  ])("%f above, %f below → %s", (met, notMet, ending) => {
    expect(outlook(met, notMet)).toBe(
      `Expect 20–40 more reviews to settle the margin of −2 pt (simulated from what is known), ${ending}`,
    );
  });
  it.each([[[1]], [[0.5, 0.5]], [[1 / 3, 1 / 3, 1 / 3]], [[0.005, 0.995]], [[0.335, 0.335, 0.33]], [[0.29, 0.71, 0]]])(
    "shares %j add up to 100",
    (shares) => {
      const rounded = outOfHundred(shares);
      expect(rounded.reduce((sum, value) => sum + value, 0)).toBe(100);
      for (const [at, value] of rounded.entries()) expect(Math.abs(value - shares[at]! * 100)).toBeLessThan(1);
    },
  );
});

describe("where it stands", () => {
  it("names the open gates", () => {
    const gates: Gate[] = [
      { key: "must_pass", status: "not_met", detail: "" },
      { key: "delta", status: "not_enough_evidence", detail: "" },
      { key: "judge", status: "not_enough_evidence", detail: "" },
    ];
    expect(standing(brief({ gates }), policy)).toBe(
      "Not releasable yet under policy “standard 1”. Not met: must-pass cases. Not enough evidence: margin and judge.",
    );
  });
  it("counts only signatures on this evidence", () => {
    const signOffs = [{ stale: true, decision: "approve" }] as Brief["signOffs"];
    expect(standing(brief({ state: "ready", signOffs }), policy)).toContain("signatures: 0 of 1");
  });
});

describe("what is next", () => {
  const open: Gate[] = [...met.slice(1), { key: "delta", status: "not_enough_evidence", detail: "" }];
  it.each([
    [
      { state: "draft", sampling: { drawn: 0, left: 30, strata: [], batches: [] } },
      { kind: "draw", size: 30 },
    ],
    [
      { state: "draft", sampling: { drawn: 0, left: 900, strata: [], batches: [] } },
      { kind: "draw", size: 40 },
    ],
    [
      { state: "grading", gates: open },
      { kind: "draw", size: 40 },
    ],
    [{ state: "grading" }, { kind: "close" }],
    [{ state: "ready" }, { kind: "sign" }],
    [{ state: "approved" }, { kind: "none" }],
  ] as const)("%j → %j", (given, step) => {
    expect(nextStep(brief(given as unknown as Partial<Brief>), policy, true)).toMatchObject(step);
  });
  it("is grading while drawn cases wait", () => {
    const waiting = brief();
    waiting.criteria[0]!.labels.waiting = 7;
    expect(nextStep(waiting, policy, true)).toMatchObject({ kind: "grade", waiting: 7 });
  });

  const gates = (...statuses: Gate["status"][]): Gate[] =>
    statuses.map((status, i) => ({ key: met[i]!.key, status, detail: "" }));
  const [no, lacks] = ["not_met", "not_enough_evidence"] as const;
  it.each([
    [[lacks, lacks, lacks], 7, 100, "3 gates lack evidence: reopen the grading and grade the 7 drawn cases that wait"],
    [[lacks, "met"], 1, 0, "1 gate lacks evidence: reopen the grading and grade the 1 drawn case that waits"],
    [[no, lacks, no], 0, 100, "2 gates not met, 1 gate lacks evidence: reopen the grading and draw more cases"],
    [[no], 0, 0, "1 gate not met: reopen the grading"],
  ] as const)("of %j, %i waiting and %i left, says what is open and what helps", (statuses, waits, left, text) => {
    const ready = brief({
      state: "ready",
      gates: gates(...statuses),
      sampling: { drawn: 214, left, strata: [], batches: [] } as unknown as Brief["sampling"],
    });
    ready.criteria[0]!.labels.waiting = waits;
    expect(nextStep(ready, policy, true).text).toBe(`${text}, or refuse.`);
    // Refusing is signing too: it is no advice to whoever may not.
    expect(nextStep(ready, policy, false).text).toBe(`${text}.`);
  });
});

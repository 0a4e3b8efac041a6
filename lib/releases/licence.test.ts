import { describe, expect, it } from "vitest";
import { type BriefJudge, falsePassesInWords, licenceReason, settlingInWords } from "./licence";

const needed = { minTpr: 0.8, minTnr: 0.6 };
const fine = { estimate: 0.96, low: 0.93, high: 0.97 };
const none = { estimate: null, low: 0, high: 1 };

describe("what would settle a licence", () => {
  const of = (right: number, n: number, tnr: { estimate: number | null; low: number; high: number }) =>
    settlingInWords({ graded: { tp: 40, fn: 1, tn: right, fp: n - right }, tpr: fine, tnr }, needed, 0.95);

  it("says nothing of what is settled", () => {
    expect(of(9, 9, { estimate: 1, low: 0.7, high: 1 })).toBe("");
  });
  it("does not draw a no from one wrong answer", () => {
    expect(of(0, 1, { estimate: 0, low: 0, high: 0.98 })).toBe(
      "What would settle it: of bad answers it got 0 of 1 right, 60 of 100 needed: too few or too near to say how many more it takes.",
    );
  });
  it("says no where the whole interval lies below", () => {
    expect(of(4, 14, { estimate: 0.26, low: 0.19, high: 0.33 })).toBe(
      "What would settle it: of bad answers it got 4 of 14 right, 60 of 100 needed: more grades would hardly mend that.",
    );
  });
  it("tells how many more, if it goes on as it did", () => {
    expect(of(7, 10, { estimate: 0.7, low: 0.35, high: 0.93 })).toBe(
      "What would settle it: about 90 more bad answers to grade, if it goes on as it did (7 of 10 right, 60 of 100 needed).",
    );
  });
  it("asks for a first grade where there is none", () => {
    expect(of(0, 0, none)).toBe("What would settle it: no bad answer is graded yet.");
  });
});

describe("how many of what it passes is bad", () => {
  it("tells the interval where it is known before the rate, and nothing where nothing is", () => {
    const trust = {
      v3: { falsePassRate: none },
      v2: { falsePassRate: { estimate: null, low: 0.012, high: 0.4 } },
      v1: { falsePassRate: { estimate: 0.1, low: 0.06, high: 0.17 } },
    } as unknown as BriefJudge["trust"];
    expect(falsePassesInWords({ trust }, ["v1", "v2", "v3"])).toBe(
      "Of 100 answers of v1 that it passes, 6–17 are bad; of 100 answers of v2 that it passes, 1–40 are bad; of v3 nothing is known yet.",
    );
  });
});

describe("why a judge has its licence", () => {
  const trust = { v2: { tpr: fine, tnr: { estimate: 1, low: 0.82, high: 1 } }, v3: { tpr: fine, tnr: fine } };

  it("names the version whose rate falls short, and not the one that is fine", () => {
    const poor = { ...trust, v3: { tpr: fine, tnr: { estimate: 0.26, low: 0.19, high: 0.33 } } };
    expect(licenceReason({ licence: "untrusted", trust: poor }, needed)).toBe("TNR of v3 is below the 60 needed");
  });
  it("names what is still open", () => {
    const open = { v2: { tpr: fine, tnr: none }, v4: { tpr: { estimate: 0.94, low: 0.71, high: 0.98 }, tnr: none } };
    expect(licenceReason({ licence: "not_enough_evidence", trust: open }, needed)).toBe(
      "TPR of v4 may be below the 80 needed; TNR of v2 and v4 may be below the 60 needed",
    );
  });
  it("names the sentinels where the policy asks for them", () => {
    const asked = { ...needed, minCatch: 0.9 };
    expect(licenceReason({ licence: "not_enough_evidence", trust }, asked)).toBe(
      "the rate of caught sentinels may be below the 90 needed",
    );
    expect(licenceReason({ licence: "untrusted", trust, catch: { caught: 1, n: 9, low: 0, high: 0.5 } }, asked)).toBe(
      "the rate of caught sentinels is below the 90 needed",
    );
  });
  it("has nothing to say of a trusted one", () => {
    expect(licenceReason({ licence: "trusted", trust }, needed)).toBe("");
  });
});

import { describe, expect, it } from "vitest";
import { confusionSentence, intervalSentence, tallySentence } from "./sentences";

describe("what a chart says", () => {
  it("places an interval against zero and the margin", () => {
    expect(intervalSentence({ estimate: 0.031, low: 0.012, high: 0.05 }, -0.01)).toBe(
      "+3.1 pt (1.2 to 5.0): better throughout the interval.",
    );
    expect(intervalSentence({ estimate: -0.03, low: -0.05, high: -0.01 }, -0.01)).toContain("worse throughout");
    expect(intervalSentence({ estimate: 0.01, low: -0.005, high: 0.03 }, -0.01)).toContain(
      "stays above the margin of −1.0 pt",
    );
    expect(intervalSentence({ estimate: 0.01, low: -0.02, high: 0.03 }, -0.01)).toContain("reaches below the margin");
    expect(intervalSentence({ estimate: 0.01, low: -0.02, high: 0.03 })).toContain("sign is open");
    expect(intervalSentence({ estimate: 0, low: 0, high: 0 })).toContain("no difference");
    expect(intervalSentence({ estimate: null, low: -1, high: 1 })).toBe("Not enough is known for an estimate.");
  });
  it("counts better, worse and same", () => {
    expect(tallySentence({ better: 412, worse: 240, same: 9348 })).toBe(
      "Of 10\u202f000 cases, 412 better, 240 worse, 9\u202f348 the same.",
    );
    expect(tallySentence({ better: 0, worse: 0, same: 0, error: 1 })).toBe(
      "Of 1 case, 0 better, 0 worse, 0 the same, 1 without a verdict.",
    );
    expect(tallySentence({ better: 0, worse: 0, same: 0 })).toBe("No cases yet.");
  });
  it("says what a judge lets through and what it stops", () => {
    expect(confusionSentence({ tp: 88, fn: 12, fp: 3, tn: 47 })).toBe(
      "The judge passes 6 of 100 bad answers and fails 12 of 100 good ones.",
    );
    expect(confusionSentence({ tp: 9, fn: 1, fp: 0, tn: 0 })).toBe(
      "No bad answer has been graded; the judge fails 10 of 100 good ones.",
    );
    expect(confusionSentence({ tp: 0, fn: 0, fp: 1, tn: 3 })).toBe(
      "The judge passes 25 of 100 bad answers and no good answer has been graded.",
    );
    expect(confusionSentence({ tp: 0, fn: 0, fp: 0, tn: 0 })).toBe("Nothing has been graded yet.");
  });
});

import { describe, expect, it } from "vitest";
import {
  confusionSentence,
  intervalSentence,
  lengthErrorSentence,
  lengthSentence,
  reliabilitySentence,
  repeatSentence,
  tallySentence,
} from "./sentences";

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

describe("what is said of a judge", () => {
  const group = (n: number, k: number, graded = 0, wrong = 0) => ({ n, k, graded, wrong });
  it("of its passes and length", () => {
    const rising = [group(50, 20), group(50, 40)];
    expect(lengthSentence(rising, { z: 4, p: 0.00002 }, "pass_fail")).toBe(
      "It passes 40 of 100 of the shortest answers and 80 of 100 of the longest: the longer, the more often (p < 0.001). That is a bias only where its errors go the same way.",
    );
    expect(lengthSentence(rising, { z: 1, p: 0.3 }, "pass_fail")).toContain(
      "no trend can be told from chance (p = 0.30)",
    );
    expect(lengthSentence([group(50, 50), group(9, 9)], null, "pass_fail")).toContain("It passes always");
    expect(lengthSentence([group(50, 0)], null, "pass_fail")).toContain("It passes never");
    expect(lengthSentence([group(50, 5)], null, "pass_fail")).toContain("equally long");
    expect(lengthSentence([], null, "pass_fail")).toBe("It has judged nothing.");
    expect(lengthSentence(rising, { z: -3, p: 0.004 }, "preference")).toContain(
      "the longer, the less often (p = 0.004)",
    );
  });
  it("of its errors and length", () => {
    expect(lengthErrorSentence([group(5, 5)], null)).toContain("Nobody has graded");
    expect(lengthErrorSentence([group(9, 5, 9, 0)], null)).toContain("no error that could go with length");
    expect(lengthErrorSentence([group(9, 5, 9, 9)], null)).toContain("whatever the length");
    expect(lengthErrorSentence([group(9, 5, 9, 3)], { z: 2, p: 0.01 })).toContain("too few");
    expect(lengthErrorSentence([group(90, 5, 90, 30)], { z: 2.6, p: 0.01 })).toBe(
      "It is wrong on 30 of 90 graded answers, more often the longer the answer (p = 0.010).",
    );
    expect(lengthErrorSentence([group(90, 5, 90, 30)], { z: 0.1, p: 0.9 })).toContain("do not go with length");
  });
  it("of its scores and of its repeats", () => {
    const threshold = { value: 0.5, above: { n: 30, passes: 24 }, below: { n: 15, passes: 3 } };
    expect(reliabilitySentence({ n: 45, threshold, error: 0.081 })).toBe(
      "People pass 24 of 30 answers that it scores 0.5 or more, and 3 of 15 below; read as the chance of a pass, its score is off by 8 points on average.",
    );
    expect(reliabilitySentence({ n: 1, threshold: null, error: null })).toBe("1 answer with a score and a grade.");
    expect(repeatSentence({ answers: 40, differ: 0 }, { low: 0, high: 0.0876 })).toContain("at most 9 of 100");
    expect(repeatSentence({ answers: 40, differ: 4 }, { low: 0.0396, high: 0.2305 })).toContain("4 of 40 answers");
  });
});

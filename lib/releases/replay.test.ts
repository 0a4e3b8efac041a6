import { describe, expect, it } from "vitest";
import { Random } from "../stats/random";
import { type ReplayCase, replay } from "./replay";

/** 300 cases: 80 → 84 %, a judge that errs on every tenth answer. */
function labelledCases(mustPass = 0): ReplayCase[] {
  const random = new Random("labelled cases");
  const says = (pass: boolean) => (random.uniform() < 0.9 ? pass : !pass) as boolean;
  return Array.from({ length: 300 }, (_, i) => {
    const baseline = random.uniform() < 0.8;
    const candidate = random.uniform() < 0.9 ? baseline : random.uniform() < 0.85;
    const verdict = (pass: boolean) => (says(pass) ? ("pass" as const) : ("fail" as const));
    return {
      key: `c${i}`,
      mustPass: i < mustPass,
      pass: { baseline, candidate },
      judged: { baseline: verdict(baseline), candidate: verdict(candidate) },
    };
  });
}

describe("replaying a release on labelled cases", () => {
  it("holds the truth about as often as it says, without bias", () => {
    const cases = labelledCases();
    const { truth, bias, biasError, coverage, width, draw } = replay(cases, { draw: 60, repeats: 150, seed: "a" });
    expect(draw).toBe(60);
    expect(truth).toBeCloseTo(
      cases.reduce((sum, { pass }) => sum + Number(pass.candidate) - Number(pass.baseline), 0) / 300,
      12,
    );
    expect(Math.abs(bias)).toBeLessThan(3 * biasError);
    // Standard error of a coverage of .95 over 150 repeats: .018.
    expect(coverage.fixed).toBeGreaterThan(0.9);
    expect(coverage.alwaysValid).toBeGreaterThan(0.9);
    expect(width.fixed).toBeLessThan(width.alwaysValid);
    // The judge's strata are used only as far as they help.
    expect(width.fixed).toBeLessThanOrEqual(width.peopleOnly);
  }, 60_000);
  it("is exact when everything is drawn", () => {
    const { bias, coverage, width } = replay(labelledCases(), { draw: 300, repeats: 2, seed: "a" });
    expect(bias).toBeCloseTo(0, 12);
    expect([coverage.fixed, width.fixed, width.peopleOnly]).toEqual([1, 0, 0]);
    expect([coverage.alwaysValid, width.alwaysValid]).toEqual([1, expect.closeTo(0, 9)]);
  });
  it("is the same again from the same seed, and draws every must-pass case", () => {
    const cases = labelledCases(20);
    const run = (seed: string) => replay(cases, { draw: 60, repeats: 3, seed });
    const few = replay(cases, { draw: 10, repeats: 1, seed: "a" });
    expect(run("a")).toEqual(run("a"));
    expect(run("a")).not.toEqual(run("b"));
    expect(few.draw).toBeGreaterThanOrEqual(20);
  });
  it("needs cases, draws and repeats", () => {
    expect(() => replay([], { draw: 1, repeats: 1, seed: "a" })).toThrow(RangeError);
    expect(() => replay(labelledCases(), { draw: 0, repeats: 1, seed: "a" })).toThrow(RangeError);
  });
});

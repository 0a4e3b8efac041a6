import { describe, expect, it } from "vitest";
import { type Asked, completeGrades, minutesFor, runOf, sideOf } from "./rules";
import type { Grade } from "./schema";

const grade = (side: "A" | "B", criterion: string): Grade => ({ side, criterion, verdict: "pass" });

describe("a delivery of grades", () => {
  it("covers both sides and every criterion, each once", () => {
    const all = [grade("A", "x"), grade("B", "x"), grade("A", "y"), grade("B", "y")];
    const asked = ["x", "y"].map((key): Asked => ({ key, kind: "pass_fail" }));
    expect(completeGrades(all, asked)).toEqual({ outputs: all, pairs: [] });
    expect(() => completeGrades(all.slice(1), asked)).toThrow("Side A is not graded on “x”");
    expect(() => completeGrades([...all, grade("A", "x")], asked)).toThrow("graded twice");
    expect(() => completeGrades([...all, grade("A", "z")], asked)).toThrow("no criterion");
  });

  it("says once for the case which answer is better, where that is asked", () => {
    const asked: Asked[] = [
      { key: "x", kind: "pass_fail" },
      { key: "better", kind: "preference" },
    ];
    const prefers: Grade = { criterion: "better", prefer: "tie", note: "alike" };
    const all = [grade("A", "x"), prefers, grade("B", "x")];
    expect(completeGrades(all, asked)).toEqual({ outputs: [grade("A", "x"), grade("B", "x")], pairs: [prefers] });
    expect(() => completeGrades([grade("A", "x"), grade("B", "x")], asked)).toThrow(
      "The case is not graded on “better”",
    );
    expect(() => completeGrades([...all, prefers], asked)).toThrow("graded twice on “better”");
    expect(() => completeGrades([grade("A", "x"), grade("B", "x"), grade("A", "better")], asked)).toThrow("has prefer");
    expect(() => completeGrades([...all.slice(1), { criterion: "x", prefer: "A" }], asked)).toThrow("pass or fail");
    expect(() => completeGrades([grade("A", "x"), grade("B", "x"), { ...prefers, side: "A" }], asked)).toThrow(
      "no side",
    );
  });
});

describe("how long cases take", () => {
  it("is never said to be less than it is", () => {
    expect([minutesFor(0, 9000), minutesFor(1, 9000), minutesFor(6, 10_000), minutesFor(49, 9500)]).toEqual([
      1, 1, 1, 8,
    ]);
  });
});

describe("sides", () => {
  it("show the baseline on A unless they are swapped", () => {
    expect([runOf("A", false), runOf("B", false), runOf("A", true), runOf("B", true)]).toEqual([
      "baseline",
      "candidate",
      "candidate",
      "baseline",
    ]);
    for (const swapped of [false, true]) {
      for (const side of ["A", "B"] as const) expect(sideOf(runOf(side, swapped), swapped)).toBe(side);
    }
  });
});

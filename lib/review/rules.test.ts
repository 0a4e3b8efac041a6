import { describe, expect, it } from "vitest";
import { refuseIncomplete, runOf } from "./rules";
import type { Grade } from "./schema";

const grade = (side: "A" | "B", criterion: string): Grade => ({ side, criterion, verdict: "pass" });

describe("a delivery of grades", () => {
  it("covers both sides and every criterion, each once", () => {
    const all = [grade("A", "x"), grade("B", "x"), grade("A", "y"), grade("B", "y")];
    expect(() => refuseIncomplete(all, ["x", "y"])).not.toThrow();
    expect(() => refuseIncomplete(all.slice(1), ["x", "y"])).toThrow("Side A is not graded on “x”");
    expect(() => refuseIncomplete([...all, grade("A", "x")], ["x", "y"])).toThrow("graded twice");
    expect(() => refuseIncomplete([...all, grade("A", "z")], ["x", "y"])).toThrow("no criterion");
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
  });
});

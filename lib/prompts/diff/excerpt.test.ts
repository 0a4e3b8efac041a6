import { describe, expect, it } from "vitest";
import { excerptOf, hunkLabel } from "./excerpt";

const changed = (before: string | null, after: string | null) => excerptOf({ before, after, change: "changed" });

describe("a hunk in one line", () => {
  it("says what it is", () => {
    expect(hunkLabel({ kind: "message", change: "changed", where: "system" })).toBe("system message, changed");
    expect(hunkLabel({ kind: "parameter", change: "added", where: "top_p" })).toBe("top_p, added");
    expect(hunkLabel({ kind: "tool", change: "removed", where: "look" })).toBe("tool look, removed");
  });
  it("is whole when it is short, and null where there is nothing", () => {
    expect(changed("Explain in full.\n", "Explain in one line.\n")).toEqual({
      before: "Explain in full.",
      after: "Explain in one line.",
    });
    expect(changed(null, "0.2")).toEqual({ before: null, after: "0.2" });
    expect(changed("a\nb\n", "")).toEqual({ before: "a ⏎ b", after: null });
  });
  it("shows what stands next to the difference of two long lines", () => {
    const [head, tail] = ["some words before ".repeat(20), " and words behind".repeat(20)];
    const { before, after } = changed(`${head}old${tail}`, `${head}new thing${tail}`);
    expect(before).toMatch(/^… (\w+ )+old( \w+)+ …$/);
    expect(after).toContain("new thing");
    expect(before!.length).toBeLessThan(80);
  });
  it("never gets long", () => {
    for (const text of ["x".repeat(9000), "word ".repeat(2000)])
      expect(changed(text, null).before!.length).toBeLessThan(150);
    expect(changed("a ".repeat(900), "b ".repeat(900)).after!.length).toBeLessThan(150);
  });
  it("says moved text once", () => {
    expect(excerptOf({ before: "same", after: "same", change: "moved" })).toEqual({ before: null, after: "same" });
  });
});

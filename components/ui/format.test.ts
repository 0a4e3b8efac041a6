import { describe, expect, it } from "vitest";
import { formatCount, formatPoints, formatPointsInterval, formatRate, plural } from "./format";

describe("numbers on the screen", () => {
  it("groups thousands with a thin no-break space", () => {
    expect(formatCount(1234567)).toBe("1\u202f234\u202f567");
    expect(formatCount(999)).toBe("999");
    expect(formatCount(-1200)).toBe("−1\u202f200");
  });
  it("signs differences, and never shows a signed zero", () => {
    expect(formatPoints(0.031)).toBe("+3.1 pt");
    expect(formatPoints(-0.0004)).toBe("0.0 pt");
    expect(formatPoints(null)).toBe("–");
    expect(formatPointsInterval(0.031, -0.012, 0.05)).toBe("+3.1 pt (−1.2 to 5.0)");
  });
  it("shows proportions as per cent", () => {
    expect(formatRate(0.8)).toBe("80.0\u202f%");
    expect(formatRate(undefined)).toBe("–");
  });
  it("knows one from many", () => {
    expect(plural(1, "case")).toBe("1 case");
    expect(plural(2, "case")).toBe("2 cases");
  });
});

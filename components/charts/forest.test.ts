import { describe, expect, it } from "vitest";
import { type ForestRow, forestScale, markAt, markSize, shortName, visibleName } from "./forest";

const row = (low: number, high: number, estimate: number | null = (low + high) / 2): ForestRow => ({
  name: "a slice",
  n: 10,
  estimate,
  low,
  high,
});

describe("a forest plot", () => {
  it("holds zero, the margin and every interval", () => {
    const { from, to } = forestScale([row(0.012, 0.05), row(0.02, 0.08), row(-0.03, 0.04)], -0.05);
    expect([from, to]).toEqual([-0.05, 0.1]);
  });
  it("lets the few intervals that say nothing leave the picture, and keeps every estimate in it", () => {
    const informed = [row(-0.02, 0.02), row(-0.01, 0.03), row(0, 0.04)];
    const { from, to } = forestScale([...informed, row(-1, 1, null), row(-0.9, 0.95, 0.3)]);
    // The median width is 4 points: 8 to each side of the marks at 0 and 30.
    expect(from).toBeGreaterThanOrEqual(-0.1);
    expect(to).toBeLessThanOrEqual(0.4);
    expect(to).toBeGreaterThanOrEqual(0.3);
  });
  it("can be drawn of nothing, of one row and of certainty", () => {
    expect(forestScale([]).ticks.length).toBeGreaterThanOrEqual(2);
    expect(forestScale([row(-1, 1, null)])).toMatchObject({ from: -1, to: 1 });
    expect(forestScale([row(0, 0)]).to).toBeGreaterThan(0);
    expect(markAt(row(-0.2, 0.4, null))).toBeCloseTo(0.1, 12);
  });
  it("has squares whose area beyond the smallest grows with the cases", () => {
    expect(markSize(100, 100)).toBe(10);
    expect(markSize(25, 100)).toBe(7);
    expect(markSize(0, 100)).toBe(4);
    expect(markSize(0, 0)).toBe(4);
  });
  it("names a slice in one line, whatever it is called", () => {
    expect(shortName("billing", 10)).toBe("billing");
    expect(shortName("refunds and other things", 10)).toBe("refunds a…");
    expect(shortName("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 2)).toBe("👩‍👩‍👧…");
    expect(visibleName("evil \u202e name")).toBe("evil [RLO] name");
  });
});

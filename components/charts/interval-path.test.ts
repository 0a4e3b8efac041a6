import { describe, expect, it } from "vitest";
import { bandText, type PathPoint, pathRows, pathScale, reviewTicks } from "./interval-path";

const point = (reviews: number, half: number): PathPoint => ({
  reviews,
  estimate: 0.02,
  fixed: { low: 0.02 - half, high: 0.02 + half },
  alwaysValid: { low: 0.02 - 2 * half, high: 0.02 + 2 * half },
});

describe("the path of an interval", () => {
  it("is drawn for its second half: the first intervals run out of the picture", () => {
    const { from, to } = pathScale([point(5, 0.5), point(20, 0.2), point(50, 0.05), point(100, 0.02)], -0.01);
    expect([from, to]).toEqual([-0.1, 0.15]);
  });
  it("holds the margin and zero even where no interval reaches them", () => {
    expect(pathScale([{ ...point(10, 0.001), estimate: 0.3 }], -0.2).from).toBeLessThanOrEqual(-0.2);
    expect(pathScale([]).ticks.length).toBeGreaterThanOrEqual(2);
    expect(pathScale([{ reviews: 3, estimate: null, fixed: null, alwaysValid: null }]).from).toBe(0);
  });
  it("counts the reviews in round whole numbers", () => {
    expect(reviewTicks(0)).toEqual([0, 1]);
    expect(reviewTicks(1)).toEqual([0, 1]);
    expect(reviewTicks(7)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(reviewTicks(40)).toEqual([0, 10, 20, 30, 40]);
    expect(reviewTicks(450)).toEqual([0, 100, 200, 300, 400]);
    for (const last of [3, 9, 12, 61, 99, 1001, 20000]) {
      const ticks = reviewTicks(last);
      expect(ticks.length, String(last)).toBeGreaterThanOrEqual(3);
      expect(ticks.length, String(last)).toBeLessThanOrEqual(8);
      expect(ticks.every(Number.isInteger), String(last)).toBe(true);
    }
  });
  it("is told in a table", () => {
    expect(bandText({ low: -0.012, high: 0.05 })).toBe("−1.2 to 5.0 pt");
    expect(bandText(null)).toBe("–");
    expect(pathRows([{ reviews: 12, estimate: null, fixed: null, alwaysValid: { low: -1, high: 1 } }])).toEqual([
      ["12", "–", "–", "−100.0 to 100.0 pt"],
    ]);
  });
});

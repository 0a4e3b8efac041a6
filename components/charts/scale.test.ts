import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { niceScale } from "./scale";

describe("axis", () => {
  it("has round ticks around the values", () => {
    expect(niceScale([0, 0.031, 0.012, 0.05]).ticks).toEqual([0, 0.01, 0.02, 0.03, 0.04, 0.05]);
    expect(niceScale([-0.013, 0.052]).ticks).toEqual([-0.02, 0, 0.02, 0.04, 0.06]);
    expect(niceScale([0, 0]).ticks).toEqual([0, 0.002]);
  });
  it("holds every value with two to seven ticks", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1 }), (values) => {
        const { from, to, ticks } = niceScale(values);
        expect(from).toBeLessThanOrEqual(Math.min(...values) + 1e-9);
        expect(to).toBeGreaterThanOrEqual(Math.max(...values) - 1e-9);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});

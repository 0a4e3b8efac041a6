import { describe, expect, it } from "vitest";
import { clopperPearson } from "./clopper-pearson";

describe("Clopper–Pearson interval", () => {
  // python3: [stats.binomtest(k, n).proportion_ci(level, 'exact') for k, n, level in …]
  it.each([
    [5, 20, 0.95, 0.08657146910143455, 0.49104587170795755],
    [0, 10, 0.95, 0, 0.30849710781876294],
    [10, 10, 0.95, 0.6915028921812371, 1],
    [318, 450, 0.95, 0.6622266411372901, 0.748365319219767],
    [1, 3, 0.9, 0.01695242750844312, 0.8646496378284162],
  ])("agrees with scipy: %i of %i at %f", (successes, n, level, low, high) => {
    const interval = clopperPearson(successes, n, level);
    expect(interval.low).toBeCloseTo(low, 10);
    expect(interval.high).toBeCloseTo(high, 10);
  });
  it("knows nothing from no trials, and refuses impossible counts", () => {
    expect(clopperPearson(0, 0)).toEqual({ low: 0, high: 1 });
    expect(() => clopperPearson(3, 2)).toThrow(RangeError);
    expect(() => clopperPearson(1.5, 2)).toThrow(RangeError);
    expect(() => clopperPearson(1, 2, 1)).toThrow(RangeError);
  });
});

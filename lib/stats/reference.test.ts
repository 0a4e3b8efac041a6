import { describe, expect, it } from "vitest";
import { agreement, cohenKappa, gwetAc1 } from "./agreement";
import { Random } from "./random";
import { allocate, drawWithoutReplacement } from "./sample";

const cells = (bothPass: number, firstOnly: number, secondOnly: number, bothFail: number) => ({
  bothPass,
  firstOnly,
  secondOnly,
  bothFail,
});

describe("agreement of two raters", () => {
  it("gives Cohen's κ of the textbook table 20, 5, 10, 15: 0.4", () => {
    expect(cohenKappa(cells(20, 5, 10, 15))).toBeCloseTo(0.4, 12);
    expect(agreement(cells(20, 5, 10, 15))).toBeCloseTo(0.7, 12);
  });
  it("gives the κ published for two judges on the XSTest answers: .4534 and .3090", () => {
    expect(cohenKappa(cells(262, 43, 56, 78))).toBeCloseTo(0.4534, 4);
    expect(cohenKappa(cells(338, 25, 58, 29))).toBeCloseTo(0.309, 4);
  });
  it("shows why AC1 stands beside κ: nearly everything passes (table 118, 5, 2, 0 of Gwet 2008)", () => {
    expect(cohenKappa(cells(118, 5, 2, 0))).toBeCloseTo(-0.0234, 4);
    expect(gwetAc1(cells(118, 5, 2, 0))).toBeCloseTo(0.9408, 4);
  });
  it("has no κ where it is not defined", () => {
    expect(cohenKappa(cells(10, 0, 0, 0))).toBeNull();
    expect(cohenKappa(cells(0, 0, 0, 0))).toBeNull();
  });
});

describe("seeded random numbers", () => {
  it("are the same for the same seed, for ever", () => {
    const random = new Random("countersign");
    expect([random.below(1000), random.below(1000), random.below(1000)]).toEqual([218, 736, 811]);
    expect(new Random("a").uniform()).not.toBe(new Random("b").uniform());
  });
  it("have the moments of their distributions, within 4 standard errors", () => {
    const random = new Random("moments");
    const n = 40_000;
    const mean = (draw: () => number) => Array.from({ length: n }, draw).reduce((sum, x) => sum + x, 0) / n;
    expect(Math.abs(mean(() => random.normal()))).toBeLessThan(4 / Math.sqrt(n));
    for (const shape of [0.5, 1, 7.3]) {
      expect(Math.abs(mean(() => random.gamma(shape)) - shape)).toBeLessThan(4 * Math.sqrt(shape / n));
    }
    for (const [trials, p] of [
      [10, 0.1],
      [1000, 0.9],
      [100_000, 0.4],
    ] as const) {
      const error = 4 * Math.sqrt((trials * p * (1 - p)) / n);
      expect(Math.abs(mean(() => random.binomial(trials, p)) - trials * p)).toBeLessThan(error + 0.01);
    }
  });
  it("draw binomial counts with the probabilities of the distribution", () => {
    // scipy: stats.binom.pmf([0, 1, 2, 3], 10, .1)
    const random = new Random("binomial");
    const n = 40_000;
    const seen = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < n; i++) seen[random.binomial(10, 0.1)]!++;
    for (const [k, p] of [0.3486784401, 0.387420489, 0.1937102445, 0.057395628].entries()) {
      expect(Math.abs(seen[k]! / n - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
    }
  });
});

describe("drawing", () => {
  it("takes every case of a certain stratum, two of each other, and the rest in proportion", () => {
    const strata = [
      { key: "must-pass", available: 7, drawn: 0, certain: true },
      { key: "big", available: 900, drawn: 0, certain: false },
      { key: "small", available: 90, drawn: 0, certain: false },
      { key: "one", available: 1, drawn: 0, certain: false },
    ];
    expect(Object.fromEntries(allocate(strata, 107))).toEqual({ "must-pass": 7, big: 90, small: 9, one: 1 });
    expect([...allocate(strata, 998).values()].reduce((a, b) => a + b)).toBe(998);
    expect([...allocate(strata, 5000).values()].reduce((a, b) => a + b)).toBe(998);
    expect(allocate(strata, 3)).toEqual(
      new Map([
        ["must-pass", 7],
        ["big", 2],
        ["small", 2],
        ["one", 1],
      ]),
    );
  });
  it("sums to exactly what was asked, over many shapes", () => {
    const random = new Random("shapes");
    for (let i = 0; i < 500; i++) {
      const strata = Array.from({ length: 1 + random.below(9) }, (_, h) => {
        const population = random.below(400);
        const drawn = random.below(1 + Math.min(population, 40));
        return { key: `s${h}`, available: population - drawn, drawn, certain: false };
      });
      const available = strata.reduce((sum, stratum) => sum + stratum.available, 0);
      const floors = strata.reduce((sum, s) => sum + Math.min(s.available, Math.max(0, 2 - s.drawn)), 0);
      const size = random.below(600);
      const drawn = allocate(strata, size);
      for (const { key, available: most } of strata) {
        expect(drawn.get(key)).toBeLessThanOrEqual(most);
        expect(drawn.get(key)).toBeGreaterThanOrEqual(0);
      }
      expect([...drawn.values()].reduce((a, b) => a + b, 0)).toBe(Math.max(floors, Math.min(size, available)));
    }
  });
  it("draws each case equally often, without repeats", () => {
    const random = new Random("equal");
    const seen = new Map<number, number>();
    const repeats = 4000;
    for (let i = 0; i < repeats; i++) {
      const drawn = drawWithoutReplacement(random, [0, 1, 2, 3, 4, 5, 6, 7], 3);
      expect(new Set(drawn).size).toBe(3);
      for (const item of drawn) seen.set(item, (seen.get(item) ?? 0) + 1);
    }
    for (let item = 0; item < 8; item++) {
      expect(Math.abs(seen.get(item)! / repeats - 3 / 8)).toBeLessThan(4 * Math.sqrt(((3 / 8) * (5 / 8)) / repeats));
    }
  });
});

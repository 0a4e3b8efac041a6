import { describe, expect, it } from "vitest";
import { drawBatch, type SampleStratum } from "./draw";

function stratum(name: string, from: number, size: number, alreadyDrawn = 0): SampleStratum {
  const remaining = Array.from({ length: size }, (_, i) => from + i);
  return { stratum: name, population: size + alreadyDrawn, alreadyDrawn, remaining };
}

describe("a batch", () => {
  it("records the probability that the drawing really has: each case of a stratum comes up equally often", () => {
    const strata = [stratum("fail>pass", 0, 10), stratum("pass>pass", 10, 30)];
    const times = new Array(40).fill(0);
    const repeats = 4000;
    let probability = { rare: 0, common: 0 };
    for (let i = 0; i < repeats; i++) {
      const { cases } = drawBatch(strata, 12, `seed ${i}`);
      for (const { id } of cases) times[id]++;
      probability = {
        rare: cases.find(({ id }) => id < 10)!.probability,
        common: cases.find(({ id }) => id >= 10)!.probability,
      };
    }
    // Five standard errors of a binomial share.
    for (const [id, n] of times.entries()) {
      const p = id < 10 ? probability.rare : probability.common;
      expect(Math.abs(n / repeats - p), `case ${id}`).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / repeats));
    }
  });
  it("takes all of must-pass, also when the size is smaller", () => {
    const { cases, strata } = drawBatch([stratum("must-pass", 0, 5), stratum("pass>pass", 5, 50)], 3, "s");
    expect(cases.filter((row) => row.stratum === "must-pass")).toHaveLength(5);
    expect(strata[0]).toEqual({ stratum: "must-pass", population: 5, alreadyDrawn: 0, drawn: 5, probability: 1 });
  });
  it("takes exactly as many as asked for, also when that is less than two a stratum", () => {
    const strata = [stratum("a", 0, 20), stratum("b", 20, 30), stratum("c", 50, 5), stratum("d", 55, 40)];
    const drawn = (size: number) => drawBatch(strata, size, "s").strata.map((row) => row.drawn);
    expect(drawn(3)).toEqual([1, 1, 0, 1]);
    expect(drawn(6).reduce((sum, n) => sum + n, 0)).toBe(6);
    expect(drawn(60).reduce((sum, n) => sum + n, 0)).toBe(60);
  });
  it("puts the queue in an order that does not follow the strata", () => {
    const first = new Set<string>();
    for (let i = 0; i < 50; i++) {
      first.add(drawBatch([stratum("a", 0, 20), stratum("b", 20, 20)], 20, `seed ${i}`).cases[0]!.stratum);
    }
    expect(first).toEqual(new Set(["a", "b"]));
  });
  it("takes everything when asked for more than there is, with probability 1", () => {
    const { cases } = drawBatch([stratum("a", 0, 20, 5), stratum("b", 20, 7)], 1000, "s");
    expect(new Set(cases.map(({ id }) => id)).size).toBe(27);
    expect(cases.every(({ probability }) => probability === 1)).toBe(true);
  });
});

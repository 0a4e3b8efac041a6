import { describe, expect, it } from "vitest";
import { adaptiveWeights, drawBatch, redraw, type SampleStratum } from "./draw";

function stratum(name: string, from: number, size: number, alreadyDrawn = 0): SampleStratum {
  const remaining = Array.from({ length: size }, (_, i) => from + i);
  return { stratum: name, slice: null, close: false, population: size + alreadyDrawn, alreadyDrawn, remaining };
}

describe("a batch", () => {
  it("is a simple random sample unless asked otherwise: every case and every place in the queue alike", () => {
    const strata = [stratum("fail>pass", 0, 4), stratum("pass>pass", 4, 16)];
    const repeats = 4000;
    const [times, first] = [new Array(20).fill(0), new Array(20).fill(0)];
    for (let i = 0; i < repeats; i++) {
      const { cases } = drawBatch(strata, 5, `seed ${i}`);
      expect(cases.every(({ probability }) => probability === 0.25)).toBe(true);
      for (const { id } of cases) times[id]++;
      first[cases[0]!.id]++;
    }
    for (const [counts, p] of [
      [times, 0.25],
      [first, 0.05],
    ] as const) {
      for (const n of counts) expect(Math.abs(n / repeats - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / repeats));
    }
  });
  it("draws again from its record what it drew", () => {
    const strata = [stratum("fail>pass", 0, 30), stratum("must-pass", 30, 5), stratum("pass>pass", 35, 90)];
    const weightOf = ({ stratum }: SampleStratum) => (stratum === "fail>pass" ? 4 : 0.5);
    for (const design of ["random", "stratified", "adaptive"] as const) {
      const drawn = drawBatch(strata, 25, "a seed", design, weightOf);
      const recorded = JSON.parse(JSON.stringify(drawn.strata));
      const ids = drawn.cases.map(({ id }) => id);
      expect(redraw(strata, recorded, "a seed", design)).toEqual(ids);
      expect(redraw(strata, recorded, "another", design)).not.toEqual(ids);
      expect(ids.slice(0, 5).every((id) => id >= 30 && id < 35)).toBe(true);
    }
  });
  it("draws adaptively what teaches more: a change the judge sees, and where people override it", () => {
    const part = (name: string, slice: string, from: number): SampleStratum => ({
      ...stratum(name, from, 100),
      slice,
    });
    const strata = [
      part("fail>pass", "a", 0),
      part("fail>pass", "b", 100),
      part("pass>pass", "a", 200),
      { ...part("pass>pass", "b", 300), remaining: Array.from({ length: 700 }, (_, i) => 300 + i), population: 700 },
    ];
    const priority = adaptiveWeights(strata, new Map(), new Map());
    expect(priority(strata[0]!)).toBeGreaterThan(priority(strata[2]!));
    const weightOf = adaptiveWeights(
      strata,
      new Map([
        ["fail>pass", { labelled: 20, overridden: 6 }],
        ["pass>pass", { labelled: 60, overridden: 3 }],
      ]),
      new Map([
        ["a", { labelled: 40, overridden: 0 }],
        ["b", { labelled: 40, overridden: 9 }],
      ]),
    );
    expect(weightOf(strata[1]!)).toBeGreaterThan(weightOf(strata[0]!));
    expect(weightOf(strata[3]!)).toBeGreaterThan(weightOf(strata[2]!));
    const { cases, strata: drawn } = drawBatch(strata, 60, "s", "adaptive", weightOf);
    expect(cases).toHaveLength(60);
    expect(drawn.every((row) => row.drawn >= 1)).toBe(true);
    const probability = (from: number) => cases.find(({ id }) => id >= from && id < from + 100)?.probability ?? 0;
    expect(probability(100)).toBeGreaterThan(probability(200));
  });
  it("prefers cases whose score is close to the judge's threshold, and draws them again from the record", () => {
    const strata = [stratum("pass>pass", 0, 60), { ...stratum("pass>pass", 60, 20), close: true }];
    const weightOf = adaptiveWeights(strata, new Map(), new Map());
    expect(weightOf(strata[1]!)).toBeGreaterThan(weightOf(strata[0]!));
    const drawn = drawBatch(strata, 20, "s", "adaptive", weightOf);
    expect(drawn.strata.flatMap((row) => row.of ?? [])).toContainEqual({ pair: "pass>pass", slice: null, close: true });
    const recorded = JSON.parse(JSON.stringify(drawn.strata));
    expect(redraw(strata, recorded, "s", "adaptive")).toEqual(drawn.cases.map(({ id }) => id));
  });
  it("records the probability that a stratified drawing really has: each case of a stratum comes up equally often", () => {
    const strata = [stratum("fail>pass", 0, 10), stratum("pass>pass", 10, 30)];
    const times = new Array(40).fill(0);
    const repeats = 4000;
    let probability = { rare: 0, common: 0 };
    for (let i = 0; i < repeats; i++) {
      const { cases } = drawBatch(strata, 12, `seed ${i}`, "stratified");
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
    const drawn = (size: number) => drawBatch(strata, size, "s", "stratified").strata.map((row) => row.drawn);
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

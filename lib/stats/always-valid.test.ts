import { describe, expect, it } from "vitest";
import { alwaysValidPath, forecastLabels, holdsThroughout, type SequenceInput } from "./always-valid";
import { Random } from "./random";

type Population = { population: number; guess: number; rates: [worse: number, same: number] }[];

/** A population with exactly these shares, and the order in which all of it would be drawn. */
function makeOrder(random: Random, strata: Population): { stratum: number; value: number }[] {
  const all = strata.flatMap(({ population, rates: [worse, same] }, stratum) =>
    Array.from({ length: population }, (_, i) => {
      const share = (i + 0.5) / population;
      return { stratum, value: share < worse ? -1 : share < worse + same ? 0 : 1 };
    }),
  );
  return random.shuffle(all);
}

function sequence(strata: Population, order: { stratum: number; value: number }[], n: number): SequenceInput {
  return {
    strata,
    rounds: [{ size: n }],
    draws: order.slice(0, n).map((draw) => ({ ...draw, round: 0 })),
    certain: { population: 0, labelled: 0, sum: 0 },
  };
}

const worseByFour: Population = [
  { population: 300, guess: 0, rates: [0.03, 0.96] },
  { population: 60, guess: 0.5, rates: [0.1, 0.5] },
  { population: 40, guess: -0.5, rates: [0.85, 0.1] },
];
const mean = (order: { value: number }[]) => order.reduce((sum, { value }) => sum + value, 0) / order.length;

describe("the always-valid interval", () => {
  it("holds the truth after every single label, in at least 95 of 100 orders", () => {
    const random = new Random("peeking");
    const repeats = 1000;
    let held = 0;
    for (let r = 0; r < repeats; r++) {
      const order = makeOrder(random, worseByFour);
      if (holdsThroughout(sequence(worseByFour, order, 400), 0.95, mean(order))) held++;
    }
    // Standard error of .95 over 1000: .007.
    expect(held / repeats).toBeGreaterThan(0.93);
  }, 60_000);

  it("lets a release worse than the margin through in at most the risk limit of 2000, with a look after every grade", () => {
    const random = new Random("a bad release");
    let met = 0;
    for (let r = 0; r < 2000; r++) {
      const order = makeOrder(random, worseByFour);
      const margin = mean(order) + 0.002;
      const path = alwaysValidPath(sequence(worseByFour, order, 90), 0.95);
      if (path.some(({ low }) => low >= margin)) met++;
    }
    expect(met / 2000).toBeLessThanOrEqual(0.05);
  }, 120_000);

  it("only ever gets narrower, and is exact when everything is labelled", () => {
    const random = new Random("narrower");
    const order = makeOrder(random, worseByFour);
    const path = alwaysValidPath(sequence(worseByFour, order, 400), 0.95);
    expect(path).toHaveLength(401);
    for (const [i, { low, high }] of path.entries()) {
      const before = path[i - 1] ?? { low: -1, high: 1 };
      expect(low).toBeGreaterThanOrEqual(before.low - 1e-12);
      expect(high).toBeLessThanOrEqual(before.high + 1e-12);
    }
    expect(path.at(-1)!.low).toBeCloseTo(mean(order), 9);
    expect(path.at(-1)!.high).toBeCloseTo(mean(order), 9);
  });

  it("is not fooled by a guess that is always wrong", () => {
    const random = new Random("adversarial");
    const strata: Population = [
      { population: 150, guess: 0.5, rates: [0.8, 0.15] },
      { population: 150, guess: -0.5, rates: [0.05, 0.15] },
    ];
    let held = 0;
    for (let r = 0; r < 400; r++) {
      const order = makeOrder(random, strata);
      if (holdsThroughout(sequence(strata, order, 150), 0.95, mean(order))) held++;
    }
    expect(held / 400).toBeGreaterThan(0.92);
  }, 60_000);

  it("holds when a round draws more from some strata, in fixed numbers", () => {
    const random = new Random("fixed numbers");
    const drawn = [30, 30, 30];
    let held = 0;
    for (let r = 0; r < 600; r++) {
      const order = makeOrder(random, worseByFour);
      const truth = mean(order);
      const first = order.slice(0, 30);
      const rest = order.slice(30);
      const chosen = random.shuffle(
        drawn.flatMap((n, stratum) => rest.filter((draw) => draw.stratum === stratum).slice(0, n)),
      );
      const sizes = drawn.map((_, stratum) => chosen.filter((draw) => draw.stratum === stratum).length);
      const input: SequenceInput = {
        strata: worseByFour,
        rounds: [{ size: 30 }, { size: chosen.length, designOf: [0, 1, 2], drawn: sizes }],
        draws: [...first.map((draw) => ({ ...draw, round: 0 })), ...chosen.map((draw) => ({ ...draw, round: 1 }))],
        certain: { population: 0, labelled: 0, sum: 0 },
      };
      if (holdsThroughout(input, 0.95, truth)) held++;
    }
    expect(held / 600).toBeGreaterThan(0.925);
  }, 60_000);

  it("takes cases drawn for certain as known, and those not labelled yet as anything", () => {
    const certain = { population: 10, labelled: 4, sum: -2 };
    const [first] = alwaysValidPath({ strata: [], rounds: [], draws: [], certain }, 0.95);
    expect(first).toEqual({ low: -0.8, high: 0.4, labelled: 4 });
  });
  it("has nothing to say without cases", () => {
    const certain = { population: 0, labelled: 0, sum: 0 };
    expect(alwaysValidPath({ strata: [], rounds: [], draws: [], certain }, 0.95)).toEqual([]);
  });
});

describe("the forecast", () => {
  const strata: Population = [{ population: 2000, guess: 0, rates: [0.01, 0.97] }];
  const known = (n: number, cells: [number, number, number], margin: number) => {
    const values = [-1, 0, 1].flatMap((value, i) => Array.from({ length: cells[i]! }, () => value));
    const draws = new Random("order").shuffle(values).map((value) => ({ stratum: 0, value }));
    return forecastLabels(sequence(strata, draws, n), [cells], { margin, level: 0.95 });
  };
  it("asks for few more reviews when the delta is far from the margin, for many when it is near", () => {
    const far = known(20, [0, 19, 1], -0.1)!;
    const near = known(20, [0, 19, 1], -0.01)!;
    expect(far.met).toBeGreaterThan(0.9);
    expect(far.likely.median!).toBeLessThan(120);
    expect(near.likely.median ?? Infinity).toBeGreaterThan(2 * far.likely.median!);
  });
  it("sees a no coming", () => {
    expect(known(15, [4, 10, 1], -0.02)!.notMet).toBeGreaterThan(0.8);
  });
  it("has nothing to ask once the margin is excluded", () => {
    expect(known(400, [4, 380, 16], -0.2)).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { cohenKappa, kappaOfTable } from "./agreement";
import { type JudgePrefers, type PreferenceStratum, preferenceTrust } from "./preference-trust";
import type { Cells } from "./strata";

/** People's labels in the order tie, candidate, baseline. */
const stratum = (prefers: JudgePrefers | null, population: number, [tie, candidate, baseline]: number[]) =>
  ({
    key: prefers ?? "error",
    prefers,
    judged: { baseline: "error", candidate: "error" },
    population,
    cells: [tie!, candidate!, baseline!, 0] satisfies Cells,
  }) as PreferenceStratum;

describe("κ of a table of any size", () => {
  it("is that of numpy for three categories", () => {
    // t = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]; po = trace / n = .70; pe = rows · columns / n² = .41
    const table = [
      [88, 14, 18],
      [10, 40, 10],
      [2, 6, 12],
    ];
    expect(kappaOfTable(table)).toBeCloseTo(0.49152542372881347, 12);
  });
  it("is Cohen's κ of two by two, and not defined where that is not", () => {
    const cells = { bothPass: 262, firstOnly: 43, secondOnly: 56, bothFail: 78 };
    expect(
      kappaOfTable([
        [262, 43],
        [56, 78],
      ]),
    ).toBeCloseTo(cohenKappa(cells)!, 14);
    expect(kappaOfTable([[7]])).toBeNull();
    expect(
      kappaOfTable([
        [0, 0],
        [0, 0],
      ]),
    ).toBeNull();
  });
});

describe("trust in a pairwise judge", () => {
  const strata = [
    stratum("candidate", 400, [4, 14, 2]),
    stratum("baseline", 200, [1, 2, 7]),
    stratum("tie", 300, [9, 3, 3]),
    stratum("flip", 100, [2, 2, 1]),
    stratum(null, 50, [0, 3, 2]),
  ];

  it("weights the labelled cases to all: counts, agreement and κ as numpy has them", () => {
    // w = counts · (N / n): [[280, 40, 80], [40, 140, 20], [60, 60, 180], [40, 20, 40]], and for κ a column of zeros
    const trust = preferenceTrust(strata, 0.95);
    const expected = {
      candidate: { candidate: 280, baseline: 40, tie: 80 },
      baseline: { candidate: 40, baseline: 140, tie: 20 },
      tie: { candidate: 60, baseline: 60, tie: 180 },
      flip: { candidate: 40, baseline: 20, tie: 40 },
    };
    for (const [judge, row] of Object.entries(expected)) {
      for (const [people, count] of Object.entries(row)) {
        expect(trust.table![judge as "tie"][people as "tie"]).toBeCloseTo(count, 9);
      }
    }
    expect(trust.agreement.estimate).toBeCloseTo(0.6, 12);
    expect(trust.kappa).toBeCloseTo(0.4152046783625731, 12);
    expect(trust.finds.candidate.estimate).toBeCloseTo(0.6666666666666666, 12);
    expect(trust.finds.baseline.estimate).toBeCloseTo(0.5384615384615384, 12);
    expect(trust.finds.tie.estimate).toBeCloseTo(0.5625, 12);
    for (const { estimate, low, high } of [trust.agreement, ...Object.values(trust.finds)]) {
      expect(low).toBeLessThan(estimate!);
      expect(high).toBeGreaterThan(estimate!);
      expect(low).toBeGreaterThan(0);
      expect(high).toBeLessThan(1);
    }
    expect(trust.graded.candidate).toEqual({ candidate: 14, baseline: 2, tie: 4 });
  });

  it("is exact once every case is labelled", () => {
    const all = preferenceTrust([stratum("candidate", 20, [4, 14, 2]), stratum("tie", 15, [9, 3, 3])], 0.95);
    expect(all.agreement).toMatchObject({ estimate: 23 / 35 });
    expect(all.agreement.low).toBeCloseTo(23 / 35, 6);
    expect(all.agreement.high).toBeCloseTo(23 / 35, 6);
  });

  it("counts a preference that went with the order as a miss, and leaves errors out", () => {
    const trust = preferenceTrust([stratum("flip", 10, [0, 10, 0]), stratum(null, 90, [0, 90, 0])], 0.95);
    expect(trust.agreement.estimate).toBe(0);
    expect(trust.finds.candidate.estimate).toBe(0);
    expect(trust.finds.baseline.estimate).toBeNull();
  });

  it("has no estimate while a preference of the judge has no labelled case, unless a rare one", () => {
    const of = (ties: number) =>
      preferenceTrust([stratum("candidate", 100, [1, 4, 0]), stratum("tie", ties, [0, 0, 0])], 0.95);
    expect(of(100)).toMatchObject({ table: null, kappa: null, agreement: { estimate: null } });
    expect(of(1).agreement.estimate).toBeCloseTo(0.8, 12);
    expect(of(1).agreement.low).toBeLessThan(0.8 * (100 / 101));
    expect(preferenceTrust([], 0.95)).toMatchObject({ table: null, kappa: null });
  });
});

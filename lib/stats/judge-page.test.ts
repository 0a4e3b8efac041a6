import { describe, expect, it } from "vitest";
import { cohenKappa, gwetAc1 } from "./agreement";
import { agreementBounds } from "./agreement-bounds";
import { judgeTrust } from "./judge-trust";
import { Random } from "./random";
import { brierScore, calibrationError } from "./reliability";
import type { Cells, JudgeSays, Stratum } from "./strata";
import { trend } from "./trend";

const groups = (k: number[], n: number[]) => k.map((count, i) => ({ k: count, n: n[i]! }));

describe("a trend of shares (Cochran–Armitage)", () => {
  // The example of R's ?prop.trend.test (Fleiss 1981, p. 139): X-squared = 8.2249, df = 1, p-value = 0.004132.
  const smokers = groups([83, 90, 129, 70], [86, 93, 136, 82]);
  it("agrees with R's published example", () => {
    const { z, p } = trend(smokers)!;
    expect(z * z).toBeCloseTo(8.2249, 4);
    expect(p).toBeCloseTo(0.004132, 6);
  });
  // scipy 1.x: T = Σ s(x − n p̂), V = p̂(1 − p̂)(Σ n s² − (Σ n s)²/N), 2 · stats.norm.sf(|T/√V|)
  it.each([
    [smokers, [1, 2, 3, 4], -2.8679125309530877, 0.004131897477641406],
    [smokers, [0, 1, 2, 5], -3.3876068936633197, 0.0007050523730637527],
    [groups([180, 171, 160, 149, 120], Array(5).fill(200)), [1, 2, 3, 4, 5], -7.665044928303666, 1.787686124390798e-14],
    [groups([3, 4, 1], [10, 8, 9]), [1, 2, 3], -0.85680686847645, 0.3915516291431984],
  ])("agrees with a transcript to 1e-9: %o", (given, scores, z, p) => {
    const found = trend(given, scores)!;
    expect(found.z).toBeCloseTo(z, 9);
    expect(Math.abs(found.p / p - 1)).toBeLessThan(1e-9);
  });
  it("says nothing where nothing can rise", () => {
    expect(trend([])).toBeNull();
    expect(trend(groups([3], [5]))).toBeNull();
    expect(trend(groups([5, 7], [5, 7]))).toBeNull();
    expect(trend(groups([0, 0], [5, 7]))).toBeNull();
    expect(trend(groups([0, 3], [0, 7]))).toBeNull();
    expect(trend(groups([0, 0], [0, 0]))).toBeNull();
  });
});

describe("a score read as a chance", () => {
  const bins = [
    { n: 4, passes: 1, meanScore: 0.1 },
    { n: 6, passes: 3, meanScore: 0.55 },
    { n: 10, passes: 9, meanScore: 0.92 },
  ];
  it("is off by the weighted distance of its bins", () => {
    // By hand: .2·.15 + .3·.05 + .5·.02 = .055
    expect(calibrationError(bins)).toBeCloseTo(0.055, 12);
    expect(calibrationError([])).toBeNull();
  });
  it("has the Brier score of its squares", () => {
    // scikit-learn: brier_score_loss([0, 1, 1, 0], [.1, .9, .8, .3]) = 0.0375
    const squares = 0.1 ** 2 + 0.1 ** 2 + 0.2 ** 2 + 0.3 ** 2;
    expect(brierScore(squares, 4)).toBeCloseTo(0.0375, 12);
    expect(brierScore(0, 0)).toBeNull();
  });
});

type Case = { pass: boolean; says: JudgeSays };

function stratified(cases: readonly Case[], drawn: readonly Case[]): Stratum[] {
  const of = (all: readonly Case[], says: JudgeSays, pass: boolean) =>
    all.filter((item) => item.says === says && item.pass === pass).length;
  return (["pass", "fail", "error"] as const).map((says) => ({
    key: says,
    judged: { baseline: says, candidate: says },
    population: of(cases, says, true) + of(cases, says, false),
    cells: [of(drawn, says, false), 0, 0, of(drawn, says, true)] as Cells,
  }));
}

const table = (cases: readonly Case[]) => {
  const count = (says: JudgeSays, pass: boolean) =>
    cases.filter((item) => item.says === says && item.pass === pass).length;
  return {
    bothPass: count("pass", true),
    firstOnly: count("pass", false),
    secondOnly: count("fail", true),
    bothFail: count("fail", false),
  };
};

describe("κ and AC1 over all cases of a release", () => {
  it.each([
    ["a fair judge", { base: 0.8, tpr: 0.9, tnr: 0.7, n: 60 }],
    ["a useless judge", { base: 0.9, tpr: 0.5, tnr: 0.5, n: 80 }],
    ["a good judge, few failures", { base: 0.95, tpr: 0.98, tnr: 0.9, n: 40 }],
    ["a judge that always passes", { base: 0.8, tpr: 1, tnr: 0, n: 50 }],
  ])(
    "lie in their intervals as often as said: %s",
    (name, { base, tpr, tnr, n }) => {
      const random = new Random(`agreement of ${name}`);
      const held = { kappa: 0, ac1: 0 };
      const repeats = 200;
      for (let i = 0; i < repeats; i++) {
        const cases = Array.from({ length: 1200 }, (): Case => {
          const pass = random.uniform() < base;
          return { pass, says: random.uniform() < (pass ? tpr : 1 - tnr) ? "pass" : "fail" };
        });
        const drawn = [...cases];
        for (let at = 0; at < n; at++) {
          const other = at + random.below(drawn.length - at);
          [drawn[at], drawn[other]] = [drawn[other]!, drawn[at]!];
        }
        const found = agreementBounds(stratified(cases, drawn.slice(0, n)), "candidate", 0.95);
        const truth = { kappa: cohenKappa(table(cases))!, ac1: gwetAc1(table(cases))! };
        for (const which of ["kappa", "ac1"] as const) {
          if (found[which].low - 1e-6 <= truth[which] && truth[which] <= found[which].high + 1e-6) held[which]++;
        }
      }
      // Monte-Carlo error of .95 over 200: .015.
      expect(held.kappa / repeats).toBeGreaterThan(0.92);
      expect(held.ac1 / repeats).toBeGreaterThan(0.92);
    },
    120_000,
  );

  it("shrink to the coefficients themselves when everything is graded", () => {
    // The table of Gwet (2008): 118, 5, 2, 0.
    const strata: Stratum[] = [
      { key: "pass", judged: { baseline: "pass", candidate: "pass" }, population: 123, cells: [5, 0, 0, 118] },
      { key: "fail", judged: { baseline: "fail", candidate: "fail" }, population: 2, cells: [0, 0, 0, 2] },
    ];
    const { kappa, ac1 } = agreementBounds(strata, "baseline", 0.95);
    expect(kappa.estimate).toBeCloseTo(-0.0234, 4);
    expect(ac1.estimate).toBeCloseTo(0.9408, 4);
    for (const { estimate, low, high } of [kappa, ac1]) {
      expect(low).toBeCloseTo(estimate!, 6);
      expect(high).toBeCloseTo(estimate!, 6);
    }
    const trust = judgeTrust(strata, 0.95).baseline;
    expect(kappa.estimate).toBeCloseTo(trust.kappa!, 12);
    expect(ac1.estimate).toBeCloseTo(trust.ac1!, 12);
  });

  const says = (judged: JudgeSays, population: number, cells: Cells): Stratum => ({
    key: judged,
    judged: { baseline: judged, candidate: judged },
    population,
    cells,
  });
  it("say nothing of a judge with errors only, without grades, or with a verdict that nobody graded", () => {
    const open = { estimate: null, low: -1, high: 1 };
    expect(agreementBounds([says("error", 90, [1, 0, 0, 20])], "candidate", 0.95)).toEqual({ kappa: open, ac1: open });
    expect(agreementBounds([], "candidate", 0.95)).toEqual({ kappa: open, ac1: open });
    const { kappa } = agreementBounds(
      [says("pass", 90, [2, 0, 0, 20]), says("fail", 9, [0, 0, 0, 0])],
      "candidate",
      0.95,
    );
    expect(kappa.estimate).toBeNull();
    expect(kappa.low).toBeLessThan(kappa.high);
  });
  it("have AC1 but no κ above 0 for a judge that always passes", () => {
    const { kappa, ac1 } = agreementBounds([says("pass", 100, [4, 0, 0, 16])], "candidate", 0.95);
    expect(kappa.estimate).toBeCloseTo(0, 12);
    expect(ac1.estimate).toBeCloseTo(gwetAc1({ bothPass: 80, firstOnly: 20, secondOnly: 0, bothFail: 0 })!, 12);
  });
});

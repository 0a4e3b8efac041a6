import { describe, expect, it } from "vitest";
import { ac1Interval, kappaInterval } from "./agreement";
import { altTest } from "./alt-test";
import { adjusted, mcnemarWorse, slicesWorse } from "./false-discovery";
import { krippendorffAlpha } from "./krippendorff";
import { independentDifference, pairedDifference } from "./mover";

const near = (value: number, expected: number) =>
  expect(Math.abs(value - expected), `${value} against ${expected}`).toBeLessThan(
    1e-9 * Math.max(1, Math.abs(expected)),
  );
const cells = (bothPass: number, firstOnly: number, secondOnly: number, bothFail: number) => ({
  bothPass,
  firstOnly,
  secondOnly,
  bothFail,
});

describe("agreement with an interval", () => {
  it("κ of 20, 5, 10, 15: the standard error of Fleiss, Cohen & Everitt (numpy transcript of eq. 13)", () => {
    const { estimate, error, low, high } = kappaInterval(cells(20, 5, 10, 15))!;
    near(estimate, 0.4);
    near(error, 0.12699606293110033);
    near(low, 0.4 - 1.959963984540054 * 0.12699606293110033);
    near(high, 0.4 + 1.959963984540054 * 0.12699606293110033);
  });
  it("AC1 of Gwet (2008), 118, 5, 2, 0: .9408, the error by a numpy transcript of the linearised variance", () => {
    const { estimate, error, high } = ac1Interval(cells(118, 5, 2, 0))!;
    near(estimate, 0.9407763376087177);
    near(error, 0.023056964302389644);
    near(high, 0.9407763376087177 + 1.959963984540054 * 0.023056964302389644);
  });
  it("is null without calls", () => {
    expect(kappaInterval(cells(0, 0, 0, 0))).toBeNull();
    expect(ac1Interval(cells(0, 0, 0, 0))).toBeNull();
  });
});

/** Units from one string a rater; `.` is missing. */
function units(...raters: string[]) {
  return [...raters[0]!].map((_, i) => {
    const labels = [0, 0, 0, 0, 0];
    for (const rater of raters) {
      if (rater[i] !== ".") labels["abcde".indexOf(rater[i]!)]!++;
    }
    return { labels, count: 1 };
  });
}

describe("Krippendorff's α: the worked examples of Krippendorff (2011)", () => {
  it("B, two observers, binary: .095 (exactly 2/21)", () => {
    near(krippendorffAlpha(units("abaaaaaaaa", "bbbaababaa"))!, 2 / 21);
  });
  it("C, two observers, nominal: .692 (exactly 155/224)", () => {
    near(krippendorffAlpha(units("aabbdcccedda", "babbbccceddd"))!, 155 / 224);
  });
  it("D, four observers, nominal, missing labels: .743 (exactly 113/152)", () => {
    near(krippendorffAlpha(units("abccbadab...", "abccbbdabe.c", ".cccbcdbbea.", "abccbddabea."))!, 113 / 152);
  });
  it("takes units of a kind together, and is null where nothing can disagree", () => {
    const one = units("abaaaaaaaa", "bbbaababaa");
    near(krippendorffAlpha([...one, ...one])!, krippendorffAlpha(one.map((unit) => ({ ...unit, count: 2 })))!);
    expect(krippendorffAlpha([{ labels: [3, 0], count: 5 }])).toBeNull();
    expect(krippendorffAlpha([{ labels: [1, 0], count: 5 }])).toBeNull();
  });
});

describe("MOVER", () => {
  it("independent: 56/70 − 48/80, published as .0524 to .3339 (Newcombe 1998, table II a, method 10)", () => {
    const { estimate, low, high } = independentDifference(56, 70, 48, 80)!;
    near(estimate, 0.2);
    near(low, 0.05243147240236498);
    near(high, 0.333872654036906);
  });
  // Published to four digits by Newcombe (1998), Statistics in Medicine 17, 2635–2650, table III; all digits by Python.
  it.each([
    [36, 12, 2, 0, 0.2, 0.05692958400323875, 0.3404276029749406],
    [20, 12, 2, 16, 0.2, 0.056156424841748265, 0.32920699540014053],
    [53, 5, 1, 0, 0.06779661016949157, -0.021167434200907845, 0.1680995882146067],
  ])("paired: %i, %i, %i, %i", (both, first, second, neither, estimate, low, high) => {
    const found = pairedDifference(both, first, second, neither)!;
    near(found.estimate, estimate);
    near(found.low, low);
    near(found.high, high);
  });
  it("has nothing to say of nothing", () => {
    expect(pairedDifference(0, 0, 0, 0)).toBeNull();
    expect(independentDifference(0, 0, 1, 2)).toBeNull();
  });
});

describe("false discoveries", () => {
  // The fifteen p-values of Benjamini & Hochberg (1995), §3.2; adjusted as scipy.stats.false_discovery_control and R's p.adjust do.
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ];
  it("Benjamini & Hochberg: four are kept at .05, as published", () => {
    const q = adjusted(p);
    const expected = [
      0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714285714286, 0.06385714285714286, 0.0645, 0.0765, 0.486,
      0.5811818181818181, 0.7148749999999999, 0.7532307692307693, 0.8132142857142857, 1,
    ];
    for (const [i, value] of expected.entries()) near(q[i]!, value);
    expect(q.filter((value) => value <= 0.05)).toHaveLength(4);
  });
  it("Benjamini & Yekutieli", () => {
    const q = adjusted(p, "BY");
    for (const [i, value] of [
      0.004977343489843491, 0.009954686979686982, 0.03152317543567544, 0.11821190788378289,
    ].entries())
      near(q[i]!, value);
    expect(q[14]).toBe(1);
  });
  it("McNemar in one direction, exact and mid-P (scipy.stats.binom)", () => {
    near(mcnemarWorse(30, 10), 0.0011107168866146822);
    near(2 * mcnemarWorse(30, 10, true), 0.0014504910141113197);
    expect(mcnemarWorse(0, 0)).toBe(1);
    near(mcnemarWorse(0, 5), 1);
  });
  it("names the slices that got worse, and no other", () => {
    const found = slicesWorse([
      { slice: "refunds", worse: 12, better: 1 },
      { slice: "tone", worse: 3, better: 2 },
      { slice: "greetings", worse: 0, better: 9 },
      { slice: "empty", worse: 0, better: 0 },
    ]);
    expect(found.filter(({ worse }) => worse).map(({ slice }) => slice)).toEqual(["refunds"]);
    near(found[0]!.p, 14 / 8192);
    near(found[0]!.q, (4 * 14) / 8192);
  });
});

describe("the alternative annotator test", () => {
  /*
   * Python transcript (numpy, scipy): for each annotator j, accuracy of judge and of j against the other two per item;
   * d = (j at least as good) − (judge at least as good); scipy.stats.ttest_1samp(d, 0.2, alternative="less");
   * scipy.stats.false_discovery_control(p, method="by").
   */
  const annotators = [
    "110111110001100111001010101001111111100100100100010110111101",
    "011111001101100101001010001101011111011100101100000110110101",
    "111111101111110101001001001000111110000010000110000111101100",
  ];
  const judge = "110111101001100001001000011001111101010100101110001101001101";
  it("agrees with a transcript", () => {
    const items = [...judge].map((label, i) => ({
      judge: label === "1",
      annotators: annotators.map((labels) => labels[i] === "1"),
    }));
    const found = altTest(items, 0.2)!;
    for (const [i, p] of [0.0005451469212311634, 0.0005451469212311634, 0.0001418882691478271].entries())
      near(found.annotators[i]!.p, p);
    near(found.annotators[2]!.adjusted, 0.000780385480313049);
    expect(found).toMatchObject({ winningRate: 1, passes: true });
    near(found.advantage, 0.9);
  });
  it("does not pass a judge that answers at random, and needs three annotators of thirty items", () => {
    const items = [...judge].map((label, i) => ({
      judge: i % 2 === 0,
      annotators: [label === "1", label === "1", label === "1"],
    }));
    expect(altTest(items)!.passes).toBe(false);
    expect(altTest(items.slice(0, 29))).toBeNull();
    expect(altTest(items.map((item) => ({ ...item, annotators: item.annotators.slice(0, 2) })))).toBeNull();
  });
});

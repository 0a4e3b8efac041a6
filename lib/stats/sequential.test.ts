import { describe, expect, it } from "vitest";
import { Random } from "./random";
import { exactMcNemar, logEProcess, logEValue, type Rejudged, watchJudge, wilsonInterval } from "./sequential";

const above = (rate: number) => Array.from({ length: 20 }, (_, i) => rate + (1 - rate) * 2 ** (-(i + 1) / 2));
const near = (value: number, expected: number, within = 1e-9) =>
  expect(Math.abs(value / expected - 1), `${value} against ${expected}`).toBeLessThan(within);

describe("Wilson's interval", () => {
  // Newcombe (1998), Statistics in Medicine 17, 857–872, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("of %i in %i is as published", (k, n, low, high) => {
    const found = wilsonInterval(k, n)!;
    expect([found.low.toFixed(4), found.high.toFixed(4)]).toEqual([low.toFixed(4), high.toFixed(4)]);
  });
  it("agrees with a computation to 40 digits (Python, mpmath), and has none without trials", () => {
    near(wilsonInterval(37, 1204)!.low, 0.02237647343031793);
    near(wilsonInterval(37, 1204)!.high, 0.0420702784610243);
    expect(wilsonInterval(0, 0)).toBeNull();
    expect(wilsonInterval(20, 20)!.high).toBe(1);
  });
});

describe("McNemar's exact test", () => {
  // Python: scipy.stats.binomtest(min(b, c), b + c, 0.5).pvalue.
  it.each([
    [9, 1, 0.021484375],
    [0, 5, 0.0625],
    [25, 4, 0.00010371580719947815],
    [12, 12, 1],
    [150, 86, 3.7159361395713866e-5],
    [700, 500, 8.53536608103433e-9],
    [5300, 4900, 7.777315677877421e-5],
    [60000, 58000, 5.904191347585328e-9],
    [0, 0, 1],
  ])("of %i against %i", (b, c, p) => {
    near(exactMcNemar(b, c), p);
    near(exactMcNemar(c, b), p);
  });
});

describe("the e-value of flips", () => {
  it("with one alternative is Wald's likelihood ratio", () => {
    // Wald (1945), §5.2: log(p1/p0) for a success, log((1 − p1)/(1 − p0)) for a failure; p0 = .1, p1 = .3.
    near(logEValue(7, 20, 0.1, [0.3]), 7 * Math.log(3) + 13 * Math.log(7 / 9), 1e-12);
  });
  // Python, mpmath at 40 digits: log(mean((q/p)^k ((1−q)/(1−p))^(n−k))).
  it.each([
    [0, 50, -0.963020674538276],
    [5, 50, 2.692048623033259],
    [37, 1204, 1.440977582240986],
    [3000, 100000, 217.3630117633244],
  ])("of %i in %i, tolerated 2 %%", (k, n, expected) => near(logEValue(k, n, 0.02, above(0.02)), expected));
  it.each([
    [0, 8, 1.327074647309962],
    [30, 37, 4.55968109421637],
    [500, 1000, -0.6254415176382303],
  ])("of direction, %i of %i", (k, n, expected) =>
    near(logEValue(k, n, 0.5, [...above(0.5), ...above(0.5).map((q) => 1 - q)]), expected),
  );
  it("over batches is the mean over the batch at which the change began", () => {
    const found = logEProcess(
      [
        { k: 1, n: 40 },
        { k: 0, n: 40 },
        { k: 2, n: 40 },
        { k: 9, n: 40 },
      ],
      0.02,
      above(0.02),
    );
    const expected = [-0.2313333173494442, -0.5054137341443284, -0.3774202097200442, 9.58813331109477];
    for (const [i, value] of expected.entries()) near(found[i]!, value);
  });
  it("is reached by an unmoved judge with at most the chance that was set, looking after each answer: by exact count", () => {
    const [rate, alpha, last] = [0.02, 0.05, 1000];
    const needed = Math.log(1 / alpha);
    // The chance of being at k flips after n answers without ever having reached the line.
    let at = new Map([[0, 1]]);
    let alarmed = 0;
    for (let n = 1; n <= last; n++) {
      const next = new Map<number, number>();
      for (const [k, chance] of at) {
        next.set(k, (next.get(k) ?? 0) + chance * (1 - rate));
        next.set(k + 1, (next.get(k + 1) ?? 0) + chance * rate);
      }
      for (const [k, chance] of next) {
        if (logEValue(k, n, rate, above(rate)) < needed) continue;
        alarmed += chance;
        next.delete(k);
      }
      at = next;
    }
    expect(alarmed).toBeLessThanOrEqual(alpha);
    // Not for never ringing at all: the bound is nearly used up in the long run.
    expect(alarmed).toBeGreaterThan(alpha / 5);
  });
});

describe("the watch on a judge", () => {
  const [tolerance, alpha] = [0.02, 0.05];
  /** `n` answers, flipping with chance `rate`, to fail with chance `down`. */
  const judged = (random: Random, n: number, rate: number, down = 0.5): Rejudged => {
    const flips = random.binomial(n, rate);
    const passFail = random.binomial(flips, down);
    return { passPass: n - flips, passFail, failPass: flips - passFail, failFail: 0 };
  };

  it("raises a false alarm for at most α of the judges that flip as much as tolerated, one answer at a time", () => {
    const random = new Random("unmoved, one at a time");
    const runs = 150;
    // A loose α, so that a test that rings too often would be seen to.
    const loose = 0.2;
    let alarms = 0;
    for (let run = 0; run < runs; run++) {
      const judgings = Array.from({ length: 60 }, () => judged(random, 1, tolerance));
      if (watchJudge(judgings, tolerance, loose).alarm) alarms++;
    }
    expect(alarms / runs).toBeLessThanOrEqual(loose);
  });
  it("nor in judgings of forty, with answers of unlike chances whose mean is what is tolerated", () => {
    const random = new Random("unmoved, unlike answers");
    const runs = 400;
    // A loose α, so that a test that rings too often would be seen to.
    const loose = 0.2;
    let alarms = 0;
    for (let run = 0; run < runs; run++) {
      const judgings = Array.from({ length: 30 }, () => {
        // Four borderline answers that flip in one of five judgings, thirty-six that never do.
        const borderline = judged(random, 4, tolerance * 10);
        return { ...borderline, passPass: borderline.passPass + 36 };
      });
      if (watchJudge(judgings, tolerance, loose).alarm) alarms++;
    }
    expect(alarms / runs).toBeLessThanOrEqual(loose);
  });
  it("finds a judge that moved, also one that was steady for long", () => {
    const random = new Random("moved");
    const steady = Array.from({ length: 40 }, () => judged(random, 100, 0.005));
    const moved = Array.from({ length: 8 }, () => judged(random, 100, 0.15));
    expect(watchJudge(steady, tolerance, alpha).alarm).toBeNull();
    const { alarm, p } = watchJudge([...steady, ...moved], tolerance, alpha);
    expect(alarm?.cause).toBe("rate");
    expect(alarm!.at).toBeGreaterThanOrEqual(40);
    expect(alarm!.at).toBeLessThan(43);
    expect(p).toBeLessThan(alpha);
  });
  it("finds changes to one side that are too few to find by their number", () => {
    const oneSided = Array.from({ length: 4 }, () => ({ passPass: 500, passFail: 5, failPass: 0, failFail: 400 }));
    expect(watchJudge(oneSided, tolerance, alpha).alarm).toEqual({ at: 2, cause: "direction" });
    const evenly = oneSided.map((j, i) => ({ ...j, passFail: 2 + (i % 2), failPass: 3 - (i % 2) }));
    expect(watchJudge(evenly, tolerance, alpha).alarm).toBeNull();
  });
  it("says nothing of nothing", () => {
    expect(watchJudge([], tolerance, alpha)).toEqual({ path: [], alarm: null, p: 1 });
    const errors = { passPass: 0, passFail: 0, failPass: 0, failFail: 0 };
    const { path, alarm, p } = watchJudge([errors], tolerance, alpha);
    expect([path[0]!.logRate, path[0]!.logDirection]).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12)]);
    expect([alarm, p]).toEqual([null, 1]);
  });
  it("does not lose its way in large numbers", () => {
    const large = { passPass: 190_000, passFail: 100, failPass: 90, failFail: 9_810 };
    expect(watchJudge([large], tolerance, alpha).alarm).toBeNull();
    expect(watchJudge([{ ...large, passFail: 9_000 }], tolerance, alpha).alarm).toEqual({ at: 0, cause: "rate" });
  });
});

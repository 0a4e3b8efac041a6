import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exactInterval, gradesToSettle, judgeTrust, licenceOf, licenceWithCatch } from "./judge-trust";
import { pairedEstimate, worstCaseDelta } from "./paired-estimate";
import { Random } from "./random";
import { allocateWeighted, drawWithoutReplacement } from "./sample";
import { type Cells, type JudgeSays, type Stratum, size } from "./strata";

/** A case: what people would say and what the judge says, of the baseline and of the candidate. */
type Case = { human: [boolean, boolean]; judged: [JudgeSays, JudgeSays] };

function stratify(cases: readonly Case[]): Map<string, Case[]> {
  const strata = new Map<string, Case[]>();
  for (const item of cases) {
    const key = item.judged.join(">");
    const stratum = strata.get(key);
    if (stratum) stratum.push(item);
    else strata.set(key, [item]);
  }
  return strata;
}

type MutableCells = [number, number, number, number];

/** Draws n cases as the product does by default, all alike, and grades them with the truth. */
function drawAndGrade(random: Random, strata: Map<string, Case[]>, n: number): Stratum[] {
  const all = [...strata].flatMap(([key, cases]) => cases.map((item) => ({ key, item })));
  const cells = new Map([...strata.keys()].map((key) => [key, [0, 0, 0, 0] as MutableCells]));
  for (const { key, item } of drawWithoutReplacement(random, all, n)) cells.get(key)![cellOf(item)]!++;
  return [...strata].map(([key, cases]) => {
    const [baseline, candidate] = cases[0]!.judged;
    return { key, judged: { baseline, candidate }, population: cases.length, cells: cells.get(key)! };
  });
}

function cellOf({ human }: Case): number {
  return (human[0] ? 2 : 0) + (human[1] ? 1 : 0);
}

function trueDelta(cases: readonly Case[]): number {
  return cases.reduce((sum, { human }) => sum + (human[1] ? 1 : 0) - (human[0] ? 1 : 0), 0) / cases.length;
}

type Population = { base: number; better: number; worse: number; tpr: number; tnr: number; n: number };

function makePopulation(random: Random, size: number, { base, better, worse, tpr, tnr }: Population): Case[] {
  const says = (pass: boolean): JudgeSays => (random.uniform() < (pass ? tpr : 1 - tnr) ? "pass" : "fail");
  return Array.from({ length: size }, () => {
    const first = random.uniform() < base;
    const second = first ? random.uniform() >= worse / base : random.uniform() < better / (1 - base);
    return { human: [first, second], judged: [says(first), says(second)] };
  });
}

describe("an interval that does not claim certainty it lacks", () => {
  // The populations on which the textbook interval covered only 69–95 %: N = 2000, nominal 95 %.
  const populations: [string, Population][] = [
    ["80 → 85 %, good judge", { base: 0.8, better: 0.09, worse: 0.04, tpr: 0.9, tnr: 0.85, n: 80 }],
    ["97 → 97.5 %, rare changes", { base: 0.97, better: 0.01, worse: 0.005, tpr: 0.99, tnr: 0.7, n: 80 }],
    ["90 → 90 %", { base: 0.9, better: 0.02, worse: 0.02, tpr: 0.95, tnr: 0.8, n: 60 }],
    ["poor judge", { base: 0.8, better: 0.08, worse: 0.05, tpr: 0.7, tnr: 0.6, n: 80 }],
    ["nearly always the same", { base: 0.98, better: 0.001, worse: 0.001, tpr: 0.98, tnr: 0.9, n: 40 }],
  ];
  const repeats = 200;
  it.each(populations)(
    "covers the true delta: %s",
    (name, population) => {
      const random = new Random(`coverage of ${name}`);
      let covered = 0;
      let width = 0;
      for (let i = 0; i < repeats; i++) {
        const cases = makePopulation(random, 2000, population);
        const strata = drawAndGrade(random, stratify(cases), population.n);
        const { delta } = pairedEstimate(strata, 0.95).theseCases;
        const truth = trueDelta(cases);
        if (delta.low <= truth && truth <= delta.high) covered++;
        width += delta.high - delta.low;
      }
      if (process.env.SHOW) console.log(name, covered / repeats, (width / repeats).toFixed(3));
      // Monte-Carlo error of a coverage of .95 over 200 repeats: ± .015. Below .91 the interval is not honest.
      expect(covered / repeats).toBeGreaterThanOrEqual(0.91);
      expect(width / repeats).toBeLessThan(0.25);
    },
    60_000,
  );
});

const shared = process.env.COUNTERSIGN_SHARED ?? "../shared";
const xstest = `${shared}/data/xstest-mistral`;

describe.runIf(existsSync(xstest))("on real judged answers (450 cases, two judges, adjudicated labels)", () => {
  const lines = (file: string) =>
    readFileSync(`${xstest}/${file}`, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, string>);
  const versions = ["mistralinstruct", "mistralguard"];
  const load = (judge: string): Case[] => {
    const cases = new Map<string, { human: boolean[]; judged: JudgeSays[] }>();
    for (const { case: key } of lines("cases.jsonl")) cases.set(key!, { human: [], judged: [] });
    for (const review of lines("reviews.jsonl")) {
      if (review.reviewer === "adjudicated") {
        cases.get(review.case!)!.human[versions.indexOf(review.version!)] = review.verdict === "pass";
      }
    }
    for (const verdict of lines("verdicts.jsonl")) {
      if (verdict.judge === judge) {
        cases.get(verdict.case!)!.judged[versions.indexOf(verdict.version!)] = verdict.verdict as JudgeSays;
      }
    }
    return [...cases.values()].map(({ human, judged }) => ({
      human: [human[0]!, human[1]!],
      judged: [judged[0] ?? "error", judged[1] ?? "error"],
    }));
  };

  it("gives exactly +17.33 points without any width when every case is graded", () => {
    const strata = drawAndGrade(new Random("all"), stratify(load("gpt4")), 450);
    const { theseCases, casesLikeThese } = pairedEstimate(strata, 0.95);
    expect(theseCases.delta).toEqual({ estimate: 78 / 450, low: 78 / 450, high: 78 / 450 });
    expect(casesLikeThese.delta.high - casesLikeThese.delta.low).toBeGreaterThan(0.05);
  });

  it("reproduces the judges' published confusion tables and κ when every case is graded", () => {
    const gpt4 = judgeTrust(drawAndGrade(new Random("all"), stratify(load("gpt4")), 450), 0.95);
    expect(gpt4.baseline).toMatchObject({ tp: 262, fp: 43, fn: 56, tn: 78 });
    expect(gpt4.candidate).toMatchObject({ tp: 338, fp: 25, fn: 58, tn: 29 });
    expect(gpt4.baseline.kappa).toBeCloseTo(0.4534, 4);
    expect(gpt4.candidate.kappa).toBeCloseTo(0.309, 4);
    const match = judgeTrust(drawAndGrade(new Random("all"), stratify(load("strmatch")), 450), 0.95);
    expect(match.baseline).toMatchObject({ tp: 258, fp: 3, fn: 60, tn: 129 });
    expect(match.candidate).toMatchObject({ tp: 328, fp: 18, fn: 68, tn: 36 });
    expect(match.baseline.kappa).toBeCloseTo(0.7002, 4);
    expect(match.candidate.kappa).toBeCloseTo(0.3536, 4);
  });

  it.each(["gpt4", "strmatch"])(
    "is unbiased and honest with 60 graded, corrected from %s",
    (judge) => {
      const strata = stratify(load(judge));
      const random = new Random(`sixty from ${judge}`);
      const seeds = 200;
      let sum = 0;
      let covered = 0;
      for (let i = 0; i < seeds; i++) {
        const sample = drawAndGrade(random, strata, 60);
        const { delta } = pairedEstimate(sample, 0.95).theseCases;
        sum += delta.estimate!;
        expect(delta.high - delta.low).toBeGreaterThan(0.09);
        if (delta.low <= 78 / 450 && 78 / 450 <= delta.high) covered++;
      }
      if (process.env.SHOW) console.log(judge, sum / seeds, covered / seeds);
      expect(Math.abs(sum / seeds - 78 / 450)).toBeLessThan(0.01);
      expect(covered / seeds).toBeGreaterThanOrEqual(0.91);
    },
    60_000,
  );
});

const stratum = (key: string, population: number, cells: [number, number, number, number]): Stratum => {
  const [baseline, candidate] = key.split(">") as [JudgeSays, JudgeSays];
  return { key, judged: { baseline, candidate }, population, cells };
};

describe("what is not known", () => {
  it("has an estimate though a stratum has no label, names it, and leaves room for it", () => {
    const result = pairedEstimate(
      [stratum("pass>pass", 90, [0, 0, 0, 5]), stratum("fail>pass", 10, [0, 0, 0, 0])],
      0.95,
    );
    expect(result.missingStrata).toEqual(["fail>pass"]);
    const { estimate, low, high } = result.theseCases.delta;
    expect(estimate).not.toBeNull();
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0.1);
  });
  it("has neither estimate nor certainty without cases or labels, and all of it with every label", () => {
    expect(pairedEstimate([], 0.95).theseCases.delta).toEqual({ estimate: null, low: -1, high: 1 });
    const none = pairedEstimate([stratum("pass>pass", 50, [0, 0, 0, 0])], 0.95).theseCases;
    expect(none.delta).toEqual({ estimate: null, low: -1, high: 1 });
    expect(none.candidate).toEqual({ estimate: null, low: 0, high: 1 });
    const whole = pairedEstimate([stratum("pass>pass", 4, [1, 0, 2, 1])], 0.95).theseCases;
    expect(whole.delta).toEqual({ estimate: -0.5, low: -0.5, high: -0.5 });
  });
  it("counts a missing label against the candidate in the worst case", () => {
    const strata = [stratum("pass>pass", 10, [0, 0, 0, 4])];
    expect(worstCaseDelta(strata, new Map())).toBe(0);
    expect(worstCaseDelta(strata, new Map([["pass>pass", 1]]))).toBeCloseTo(-0.2, 12);
    expect(worstCaseDelta(strata, new Map([["pass>pass", 1]]), 30)).toBeCloseTo((10 * -0.2 - 30) / 40, 12);
  });
  it("is the same at every computation", () => {
    const strata = [stratum("pass>pass", 900, [1, 0, 1, 18]), stratum("fail>pass", 100, [2, 6, 0, 2])];
    expect(pairedEstimate(strata, 0.95)).toEqual(pairedEstimate(strata, 0.95));
  });
  it("never leaves a drawn case out: every label it gets keeps the estimate within the worst and the best case", () => {
    const random = new Random("nothing is dropped");
    for (let i = 0; i < 300; i++) {
      const pick = (most: number) => random.below(most + 1);
      const labelled = ["pass>pass", "pass>fail", "fail>pass", "error>fail"].map((key) => {
        const cells: Cells = [pick(4), pick(4), pick(4), pick(9)];
        return { ...stratum(key, size(cells) + 6 + pick(40), cells as MutableCells), missing: pick(3) };
      });
      const missing = new Map(labelled.map(({ key, missing }) => [key, missing]));
      if (labelled.every(({ cells }) => size(cells) === 0)) continue;
      const worst = worstCaseDelta(labelled, missing)!;
      // However the missing ones come out, the estimate is not below the worst case.
      const filled = labelled.map((part) => {
        const cells = [...part.cells] as MutableCells;
        for (let k = 0; k < part.missing; k++) cells[random.below(4)]!++;
        return { ...part, cells };
      });
      expect(pairedEstimate(filled, 0.95).theseCases.delta.estimate!).toBeGreaterThanOrEqual(worst - 1e-9);
    }
  });
});

describe("an estimate without bias, whatever the judge and however drawn", () => {
  const judges: Record<string, [tpr: number, tnr: number]> = {
    useless: [0.5, 0.5],
    adversarial: [0.2, 0.1],
    "always pass": [1, 0],
    "always fail": [0, 1],
    good: [0.95, 0.9],
  };
  it.each(Object.entries(judges))(
    "%s judge",
    (name, [tpr, tnr]) => {
      const random = new Random(`bias of ${name}`);
      const cases = makePopulation(random, 400, { base: 0.7, better: 0.15, worse: 0.05, tpr, tnr, n: 0 });
      const strata = stratify(cases);
      const truth = trueDelta(cases);
      const off = { random: [] as number[], adaptive: [] as number[] };
      for (let i = 0; i < 1500; i++) {
        off.random.push(pairedEstimate(drawAndGrade(random, strata, 40), 0.95).theseCases.delta.estimate! - truth);
        off.adaptive.push(twoRounds(random, strata) - truth);
      }
      for (const [design, errors] of Object.entries(off)) {
        const mean = errors.reduce((sum, x) => sum + x, 0) / errors.length;
        const sd = Math.sqrt(errors.reduce((sum, x) => sum + (x - mean) ** 2, 0) / errors.length);
        expect(Math.abs(mean) / (sd / Math.sqrt(errors.length)), `${design}: ${mean}`).toBeLessThan(3);
      }
    },
    60_000,
  );

  /** Twenty at random; then thirty, more where the twenty showed a difference: chosen by what the labels said. */
  function twoRounds(random: Random, strata: Map<string, Case[]>): number {
    const first = drawAndGrade(random, strata, 20);
    const weights = new Map(first.map(({ key, cells }) => [key, 0.5 + cells[1] + cells[2]]));
    // Which of them were drawn does not matter to who is left: any as many with those labels.
    const rest = first.map(({ key, cells }) => {
      const left = [...cells] as MutableCells;
      return strata.get(key)!.filter((item) => left[cellOf(item)]!-- <= 0);
    });
    const sizes = allocateWeighted(
      first.map(({ key }, h) => ({ key, available: rest[h]!.length, drawn: 0, certain: false })),
      30,
      weights,
    );
    const both = first.map((part, h): Stratum => {
      const now: MutableCells = [0, 0, 0, 0];
      for (const item of drawWithoutReplacement(random, rest[h]!, sizes.get(part.key)!)) now[cellOf(item)]!++;
      return {
        ...part,
        cells: part.cells.map((n, i) => n + now[i]!) as MutableCells,
        rounds: [
          { cells: part.cells, design: null },
          { cells: now, design: part.key },
        ],
      };
    });
    return pairedEstimate(both, 0.95).theseCases.delta.estimate!;
  }
});

describe("a judge's TPR and TNR", () => {
  it.each([
    ["a fair judge", { base: 0.8, better: 0.08, worse: 0.05, tpr: 0.9, tnr: 0.7, n: 60 }],
    ["a useless judge", { base: 0.9, better: 0.04, worse: 0.1, tpr: 0.5, tnr: 0.5, n: 80 }],
    ["a good judge, few failures", { base: 0.95, better: 0.02, worse: 0.02, tpr: 0.98, tnr: 0.9, n: 40 }],
  ] as const)(
    "lie in their intervals as often as said: %s",
    (name, population) => {
      const random = new Random(`trust of ${name}`);
      const held = { tpr: 0, tnr: 0 };
      const repeats = 150;
      for (let i = 0; i < repeats; i++) {
        const cases = makePopulation(random, 1500, population);
        const { candidate } = judgeTrust(drawAndGrade(random, stratify(cases), population.n), 0.95);
        const share = (human: boolean, judged: JudgeSays) => {
          const of = cases.filter((item) => item.human[1] === human);
          return of.filter((item) => item.judged[1] === judged).length / of.length;
        };
        const truth = { tpr: share(true, "pass"), tnr: share(false, "fail") };
        for (const rate of ["tpr", "tnr"] as const) {
          if (candidate[rate].low - 1e-6 <= truth[rate] && truth[rate] <= candidate[rate].high + 1e-6) held[rate]++;
        }
      }
      // Monte-Carlo error of .95 over 150: .018.
      expect(held.tpr / repeats).toBeGreaterThan(0.91);
      expect(held.tnr / repeats).toBeGreaterThan(0.91);
    },
    60_000,
  );
});

describe("the judge's licence", () => {
  const needed = { minTpr: 0.8, minTnr: 0.6 };
  const licence = (strata: Stratum[]) => licenceOf(Object.values(judgeTrust(strata, 0.95)), needed);
  it("also asks that known-bad sentinels are caught, where the policy does", () => {
    const rate = (caught: number, n: number) => ({ caught, n, ...exactInterval(caught, n) });
    expect(licenceWithCatch("trusted", null)).toBe("trusted");
    expect(licenceWithCatch("trusted", null, 0.8)).toBe("not_enough_evidence");
    expect(licenceWithCatch("trusted", rate(38, 40), 0.8)).toBe("trusted");
    expect(licenceWithCatch("trusted", rate(9, 10), 0.8)).toBe("not_enough_evidence");
    expect(licenceWithCatch("trusted", rate(20, 40), 0.8)).toBe("untrusted");
    expect(licenceWithCatch("untrusted", rate(40, 40), 0.8)).toBe("untrusted");
    expect(licenceWithCatch("not_enough_evidence", rate(40, 40), 0.8)).toBe("not_enough_evidence");
  });
  it("is trusted after many agreements, untrusted after many disagreements, open in between", () => {
    expect(licence([stratum("pass>pass", 300, [0, 0, 0, 200]), stratum("fail>fail", 100, [90, 0, 0, 5])])).toBe(
      "trusted",
    );
    expect(licence([stratum("pass>pass", 300, [120, 0, 0, 80]), stratum("fail>fail", 100, [20, 0, 0, 60])])).toBe(
      "untrusted",
    );
    expect(licence([stratum("pass>pass", 300, [0, 0, 0, 10]), stratum("fail>fail", 100, [3, 0, 0, 0])])).toBe(
      "not_enough_evidence",
    );
    expect(licence([stratum("pass>pass", 300, [0, 0, 0, 0])])).toBe("not_enough_evidence");
  });
  it("weights a rarely drawn stratum up: one miss among few stands for many", () => {
    const { candidate } = judgeTrust(
      [stratum("pass>pass", 1000, [1, 0, 0, 9]), stratum("fail>fail", 10, [9, 0, 0, 1])],
      0.95,
    );
    expect(candidate).toMatchObject({ tp: 900, fp: 100, fn: 1, tn: 9, graded: { tp: 9, fp: 1, fn: 1, tn: 9 } });
    expect(candidate.falsePassRate.estimate).toBeCloseTo(0.1, 12);
    expect(candidate.tnr.estimate).toBeCloseTo(9 / 109, 12);
  });

  // Python: the first m at which scipy.stats.beta.ppf(.025, k, m − k + 1), k = rate · m, reaches what is needed.
  it.each([
    [9, 10, 0.8, 55],
    [45, 50, 0.8, 15],
    [19, 20, 0.6, 0],
    [7, 10, 0.6, 90],
  ])("%i of %i right, %f needed: %i more grades would settle it", (right, n, needed, more) => {
    expect(gradesToSettle(right, n, needed, 0.95)).toBe(more);
  });
  it("says when more grades would not help", () => {
    expect(gradesToSettle(6, 10, 0.6, 0.95)).toBeNull();
    expect(gradesToSettle(0, 0, 0.6, 0.95)).toBeNull();
    expect(gradesToSettle(0, 4, 0.6, 0.95)).toBeNull();
  });

  it.each([
    ["always pass", ["pass>pass"], [9, 2, 1, 28]],
    ["always fail", ["fail>fail"], [9, 2, 1, 28]],
    ["errors only", ["error>error"], [9, 2, 1, 28]],
  ] as const)("says something true of a judge that gives %s", (_, [key], cells) => {
    const { candidate } = judgeTrust([stratum(key, 400, [...cells])], 0.95);
    for (const rate of [candidate.tpr, candidate.tnr, candidate.falsePassRate]) {
      expect(rate.low).toBeLessThanOrEqual(rate.estimate ?? rate.low);
      expect(rate.high).toBeGreaterThanOrEqual(rate.estimate ?? rate.high);
    }
    const judged = key !== "error>error";
    expect(candidate.tpr.estimate).toBe(judged ? (key === "pass>pass" ? 1 : 0) : null);
    expect(candidate.tnr.estimate).toBe(judged ? (key === "pass>pass" ? 0 : 1) : null);
    expect(candidate.falsePassRate.estimate).toBe(key === "pass>pass" ? 10 / 40 : null);
    expect(candidate.kappa).toBe(judged ? 0 : null);
    expect(licenceOf([candidate], needed)).not.toBe("trusted");
  });
});

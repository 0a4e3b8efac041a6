import { describe, expect, it } from "vitest";
import { type CriterionInputs, type DrawnRow, sliceBounds } from "../calibration/compute";
import { Random } from "../stats/random";
import { drawBatch, type SampleStratum } from "./draw";
import type { Design } from "./schema";

type Case = { id: number; slice: string; pair: string; before: boolean; after: boolean };

const slices = ["billing", "returns", "other"];

/** 300 cases; billing is worse by far more than the others, and the judge is often wrong. */
const cases: Case[] = Array.from({ length: 300 }, (_, id) => {
  const random = new Random(`case ${id}`);
  const slice = slices[id % 5 < 1 ? 0 : id % 5 < 3 ? 1 : 2]!;
  const before = random.uniform() < 0.8;
  const after = random.uniform() < (slice === "billing" ? 0.65 : 0.8);
  const judged = (truth: boolean) => (random.uniform() < 0.8 ? truth : !truth);
  const say = (passes: boolean) => (passes ? "pass" : "fail");
  return { id, slice, before, after, pair: `${say(judged(before))}>${say(judged(after))}` };
});
const truth = (slice: string) => {
  const inside = cases.filter((row) => row.slice === slice);
  return inside.reduce((sum, { before, after }) => sum + Number(after) - Number(before), 0) / inside.length;
};

function strata(drawn: ReadonlySet<number>): SampleStratum[] {
  const keys = [...new Set(cases.map(({ pair, slice }) => JSON.stringify([pair, slice])))].sort();
  return keys.map((key) => {
    const [stratum, slice] = JSON.parse(key) as [string, string];
    const inside = cases.filter((row) => row.pair === stratum && row.slice === slice);
    const remaining = inside.filter(({ id }) => !drawn.has(id)).map(({ id }) => id);
    return {
      stratum,
      slice,
      close: false,
      population: inside.length,
      alreadyDrawn: inside.length - remaining.length,
      remaining,
    };
  });
}

/** A release that drew batches of these designs, every drawn case graded. */
function inputsOf(designs: readonly Design[], size: number, seed: string): CriterionInputs {
  const drawn = new Set<number>();
  const rows: DrawnRow[] = [];
  const batches = designs.map((design, i) => {
    const weightOf = ({ slice, stratum }: SampleStratum) =>
      slice === "billing" ? 4 : stratum === "pass>pass" ? 0.5 : 1;
    const batch = drawBatch(strata(drawn), size, `${seed} ${i}`, design, weightOf);
    for (const { id } of batch.cases) {
      const { slice, pair, before, after } = cases[id]!;
      const [jb = null, jk = null] = pair.split(">");
      drawn.add(id);
      rows.push({
        ...{ caseId: id, case: String(id), batch: i + 1, mustPass: false, slice, close: false, pb: jb, pk: jk, jb, jk },
        labelBaseline: before ? "pass" : "fail",
        labelCandidate: after ? "pass" : "fail",
      });
    }
    return { number: i + 1, design, strata: batch.strata };
  });
  const tally = strata(new Set()).map(({ stratum, slice, population }) => {
    const [jb = null, jk = null] = stratum.split(">");
    return { judgeVersionId: 1, mustPass: false, slice, pb: jb, pk: jk, jb, jk, close: false, n: population };
  });
  return {
    terms: { level: 0.95, riskLimit: 0.1, primaryKind: "pass_fail" } as CriterionInputs["terms"],
    ...{ key: "grounded", name: "Grounded", kind: "pass_fail", instrument: 1, tally, batches, drawnBy: () => rows },
    ...{ judges: [], catches: [], skipped: 0, overrides: 0, imported: null, importedPreferences: null },
  };
}

const wanted = ["billing", "returns"].map((slice) => ({ slice, margin: -0.02 }));

describe("the always-valid interval of a slice", () => {
  it.each<[Design[]]>([[["random", "random"]], [["stratified", "stratified"]], [["random", "adaptive"]]])(
    "holds its delta in at least as many of 200 draws as it says (%j)",
    (designs) => {
      let [lows, highs, width] = [0, 0, 0];
      for (let r = 0; r < 200; r++) {
        const bounds = sliceBounds(inputsOf(designs, 70, `${designs} ${r}`), wanted);
        if (bounds.every(({ slice, low }) => low <= truth(slice) + 1e-9)) lows++;
        if (bounds.every(({ slice, high }) => high >= truth(slice) - 1e-9)) highs++;
        width += bounds[0]!.high - bounds[0]!.low;
      }
      // Each side of an interval at .90 may fail 5 times in 100; of two slices, one of them 10 at most.
      expect(lows / 200).toBeGreaterThan(0.86);
      expect(highs / 200).toBeGreaterThan(0.91);
      // And it says something.
      expect(width / 200).toBeLessThan(0.9);
    },
    60_000,
  );

  it("is the slice's delta itself once every case of it is graded, and all that is possible before", () => {
    const [billing] = sliceBounds(inputsOf(["random"], 300, "all"), wanted);
    expect(billing).toMatchObject({ population: 60, drawn: 60, labelled: 60, level: 0.9, highLevel: 0.95 });
    expect(billing!.low).toBeCloseTo(truth("billing"), 9);
    expect(billing!.high).toBeCloseTo(truth("billing"), 9);
    expect(billing!.delta).toBeCloseTo(truth("billing"), 9);
    const nothing = { low: -1, high: 1, delta: null, drawn: 0, labelled: 0 };
    expect(sliceBounds(inputsOf([], 0, "none"), wanted)).toMatchObject([nothing, nothing]);
    expect(sliceBounds(inputsOf(["random"], 70, "x"), [{ slice: "nowhere", margin: 0 }])).toMatchObject([
      { ...nothing, population: 0 },
    ]);
  });
});

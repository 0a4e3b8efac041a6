import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { alwaysValidPath, holdsThroughout, type SequenceInput } from "../lib/stats/always-valid";
import { guess, pairedEstimate } from "../lib/stats/paired-estimate";
import { Random } from "../lib/stats/random";
import { type JudgeSays, type Stratum, values, withoutJudge } from "../lib/stats/strata";
import { dirichlet, type Interval, normal, ppi } from "./methods";

/**
 * How often the shown intervals hold what they say, and how wide they are, on a grid of populations; the result is
 * docs/intervals.md. `npm run bench -- intervals`: about a quarter of an hour; `--every 20 --repeats 200` tries a part of it.
 */

type Cell = {
  /** Pass rates of baseline and candidate, and the chance that one latent draw decides both. */
  baseline: number;
  candidate: number;
  together: number;
  judge: string;
  tpr: number;
  tnr: number;
  /** The chance that one draw decides the judge's errors on both versions. */
  errorsTogether: number;
  n: number;
  population: number;
  /** Share of the cases that are must-pass: all of them graded. */
  mustPass: number;
};

const rates = [
  [0.5, 0.55],
  [0.8, 0.85],
  [0.9, 0.9],
  [0.97, 0.975],
  [0.99, 0.99],
  [0.95, 0.7],
  [0.88, 0.98],
  [0.5, 0.95],
] as const;
const judges = {
  adversarial: [0.3, 0.2],
  useless: [0.5, 0.5],
  poor: [0.7, 0.6],
  fair: [0.9, 0.7],
  lenient: [0.99, 0.7],
  excellent: [0.98, 0.97],
} as const;
const dependence = [
  [0, 0],
  [0.9, 0.8],
] as const;
const sizes = [
  [20, 2000, 0],
  [40, 200, 0],
  [80, 2000, 0],
  [80, 50_000, 0],
  [200, 50_000, 0],
  [400, 2000, 0],
  [60, 1000, 0.02],
] as const;

export function grid(): Cell[] {
  return rates.flatMap(([baseline, candidate]) =>
    dependence.flatMap(([together, errorsTogether]) =>
      Object.entries(judges).flatMap(([judge, [tpr, tnr]]) =>
        sizes.map(([n, population, mustPass]) => ({
          baseline,
          candidate,
          together,
          judge,
          tpr,
          tnr,
          errorsTogether,
          n,
          population,
          mustPass,
        })),
      ),
    ),
  );
}

/** Probabilities of (people's cell, judge's cell), 4 × 4, in the order of `Cells`. */
function joint(cell: Cell): number[] {
  const { baseline: b, candidate: c, together: r, tpr, tnr, errorsTogether: e } = cell;
  const people = [
    r * (1 - Math.max(b, c)) + (1 - r) * (1 - b) * (1 - c),
    r * Math.max(c - b, 0) + (1 - r) * (1 - b) * c,
    r * Math.max(b - c, 0) + (1 - r) * b * (1 - c),
    r * Math.min(b, c) + (1 - r) * b * c,
  ];
  return people.flatMap((p, y) => {
    const [yb, yc] = [y >> 1, y & 1];
    const [wrongB, wrongC] = [yb ? 1 - tpr : 1 - tnr, yc ? 1 - tpr : 1 - tnr];
    const both = e * Math.min(wrongB, wrongC) + (1 - e) * wrongB * wrongC;
    return [0, 1, 2, 3].map((f) => {
      const [offB, offC] = [(f >> 1) ^ yb, (f & 1) ^ yc];
      const chance = offB && offC ? both : offB ? wrongB - both : offC ? wrongC - both : 1 - wrongB - wrongC + both;
      return p * Math.max(0, chance);
    });
  });
}

const says = (bit: number): JudgeSays => (bit ? "pass" : "fail");
type Counted = Stratum & { cells: [number, number, number, number] };

/** One population, one sample of it in random order, graded with the truth. */
function simulate(random: Random, cell: Cell, chances: Float64Array) {
  const mustPass = Math.round(cell.mustPass * cell.population);
  const counts = new Float64Array(16);
  const certainCounts = new Float64Array(16);
  random.multinomial(cell.population - mustPass, chances, counts);
  random.multinomial(mustPass, chances, certainCounts);
  const stratum = (f: number, certain: boolean, of: Float64Array): Counted => ({
    key: `${certain ? "must-pass " : ""}${says(f >> 1)}>${says(f & 1)}`,
    judged: { baseline: says(f >> 1), candidate: says(f & 1) },
    certain,
    population: [0, 1, 2, 3].reduce((sum, y) => sum + of[4 * y + f]!, 0),
    cells: certain ? [of[f]!, of[4 + f]!, of[8 + f]!, of[12 + f]!] : [0, 0, 0, 0],
  });
  const open = [0, 1, 2, 3].map((f) => stratum(f, false, counts));
  const certain = [0, 1, 2, 3].map((f) => stratum(f, true, certainCounts));
  const rest = Float64Array.from(counts);
  const draws: SequenceInput["draws"][number][] = [];
  for (let t = 0; t < cell.n - mustPass; t++) {
    let pick = random.below(cell.population - mustPass - t);
    let at = 0;
    while (pick >= rest[at]!) pick -= rest[at++]!;
    rest[at]!--;
    const [y, f] = [at >> 2, at & 3];
    open[f]!.cells[y]!++;
    draws.push({ stratum: f, value: values.delta[y]!, round: 0 });
  }
  const total = (y: number) => [0, 1, 2, 3].reduce((sum, f) => sum + counts[4 * y + f]! + certainCounts[4 * y + f]!, 0);
  const sequence: SequenceInput = {
    strata: open.map((part) => ({ population: part.population, guess: guess(part, "delta") })),
    rounds: [{ size: draws.length }],
    draws,
    certain: {
      population: mustPass,
      labelled: mustPass,
      sum: [0, 1, 2, 3].reduce((sum, f) => sum + certainCounts[4 + f]! - certainCounts[8 + f]!, 0),
    },
  };
  return {
    strata: [...open, ...certain],
    sequence,
    truth: {
      delta: (total(1) - total(2)) / cell.population,
      baseline: (total(2) + total(3)) / cell.population,
      candidate: (total(1) + total(3)) / cell.population,
    },
  };
}

const methods = ["ours", "peopleOnly", "normal", "ppi", "dirichlet"] as const;
type Method = (typeof methods)[number];
export type Row = Cell & {
  repeats: number;
  coverage: Record<Method, number>;
  width: Record<Method, number>;
  /** Of the intervals shown beside: pass rates of these cases, and both for cases like these. */
  rates: { baseline: number; candidate: number };
  alike: { delta: number; candidate: number };
  /** After every single grade. */
  alwaysValid: { coverage: number; width: number };
  bias: number;
  biasError: number;
};

export function measure(cell: Cell, repeats: number): Row {
  const random = new Random(`intervals ${JSON.stringify(cell)}`);
  const chances = Float64Array.from(joint(cell));
  const zero = () => Object.fromEntries(methods.map((method) => [method, 0])) as Record<Method, number>;
  const [covered, width] = [zero(), zero()];
  const other = { baseline: 0, candidate: 0, alikeDelta: 0, alikeCandidate: 0, always: 0, alwaysWidth: 0, paths: 0 };
  let [error, squares] = [0, 0];
  const holds = ({ low, high }: Interval, truth: number) => low - 1e-9 <= truth && truth <= high + 1e-9;
  for (let r = 0; r < repeats; r++) {
    const { strata, sequence, truth } = simulate(random, cell, chances);
    const ours = pairedEstimate(strata, 0.95);
    const found: Record<Method, Interval> = {
      ours: ours.theseCases.delta,
      peopleOnly: pairedEstimate(withoutJudge(strata), 0.95).theseCases.delta,
      normal: normal(strata),
      ppi: ppi(strata),
      dirichlet: dirichlet(strata, 0.5),
    };
    for (const method of methods) {
      if (holds(found[method], truth.delta)) covered[method]++;
      width[method] += found[method].high - found[method].low;
    }
    if (holds(ours.theseCases.baseline, truth.baseline)) other.baseline++;
    if (holds(ours.theseCases.candidate, truth.candidate)) other.candidate++;
    if (holds(ours.casesLikeThese.delta, cell.candidate - cell.baseline)) other.alikeDelta++;
    if (holds(ours.casesLikeThese.candidate, cell.candidate)) other.alikeCandidate++;
    if (holdsThroughout(sequence, 0.95, truth.delta)) other.always++;
    // The whole path is slow, and its width varies little.
    if (r % 40 === 0) {
      const last = alwaysValidPath(sequence, 0.95).at(-1)!;
      other.alwaysWidth += last.high - last.low;
      other.paths++;
    }
    const off = ours.theseCases.delta.estimate! - truth.delta;
    error += off;
    squares += off * off;
  }
  const share = (counts: Record<Method, number>) =>
    Object.fromEntries(methods.map((method) => [method, counts[method] / repeats])) as Record<Method, number>;
  const bias = error / repeats;
  return {
    ...cell,
    repeats,
    coverage: share(covered),
    width: share(width),
    rates: { baseline: other.baseline / repeats, candidate: other.candidate / repeats },
    alike: { delta: other.alikeDelta / repeats, candidate: other.alikeCandidate / repeats },
    alwaysValid: { coverage: other.always / repeats, width: other.alwaysWidth / other.paths },
    bias,
    biasError: Math.sqrt(Math.max(0, squares / repeats - bias ** 2) / repeats),
  };
}

const here = import.meta.dirname;
const resultsFile = path.join(here, "intervals.jsonl");
const reportFile = path.join(here, "../docs/intervals.md");

/** A row as it is kept: shares and widths to four digits are finer than their Monte-Carlo error. */
function compact(row: Row): string {
  return JSON.stringify(row, (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value));
}

/**
 * Runs the grid and writes the report. A run that was broken off goes on where it stopped: rows that are there with as
 * many repeats are not computed again.
 */
export function runIntervals(args: string[]): void {
  const { values: options } = parseArgs({
    args,
    options: {
      repeats: { type: "string", default: "2000" },
      every: { type: "string", default: "1" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const repeats = Number(options.repeats);
  const every = Number(options.every);
  if (!(repeats >= 1) || !(every >= 1)) throw new Error("--repeats and --every are whole numbers above 0.");
  // A trial of part of the grid is not the published result.
  const file = options.out ?? (repeats >= 2000 && every === 1 ? resultsFile : undefined);
  const rows = file ? readRows(file).filter((row) => row.repeats >= repeats) : [];
  const known = new Set(rows.map(keyOf));
  const cells = grid().filter((_, i) => i % every === 0);
  for (const [i, cell] of cells.entries()) {
    if (known.has(keyOf(cell))) continue;
    const row = measure(cell, repeats);
    rows.push(row);
    if (file) appendFileSync(file, `${compact(row)}\n`);
    process.stderr.write(
      `${i + 1}/${cells.length} ${cell.baseline} → ${cell.candidate} ${cell.judge}, n ${cell.n}: ${row.coverage.ours.toFixed(3)}, always-valid ${row.alwaysValid.coverage.toFixed(3)}\n`,
    );
  }
  const text = report(rows);
  if (file === resultsFile) writeFileSync(reportFile, text);
  process.stdout.write(options.json ? `${JSON.stringify({ rows })}\n` : text);
}

function readRows(file: string): Row[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

function keyOf({ baseline, candidate, together, judge, n, population, mustPass }: Cell): string {
  return [baseline, candidate, together, judge, n, population, mustPass].join(" ");
}

const percent = (share: number) => (share * 100).toFixed(1);
const whole = (share: number) => String(Math.round(share * 1000) / 10);
const points = (width: number) => (width * 100).toFixed(1);
const named = ({ baseline, candidate, together, judge, n, population, mustPass }: Cell) =>
  `${whole(baseline)} → ${whole(candidate)} %${together ? ", together" : ""}, ${judge}, n ${n} of ${population}${mustPass ? ", must-pass" : ""}`;

function least<T>(rows: readonly T[], of: (row: T) => number): T {
  return rows.reduce((found, row) => (of(row) < of(found) ? row : found));
}

function mean(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
}

function report(rows: readonly Row[]): string {
  const shown: [string, (row: Row) => number][] = [
    ["**delta, these cases**", (row) => row.coverage.ours],
    ["delta, cases like these", (row) => row.alike.delta],
    ["baseline passes, these cases", (row) => row.rates.baseline],
    ["candidate passes, these cases", (row) => row.rates.candidate],
    ["candidate passes, cases like these", (row) => row.alike.candidate],
    ["**always-valid delta, after every grade**", (row) => row.alwaysValid.coverage],
    ["delta from people alone, same grades", (row) => row.coverage.peopleOnly],
    ["normal, post-stratified", (row) => row.coverage.normal],
    ["PPI++", (row) => row.coverage.ppi],
    ["Dirichlet, ½ a cell and stratum", (row) => row.coverage.dirichlet],
  ];
  const error = Math.sqrt((0.95 * 0.05) / rows[0]!.repeats);
  const coverage = shown.map(([name, of]) => {
    const worst = least(rows, of);
    const short = rows.filter((row) => of(row) < 0.94).length;
    return `| ${name} | ${percent(of(worst))} | ${named(worst)} | ${short} |`;
  });
  const kinds = Object.keys(judges);
  const widths = kinds.flatMap((judge) =>
    [20, 40, 80, 200, 400].map((n) => {
      const part = rows.filter((row) => row.judge === judge && row.n === n);
      if (part.length === 0) return "";
      const of = (method: Method) => points(mean(part, (row) => row.width[method]));
      const ratio = mean(part, (row) => row.width.ours / row.width.peopleOnly);
      return `| ${judge} | ${n} | **${of("ours")}** | ${of("peopleOnly")} | ${ratio.toFixed(2)} | ${points(mean(part, (row) => row.alwaysValid.width))} | ${of("normal")} | ${of("ppi")} | ${of("dirichlet")} |`;
    }),
  );
  const useful = rows.filter(({ tpr, tnr }) => tpr + tnr >= 1.5);
  const narrower = useful.filter(({ width }) => width.ours < width.peopleOnly);
  const wider = least(rows, ({ width }) => -width.ours / width.peopleOnly);
  const compared = rows.map((row) => {
    const honest = (["peopleOnly", "normal", "ppi", "dirichlet"] as const).filter(
      (method) => row.coverage[method] >= 0.94,
    );
    return { row, ratio: row.width.ours / Math.min(row.width.ours, ...honest.map((method) => row.width[method])) };
  });
  const over = compared.filter(({ ratio }) => ratio > 1.2);
  const most = least(compared, ({ ratio }) => -ratio);
  const biased = rows.filter(({ bias, biasError }) => Math.abs(bias) > 3 * biasError);
  return `# How often the intervals hold

Simulated, not promised: ${rows.length} populations, ${rows[0]!.repeats} samples of each, nominal 95 %. The Monte-Carlo standard error of a
coverage of 95 % is ${percent(error)} points. \`npm run bench -- intervals\` runs it again; every row is in \`bench/intervals.jsonl\`, the
method and the choice in [decision 6](decisions/0006-intervals-that-hold.md).

The grid: pass rates ${rates.map(([b, c]) => `${whole(b)} → ${whole(c)}`).join(", ")} %; versions that pass and fail independently, or nine times in
ten together with the judge's errors alike as well; judges ${kinds.map((kind) => `${kind} (TPR ${judges[kind as keyof typeof judges][0]}, TNR ${judges[kind as keyof typeof judges][1]})`).join(", ")};
samples and cases ${sizes.map(([n, population, share]) => `${n} of ${population}${share ? ` with ${share * 100} % must-pass` : ""}`).join(", ")}.

## Coverage

| interval | lowest, % | where | cells below 94 % |
|---|---|---|---|
${coverage.join("\n")}

## Width in points, mean over the cells

Always-valid after the last grade. The ratio is ours to people alone from the same grades.

| judge | n | ours | people alone | ratio | always-valid | normal | PPI++ | Dirichlet ½ |
|---|---|---|---|---|---|---|---|---|
${widths.filter(Boolean).join("\n")}

- Never wider than people alone: the largest ratio is ${(wider.width.ours / wider.width.peopleOnly).toFixed(3)} (${named(wider)}).
- With a judge of TPR + TNR ≥ 1.5 it is narrower in ${narrower.length} of ${useful.length} cells${narrower.length < useful.length ? "; in the others no sample held a difference that a judge could explain, and both are the same" : ""}.
- Against the narrowest other method that reaches 94 % *in that cell*: at most 1.2 times as wide in ${rows.length - over.length} of ${rows.length} cells, at
  worst ${most.ratio.toFixed(2)} (${named(most.row)}). A method that is narrow there falls short elsewhere on the same data: see decision 6.
- Bias beyond three standard errors: ${biased.length} of ${rows.length} cells (${(rows.length * 0.0027).toFixed(1)} expected by chance).
`;
}

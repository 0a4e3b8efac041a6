import { agreement, cohenKappa } from "../stats/agreement";
import { alwaysValidPath, type SequenceInput } from "../stats/always-valid";
import { slicesWorse } from "../stats/false-discovery";
import { exactInterval, type JudgeTrust, judgeTrust, licenceOf, licenceWithCatch } from "../stats/judge-trust";
import { guess, pairedEstimate, worstCaseDelta } from "../stats/paired-estimate";
import { type JudgePrefers, judgePrefers, preferenceTrust } from "../stats/preference-trust";
import { add, type Cells, type JudgeSays, type Stratum, size, values, worth } from "../stats/strata";
import { type CriterionKind, judgedName } from "./judged";
import { type ImportedPreferenceRows, preferencesOf } from "./preferences";
import type { TallyRow } from "./tally";
import type {
  CriterionEvidence,
  FlipCounts,
  ImportedEvidence,
  JudgeEvidence,
  LabelCounts,
  PreferenceCounts,
  SliceEvidence,
  VerdictCounts,
} from "./types";

/**
 * From what is known of a release's cases to the numbers of one criterion. Pure: the same for what stands in the database
 * now and for what was frozen with a decision (lib/releases/recompute.ts).
 */
export type Terms = {
  baseline: string;
  candidate: string;
  baselineRunId: number;
  candidateRunId: number;
  level: number;
  riskLimit: number;
  minTpr: number;
  minTnr: number;
  minCatch: number | null;
  primaryKind: CriterionKind;
  /** Cases of the dataset, whether or not both runs answered them. */
  cases: number;
};

export type JudgeRow = { judgeVersionId: number; key: string; number: number; model: string };

type Pair = { b: string | null; k: string | null };

function says(verdict: string | null): JudgeSays {
  return verdict === "pass" || verdict === "fail" ? verdict : "error";
}

type PairCount = Pair & { n: number };

function countVerdicts(pairs: readonly PairCount[], side: keyof Pair): VerdictCounts {
  const counts = { pass: 0, fail: 0, error: 0 };
  for (const pair of pairs) counts[says(pair[side])] += pair.n;
  return counts;
}

function countFlips(pairs: readonly PairCount[]): FlipCounts {
  const counts = { better: 0, worse: 0, same: 0, error: 0 };
  for (const { b, k, n } of pairs) {
    const [before, after] = [says(b), says(k)];
    if (before === "error" || after === "error") counts.error += n;
    else if (before === after) counts.same += n;
    else counts[after === "pass" ? "better" : "worse"] += n;
  }
  return counts;
}

/** What a pairwise judge prefers, in cases. */
function countPreferences(pairs: readonly PairCount[]): PreferenceCounts {
  const counts = { candidate: 0, baseline: 0, tie: 0, flip: 0, error: 0 };
  for (const { b, k, n } of pairs) {
    const name = judgedName("preference", b, k);
    counts[name in counts ? (name as keyof PreferenceCounts) : "error"] += n;
  }
  return counts;
}

export type Batch = { number: number; design: string; strata: DesignStratum[] };
/** A stratum of a batch as drawn; `of`: what an adaptive one holds. */
export type DesignStratum = {
  stratum: string;
  drawn: number;
  of?: { pair: string; slice: string | null; close?: true }[];
};

/** One drawn case: what is known of it, and what people's grades amount to. */
export type DrawnRow = Omit<TallyRow, "n" | "judgeVersionId"> & {
  caseId: number;
  /** Its key. */
  case: string;
  batch: number;
  labelBaseline: string;
  labelCandidate: string;
};
export function isLabel(text: string): boolean {
  return text === "pass" || text === "fail";
}

/** Where a case lies among the cells of `Cells`; null without a label for both versions. */
export function cellOf(row: DrawnRow): number | null {
  if (!isLabel(row.labelBaseline) || !isLabel(row.labelCandidate)) return null;
  return (row.labelBaseline === "pass" ? 2 : 0) + (row.labelCandidate === "pass" ? 1 : 0);
}

/**
 * Which stratum of each batch a case was drawn from; null in a simple random batch, where it does not matter. Consecutive
 * simple random batches are one round: together they are again one simple random sample.
 */
export function designOf(batches: readonly Batch[], primaryKind: CriterionKind) {
  const rounds: { design: string; batches: Batch[] }[] = [];
  for (const batch of batches) {
    const last = rounds.at(-1);
    if (batch.design === "random" && last?.design === "random") last.batches.push(batch);
    else rounds.push({ design: batch.design, batches: [batch] });
  }
  const roundOf = new Map(rounds.flatMap((round, r) => round.batches.map(({ number }) => [number, r] as const)));
  const within = batches.map(({ design, strata }) => {
    if (design === "random") return () => null;
    const named = new Map(
      strata.flatMap(({ stratum, of }) =>
        (of ?? []).map(({ pair, slice, close = false }) => [`${pair}\n${slice ?? ""}\n${close}`, stratum]),
      ),
    );
    return ({ pb, pk, slice, close }: Pick<TallyRow, "pb" | "pk" | "slice" | "close">) => {
      const pair = judgedName(primaryKind, pb, pk);
      return named.get(`${pair}\n${slice ?? ""}\n${close}`) ?? pair;
    };
  });
  return { rounds, roundOf, within };
}

type Design = ReturnType<typeof designOf>;
type Known = Omit<TallyRow, "n" | "judgeVersionId">;
type MutableCells = [number, number, number, number];
type CountedStratum = Stratum & {
  cells: MutableCells;
  rounds: { cells: MutableCells; design: string | null }[];
  /** Drawn cases without a label. */
  unlabelled: number;
  prefers: JudgePrefers | null;
};

/** Cases by what a judge says (and, where that mattered to a draw, by that draw's strata), with the labels in them. */
export function buildStrata(
  tally: readonly TallyRow[],
  rows: readonly DrawnRow[],
  design: Design,
  kind: CriterionKind,
) {
  const strata = new Map<string, CountedStratum>();
  const inRounds = (known: Known) =>
    known.mustPass
      ? design.rounds.map(() => null)
      : design.rounds.map(({ batches }) => design.within[batches[0]!.number - 1]!(known));
  const find = (known: Known) => {
    const designs = inRounds(known);
    const said = judgedName(kind, known.jb, known.jk);
    const drawn = designs.filter((name) => name !== null && name !== said);
    const key = [`${known.mustPass ? "must-pass " : ""}${said}`, ...drawn].join(" · ");
    const found = strata.get(key) ?? {
      key,
      judged: { baseline: says(known.jb), candidate: says(known.jk) },
      certain: known.mustPass,
      population: 0,
      cells: [0, 0, 0, 0] as MutableCells,
      rounds: designs.map((name) => ({ cells: [0, 0, 0, 0] as MutableCells, design: name })),
      unlabelled: 0,
      prefers: judgePrefers.find((prefers) => kind === "preference" && prefers === said) ?? null,
    };
    strata.set(key, found);
    return found;
  };
  for (const row of tally) find(row).population += row.n;
  const labels: LabelCounts = { labelled: 0, unsure: 0, disagreement: 0, waiting: 0 };
  for (const row of rows) {
    const stratum = find(row);
    const cell = cellOf(row);
    if (cell !== null) {
      stratum.cells[cell]!++;
      stratum.rounds[design.roundOf.get(row.batch)!]!.cells[cell]!++;
      labels.labelled++;
      continue;
    }
    stratum.unlabelled++;
    const both = [row.labelBaseline, row.labelCandidate];
    labels[both.includes("waiting") ? "waiting" : both.includes("disagreement") ? "disagreement" : "unsure"]++;
  }
  const sorted = [...strata.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { strata: sorted, labels, stratumOf: find };
}

type Built = ReturnType<typeof buildStrata>;

/** The drawn cases in queue order, for what depends on the order. Every batch is a round of its own: its size was fixed when it began. */
export function sequenceOf(
  { strata, stratumOf }: Built,
  rows: readonly DrawnRow[],
  batches: readonly Batch[],
  design: Design,
) {
  const open = strata.filter(({ certain }) => !certain);
  const at = new Map(open.map((stratum, h) => [stratum, h]));
  const certain = strata.filter((stratum) => stratum.certain);
  const input: SequenceInput = {
    strata: open.map((stratum) => ({ population: stratum.population, guess: guess(stratum, "delta") })),
    rounds: batches.map((batch) => {
      const drawn = rows.filter((row) => row.batch === batch.number && !row.mustPass);
      if (batch.design === "random") return { size: drawn.length };
      const round = design.roundOf.get(batch.number)!;
      const names = [...new Set(open.map(({ rounds }) => rounds[round]!.design))];
      const designs = open.map(({ rounds }) => names.indexOf(rounds[round]!.design));
      const counts = names.map((name) => drawn.filter((row) => stratumOf(row).rounds[round]!.design === name).length);
      return { size: drawn.length, designOf: designs, drawn: counts };
    }),
    draws: rows
      .filter(({ mustPass }) => !mustPass)
      .map((row) => {
        const cell = cellOf(row);
        return {
          stratum: at.get(stratumOf(row))!,
          value: cell === null ? null : values.delta[cell]!,
          round: batches.findIndex(({ number }) => number === row.batch),
        };
      }),
    certain: {
      population: certain.reduce((sum, { population }) => sum + population, 0),
      labelled: certain.reduce((sum, { cells }) => sum + size(cells), 0),
      sum: certain.reduce((sum, { cells }) => sum + worth(cells, values.delta), 0),
    },
  };
  const cells = open.map(({ cells: [ff, fp, pf, pp] }) => [pf, ff + pp, fp] as const);
  return { input, cells };
}

/** Slices beyond this many are not told apart. */
const sliceLimit = 200;

function sliceEvidence(
  tally: readonly TallyRow[],
  rows: readonly DrawnRow[],
  design: Design,
  kind: CriterionKind,
  level: number,
): SliceEvidence[] {
  const populations = new Map<string, number>();
  for (const { slice, n } of tally) {
    if (slice !== null) populations.set(slice, (populations.get(slice) ?? 0) + n);
  }
  const largest = [...populations].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, sliceLimit);
  const rowsOf = largest
    .map(([slice, population]) => {
      const { strata, labels } = buildStrata(
        tally.filter((row) => row.slice === slice),
        rows.filter((row) => row.slice === slice),
        design,
        kind,
      );
      const { estimate, low, high } = pairedEstimate(strata, level).theseCases.delta;
      const [, better, worse] = strata.reduce<Cells>((sum, { cells }) => add(sum, cells), [0, 0, 0, 0]);
      return { slice, population, labelled: labels.labelled, better, worse, delta: estimate, low, high };
    })
    .sort((a, b) => (a.slice < b.slice ? -1 : 1));
  const tests = slicesWorse(rowsOf);
  return rowsOf.map((row, i) => ({ ...row, p: tests[i]!.p, q: tests[i]!.q, gotWorse: tests[i]!.worse }));
}

/** A slice that must not be worse than a margin of its own: the always-valid interval of its delta. */
export type SliceBound = {
  slice: string;
  margin: number;
  /** Cases of the slice with an output, or an error, in both runs; those drawn of them, and those with a label. */
  population: number;
  drawn: number;
  labelled: number;
  delta: number | null;
  /** Holds at `level`, as the gate is met only when every slice's lower bound is above its margin. */
  low: number;
  /** Holds at `highLevel`, so that all upper bounds hold at once at `level`: one of them alone can close the gate. */
  high: number;
  level: number;
  highLevel: number;
};

/**
 * The delta of single slices. Of the cases drawn from a slice each was as likely as any other of the same stratum, whatever
 * the rest of the sample was, so their order is again a sample of the slice.
 *
 * All must pass for the gate to be met: that is an intersection–union test (Berger 1982, Technometrics 24, 295–300), which
 * says "not worse" of a set with a worse slice in it no oftener than one slice's interval fails, so lower bounds need no
 * correction. One slice closes the gate, so upper bounds share the risk (Bonferroni).
 */
export function sliceBounds(
  { terms, kind, instrument, tally, batches, drawnBy }: CriterionInputs,
  wanted: readonly { slice: string; margin: number }[],
): SliceBound[] {
  const design = designOf(batches, terms.primaryKind);
  const [level, highLevel] = [1 - terms.riskLimit, 1 - terms.riskLimit / Math.max(1, wanted.length)];
  return wanted.map(({ slice, margin }) => {
    const inside = tally.filter((row) => row.judgeVersionId === instrument && row.slice === slice);
    const rows = drawnBy(instrument).filter((row) => row.slice === slice);
    const built = buildStrata(inside, rows, design, kind);
    const { input } = sequenceOf(built, rows, batches, design);
    const end = (at: number) => alwaysValidPath(input, at).at(-1) ?? { low: -1, high: 1 };
    return {
      slice,
      margin,
      population: inside.reduce((sum, { n }) => sum + n, 0),
      drawn: rows.length,
      labelled: built.labels.labelled,
      delta: rows.length > 0 ? pairedEstimate(built.strata, terms.level).theseCases.delta.estimate : null,
      low: end(level).low,
      high: end(highLevel).high,
      level,
      highLevel,
    };
  });
}

/** Everything that the numbers of one criterion are computed from. */
export type CriterionInputs = {
  terms: Terms;
  key: string;
  name: string;
  kind: CriterionKind;
  /** The judge version that the estimate corrects. */
  instrument: number | null;
  /** All judges' counts. */
  tally: readonly TallyRow[];
  batches: readonly Batch[];
  judges: readonly JudgeRow[];
  /** The drawn cases in queue order, with what a judge says of them. */
  drawnBy: (judgeVersionId: number | null) => readonly DrawnRow[];
  catches: readonly CatchRow[];
  skipped: number;
  overrides: number;
  imported: ImportedRows | null;
  importedPreferences: ImportedPreferenceRows | null;
};

/** How many of the release's known-bad sentinels a judge version failed; struck ones and judge errors count in neither. */
export type CatchRow = { judgeVersionId: number; caught: number; n: number };

export function computeCriterion(inputs: CriterionInputs): CriterionEvidence {
  const { terms, kind, instrument, tally, batches, skipped, overrides } = inputs;
  const design = designOf(batches, terms.primaryKind);
  const of = (judgeVersionId: number | null) => tally.filter((row) => row.judgeVersionId === judgeVersionId);
  const rows = inputs.drawnBy(instrument);
  const built = buildStrata(of(instrument), rows, design, kind);
  const { strata, labels } = built;
  const drawn = labels.labelled + labels.unsure + labels.disagreement + labels.waiting;
  const judges = inputs.judges.map((judge): JudgeEvidence => {
    const { judgeVersionId } = judge;
    const isInstrument = judgeVersionId === instrument;
    const pairs = of(judgeVersionId).map(({ jb, jk, n }) => ({ b: jb, k: jk, n }));
    const inside = isInstrument
      ? strata
      : buildStrata(of(judgeVersionId), drawn > 0 ? inputs.drawnBy(judgeVersionId) : [], design, kind).strata;
    const common = { ...judge, instrument: isInstrument, tally: countFlips(pairs) };
    if (kind === "preference") {
      const preference = preferenceTrust(inside, terms.level);
      // Whom people prefer is found on either side as often as the policy asks of good and of bad answers.
      const licence = licenceOf([{ tpr: preference.finds.candidate, tnr: preference.finds.baseline }], terms);
      return { ...common, verdicts: {}, licence, trust: {}, prefers: countPreferences(pairs), preference };
    }
    const trust = judgeTrust(inside, terms.level);
    const found = inputs.catches.find((row) => row.judgeVersionId === judgeVersionId);
    const caught = found
      ? { caught: found.caught, n: found.n, ...exactInterval(found.caught, found.n, terms.level) }
      : null;
    return {
      ...common,
      verdicts: { [terms.baseline]: countVerdicts(pairs, "b"), [terms.candidate]: countVerdicts(pairs, "k") },
      licence: licenceWithCatch(licenceOf([trust.baseline, trust.candidate], terms), caught, terms.minCatch),
      catch: caught,
      trust: { [terms.baseline]: trust.baseline, [terms.candidate]: trust.candidate } as Record<string, JudgeTrust>,
    };
  });
  const sequence = sequenceOf(built, rows, batches, design);
  const always = drawn > 0 ? alwaysValidPath(sequence.input, 1 - terms.riskLimit).at(-1) : undefined;
  const population = of(null).reduce((sum, { n }) => sum + n, 0);
  const unanswered = Math.max(0, terms.cases - population);
  const unlabelled = new Map(strata.map((stratum) => [stratum.key, stratum.unlabelled]));
  return {
    key: inputs.key,
    name: inputs.name,
    kind,
    population,
    unanswered,
    drawn,
    reviewed: labels.labelled,
    labels,
    skipped,
    judges,
    estimate: drawn > 0 ? pairedEstimate(strata, terms.level) : null,
    alwaysValid: always ? { low: always.low, high: always.high, level: 1 - terms.riskLimit } : null,
    worstCaseDelta: drawn > 0 ? worstCaseDelta(strata, unlabelled, unanswered) : null,
    slices: labels.labelled > 0 ? sliceEvidence(of(instrument), rows, design, kind, terms.level) : [],
    overrides,
    imported: inputs.imported && importedOf(inputs.imported, terms, inputs.judges),
    importedPreferences: inputs.importedPreferences && preferencesOf(inputs.importedPreferences, inputs.judges),
    sequence,
  };
}

/** Counts of imported reviews: by reviewer, run and verdict; pairs of one reviewer; against judges; of each two reviewers. */
export type ImportedRows = {
  /** Reviewers that are shown, and how many are not. */
  reviewers: string[];
  leftOut: number;
  labels: { reviewer: string; run: number; verdict: string; n: number }[];
  pairs: { reviewer: string; b: string; k: string; n: number }[];
  confusions: { reviewer: string; judgeVersionId: number; run: number; judged: string; verdict: string; n: number }[];
  agreements: { a: string; b: string; va: string; vb: string; n: number }[];
};

function importedOf(
  { reviewers, leftOut, labels, pairs, confusions, agreements }: ImportedRows,
  scope: Terms,
  judges: readonly JudgeRow[],
): ImportedEvidence {
  const sides = [
    [scope.baseline, scope.baselineRunId],
    [scope.candidate, scope.candidateRunId],
  ] as const;
  return {
    leftOut,
    reviewers: Object.fromEntries(
      reviewers.map((reviewer) => {
        const sum = <T extends { n: number }>(rows: readonly T[], matches: (row: T) => boolean) =>
          rows.filter(matches).reduce((total, { n }) => total + n, 0);
        const mine = pairs.filter((row) => row.reviewer === reviewer && isLabel(row.b) && isLabel(row.k));
        const better = sum(mine, ({ b, k }) => b === "fail" && k === "pass");
        const worse = sum(mine, ({ b, k }) => b === "pass" && k === "fail");
        const total = sum(mine, () => true);
        const perVersion = <T>(of: (run: number) => T) =>
          Object.fromEntries(sides.map(([version, run]) => [version, of(run)]));
        return [
          reviewer,
          {
            labels: perVersion((run) => {
              const count = (verdict: string) =>
                sum(labels, (row) => row.reviewer === reviewer && row.run === run && row.verdict === verdict);
              return { pass: count("pass"), fail: count("fail"), unsure: count("unsure") };
            }),
            pairs: { better, worse, same: total - better - worse, delta: total > 0 ? (better - worse) / total : null },
            judges: Object.fromEntries(
              judges.map(({ key, judgeVersionId }) => [
                key,
                perVersion((run) => {
                  const count = (judged: string, verdict: string) =>
                    sum(
                      confusions,
                      (row) =>
                        row.reviewer === reviewer &&
                        row.judgeVersionId === judgeVersionId &&
                        row.run === run &&
                        row.judged === judged &&
                        row.verdict === verdict,
                    );
                  const [tp, fp, fn, tn] = [
                    count("pass", "pass"),
                    count("pass", "fail"),
                    count("fail", "pass"),
                    count("fail", "fail"),
                  ];
                  const kappa = cohenKappa({ bothPass: tp, firstOnly: fp, secondOnly: fn, bothFail: tn });
                  return { tp, fp, fn, tn, judged: tp + fp + fn + tn, kappa };
                }),
              ]),
            ),
          },
        ];
      }),
    ),
    agreement: reviewers.flatMap((a, i) =>
      reviewers.slice(i + 1).flatMap((b) => {
        const rows = agreements.filter((row) => row.a === a && row.b === b);
        const count = (va: string, vb: string) => rows.find((row) => row.va === va && row.vb === vb)?.n ?? 0;
        const cells = {
          bothPass: count("pass", "pass"),
          firstOnly: count("pass", "fail"),
          secondOnly: count("fail", "pass"),
          bothFail: count("fail", "fail"),
        };
        const n = cells.bothPass + cells.firstOnly + cells.secondOnly + cells.bothFail;
        const share = agreement(cells);
        if (share === null) return [];
        return [{ a, b, n, agree: cells.bothPass + cells.bothFail, share, kappa: cohenKappa(cells) }];
      }),
    ),
  };
}

import type { SequenceInput } from "../stats/always-valid";
import type { JudgeTrust, Licence } from "../stats/judge-trust";
import type { PairedEstimate } from "../stats/paired-estimate";

export type VerdictCounts = { pass: number; fail: number; error: number };
export type FlipCounts = { better: number; worse: number; same: number; error: number };
/** Unweighted counts of one judge against one reviewer's grades of one version. */
export type PlainConfusion = { tp: number; fp: number; fn: number; tn: number; judged: number; kappa: number | null };

export type JudgeEvidence = {
  key: string;
  judgeVersionId: number;
  number: number;
  model: string;
  /** True for the judge whose tally the estimate corrects. */
  instrument: boolean;
  verdicts: Record<string, VerdictCounts>;
  tally: FlipCounts;
  licence: Licence;
  /** Per version key: the judge against this release's drawn and graded cases, weighted to all cases. */
  trust: Record<string, JudgeTrust>;
};

export type ImportedEvidence = {
  /** Reviewers that are not shown: those with the fewest grades, beyond the first twenty. */
  leftOut: number;
  /** Per imported reviewer. */
  reviewers: Record<
    string,
    {
      labels: Record<string, { pass: number; fail: number; unsure: number }>;
      pairs: { better: number; worse: number; same: number; delta: number | null };
      /** Per judge key and version key. */
      judges: Record<string, Record<string, PlainConfusion>>;
    }
  >;
  /** Each two of the imported reviewers, over all outputs that both graded pass or fail. */
  agreement: { a: string; b: string; n: number; agree: number; share: number; kappa: number | null }[];
};

/** Drawn cases by what people's grades amount to; a case counts once, under the first that holds. */
export type LabelCounts = { labelled: number; unsure: number; disagreement: number; waiting: number };

/** People's labels of one slice, and what they make of its delta. */
export type SliceEvidence = {
  slice: string;
  population: number;
  labelled: number;
  /** Labelled cases that fail in the baseline and pass in the candidate, and the other way round. */
  better: number;
  worse: number;
  delta: number | null;
  low: number;
  high: number;
  /** One-sided exact McNemar test of "worse", and adjusted for all slices (Benjamini & Hochberg). */
  p: number;
  q: number;
  gotWorse: boolean;
};

type Interval = { low: number; high: number };
/** The intervals of these cases' delta after a number of reviews. */
export type PathPoint = { reviews: number; estimate: number | null; fixed: Interval; alwaysValid: Interval };

export type CriterionEvidence = {
  key: string;
  name: string;
  /** Cases with an output, or an error, in both runs. */
  population: number;
  drawn: number;
  /** Drawn cases with a pass or fail label for both versions. */
  reviewed: number;
  labels: LabelCounts;
  judges: JudgeEvidence[];
  /** Null while nothing is drawn. */
  estimate: PairedEstimate | null;
  /** The interval of these cases' delta that holds however often one looks. */
  alwaysValid: (Interval & { level: number }) | null;
  /** The delta if every drawn case without a usable label went against the candidate. */
  worstCaseDelta: number | null;
  slices: SliceEvidence[];
  overrides: number;
  imported: ImportedEvidence | null;
  /** The labels in the order they were drawn, and counted by stratum: what a forecast goes on from. */
  sequence: { input: SequenceInput; cells: (readonly [number, number, number])[] };
};

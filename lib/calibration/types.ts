import type { SequenceInput } from "../stats/always-valid";
import type { CatchRate, JudgeTrust, Licence } from "../stats/judge-trust";
import type { PairedEstimate } from "../stats/paired-estimate";
import type { PeoplePrefer, PreferenceTrust } from "../stats/preference-trust";
import type { CriterionKind } from "./judged";

export type VerdictCounts = { pass: number; fail: number; error: number };
export type FlipCounts = { better: number; worse: number; same: number; error: number };
export type PreferenceCounts = { candidate: number; baseline: number; tie: number; flip: number; error: number };
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
  /** Of known-bad sentinels; null or left out: none were judged. */
  catch?: CatchRate | null;
  /** Per version key: the judge against this release's drawn and graded cases, weighted to all cases. */
  trust: Record<string, JudgeTrust>;
  /** Of a preference criterion's judge, in place of verdicts and trust per version. */
  prefers?: PreferenceCounts;
  preference?: PreferenceTrust;
};

/** Preferences that came with an import: shown as imported, never part of the estimate. */
export type ImportedPreferences = {
  /** Reviewers that are not shown: those with the fewest preferences, beyond the first twenty. */
  leftOut: number;
  reviewers: Record<
    string,
    {
      prefers: Record<PeoplePrefer | "unsure", number>;
      delta: number | null;
      /** Per judge key: cases both compared, and on how many they agree. A position flip agrees with nobody. */
      judges: Record<string, { judged: number; agree: number; kappa: number | null }>;
    }
  >;
  /** Each two of the imported reviewers, over all cases in which both prefer something or say tie. */
  agreement: { a: string; b: string; n: number; agree: number; share: number; kappa: number | null }[];
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
  /** Of a preference, a case is worth +1 where people prefer the candidate, −1 where the baseline, 0 for a tie. */
  kind: CriterionKind;
  /** Cases with an output, or an error, in both runs. */
  population: number;
  /** Cases of the dataset that one of the runs has no row for: they can't be drawn. */
  unanswered: number;
  drawn: number;
  /** Drawn cases with a pass or fail label for both versions, or with a preference or tie. */
  reviewed: number;
  labels: LabelCounts;
  /** Of those waiting: cases that somebody put off. */
  skipped: number;
  judges: JudgeEvidence[];
  /** Null while nothing is drawn. */
  estimate: PairedEstimate | null;
  /** The interval of these cases' delta that holds however often one looks. */
  alwaysValid: (Interval & { level: number }) | null;
  /** The delta if every drawn case without a usable label, and every unanswered one, went against the candidate. */
  worstCaseDelta: number | null;
  slices: SliceEvidence[];
  overrides: number;
  imported: ImportedEvidence | null;
  importedPreferences: ImportedPreferences | null;
  /** The labels in the order they were drawn, and counted by stratum: what a forecast goes on from. */
  sequence: { input: SequenceInput; cells: (readonly [number, number, number])[] };
};

import { z } from "zod";
import { Fault } from "../errors";

/** Where a row stands in its source: for messages. */
export type At = { file: string; line: number };

/** An object as text is canonical JSON with `isJson` true. */
export type Content = { text: string; isJson: boolean };

export type CriterionRow = {
  kind: "criterion";
  at: At;
  key: string;
  name: string;
  rubric: string;
  /** What is asked: does an answer pass, or which of two answers is better? */
  asks: "pass_fail" | "preference";
};
export type JudgeRow = {
  kind: "judge";
  at: At;
  key: string;
  criterion: string;
  model: string;
  prompt: string | null;
  threshold: number | null;
};
export type VersionRow = {
  kind: "version";
  at: At;
  key: string;
  /** Null: the text of the version is unknown. */
  content: Record<string, unknown> | null;
  model: string | null;
  author: string | null;
  message: string | null;
  parent: string | null;
  createdAt: Date | null;
  labels: string[];
  metadata: Record<string, unknown>;
};
export type CaseRow = {
  kind: "case";
  at: At;
  key: string;
  input: Content;
  reference: string | null;
  slice: string | null;
  tags: string[];
  mustPass: boolean;
  origin: "human" | "production" | "generated" | "probe";
  generator: string | null;
  metadata: Record<string, unknown>;
};
export type OutputRow = {
  kind: "output";
  at: At;
  case: string;
  version: string;
  output: Content | null;
  error: string | null;
  latencyMs: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  model: string | null;
  answeredAt: Date | null;
  metadata: Record<string, unknown>;
};
export type VerdictRow = {
  kind: "verdict";
  at: At;
  case: string;
  version: string;
  judge: string;
  /** 0; above it, the same answer judged again in the same run. */
  repeat: number;
  /** Null: given by the score and the judge's threshold. */
  verdict: "pass" | "fail" | "error" | null;
  score: number | null;
  rationale: string | null;
  judgedAt: Date | null;
  metadata: Record<string, unknown>;
};
export type ReviewRow = {
  kind: "review";
  at: At;
  case: string;
  version: string;
  criterion: string;
  reviewer: string;
  verdict: "pass" | "fail" | "unsure";
  score: number | null;
  note: string | null;
  tags: string[];
  gradedAt: Date | null;
  metadata: Record<string, unknown>;
};

/** A judge on the answers of two versions; `first` and `second` are the order in which it saw them. */
export type PreferenceVerdictRow = {
  kind: "preferenceVerdict";
  at: At;
  case: string;
  versions: [first: string, second: string];
  judge: string;
  prefer: "first" | "second" | "tie" | "error";
  score: number | null;
  rationale: string | null;
  judgedAt: Date | null;
  metadata: Record<string, unknown>;
};
export type PreferenceReviewRow = {
  kind: "preferenceReview";
  at: At;
  case: string;
  versions: [first: string, second: string];
  criterion: string;
  reviewer: string;
  prefer: "first" | "second" | "tie" | "unsure";
  note: string | null;
  tags: string[];
  gradedAt: Date | null;
  metadata: Record<string, unknown>;
};

export type SourceRow =
  | CriterionRow
  | JudgeRow
  | VersionRow
  | CaseRow
  | OutputRow
  | VerdictRow
  | ReviewRow
  | PreferenceVerdictRow
  | PreferenceReviewRow;

/** Names of what is imported into; a source that names them itself wins over what was given. */
export type Target = { prompt: string; dataset: string };

export const limits = {
  lineBytes: 50 * 1024 * 1024,
  depth: 200,
  /** Of an archive, unpacked. */
  unpackedBytes: 20 * 1024 ** 3,
  /** Unpacked over packed, once more than 100 MB came out. */
  ratio: 200,
  keyLength: 500,
};

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Any object, passed on as it is: zod's own objects and records are copies that lack a key `__proto__`. */
export const anyObject = z.custom<Record<string, unknown>>(isObject, { error: "must be an object" });

/** The one way a source is refused: what is wrong, and where. */
export function refuse(message: string, at: { file?: string; line?: number; field?: string }): Fault {
  return new Fault("invalid", message, at);
}

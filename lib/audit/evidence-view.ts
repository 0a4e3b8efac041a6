import { z } from "zod";

/**
 * What the decision page reads from frozen evidence. Evidence is kept for ever and this program changes: what is not
 * there, or of another shape, is left out of the page, never guessed; the whole document is in the download.
 */
const text = z.string().optional().catch(undefined);
const number = z.number().nullable().optional().catch(undefined);
const list = <T extends z.ZodType>(item: T) => z.array(item).catch([]);

const version = z.object({
  key: text,
  digest: text,
  author: z.string().nullable().optional().catch(undefined),
  message: z.string().nullable().optional().catch(undefined),
  run: z.object({ digest: text, model: text, outputCount: number, errorCount: number }).optional().catch(undefined),
});

const criterionNumbers = z.object({
  key: z.string(),
  judges: list(z.object({ key: z.string(), licence: text, instrument: z.boolean().optional().catch(undefined) })),
  tally: z
    .record(z.string(), z.object({ better: z.number(), worse: z.number(), same: z.number(), error: number }))
    .catch({}),
  estimate: z
    .object({
      delta: number,
      low: number,
      high: number,
      level: number,
      method: text,
      alwaysValid: z
        .object({ low: z.number(), high: z.number(), level: number, method: text })
        .nullable()
        .optional()
        .catch(undefined),
      drawn: number,
      reviewed: number,
    })
    .nullable()
    .optional()
    .catch(undefined),
});

const review = z.object({
  case: z.string(),
  version: text,
  criterion: text,
  reviewer: z.object({ name: text }).optional().catch(undefined),
  verdict: text,
  prefer: text,
  blind: z.boolean().optional().catch(undefined),
  // The text itself in evidence of the format 1; since then its digest.
  note: z
    .union([z.string(), z.object({ sha256: z.string() })])
    .nullable()
    .optional()
    .catch(undefined),
  supersedes: z.number().nullable().optional().catch(undefined),
  id: z.number().optional().catch(undefined),
  at: text,
});

const hunk = z.object({
  id: z.string(),
  kind: z.enum(["message", "parameter", "model", "tool"]),
  change: z.enum(["added", "removed", "changed", "moved"]),
  where: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

const attribution = z.object({
  id: z.number(),
  case: z.string(),
  criterion: text,
  reviewer: z.object({ name: text }).optional().catch(undefined),
  effect: z.enum(["helped", "hurt"]),
  hunks: z.array(z.string()),
  supersedes: z.number().nullable().optional().catch(undefined),
});

const evidence = z.object({
  format: text,
  prompt: text,
  dataset: text,
  label: z.string().nullable().optional().catch(undefined),
  baseline: version.optional().catch(undefined),
  candidate: version.optional().catch(undefined),
  criteria: list(
    z.object({
      key: z.string(),
      name: text,
      judge: z.object({ key: z.string(), model: text, digest: text }).nullable().optional().catch(undefined),
    }),
  ),
  policy: z
    .object({
      key: text,
      number,
      digest: text,
      document: z.object({ name: text, signers: number }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  sample: list(
    z.object({
      batch: z.number(),
      seed: text,
      size: number,
      strata: list(z.object({ stratum: z.string(), population: number, drawn: number, probability: number })),
      draws: list(z.unknown()),
    }),
  ),
  reviews: list(review),
  hunks: list(hunk),
  attributions: list(attribution),
  numbers: list(criterionNumbers),
  population: number,
  gates: list(
    z.object({ key: z.string(), status: z.enum(["met", "not_met", "not_enough_evidence"]), detail: z.string() }),
  ),
  closed: z.object({ by: text, at: text }).optional().catch(undefined),
});

export type EvidenceView = z.infer<typeof evidence>;

export type EstimateView = NonNullable<EvidenceView["numbers"][number]["estimate"]>;

export type IntervalView = {
  kind: "always-valid" | "fixed-n";
  low: number;
  high: number;
  level?: number | null;
  method?: string;
};

/**
 * The estimate with its intervals, when there was enough graded for one. The first is the one that the gate went by: the
 * always-valid one; evidence from before there was one has the other alone.
 */
export function settled(
  estimate: EstimateView | null | undefined,
): { delta: number; intervals: [IntervalView, ...IntervalView[]] } | null {
  const { delta, low, high, level, method, alwaysValid } = estimate ?? {};
  if (typeof delta !== "number" || typeof low !== "number" || typeof high !== "number") return null;
  const fixed: IntervalView = { kind: "fixed-n", low, high, level, method };
  return { delta, intervals: alwaysValid ? [{ kind: "always-valid", ...alwaysValid }, fixed] : [fixed] };
}

/** Null when the text is not a JSON object. */
export function viewEvidence(body: string): EvidenceView | null {
  try {
    return evidence.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

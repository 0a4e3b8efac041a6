import { z } from "zod";

const key = z.string().trim().min(1).max(300);

/** By human keys, as the REST interface and the form give them. What is left out is chosen as `createRelease` says. */
export const createReleaseSchema = z.strictObject({
  prompt: key,
  baseline: key,
  candidate: key,
  dataset: key.optional(),
  /** In order; the first is the primary criterion. */
  criteria: z.array(key).min(1).max(20).optional(),
  /** Judge keys, or criterion → judge key; null: people only. An empty list: people only throughout. */
  judges: z.union([z.array(key).max(20), z.record(key, key.nullable())]).optional(),
  policy: key.optional(),
});
export type CreateRelease = z.infer<typeof createReleaseSchema>;

/**
 * How a batch is drawn, must-pass cases apart, which are all drawn and come first:
 * - `random`: every case as likely as any other. The judge's verdicts are used afterwards. The queue is then one random
 *   order, which is what lets people stop whenever they like.
 * - `adaptive`: cases that teach more are likelier: where the judge sees a change, and where people have overridden it.
 * - `stratified`: in fixed proportion to the judge's verdict pairs.
 */
export const designs = ["random", "adaptive", "stratified"] as const;
export type Design = (typeof designs)[number];

export const drawSchema = z.strictObject({
  /** Cases to draw; more than are left draws all that are left. */
  size: z.int().min(1).max(1_000_000),
  seed: z.string().trim().min(1).max(200).optional(),
  design: z.enum(designs).optional(),
});
export type DrawInput = z.infer<typeof drawSchema>;

export const reasonSchema = z.strictObject({ reason: z.string().trim().min(1).max(2000).optional() });

/** What a signature says. The chosen sentence is part of the record. */
export const meanings = {
  approve: [
    "I reviewed the evidence and approve that this candidate replaces the baseline.",
    "I reviewed the evidence, graded part of it myself, and approve that this candidate replaces the baseline.",
  ],
  refuse: [
    "I reviewed the evidence and refuse this candidate.",
    "The evidence does not answer the question; I refuse this candidate.",
  ],
} as const;

export const signOffSchema = z
  .strictObject({
    releaseId: z.int().positive(),
    evidenceDigest: z.string().regex(/^[0-9a-f]{64}$/, "This is no evidence digest."),
    decision: z.enum(["approve", "refuse"]),
    meaning: z.string(),
    reason: z.string().trim().min(1, "Say why.").max(4000),
  })
  .refine(({ decision, meaning }) => (meanings[decision] as readonly string[]).includes(meaning), {
    path: ["meaning"],
    message: "Choose what your signature means.",
  });
export type SignOffInput = z.infer<typeof signOffSchema>;

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

/** What a signature means, where the policy has no sentences of its own. The chosen one is part of the record. */
export const meanings = {
  approve: ["I reviewed the evidence and approve that this candidate replaces the baseline."],
  refuse: [
    "I reviewed the evidence and refuse this candidate.",
    "The evidence does not answer the question; I refuse this candidate.",
  ],
  abstain: ["I reviewed the evidence and neither approve nor refuse."],
} as const;

export type SignOffDecision = keyof typeof meanings;

export const signOffDecisions = ["approve", "refuse", "abstain"] as const satisfies readonly SignOffDecision[];

/** The sentences a signer chooses from; the policy's are for approving. */
export function meaningsFor(decision: SignOffDecision, ofPolicy: readonly string[]): readonly string[] {
  return decision === "approve" && ofPolicy.length > 0 ? ofPolicy : meanings[decision];
}

/** Gates that a policy may let people waive; signatures are none. */
export const waivable = ["must_pass", "delta", "judge", "reviews", "slices", "freshness"] as const;

/** One of the things that a gate looks at, by its key. */
const partSchema = z.union([
  z.strictObject({ criterion: z.string().min(1).max(500) }),
  z.strictObject({ slice: z.string().min(1).max(500) }),
  z.strictObject({ case: z.string().min(1).max(500) }),
]);

/** A gate, or with `scope` one open part of it, that a signer lets pass although it is open, and until when. */
export const waiverSchema = z.strictObject({
  gate: z.enum(waivable),
  scope: partSchema.optional(),
  reason: z.string().trim().min(1, "Say why this gate is waived.").max(2000),
  until: z.iso.datetime("Give the day on which the waiver ends."),
});
export type GivenWaiver = z.infer<typeof waiverSchema>;

export const signOffSchema = z
  .strictObject({
    releaseId: z.int().positive(),
    evidenceDigest: z.string().regex(/^[0-9a-f]{64}$/, "This is no evidence digest."),
    decision: z.enum(signOffDecisions),
    meaning: z.string().min(1, "Choose what your signature means.").max(500),
    reason: z.string().trim().min(1, "Say why.").max(4000),
    waivers: z.array(waiverSchema).max(200).default([]),
  })
  .refine(({ decision, waivers }) => decision === "approve" || waivers.length === 0, {
    path: ["waivers"],
    message: "Only an approval waives gates.",
  })
  .refine(
    ({ waivers }) => new Set(waivers.map(({ gate, scope }) => JSON.stringify([gate, scope]))).size === waivers.length,
    { path: ["waivers"], message: "The same is waived twice." },
  );
export type SignOffInput = z.input<typeof signOffSchema>;

export const withdrawSignOffSchema = z.strictObject({
  releaseId: z.int().positive(),
  reason: z.string().trim().min(1, "Say why.").max(4000),
});

export const breakGlassSchema = z.strictObject({
  prompt: key,
  label: key,
  version: key,
  reason: z.string().trim().min(10, "Say what the emergency is, in a sentence.").max(4000),
});
export type BreakGlassInput = z.infer<typeof breakGlassSchema>;

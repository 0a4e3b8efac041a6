import { z } from "zod";

/** Made from existing answers, without any model. The first five are bad, the last two good. */
export const kinds = ["swap", "truncate", "negate", "contradict_reference", "inject", "good", "reference"] as const;
export type Kind = (typeof kinds)[number];

export function expectedOf(kind: Kind): "pass" | "fail" {
  return kind === "good" || kind === "reference" ? "pass" : "fail";
}

export const kindWords: Record<Kind, string> = {
  swap: "the answer to another case",
  truncate: "the answer, cut off in mid-sentence",
  negate: "the answer, turned into its contrary",
  contradict_reference: "the reference, turned into its contrary",
  inject: "a bad answer that tells the judge to pass it",
  good: "an answer that people passed",
  reference: "the reference itself",
};

export const makeSchema = z.strictObject({
  count: z.coerce.number().int().min(1).max(500),
  criterion: z.string().trim().min(1).max(300).optional(),
  kinds: z.array(z.enum(kinds)).min(1, "Choose how they are made.").optional(),
  /** Left out: drawn, and recorded. */
  seed: z.string().trim().min(1).max(200).optional(),
});
export type MakeSentinels = z.infer<typeof makeSchema>;

export const strikeSchema = z.strictObject({
  reason: z.string().trim().min(1, "Say why it is not what it was made to be.").max(1000),
});

export const verdictsSchema = z.strictObject({
  verdicts: z
    .array(
      z.strictObject({
        sentinel: z.string().regex(/^[0-9a-f]{24}$/, "is no sentinel's key"),
        judge: z.string().min(1).max(300),
        verdict: z.enum(["pass", "fail", "error"]).optional(),
        score: z.number().optional(),
        rationale: z.string().max(100_000).optional(),
      }),
    )
    .min(1)
    .max(20_000),
});
export type SentinelVerdicts = z.infer<typeof verdictsSchema>;

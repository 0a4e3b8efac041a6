import { z } from "zod";

/** Side and verdict on a pass/fail criterion; prefer on a preference criterion. */
export const gradeSchema = z.strictObject({
  side: z.enum(["A", "B"]).optional(),
  criterion: z.string().min(1).max(500),
  verdict: z.enum(["pass", "fail", "unsure"]).optional(),
  prefer: z.enum(["A", "B", "tie", "unsure"]).optional(),
  note: z.string().max(10_000).optional(),
  tags: z.array(z.string().trim().min(1).max(100)).max(20).optional(),
});
export type Grade = z.infer<typeof gradeSchema>;

/** Some words of an answer and what is to be said about them. `prefix`: what stands before them, to tell like words apart. */
export const commentSchema = z.strictObject({
  side: z.enum(["A", "B"]),
  quote: z.string().min(1).max(2000),
  prefix: z.string().max(200).default(""),
  comment: z.string().trim().min(1).max(10_000),
});
export type Comment = z.infer<typeof commentSchema>;

export const submissionSchema = z.strictObject({
  task: z.string().min(1).max(100),
  grades: z.array(gradeSchema).min(1).max(200),
  comments: z.array(commentSchema).max(50).optional(),
  /** Made by the sender; the same key again is the same delivery. */
  clientKey: z.string().min(1).max(100),
  /** Milliseconds from shown to committed. */
  tookMs: z.int().min(0).max(86_400_000).optional(),
});
export type Submission = z.infer<typeof submissionSchema>;

/** The hunks that are the reason why a case got better or worse on a criterion; none: no hunk is. */
export const attributionSchema = z.strictObject({
  case: z.string().min(1).max(1000),
  criterion: z.string().min(1).max(500),
  hunks: z.array(z.string().max(100)).max(100),
  /** Made by the sender; the same key again is the same delivery. */
  clientKey: z.string().min(1).max(100).optional(),
});
export type AttributionInput = z.infer<typeof attributionSchema>;

/** What settles a disagreement: a grade for each open question, or `return` for one more grader. */
export const settlementSchema = z.strictObject({
  task: z.string().min(1).max(100),
  grades: z.union([z.literal("return"), z.array(gradeSchema).min(1).max(200)]),
  note: z.string().max(10_000).optional(),
  /** Digest of the grades that were shown. */
  seen: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Settlement = z.infer<typeof settlementSchema>;

export const tagNameSchema = z.string().trim().min(1, "A tag has a name.").max(100);

export const exampleSchema = z.strictObject({
  verdict: z.enum(["pass", "fail"]),
  text: z.string().trim().min(1, "Give the answer, or the part of it that matters.").max(4000),
  why: z.string().trim().min(1, "Say why.").max(1000),
});

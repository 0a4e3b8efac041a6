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

export const submissionSchema = z.strictObject({
  task: z.string().min(1).max(100),
  grades: z.array(gradeSchema).min(1).max(200),
  /** Made by the sender; the same key again is the same delivery. */
  clientKey: z.string().min(1).max(100),
  /** Milliseconds from shown to committed. */
  tookMs: z.int().min(0).max(86_400_000).optional(),
});
export type Submission = z.infer<typeof submissionSchema>;

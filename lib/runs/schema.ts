import { z } from "zod";
import { formats } from "../formats/read";

const name = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .refine((text) => !text.includes("\0"), "must not contain a NUL character");

export const importOptionsSchema = z.object({
  format: z.enum(formats, { error: `must be one of ${formats.join(", ")}` }).default("auto"),
  fileName: name.default("upload"),
  /** For sources that do not name them: promptfoo results. */
  prompt: name.optional(),
  dataset: name.optional(),
});
export type ImportOptions = z.infer<typeof importOptionsSchema>;

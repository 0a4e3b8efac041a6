import { z } from "zod";

const word = z
  .string()
  .trim()
  .max(200)
  .refine((text) => !text.includes("\0"), "A search can't hold a NUL character.")
  .transform((text) => text || undefined)
  .optional();
const key = word.refine((text) => text === undefined || text.length <= 300);
const day = z
  .union([z.literal(""), z.iso.date("A date looks like 2026-01-31.")])
  .transform((text) => text || undefined)
  .optional();
const index = z.coerce.number().int().min(0).max(2_147_483_647);
/** Also a size: one more than the largest index. */
const size = index;

/** Filters of the audit page, as they stand in its URL. `from` and `to` are UTC days, both included. */
export const auditFilterSchema = z.object({
  /** An action, or all of one kind: `label.*`. */
  action: word,
  actor: word,
  subject: word,
  /** Name of a prompt, and key of one of its versions. */
  prompt: key,
  version: key,
  from: day,
  to: day,
  /** Go on below this index. */
  before: index.optional(),
});
export type AuditFilter = z.infer<typeof auditFilterSchema>;

export const entriesSchema = z.object({
  from: index.default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export const proofSchema = z.union([
  z.object({ index, size: size.optional() }),
  z.object({ first: size.min(1), second: size.min(1).optional() }),
]);

export const decisionsSchema = z.object({
  before: index.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const decisionIdSchema = z.union([z.literal("latest"), index]);

import { z } from "zod";

const word = z
  .string()
  .trim()
  .max(200)
  .refine((text) => !text.includes("\0"), "A search can't hold a NUL character.")
  .transform((text) => text || undefined)
  .optional();
const key = word.refine((text) => text === undefined || text.length <= 300);
const isDay = "A date looks like 2026-01-31.";
const day = z
  // PostgreSQL knows no year 0.
  .union([z.literal(""), z.iso.date(isDay).refine((text) => text >= "0001", isDay)])
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

/** What an entry `log.restored` says: how much of the log was left, and the last that was known of the earlier one. */
export const restorationSchema = z.object({
  by: z.string().trim().min(1, "Say who decided to go on.").max(200),
  reason: z.string().trim().min(1, "Say what happened, and why there is nothing newer.").max(2000),
  size: size.min(1),
  known: z.object({ size, root: z.string().regex(/^[0-9a-f]{64}$/) }),
});

import { z } from "zod";

/** Characters of the canonical JSON of one version's content. */
export const maxContentLength = 1_000_000;

const oneLine = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must not hold control characters");

const prose = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\p{Cs}\u0000]*$/u, "must not hold NUL or broken characters");

/** Names and keys are parts of addresses, where `.` and `..` mean something else. */
const key = oneLine(300).refine((text) => text !== "." && text !== "..", "must not be . or ..");

/** Slashes are allowed: `support/answers`. */
export const promptName = key;
export const versionKey = key;
export const labelName = oneLine(100).regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, "must be letters, digits, . _ or -");

/** What a version is made of. Further fields are kept: they are content, too. */
export const contentSchema = z.looseObject({
  messages: z
    .array(
      z.looseObject({
        role: oneLine(100),
        content: z.union([z.string(), z.array(z.unknown()), z.looseObject({})]).nullish(),
      }),
    )
    .min(1, "needs at least one message")
    .max(1000),
  parameters: z.looseObject({}).optional(),
  tools: z.array(z.unknown()).max(1000).optional(),
  model: oneLine(300).optional(),
});

export const pushVersionSchema = z.strictObject({
  prompt: promptName,
  /** What the version is called; left out: `v` and its number. */
  key: versionKey.optional(),
  content: contentSchema,
  message: prose(4000).optional(),
  /** Key of the version it was made from. */
  parent: versionKey.optional(),
  /** Who wrote it; left out: whoever pushes. */
  author: oneLine(300).optional(),
});
export type PushVersion = z.input<typeof pushVersionSchema>;

export const moveLabelSchema = z.strictObject({
  prompt: promptName,
  label: labelName,
  /** Key of the version it shall point to. */
  version: versionKey,
  /** Digest of the version it must point to now. */
  expected: z.string().optional(),
  /** Why; a protected label does not move without. */
  reason: prose(4000).optional(),
});
export type MoveLabel = z.input<typeof moveLabelSchema>;

const why = prose(4000).refine((text) => text !== "", "Say why.");

export const protectLabelSchema = z.strictObject({ prompt: promptName, label: labelName, reason: why });
export type ProtectLabel = z.input<typeof protectLabelSchema>;

export const endUnprotectSchema = z.strictObject({
  /** Of what somebody asked for. */
  id: z.int().min(1).max(2_147_483_647),
  outcome: z.enum(["done", "withdrawn"]),
});
export type EndUnprotect = z.input<typeof endUnprotectSchema>;

import { createReadStream } from "node:fs";
import path from "node:path";
import { type ZodType, z } from "zod";
import { canonicalJson, type JsonValue } from "../digest";
import { decodeUtf8, linesOf } from "./lines";
import { type At, anyObject, type Content, limits, refuse, type SourceRow, type Target } from "./rows";
import { plain, plainShape } from "./shape";
import { parseStrict } from "./strict-json";

/** The Countersign bundle: docs/formats.md. */

const key = z.string().min(1, "must not be empty").max(limits.keyLength);
const maybeText = z.string().nullish();
const time = z.iso.datetime({ offset: true, message: "must be a time such as 2026-11-01T09:00:00Z" }).nullish();
// Usually text or an object; a file that another program wrote may have `true` where a model said "true".
const content = z.union([z.string(), anyObject, z.array(z.unknown()), z.boolean(), z.number()], {
  error: "must be text or an object",
});
const tags = z.array(z.string().max(limits.keyLength)).nullish();
const whole = z.int().min(0).nullish();

const headSchema = z.looseObject({
  format: z.literal("countersign-bundle/1", { error: 'must be "countersign-bundle/1"' }),
  prompt: key,
  dataset: key,
  criteria: z
    .array(
      z.looseObject({
        key,
        name: maybeText,
        rubric: maybeText,
        kind: z.enum(["pass_fail", "preference"], { error: "must be pass_fail or preference" }).nullish(),
      }),
    )
    .default([]),
  judges: z
    .array(z.looseObject({ key, criterion: key, model: maybeText, prompt: maybeText, threshold: z.number().nullish() }))
    .default([]),
  versions: z
    .array(
      z.looseObject({
        key,
        content: anyObject.nullish(),
        model: maybeText,
        author: maybeText,
        message: maybeText,
        parent: key.nullish(),
        createdAt: time,
        labels: z.array(key).nullish(),
      }),
    )
    .default([]),
});

const caseSchema = z.looseObject({
  case: key,
  input: content,
  reference: content.nullish(),
  slice: z.string().max(limits.keyLength).nullish(),
  tags,
  mustPass: z.boolean().nullish(),
  origin: z.enum(["human", "production", "generated", "probe"]).nullish(),
  generator: maybeText,
});
const outputSchema = z.looseObject({
  case: key,
  version: key,
  output: content.nullish(),
  error: maybeText,
  latencyMs: z.number().min(0).nullish(),
  inputTokens: whole,
  outputTokens: whole,
  costUsd: z.number().min(0).nullish(),
  model: maybeText,
  at: time,
});
const verdictSchema = z.looseObject({
  case: key,
  version: key,
  judge: key,
  repeat: z.int().min(0).max(999).nullish(),
  verdict: z.enum(["pass", "fail", "error"], { error: "must be pass, fail or error" }).nullish(),
  score: z.number().nullish(),
  rationale: maybeText,
  at: time,
});
const reviewSchema = z.looseObject({
  case: key,
  version: key,
  criterion: key,
  reviewer: key,
  verdict: z.enum(["pass", "fail", "unsure"], { error: "must be pass, fail or unsure" }),
  score: z.number().nullish(),
  note: maybeText,
  tags,
  at: time,
});

const versions = z.tuple([key, key], { error: "must be the keys of the two versions, in the order they were shown" });
const preferenceVerdictSchema = z.looseObject({
  case: key,
  versions,
  judge: key,
  prefer: key.nullish(),
  verdict: z.literal("error", { error: "must be error, or left out: what is preferred stands in prefer" }).nullish(),
  score: z.number().nullish(),
  rationale: maybeText,
  at: time,
});
const preferenceReviewSchema = z.looseObject({
  case: key,
  versions,
  criterion: key,
  reviewer: key,
  prefer: key.nullish(),
  verdict: z.literal("unsure", { error: "must be unsure, or left out: what is preferred stands in prefer" }).nullish(),
  note: maybeText,
  tags,
  at: time,
});

/** Only for a test that compares the two. */
type Way = "by schema";
type Read<T> = { row: T; others: Record<string, unknown> };

/**
 * How a kind of line is read. The schema says what is right and what is wrong; a line that `shape` knows to be right is
 * spared it, which is most of what an import would take.
 */
function reader<T>(schema: ZodType<T> & { shape: Record<string, unknown> }, shape: ReturnType<typeof plainShape>) {
  return (value: unknown, at: At, way?: Way): Read<T> => {
    const others = way === "by schema" ? null : shape(value);
    if (others) return { row: value as T, others };
    return { row: parse(schema, value, at), others: rest(value, schema) };
  };
}

const readCase = reader(
  caseSchema,
  plainShape(
    {
      case: plain.key,
      input: plain.content,
      reference: plain.maybeContent,
      slice: plain.maybeShort,
      tags: plain.maybeTags,
      mustPass: plain.maybeBoolean,
      origin: plain.maybeOneOf("human", "production", "generated", "probe"),
      generator: plain.maybeText,
    },
    2,
  ),
);
const readOutput = reader(
  outputSchema,
  plainShape(
    {
      case: plain.key,
      version: plain.key,
      output: plain.maybeContent,
      error: plain.maybeText,
      latencyMs: plain.maybeAmount,
      inputTokens: plain.maybeWhole,
      outputTokens: plain.maybeWhole,
      costUsd: plain.maybeAmount,
      model: plain.maybeText,
      at: plain.maybeTime,
    },
    2,
  ),
);
const readVerdict = reader(
  verdictSchema,
  plainShape(
    {
      case: plain.key,
      version: plain.key,
      judge: plain.key,
      repeat: plain.maybeWholeTo(999),
      verdict: plain.maybeOneOf("pass", "fail", "error"),
      score: plain.maybeNumber,
      rationale: plain.maybeText,
      at: plain.maybeTime,
    },
    3,
  ),
);
const readReview = reader(
  reviewSchema,
  plainShape(
    {
      case: plain.key,
      version: plain.key,
      criterion: plain.key,
      reviewer: plain.key,
      verdict: plain.oneOf("pass", "fail", "unsure"),
      score: plain.maybeNumber,
      note: plain.maybeText,
      tags: plain.maybeTags,
      at: plain.maybeTime,
    },
    5,
  ),
);
const readPreferenceVerdict = reader(
  preferenceVerdictSchema,
  plainShape(
    {
      case: plain.key,
      versions: plain.twoKeys,
      judge: plain.key,
      prefer: plain.maybeKey,
      verdict: plain.maybeOneOf("error"),
      score: plain.maybeNumber,
      rationale: plain.maybeText,
      at: plain.maybeTime,
    },
    3,
  ),
);
const readPreferenceReview = reader(
  preferenceReviewSchema,
  plainShape(
    {
      case: plain.key,
      versions: plain.twoKeys,
      criterion: plain.key,
      reviewer: plain.key,
      prefer: plain.maybeKey,
      verdict: plain.maybeOneOf("unsure"),
      note: plain.maybeText,
      tags: plain.maybeTags,
      at: plain.maybeTime,
    },
    4,
  ),
);

function parse<T>(schema: ZodType<T>, value: unknown, at: At): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || undefined;
  throw refuse(`${field ?? "The line"} ${issue?.message ?? "is not valid"}.`, { ...at, field });
}

function toContent(value: unknown): Content {
  return typeof value === "string"
    ? { text: value, isJson: false }
    : { text: canonicalJson(value as JsonValue), isJson: true };
}

function toTime(value: string | null | undefined): Date | null {
  return value ? new Date(value) : null;
}

/** What the schema does not name is kept, as it was read: the schema's own copy lacks a key `__proto__`. */
function rest(value: unknown, schema: { shape: Record<string, unknown> }): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value as object).filter(([name]) => !Object.hasOwn(schema.shape, name)));
}

/** A line about two versions, not one. */
function isPreference(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && (Object.hasOwn(value, "versions") || Object.hasOwn(value, "prefer"))
  );
}

/** Which of the two versions is preferred, by its place in `versions`. */
function toPreference<T extends string>(
  row: { versions: [string, string]; prefer?: string | null; verdict?: T | null },
  value: unknown,
  at: At,
): "first" | "second" | "tie" | T {
  const { versions, prefer, verdict } = row;
  const [first, second] = versions;
  if (Object.hasOwn(value as object, "version"))
    throw refuse("A line names either one version or two versions.", { ...at, field: "version" });
  if (first === second)
    throw refuse(`versions names “${first}” twice; a preference is between two.`, { ...at, field: "versions" });
  if (versions.includes("tie"))
    throw refuse("A version called “tie” can't be told from a tie. Give it another key.", { ...at, field: "versions" });
  if ((prefer == null) === (verdict == null))
    throw refuse("A line has either prefer or a verdict.", { ...at, field: "prefer" });
  if (prefer == null) return verdict as T;
  if (prefer === "tie") return "tie";
  if (prefer === first) return "first";
  if (prefer === second) return "second";
  throw refuse(`prefer must be “${first}”, “${second}” or “tie”.`, { ...at, field: "prefer" });
}

type RowFile = "cases.jsonl" | "outputs.jsonl" | "verdicts.jsonl" | "reviews.jsonl";
const readers: Record<RowFile, (value: unknown, at: At, way?: Way) => SourceRow> = {
  "cases.jsonl": (value, at, way) => {
    const { row, others } = readCase(value, at, way);
    return {
      kind: "case",
      at,
      key: row.case,
      input: toContent(row.input),
      reference: row.reference == null ? null : toContent(row.reference).text,
      slice: row.slice || null,
      tags: row.tags ?? [],
      mustPass: row.mustPass ?? false,
      origin: row.origin ?? "human",
      generator: row.generator ?? null,
      metadata: others,
    };
  },
  "outputs.jsonl": (value, at, way) => {
    const { row, others } = readOutput(value, at, way);
    if ((row.output == null) === (row.error == null)) {
      throw refuse("A line has either an output or an error.", { ...at, field: "output" });
    }
    return {
      kind: "output",
      at,
      case: row.case,
      version: row.version,
      output: row.output == null ? null : toContent(row.output),
      error: row.error ?? null,
      latencyMs: row.latencyMs ?? null,
      inputTokens: row.inputTokens ?? null,
      outputTokens: row.outputTokens ?? null,
      costUsd: row.costUsd ?? null,
      model: row.model ?? null,
      answeredAt: toTime(row.at),
      metadata: others,
    };
  },
  "verdicts.jsonl": (value, at, way) => {
    if (isPreference(value)) {
      const { row, others } = readPreferenceVerdict(value, at, way);
      return {
        kind: "preferenceVerdict",
        at,
        case: row.case,
        versions: row.versions,
        judge: row.judge,
        prefer: toPreference(row, value, at),
        score: row.score ?? null,
        rationale: row.rationale ?? null,
        judgedAt: toTime(row.at),
        metadata: others,
      };
    }
    const { row, others } = readVerdict(value, at, way);
    if (row.verdict == null && row.score == null)
      throw refuse("A line has a verdict or a score.", { ...at, field: "verdict" });
    return {
      kind: "verdict",
      at,
      case: row.case,
      version: row.version,
      judge: row.judge,
      repeat: row.repeat ?? 0,
      verdict: row.verdict ?? null,
      score: row.score ?? null,
      rationale: row.rationale ?? null,
      judgedAt: toTime(row.at),
      metadata: others,
    };
  },
  "reviews.jsonl": (value, at, way) => {
    if (isPreference(value)) {
      const { row, others } = readPreferenceReview(value, at, way);
      return {
        kind: "preferenceReview",
        at,
        case: row.case,
        versions: row.versions,
        criterion: row.criterion,
        reviewer: row.reviewer,
        prefer: toPreference(row, value, at),
        note: row.note ?? null,
        tags: row.tags ?? [],
        gradedAt: toTime(row.at),
        metadata: others,
      };
    }
    const { row, others } = readReview(value, at, way);
    return {
      kind: "review",
      at,
      case: row.case,
      version: row.version,
      criterion: row.criterion,
      reviewer: row.reviewer,
      verdict: row.verdict,
      score: row.score ?? null,
      note: row.note ?? null,
      tags: row.tags ?? [],
      gradedAt: toTime(row.at),
      metadata: others,
    };
  },
};

/** A parsed line of one of a bundle's files as a row. */
export function readLine(file: RowFile, value: unknown, at: At, way?: Way): SourceRow {
  return readers[file](value, at, way);
}

async function readHead(folder: string) {
  const at = { file: "bundle.json", line: 1 };
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream(path.join(folder, "bundle.json")) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limits.lineBytes) throw refuse("bundle.json is larger than 50 MB.", at);
    pieces.push(chunk);
  }
  const text = decodeUtf8(Buffer.concat(pieces), at).replace(/^\ufeff/, "");
  return parse(headSchema, parseStrict(text, at), at);
}

/** Reads an unpacked bundle: head, cases, outputs, verdicts, reviews, in this order. */
export async function* readBundle(
  folder: string,
  files: readonly string[],
  name: (target: Target) => void,
  read: (bytes: number) => void,
): AsyncGenerator<SourceRow[]> {
  const at = { file: "bundle.json", line: 1 };
  if (!files.includes("bundle.json"))
    throw refuse("A bundle has a file bundle.json; there is none here.", { file: "bundle.json" });
  if (!files.includes("cases.jsonl"))
    throw refuse("A bundle has a file cases.jsonl; there is none here.", { file: "cases.jsonl" });
  const head = await readHead(folder);
  name({ prompt: head.prompt, dataset: head.dataset });
  yield [
    ...head.criteria.map(
      (row): SourceRow => ({
        kind: "criterion",
        at,
        key: row.key,
        name: row.name ?? row.key,
        rubric: row.rubric ?? "",
        asks: row.kind ?? "pass_fail",
      }),
    ),
    ...head.judges.map(
      (row): SourceRow => ({
        kind: "judge",
        at,
        key: row.key,
        criterion: row.criterion,
        model: row.model ?? "",
        prompt: row.prompt ?? null,
        threshold: row.threshold ?? null,
      }),
    ),
    ...head.versions.map(
      (row): SourceRow => ({
        kind: "version",
        at,
        key: row.key,
        content: row.content ?? null,
        model: row.model ?? null,
        author: row.author ?? null,
        message: row.message ?? null,
        parent: row.parent ?? null,
        createdAt: toTime(row.createdAt),
        labels: row.labels ?? [],
        metadata: rest(row, headSchema.shape.versions.unwrap().element),
      }),
    ),
  ];
  for (const file of Object.keys(readers) as RowFile[]) {
    if (!files.includes(file)) continue;
    const toRow = readers[file];
    for await (const lines of linesOf(path.join(folder, file), file, read)) {
      yield lines.map((line) => toRow(parseStrict(line.text, line.at), line.at));
    }
  }
}

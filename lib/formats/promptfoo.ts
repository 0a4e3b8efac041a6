import { z } from "zod";
import { canonicalJson, type JsonValue, sha256Hex } from "../digest";
import { Fault } from "../errors";
import { jsonElements } from "./json-elements";
import { linesOf } from "./lines";
import { type At, anyObject, type Content, limits, refuse, type SourceRow, type VerdictRow } from "./rows";
import { plain } from "./shape";
import { parseStrict } from "./strict-json";

/**
 * promptfoo results: the JSON of `promptfoo eval -o results.json` (version 3) and its JSONL form. Rows come in the order
 * in which they were completed; `promptIdx` counts prompt × provider; `error` also holds the reason of a failed
 * assertion, so `failureReason` decides (0 none, 1 assertion, 2 error).
 */

const text = z.string().nullish();
const provider = z.union([z.string(), z.looseObject({ id: text, label: text })]).nullish();
const promptSchema = z.looseObject({ id: text, raw: text, label: text, provider });
const componentSchema = z.looseObject({
  pass: z.boolean().nullish(),
  score: z.number().nullish(),
  reason: text,
  assertion: z.looseObject({ type: text, metric: text }).nullish(),
});
export const resultSchema = z.looseObject({
  promptIdx: z.int().min(0),
  testIdx: z.int().min(0),
  promptId: text,
  prompt: z.looseObject({ raw: text, label: text }).nullish(),
  provider,
  vars: anyObject.nullish(),
  response: z.union([z.string(), z.looseObject({ output: z.unknown().optional(), error: text })]).nullish(),
  success: z.boolean(),
  score: z.number().nullish(),
  error: text,
  failureReason: z.int().nullish(),
  latencyMs: z.number().nullish(),
  cost: z.number().nullish(),
  tokenUsage: z.looseObject({ prompt: z.number().nullish(), completion: z.number().nullish() }).nullish(),
  gradingResult: z
    .looseObject({ reason: text, componentResults: z.array(componentSchema.nullable()).nullish() })
    .nullish(),
  testCase: z.looseObject({ description: text, metadata: anyObject.nullish() }).nullish(),
  metadata: anyObject.nullish(),
});
type Result = z.infer<typeof resultSchema>;
/** Recognizes a result in which all is right, in a fraction of the time; the schema says what is wrong with another. */
export const isResult = plain.withMembers({
  promptIdx: plain.whole,
  testIdx: plain.whole,
  promptId: plain.maybeText,
  prompt: plain.maybeWith({ raw: plain.maybeText, label: plain.maybeText }),
  provider: plain.textOr(plain.maybeWith({ id: plain.maybeText, label: plain.maybeText })),
  vars: plain.maybeObject,
  response: plain.textOr(plain.maybeWith({ error: plain.maybeText })),
  success: plain.boolean,
  score: plain.maybeNumber,
  error: plain.maybeText,
  failureReason: plain.maybeInt,
  latencyMs: plain.maybeNumber,
  cost: plain.maybeNumber,
  tokenUsage: plain.maybeWith({ prompt: plain.maybeNumber, completion: plain.maybeNumber }),
  gradingResult: plain.maybeWith({
    reason: plain.maybeText,
    componentResults: plain.maybeListOf(
      plain.nullOr(
        plain.withMembers({
          pass: plain.maybeBoolean,
          score: plain.maybeNumber,
          reason: plain.maybeText,
          assertion: plain.maybeWith({ type: plain.maybeText, metric: plain.maybeText }),
        }),
      ),
    ),
  }),
  testCase: plain.maybeWith({ description: plain.maybeText, metadata: plain.maybeObject }),
  metadata: plain.maybeObject,
});
type Prompt = z.infer<typeof promptSchema>;

const overall = "overall";
const providerFailed = 2;

function providerName(given: Result["provider"]): string | null {
  if (given == null) return null;
  return typeof given === "string" ? given : (given.label ?? given.id ?? null);
}

function slug(name: string): string {
  return name.trim().slice(0, limits.keyLength) || "assertion";
}

/** A prompt's text is either plain or a JSON array of chat messages. */
function messagesOf(raw: string): unknown[] {
  if (raw.trimStart().startsWith("[")) {
    try {
      const value: unknown = JSON.parse(raw);
      const messages = z.array(z.looseObject({ role: z.string() })).safeParse(value);
      if (messages.success) return messages.data;
    } catch {
      // plain text that begins with a bracket
    }
  }
  return [{ role: "user", content: raw }];
}

/** Turns promptfoo's rows into ours. Remembers keys only, never rows. */
class Translator {
  private readonly versions = new Map<number, string>();
  private readonly cases = new Map<number, string>();
  private readonly byContent = new Map<string, number>();
  private readonly criteria = new Set<string>();
  private readonly judges = new Set<string>();

  version(index: number, prompt: Prompt, at: At, sharedLabels: ReadonlySet<string>, known: boolean): SourceRow[] {
    const model = providerName(prompt.provider);
    const label = (prompt.label ?? `prompt-${index + 1}`).slice(0, limits.keyLength - 100);
    let key = sharedLabels.has(label) && model ? `${label}@${model}` : label;
    for (let n = 2; [...this.versions.values()].includes(key); n++) key = `${label}-${n}`;
    this.versions.set(index, key);
    const content = known && prompt.raw ? { messages: messagesOf(prompt.raw), ...(model ? { model } : {}) } : null;
    return [
      {
        kind: "version",
        at,
        key,
        content,
        model,
        author: null,
        message: null,
        parent: null,
        createdAt: null,
        labels: [],
        metadata: prompt.id ? { promptfooId: prompt.id } : {},
      },
    ];
  }

  hasVersion(index: number): boolean {
    return this.versions.has(index);
  }

  private caseRow(result: Result, at: At): SourceRow | null {
    if (this.cases.has(result.testIdx)) return null;
    const vars = (result.vars ?? {}) as Record<string, JsonValue>;
    const description = result.testCase?.description ?? null;
    const varsText = canonicalJson(vars);
    // The canonical form of both, of which one is there already.
    const base = sha256Hex(`{"description":${canonicalJson(description)},"vars":${varsText}}`).slice(0, 12);
    const seen = (this.byContent.get(base) ?? 0) + 1;
    this.byContent.set(base, seen);
    const key = seen === 1 ? base : `${base}-${seen}`;
    this.cases.set(result.testIdx, key);
    const metadata = { ...result.testCase?.metadata, ...result.metadata };
    delete metadata._promptfooFileMetadata;
    const { slice, mustPass, ...others } = metadata;
    const values = Object.values(vars);
    const only = values.length === 1 ? values[0] : undefined;
    return {
      kind: "case",
      at,
      key,
      input: typeof only === "string" ? { text: only, isJson: false } : { text: varsText, isJson: true },
      reference: null,
      slice: typeof slice === "string" && slice !== "" ? slice.slice(0, limits.keyLength) : null,
      tags: [],
      mustPass: mustPass === true,
      origin: "human",
      generator: null,
      metadata: { ...others, ...(description === null ? {} : { description }), testIdx: result.testIdx },
    };
  }

  private judgeRows(type: string, criterion: string, at: At): SourceRow[] {
    const rows: SourceRow[] = [];
    if (!this.criteria.has(criterion)) {
      this.criteria.add(criterion);
      const name = criterion === overall ? "Meets every assertion of its test" : criterion;
      rows.push({ kind: "criterion", at, key: criterion, name, rubric: "", asks: "pass_fail" });
    }
    const key = type === "promptfoo" ? type : `${type}:${criterion}`;
    if (!this.judges.has(key)) {
      this.judges.add(key);
      rows.push({ kind: "judge", at, key, criterion, model: type, prompt: null, threshold: null });
    }
    return rows;
  }

  result(result: Result, at: At): SourceRow[] {
    const version = this.versions.get(result.promptIdx);
    if (version === undefined) {
      throw refuse(`promptIdx ${result.promptIdx} is not in the list of prompts.`, { ...at, field: "promptIdx" });
    }
    const rows: SourceRow[] = [];
    const caseRow = this.caseRow(result, at);
    if (caseRow) rows.push(caseRow);
    const key = this.cases.get(result.testIdx)!;
    const failed = result.failureReason === providerFailed;
    const response = result.response;
    const given = typeof response === "string" ? response : response?.output;
    const output: Content | null =
      given === undefined || given === null
        ? null
        : typeof given === "string"
          ? { text: given, isJson: false }
          : { text: canonicalJson(given as JsonValue), isJson: true };
    const problem =
      (typeof response === "object" ? response?.error : null) ?? result.error ?? "The run gave no output.";
    rows.push({
      kind: "output",
      at,
      case: key,
      version,
      output: failed ? null : output,
      error: failed || output === null ? problem : null,
      latencyMs: result.latencyMs ?? null,
      inputTokens: wholeOrNull(result.tokenUsage?.prompt),
      outputTokens: wholeOrNull(result.tokenUsage?.completion),
      costUsd: result.cost ?? null,
      model: providerName(result.provider),
      answeredAt: null,
      metadata: {},
    });
    const verdict = (
      judge: string,
      value: VerdictRow["verdict"],
      score: number | null,
      rationale: string | null,
    ): SourceRow => ({
      kind: "verdict",
      at,
      case: key,
      version,
      judge,
      repeat: 0,
      verdict: value,
      score,
      rationale,
      judgedAt: null,
      metadata: {},
    });
    rows.push(...this.judgeRows("promptfoo", overall, at));
    const reason = failed ? problem : (result.gradingResult?.reason ?? null);
    rows.push(verdict("promptfoo", failed ? "error" : result.success ? "pass" : "fail", result.score ?? null, reason));
    for (const [judge, component] of this.components(result, failed)) {
      rows.push(...this.judgeRows(component.type, component.criterion, at));
      rows.push(
        verdict(judge, component.pass ? "pass" : "fail", component.score, component.reasons.join("\n") || null),
      );
    }
    return rows;
  }

  /** Components of one criterion and type count together: all must pass, the lowest score stands. */
  private components(result: Result, failed: boolean) {
    const found = new Map<
      string,
      { type: string; criterion: string; pass: boolean; score: number | null; reasons: string[] }
    >();
    if (failed) return found;
    for (const component of result.gradingResult?.componentResults ?? []) {
      if (!component?.assertion || typeof component.pass !== "boolean") continue;
      const type = slug(component.assertion.type ?? "assertion");
      const named = slug(component.assertion.metric ?? type);
      const criterion = named === overall ? "overall (metric)" : named;
      const judge = `${type}:${criterion}`;
      const before = found.get(judge);
      const score = component.score ?? null;
      if (!before) {
        found.set(judge, {
          type,
          criterion,
          pass: component.pass,
          score,
          reasons: component.reason ? [component.reason] : [],
        });
        continue;
      }
      before.pass &&= component.pass;
      if (score !== null) before.score = before.score === null ? score : Math.min(before.score, score);
      if (component.reason) before.reasons.push(component.reason);
    }
    return found;
  }
}

function wholeOrNull(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
}

function parseResult(value: unknown, at: At): Result {
  if (isResult(value)) return value as Result;
  const result = resultSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || undefined;
  throw refuse(
    `${field ?? "The record"}: ${issue?.message ?? "not valid"}. This does not look like a promptfoo result.`,
    { ...at, field },
  );
}

const resultsPath = "results.results.*";
const promptsPath = "results.prompts.*";

async function readPrompts(path: string, file: string, until?: string): Promise<{ prompt: Prompt; at: At }[]> {
  const prompts: { prompt: Prompt; at: At }[] = [];
  for await (const elements of jsonElements(path, file, promptsPath, undefined, until)) {
    for (const { text: raw, at } of elements) {
      const parsed = promptSchema.safeParse(parseStrict(raw, at));
      if (!parsed.success) {
        throw refuse("A prompt of the list is not as promptfoo writes it.", { ...at, field: "results.prompts" });
      }
      prompts.push({ prompt: parsed.data, at });
    }
  }
  return prompts;
}

/** Reads the JSON form. The list of prompts is read first, wherever it stands in the file. */
export async function* readPromptfooJson(
  path: string,
  file: string,
  read: (bytes: number) => void,
): AsyncGenerator<SourceRow[]> {
  // They come first as a rule: then the results are read once only.
  let prompts = await readPrompts(path, file, resultsPath);
  if (prompts.length === 0) prompts = await readPrompts(path, file);
  if (prompts.length === 0) {
    throw refuse("There is no list results.prompts. Export with promptfoo 0.90 or later (results version 3).", {
      file,
      line: 1,
      field: "results.prompts",
    });
  }
  const translator = new Translator();
  const labels = prompts.map(({ prompt }) => prompt.label ?? "");
  const shared = new Set(labels.filter((label, i) => labels.indexOf(label) !== i));
  yield prompts.flatMap(({ prompt, at }, index) => translator.version(index, prompt, at, shared, true));
  let record = 0;
  for await (const elements of jsonElements(path, file, resultsPath, read)) {
    const rows: SourceRow[] = [];
    for (const { text: raw, at } of elements) {
      record++;
      try {
        rows.push(...translator.result(parseResult(parseStrict(raw, at), at), at));
      } catch (error) {
        // The whole document may stand on one line.
        if (!(error instanceof Fault)) throw error;
        throw new Fault(error.code, `Record ${record}: ${error.message}`, error.place);
      }
    }
    if (rows.length > 0) yield rows;
  }
  if (record === 0) throw refuse("There are no results in the file.", { file, line: 1, field: "results.results" });
}

/** Reads the JSONL form: one result a line. It holds no prompt templates, so the versions' text is unknown. */
export async function* readPromptfooJsonl(
  path: string,
  file: string,
  read: (bytes: number) => void,
): AsyncGenerator<SourceRow[]> {
  const translator = new Translator();
  for await (const lines of linesOf(path, file, read)) {
    const rows: SourceRow[] = [];
    for (const line of lines) {
      const result = parseResult(parseStrict(line.text, line.at), line.at);
      if (!translator.hasVersion(result.promptIdx)) {
        const prompt: Prompt = {
          id: result.promptId,
          label: result.prompt?.label,
          provider: result.provider,
          raw: null,
        };
        rows.push(...translator.version(result.promptIdx, prompt, line.at, new Set(), false));
      }
      rows.push(...translator.result(result, line.at));
    }
    yield rows;
  }
}

import { diffArrays } from "diff";
import { diffText, type TextDiff } from "./words";

/** Comparison of whole prompt versions: messages role by role, parameters key by key, tools by name. No React here. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
export type Message = { readonly role: string; readonly content?: Json; readonly [key: string]: Json | undefined };
export type Content = {
  readonly messages?: readonly Message[];
  readonly parameters?: Json;
  readonly tools?: Json;
  readonly model?: Json;
};

/** Stored content of any form: fields that are not of the expected form are compared as parameters of their name. */
export function readContent(value: Json): Content {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { parameters: { content: value } };
  const { messages, parameters, tools, model, ...rest } = value as { [key: string]: Json | undefined };
  const isMessages = Array.isArray(messages) && messages.every(isMessage);
  const others = { ...rest, ...(isMessages || messages === undefined ? {} : { messages }) };
  return {
    messages: isMessages ? (messages as unknown as Message[]) : [],
    parameters: Object.keys(others).length === 0 ? parameters : { ...asObject(parameters), content: others },
    tools,
    model,
  };
}

function isMessage(value: Json): boolean {
  return (
    value !== null &&
    typeof value === "object" &&
    !Array.isArray(value) &&
    "role" in value &&
    typeof value.role === "string"
  );
}

function asObject(value: Json | undefined): { readonly [key: string]: Json | undefined } {
  if (value === undefined || value === null) return {};
  return typeof value === "object" && !Array.isArray(value)
    ? (value as { [key: string]: Json | undefined })
    : { parameters: value };
}

export type Change = "same" | "changed" | "added" | "removed";
export type TextPart = { name: string; change: Change; diff: TextDiff };
export type ParameterPart = { name: string; change: Change; before: string | null; after: string | null };
export type ContentDiff = {
  messages: TextPart[];
  parameters: ParameterPart[];
  tools: TextPart[];
  /** Hunks of text, and parameters that differ. */
  changes: number;
  added: number;
  removed: number;
  exact: boolean;
};

/** `timeoutMs`: milliseconds for all texts together. */
export function diffContent(before: Content, after: Content, { timeoutMs = 500 } = {}): ContentDiff {
  const deadline = Date.now() + timeoutMs;
  const compare = (name: string, a: string | null, b: string | null): TextPart => ({
    name,
    change: changeOf(a, b),
    diff: diffText(a ?? "", b ?? "", { timeoutMs: Math.max(0, deadline - Date.now()) }),
  });
  const messages = alignMessages(before.messages ?? [], after.messages ?? []).map(([a, b]) =>
    compare((b ?? a)?.role ?? "", a && messageText(a), b && messageText(b)),
  );
  const tools = byName(toolsOf(before.tools), toolsOf(after.tools)).map(([name, a, b]) => compare(name, a, b));
  const parameters = byName(parametersOf(before), parametersOf(after)).map(
    ([name, a, b]): ParameterPart => ({
      name,
      change: changeOf(a, b),
      before: a,
      after: b,
    }),
  );
  const parts = [...messages, ...tools];
  const texts = parts.map(({ diff }) => diff);
  const sum = (of: (diff: TextDiff) => number) => texts.reduce((total, diff) => total + of(diff), 0);
  return {
    messages,
    parameters,
    tools,
    changes:
      parts.reduce((total, part) => total + hunksOf(part), 0) +
      parameters.filter(({ change }) => change !== "same").length,
    added: sum(({ added }) => added),
    removed: sum(({ removed }) => removed),
    exact: texts.every(({ exact }) => exact),
  };
}

/** An empty message that came or went is a change without text. */
export function hunksOf({ change, diff }: TextPart): number {
  return Math.max(diff.hunks, change === "same" ? 0 : 1);
}

function changeOf(before: string | null, after: string | null): Change {
  if (before === null) return "added";
  if (after === null) return "removed";
  return before === after ? "same" : "changed";
}

/** The text of a message; what is not plain text is shown as JSON, so that nothing of it is left out. */
export function messageText({ role: _role, content, ...rest }: Message): string {
  const text = content === undefined ? "" : typeof content === "string" ? content : pretty(content);
  return Object.keys(rest).length === 0 ? text : `${text}${text && "\n"}${pretty(rest)}`;
}

/** Indented, unless it is nested so deeply that the indentation would outgrow the text. */
function pretty(value: Json): string {
  const text = JSON.stringify(value);
  return depthOf(text) > 40 ? text : JSON.stringify(value, null, 2);
}

function depthOf(json: string): number {
  let [depth, deepest, inText] = [0, 0, false];
  for (let at = 0; at < json.length; at++) {
    const character = json[at]!;
    if (character === '"') inText = !inText;
    else if (inText && character === "\\") at++;
    else if (!inText && "[{".includes(character)) deepest = Math.max(deepest, ++depth);
    else if (!inText && "]}".includes(character)) depth--;
  }
  return deepest;
}

type Pair = [before: Message | null, after: Message | null];

/** Equal messages are each other's counterpart; between them, messages of the same role in order. */
function alignMessages(before: readonly Message[], after: readonly Message[]): Pair[] {
  return align(
    before,
    after,
    (a, b) => a.role === b.role && messageText(a) === messageText(b),
    (a, b) => align(a, b, (x, y) => x.role === y.role, apart),
  );
}

const apart = (before: Message[], after: Message[]): Pair[] => [
  ...before.map((message): Pair => [message, null]),
  ...after.map((message): Pair => [null, message]),
];

function align(
  before: readonly Message[],
  after: readonly Message[],
  equal: (a: Message, b: Message) => boolean,
  between: (before: Message[], after: Message[]) => Pair[],
): Pair[] {
  const pairs: Pair[] = [];
  const [left, right] = [[...before], [...after]];
  let gap: { before: Message[]; after: Message[] } = { before: [], after: [] };
  const close = () => {
    pairs.push(...between(gap.before, gap.after));
    gap = { before: [], after: [] };
  };
  for (const change of diffArrays(left, right, { comparator: equal })) {
    if (change.removed) gap.before.push(...left.splice(0, change.count));
    else if (change.added) gap.after.push(...right.splice(0, change.count));
    else {
      close();
      const same = right.splice(0, change.count);
      left.splice(0, change.count).forEach((message, index) => {
        pairs.push([message, same[index] ?? null]);
      });
    }
  }
  close();
  return pairs;
}

type Named = [name: string, text: string][];

/** Entries of both sides by name: first as before, then what is new. */
function byName(before: Named, after: Named): [name: string, before: string | null, after: string | null][] {
  const [left, right] = [new Map(before), new Map(after)];
  return [...new Set([...left.keys(), ...right.keys()])].map((name) => [
    name,
    left.get(name) ?? null,
    right.get(name) ?? null,
  ]);
}

/** Model and parameters as dotted names: {response_format: {type: "json"}} → response_format.type. */
function parametersOf({ model, parameters }: Content): Named {
  const found: Named = model === undefined || model === null ? [] : [["model", oneLine(model)]];
  const walk = (prefix: string, value: Json | undefined) => {
    if (value === undefined) return;
    if (value === null || typeof value !== "object" || Array.isArray(value) || Object.keys(value).length === 0) {
      found.push([prefix, oneLine(value)]);
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      const name = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
      walk(prefix === "" ? name : `${prefix}.${name}`, inner);
    }
  };
  if (parameters !== undefined && !isEmpty(parameters)) walk("", parameters);
  return found;
}

function isEmpty(value: Json): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

/** As JSON, so that the text "0" is not taken for the number 0. */
function oneLine(value: Json): string {
  return JSON.stringify(value);
}

/** Tools as text by their name; a second tool of one name gets a number. */
function toolsOf(tools: Json | undefined): Named {
  if (tools === undefined || tools === null) return [];
  const list = Array.isArray(tools) ? (tools as readonly Json[]) : [tools as Json];
  const seen = new Map<string, number>();
  return list.map((tool, index) => {
    const name = toolName(tool) ?? `tool ${index + 1}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return [count === 1 ? name : `${name} (${count})`, pretty(tool)];
  });
}

function toolName(tool: Json): string | null {
  if (tool === null || typeof tool !== "object" || Array.isArray(tool)) return null;
  const { name, function: inner } = tool as { name?: Json; function?: Json };
  return typeof name === "string" ? name : inner === undefined ? null : toolName(inner);
}

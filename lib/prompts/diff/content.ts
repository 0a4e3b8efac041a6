import { diffArrays } from "diff";
import { type Hunk, nameHunks } from "./hunks";
import { takeOutMoves } from "./moves";
import { type Block, blocksOf, countChanges, rowsOf, type Section, someWork } from "./words";

/** Comparison of whole prompt versions: messages role by role, parameters key by key, tools by name. */

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
export type TextPart = {
  name: string;
  change: Change;
  sections: Section[];
  /** False when some changed blocks are shown whole instead of word by word. */
  exact: boolean;
};
export type ParameterPart = {
  name: string;
  change: Change;
  before: string | null;
  after: string | null;
  /** Its hunk, where it differs. */
  number: number | null;
};
export type ContentDiff = {
  messages: TextPart[];
  parameters: ParameterPart[];
  tools: TextPart[];
  /** Everything that changed, by number. */
  hunks: Hunk[];
  /** Words that came and went. What moved did neither. */
  added: number;
  removed: number;
  exact: boolean;
};

type Compared = { name: string; before: string | null; after: string | null };

/**
 * Same contents, same hunks: how far it looks is counted in steps, not in time. Text that moved within the messages, or
 * from one to another, is one hunk with two places.
 */
export function diffContent(before: Content, after: Content): ContentDiff {
  const limits = { work: someWork, deadline: Number.POSITIVE_INFINITY };
  const messages = alignMessages(before.messages ?? [], after.messages ?? []).map(
    ([a, b]): Compared => ({ name: (b ?? a)?.role ?? "", before: a && messageText(a), after: b && messageText(b) }),
  );
  const tools = byName(toolsOf(before.tools), toolsOf(after.tools));
  const blocks = (compared: Compared[]): Block[][][] =>
    compared.map(({ before: a, after: b }) => blocksOf(a ?? "", b ?? "", limits));
  const moved = takeOutMoves(blocks(messages));
  const rows = [...moved.texts, ...blocks(tools)].map((text) => rowsOf(text, limits));
  const parameters = byName(parametersOf(before), parametersOf(after));
  const inMessages = messages.length;
  const named = nameHunks(
    messages.map((part, at) => ({ ...part, rows: rows[at]!.rows })),
    parameters,
    tools.map((part, at) => ({ ...part, rows: rows[inMessages + at]!.rows })),
  );
  const part = ({ name, before: a, after: b }: Compared, sections: Section[], exact: boolean): TextPart => ({
    name,
    change: changeOf(a, b),
    sections,
    exact,
  });
  return {
    messages: messages.map((text, at) => part(text, named.messages[at]!, rows[at]!.exact)),
    parameters: parameters.map((parameter, at) => ({
      ...parameter,
      change: changeOf(parameter.before, parameter.after),
      number: named.parameters[at]!,
    })),
    tools: tools.map((text, at) => part(text, named.tools[at]!, rows[inMessages + at]!.exact)),
    hunks: named.hunks,
    ...countChanges(rows.flatMap((text) => text.rows)),
    exact: rows.every(({ exact }) => exact),
  };
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
function byName(before: Named, after: Named): Compared[] {
  const [left, right] = [new Map(before), new Map(after)];
  return [...new Set([...left.keys(), ...right.keys()])].map((name) => ({
    name,
    before: left.get(name) ?? null,
    after: right.get(name) ?? null,
  }));
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

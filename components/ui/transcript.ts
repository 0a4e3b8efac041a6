/**
 * Conversations and calls of tools, as the usual interfaces write them: OpenAI (messages, tool_calls, the Responses
 * interface's items), Anthropic (blocks) and Gemini (parts). Whatever is not known stays data. No React here.
 */

export type Part =
  | { kind: "text"; text: string }
  /** What a model wrote before its answer. */
  | { kind: "thinking"; text: string }
  | { kind: "call"; name: string; id: string | null; input: unknown }
  | { kind: "result"; id: string | null; name: string | null; failed: boolean; output: unknown }
  /** A picture, sound or file that the message brought; never fetched. */
  | { kind: "media"; type: string; source: string }
  | { kind: "data"; value: unknown };

export type Turn = { role: string; parts: Part[] };

type Fields = Record<string, unknown>;
const most = 500;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The turns of a conversation; null where the value is none. */
export function turnsOf(value: unknown): Turn[] | null {
  const list = listOf(value);
  if (!list || list.length === 0 || list.length > most) return null;
  const turns: Turn[] = [];
  for (const item of list) {
    const turn = turnOf(item);
    if (!turn) return null;
    turns.push(turn);
  }
  return turns;
}

/** The list of messages within what an interface takes or answers. */
function listOf(value: unknown): unknown[] | null {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return null;
  for (const name of ["messages", "contents", "output"] as const) {
    const inner = value[name];
    if (Array.isArray(inner) && inner.length > 0 && only(value, name)) return inner;
  }
  if (Array.isArray(value.choices) && value.choices.length > 0) {
    return value.choices.map((choice: unknown) => (isObject(choice) ? choice.message : undefined));
  }
  return typeof value.role === "string" || isCall(value) ? [value] : null;
}

/** Beside the messages stands only what says how they came about, which a reader of the answer does not miss. */
const besides = new Set(["id", "object", "model", "created", "created_at", "usage", "status", "type", "stop_reason"]);
function only(value: Fields, name: string): boolean {
  return Object.keys(value).every((key) => key === name || besides.has(key));
}

const isCall = (value: Fields) => value.type === "function_call" || value.type === "function_call_output";

function turnOf(value: unknown): Turn | null {
  if (!isObject(value)) return null;
  if (value.type === "function_call") return { role: "assistant", parts: [callOf(value)] };
  if (value.type === "function_call_output") {
    const { call_id: id, output } = value;
    return {
      role: "tool",
      parts: [{ kind: "result", id: text(id), name: null, failed: false, output: parsed(output) }],
    };
  }
  if (typeof value.role !== "string") return null;
  const { role, content, parts: given, tool_calls: calls, function_call: call, ...rest } = value;
  const parts: Part[] = [];
  if (role === "tool" || role === "function") {
    const { tool_call_id: id, name, ...left } = rest;
    parts.push({ kind: "result", id: text(id), name: text(name), failed: false, output: parsed(flat(content)) });
    return { role, parts: [...parts, ...more(left)] };
  }
  if (typeof content === "string") parts.push({ kind: "text", text: content });
  else if (Array.isArray(content)) parts.push(...content.slice(0, most).map(partOf));
  else if (content !== null && content !== undefined) parts.push({ kind: "data", value: content });
  if (Array.isArray(given)) parts.push(...given.slice(0, most).map(partOf));
  else if (given !== undefined) parts.push({ kind: "data", value: { parts: given } });
  if (Array.isArray(calls)) {
    parts.push(
      ...calls.slice(0, most).map((one: unknown): Part => (isObject(one) ? callOf(one) : { kind: "data", value: one })),
    );
  } else if (calls !== undefined && calls !== null) parts.push({ kind: "data", value: { tool_calls: calls } });
  if (isObject(call)) parts.push(callOf(call));
  const { id: _id, type: _type, model: _model, usage: _usage, stop_reason: _stop, status: _status, ...left } = rest;
  return { role, parts: [...parts, ...more(left)] };
}

/** What else a message holds is shown too, unless it is empty. */
function more(rest: Fields): Part[] {
  const left = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== undefined));
  return Object.keys(left).length > 0 ? [{ kind: "data", value: left }] : [];
}

function partOf(value: unknown): Part {
  if (typeof value === "string") return { kind: "text", text: value };
  if (!isObject(value)) return { kind: "data", value };
  const { type } = value;
  if ((type === "text" || type === "input_text" || type === "output_text") && typeof value.text === "string") {
    return { kind: "text", text: value.text };
  }
  if (type === "thinking" && typeof value.thinking === "string") return { kind: "thinking", text: value.thinking };
  if (type === "reasoning" && typeof value.text === "string") return { kind: "thinking", text: value.text };
  if (type === "refusal" && typeof value.refusal === "string") return { kind: "text", text: value.refusal };
  if (type === "tool_use" || type === "server_tool_use") return callOf(value);
  if (type === "tool_result") {
    const { tool_use_id: id, is_error: failed, content } = value;
    return { kind: "result", id: text(id), name: null, failed: failed === true, output: parsed(flat(content)) };
  }
  const media = mediaOf(value);
  if (media) return media;
  if (type === undefined && typeof value.text === "string" && Object.keys(value).length === 1) {
    return { kind: "text", text: value.text };
  }
  if (isObject(value.functionCall)) return callOf(value.functionCall);
  if (isObject(value.functionResponse)) {
    const { name, response } = value.functionResponse;
    return { kind: "result", id: null, name: text(name), failed: false, output: response };
  }
  return { kind: "data", value };
}

function callOf(value: Fields): Part {
  const inner = isObject(value.function) ? value.function : value;
  const name = text(inner.name) ?? "no name";
  const input = inner.arguments ?? inner.input ?? inner.args;
  return { kind: "call", name, id: text(value.id) ?? text(value.call_id), input: parsed(input) };
}

function mediaOf(value: Fields): Part | null {
  const { type, image_url: image, source } = value;
  if (type === "image_url" || type === "input_image") {
    const url = isObject(image) ? image.url : image;
    return { kind: "media", type: "image", source: text(url) ?? "no address" };
  }
  if ((type === "image" || type === "document") && isObject(source)) {
    const where =
      text(source.url) ??
      `${text(source.media_type) ?? "unknown type"}, ${(text(source.data) ?? "").length} characters`;
    return { kind: "media", type, source: where };
  }
  if (type === "input_audio") return { kind: "media", type: "sound", source: "in the message" };
  return null;
}

/** Blocks that are all text are one text. */
function flat(content: unknown): unknown {
  if (!Array.isArray(content) || content.length === 0 || content.length > most) return content;
  const parts = content.map(partOf);
  return parts.every((part) => part.kind === "text") ? parts.map((part) => part.text).join("\n") : content;
}

/** JSON in a string, as arguments and answers of tools are written. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string" || value.length > 1_000_000 || !/^\s{0,50}[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

import type { Fault } from "../errors";
import { type At, limits, refuse } from "./rows";

const quote = 34;
const backslash = 92;
const colon = 58;

/**
 * JSON as it may be stored: JSON.parse, and beyond it no duplicate keys (JSON.parse keeps the last silently), no number
 * that overflows, no NUL and no lone surrogate in a string (PostgreSQL text holds neither), no deep nesting. `__proto__` is
 * an ordinary key: JSON.parse makes it an own property.
 */
export function parseStrict(text: string, at: At): unknown {
  return parsePlain(text) ?? parseSlowly(text, at);
}

/**
 * One JSON.parse and a scan for quotes, for the many lines that have nothing wrong with them; undefined for those that may.
 * No key stands twice when the text has as many keys as the value. A character that can't be stored comes only by `\u`.
 */
export function parsePlain(text: string): unknown {
  // The search for a text is many times as fast as the one for a pattern, and mostly finds nothing.
  if ((text.includes("\\u") && forbidden.test(text)) || mayBeDeep(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return keysIn(text) === keysOf(value) ? value : undefined;
}

const forbidden = /\\u(?:0000|[dD][89a-fA-F])/;

/** True for a text that has more opening brackets, in strings or not, than it may be deep. */
function mayBeDeep(text: string): boolean {
  if (text.length <= limits.depth) return false;
  let left = limits.depth;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) if (left-- === 0) return true;
  }
  return false;
}

/** How many keys stand in JSON that is known to be well formed. */
function keysIn(text: string): number {
  let keys = 0;
  for (let from = text.indexOf('"'); from !== -1; ) {
    const end = stringEnd(text, from);
    let after = end + 1;
    while (text.charCodeAt(after) <= 32) after++;
    if (text.charCodeAt(after) === colon) keys++;
    from = text.indexOf('"', after);
  }
  return keys;
}

/** How many keys a parsed value has; NaN, which equals nothing, when a number overflowed. */
function keysOf(value: unknown): number {
  if (typeof value === "number") return Number.isFinite(value) ? 0 : Number.NaN;
  if (typeof value !== "object" || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const member of value) keys += keysOf(member);
    return keys;
  }
  for (const key in value) {
    keys++;
    const member = (value as Record<string, unknown>)[key];
    if (typeof member !== "string") keys += keysOf(member);
  }
  return keys;
}

/** As parseStrict, by a walk through the text that knows where it is. */
export function parseSlowly(text: string, at: At): unknown {
  const depth = nesting(text);
  if (depth > limits.depth) throw refuse(`The JSON is nested more than ${limits.depth} deep.`, at);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(text, error, at);
  }
  check(text, at);
  return value;
}

const position = / (?:in JSON )?at position (\d+).*$/s;

function broken(text: string, error: unknown, at: At): Fault {
  const message = error instanceof Error ? error.message : String(error);
  const found = position.exec(message);
  const where = found ? Number(found[1]) : endOfValid(text, message);
  const reason = message.replace(position, "").replace(/, (?:\.\.\.)?".*" ?is not valid JSON$/s, "");
  return refuse(`This is not valid JSON: ${reason.slice(0, 160)}.`, { ...at, line: lineAt(text, where, at) });
}

/** JSON.parse does not say where an unexpected token stands: it is found by asking for ever shorter texts. */
function endOfValid(text: string, message: string): number {
  if (!message.startsWith("Unexpected token") || !text.includes("\n")) return text.length;
  let [from, to] = [0, text.length];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (hasUnexpectedToken(text.slice(0, middle))) to = middle;
    else from = middle;
  }
  return from;
}

function hasUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith("Unexpected token");
  }
}

function lineAt(text: string, index: number, at: At): number {
  let { line } = at;
  for (let i = text.indexOf("\n"); i !== -1 && i < index; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

/** Deepest nesting of brackets outside strings; cheap, and safe on any input. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = stringEnd(text, i);
    else if (code === 123 || code === 91) deepest = Math.max(deepest, ++depth);
    else if (code === 125 || code === 93) depth--;
  }
  return deepest;
}

/** Index of the closing quote of the string that opens at `from`, or the text's end. */
function stringEnd(text: string, from: number): number {
  const end = closingQuote(text, from + 1);
  return end === -1 ? text.length : end;
}

/** Index of the quote that closes the string of which something stands at `from`, or −1. */
export function closingQuote(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    if (slashesBefore(text, end, from) % 2 === 0) return end;
  }
  return -1;
}

/** How many backslashes stand one beside the other before `end`, from `from` on. */
export function slashesBefore(text: string, end: number, from: number): number {
  let slashes = 0;
  while (end - 1 - slashes >= from && text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
  return slashes;
}

type Frame = { keys: Set<string> | null; field: string };

/** Walks JSON that is known to be well formed. */
function check(text: string, at: At): void {
  const stack: Frame[] = [];
  let field = "";
  const placeOf = (i: number) => ({
    ...at,
    line: lineAt(text, i, at),
    field: [...stack.map((frame) => frame.field), field].filter(Boolean).join("."),
  });
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      const end = stringEnd(text, i);
      const raw = text.slice(i + 1, end);
      let after = end + 1;
      while (text.charCodeAt(after) <= 32) after++;
      const isKey = text.charCodeAt(after) === 58;
      const top = stack.at(-1);
      if (isKey && top) {
        const key = raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
        field = key;
        top.keys ??= new Set();
        if (top.keys.has(key)) throw refuse(`The key “${key.slice(0, 80)}” stands twice in one object.`, placeOf(i));
        top.keys.add(key);
      }
      const from = i;
      checkString(raw, () => placeOf(from));
      i = end;
    } else if (code === 123 || code === 91) {
      stack.push({ keys: null, field });
      field = "";
    } else if (code === 125 || code === 93) {
      field = stack.pop()?.field ?? "";
    } else if (code === 45 || (code >= 48 && code <= 57)) {
      const number = /[-+.eE\d]+/y;
      number.lastIndex = i;
      const token = number.exec(text)?.[0] ?? "";
      if (!Number.isFinite(Number(token))) {
        throw refuse(`The number ${token.slice(0, 40)} is out of range.`, placeOf(i));
      }
      i += token.length - 1;
    }
  }
}

const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function checkString(raw: string, at: () => At & { field: string }): void {
  if (!raw.includes("\\u")) return;
  const text = JSON.parse(`"${raw}"`) as string;
  if (text.includes("\u0000")) throw refuse("The text contains a NUL character, which can't be stored.", at());
  if (lone.test(text)) throw refuse("The text contains half of a surrogate pair, which is no character.", at());
}

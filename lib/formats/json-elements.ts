import { createReadStream } from "node:fs";
import { decodeUtf8 } from "./lines";
import { type At, limits, refuse } from "./rows";
import { closingQuote, slashesBefore } from "./strict-json";

export type Element = { text: string; at: At };

type Frame = { isObject: boolean; key: string; holdsElements: boolean };
type Capture = { line: number; from: number; pieces: Buffer[]; size: number; scan: ElementScan };
/** What the grammar allows next; the words with `OrEnd` also allow the bracket that closes. */
type Next = "value" | "valueOrEnd" | "key" | "keyOrEnd" | "colon" | "commaOrEnd";

const [quote, newline, comma, colon] = [34, 10, 44, 58];
const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
/** Longer keys are of no interest; they are told apart no further. */
const keyBytes = 200;

/**
 * The objects and arrays at the given path of one large JSON document, each as its own text, without ever holding the
 * document. A path is keys joined by dots; `*` stands for every element of an array: `results.results.*`.
 *
 * The document around the elements is checked here; what is inside an element is checked by whoever parses it.
 *
 * @param read is told how many bytes were taken, for progress
 * @param until ends the reading at the first value of that path
 */
export async function* jsonElements(
  path: string,
  file: string,
  wanted: string,
  read: (bytes: number) => void = () => {},
  until?: string,
): AsyncGenerator<Element[]> {
  const stack: Frame[] = [];
  const [wantedPath, untilPath] = [pathOf(wanted), until === undefined ? null : pathOf(until)];
  const depth = depthOf(wanted);
  const untilDepth = until === undefined ? 0 : depthOf(until);
  /** Paths of the keys above the elements: a second list of results would be another document's. */
  const keys = new Set<string>();
  let next: Next = "value";
  let line = 1;
  let inString = false;
  let escaped = false;
  /** The start of a key that is being read; null inside any other string. */
  let key: Buffer | null = null;
  /** A number, true, false or null that is being read. */
  let word = "";
  let capture: Capture | null = null;
  let isFirst = true;
  let ended = false;
  const fail = (message: string, field?: string) => refuse(message, { file, line, ...(field ? { field } : {}) });
  const unexpected = (what: string) => fail(`This is not valid JSON: ${what} was not expected here.`);
  const here = () => stack.map((frame) => (frame.isObject ? JSON.stringify(frame.key) : "*")).join(".");

  /** Called where a value begins that is no wanted element. */
  const beginValue = (code: number) => {
    if (ended) throw fail("There is more after the end of the JSON document.");
    const isContainer = code === 123 || code === 91;
    if (stack.length === 0 && !isContainer) throw fail("A JSON object was expected.");
    if (next !== "value" && next !== "valueOrEnd") throw unexpected(`“${printable(code)}”`);
    if (!isContainer && stack.at(-1)!.holdsElements) {
      const list = wanted.replace(/\.\*$/, "");
      throw fail(`An element of ${list} is not an object.`, list);
    }
  };
  const endWord = () => {
    if (!scalar.test(word)) throw unexpected(`“${word.slice(0, 40)}”`);
    word = "";
    next = "commaOrEnd";
  };
  const endKey = (bytes: Buffer) => {
    const top = stack.at(-1)!;
    top.key = bytes.toString("utf8");
    if (stack.length >= depth || bytes.length > keyBytes || !stack.every((frame) => frame.isObject)) return;
    const at = here();
    if (keys.has(at)) {
      const field = stack.map((frame) => frame.key).join(".");
      throw fail(`The key “${top.key.slice(0, 80)}” stands twice in one object.`, field);
    }
    keys.add(at);
  };

  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    read(chunk.length);
    const batch: Element[] = [];
    const start = isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    isFirst = false;
    if (capture) capture.from = 0;
    /** The chunk as a text of which each character is a byte: searched many times as fast. */
    const bytes = chunk.toString("latin1");

    for (let i = start; i < chunk.length; i++) {
      if (capture) {
        const end = capture.scan.endIn(bytes, i);
        line += capture.scan.lines;
        capture.scan.lines = 0;
        if (end === -1) break;
        const piece = chunk.subarray(capture.from, end + 1);
        const at = { file, line: capture.line };
        const whole = capture.pieces.length > 0 ? Buffer.concat([...capture.pieces, piece]) : piece;
        batch.push({ text: decodeUtf8(whole, at), at });
        capture = null;
        i = end;
        continue;
      }
      if (inString) {
        const end: number = escaped ? -2 : closingQuote(bytes, i);
        if (end === -2) {
          // The byte after a backslash that ended the last chunk.
          escaped = false;
          if (key) key = withStart(key, chunk.subarray(i, i + 1));
          continue;
        }
        if (key) key = withStart(key, chunk.subarray(i, end === -1 ? chunk.length : end));
        if (end === -1) {
          escaped = slashesBefore(bytes, bytes.length, i) % 2 === 1;
          break;
        }
        inString = false;
        i = end;
        if (key) {
          endKey(key);
          key = null;
          next = "colon";
        }
        continue;
      }
      const code = chunk[i]!;
      const isBracket = code === 123 || code === 91 || code === 125 || code === 93;
      const isBlank = code === newline || code === 32 || code === 13 || code === 9;
      if (word !== "" && (isBracket || isBlank || code === comma || code === colon || code === quote)) endWord();
      if (isBlank) {
        if (code === newline) line++;
      } else if (code === quote) {
        inString = true;
        if (next === "key" || next === "keyOrEnd") key = Buffer.alloc(0);
        else {
          beginValue(code);
          next = "commaOrEnd";
        }
      } else if (code === 123 || code === 91) {
        beginValue(code);
        const at = stack.length === depth || stack.length === untilDepth ? here() : null;
        if (at !== null && at === untilPath) {
          yield batch;
          return;
        }
        if (at === wantedPath) {
          capture = { line, from: i, pieces: [], size: 0, scan: new ElementScan() };
          next = "commaOrEnd";
          continue;
        }
        if (stack.length >= limits.depth) throw fail(`The JSON is nested more than ${limits.depth} deep.`);
        const isObject = code === 123;
        stack.push({ isObject, key: "", holdsElements: false });
        if (!isObject && stack.length === depth) stack.at(-1)!.holdsElements = here() === wantedPath;
        next = isObject ? "keyOrEnd" : "valueOrEnd";
      } else if (code === 125 || code === 93) {
        const top = stack.pop();
        if (!top || top.isObject !== (code === 125)) throw fail("A bracket closes what was not opened.");
        if (next !== "commaOrEnd" && next !== (top.isObject ? "keyOrEnd" : "valueOrEnd")) {
          throw unexpected(`“${printable(code)}”`);
        }
        next = "commaOrEnd";
        ended = stack.length === 0;
      } else if (code === comma && next === "commaOrEnd" && !ended) {
        next = stack.at(-1)!.isObject ? "key" : "value";
      } else if (code === colon && next === "colon") {
        next = "value";
      } else {
        if (word === "") beginValue(code);
        if (word.length < 1000) word += printable(code);
      }
    }
    if (capture) {
      capture.pieces.push(chunk.subarray(capture.from));
      capture.size += chunk.length - capture.from;
      if (capture.size > limits.lineBytes)
        throw refuse(`One record is larger than ${limits.lineBytes / 1024 / 1024} MB.`, { file, line: capture.line });
    }
    if (batch.length > 0) yield batch;
  }
  if (!ended) throw fail("The file ends in the middle of the JSON document.");
}

/**
 * Finds where an object or array ends whose opening bracket was read: most bytes of a document are in its elements, so nothing
 * else is looked at, and strings are jumped over.
 */
export class ElementScan {
  /** How many lines ended in it so far, none of them within a string. */
  lines = 0;
  private depth = 1;
  private inString = false;
  private escaped = false;

  /** Index of the bracket that closes it, or −1 when it goes on in the next chunk. A character of `bytes` is a byte. */
  endIn(bytes: string, from: number): number {
    let { lines, depth } = this;
    let i = from;
    if (this.inString) {
      const end = this.afterString(bytes, this.escaped ? i + 1 : i);
      if (end === -1) return -1;
      i = end;
    }
    for (; i < bytes.length; i++) {
      const code = bytes.charCodeAt(i);
      if (code <= 32) {
        if (code === newline) lines++;
      } else if (code === quote) {
        const end = this.afterString(bytes, i + 1);
        if (end === -1) break;
        i = end - 1;
      } else if (code === 123 || code === 91) depth++;
      else if ((code === 125 || code === 93) && --depth === 0) {
        this.lines = lines;
        return i;
      }
    }
    this.lines = lines;
    this.depth = depth;
    return -1;
  }

  /** Index after the quote that closes the string of which something stands at `from`, or −1. */
  private afterString(bytes: string, from: number): number {
    const end = closingQuote(bytes, from);
    this.inString = end === -1;
    this.escaped = this.inString && slashesBefore(bytes, bytes.length, from) % 2 === 1;
    return this.inString ? -1 : end + 1;
  }
}

function depthOf(path: string): number {
  return path.split(".").length;
}

/** A path as `here` writes it, so that a key with a dot or a star in it is no other path. */
function pathOf(path: string): string {
  return path
    .split(".")
    .map((part) => (part === "*" ? part : JSON.stringify(part)))
    .join(".");
}

/** Keeps one byte more than a key of interest has, so that a longer one can be told. */
function withStart(start: Buffer, more: Buffer): Buffer {
  const room = keyBytes + 1 - start.length;
  return room <= 0 || more.length === 0 ? start : Buffer.concat([start, more.subarray(0, room)]);
}

function printable(code: number): string {
  return code > 32 && code < 127 ? String.fromCharCode(code) : "\ufffd";
}

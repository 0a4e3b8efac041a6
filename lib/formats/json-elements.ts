import { createReadStream } from "node:fs";
import { decodeUtf8 } from "./lines";
import { type At, limits, refuse } from "./rows";

export type Element = { path: string; text: string; at: At };

type Frame = { isObject: boolean; key: string; expectKey: boolean };
type Capture = { path: string; line: number; depth: number; from: number; pieces: Buffer[]; size: number };

const [quote, backslash, newline] = [34, 92, 10];

/**
 * The objects and arrays at the given paths of one large JSON document, each as its own text, without ever holding the
 * document. A path is keys joined by dots; `*` stands for every element of an array: `results.results.*`.
 *
 * Brackets and strings are checked here; what is inside an element is checked by whoever parses it.
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
  let line = 1;
  let inString = false;
  let escaped = false;
  /** Pieces of a key that is being read; null inside any other string. */
  let key: Buffer[] | null = null;
  let capture: Capture | null = null;
  let isFirst = true;
  let ended = false;
  const fail = (message: string) => refuse(message, { file, line });
  const here = () => stack.map((frame) => (frame.isObject ? frame.key : "*")).join(".");

  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    read(chunk.length);
    const batch: Element[] = [];
    const start = isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    isFirst = false;
    if (capture) capture.from = 0;

    for (let i = start; i < chunk.length; i++) {
      if (inString) {
        const end: number = escaped ? -2 : closingQuote(chunk, i);
        if (end === -2) {
          // The byte after a backslash that ended the last chunk.
          escaped = false;
          key?.push(chunk.subarray(i, i + 1));
          continue;
        }
        const to = end === -1 ? chunk.length : end;
        key?.push(chunk.subarray(i, to));
        if (end === -1) {
          escaped = endsEscaped(chunk, i);
          break;
        }
        inString = false;
        i = end;
        if (key) {
          const top = stack.at(-1)!;
          top.key = Buffer.concat(key).subarray(0, 200).toString("utf8");
          top.expectKey = false;
          key = null;
        }
        continue;
      }
      const code = chunk[i]!;
      if (code === newline) line++;
      else if (code === quote) {
        if (ended) throw fail("There is more after the end of the JSON document.");
        if (stack.length === 0 && !capture) throw fail("A JSON object was expected.");
        inString = true;
        key = !capture && stack.at(-1)!.isObject && stack.at(-1)!.expectKey ? [] : null;
      } else if (code === 123 || code === 91) {
        if (ended) throw fail("There is more after the end of the JSON document.");
        if (capture) capture.depth++;
        else {
          const at = here();
          if (at === until) {
            yield batch;
            return;
          }
          if (at === wanted) capture = { path: at, line, depth: 1, from: i, pieces: [], size: 0 };
          else {
            if (stack.length >= limits.depth) throw fail(`The JSON is nested more than ${limits.depth} deep.`);
            stack.push({ isObject: code === 123, key: "", expectKey: code === 123 });
          }
        }
      } else if (code === 125 || code === 93) {
        if (capture) {
          if (--capture.depth > 0) continue;
          const piece = chunk.subarray(capture.from, i + 1);
          const at = { file, line: capture.line };
          const bytes = capture.pieces.length > 0 ? Buffer.concat([...capture.pieces, piece]) : piece;
          batch.push({ path: capture.path, text: decodeUtf8(bytes, at), at });
          capture = null;
        } else {
          const top = stack.pop();
          if (!top || top.isObject !== (code === 125)) throw fail("A bracket closes what was not opened.");
          ended = stack.length === 0;
        }
      } else if (code === 44 && !capture) {
        const top = stack.at(-1);
        if (!top) throw fail("A JSON object was expected.");
        if (top.isObject) top.expectKey = true;
      } else if (code > 32 && (stack.length === 0 || ended)) {
        throw fail(ended ? "There is more after the end of the JSON document." : "A JSON object was expected.");
      }
    }
    if (capture) {
      capture.pieces.push(chunk.subarray(capture.from));
      capture.size += chunk.length - capture.from;
      if (capture.size > limits.lineBytes)
        throw fail(`One record is larger than ${limits.lineBytes / 1024 / 1024} MB.`);
    }
    if (batch.length > 0) yield batch;
  }
  if (!ended) throw fail("The file ends in the middle of the JSON document.");
}

/** Index of the quote that closes the string under way, or −1 when it goes on in the next chunk. */
function closingQuote(chunk: Buffer, from: number): number {
  for (let end = chunk.indexOf(quote, from); end !== -1; end = chunk.indexOf(quote, end + 1)) {
    let slashes = 0;
    while (end - 1 - slashes >= from && chunk[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

/** True when the chunk ends in a backslash that escapes the byte after it. */
function endsEscaped(chunk: Buffer, from: number): boolean {
  let slashes = 0;
  while (chunk.length - 1 - slashes >= from && chunk[chunk.length - 1 - slashes] === backslash) slashes++;
  return slashes % 2 === 1;
}

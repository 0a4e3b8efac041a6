import { createReadStream } from "node:fs";
import { decodeUtf8 } from "./lines";
import { type At, limits, refuse } from "./rows";

export type Element = { path: string; text: string; at: At };

/**
 * The values at the given paths of one large JSON document, each as its own text, without ever holding the document.
 * A path is keys joined by dots; `*` stands for every element of an array: `results.results.*`.
 *
 * Well-formedness is checked for the brackets and strings outside; what is inside a value is checked by whoever parses it.
 *
 * @param stop ends the reading early when it returns true
 */
export async function* jsonElements(
  path: string,
  file: string,
  wanted: readonly string[],
  read: (bytes: number) => void = () => {},
  stop: (path: string) => boolean = () => false,
): AsyncGenerator<Element[]> {
  type Frame = { kind: "object" | "array"; key: string; expectKey: boolean };
  const stack: Frame[] = [];
  let line = 1;
  let inString = false;
  let escaped = false;
  let stringIsKey = false;
  let keyBytes: number[] = [];
  let capture: {
    path: string;
    from: number;
    pieces: Buffer[];
    size: number;
    depth: number;
    line: number;
    scalar: boolean;
  } | null = null;
  let first = true;
  let ended = false;
  const targets = new Set(wanted);

  const here = () => stack.map(({ kind, key }) => (kind === "array" ? "*" : key)).join(".");
  const fail = (message: string) => refuse(message, { file, line });

  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    read(chunk.length);
    const batch: Element[] = [];
    let i = 0;
    if (first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) i = 3;
    first = false;
    if (capture) capture.from = 0;

    const finish = (to: number) => {
      const done = capture!;
      const bytes =
        done.pieces.length > 0 ? Buffer.concat([...done.pieces, chunk.subarray(0, to)]) : chunk.subarray(done.from, to);
      capture = null;
      const at = { file, line: done.line };
      batch.push({ path: done.path, text: decodeUtf8(bytes, at), at });
      return stop(done.path);
    };

    for (; i < chunk.length; i++) {
      const code = chunk[i]!;
      if (code === 10) line++;
      if (inString) {
        if (escaped) escaped = false;
        else if (code === 92) escaped = true;
        else if (code === 34) {
          inString = false;
          if (stringIsKey) {
            const top = stack.at(-1)!;
            top.key = Buffer.from(keyBytes).toString("utf8");
            top.expectKey = false;
          } else if (capture?.scalar) {
            if (finish(i + 1)) return void (yield batch);
          }
          continue;
        }
        if (stringIsKey && keyBytes.length < 200) keyBytes.push(code);
        continue;
      }
      if (code === 32 || code === 10 || code === 13 || code === 9) {
        if (capture?.scalar && finish(i)) return void (yield batch);
        continue;
      }
      if (ended) throw fail("There is more after the end of the JSON document.");
      const top = stack.at(-1);
      if (code === 34) {
        inString = true;
        stringIsKey = top?.kind === "object" && top.expectKey;
        keyBytes = [];
        if (stringIsKey) continue;
      }
      if (code === 58) continue;
      if (code === 44 || code === 125 || code === 93) {
        if (capture?.scalar && finish(i)) return void (yield batch);
        if (code === 44) {
          if (top?.kind === "object") top.expectKey = true;
          continue;
        }
        if (!top || (code === 125) !== (top.kind === "object")) throw fail("A bracket closes what was not opened.");
        stack.pop();
        if (capture && stack.length === capture.depth && finish(i + 1)) return void (yield batch);
        if (stack.length === 0) ended = true;
        continue;
      }
      // A value starts here.
      const isContainer = code === 123 || code === 91;
      if (!capture && targets.size > 0 && (isContainer || stack.length > 0) && targets.has(here())) {
        capture = { path: here(), from: i, pieces: [], size: 0, depth: stack.length, line, scalar: !isContainer };
      }
      if (isContainer) {
        if (stack.length >= limits.depth) throw fail(`The JSON is nested more than ${limits.depth} deep.`);
        stack.push({ kind: code === 123 ? "object" : "array", key: "", expectKey: code === 123 });
      } else if (stack.length === 0) throw fail("A JSON object was expected.");
    }
    if (capture) {
      const open: { from: number; pieces: Buffer[]; size: number } = capture;
      open.pieces.push(chunk.subarray(open.from));
      open.size += chunk.length - open.from;
      open.from = 0;
      if (open.size > limits.lineBytes) throw fail(`One record is larger than ${limits.lineBytes / 1024 / 1024} MB.`);
    }
    if (batch.length > 0) yield batch;
  }
  if (!ended) throw fail("The file ends in the middle of the JSON document.");
}

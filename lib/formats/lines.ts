import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { type At, limits, refuse } from "./rows";

const brace = 123;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 or refuses. */
export function decodeUtf8(bytes: Uint8Array, at: At): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw refuse("The text is not valid UTF-8.", at);
  }
  if (text.includes("\u0000")) throw refuse("The text contains a NUL character, which can't be stored.", at);
  return text;
}

export type Line = { text: string; at: At };

/** Of a file, at once. */
const chunkBytes = 1024 * 1024;
/** So much of it is one batch: a few milliseconds of work, between which what was made of the one before can go on. */
const batchBytes = 32 * 1024;

/**
 * The lines of a file that are not empty, in batches; memory holds one chunk and the line it ends in.
 *
 * @param read is told how many bytes were taken, for progress
 */
export async function* linesOf(
  path: string,
  file: string,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<Line[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let line = 0;
  /** `clean`: the bytes are known to be what decodeUtf8 takes. */
  const take = (bytes: Buffer, from: number, to: number, clean: boolean): Line | null => {
    line++;
    if (to > from && bytes[to - 1] === 13) to--;
    if (line === 1 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf) from += 3;
    const at = { file, line };
    const text = clean ? bytes.toString("utf8", from, to) : decodeUtf8(bytes.subarray(from, to), at);
    return bytes[from] !== brace && text.trim() === "" ? null : { text, at };
  };
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    read(chunk.length);
    let batch: Line[] = [];
    let [from, begun] = [0, 0];
    // The lines that stand whole in this chunk are looked at all at once.
    const [first, last] = [chunk.indexOf(10), chunk.lastIndexOf(10)];
    const inner = chunk.subarray(first + 1, last + 1);
    const clean = isUtf8(inner) && !inner.includes(0);
    for (;;) {
      const end = chunk.indexOf(10, from);
      if (end === -1) break;
      let found: Line | null;
      if (rest.length > 0) {
        const whole = Buffer.concat([...rest, chunk.subarray(from, end)]);
        found = take(whole, 0, whole.length, false);
        rest = [];
        restBytes = 0;
      } else {
        found = take(chunk, from, end, clean && from > first);
      }
      if (found) batch.push(found);
      from = end + 1;
      if (from - begun < batchBytes) continue;
      if (batch.length > 0) yield batch;
      [batch, begun] = [[], from];
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from));
      restBytes += chunk.length - from;
      if (restBytes > limits.lineBytes) {
        throw refuse(`The line is longer than ${limits.lineBytes / 1024 / 1024} MB.`, { file, line: line + 1 });
      }
    }
    if (batch.length > 0) yield batch;
  }
  if (rest.length > 0) {
    const whole = Buffer.concat(rest);
    const found = take(whole, 0, whole.length, false);
    if (found) yield [found];
  }
}

import { createReadStream } from "node:fs";
import { type At, limits, refuse } from "./rows";

/** Decodes UTF-8 or refuses. */
export function decodeUtf8(bytes: Uint8Array, at: At): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse("The text is not valid UTF-8.", at);
  }
  if (text.includes("\u0000")) throw refuse("The text contains a NUL character, which can't be stored.", at);
  return text;
}

export type Line = { text: string; at: At };

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
  const take = (bytes: Buffer): Line | null => {
    line++;
    let [from, to] = [0, bytes.length];
    if (to > 0 && bytes[to - 1] === 13) to--;
    if (line === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) from = 3;
    const at = { file, line };
    const text = decodeUtf8(bytes.subarray(from, to), at);
    return text.trim() === "" ? null : { text, at };
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    read(chunk.length);
    const batch: Line[] = [];
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(10, from);
      if (end === -1) break;
      const piece = chunk.subarray(from, end);
      const whole = rest.length > 0 ? Buffer.concat([...rest, piece]) : piece;
      rest = [];
      restBytes = 0;
      const found = take(whole);
      if (found) batch.push(found);
      from = end + 1;
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
    const found = take(Buffer.concat(rest));
    if (found) yield [found];
  }
}

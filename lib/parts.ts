/** Long texts travel in parts: the beginning with the page, the others when somebody asks for them. Lengths in characters. */

/** What is longer than this is sent in parts. Whole texts are compared word by word, and read as JSON or a conversation. */
export const longestWhole = 200_000;
const beginning = 20_000;
/** At most so much of it is sent at a time. */
const largest = 100_000;

/** Of a text whose beginning alone was sent: how long all of it is. */
export type Rest = { length: number; bytes: number };

/** A value as the text that its parts are parts of. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, null, 2) ?? null;
  } catch {
    // Too deep to be written out: it stays whole.
    return null;
  }
}

/** The value itself, or the beginning of its text and what is missing. */
export function beginningOf<T>(value: T): { value: T | string; rest?: Rest } {
  const text = textOf(value);
  if (text === null || text.length <= longestWhole) return { value };
  return { value: partOf(text, 0, beginning), rest: { length: text.length, bytes: Buffer.byteLength(text) } };
}

/** From one character on; it may be one shorter than asked for, so that no character is cut in two. */
function partOf(text: string, from: number, size: number): string {
  const part = text.slice(from, from + Math.min(Math.max(size, 2), largest));
  return /[\ud800-\udbff]$/.test(part) && from + part.length < text.length ? part.slice(0, -1) : part;
}

/** What an address asks for: `from` and `size`, or all of it as a file. */
export function answerInParts(value: unknown, asked: URLSearchParams): Response {
  const text = textOf(value) ?? "";
  const headers = { "cache-control": "private, no-store", "x-content-type-options": "nosniff" };
  if (asked.has("whole")) {
    const file = {
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": 'attachment; filename="text.txt"',
    };
    return new Response(text, { headers: { ...headers, ...file } });
  }
  const [from, size] = ["from", "size"].map((name) => Math.trunc(Number(asked.get(name)))) as [number, number];
  if (!(from >= 0) || !(size > 0)) return Response.json({ message: "Say from where, and how much." }, { status: 422 });
  return Response.json({ text: partOf(text, from, size) }, { headers });
}

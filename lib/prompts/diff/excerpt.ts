import type { Hunk } from "./hunks";

/** What a hunk is, in words: "system message, changed". */
export function hunkLabel({ kind, change, where }: Pick<Hunk, "kind" | "change" | "where">): string {
  const what = kind === "message" ? `${where} message` : kind === "tool" ? `tool ${where}` : where;
  return `${what}, ${change}`;
}

export type Excerpt = { before: string | null; after: string | null };

const context = 24;
const longest = 140;

/** A hunk's text in one line: where both sides begin or end alike, only what stands next to the difference. */
export function excerptOf({ before, after, change }: Pick<Hunk, "before" | "after" | "change">): Excerpt {
  const [left, right] = [inOneLine(before), inOneLine(after)];
  if (change === "moved") return { before: null, after: shortened(right) };
  if (!left || !right) return { before: shortened(left), after: shortened(right) };
  let head = 0;
  const shorter = Math.min(left.length, right.length);
  while (head < shorter && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shorter - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  const from = head <= context ? 0 : wordStart(left, head - context);
  const cut = (text: string) => {
    const end = tail <= context ? text.length : wordEnd(text, text.length - tail + context);
    return shortened(`${from > 0 ? "… " : ""}${text.slice(from, end)}${end < text.length ? " …" : ""}`);
  };
  return { before: cut(left), after: cut(right) };
}

function inOneLine(text: string | null): string | null {
  return text === null ? null : text.trim().replace(/\s*\n\s*/g, " ⏎ ");
}

function shortened(text: string | null): string | null {
  if (!text || text.length <= longest) return text || null;
  return `${text.slice(0, wordEnd(text, longest - 20)).slice(0, longest)} …`;
}

function wordStart(text: string, at: number): number {
  const blank = text.indexOf(" ", at);
  return blank < 0 || blank > at + context ? at : blank + 1;
}

function wordEnd(text: string, at: number): number {
  const blank = text.indexOf(" ", at);
  return blank < 0 ? text.length : blank;
}

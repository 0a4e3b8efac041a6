import { type Turn, turnsOf } from "./transcript";

/** What an input or an answer is, as far as its text tells. No React here. */
export type Kind =
  | { kind: "text"; text: string }
  | { kind: "markdown"; text: string }
  | { kind: "code"; text: string; language: string }
  | { kind: "json"; value: object }
  | { kind: "chat"; turns: Turn[] };

/** Longer data is shown as text: reading it would hold up the page. */
const longestData = 2_000_000;
/** Only so much of a text is looked at to tell what it is. */
const lookedAt = 20_000;

/** Marks of Markdown that plain prose does not have by chance. Each looks at one line, so time is linear. */
const markdown =
  /^#{1,6} \S|^ {0,3}(?:[-*+]|\d{1,9}[.)]) \S|^ {0,3}(?:```|~~~)|^ {0,3}> \S|^[ \t]{0,3}\|.{0,2000}\|[ \t]*$|\*\*[^\s*][^*\n]{0,500}\*\*|`[^`\n]{1,500}`|!?\[[^\]\n]{1,500}\]\(\S/m;
const document = /^\s{0,50}<(!doctype html|html|svg|\?xml)[\s>]/i;
const patch = /^(?:diff --git |--- \S.{0,500}\n\+\+\+ )/;

/** @param isBeginning the text goes on, and may only look like data as far as it is here */
export function kindOf(value: unknown, isBeginning = false): Kind {
  if (typeof value !== "string") {
    return value !== null && typeof value === "object" ? dataOf(value) : { kind: "text", text: String(value) };
  }
  const data = isBeginning ? null : jsonIn(value);
  if (data) return dataOf(data);
  const head = value.slice(0, lookedAt);
  const markup = document.exec(head)?.[1]?.toLowerCase();
  if (markup)
    return { kind: "code", text: value, language: markup === "svg" ? "SVG" : markup === "?xml" ? "XML" : "HTML" };
  if (patch.test(head)) return { kind: "code", text: value, language: "diff" };
  return { kind: markdown.test(head) ? "markdown" : "text", text: value };
}

function dataOf(value: object): Kind {
  const turns = turnsOf(value);
  return turns ? { kind: "chat", turns } : { kind: "json", value };
}

/** JSON in a string, such as a tool's answer; null for anything else. */
function jsonIn(text: string): object | null {
  if (text.length > longestData || !/^\s{0,1000}[[{]/.test(text)) return null;
  try {
    const value = JSON.parse(text) as unknown;
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** A value as its raw text. What is too deep to be written out says so. */
export function rawOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, null, 2) ?? String(value);
  } catch {
    return "(too deep to be written out)";
  }
}

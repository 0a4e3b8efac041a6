export type CopyField = string | number | boolean | Date | null | undefined;

/** One value in PostgreSQL's COPY text form (manual, COPY, "Text Format"). */
export function copyValue(value: CopyField): string {
  if (value === null || value === undefined) return "\\N";
  if (typeof value === "string") {
    return needsEscape(value) ? value.replace(special, (found) => escapes[found]!) : value;
  }
  if (typeof value === "boolean") return value ? "t" : "f";
  if (value instanceof Date) return value.toISOString();
  return String(value);
}

const escapes: Record<string, string> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
};

const special = /[\\\t\n\r\b\f\v]/g;

/** A search for one character at a time is several times as fast as one for any of them, unless the text is short. */
function needsEscape(text: string): boolean {
  if (text.length < 64) return text.search(special) !== -1;
  for (const character in escapes) if (text.includes(character)) return true;
  return false;
}

export function copyLine(values: readonly CopyField[]): string {
  let line = "";
  for (let i = 0; i < values.length; i++) line += (i > 0 ? "\t" : "") + copyValue(values[i]);
  return `${line}\n`;
}

/** A text array as its own literal, to be escaped again by copyValue. */
export function arrayLiteral(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/[\\"]/g, "\\$&")}"`).join(",")}}`;
}

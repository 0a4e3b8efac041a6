/**
 * One field of RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises:
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvField(value: string | boolean | null): string {
  if (value === null) return "";
  const text = typeof value === "boolean" ? (value ? "yes" : "no") : value;
  const safe = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n;\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csvLine = (fields: (string | boolean | null)[]) => `${fields.map(csvField).join(",")}\r\n`;

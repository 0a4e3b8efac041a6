import { Fault } from "../errors";

const mostLines = 20_000;

/** JSON Lines of verdicts as a file holds them; what each line must hold is the schema's matter. Throws Fault with the line. */
export function parseVerdictLines(text: string): unknown[] {
  const lines = text.split(/\r?\n/);
  if (lines.length > mostLines + 1) throw new Fault("too_large", `More than ${mostLines} lines.`);
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      throw new Fault("invalid", "This line is not JSON.", { line: i + 1 });
    }
  });
}

import type { Command } from "commander";

/** Whether the person asked for `--json`, before or after the command's name. */
export function wantsJson(command: Command): boolean {
  return Boolean(command.optsWithGlobals<{ json?: boolean }>().json);
}

/** Prints a command's answer: one JSON document, or text for people. */
export function show(command: Command, data: unknown, text: string): void {
  process.stdout.write(wantsJson(command) ? `${JSON.stringify(data, null, 2)}\n` : `${text}\n`);
}

/**
 * Text from elsewhere, safe in a terminal: control characters (also the escape that begins colours and cursor moves),
 * line breaks and direction overrides become visible.
 */
export function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) =>
    character === "\n" ? "⏎" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Columns, aligned. */
export function table(header: string[], rows: string[][]): string {
  const cells = [header, ...rows.map((row) => row.map(plain))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

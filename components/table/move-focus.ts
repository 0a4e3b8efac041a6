const target = "[data-row] a[data-row-link], [data-row][tabindex]";

/** Arrow up and down, Home and End go between the rows of the table; false for any other key. */
export function moveFocus(key: string, table: HTMLElement, from: Element): boolean {
  const rows = [...table.querySelectorAll<HTMLElement>(target)];
  const at = rows.findIndex((row) => row.closest("[data-row]") === from.closest("[data-row]"));
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[key];
  if (next === undefined || at < 0) return false;
  rows[Math.min(Math.max(next, 0), rows.length - 1)]?.focus();
  return true;
}

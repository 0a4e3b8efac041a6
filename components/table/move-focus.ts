/** The rows of a table's body, in their order. */
const rowsOf = (body: Element) => [...body.querySelectorAll<HTMLElement>("[data-row]")];

/** Puts the focus on a row: on its link, where it has one. */
export function focusRow(row: HTMLElement | undefined): void {
  (row?.querySelector<HTMLElement>("a[data-row-link]") ?? row)?.focus();
}

/** The row that arrow up and down, Home and End lead to from one of the table's; undefined for any other key. */
export function rowBeside(key: string, body: Element, from: Element): HTMLElement | undefined {
  const rows = rowsOf(body);
  const at = rows.indexOf(from as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[key];
  return to === undefined || at < 0 ? undefined : rows[Math.min(Math.max(to, 0), rows.length - 1)];
}

/** The row with which a key begins that was pressed outside the rows: the one that was last in use, or the first. */
export function rowToBegin(key: string, body: Element, active: string | null): HTMLElement | undefined {
  const rows = rowsOf(body);
  if (key === "Home") return rows[0];
  if (key === "End") return rows.at(-1);
  return rows.find((row) => row.dataset.row === active) ?? rows[0];
}

"use client";

import { type RowData, useTable } from "@tanstack/react-table";
import { Columns3 } from "lucide-react";
import Link from "next/link";
import { type MouseEvent, type ReactNode, startTransition, useEffect, useEffectEvent, useRef, useState } from "react";
import { Button } from "../ui/button";
import { cn } from "../ui/cn";
import { spelled } from "../ui/invisible";
import { Menu, MenuCheck } from "../ui/menu";
import { cellClass, Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "../ui/table";
import { shown as asText } from "../ui/untrusted-text";
import { type ColumnMeta, type Columns, features } from "./columns";
import { withHidden } from "./hidden-columns";
import { PageLink, SortLink } from "./links";
import { focusRow, rowBeside, rowToBegin } from "./move-focus";
import { useHiddenColumns } from "./use-hidden-columns";

type Props<Row extends RowData> = {
  /** What the rows are, for those who can't see the table. */
  label: string;
  /** Where a link within the page leads to it. */
  id?: string;
  /** Define them outside the component: they must not change between renders. */
  columns: Columns<Row>;
  rows: Row[];
  rowId: (row: Row) => string;
  /** Where a row leads. The first column becomes the link. */
  rowHref?: (row: Row) => string;
  /** Opens the row here instead of going where it leads, also by a click beside its link; a click on that with a key held goes there. */
  onOpen?: (row: Row) => void;
  /**
   * Rows can be selected: a box before each, and `x`; with Shift all from the one before, and by arrow one after the other. Give
   * each row a name for those who can't see it.
   */
  selection?: { selected: ReadonlySet<string>; name: (row: Row) => string; toggle: (rows: Row[], on: boolean) => void };
  /** A header goes from ascending to descending to no order of its own. */
  sort?: {
    by: string | undefined;
    descending: boolean;
    href: (by: string | undefined, descending: boolean) => string;
  };
  /** Addresses of the neighbouring keyset pages; null where there is none. */
  previous?: string | null;
  next?: string | null;
  /** Left of the column menu: how many rows, filters. */
  children?: ReactNode;
  /** Shown instead of rows when there are none. */
  empty?: ReactNode;
};

/**
 * A table whose rows the server has filtered, sorted and cut into pages. The first column stays; the others can be
 * hidden (kept in the address). Arrow keys go between rows, Enter follows the row's link, also from a page of which nothing
 * else has the focus.
 */
export function DataTable<Row extends RowData>(props: Props<Row>) {
  const { label, id, columns, rows, rowId, rowHref, onOpen, selection, sort, previous, next, children, empty } = props;
  const ids = columns.map((column) => column.id ?? ("accessorKey" in column ? String(column.accessorKey) : ""));
  const hideable = ids.filter((_, index) => index > 0 && columns[index]?.enableHiding !== false);
  const { hidden, hide } = useHiddenColumns(hideable);
  const shown = useFirstRows(rows, rowId);
  const table = useTable({
    features,
    columns,
    data: shown,
    getRowId: rowId,
    state: { columnVisibility: Object.fromEntries(hidden.map((id) => [id, false])) },
  });
  const body = useRef<HTMLTableSectionElement>(null);
  /** The row in which the focus last was. */
  const active = useRef<string | null>(null);
  /** Rows that were selected as one: from where, and up to where. */
  const range = useRef<{ from: string; to: string } | null>(null);
  const indexOf = (id: string | undefined) => rows.findIndex((row) => rowId(row) === id);
  /** Gives the row, and with Shift those from the one before to it, the state of being selected or not. */
  const select = (id: string, on: boolean, isRange: boolean) => {
    const to = indexOf(id);
    const from = isRange && range.current ? indexOf(range.current.from) : -1;
    selection?.toggle(from < 0 ? [rows[to]!] : rows.slice(Math.min(from, to), Math.max(from, to) + 1), on);
    range.current = { from: from < 0 ? id : range.current!.from, to: id };
  };
  /** Selects a row and the one that Shift and an arrow lead to; going back takes away what they had selected. */
  const extend = (id: string, next: string) => {
    if (range.current?.to !== id) range.current = { from: id, to: id };
    const [from, at, to] = [range.current.from, id, next].map(indexOf) as [number, number, number];
    if (Math.abs(to - from) < Math.abs(at - from)) selection?.toggle([rows[at]!], false);
    else selection?.toggle([rows[at]!, rows[to]!], true);
    range.current.to = next;
  };
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const [table, target] = [body.current, event.target];
    // With Shift, and with caps lock, the letter is a capital.
    const key = event.key === "X" ? "x" : event.key;
    if (!table || !(target instanceof Element) || !rowKeys.has(key)) return;
    const isExtending = event.shiftKey && (key === "ArrowDown" || key === "ArrowUp");
    if (event.shiftKey && !(selection && (isExtending || key === "x"))) return;
    if (key === "x" && !selection) return;
    if (target.contains(table)) {
      // Nothing on the page has the focus but what is around the table: a key leads into it.
      if (document.querySelector("[role=dialog], [role=menu]")) return;
      focusRow(rowToBegin(key, table, active.current));
      event.preventDefault();
      return;
    }
    const at = table.contains(target) ? target.closest<HTMLElement>("[data-row]") : null;
    const id = at?.dataset.row;
    if (!at || id === undefined || target.matches("input:not([type=checkbox]), select, textarea")) return;
    if (key === "x") select(id, !selection?.selected.has(id), event.shiftKey);
    else if (key === "Enter") {
      // A link or a button knows what Enter does.
      const row = rows[indexOf(id)];
      if (!row || !onOpen || target.closest("a, button")) return;
      onOpen(row);
    } else {
      const next = rowBeside(key, table, at);
      if (isExtending && next?.dataset.row !== undefined) extend(id, next.dataset.row);
      focusRow(next);
    }
    event.preventDefault();
  });
  const onClick = (event: MouseEvent<HTMLElement>) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.target as Element;
    const id = target.closest<HTMLElement>("[data-row]")?.dataset.row;
    const row = rows[indexOf(id)];
    if (!row || id === undefined || target.closest("a, button, label, input, summary")) return;
    if (event.shiftKey) {
      if (!selection) return;
      select(id, !selection.selected.has(id), true);
    } else if (window.getSelection()?.type !== "Range") onOpen?.(row);
  };
  useEffect(() => {
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <div className="flex flex-col gap-2">
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-2">
        <div className="min-w-0">{children}</div>
        {hideable.length > 0 && (
          <Menu
            trigger={
              <Button size="sm" className="no-print">
                <Columns3 aria-hidden="true" className="size-4" />
                Columns
              </Button>
            }
          >
            {table
              .getAllLeafColumns()
              .filter(({ id }) => hideable.includes(id))
              .map((column) => (
                <MenuCheck
                  key={column.id}
                  checked={!hidden.includes(column.id)}
                  onChange={(shown) => hide(shown ? hidden.filter((id) => id !== column.id) : [...hidden, column.id])}
                >
                  {nameOf(column.columnDef.meta, column.columnDef.header, column.id)}
                </MenuCheck>
              ))}
          </Menu>
        )}
      </div>
      <Table label={label} id={id}>
        <TableHead>
          {table.getHeaderGroups().map((group) => (
            <TableRow key={group.id}>
              {selection && (
                <TableHeader className="w-8">
                  <Box
                    label="Select all rows of this page"
                    checked={rows.length > 0 && rows.every((row) => selection.selected.has(rowId(row)))}
                    onChange={(on) => selection.toggle(rows, on)}
                  />
                </TableHeader>
              )}
              {group.headers.map((header) => {
                const meta = header.column.columnDef.meta;
                const sorted = meta?.sort !== undefined && meta.sort === sort?.by;
                return (
                  <TableHeader
                    key={header.id}
                    aria-sort={sorted ? (sort.descending ? "descending" : "ascending") : undefined}
                    className={cn(meta?.align === "right" && "text-right", meta?.className)}
                  >
                    {meta?.sort && sort ? (
                      <SortLink
                        href={withHidden(sort.href(sorted && sort.descending ? undefined : meta.sort, sorted), hidden)}
                        direction={sorted ? (sort.descending ? "descending" : "ascending") : null}
                      >
                        <table.FlexRender header={header} />
                      </SortLink>
                    ) : (
                      <table.FlexRender header={header} />
                    )}
                  </TableHeader>
                );
              })}
            </TableRow>
          ))}
        </TableHead>
        <TableBody
          ref={body}
          onClick={onClick}
          onMouseDown={(event) => {
            // With Shift a browser would select text up to here.
            if (event.shiftKey && selection) event.preventDefault();
          }}
          className={onOpen && "cursor-pointer"}
          onFocus={(event) => {
            active.current = (event.target as Element).closest<HTMLElement>("[data-row]")?.dataset.row ?? null;
          }}
        >
          {table.getRowModel().rows.map((row) => (
            <TableRow
              // By its place: another page of rows changes what stands in the row, at half the cost of a new one.
              key={row.index}
              data-row={row.id}
              tabIndex={rowHref ? undefined : -1}
              data-selected={selection?.selected.has(row.id) ? "" : undefined}
              className="hover:bg-hover focus-within:bg-hover data-selected:bg-accent-soft"
            >
              {selection && (
                <TableCell className="w-8">
                  <Box
                    label={spelled(`Select ${selection.name(row.original)}`)}
                    checked={selection.selected.has(row.id)}
                    onChange={(on, isRange) => select(row.id, on, isRange)}
                  />
                </TableCell>
              )}
              {row.getVisibleCells().map((cell, index) => {
                const meta = cell.column.columnDef.meta;
                // A cell is a function of its row, no component, nor is what is around it: there are hundreds, and React walks
                // each component at every click.
                const { cell: make } = cell.column.columnDef;
                const content = asText(typeof make === "function" ? make(cell.getContext()) : make);
                return (
                  <td
                    key={cell.column.id}
                    className={cn(cellClass, meta?.align === "right" && "text-right tabular-nums", meta?.className)}
                  >
                    {index === 0 && rowHref ? (
                      <Link
                        href={rowHref(row.original)}
                        // A page of rows would ask for as many pages as there are rows.
                        prefetch={false}
                        onNavigate={(event) => {
                          if (!onOpen) return;
                          event.preventDefault();
                          onOpen(row.original);
                        }}
                        data-row-link=""
                        className="inline-flex min-h-6 items-center text-accent underline-offset-2 hover:underline"
                      >
                        {content}
                      </Link>
                    ) : (
                      content
                    )}
                  </td>
                );
              })}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {rows.length === 0 && empty}
      {(previous || next) && (
        <nav aria-label={`Pages of ${label}`} className="no-print flex justify-between gap-2 py-2">
          <PageLink href={previous && withHidden(previous, hidden)} word="← Previous" />
          <PageLink href={next && withHidden(next, hidden)} word="Next →" />
        </nav>
      )}
    </div>
  );
}

const rowKeys = new Set(["ArrowDown", "ArrowUp", "Home", "End", "Enter", "x"]);

/** More than a window shows. */
const firstRows = 20;

/** Of rows that take the place of others, first those that can be seen, painted before the rest is made. */
function useFirstRows<Row>(rows: Row[], rowId: (row: Row) => string): Row[] {
  const [whole, setWhole] = useState(rows);
  useEffect(() => {
    if (rows.length > firstRows) startTransition(() => setWhole(rows));
  }, [rows]);
  if (whole === rows || rows.length <= firstRows) return rows;
  // The same rows anew: none of them may go, somebody may be in one.
  const isSame = whole.length === rows.length && whole.every((row, index) => rowId(row) === rowId(rows[index]!));
  return isSame ? rows : rows.slice(0, firstRows);
}

type BoxProps = { label: string; checked: boolean; onChange: (on: boolean, isRange: boolean) => void };

function Box({ label, checked, onChange }: BoxProps) {
  return (
    <label className="-my-1 inline-flex size-7 cursor-pointer items-center justify-center">
      <span className="sr-only">{label}</span>
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked, (event.nativeEvent as PointerEvent).shiftKey)}
        className="size-4 accent-accent"
      />
    </label>
  );
}

function nameOf(meta: ColumnMeta | undefined, header: unknown, id: string): string {
  return meta?.name ?? (typeof header === "string" ? header : id);
}

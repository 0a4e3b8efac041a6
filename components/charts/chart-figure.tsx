import type { ReactNode } from "react";
import { spelled } from "../ui/invisible";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "../ui/table";
import { UntrustedText } from "../ui/untrusted-text";

type Props = {
  /** Names the figure and its table. */
  label: string;
  /** What it shows, in one sentence. */
  sentence: string;
  /** The same numbers as text: what the picture is drawn from. The first cell of a row names it. */
  table: { head: string[]; rows: string[][] };
  children: ReactNode;
};

/** A picture with its sentence and its numbers; the picture itself is skipped by screen readers, which get those. */
export function ChartFigure({ label, sentence, table, children }: Props) {
  return (
    <figure className="flex min-w-0 flex-col gap-2" aria-label={spelled(label)}>
      <figcaption>
        <UntrustedText text={sentence} />
      </figcaption>
      {/* Until it is measured, a picture may be wider than its place; it never widens the page. */}
      <div aria-hidden="true" className="min-w-0 overflow-hidden">
        {children}
      </div>
      {table.rows.length > 0 && (
        <details className="no-print">
          <summary className="min-h-6 w-fit cursor-pointer text-sm text-muted hover:text-ink">As a table</summary>
          <Table label={label} className="w-auto">
            <TableHead>
              <TableRow>
                {table.head.map((name, index) => (
                  <TableHeader key={name} className={index > 0 ? "text-right" : ""}>
                    <UntrustedText text={name} />
                  </TableHeader>
                ))}
              </TableRow>
            </TableHead>
            <TableBody>
              {table.rows.map(([name, ...values]) => (
                <TableRow key={name}>
                  <TableHeader scope="row" className="align-top text-ink">
                    <UntrustedText text={name ?? ""} />
                  </TableHeader>
                  {values.map((value, index) => (
                    <TableCell key={index} className="text-right tabular-nums">
                      {value}
                    </TableCell>
                  ))}
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </details>
      )}
    </figure>
  );
}

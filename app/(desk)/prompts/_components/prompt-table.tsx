"use client";

import Link from "next/link";
import { columnsOf } from "@/components/table/columns";
import { DataTable } from "@/components/table/data-table";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { PromptRow } from "@/lib/prompts/queries";
import { promptHref } from "../_links";
import { LabelBadge } from "./label-badge";

const column = columnsOf<PromptRow>();
const columns = column.columns([
  column.accessor("name", {
    header: "Prompt",
    cell: ({ getValue }) => <UntrustedText text={getValue()} />,
    meta: { className: "min-w-32 sm:min-w-48 [overflow-wrap:anywhere]" },
  }),
  column.accessor("newest", {
    header: "Newest",
    cell: ({ getValue }) => <UntrustedText text={getValue() ?? "–"} />,
    meta: { className: "min-w-16 sm:min-w-28 [overflow-wrap:anywhere]" },
  }),
  column.accessor("versions", { header: "Versions", meta: { align: "right", className: "max-sm:hidden" } }),
  column.accessor("labels", {
    header: "Labels",
    cell: ({ row }) => (
      <ul className="flex flex-wrap gap-x-3 gap-y-1">
        {row.original.labels.map(({ name, protected: isProtected, version, standing }) => (
          <li key={name} className="inline-flex items-center gap-1">
            <LabelBadge name={name} isProtected={isProtected} isBroken={standing === "break_glass"} />
            <span aria-hidden="true">→</span>
            <UntrustedText text={version} />
          </li>
        ))}
      </ul>
    ),
  }),
  column.accessor("openReleases", {
    header: "Open release",
    // On a phone there is room for what each prompt is at; the rest is a tap away.
    meta: { className: "max-sm:hidden" },
    cell: ({ row }) => (
      <ul>
        {row.original.openReleases.slice(0, 3).map(({ id, baseline, candidate }) => (
          <li key={id}>
            <Link href={`/releases/${id}`} className="inline-flex min-h-6 items-center text-accent hover:underline">
              <UntrustedText text={`${baseline} → ${candidate}`} />
            </Link>
          </li>
        ))}
      </ul>
    ),
  }),
  column.accessor("changedAt", {
    header: "Changed",
    cell: ({ row }) => <RelativeTime date={row.original.changedAt} />,
    meta: { className: "max-sm:hidden" },
  }),
]);

type Props = { rows: PromptRow[]; first: string | null; next: string | null };

export function PromptTable({ rows, first, next }: Props) {
  return (
    <DataTable
      label="Prompts"
      columns={columns}
      rows={rows}
      rowId={({ name }) => name}
      rowHref={({ name }) => promptHref(name)}
      previous={first}
      next={next}
    />
  );
}

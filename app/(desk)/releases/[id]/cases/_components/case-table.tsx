"use client";

import { useMemo } from "react";
import { columnsOf } from "@/components/table/columns";
import { DataTable } from "@/components/table/data-table";
import { Badge } from "@/components/ui/badge";
import { EmptyState } from "@/components/ui/empty-state";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { preferenceWords, Verdict } from "@/components/ui/verdict";
import type { CaseFilter, CasePage, CaseRow, Flip } from "@/lib/releases/cases";
import { casesHref } from "./links";

const flipLook: Record<Flip, { word: string; shape: string; tone: string }> = {
  better: { word: "better", shape: "▲", tone: "text-better" },
  worse: { word: "worse", shape: "▼", tone: "text-worse" },
  same: { word: "same", shape: "=", tone: "text-muted" },
  error: { word: "no verdict", shape: "!", tone: "text-unsure" },
};

const column = columnsOf<CaseRow>();

function Excerpt({ text }: { text: string }) {
  return (
    <span className="line-clamp-2 [overflow-wrap:anywhere]">
      <UntrustedText text={text} />
    </span>
  );
}

function Answer({ row, side }: { row: CaseRow; side: "baseline" | "candidate" }) {
  if (row.hidden) return <span className="text-muted">waits for a blind grade</span>;
  const { output, error } = row[side];
  return error === null ? (
    <Excerpt text={output ?? ""} />
  ) : (
    <span className="text-worse">error: {error.slice(0, 80)}</span>
  );
}

function Pair({ row, by }: { row: CaseRow; by: "human" | "machine" }) {
  if (row.hidden) return <span className="text-muted">hidden</span>;
  if (row.prefers) {
    const people = [...new Set(row.prefers.people)];
    const prefer = by === "machine" ? row.prefers.judge : people.length > 1 ? "disagree" : (people[0] ?? null);
    if (prefer === null) return <span className="text-muted">–</span>;
    return <Verdict value={preferenceWords(prefer)} by={by} className="text-sm" />;
  }
  const said = (side: "baseline" | "candidate") => {
    if (by === "machine") return row[side].verdict;
    const labels = [...new Set(row[side].people)];
    return labels.length > 1 ? "disagree" : (labels[0] ?? null);
  };
  const [before, after] = [said("baseline"), said("candidate")];
  if (before === null && after === null) return <span className="text-muted">–</span>;
  return (
    <span className="inline-flex items-center gap-x-1 text-sm whitespace-nowrap">
      <Verdict value={before} by={by} /> <span className="text-muted">→</span> <Verdict value={after} />
    </span>
  );
}

function columnsFor(baseline: string, candidate: string) {
  return column.columns([
    column.accessor("key", {
      id: "case",
      header: "Case",
      meta: { sort: "case", className: "min-w-28" },
      cell: ({ row }) => <span className="font-mono text-sm [overflow-wrap:anywhere]">{row.original.key}</span>,
    }),
    column.accessor("slice", {
      id: "slice",
      header: "Slice",
      meta: { sort: "slice" },
      cell: ({ row }) => row.original.slice ?? "–",
    }),
    column.display({
      id: "input",
      header: "Input",
      meta: { className: "min-w-44" },
      cell: ({ row }) => <Excerpt text={row.original.input} />,
    }),
    column.display({
      id: "baseline",
      header: () => <span className="break-all">{baseline}</span>,
      meta: { name: `Answer of ${baseline}`, className: "min-w-44" },
      cell: ({ row }) => <Answer row={row.original} side="baseline" />,
    }),
    column.display({
      id: "candidate",
      header: () => <span className="break-all">{candidate}</span>,
      meta: { name: `Answer of ${candidate}`, className: "min-w-44" },
      cell: ({ row }) => <Answer row={row.original} side="candidate" />,
    }),
    column.display({ id: "judge", header: "Judge", cell: ({ row }) => <Pair row={row.original} by="machine" /> }),
    column.display({ id: "people", header: "People", cell: ({ row }) => <Pair row={row.original} by="human" /> }),
    column.display({
      id: "flip",
      header: "Flip",
      meta: { sort: "worst" },
      cell: ({ row }) => {
        const { flip } = row.original;
        if (flip === null) return <span className="text-muted">–</span>;
        const { word, shape, tone } = flipLook[flip];
        return (
          <span className={`whitespace-nowrap ${tone}`}>
            <span aria-hidden="true">{shape}</span> {word}
          </span>
        );
      },
    }),
    column.display({
      id: "marks",
      header: "Marks",
      cell: ({ row }) => (
        <span className="flex flex-wrap gap-1">
          {row.original.mustPass && <Badge tone="accent">must-pass</Badge>}
          {row.original.override && <Badge tone="human">override</Badge>}
          {row.original.drawn && <Badge>drawn</Badge>}
          {row.original.tags.map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
        </span>
      ),
    }),
  ]);
}

type Props = { releaseId: number; filter: CaseFilter; page: CasePage; baseline: string; candidate: string };

export function CaseTable({ releaseId, filter, page, baseline, candidate }: Props) {
  const columns = useMemo(() => columnsFor(baseline, candidate), [baseline, candidate]);
  const descending = filter.sort === "-case";
  return (
    <DataTable
      label="Cases"
      columns={columns}
      rows={page.rows}
      rowId={({ id }) => String(id)}
      rowHref={({ id }) => `/releases/${releaseId}/cases/${id}`}
      sort={{
        by: descending ? "case" : (filter.sort ?? "given"),
        descending,
        href: (by, down) =>
          casesHref(releaseId, filter, { sort: (by === "case" && down ? "-case" : by) as CaseFilter["sort"] }),
      }}
      previous={page.previous && casesHref(releaseId, filter, { before: page.previous })}
      next={page.next && casesHref(releaseId, filter, { after: page.next })}
      empty={<EmptyState title="No case matches">Clear a filter to see more.</EmptyState>}
    />
  );
}

"use client";

import { Bot, Download, User } from "lucide-react";
import { usePathname, useSearchParams } from "next/navigation";
import { useCallback, useMemo, useState } from "react";
import { columnsOf } from "@/components/table/columns";
import { DataTable } from "@/components/table/data-table";
import { Badge, type Tone } from "@/components/ui/badge";
import { DownloadButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { UntrustedText, untrusted } from "@/components/ui/untrusted-text";
import { preferenceWords, verdict } from "@/components/ui/verdict";
import type { CaseFilter } from "@/lib/releases/case-filter";
import type { CasePage, CaseRow, CaseTable as Table } from "@/lib/releases/cases";
import { CaseDrawer } from "./case-drawer";
import { flipLook } from "./flips";
import { casesHref, casesQuery } from "./links";
import { SelectionBar } from "./selection-bar";

const column = columnsOf<CaseRow>();
const none = <span className="text-muted">–</span>;

// Functions, no components, as all that stands in a cell: React would walk hundreds of them at every click.

function excerpt(text: string) {
  return <span className="line-clamp-2 [overflow-wrap:anywhere]">{untrusted(text)}</span>;
}

function answer(row: CaseRow, side: "baseline" | "candidate") {
  if (row.hidden) return <span className="text-muted">waits for a blind grade</span>;
  const { output, error } = row[side];
  if (error !== null) return <span className="text-worse">error: {untrusted(error.slice(0, 80))}</span>;
  return output === null ? <span className="text-muted">no answer</span> : excerpt(output);
}

type Opinion = { baseline: string | null; candidate: string | null; prefers: string | null };

/** What one judge, or people on one criterion, say of the two answers. Who says it stands in the column's head. */
function said(hidden: boolean, opinion: Opinion) {
  if (hidden) return <span className="text-muted">hidden</span>;
  const { baseline, candidate, prefers } = opinion;
  if (prefers !== null) return verdict({ value: preferenceWords(prefers), className: "text-sm" });
  if (baseline === null && candidate === null) return none;
  return (
    <span className="inline-flex items-center gap-x-1 text-sm whitespace-nowrap">
      {verdict({ value: baseline })} <span className="text-muted">→</span> {verdict({ value: candidate })}
    </span>
  );
}

function oneOf(grades: readonly string[]): string | null {
  const different = new Set(grades);
  return different.size > 1 ? "disagree" : (grades[0] ?? null);
}

function grades({ baseline, candidate, prefers }: CaseRow["people"][string]): Opinion {
  return { baseline: oneOf(baseline), candidate: oneOf(candidate), prefers: oneOf(prefers) };
}

function judgedBy(row: CaseRow, id?: number): Opinion {
  const said =
    id === undefined
      ? row.prefers
        ? { prefers: row.prefers.judge }
        : { baseline: row.baseline.verdict, candidate: row.candidate.verdict }
      : (row.judges[id] ?? { baseline: null, candidate: null });
  return "prefers" in said ? { baseline: null, candidate: null, prefers: said.prefers } : { ...said, prefers: null };
}

/** Names of several judges or criteria in one head: the key, and small what it is about. */
function Head({ by, name, of }: { by: "human" | "machine"; name: string; of: string | null }) {
  const Icon = by === "human" ? User : Bot;
  return (
    <span className="flex min-w-24 flex-col [overflow-wrap:anywhere]">
      <span className="flex items-start gap-1">
        <Icon
          aria-hidden="true"
          className={`mt-0.5 size-3.5 shrink-0 ${by === "human" ? "text-human" : "text-machine"}`}
        />
        {excerpt(name)}
      </span>
      {of !== null && (
        <span className="text-xs font-normal">
          <UntrustedText text={of} />
        </span>
      )}
    </span>
  );
}

function columnsFor(table: Table) {
  const { baseline, candidate, judge, criterion, otherJudges, otherCriteria } = table;
  const many = otherCriteria.length > 0;
  return column.columns([
    column.accessor("key", {
      id: "case",
      header: "Case",
      meta: { sort: "case", className: "min-w-28 max-w-48" },
      cell: ({ row }) => (
        <span className="line-clamp-3 font-mono text-sm [overflow-wrap:anywhere]">{untrusted(row.original.key)}</span>
      ),
    }),
    column.accessor("slice", {
      id: "slice",
      header: "Slice",
      meta: { sort: "slice", className: "min-w-24 max-w-40 max-sm:hidden" },
      cell: ({ row }) => (row.original.slice === null ? none : excerpt(row.original.slice)),
    }),
    column.display({
      id: "input",
      header: "Input",
      meta: { className: "min-w-40" },
      cell: ({ row }) => excerpt(row.original.input),
    }),
    ...(["baseline", "candidate"] as const).map((side) =>
      column.display({
        id: side,
        header: () => excerpt(side === "baseline" ? baseline : candidate),
        meta: {
          name: `Answer of ${side === "baseline" ? baseline : candidate}`,
          // On a phone there is room for what was decided; the answers are a tap away.
          className: "min-w-40 max-sm:hidden",
        },
        cell: ({ row }) => answer(row.original, side),
      }),
    ),
    column.display({
      id: "flip",
      header: "Flip",
      meta: { sort: "worst" },
      cell: ({ row }) => {
        const { flip } = row.original;
        if (flip === null) return none;
        const { word, shape, tone } = flipLook[flip];
        return (
          <span className={`whitespace-nowrap ${tone}`}>
            <span aria-hidden="true">{shape}</span> {word}
          </span>
        );
      },
    }),
    column.display({
      id: "judge",
      header: () => <Head by="machine" name={judge ?? "Judge"} of={many ? criterion : null} />,
      meta: { name: judge ? `Judge ${judge}` : "Judge", sort: judge ? "judge" : undefined },
      cell: ({ row }) => said(row.original.hidden, judgedBy(row.original)),
    }),
    column.display({
      id: "people",
      header: () => <Head by="human" name="People" of={many ? criterion : null} />,
      meta: { name: many ? `People on ${criterion}` : "People" },
      cell: ({ row }) => {
        const { baseline, candidate, prefers } = row.original;
        const own = { baseline: baseline.people, candidate: candidate.people, prefers: prefers?.people ?? [] };
        return said(row.original.hidden, grades(own));
      },
    }),
    column.display({
      id: "marks",
      header: "Marks",
      meta: { className: "min-w-36" },
      cell: ({ row }) => marks(row.original),
    }),
    ...otherJudges.map(({ id, key, criterion: of }) =>
      column.display({
        id: `judge-${id}`,
        header: () => <Head by="machine" name={key} of={many ? of : null} />,
        meta: { name: `Judge ${key}` },
        cell: ({ row }) => said(row.original.hidden, judgedBy(row.original, id)),
      }),
    ),
    ...otherCriteria.map((key, index) =>
      column.display({
        id: `people-${index + 1}`,
        header: () => <Head by="human" name="People" of={key} />,
        meta: { name: `People on ${key}` },
        cell: ({ row }) => {
          const own = row.original.people[key] ?? { baseline: [], candidate: [], prefers: [] };
          return said(row.original.hidden, grades(own));
        },
      }),
    ),
  ]);
}

const sampleWords = { drawn: "drawn", chosen: "added", waits: "in the sample" };

function marks(row: CaseRow) {
  return (
    <span className="flex flex-wrap gap-1">
      {row.mustPass && <Badge tone="accent">must-pass</Badge>}
      {row.override && <Badge tone="human">override</Badge>}
      {row.sample && <Badge>{sampleWords[row.sample]}</Badge>}
      {row.tags.map((tag) => (
        <Tag key={tag} tag={tag} />
      ))}
      {row.ownTags.map((tag) => (
        <Tag key={`own ${tag}`} tag={tag} tone="human" />
      ))}
    </span>
  );
}

/** In one line, cut where it is long. */
function Tag({ tag, tone }: { tag: string; tone?: Tone }) {
  return (
    <Badge tone={tone} className="max-w-40">
      <span className="truncate [&_span]:whitespace-nowrap">
        <UntrustedText text={tag} />
      </span>
    </Badge>
  );
}

type Props = {
  releaseId: number;
  filter: CaseFilter;
  page: CasePage;
  table: Table;
  tags: string[];
  /** What the address names to open, where that is no case of the release. */
  gone?: string;
  /** What this person may do with selected cases. */
  may: { choose: boolean; tag: boolean };
};

/** The rows, what is selected of them over several pages, and the one that is open. */
export function CaseTable({ releaseId, filter, page, table, tags, gone, may }: Props) {
  // What is counted changes with the filters, the columns do not.
  const { counts: _counts, all: _all, slices: _slices, waits: _waits, counted: _counted, ...named } = table;
  const described = JSON.stringify(named);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same description makes the same columns
  const columns = useMemo(() => columnsFor(table), [described]);
  const [selected, setSelected] = useState<ReadonlyMap<number, string>>(new Map());
  const [open, setOpen, isGone] = useOpenCase(gone);
  const ids = useMemo(() => page.rows.map(({ id }) => id), [page.rows]);
  const select = useCallback((rows: readonly { id: number; key: string }[], on: boolean) => {
    setSelected((before) => {
      const next = new Map(before);
      for (const { id, key } of rows) {
        if (on) next.set(id, key);
        else next.delete(id);
      }
      return next;
    });
  }, []);
  return (
    <>
      {isGone && (
        <Notice tone="warning" title="The case of this address is not shown">
          No such case is in this release.
        </Notice>
      )}
      <DataTable
        label="Cases"
        id="cases"
        columns={columns}
        rows={page.rows}
        rowId={({ id }) => String(id)}
        rowHref={({ id }) => `/releases/${releaseId}/cases/${id}`}
        onOpen={({ id }) => setOpen(id)}
        selection={{
          selected: new Set([...selected.keys()].map(String)),
          name: ({ key }) => key,
          toggle: select,
        }}
        sort={{
          by: filter.sort?.replace("-", ""),
          descending: filter.sort?.startsWith("-") ?? false,
          href: (by, descending) =>
            casesHref(releaseId, filter, {
              sort: by === undefined ? by : (`${descending ? "-" : ""}${by}` as CaseFilter["sort"]),
            }),
        }}
        previous={page.previous && casesHref(releaseId, filter, { before: page.previous })}
        next={page.next && casesHref(releaseId, filter, { after: page.next })}
        empty={<EmptyState title="No case matches">Clear a filter to see more.</EmptyState>}
      >
        {selected.size > 0 ? (
          <SelectionBar
            releaseId={releaseId}
            selected={selected}
            tags={tags}
            may={may}
            onClear={() => setSelected(new Map())}
          />
        ) : (
          <Exports releaseId={releaseId} filter={filter} />
        )}
      </DataTable>
      <CaseDrawer
        releaseId={releaseId}
        query={casesQuery(filter).toString()}
        caseId={open}
        page={ids}
        selected={open !== null && selected.has(open)}
        onSelect={(id, key, on) => select([{ id, key }], on)}
        onOpen={setOpen}
      />
    </>
  );
}

function Exports({ releaseId, filter }: { releaseId: number; filter: CaseFilter }) {
  const href = (format: string) => {
    const query = casesQuery(filter);
    query.set("format", format);
    return `/releases/${releaseId}/cases/export?${query}`;
  };
  return (
    <span className="no-print flex flex-wrap items-center gap-2">
      <DownloadButton size="sm" href={href("csv")}>
        <Download aria-hidden="true" className="size-4" />
        CSV
      </DownloadButton>
      <DownloadButton size="sm" href={href("jsonl")}>
        <Download aria-hidden="true" className="size-4" />
        JSONL
      </DownloadButton>
      <span className="text-sm text-muted max-md:hidden">of all cases under these filters</span>
    </span>
  );
}

/** Which case the address says is open. Opening adds a step to go back over; going through cases adds none. */
function useOpenCase(gone: string | undefined): [number | null, (id: number | null) => void, boolean] {
  const path = usePathname();
  const parameters = useSearchParams();
  const given = parameters.get("open");
  const isGone = given !== null && given === gone;
  const open = !isGone && given !== null && /^[1-9]\d{0,8}$/.test(given) ? Number(given) : null;
  return [
    open,
    (id) => {
      const query = new URLSearchParams(parameters);
      if (id === null) query.delete("open");
      else query.set("open", String(id));
      const text = query.toString();
      const href = text ? `${path}?${text}` : path;
      if (open === null) window.history.pushState(null, "", href);
      else window.history.replaceState(null, "", href);
    },
    isGone,
  ];
}

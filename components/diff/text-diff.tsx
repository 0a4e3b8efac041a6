import Link from "next/link";
import type { ReactNode } from "react";
import type { Row, Section } from "@/lib/prompts/diff/words";
import { cn } from "../ui/cn";
import { spelled } from "../ui/invisible";
import { VisibleText } from "../ui/untrusted-text";
import { fold } from "./fold";
import { Pieces } from "./pieces";

/** Words: both sides in one line. Lines: the line before above the line after. Side: beside each other. */
export type DiffView = "words" | "lines" | "side";

/** What is known of a hunk beside its text. */
export type HunkMark = {
  /** The target `#hunk-<id>`; where moved text came to: `#hunk-<id>-to`. */
  id: string;
  label: string;
  href: string;
  selected?: boolean;
  /** A line under its head. */
  note?: ReactNode;
};
type Marks = (number: number) => HunkMark | undefined;

type Props = {
  diff: { sections: readonly Section[]; exact: boolean };
  view: DiffView;
  /** By number; without it, hunks are only counted. */
  marks?: Marks;
};

/** One text before and after. Unchanged stretches are folded; a click or Enter opens them. Needs no script. */
export function TextDiffView({ diff: { sections, exact }, view, marks }: Props) {
  return (
    <div className="overflow-hidden rounded-md border border-line bg-raised font-mono text-[13px] leading-6">
      {!exact && (
        <p className="border-b border-line bg-unsure-soft px-3 py-1 font-sans text-sm">
          Too much changed to compare every word: some blocks are shown whole.
        </p>
      )}
      {sections.map((section, index) => {
        if (section.kind === "hunk") return <Hunk key={index} section={section} view={view} marks={marks} />;
        const folded = fold(section.text, { first: index === 0, last: index === sections.length - 1 });
        return (
          <div key={index}>
            {folded.head && <Same text={folded.head} view={view} />}
            {folded.middle && (
              <details className="group">
                <summary className="min-h-6 cursor-pointer bg-sunken px-3 py-0.5 font-sans text-sm text-muted hover:text-ink">
                  {folded.middle.lines} unchanged lines
                </summary>
                <Same text={folded.middle.text} view={view} />
              </details>
            )}
            {folded.tail && <Same text={folded.tail} view={view} />}
          </div>
        );
      })}
    </div>
  );
}

const places = { from: "moved away from here", to: "moved here" };

function Hunk({ section, view, marks }: { section: Section & { kind: "hunk" }; view: DiffView; marks?: Marks }) {
  const { number, rows, place } = section;
  const mark = marks?.(number);
  const other = place && mark && (place === "from" ? `#hunk-${mark.id}-to` : `#hunk-${mark.id}`);
  return (
    <div
      id={mark && (place === "to" ? `hunk-${mark.id}-to` : `hunk-${mark.id}`)}
      className={cn("scroll-mt-4", mark?.selected && "outline-2 -outline-offset-2 outline-accent")}
    >
      {!mark && <span className="sr-only">Change {number}: </span>}
      {(mark || place) && (
        <div className="flex flex-wrap items-center gap-x-3 bg-sunken pr-3 font-sans text-sm text-muted">
          {mark && <HunkLink number={number} mark={mark} />}
          {place && (
            <span className="text-accent">
              {other ? (
                <a href={other} className="inline-flex min-h-6 items-center underline underline-offset-2">
                  {places[place]}
                </a>
              ) : (
                places[place]
              )}
            </span>
          )}
          {place !== "to" && mark?.note}
        </div>
      )}
      {rows.length === 0 && <p className="px-3 font-sans text-sm text-muted">An empty message.</p>}
      {rows.map((row, at) => (
        <Changed key={at} row={row} view={view} place={place} number={!mark && at === 0 ? number : null} />
      ))}
    </div>
  );
}

/** The number of a hunk; it selects the hunk. */
export function HunkLink({ number, mark: { href, label, selected } }: { number: number; mark: HunkMark }) {
  return (
    <Link
      href={href}
      scroll={false}
      aria-label={spelled(`Hunk ${number}: ${label}`)}
      aria-current={selected ? "true" : undefined}
      className={cn(
        "inline-flex min-h-6 min-w-7 items-center justify-center rounded-br px-1.5 font-medium tabular-nums -outline-offset-2",
        selected ? "bg-accent text-on-accent" : "bg-accent-soft text-accent hover:underline",
      )}
    >
      {number}
    </Link>
  );
}

function Same({ text, view }: { text: string; view: DiffView }) {
  if (view !== "side") {
    return (
      <Line sign="">
        <VisibleText text={text} />
      </Line>
    );
  }
  return (
    <Columns>
      <Line sign="">
        <VisibleText text={text} />
      </Line>
      {/* The same once more, only to be seen beside it. */}
      <div aria-hidden="true" className="max-md:hidden md:border-l md:border-line">
        <Line sign="">
          <VisibleText text={text} />
        </Line>
      </div>
    </Columns>
  );
}

type ChangedProps = { row: Row; view: DiffView; number: number | null; place?: "from" | "to" };

function Changed({ row, view, number, place }: ChangedProps) {
  const removed = row.pieces.some(({ kind }) => kind === "removed");
  const added = row.pieces.some(({ kind }) => kind === "added");
  const before = row.pieces.filter(({ kind }) => kind !== "added");
  const after = row.pieces.filter(({ kind }) => kind !== "removed");
  if (view !== "side" && place) {
    return (
      <Line sign="↷" number={number}>
        <Pieces pieces={row.pieces} struck />
      </Line>
    );
  }
  if (view === "lines" || (view === "words" && removed && added && row.pieces.length === 2)) {
    return (
      <>
        {removed && (
          <Line sign="−" number={number}>
            <Pieces pieces={before} struck />
          </Line>
        )}
        {added && (
          <Line sign="+" number={removed ? null : number}>
            <Pieces pieces={after} struck />
          </Line>
        )}
      </>
    );
  }
  if (view === "words") {
    const sign = removed && added ? "±" : removed ? "−" : "+";
    return (
      <Line sign={sign} number={number}>
        <Pieces pieces={row.pieces} struck />
      </Line>
    );
  }
  return (
    <Columns>
      {before.length > 0 ? (
        <Line sign={removed ? (place ? "↷" : "−") : ""} number={number}>
          <Pieces pieces={before} struck={false} />
        </Line>
      ) : (
        <Nothing />
      )}
      <div className="md:border-l md:border-line">
        {after.length > 0 ? (
          <Line sign={added ? (place ? "↷" : "+") : ""} number={before.length > 0 ? null : number}>
            <Pieces pieces={after} struck={false} />
          </Line>
        ) : (
          <Nothing />
        )}
      </div>
    </Columns>
  );
}

function Columns({ children }: { children: ReactNode }) {
  return <div className="grid grid-cols-1 md:grid-cols-2">{children}</div>;
}

function Nothing() {
  return <div aria-hidden="true" className="h-full bg-sunken max-md:hidden" />;
}

const bars: Record<string, string> = {
  "": "border-transparent",
  "−": "border-worse",
  "+": "border-better",
  "±": "border-accent",
  "↷": "border-accent border-dotted",
};

/** A gutter with the hunk's number and a sign, then the text. */
function Line({ sign, number, children }: { sign: string; number?: number | null; children: ReactNode }) {
  return (
    <div className={cn("flex h-full border-l-2", bars[sign])}>
      <span aria-hidden="true" className="flex w-11 shrink-0 justify-between px-1.5 text-muted select-none">
        <span className="font-sans text-xs leading-6">{number}</span>
        <span
          className={cn(sign === "−" && "text-worse", sign === "+" && "text-better", sign === "↷" && "text-accent")}
        >
          {sign}
        </span>
      </span>
      <div dir="auto" className="min-w-0 grow py-px pr-3 whitespace-pre-wrap [overflow-wrap:anywhere]">
        {children}
      </div>
    </div>
  );
}

import type { ReactNode } from "react";
import { cn } from "../ui/cn";
import { VisibleText } from "../ui/untrusted-text";
import { Pieces } from "./pieces";
import { fold, type Row, sectionsOf, type TextDiff } from "./words";

export type DiffView = "side" | "unified";

type Props = {
  diff: TextDiff;
  view: DiffView;
  /** Numbers of hunks continue from here when several texts make one comparison. */
  hunksBefore?: number;
  /** Each hunk becomes the target `#<anchor><number>`. */
  anchor?: string;
};

/** One text before and after. Unchanged stretches are folded; a click or Enter opens them. Needs no script. */
export function TextDiffView({ diff, view, hunksBefore = 0, anchor = "hunk-" }: Props) {
  const sections = sectionsOf(diff.rows);
  return (
    <div className="overflow-hidden rounded-md border border-line bg-raised font-mono text-[13px] leading-6">
      {!diff.exact && (
        <p className="border-b border-line bg-unsure-soft px-3 py-1 font-sans text-sm">
          Too much changed to compare every word in time: some blocks are shown whole.
        </p>
      )}
      {sections.map((section, index) => {
        if (section.kind === "same") {
          const folded = fold(section.text, { first: index === 0, last: index === sections.length - 1 });
          return (
            <div key={index}>
              {folded.head && <Same text={folded.head} view={view} />}
              {folded.middle && (
                <details className="group">
                  <summary className="min-h-6 cursor-pointer bg-sunken px-3 font-sans text-sm text-muted hover:text-ink">
                    {folded.middle.lines} unchanged lines
                  </summary>
                  <Same text={folded.middle.text} view={view} />
                </details>
              )}
              {folded.tail && <Same text={folded.tail} view={view} />}
            </div>
          );
        }
        const number = hunksBefore + section.number;
        return (
          <div key={index} id={`${anchor}${number}`} className="scroll-mt-4">
            <span className="sr-only">Change {number}: </span>
            {section.rows.map((row, at) => (
              <Changed key={at} row={row} view={view} number={at === 0 ? number : null} />
            ))}
          </div>
        );
      })}
    </div>
  );
}

function Same({ text, view }: { text: string; view: DiffView }) {
  if (view === "unified") {
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

function Changed({ row, view, number }: { row: Row; view: DiffView; number: number | null }) {
  const removed = row.pieces.some(({ kind }) => kind === "removed");
  const added = row.pieces.some(({ kind }) => kind === "added");
  if (view === "unified" && removed && added && row.pieces.length === 2) {
    return row.pieces.map((piece, index) => (
      <Line key={piece.kind} sign={piece.kind === "removed" ? "−" : "+"} number={index === 0 ? number : null}>
        <Pieces pieces={[piece]} struck />
      </Line>
    ));
  }
  if (view === "unified") {
    const sign = removed && added ? "±" : removed ? "−" : "+";
    return (
      <Line sign={sign} number={number}>
        <Pieces pieces={row.pieces} struck />
      </Line>
    );
  }
  const before = row.pieces.filter(({ kind }) => kind !== "added");
  const after = row.pieces.filter(({ kind }) => kind !== "removed");
  return (
    <Columns>
      {before.length > 0 ? (
        <Line sign={removed ? "−" : ""} number={number}>
          <Pieces pieces={before} struck={false} />
        </Line>
      ) : (
        <Nothing />
      )}
      <div className="md:border-l md:border-line">
        {after.length > 0 ? (
          <Line sign={added ? "+" : ""} number={before.length > 0 ? null : number}>
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
};

/** A gutter with the hunk's number and a sign, then the text. */
function Line({ sign, number, children }: { sign: string; number?: number | null; children: ReactNode }) {
  return (
    <div className={cn("flex h-full border-l-2", bars[sign])}>
      <span aria-hidden="true" className="flex w-11 shrink-0 justify-between px-1.5 text-muted select-none">
        <span className="font-sans text-xs leading-6">{number}</span>
        <span className={cn(sign === "−" && "text-worse", sign === "+" && "text-better")}>{sign}</span>
      </span>
      <div dir="auto" className="min-w-0 grow py-px pr-3 whitespace-pre-wrap [overflow-wrap:anywhere]">
        {children}
      </div>
    </div>
  );
}

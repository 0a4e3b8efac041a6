"use client";

import { type ReactNode, useState } from "react";
import { Button } from "./button";
import { formatCount, plural } from "./format";
import { LongText } from "./long-text";
import { VisibleText } from "./untrusted-text";

const atOnce = 100;
/** Open at first, as long as little is in it. */
const openLevels = 3;
const openEntries = 30;

/** Data as a tree. What is closed is not laid out, so that size and depth cost nothing until they are asked for. */
export function JsonTree({ value, depth = 0 }: { value: unknown; depth?: number }) {
  return (
    <div className="min-w-0 font-mono text-[13px] leading-6">
      <Node value={value} name={null} depth={depth} />
    </div>
  );
}

function Node({ value, name, depth }: { value: unknown; name: string | null; depth: number }) {
  const label = name !== null && (
    <span className="text-muted">
      <VisibleText text={name} most={500} />:{" "}
    </span>
  );
  if (value === null || typeof value !== "object") {
    return (
      <div dir="auto" className="min-h-6 whitespace-pre-wrap [unicode-bidi:isolate]">
        {label}
        <Leaf value={value} />
      </div>
    );
  }
  const entries = Object.entries(value as object);
  if (entries.length === 0) {
    return (
      <div className="min-h-6">
        {label}
        <span className="text-muted">{Array.isArray(value) ? "[ ]" : "{ }"}</span>
      </div>
    );
  }
  return <Branch label={label} entries={entries} isList={Array.isArray(value)} depth={depth} />;
}

type BranchProps = { label: ReactNode; entries: [string, unknown][]; isList: boolean; depth: number };

function Branch({ label, entries, isList, depth }: BranchProps) {
  const [open, setOpen] = useState(depth < openLevels && (depth === 0 || entries.length <= openEntries));
  const [shown, setShown] = useState(depth === 0 ? atOnce : openEntries);
  const rest = entries.length - shown;
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="min-h-6 cursor-pointer rounded-sm marker:text-muted hover:bg-hover">
        {label}
        <span className="text-muted">
          {isList ? `[${formatCount(entries.length)}]` : `{${formatCount(entries.length)}}`}
        </span>
      </summary>
      {open && (
        // Deep down, indenting further would leave no room for the text.
        <div className={depth < 12 ? "ml-1.5 border-l border-line pl-3.5" : "border-l border-line pl-px"}>
          {entries.slice(0, shown).map(([key, inner]) => (
            <Node key={key} value={inner} name={key} depth={depth + 1} />
          ))}
          {rest > 0 && (
            <Button size="sm" className="my-1 font-sans" onClick={() => setShown(shown + 500)}>
              Show {rest > 500 ? "500 more" : plural(rest, "more", "more")} of {formatCount(entries.length)}
            </Button>
          )}
        </div>
      )}
    </details>
  );
}

/** A text stands in quotes, so that "3" and 3 differ. */
function Leaf({ value }: { value: unknown }) {
  if (typeof value !== "string") return <span className="text-human">{String(value)}</span>;
  return (
    <>
      <span className="text-muted">“</span>
      <LongText text={value} />
      <span className="text-muted">”</span>
    </>
  );
}

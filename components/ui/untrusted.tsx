"use client";

import { useState } from "react";
import { Button } from "./button";
import { cn } from "./cn";
import { visiblePieces } from "./invisible";

const shownAtFirst = 4000;

/** Text written by a machine or a stranger: shown as text, in its own pane, with what can't be seen made visible. */
export function Untrusted({
  text,
  compact = false,
  className,
}: {
  text: string;
  compact?: boolean;
  className?: string;
}) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > shownAtFirst;
  const shown = cut ? text.slice(0, shownAtFirst) : text;
  return (
    <div
      dir="auto"
      className={cn(
        "min-w-0 isolate overflow-hidden whitespace-pre-wrap [overflow-wrap:anywhere]",
        compact ? "text-sm text-muted" : "rounded-md border border-line bg-raised p-3 text-[15px] leading-relaxed",
        className,
      )}
    >
      {text === "" && <span className="text-muted">(empty)</span>}
      <UntrustedText text={shown} />
      {cut && (
        <div className="mt-2">
          <Button size="sm" onClick={() => setWhole(true)}>
            Show all {text.length.toLocaleString("en")} characters
          </Button>
        </div>
      )}
    </div>
  );
}

/** The same, inline and without a pane: for table cells and headings. */
export function UntrustedText({ text }: { text: string }) {
  return (
    <bdi>
      {visiblePieces(text).map((piece, index) =>
        "text" in piece ? (
          piece.text
        ) : (
          <span
            key={index}
            className="mx-px rounded bg-unsure-soft px-1 font-mono text-xs text-unsure"
            title="invisible character"
          >
            {piece.badge}
          </span>
        ),
      )}
    </bdi>
  );
}

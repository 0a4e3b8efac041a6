"use client";

import { Download } from "lucide-react";
import { memo, type ReactNode, useMemo, useState } from "react";
import { Button } from "./button";
import { bearable, chunksOf, cutAt, nextStep, sizeOf } from "./cut";
import { formatCount } from "./format";
import { VisibleText } from "./untrusted-text";

export const shownAtFirst = 4000;

/** A text as it is, from the front; what is long comes step by step, and whole as a file. */
export const LongText = memo(function LongText({ text }: { text: string }) {
  const { shown, rest } = useSteps(text);
  const chunks = shown.length > 20_000 ? chunksOf(shown) : [shown];
  return (
    <>
      {chunks.length === 1 ? (
        <VisibleText text={shown} />
      ) : (
        chunks.map((chunk, index) => (
          // A line that goes on past a piece says so, since the piece ends it on the screen.
          <div
            key={index}
            className={
              index < chunks.length - 1 && !chunk.endsWith("\n")
                ? "[contain-intrinsic-size:auto_40rem] [content-visibility:auto] after:text-muted after:content-['↩']"
                : "[contain-intrinsic-size:auto_40rem] [content-visibility:auto]"
            }
          >
            <VisibleText text={chunk} />
          </div>
        ))
      )}
      {rest}
    </>
  );
});

/** The part of a text that is shown, and what to press for more of it. */
export function useSteps(text: string, first = shownAtFirst): { shown: string; rest: ReactNode } {
  const [upTo, setUpTo] = useState(first);
  // What is only a little longer is shown at once.
  const shown = text.length <= upTo * 1.25 ? text : text.slice(0, cutAt(text, upTo));
  if (shown.length === text.length) return { shown, rest: null };
  const next = nextStep(upTo, text.length);
  return {
    shown,
    rest: <Rest text={text} shown={shown.length} more={next > upTo ? () => setUpTo(next) : null} next={next - upTo} />,
  };
}

type RestProps = { text: string; shown: number; next: number; more: (() => void) | null };

function Rest({ text, shown, next, more }: RestProps) {
  const size = useMemo(() => sizeOf(new Blob([text]).size), [text]);
  return (
    <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line pt-2 font-sans text-sm whitespace-normal text-muted">
      <span className="tabular-nums">
        {formatCount(shown)} of {formatCount(text.length)} characters
        {!more && shown < text.length && `; a page can't bear more than ${formatCount(bearable)}`}
      </span>
      {more && (
        <Button size="sm" onClick={more}>
          {shown + next >= text.length ? "Show the rest" : `Show ${formatCount(next)} more`}
        </Button>
      )}
      <Button size="sm" variant="ghost" onClick={() => download(text)}>
        <Download aria-hidden="true" className="size-4" /> Download all, {size}
      </Button>
    </div>
  );
}

/** The exact text as a file; nothing is asked of the server for it. */
function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "text.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

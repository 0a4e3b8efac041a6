"use client";

import { Download } from "lucide-react";
import { memo, type ReactNode, useMemo, useState } from "react";
import { Button, DownloadButton } from "./button";
import { bearable, chunksOf, cutAt, nextStep, sizeOf } from "./cut";
import { formatCount } from "./format";
import { VisibleText } from "./untrusted-text";

export const shownAtFirst = 4000;

/** A text of which only the beginning is here: how long all of it is, and the address that gives the other parts. */
export type More = { length: number; bytes: number; href: string };

/** A text as it is, from the front; what is long comes step by step, and whole as a file. */
export const LongText = memo(function LongText({ text, more }: { text: string; more?: More }) {
  const { shown, rest } = useSteps(text, shownAtFirst, more);
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
export function useSteps(text: string, first = shownAtFirst, more?: More): { shown: string; rest: ReactNode } {
  const [upTo, setUpTo] = useState(first);
  const { known, state, reach } = useKnown(text, more);
  const length = more?.length ?? text.length;
  // What is only a little longer is shown at once.
  const all = known.length === length && length <= upTo * 1.25;
  const shown = all ? known : known.slice(0, cutAt(known, upTo));
  if (shown.length === length) return { shown, rest: null };
  const next = nextStep(upTo, length);
  const go = async () => {
    if (await reach(next)) setUpTo(next);
  };
  return {
    shown,
    rest: (
      <Rest
        text={text}
        more={more}
        shown={shown.length}
        length={length}
        next={next - upTo}
        state={state}
        onMore={next > upTo ? () => void go() : null}
      />
    ),
  };
}

type State = "ready" | "busy" | "failed";

/** What is here of a text, and how to have more of it fetched. */
function useKnown(text: string, more: More | undefined) {
  const [fetched, setFetched] = useState({ href: "", text: "" });
  const [state, setState] = useState<State>("ready");
  const known = more && fetched.href === more.href ? text + fetched.text : text;
  const reach = async (upTo: number): Promise<boolean> => {
    if (!more || known.length >= upTo) return true;
    if (state === "busy") return false;
    setState("busy");
    try {
      const answer = await fetch(`${more.href}&from=${known.length}&size=${upTo - known.length}`, {
        cache: "no-store",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const part = (await answer.json()) as { text: string };
      setFetched({ href: more.href, text: known.slice(text.length) + part.text });
      setState("ready");
      return true;
    } catch {
      setState("failed");
      return false;
    }
  };
  return { known, state, reach };
}

type RestProps = {
  text: string;
  more: More | undefined;
  shown: number;
  length: number;
  next: number;
  state: State;
  onMore: (() => void) | null;
};

function Rest({ text, more, shown, length, next, state, onMore }: RestProps) {
  const size = useMemo(() => sizeOf(more?.bytes ?? new Blob([text]).size), [text, more]);
  const download = (
    <>
      <Download aria-hidden="true" className="size-4" /> Download all, {size}
    </>
  );
  return (
    <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line pt-2 font-sans text-sm whitespace-normal text-muted">
      <span className="tabular-nums">
        {formatCount(shown)} of {formatCount(length)} characters
        {!onMore && `; a page can't bear more than ${formatCount(bearable)}`}
      </span>
      {onMore && (
        <Button size="sm" disabled={state === "busy"} onClick={onMore}>
          {shown + next >= length ? "Show the rest" : `Show ${formatCount(next)} more`}
        </Button>
      )}
      {more ? (
        <DownloadButton size="sm" variant="ghost" href={`${more.href}&whole`}>
          {download}
        </DownloadButton>
      ) : (
        <Button size="sm" variant="ghost" onClick={() => save(text)}>
          {download}
        </Button>
      )}
      {state === "failed" && (
        <span role="status" className="text-worse">
          The server did not give more of it. Try again once you are connected and signed in.
        </span>
      )}
    </div>
  );
}

/** The exact text as a file; nothing is asked of the server for it. */
function save(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "text.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

"use client";

import { Keyboard } from "lucide-react";
import { useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { Dialog } from "../ui/dialog";
import { Kbd } from "../ui/kbd";

export type KeyEntry = { keys: string[]; does: string };

const everywhere: KeyEntry[] = [
  { keys: ["Ctrl K", "⌘ K"], does: "go to a page, prompt or release" },
  { keys: ["?"], does: "show these keys" },
  { keys: ["Tab"], does: "next control; first of all: skip to the content" },
  { keys: ["↑", "↓", "Home", "End"], does: "between the rows of a table" },
  { keys: ["Enter"], does: "open the row" },
  { keys: ["Esc"], does: "close what is open" },
];

/** `?` lists the keys. */
export function Keys() {
  const [open, setOpen] = useState(false);
  useHotkeys("?", () => setOpen(true), { useKey: true, preventDefault: true });
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        className="flex min-h-8 w-full cursor-pointer items-center justify-between gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
      >
        <span className="inline-flex items-center gap-2.5">
          <Keyboard aria-hidden="true" className="size-4" />
          Keys
        </span>
        <Kbd>?</Kbd>
      </button>
      <Dialog open={open} onOpenChange={setOpen} title="Keys">
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-baseline gap-x-4 gap-y-2">
          {everywhere.map(({ keys, does }) => (
            <div key={does} className="contents">
              <dt className="flex gap-1">
                {keys.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </>
  );
}

"use client";

import { Keyboard } from "lucide-react";
import { usePathname } from "next/navigation";
import { useHotkeys } from "react-hotkeys-hook";
import { Dialog } from "../ui/dialog";
import { Kbd } from "../ui/kbd";

export type KeyEntry = { keys: string[]; does: string };
/** Keys of the screens whose path matches. */
export type ScreenKeys = { path: string; title: string; keys: KeyEntry[] };

const everywhere: KeyEntry[] = [
  { keys: ["Ctrl K", "⌘ K"], does: "do something, or go to a page, release, prompt, case or person" },
  { keys: ["?"], does: "show these keys" },
  { keys: ["Tab"], does: "next control; first of all: skip to the content" },
  { keys: ["Esc"], does: "close what is open" },
];

type Props = { screens: readonly ScreenKeys[]; open: boolean; onOpenChange: (open: boolean) => void };

/** `?` lists the keys of this screen and those of every screen. */
export function Keys({ screens, open, onOpenChange }: Props) {
  const path = usePathname();
  useHotkeys("?", () => onOpenChange(true), { useKey: true, preventDefault: true });
  const here = screens.filter((screen) => new RegExp(screen.path).test(path));
  return (
    <>
      <button
        type="button"
        onClick={() => onOpenChange(true)}
        className="flex min-h-8 w-full cursor-pointer items-center justify-between gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
      >
        <span className="inline-flex items-center gap-2.5">
          <Keyboard aria-hidden="true" className="size-4" />
          Keys
        </span>
        <Kbd>?</Kbd>
      </button>
      <Dialog open={open} onOpenChange={onOpenChange} title="Keys">
        <div className="flex flex-col gap-5">
          {[...here, { path: "", title: here.length > 0 ? "Everywhere" : "", keys: everywhere }].map((part) => (
            <section key={part.title} className="flex flex-col gap-2">
              {part.title !== "" && <h3 className="font-medium">{part.title}</h3>}
              <dl className="grid grid-cols-[8rem_minmax(0,1fr)] items-baseline gap-x-4 gap-y-2">
                {part.keys.map(({ keys, does }) => (
                  <div key={does} className="contents">
                    <dt className="flex flex-wrap gap-1">
                      {keys.map((key) => (
                        <Kbd key={key}>{key}</Kbd>
                      ))}
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </Dialog>
    </>
  );
}

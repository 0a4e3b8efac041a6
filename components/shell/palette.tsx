"use client";

import { Command } from "cmdk";
import { useRouter } from "next/navigation";
import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { Kbd } from "../ui/kbd";
import { UntrustedText } from "../ui/untrusted-text";
import { ranked } from "./match";

export type PaletteEntry = {
  group: string;
  label: string;
  /** What it belongs to, or what it is. */
  of?: string;
  /** The key that does it without the palette. */
  keys?: string;
  /** Where it leads, or what it does. */
  to: string | (() => void);
};

/** What a server can say: entries that lead somewhere. */
export type PaletteLink = PaletteEntry & { to: string };

const pauseMs = 150;

/** Ctrl/⌘ K: type what to do or where to go. `search` answers with more entries for what was typed. */
export function Palette({ entries, search }: { entries: PaletteEntry[]; search: string }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const { found, searching } = useFound(search, open ? text.trim() : "");
  const router = useRouter();
  useHotkeys("mod+k", () => setOpen((before) => !before), { preventDefault: true, enableOnFormTags: true });
  const groups = open ? ranked([...entries, ...found], text) : [];
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        className="flex min-h-8 w-full cursor-pointer items-center justify-between gap-2 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
      >
        Go to…
        <Kbd>
          <ModifierKey /> K
        </Kbd>
      </button>
      <Dialog.Root
        open={open}
        onOpenChange={(next) => {
          setOpen(next);
          setText("");
        }}
      >
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
          <Dialog.Content
            aria-describedby={undefined}
            className="fixed top-[max(1rem,12vh)] left-1/2 z-50 w-[min(40rem,calc(100vw-2rem))] -translate-x-1/2 overflow-hidden rounded-md border border-line bg-raised shadow-xl"
          >
            <Dialog.Title className="sr-only">Go to</Dialog.Title>
            <Command label="Go to" shouldFilter={false}>
              <Command.Input
                value={text}
                onValueChange={setText}
                placeholder="Something to do, a page, release, prompt, case or person"
                className="min-h-11 w-full border-b border-line bg-transparent px-4 outline-none"
              />
              <Command.List className="max-h-[min(26rem,60vh)] overflow-y-auto p-2">
                {groups.map(([group, entries]) => (
                  <Command.Group
                    key={group}
                    heading={group}
                    className="text-sm text-muted [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1"
                  >
                    {entries.map(({ label, of, keys, to }, index) => (
                      <Command.Item
                        key={`${index} ${label}`}
                        value={`${group} ${index}`}
                        onSelect={() => {
                          setOpen(false);
                          setText("");
                          if (typeof to === "string") router.push(to);
                          else to();
                        }}
                        className="flex min-h-8 cursor-pointer items-center justify-between gap-3 rounded-md px-2 text-base text-ink data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent"
                      >
                        <span className="line-clamp-2 min-w-0 [overflow-wrap:anywhere]">
                          <UntrustedText text={label} />
                        </span>
                        {of && (
                          <span className="max-w-[45%] shrink-0 truncate text-sm text-muted">
                            <UntrustedText text={of} />
                          </span>
                        )}
                        {keys && <Kbd>{keys}</Kbd>}
                      </Command.Item>
                    ))}
                  </Command.Group>
                ))}
              </Command.List>
              <p role="status" className="px-4 pb-6 text-muted [overflow-wrap:anywhere] empty:hidden">
                {groups.length > 0 ? null : searching ? (
                  "Looking for cases …"
                ) : (
                  <>
                    Nothing matches “
                    <UntrustedText text={text.trim()} />
                    ”. Every word has to begin a word of what you look for: something to do, a page, a release, a prompt
                    or a person by name, or a case by its key.
                  </>
                )}
              </p>
            </Command>
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </>
  );
}

/** What the server finds for a text; the answer to an earlier text is not waited for. */
function useFound(search: string, text: string): { found: PaletteLink[]; searching: boolean } {
  const [answer, setAnswer] = useState<{ text: string; entries: PaletteLink[] }>({ text: "", entries: [] });
  useEffect(() => {
    if (text.length < 2) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      fetch(`${search}?q=${encodeURIComponent(text)}`, { signal: stop.signal })
        .then(async (response) => {
          const { entries = [] } = (await response.json()) as { entries?: PaletteLink[] };
          setAnswer({ text, entries });
        })
        // Without the network, the palette still knows what it came with.
        .catch(() => stop.signal.aborted || setAnswer({ text, entries: [] }));
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [search, text]);
  return {
    found: answer.text !== "" && text.startsWith(answer.text) ? answer.entries : [],
    searching: text.length >= 2 && answer.text !== text,
  };
}

/** ⌘ on a Mac. */
function ModifierKey() {
  const [mac, setMac] = useState(false);
  useEffect(() => setMac(/Mac|iPhone|iPad/.test(navigator.platform)), []);
  return mac ? "⌘" : "Ctrl";
}

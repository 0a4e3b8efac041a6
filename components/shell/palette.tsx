"use client";

import { Command } from "cmdk";
import { useRouter } from "next/navigation";
import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { Kbd } from "../ui/kbd";
import { UntrustedText } from "../ui/untrusted-text";

export type PaletteEntry = {
  group: string;
  label: string;
  /** What it belongs to, or what it is. */
  of?: string;
  href: string;
};

const pauseMs = 150;

/** Ctrl/⌘ K: type what to do or where to go. `search` answers with more entries for what was typed. */
export function Palette({ entries, search }: { entries: PaletteEntry[]; search: string }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const found = useFound(search, open ? text.trim() : "");
  const router = useRouter();
  useHotkeys("mod+k", () => setOpen((before) => !before), { preventDefault: true, enableOnFormTags: true });
  const all = [...entries, ...found];
  const groups = [...new Set(all.map(({ group }) => group))];
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
            <Command label="Go to">
              <Command.Input
                value={text}
                onValueChange={setText}
                placeholder="Something to do, a page, release, prompt, case or person"
                className="min-h-11 w-full border-b border-line bg-transparent px-4 outline-none"
              />
              <Command.List className="max-h-[min(26rem,60vh)] overflow-y-auto p-2">
                <Command.Empty className="px-2 py-6 text-muted">Nothing of that name.</Command.Empty>
                {groups.map((group) => (
                  <Command.Group
                    key={group}
                    heading={group}
                    className="text-sm text-muted [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1"
                  >
                    {all
                      .filter((entry) => entry.group === group)
                      .map((entry, index) => (
                        <Command.Item
                          key={`${index} ${entry.href}`}
                          value={`${group} ${entry.label} ${entry.of ?? ""} ${group} ${index}`}
                          onSelect={() => {
                            setOpen(false);
                            setText("");
                            router.push(entry.href);
                          }}
                          className="flex min-h-8 cursor-pointer items-center justify-between gap-3 rounded-md px-2 text-base text-ink data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent"
                        >
                          <span className="line-clamp-2 min-w-0 [overflow-wrap:anywhere]">
                            <UntrustedText text={entry.label} />
                          </span>
                          {entry.of && (
                            <span className="max-w-[45%] shrink-0 truncate text-sm text-muted">
                              <UntrustedText text={entry.of} />
                            </span>
                          )}
                        </Command.Item>
                      ))}
                  </Command.Group>
                ))}
              </Command.List>
            </Command>
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </>
  );
}

/** What the server finds for a text; the answer to an earlier text is not waited for. */
function useFound(search: string, text: string): PaletteEntry[] {
  const [found, setFound] = useState<{ text: string; entries: PaletteEntry[] }>({ text: "", entries: [] });
  useEffect(() => {
    if (text.length < 2) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      fetch(`${search}?q=${encodeURIComponent(text)}`, { signal: stop.signal })
        .then(async (answer) => {
          const { entries = [] } = (await answer.json()) as { entries?: PaletteEntry[] };
          setFound({ text, entries });
        })
        // Without the network, the palette still knows what it came with.
        .catch(() => undefined);
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [search, text]);
  return found.text !== "" && text.startsWith(found.text) ? found.entries : [];
}

/** ⌘ on a Mac. */
function ModifierKey() {
  const [mac, setMac] = useState(false);
  useEffect(() => setMac(/Mac|iPhone|iPad/.test(navigator.platform)), []);
  return mac ? "⌘" : "Ctrl";
}

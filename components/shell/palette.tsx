"use client";

import { Command } from "cmdk";
import { useRouter } from "next/navigation";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { Kbd } from "../ui/kbd";
import { UntrustedText } from "../ui/untrusted-text";

export type PaletteEntry = { group: string; label: string; href: string };

/** Ctrl/⌘ K: type where to go. */
export function Palette({ entries }: { entries: PaletteEntry[] }) {
  const [open, setOpen] = useState(false);
  const router = useRouter();
  useHotkeys("mod+k", () => setOpen((before) => !before), { preventDefault: true, enableOnFormTags: true });
  const groups = [...new Set(entries.map(({ group }) => group))];
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        className="flex min-h-8 w-full cursor-pointer items-center justify-between gap-2 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
      >
        Go to…
        <Kbd>Ctrl K</Kbd>
      </button>
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
          <Dialog.Content
            aria-describedby={undefined}
            className="fixed top-[15vh] left-1/2 z-50 w-[min(34rem,calc(100vw-2rem))] -translate-x-1/2 overflow-hidden rounded-md border border-line bg-raised shadow-xl"
          >
            <Dialog.Title className="sr-only">Go to</Dialog.Title>
            <Command label="Go to">
              <Command.Input
                placeholder="A page, prompt or release"
                className="min-h-11 w-full border-b border-line bg-transparent px-4 outline-none"
              />
              <Command.List className="max-h-80 overflow-y-auto p-2">
                <Command.Empty className="px-2 py-6 text-muted">Nothing of that name.</Command.Empty>
                {groups.map((group) => (
                  <Command.Group
                    key={group}
                    heading={group}
                    className="text-sm text-muted [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1"
                  >
                    {entries
                      .filter((entry) => entry.group === group)
                      .map((entry) => (
                        <Command.Item
                          key={entry.href}
                          value={`${entry.label} ${entry.href}`}
                          onSelect={() => {
                            setOpen(false);
                            router.push(entry.href);
                          }}
                          className="flex min-h-8 cursor-pointer items-center rounded-md px-2 text-base text-ink data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent"
                        >
                          <UntrustedText text={entry.label} />
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

"use client";

import { usePathname } from "next/navigation";

/** A part of the screens whose path matches that is worth a way of its own. */
export type Skip = { path: string; to: string; words: string };

/** What Tab reaches first of all: ways over the menu, and over what stands before the part that a screen is for. */
export function SkipLinks({ screens }: { screens: readonly Skip[] }) {
  const here = usePathname();
  const found = screens.filter(({ path }) => new RegExp(path).test(here));
  return (
    <nav aria-label="Skip">
      {[{ to: "content", words: "Skip to content" }, ...found].map(({ to, words }) => (
        <a
          key={to}
          href={`#${to}`}
          className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent"
        >
          {words}
        </a>
      ))}
    </nav>
  );
}

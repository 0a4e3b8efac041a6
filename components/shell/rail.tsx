"use client";

import { Bell, Bot, FileText, Gavel, Home, Menu, PlayCircle, ScrollText, Settings, Upload } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode, useEffect, useState } from "react";
import { cn } from "../ui/cn";
import { Mark } from "../ui/mark";

const items = [
  { href: "/", label: "Desk", icon: Home },
  { href: "/releases", label: "Releases", icon: Gavel },
  { href: "/prompts", label: "Prompts", icon: FileText },
  { href: "/runs", label: "Runs", icon: PlayCircle },
  { href: "/imports", label: "Imports", icon: Upload },
  { href: "/judges", label: "Judges", icon: Bot },
  { href: "/news", label: "News", icon: Bell, counts: "news" as const },
  { href: "/audit", label: "Audit", icon: ScrollText, needs: "audit" as const },
  { href: "/settings", label: "Settings", icon: Settings },
];

/** Where one can go. A rail beside the page when there is room, a menu above it on a phone. */
export function Rail({
  seesAudit,
  news,
  project,
  person,
}: {
  seesAudit: boolean;
  /** Unread; 100 means more than 99. */
  news: number;
  project: ReactNode;
  person: ReactNode;
}) {
  const path = usePathname();
  const [open, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: going somewhere closes the menu
  useEffect(() => setOpen(false), [path]);
  return (
    <header className="no-print border-line max-md:border-b md:sticky md:top-0 md:h-dvh md:w-52 md:shrink-0 md:border-r">
      <div className="flex items-center justify-between gap-2 px-4 py-3">
        <Link href="/" className="inline-flex min-h-8 items-center gap-2 font-semibold">
          <Mark />
          Countersign
        </Link>
        <button
          type="button"
          aria-expanded={open}
          aria-controls="rail"
          onClick={() => setOpen(!open)}
          className="inline-flex min-h-9 cursor-pointer items-center gap-2 rounded-md px-2 hover:bg-hover md:hidden"
        >
          <Menu aria-hidden="true" className="size-5" />
          Menu
        </button>
      </div>
      <div
        id="rail"
        className={cn(
          "flex-col justify-between gap-4 px-2 pb-3 md:flex md:h-[calc(100dvh-3.75rem)]",
          open ? "flex" : "hidden",
        )}
      >
        <div className="flex flex-col gap-3">
          {project}
          <nav aria-label="Main">
            <ul className="flex flex-col gap-0.5">
              {items
                .filter(({ needs }) => needs !== "audit" || seesAudit)
                .map(({ href, label, icon: Icon, counts }) => {
                  const current = href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
                  return (
                    <li key={href}>
                      <Link
                        href={href}
                        aria-current={current ? "page" : undefined}
                        className={cn(
                          "flex min-h-8 items-center gap-2.5 rounded-md px-2",
                          current ? "bg-accent-soft font-medium text-accent" : "text-ink hover:bg-hover",
                        )}
                      >
                        <Icon aria-hidden="true" className="size-4" />
                        {label}
                        {counts && news > 0 && (
                          <span className="ml-auto rounded-full bg-accent px-1.5 text-xs leading-5 text-on-accent tabular-nums">
                            {news > 99 ? "99+" : news}
                            <span className="sr-only"> unread</span>
                          </span>
                        )}
                      </Link>
                    </li>
                  );
                })}
            </ul>
          </nav>
        </div>
        <div className="flex flex-col gap-1 border-t border-line pt-2 text-sm">{person}</div>
      </div>
    </header>
  );
}

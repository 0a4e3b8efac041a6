import { ArrowDown, ArrowUp } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { LinkButton } from "../ui/button";
import { cn } from "../ui/cn";

export function SortLink({
  href,
  direction,
  children,
}: {
  href: string;
  direction: "ascending" | "descending" | null;
  children: ReactNode;
}) {
  const Icon = direction === "descending" ? ArrowDown : ArrowUp;
  return (
    <Link
      href={href}
      prefetch={false}
      className="inline-flex min-h-6 items-center gap-1 hover:text-ink hover:underline"
    >
      {children}
      <Icon aria-hidden="true" className={cn("size-3.5", direction === null && "invisible")} />
    </Link>
  );
}

/** Keeps its place when there is no such page, so that the other link does not move under the pointer. */
export function PageLink({ href, word }: { href?: string | null; word: string }) {
  return href ? (
    <LinkButton href={href} prefetch={false} size="sm">
      {word}
    </LinkButton>
  ) : (
    <span />
  );
}

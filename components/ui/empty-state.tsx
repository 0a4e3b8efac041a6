import type { ReactNode } from "react";
import { shown } from "./untrusted-text";

/** Says that there is nothing, and what to do next. */
export function EmptyState({
  title,
  heading: Heading = "p",
  children,
  action,
}: {
  title: string;
  /** "h1" where nothing else heads the page. */
  heading?: "p" | "h1" | "h2";
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-start gap-2 border-y border-line py-8">
      <Heading className="text-lg font-medium">{shown(title)}</Heading>
      {children && <div className="max-w-prose text-muted">{shown(children)}</div>}
      {action}
    </div>
  );
}

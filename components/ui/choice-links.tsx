import Link from "next/link";
import { cn } from "./cn";
import { shown } from "./untrusted-text";

export type ChoiceLink = { name: string; href: string; current: boolean };

/** One of a few ways to see the same thing, each with an address of its own. */
export function ChoiceLinks({ label, links }: { label: string; links: ChoiceLink[] }) {
  return (
    <nav aria-label={label} className="no-print">
      <ul className="inline-flex overflow-hidden rounded-md border border-line-strong">
        {links.map(({ name, href, current }) => (
          <li key={href} className="not-first:border-l not-first:border-line-strong">
            <Link
              href={href}
              aria-current={current ? "true" : undefined}
              scroll={false}
              className={cn(
                "inline-flex min-h-8 items-center px-3 -outline-offset-2",
                current ? "bg-accent-soft font-medium text-accent" : "bg-raised hover:bg-hover",
              )}
            >
              {shown(name)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

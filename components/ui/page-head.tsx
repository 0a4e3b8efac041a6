import Link from "next/link";
import type { ReactNode } from "react";
import { cn } from "./cn";
import { shown, UntrustedText } from "./untrusted-text";

type Props = {
  title: ReactNode;
  facts?: ReactNode;
  action?: ReactNode;
  trail?: { href: string; label: string }[];
};

/** Breadcrumb, title, one line of facts, at most one primary action. */
export function PageHead({ title, facts, action, trail }: Props) {
  return (
    <header className="mb-6 flex flex-col gap-1">
      {trail && trail.length > 0 && (
        <nav aria-label="Breadcrumb" className="text-sm text-muted">
          <ol className="flex flex-wrap items-center gap-1">
            {trail.map((step) => (
              <li key={step.href} className="flex items-center gap-1 after:content-['/']">
                <Link
                  href={step.href}
                  className="inline-flex min-h-6 items-center break-all hover:text-ink hover:underline"
                >
                  <UntrustedText text={step.label} />
                </Link>
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="flex min-w-0 grow basis-80 flex-col gap-1">
          <h1 className="text-2xl font-semibold tracking-tight break-words">{shown(title)}</h1>
          {facts && <div className={cn("text-muted", typeof facts === "string" && "max-w-4xl")}>{shown(facts)}</div>}
        </div>
        {action && <div className="no-print flex flex-wrap items-center gap-2">{action}</div>}
      </div>
    </header>
  );
}

"use client";

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { hiddenParameter, withHidden } from "@/components/table/hidden-columns";
import { cn } from "@/components/ui/cn";
import { formatCount } from "@/components/ui/format";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { type CaseFilter, type Flip, flips } from "@/lib/releases/case-filter";
import type { CaseTable } from "@/lib/releases/cases";
import { flipLook } from "./flips";
import { casesHref } from "./links";

type Props = { releaseId: number; filter: CaseFilter; table: CaseTable };

/** How many cases got better or worse by what the judge says; each part leads to its cases. */
export function SummaryBar({ releaseId, filter, table }: Props) {
  const hidden = useSearchParams().get(hiddenParameter)?.split(",") ?? [];
  const { counts } = table;
  if (counts === null) {
    return <p className="text-muted">No judge has graded both answers, so nothing is known to be better or worse.</p>;
  }
  const judged = flips.reduce((sum, flip) => sum + counts[flip], 0);
  // What else is filtered by, in words only where the counts are not of it.
  const {
    flip: _flip,
    criterion: _criterion,
    judge: _judge,
    sort: _sort,
    after: _after,
    before: _before,
    ...others
  } = filter;
  const isFiltered = Object.values(others).some((value) => value !== undefined);
  const counted = !isFiltered
    ? "of all cases of the release"
    : table.counted
      ? "of the cases under the other filters"
      : "of the cases under the other filters, without those by text, tag and “not graded”";
  const parts: (Flip | undefined)[] = [undefined, ...flips];
  return (
    <div className="flex flex-col gap-2">
      <nav aria-label="Filter by flip" className="flex flex-wrap gap-2">
        {parts.map((flip) => {
          const look = flip && flipLook[flip];
          const count = flip ? counts[flip] : table.all;
          const current = filter.flip === flip;
          return (
            <Link
              key={flip ?? "all"}
              href={withHidden(casesHref(releaseId, filter, { flip }), hidden)}
              prefetch={false}
              scroll={false}
              aria-current={current ? "true" : undefined}
              className={cn(
                "inline-flex min-h-9 items-baseline gap-1.5 rounded-md border px-3 py-1.5",
                current ? "border-accent bg-accent-soft" : "border-line bg-raised hover:bg-hover",
              )}
            >
              <span className={cn(current && "font-medium", look ? look.tone : "text-ink")}>
                {look && <span aria-hidden="true">{look.shape} </span>}
                {look ? look.word : "all"}
              </span>
              <span className="font-medium tabular-nums">{formatCount(count)}</span>
            </Link>
          );
        })}
      </nav>
      {judged > 0 && (
        <div aria-hidden="true" className="flex h-2 overflow-hidden rounded-full bg-sunken">
          {(["better", "same", "error", "worse"] as const)
            .filter((flip) => counts[flip] > 0)
            .map((flip) => (
              <span
                key={flip}
                // A few among many are still seen.
                style={{ width: `max(3px, ${(100 * counts[flip]) / judged}%)` }}
                className={flipLook[flip].fill}
              />
            ))}
        </div>
      )}
      <p className="text-sm text-muted">
        By <UntrustedText text={table.judge ?? ""} /> on <UntrustedText text={table.criterion ?? ""} />, {counted}
        {table.waits.cases > 0 && ", those aside that wait for your blind grade"}.
      </p>
    </div>
  );
}

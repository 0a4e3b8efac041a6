import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Regression } from "@/lib/releases/regressions";

/** What people found worse, with what they said. */
export function Regressions({ releaseId, rows }: { releaseId: number; rows: Regression[] }) {
  return (
    <section aria-labelledby="regressions" className="flex flex-col gap-2 border-t border-line-strong pt-5">
      <h2 id="regressions" className="text-lg font-semibold">
        Worst regressions, by people
      </h2>
      <ul className="border-b border-line">
        {rows.map((row) => (
          <li
            key={`${row.caseId} ${row.criterion}`}
            className="grid gap-x-4 border-t border-line py-2 sm:grid-cols-[12rem_9rem_9rem_minmax(0,1fr)]"
          >
            <Link
              href={`/releases/${releaseId}/cases/${row.caseId}`}
              className="font-medium break-all text-accent underline-offset-2 hover:underline"
            >
              <UntrustedText text={row.case} />
            </Link>
            <span className="text-muted [overflow-wrap:anywhere]">
              {row.slice && <UntrustedText text={row.slice} />} {row.criterion}
            </span>
            <span>{row.mustPass && <Badge tone="worse">must-pass fails</Badge>}</span>
            <span className="min-w-0 [overflow-wrap:anywhere]">
              {row.notes.length > 0 ? (
                row.notes.map((note, i) => (
                  <span key={i} className="block">
                    “<UntrustedText text={note} />”
                  </span>
                ))
              ) : (
                <span className="text-muted">
                  {row.regressed ? "passed before, no note" : "failed before too, no note"}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

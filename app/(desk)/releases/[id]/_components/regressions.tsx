import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Regression } from "@/lib/releases/regressions";

/** What people found worse, with what they said. */
export function Regressions({ releaseId, rows, graded }: { releaseId: number; rows: Regression[]; graded: boolean }) {
  return (
    <section aria-labelledby="regressions" className="flex min-w-0 flex-col gap-2">
      <h2 id="regressions" className="text-lg font-semibold">
        Must-pass failures and worst regressions, by people
      </h2>
      {rows.length === 0 && (
        <p className="text-muted">
          {graded
            ? "None among the cases graded so far that you may see."
            : "Nobody has graded a case yet, so people have found nothing worse."}
        </p>
      )}
      <ul className={rows.length > 0 ? "border-b border-line" : "hidden"}>
        {rows.map((row) => (
          <li
            key={`${row.caseId} ${row.criterion}`}
            className="grid gap-x-4 border-t border-line py-2 sm:grid-cols-[10rem_9rem_minmax(0,1fr)]"
          >
            <Link
              href={`/releases/${releaseId}/cases/${row.caseId}`}
              className="font-medium break-all text-accent underline-offset-2 hover:underline"
            >
              <UntrustedText text={row.case} />
            </Link>
            <span className="text-muted [overflow-wrap:anywhere]">
              {row.slice && <UntrustedText text={row.slice} />} <UntrustedText text={row.criterion} />{" "}
              {row.mustPass && <Badge tone="worse">must-pass fails</Badge>}
            </span>
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

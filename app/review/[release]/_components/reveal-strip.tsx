"use client";

import { Badge } from "@/components/ui/badge";
import { Untrusted } from "@/components/ui/untrusted";
import { Verdict } from "@/components/ui/verdict";
import type { Revealed } from "@/lib/review/queries";

type Told = { case: string; revealed: Revealed; grades: { side: "A" | "B"; criterion: string; verdict: string }[] };

/** What the server told once the grade was stored. Room is kept for it, so that nothing below moves. */
export function RevealStrip({ told, criteria }: { told: Told | null; criteria: number }) {
  return (
    <section
      aria-live="polite"
      aria-label="What the judge said"
      style={{ minHeight: `${1.75 * (criteria + 1) + 1.25}rem` }}
      className="rounded-md border border-line bg-sunken px-3 py-2 text-sm"
    >
      {told === null ? (
        <p className="text-muted">
          The judge's verdict and which side was which are shown here once a grade is stored.
        </p>
      ) : (
        <>
          <p>
            Stored. Case <span className="break-all">{told.case}</span>: A was{" "}
            <strong className="break-all">{told.revealed.sides.A}</strong>, B was{" "}
            <strong className="break-all">{told.revealed.sides.B}</strong>.
          </p>
          <div className="mt-1 grid gap-x-4 sm:grid-cols-2">
            {(["A", "B"] as const).map((side) => (
              <ul key={side} aria-label={`Answer ${side}`} className="min-w-0">
                {told.revealed.judges
                  .filter((judge) => judge.instrument && judge.side === side)
                  .map((judge) => (
                    <Said
                      key={judge.criterion}
                      judge={judge}
                      mine={told.grades.find((grade) => grade.side === side && grade.criterion === judge.criterion)}
                    />
                  ))}
              </ul>
            ))}
          </div>
        </>
      )}
    </section>
  );
}

type SaidProps = { judge: Revealed["judges"][number]; mine: Told["grades"][number] | undefined };

function Said({ judge, mine }: SaidProps) {
  return (
    <li className="flex min-h-7 flex-wrap items-center gap-x-2">
      <span>
        {judge.side}, {judge.criterion}: judge
      </span>
      <Verdict value={judge.verdict} by="machine" />
      {mine && (
        <>
          you <Verdict value={mine.verdict} by="human" />
        </>
      )}
      {judge.overridden && <Badge tone="human">override</Badge>}
      {judge.rationale && (
        <details className="min-w-0 open:basis-full">
          <summary className="min-h-6 cursor-pointer text-accent">why</summary>
          <Untrusted compact text={judge.rationale} />
        </details>
      )}
    </li>
  );
}

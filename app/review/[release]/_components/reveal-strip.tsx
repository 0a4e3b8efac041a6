"use client";

import { Badge } from "@/components/ui/badge";
import { Untrusted } from "@/components/ui/untrusted";
import { Verdict } from "@/components/ui/verdict";
import type { Revealed } from "@/lib/review/queries";

type Told = { case: string; revealed: Revealed; grades: { side: "A" | "B"; criterion: string; verdict: string }[] };

/** What the server told once the grade was stored. Room is kept for it, so that nothing below moves. */
export function RevealStrip({ told }: { told: Told | null }) {
  return (
    <section
      aria-live="polite"
      aria-label="What the judge said"
      className="min-h-16 rounded-md border border-line bg-sunken px-3 py-2"
    >
      {told === null ? (
        <p className="text-sm text-muted">
          The judge's verdict and which side was which are shown here once a grade is stored.
        </p>
      ) : (
        <div className="flex flex-col gap-1 text-sm">
          <p>
            Stored. Case <span className="break-all">{told.case}</span>: A was{" "}
            <strong className="break-all">{told.revealed.sides.A}</strong>, B was{" "}
            <strong className="break-all">{told.revealed.sides.B}</strong>.
          </p>
          <ul className="flex flex-col gap-1">
            {told.revealed.judges
              .filter(({ instrument }) => instrument)
              .map((judge) => {
                const mine = told.grades.find(
                  (grade) => grade.side === judge.side && grade.criterion === judge.criterion,
                );
                return (
                  <li key={`${judge.side} ${judge.criterion}`} className="flex flex-wrap items-baseline gap-x-2">
                    <span>
                      {judge.side}, {judge.criterion}: judge said
                    </span>
                    <Verdict value={judge.verdict} by="machine" />
                    {mine && (
                      <span>
                        you <Verdict value={mine.verdict} by="human" />
                      </span>
                    )}
                    {judge.overridden && <Badge tone="human">override</Badge>}
                    {judge.rationale && (
                      <details className="min-w-0">
                        <summary className="min-h-6 cursor-pointer text-accent">why</summary>
                        <Untrusted compact text={judge.rationale} />
                      </details>
                    )}
                  </li>
                );
              })}
          </ul>
        </div>
      )}
    </section>
  );
}

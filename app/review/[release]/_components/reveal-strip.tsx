"use client";

import type { ReactNode } from "react";
import { Badge } from "@/components/ui/badge";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { preferenceWords, Verdict } from "@/components/ui/verdict";
import type { Revealed, ToldPreference, ToldVerdict } from "@/lib/review/queries";
import type { Grade } from "@/lib/review/schema";
import { type Kind, kindWords } from "@/lib/sentinels/schema";

type Mine = Pick<Grade, "side" | "criterion" | "verdict" | "prefer">;
export type Told = { case: string; revealed: Revealed; grades: readonly Mine[] };
type Props = {
  told: Told | null;
  /** Of the release. */
  criteria: readonly { key: string; name: string }[];
  /** What can be done now that the judge's word is known. */
  children?: ReactNode;
};

/** What the server told once the grade was stored. Room is kept for it, so that nothing below moves. */
export function RevealStrip({ told, criteria, children }: Props) {
  const nameOf = (key: string) => criteria.find((criterion) => criterion.key === key)?.name ?? key;
  const instruments = told?.revealed.judges.filter(({ instrument }) => instrument) ?? [];
  const verdicts = instruments.filter((judge): judge is ToldVerdict => "verdict" in judge);
  const preferences = instruments.filter((judge): judge is ToldPreference => "prefer" in judge);
  return (
    <section
      aria-live="polite"
      aria-label="What the judge said"
      style={{ minHeight: `${1.75 * (Math.max(1, criteria.length) + 1) + 1.25}rem` }}
      className="rounded-md border border-line bg-sunken px-3 py-2 text-sm"
    >
      {told === null ? (
        <p className="text-muted">
          The judge's verdict and which side was which are shown here once a grade is stored.
        </p>
      ) : (
        <>
          {told.revealed.check && <Check check={told.revealed.check} nameOf={nameOf} />}
          <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
            <p>
              Stored. Case{" "}
              <span className="break-all">
                <UntrustedText text={told.case} />
              </span>
              : A was{" "}
              <strong className="break-all">
                <UntrustedText text={told.revealed.sides.A} />
              </strong>
              , B was{" "}
              <strong className="break-all">
                <UntrustedText text={told.revealed.sides.B} />
              </strong>
              .
            </p>
            {children}
          </div>
          {verdicts.length > 0 && (
            <div className="mt-1 grid gap-x-4 sm:grid-cols-2">
              {(["A", "B"] as const).map((side) => (
                <ul key={side} aria-label={`Answer ${side}`} className="min-w-0">
                  {verdicts
                    .filter((judge) => judge.side === side)
                    .map((judge) => (
                      <Said
                        key={judge.criterion}
                        judge={judge}
                        name={nameOf(judge.criterion)}
                        mine={told.grades.find((grade) => grade.side === side && grade.criterion === judge.criterion)}
                      />
                    ))}
                </ul>
              ))}
            </div>
          )}
          {preferences.length > 0 && (
            <ul aria-label="Which answer is better" className="mt-1 min-w-0">
              {preferences.map((judge) => (
                <Preferred
                  key={judge.criterion}
                  judge={judge}
                  name={nameOf(judge.criterion)}
                  mine={told.grades.find(({ criterion }) => criterion === judge.criterion)}
                />
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}

/** That the case was a check on grading, and how it went. */
function Check({ check, nameOf }: { check: NonNullable<Revealed["check"]>; nameOf: (key: string) => string }) {
  if (check.kind === "repeat") {
    const all = check.agreed === check.of;
    return (
      <p>
        <Badge tone="human">check</Badge> You had graded this case before:{" "}
        {all ? "the same grades again." : `${check.agreed} of ${check.of} grades are the same.`} The first ones count.
      </p>
    );
  }
  const noticed = check.graded === check.expected;
  return (
    <p>
      <Badge tone="human">check</Badge> Answer {check.side} was made up: {kindWords[check.made as Kind] ?? check.made}.
      It should {check.expected === "fail" ? "fail" : "pass"} on <UntrustedText text={nameOf(check.criterion)} />; you
      said {check.graded}
      {noticed ? ": noticed." : "."} It counts in no estimate.
    </p>
  );
}

const row = "flex min-h-7 flex-wrap items-center gap-x-2";

function Said({ judge, name, mine }: { judge: ToldVerdict; name: string; mine: Mine | undefined }) {
  return (
    <li className={row}>
      <span>
        {judge.side}, <UntrustedText text={name} />: judge
      </span>
      <Verdict value={judge.verdict} by="machine" />
      {mine?.verdict && (
        <>
          you <Verdict value={mine.verdict} by="human" />
        </>
      )}
      {judge.overridden && <Badge tone="human">override</Badge>}
      <Why rationales={[judge.rationale]} />
    </li>
  );
}

function Preferred({ judge, name, mine }: { judge: ToldPreference; name: string; mine: Mine | undefined }) {
  return (
    <li className={row}>
      <span>
        <UntrustedText text={name} />: judge
      </span>
      <Verdict value={preferenceWords(judge.prefer)} by="machine" />
      {judge.prefer === "flip" && (
        <span className="text-muted">
          ({judge.orders.map(({ first, prefer }) => `${preferenceWords(prefer)} when ${first} came first`).join(", ")})
        </span>
      )}
      {mine?.prefer && (
        <>
          you <Verdict value={preferenceWords(mine.prefer)} by="human" />
        </>
      )}
      {judge.overridden && <Badge tone="human">override</Badge>}
      <Why rationales={judge.orders.map(({ rationale }) => rationale)} />
    </li>
  );
}

function Why({ rationales }: { rationales: readonly (string | null)[] }) {
  const given = rationales.filter((rationale): rationale is string => Boolean(rationale));
  if (given.length === 0) return null;
  return (
    <details className="min-w-0 open:basis-full">
      <summary className="min-h-6 cursor-pointer text-accent">why</summary>
      {given.map((rationale, index) => (
        <Untrusted key={index} compact text={rationale} />
      ))}
    </details>
  );
}

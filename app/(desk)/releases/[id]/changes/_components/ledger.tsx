import Link from "next/link";
import type { ReactNode } from "react";
import { HunkExcerpt } from "@/components/diff/hunk-excerpt";
import { cn } from "@/components/ui/cn";
import { plural } from "@/components/ui/format";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { excerptOf, hunkLabel } from "@/lib/prompts/diff/excerpt";
import { countCases, type Ledger, type LedgerCase, type LedgerCases, type LedgerHunk } from "@/lib/review/ledger";

type HrefOf = (hunk: string) => string;

/** Which change helped and hurt how many cases, by what people said. */
export function HunkLedger({ ledger, selected, hrefOf }: { ledger: Ledger; selected?: string; hrefOf: HrefOf }) {
  const { hunks, none, open, leavesOut } = ledger;
  const named = [...hunks, none].some(({ helped, hurt }) => helped.length + hurt.length > 0);
  const waiting = countCases([...open.helped, ...open.hurt]);
  return (
    <section aria-labelledby="ledger" className="flex flex-col gap-2">
      <h2 id="ledger" className="text-lg font-semibold">
        Hunk ledger
      </h2>
      {!named && (
        <p className="text-muted">
          {waiting > 0
            ? `Nobody has named a reason yet${leavesOut ? " in a case that you may see" : ""}. Who graded a case says so here, or in the grading screen with H.`
            : leavesOut
              ? "Nothing to attribute yet in the cases that you may see."
              : "Nothing to attribute yet: nobody has graded the two answers of a case differently."}
        </p>
      )}
      <ul className="flex flex-col border-t border-line">
        {hunks.map((hunk) => (
          <Entry
            key={hunk.id}
            href={hrefOf(hunk.id)}
            mark={hunk.number === null ? "–" : String(hunk.number)}
            selected={selected === hunk.id}
            cases={hunk}
          >
            <span className="text-sm text-muted">
              <UntrustedText text={hunkLabel(hunk)} />
              {hunk.number === null && ", as it was read when it was named"}
            </span>
            <HunkExcerpt {...excerptOf(hunk)} moved={hunk.change === "moved"} />
          </Entry>
        ))}
        <Entry href={hrefOf("none")} mark="0" selected={selected === "none"} cases={none}>
          No hunk: something else, or chance
        </Entry>
        <Entry href={hrefOf("open")} mark="?" selected={selected === "open"} cases={open}>
          Not attributed yet
        </Entry>
      </ul>
    </section>
  );
}

type EntryProps = { href: string; mark: string; selected: boolean; cases: LedgerCases; children: ReactNode };

function Entry({ href, mark, selected, cases, children }: EntryProps) {
  return (
    <li className="border-b border-line">
      <Link
        href={href}
        scroll={false}
        aria-current={selected ? "true" : undefined}
        className={cn(
          "grid grid-cols-[2rem_minmax(0,1fr)_auto] items-start gap-x-2 py-2 pr-2 -outline-offset-2 hover:bg-hover",
          selected && "bg-accent-soft",
        )}
      >
        <span className="text-center font-medium text-accent tabular-nums">{mark}</span>
        <span className="flex min-w-0 flex-col">{children}</span>
        <EffectCounts cases={cases} />
      </Link>
    </li>
  );
}

/** `helped 22 · hurt 3`. */
export function EffectCounts({ cases: { helped, hurt } }: { cases: LedgerCases }) {
  const [good, bad] = [countCases(helped), countCases(hurt)];
  return (
    <span className="flex gap-3 text-sm whitespace-nowrap tabular-nums">
      <span className={good > 0 ? "text-better" : "text-muted"}>helped {good}</span>
      <span className={bad > 0 ? "text-worse" : "text-muted"}>hurt {bad}</span>
    </span>
  );
}

const mostShown = 12;

type WhatIfProps = {
  hunk: LedgerHunk;
  /** Cases wait for this person's blind grade: whether one of them argues, they may not know. */
  leavesOut: boolean;
  hrefOf: (caseId: number) => string;
};

/** The cases that argue for and against taking a hunk back. No estimate: what answers would be without it, nobody knows. */
export function WhatIf({ hunk, leavesOut, hrefOf }: WhatIfProps) {
  const name = hunk.number === null ? "this hunk" : `hunk ${hunk.number}`;
  const [helped, hurt] = [countCases(hunk.helped), countCases(hunk.hurt)];
  const noCase = leavesOut ? "no case that you may see." : "no case.";
  return (
    <section aria-labelledby="what-if" className="flex flex-col gap-2 rounded-md border border-line bg-raised p-3">
      <h2 id="what-if" className="font-semibold">
        What if we dropped <UntrustedText text={name} />?
      </h2>
      {helped + hurt === 0 ? (
        <p className="text-muted">
          {leavesOut
            ? "Nobody has attributed a case to it that you may see."
            : "Nobody has attributed a case to it: nothing argues for it or against it."}
        </p>
      ) : (
        <>
          <Side cases={hunk.hurt} hrefOf={hrefOf}>
            <strong className="font-medium text-worse">For dropping it:</strong>{" "}
            {hurt === 0 ? noCase : `${plural(hurt, "case")} that it hurt, people say.`}
          </Side>
          <Side cases={hunk.helped} hrefOf={hrefOf}>
            <strong className="font-medium text-better">Against:</strong>{" "}
            {helped === 0 ? noCase : `${plural(helped, "case")} that it helped.`}
          </Side>
          <p className="text-sm text-muted">
            These are cases that people graded, not an estimate: how answers would read without{" "}
            <UntrustedText text={name} />, only a new version shows.
          </p>
        </>
      )}
    </section>
  );
}

function Side({
  cases,
  hrefOf,
  children,
}: {
  cases: LedgerCase[];
  hrefOf: (id: number) => string;
  children: ReactNode;
}) {
  const each = [...new Map(cases.map((entry) => [entry.caseId, entry])).values()];
  return (
    <div className="flex flex-col gap-1">
      <p>{children}</p>
      {each.length > 0 && (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
          {each.slice(0, mostShown).map((entry) => (
            <li key={entry.caseId} className="min-w-0">
              <Link
                href={hrefOf(entry.caseId)}
                scroll={false}
                className="inline-flex min-h-6 items-center text-accent underline underline-offset-2 [overflow-wrap:anywhere]"
              >
                <UntrustedText text={entry.case} />
              </Link>
              {entry.of > 1 && <span className="text-muted"> {agreement(entry)}</span>}
            </li>
          ))}
          {each.length > mostShown && (
            <li className="inline-flex min-h-6 items-center text-muted">and {each.length - mostShown} more below</li>
          )}
        </ul>
      )}
    </div>
  );
}

/** How many of those who named a reason name this one. */
export function agreement({ by, of }: Pick<LedgerCase, "by" | "of">): string {
  return by.length === of ? `all ${of} agree` : `${by.length} of ${of} say so`;
}

import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { orNotFound } from "@/app/_or-not-found";
import { RevealStrip } from "@/app/review/[release]/_components/reveal-strip";
import { Badge } from "@/components/ui/badge";
import { LinkButton } from "@/components/ui/button";
import { ChoiceLinks } from "@/components/ui/choice-links";
import { EmptyState } from "@/components/ui/empty-state";
import { Kbd } from "@/components/ui/kbd";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { UntrustedText } from "@/components/ui/untrusted";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { type Finding, type ReplayStep, replayStep } from "@/lib/releases/reviewer-replay";
import { DecisionTabs } from "../../_components/decision-tabs";
import { decisionId } from "../../_decision";
import { ReplayKeys } from "./_components/replay-keys";
import { ReplayedCase } from "./_components/replayed-case";

export const metadata: Metadata = { title: "What a reviewer saw" };

type Props = {
  params: Promise<{ id: string; reviewer: string }>;
  searchParams: Promise<{ step?: string | string[]; phase?: string | string[] }>;
};

const phaseNames = {
  shown: "Shown",
  graded: "Graded",
  revealed: "Revealed",
  corrected: "Corrected",
} as const;
type Phase = keyof typeof phaseNames;

export default async function ReviewerReplayPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const given = await params;
  const id = decisionId(given.id);
  const trail = [
    { href: "/audit/decisions", label: "Decisions" },
    { href: `/audit/decisions/${id}/replay`, label: "Replay" },
  ];
  if (!may(actor, "audit.read"))
    return (
      <>
        <PageHead trail={trail} title="Replay" />
        <EmptyState title="What reviewers saw is for auditors, administrators and release managers" />
      </>
    );
  if (!/^[1-9]\d{0,8}$/.test(given.reviewer)) notFound();
  const query = await searchParams;
  const step = Number(first(query.step) ?? "1");
  if (!Number.isSafeInteger(step) || step < 1) notFound();
  const seen = await orNotFound(replayStep(actor, id, { reviewer: Number(given.reviewer), step }));
  const phases = phasesOf(seen);
  const asked = first(query.phase) as Phase | undefined;
  const phase = asked && phases.includes(asked) ? asked : "shown";
  const at = phases.indexOf(phase);
  const href = (to: number, what: Phase) =>
    `/audit/decisions/${id}/replay/${seen.reviewer.id}?step=${to}${what === "shown" ? "" : `&phase=${what}`}`;
  const previous = step > 1 ? href(step - 1, "shown") : null;
  const next = step < seen.of ? href(step + 1, "shown") : null;
  const forward = at + 1 < phases.length ? href(step, phases[at + 1]!) : next;
  const back = at > 0 ? href(step, phases[at - 1]!) : previous;
  return (
    <>
      <PageHead
        trail={trail}
        title={
          <>
            What <UntrustedText text={seen.reviewer.name} /> saw
          </>
        }
        facts={
          <>
            Case <UntrustedText text={seen.case} />, {step} of {seen.of} in the order of this reviewer
          </>
        }
      />
      <DecisionTabs id={id} />
      <ReplayKeys {...{ back, forward, previous, next }} />
      <div className="flex flex-col gap-6 pt-6">
        <nav aria-label="Steps" className="flex flex-wrap items-center gap-3">
          {previous && (
            <LinkButton size="sm" href={previous} scroll={false}>
              ← Case before
            </LinkButton>
          )}
          {next && (
            <LinkButton size="sm" href={next} scroll={false}>
              Next case →
            </LinkButton>
          )}
          <ChoiceLinks
            label="Moment"
            links={phases.map((one) => ({
              name: phaseNames[one],
              href: href(step, one),
              current: one === phase,
            }))}
          />
          <span className="text-sm text-muted max-sm:hidden">
            <Kbd>←</Kbd> <Kbd>→</Kbd> moment by moment, <Kbd>PgDn</Kbd> next case
          </span>
        </nav>
        <Facts seen={seen} phase={phase} />
        {seen.view === null ? (
          <Notice tone="warning" title="This case waits for your blind grade">
            It is drawn in another release that is still open, and you may be asked to grade it. Somebody who does not
            grade can replay it.
          </Notice>
        ) : (
          <Moment seen={seen} phase={phase} />
        )}
        <Findings findings={seen.findings} />
      </div>
    </>
  );
}

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

function phasesOf(seen: ReplayStep): Phase[] {
  if (seen.view === null) return ["shown"];
  return [
    "shown",
    "graded",
    ...(seen.revealed ? (["revealed"] as const) : []),
    ...(seen.corrections.length > 0 ? (["corrected"] as const) : []),
  ];
}

const time = (at: Date) => `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** When, and what was known and hidden at this moment. */
function Facts({ seen, phase }: { seen: ReplayStep; phase: Phase }) {
  const { handedOut, at, tookMs, sides, kind } = seen;
  const blind = phase === "shown" || phase === "graded";
  return (
    <dl className="grid max-w-4xl gap-x-6 gap-y-1 text-sm sm:grid-cols-[12rem_minmax(0,1fr)]">
      <Fact name="Handed out">{time(handedOut)}</Fact>
      {tookMs !== null && <Fact name="On the screen">for {(tookMs / 1000).toFixed(1)} s, as the browser counted</Fact>}
      <Fact name={kind === "settled" ? "Settled" : "Grade stored"}>{time(at)}</Fact>
      <Fact name="Sides">
        A was{" "}
        <strong className="font-semibold">
          <UntrustedText text={sides.A} />
        </strong>
        , B was{" "}
        <strong className="font-semibold">
          <UntrustedText text={sides.B} />
        </strong>
        {blind && (
          <Badge tone="unsure" className="ml-2">
            hidden from the reviewer
          </Badge>
        )}
      </Fact>
      <Fact name="Hidden then">
        {blind
          ? kind === "settled"
            ? "which side was which, what the judge said, and who gave which grade"
            : "which side was which, what the judge said, what others graded, and whether it was a check"
          : "what others graded"}
      </Fact>
      {kind === "check" && <Fact name="It was">a check on grading, in no estimate</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">
        <UntrustedText text={name} />
      </dt>
      <dd className="min-w-0 tabular-nums">{children}</dd>
    </>
  );
}

function Moment({ seen, phase }: { seen: ReplayStep; phase: Phase }) {
  const { view, grades, revealed, corrections, comments, settled } = seen;
  return (
    <div className="flex min-w-0 flex-col gap-4">
      {phase === "revealed" && revealed && (
        <RevealStrip told={{ case: seen.case, revealed, grades }} criteria={view?.criteria ?? []} />
      )}
      {phase === "corrected" &&
        corrections.map((correction) => (
          <section key={correction.at.toISOString()} className="rounded-md bg-human-soft px-3 py-2">
            <h2 className="font-semibold">Corrected {time(correction.at)}, after the reveal</h2>
            <ul>
              {correction.grades.map((grade) => (
                <li key={`${grade.side} ${grade.criterion}`}>
                  <UntrustedText text={grade.criterion} />
                  {grade.verdict && `, answer ${grade.side}`}: {grade.verdict ?? grade.prefer}
                  {grade.note && (
                    <>
                      {" "}
                      “<UntrustedText text={grade.note} />”
                    </>
                  )}
                </li>
              ))}
            </ul>
          </section>
        ))}
      {settled && <Settled settled={settled} graded={phase !== "shown"} />}
      {view && (
        <ReplayedCase
          key={`${view.task} ${phase === "shown"}`}
          task={view}
          grades={phase === "shown" ? [] : grades}
          comments={phase === "shown" ? [] : comments}
        />
      )}
    </div>
  );
}

const outcomes: Record<string, string> = {
  accepted: "One of the grades that were given stands",
  fixed: "Another grade than those given",
  returned: "Sent back for one more grader",
};

function Settled({ settled, graded }: { settled: NonNullable<ReplayStep["settled"]>; graded: boolean }) {
  return (
    <section
      aria-labelledby="settled"
      className="flex flex-col gap-1 rounded-md border border-line bg-sunken px-3 py-2"
    >
      <h2 id="settled" className="font-semibold">
        The grades in dispute, as they were shown
      </h2>
      <ul>
        {settled.shown.map((grade, i) => (
          <li key={i}>
            Grader {grade.grader}, <UntrustedText text={grade.criterion} />
            {grade.verdict && `, answer ${grade.side}`}: {grade.verdict ?? grade.prefer}
            {grade.note && (
              <>
                {" "}
                “<UntrustedText text={grade.note} />”
              </>
            )}
          </li>
        ))}
      </ul>
      {graded && (
        <p className="font-medium">
          {outcomes[settled.outcome] ?? settled.outcome}
          {settled.note && (
            <>
              : “<UntrustedText text={settled.note} />”
            </>
          )}
        </p>
      )}
    </section>
  );
}

const looks = {
  matches: { shape: "✓", tone: "text-better", word: "matches: " },
  differs: { shape: "✕", tone: "text-worse", word: "does not match: " },
  unknown: { shape: "◐", tone: "text-unsure", word: "not known: " },
} as const;

function Findings({ findings }: { findings: Finding[] }) {
  const broken = findings.some(({ state }) => state === "differs");
  return (
    <section aria-labelledby="findings" className="flex max-w-4xl flex-col gap-2">
      <h2 id="findings" className="text-lg font-semibold">
        {broken ? "This does not match the log" : "Matches the log"}
      </h2>
      <ul className="flex flex-col gap-1">
        {findings.map(({ state, says, entry }) => (
          <li key={says} className="flex gap-2">
            <span className={looks[state].tone}>
              <span aria-hidden="true">{looks[state].shape}</span>
              <span className="sr-only">{looks[state].word}</span>
            </span>
            <span>
              {says}
              {entry !== null && (
                <>
                  {" "}
                  <Link
                    href={`/audit/entries/${entry}`}
                    className="inline-flex min-h-6 items-center text-sm text-accent underline underline-offset-2"
                  >
                    entry {entry}
                  </Link>
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

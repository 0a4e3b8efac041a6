"use client";

import Link from "next/link";
import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button, LinkButton } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { EmptyState } from "@/components/ui/empty-state";
import { Field } from "@/components/ui/field";
import { spelled } from "@/components/ui/invisible";
import { Kbd } from "@/components/ui/kbd";
import { Notice } from "@/components/ui/notice";
import { Rendered } from "@/components/ui/rendered";
import { Textarea } from "@/components/ui/textarea";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { preferenceWords, Verdict } from "@/components/ui/verdict";
import type { Dispute } from "@/lib/review/adjudication";
import type { Revealed } from "@/lib/review/queries";
import type { Grade } from "@/lib/review/schema";
import { ask } from "../../../_kept/server";
import { RevealStrip, type Told } from "../../_components/reveal-strip";

type Choice = Pick<Grade, "verdict" | "prefer">;
type Question = Dispute["open"][number];
type Settled = { outcome: "accepted" | "fixed" | "returned"; revealed: Revealed | null };

const placeOf = ({ side, criterion }: Question) => `${side ?? "pair"} ${criterion}`;
const verdictChoices = [
  { value: "pass", keys: { A: "1", B: "8" }, shape: "✓" },
  { value: "fail", keys: { A: "2", B: "9" }, shape: "✕" },
  { value: "unsure", keys: { A: "3", B: "0" }, shape: "?" },
] as const;
const preferChoices = [
  { value: "A", key: "A", shape: "◀" },
  { value: "tie", key: "E", shape: "=" },
  { value: "B", key: "B", shape: "▶" },
  { value: "unsure", key: "0", shape: "?" },
] as const;

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** One disagreement after the other: the answers, what the graders said, and the grade that settles it. */
export function Settle({ releaseId, prompt, back }: { releaseId: number; prompt: string; back: string }) {
  const [dispute, setDispute] = useState<Dispute | null>(null);
  const [ended, setEnded] = useState(false);
  const [choices, setChoices] = useState<Record<string, Choice>>({});
  const [active, setActive] = useState(0);
  const [note, setNote] = useState("");
  const [raw, setRaw] = useState(false);
  const [told, setTold] = useState<Told | null>(null);
  const [returned, setReturned] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const noteField = useRef<HTMLTextAreaElement>(null);

  const next = useCallback(async () => {
    const answer = await ask<Dispute | null>(`/review/${releaseId}/api/settle/next`, "POST");
    if (!answer.ok) return setProblem(answer.refusal?.message ?? "The server can't be reached.");
    setDispute(answer.value);
    setEnded(answer.value === null);
    setChoices({});
    setActive(0);
    setNote("");
    window.scrollTo({ top: 0 });
  }, [releaseId]);
  useEffect(() => void next(), [next]);

  const open = dispute?.open ?? [];
  // Of the case before, where none is on the screen.
  const asks = useRef<Dispute["criteria"]>([]);
  if (dispute) asks.current = dispute.criteria;
  const complete = open.length > 0 && open.every((question) => choices[placeOf(question)]);

  const choose = (index: number, choice: Choice) => {
    const question = open[index];
    if (!question) return;
    setChoices({ ...choices, [placeOf(question)]: choice });
    setActive(Math.min(index + 1, open.length - 1));
  };

  async function store(grades: Grade[] | "return") {
    if (!dispute || busy) return;
    setBusy(true);
    const answer = await ask<Settled>(`/review/${releaseId}/api/settle`, "POST", {
      task: dispute.task,
      seen: dispute.seen,
      grades,
      ...(note.trim() && { note }),
    });
    setBusy(false);
    if (!answer.ok) {
      setProblem(answer.refusal?.message ?? "The server can't be reached; nothing was stored.");
      if (answer.refusal?.code === "conflict") await next();
      return;
    }
    setProblem(null);
    const { revealed } = answer.value;
    setReturned(revealed ? null : dispute.case);
    setTold(revealed && grades !== "return" ? { case: dispute.case, revealed, grades } : null);
    await next();
  }
  const settle = () =>
    complete &&
    store(open.map(({ side, criterion }) => ({ side, criterion, ...choices[placeOf({ side, criterion })] })));
  const giveBack = () => {
    if (note.trim() === "") {
      setProblem("Say in the note what one more grader is needed for.");
      noteField.current?.focus();
    } else void store("return");
  };

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !dispute) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    const letter = event.key.toLowerCase();
    const asked = open[active];
    const preferred = preferChoices.find(({ key }) => key.toLowerCase() === letter);
    const onButton = event.target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(event.target.tagName);
    const given = (["A", "B"] as const).flatMap((side) =>
      verdictChoices.filter(({ keys }) => keys[side] === event.key).map(({ value }) => ({ side, value })),
    )[0];
    if (asked && !asked.side && preferred) choose(active, { prefer: preferred.value });
    else if (given) {
      // A key of the other side goes to that side's first open question.
      const index = asked?.side === given.side ? active : open.findIndex(({ side }) => side === given.side);
      choose(index, { verdict: given.value });
    } else if (event.key === "Enter" && !onButton) void settle();
    else if (event.key === "ArrowDown") setActive(Math.min(active + 1, open.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
    else if (letter === "n") noteField.current?.focus();
    else if (letter === "g") giveBack();
    else if (letter === "r") setRaw(!raw);
    else return;
    event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  const textHref = (of: string) => `/review/${releaseId}/api/text/${encodeURIComponent(dispute?.task ?? "")}?of=${of}`;
  const questions = (side?: "A" | "B") =>
    open.map((question, index) =>
      question.side === side ? (
        <AskedAgain
          key={placeOf(question)}
          question={question}
          dispute={dispute!}
          choice={choices[placeOf(question)]}
          isActive={index === active}
          onChoose={(choice) => choose(index, choice)}
          onActive={() => setActive(index)}
        />
      ) : null,
    );
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="sticky top-0 z-10 flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-paper px-4 py-2">
        <Link href={back} className="inline-flex min-h-8 items-center gap-1 text-accent hover:underline">
          <span aria-hidden="true">←</span>{" "}
          <span className="line-clamp-2 max-w-96 break-all">
            <UntrustedText text={prompt} />
          </span>
        </Link>
        <h1 className="font-semibold">Settle disagreements</h1>
        {dispute && <span className="text-muted tabular-nums">{dispute.waiting} left</span>}
      </header>
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto flex w-full max-w-[90rem] grow flex-col gap-4 px-4 py-4 outline-none"
      >
        {problem && (
          <Notice tone="danger">
            <span className="mr-3">
              <UntrustedText text={problem} />
            </span>
            <Button size="sm" onClick={() => setProblem(null)}>
              Go on
            </Button>
          </Notice>
        )}
        {returned !== null ? (
          <p role="status" className="rounded-md bg-human-soft px-3 py-2">
            Case{" "}
            <span className="break-all">
              <UntrustedText text={returned} />
            </span>{" "}
            went back: one more person grades it.
          </p>
        ) : (
          told && <RevealStrip told={told} criteria={asks.current} />
        )}
        {dispute ? (
          <article aria-label={spelled(`Case ${dispute.case}`)} className="flex flex-col gap-4">
            <div className="grid gap-4 lg:grid-cols-2">
              <section aria-labelledby="input-title" className="flex min-w-0 flex-col gap-1">
                <h2 id="input-title" className="flex flex-wrap items-baseline gap-2 font-semibold">
                  Input
                  <span className="text-sm font-normal break-all text-muted">
                    case <UntrustedText text={dispute.case} />
                    {dispute.slice && <UntrustedText text={`, ${dispute.slice}`} />}
                  </span>
                </h2>
                <Rendered
                  key={dispute.task}
                  value={dispute.input}
                  raw={raw}
                  rest={dispute.inputRest}
                  href={textHref("input")}
                />
              </section>
              <section aria-labelledby="rubric-title" className="flex min-w-0 flex-col gap-1">
                <h2 id="rubric-title" className="font-semibold">
                  What is asked
                </h2>
                <dl className="flex flex-col gap-2 text-sm">
                  {dispute.criteria
                    .filter(({ key }) => open.some(({ criterion }) => criterion === key))
                    .map(({ key, name, rubric }) => (
                      <div key={key}>
                        <dt className="font-medium">
                          <UntrustedText text={name} />
                        </dt>
                        <dd className="whitespace-pre-wrap text-muted">{rubric || "There is no written rubric."}</dd>
                      </div>
                    ))}
                  {dispute.reference && (
                    <div>
                      <dt className="font-medium">Reference</dt>
                      <dd>
                        <Untrusted
                          compact
                          text={dispute.reference}
                          more={dispute.referenceRest && { ...dispute.referenceRest, href: textHref("reference") }}
                        />
                      </dd>
                    </div>
                  )}
                </dl>
              </section>
            </div>
            <div className="grid gap-4 md:grid-cols-2">
              {dispute.sides.map(({ side, output, error, rest }) => (
                <section key={side} aria-label={`Answer ${side}`} className="flex min-w-0 flex-col gap-3">
                  <h2 className="font-semibold">Answer {side}</h2>
                  {error !== undefined ? (
                    <p className="rounded-md border border-line bg-sunken p-3 text-muted">
                      The run failed here and gave no answer: <UntrustedText text={error} />
                    </p>
                  ) : (
                    <Rendered
                      key={dispute.task}
                      value={output}
                      raw={raw}
                      rest={rest}
                      href={textHref(side)}
                      className="min-h-24"
                    />
                  )}
                  {open.some((question) => question.side === side) ? (
                    questions(side)
                  ) : (
                    <p className="text-sm text-muted">The graders agree about this answer.</p>
                  )}
                </section>
              ))}
            </div>
            {open.some(({ side }) => side === undefined) && (
              <section aria-label="Which answer is better" className="flex flex-col gap-3">
                {questions(undefined)}
              </section>
            )}
            <div className="max-w-[72ch]">
              <Field label="Note" hint="Why it is settled so, or what one more grader is needed for">
                <Textarea
                  ref={noteField}
                  rows={2}
                  maxLength={10_000}
                  value={note}
                  onChange={(event) => setNote(event.target.value)}
                />
              </Field>
            </div>
            <footer className="sticky bottom-0 flex flex-wrap items-center gap-2 border-t border-line bg-paper py-3">
              <Button variant="primary" disabled={!complete || busy} onClick={() => void settle()}>
                Settle <Kbd className="max-sm:hidden">Enter</Kbd>
              </Button>
              <Button disabled={busy} onClick={giveBack}>
                One more grader <Kbd className="max-sm:hidden">G</Kbd>
              </Button>
              <Button aria-pressed={raw} onClick={() => setRaw(!raw)}>
                Raw <Kbd className="max-sm:hidden">R</Kbd>
              </Button>
              <span className="text-sm text-muted">
                What you settle counts as the human label; the grades stay on record. The judge’s verdict is shown
                afterwards.
              </span>
            </footer>
          </article>
        ) : ended ? (
          <EmptyState
            heading="h2"
            title="No disagreement waits for you"
            action={
              <LinkButton href={back} variant="primary">
                Back to the release
              </LinkButton>
            }
          >
            You settle what others disagree about, never a case that you graded.
          </EmptyState>
        ) : (
          !problem && <p className="text-muted">Fetching the next disagreement …</p>
        )}
      </main>
    </div>
  );
}

function AskedAgain({
  question,
  dispute,
  choice,
  isActive,
  onChoose,
  onActive,
}: {
  question: Question;
  dispute: Dispute;
  choice: Choice | undefined;
  isActive: boolean;
  onChoose: (choice: Choice) => void;
  onActive: () => void;
}) {
  const name = dispute.criteria.find(({ key }) => key === question.criterion)?.name ?? question.criterion;
  const given = dispute.grades.filter(
    ({ criterion, side }) => criterion === question.criterion && (!question.side || side === question.side),
  );
  const look = (pressed: boolean) =>
    cn(
      "inline-flex min-h-9 grow cursor-pointer items-center justify-center gap-1.5 rounded-md border px-3 font-medium",
      pressed ? "border-human bg-human-soft text-human" : "border-line bg-raised hover:bg-hover",
    );
  return (
    <fieldset
      onFocus={onActive}
      className={cn(
        "flex min-w-0 flex-col gap-3 rounded-md border px-3 pb-3",
        isActive ? "border-accent" : "border-line",
      )}
    >
      <legend className="px-1 text-sm">
        {question.side && <span className="sr-only">Answer {question.side}: </span>}
        <UntrustedText text={name} />
      </legend>
      <ul
        aria-label={spelled(`Grades${question.side ? ` of answer ${question.side}` : ""}, ${name}`)}
        className="flex flex-col gap-1 text-sm"
      >
        {given.map((grade) => (
          <li key={grade.grader} className="flex flex-wrap items-center gap-x-2 gap-y-1">
            grader {grade.grader}
            <Verdict value={grade.verdict ?? preferenceWords(grade.prefer ?? "unsure")} by="human" />
            {grade.tags.map((tag) => (
              <Badge key={tag}>{tag}</Badge>
            ))}
            {grade.note && (
              <div className="basis-full">
                <Untrusted compact text={grade.note} />
              </div>
            )}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        {question.side
          ? verdictChoices.map(({ value, keys, shape }) => (
              <button
                key={value}
                type="button"
                aria-pressed={choice?.verdict === value}
                aria-keyshortcuts={isActive ? keys[question.side!] : undefined}
                onClick={() => onChoose({ verdict: value })}
                className={look(choice?.verdict === value)}
              >
                <span aria-hidden="true">{shape}</span> {value}
                {isActive && <Kbd>{keys[question.side!]}</Kbd>}
              </button>
            ))
          : preferChoices.map(({ value, key, shape }) => (
              <button
                key={value}
                type="button"
                aria-pressed={choice?.prefer === value}
                aria-keyshortcuts={isActive ? key : undefined}
                onClick={() => onChoose({ prefer: value })}
                className={look(choice?.prefer === value)}
              >
                <span aria-hidden="true">{shape}</span> {preferenceWords(value)}
                {isActive && <Kbd>{key}</Kbd>}
              </button>
            ))}
      </div>
    </fieldset>
  );
}

"use client";

import Link from "next/link";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { HunkChooser } from "@/app/_hunks/hunk-chooser";
import { Button, LinkButton } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { EmptyState } from "@/components/ui/empty-state";
import { Kbd } from "@/components/ui/kbd";
import { Notice } from "@/components/ui/notice";
import { Progress } from "@/components/ui/progress";
import type { TaskView } from "@/lib/review/queries";
import { CaseView } from "./case-view";
import {
  cell,
  type Draft,
  gradesOf,
  inOrder,
  isComplete,
  type Prefer,
  pairCell,
  type Side,
  type Verdict,
} from "./draft";
import { outboxKey, type Pending, readOutbox, serverOf, writeOutbox } from "./outbox";
import { RevealStrip, type Told } from "./reveal-strip";

type Current = { task: TaskView; correction: boolean; shownAt: number };

const ahead = 2;
const keys: [string, string][] = [
  ["1 2 3", "A: pass, fail, unsure"],
  ["8 9 0", "B: pass, fail, unsure"],
  ["A B E", "which is better: A, B, equal"],
  ["0", "which is better: unsure"],
  ["↑ ↓", "criterion above, below"],
  ["N", "note on the answer graded last"],
  ["T", "failure tag on the answer graded last"],
  ["Enter", "store and go on"],
  ["D", "differences between A and B"],
  ["R", "raw: input and answers as they came"],
  ["S", "later: to the end of my queue"],
  ["U", "back to the case graded last"],
  ["H", "hunk: what in the prompt made the case graded last better or worse"],
  ["?", "this list"],
  ["Esc", "leave a text, close a list"],
];

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** A choice of layout that this browser keeps. */
function useRemembered(key: string): [boolean, (value: boolean) => void] {
  const [value, setValue] = useState(false);
  useEffect(() => setValue(window.localStorage.getItem(key) === "yes"), [key]);
  return [
    value,
    (next) => {
      setValue(next);
      window.localStorage.setItem(key, next ? "yes" : "no");
    },
  ];
}

/** The grading screen. The next cases are here before they are needed; what is graded is kept until the server has it. */
export function Grading({
  releaseId,
  prompt,
  userId,
  back,
  tags,
}: {
  releaseId: number;
  prompt: string;
  userId: number;
  back: string;
  /** Failure tags given before, the most used first. */
  tags: string[];
}) {
  const server = useMemo(() => serverOf(releaseId), [releaseId]);
  const key = outboxKey(releaseId, userId);
  const [current, setCurrent] = useState<Current | null>(null);
  const [queue, setQueue] = useState<TaskView[]>([]);
  const [draft, setDraft] = useState<Draft>({});
  const [active, setActive] = useState(0);
  const [lastSide, setLastSide] = useState<Side>("A");
  const [told, setTold] = useState<Told | null>(null);
  const [pending, setPending] = useState<Pending[]>([]);
  const [saved, setSaved] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  const [offline, setOffline] = useState(false);
  const [ended, setEnded] = useState(false);
  const [sheet, setSheet] = useState(false);
  const [diff, setDiff] = useState(false);
  const [raw, setRaw] = useRemembered("countersign-raw");
  const sending = useRef(false);
  const fetching = useRef(false);
  const history = useRef<string[]>([]);
  // Tasks of this screen: handed out, or graded and perhaps still on their way.
  const held = useRef(new Set<string>());

  const keep = useCallback(
    (change: (before: Pending[]) => Pending[]) => {
      setPending((before) => {
        const after = change(before);
        writeOutbox(key, after);
        return after;
      });
    },
    [key],
  );

  useEffect(() => {
    const kept = readOutbox(key);
    for (const { task } of kept) held.current.add(task);
    setPending(kept);
  }, [key]);

  const show = useCallback((task: TaskView, correction: boolean, grades: Draft = {}) => {
    setCurrent({ task, correction, shownAt: performance.now() });
    setDraft(grades);
    setActive(0);
    setDiff(false);
    window.scrollTo({ top: 0 });
  }, []);

  const fill = useCallback(async () => {
    if (fetching.current) return;
    fetching.current = true;
    const answer = await server.next([...held.current].slice(-18));
    fetching.current = false;
    if (!answer.ok) {
      if (answer.refusal) setProblem(answer.refusal.message);
      setOffline(answer.refusal === null);
      return;
    }
    setOffline(false);
    if (answer.value === null) return setEnded(true);
    const task = answer.value;
    if (held.current.has(task.task)) return;
    held.current.add(task.task);
    setEnded(false);
    setQueue((before) => [...before, task]);
  }, [server]);

  // Bring the next case forward, and keep some more at hand.
  useEffect(() => {
    const [first, ...rest] = queue;
    if (!current && first) {
      setQueue(rest);
      show(first, false);
    }
  }, [current, queue, show]);
  useEffect(() => {
    if (queue.length < ahead && !ended && !offline && !problem) void fill();
  }, [queue, ended, offline, problem, fill]);

  // Deliver what is kept, one after the other, for as long as it takes.
  useEffect(() => {
    const [first] = pending;
    if (!first || sending.current) return;
    sending.current = true;
    void server.send(first).then((answer) => {
      sending.current = false;
      if (answer.ok) {
        setOffline(false);
        setSaved((before) => before + 1);
        // A check can't be taken back: going back leads to the case before it.
        if (answer.value.revealed.check) history.current = history.current.filter((task) => task !== first.task);
        setTold({
          case: first.case,
          revealed: answer.value.revealed,
          grades: first.grades,
        });
        keep((before) => before.filter(({ clientKey }) => clientKey !== first.clientKey));
        return;
      }
      if (answer.refusal === null || answer.refusal.code === "not_signed_in") {
        setOffline(true);
        if (answer.refusal) setProblem(answer.refusal.message);
        setTimeout(() => setPending((before) => [...before]), 3000);
        return;
      }
      setProblem(`The grade of case ${first.case} was not stored: ${answer.refusal.message}`);
      keep((before) => before.filter(({ clientKey }) => clientKey !== first.clientKey));
    });
  }, [pending, server, keep]);
  useEffect(() => {
    if (!offline) return;
    const again = () => {
      setOffline(false);
      setPending((before) => [...before]);
    };
    const timer = setInterval(again, 5000);
    window.addEventListener("online", again);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", again);
    };
  }, [offline]);

  // What this screen adds is offered at once.
  const known = useMemo(
    () => [...new Set([...tags, ...pending.flatMap(({ grades }) => grades.flatMap((grade) => grade.tags ?? []))])],
    [tags, pending],
  );
  const criteria = useMemo(() => inOrder(current?.task.criteria ?? []), [current]);
  const complete = isComplete(criteria, draft);

  const grade = useCallback(
    (side: Side, index: number, verdict: Verdict) => {
      const criterion = criteria[index];
      if (criterion?.kind !== "pass_fail") return;
      setLastSide(side);
      const place = cell(side, criterion.key);
      const after = { ...draft, [place]: { ...draft[place], verdict } };
      setDraft(after);
      const other = side === "A" ? "B" : "A";
      if (after[cell(other, criterion.key)]?.verdict && index < criteria.length - 1) setActive(index + 1);
      else setActive(index);
    },
    [criteria, draft],
  );
  const compare = useCallback(
    (index: number, prefer: Prefer) => {
      const criterion = criteria[index];
      if (criterion?.kind !== "preference") return;
      const place = pairCell(criterion.key);
      setDraft({ ...draft, [place]: { ...draft[place], prefer } });
      setActive(Math.min(index + 1, criteria.length - 1));
    },
    [criteria, draft],
  );

  const commit = useCallback(() => {
    if (!current || !complete) return;
    const { task, correction, shownAt } = current;
    const grades = gradesOf(task.criteria, draft);
    const tookMs = Math.min(86_400_000, Math.round(performance.now() - shownAt));
    keep((before) => [
      ...before,
      { task: task.task, case: task.case, correction, grades, clientKey: crypto.randomUUID(), tookMs },
    ]);
    if (!correction) history.current.push(task.task);
    setTold(null);
    setCurrent(null);
  }, [current, complete, draft, keep]);

  const later = useCallback(async () => {
    if (!current || current.correction) return;
    const answer = await server.skip(current.task.task);
    if (!answer.ok) return setProblem(answer.refusal?.message ?? "The server can't be reached; the case stays here.");
    held.current.delete(current.task.task);
    setEnded(false);
    setCurrent(null);
  }, [current, server]);

  const undo = useCallback(async () => {
    const last = history.current.at(-1);
    if (!last || current?.correction) return;
    if (pending.some(({ task }) => task === last)) {
      return setProblem("The last grade is still on its way. It can be changed once it is stored.");
    }
    const answer = await server.graded(last);
    if (!answer.ok) return setProblem(answer.refusal?.message ?? "The server can't be reached.");
    history.current.pop();
    const before = answer.value;
    if (current) setQueue((waiting) => [current.task, ...waiting]);
    const grades: Draft = {};
    for (const { side, criterion, verdict, prefer, note, tags } of before.grades)
      grades[side ? cell(side, criterion) : pairCell(criterion)] = { verdict, prefer, note: note ?? undefined, tags };
    setTold({ case: before.case, revealed: before.revealed, grades: before.grades });
    show(before, true, grades);
  }, [current, pending, server, show]);

  // An effect event, so that a key pressed the moment a case appears already goes to that case.
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || sheet) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    const asked = criteria[active];
    const verdicts: Record<string, [Side, Verdict]> = {
      "1": ["A", "pass"],
      "2": ["A", "fail"],
      "3": ["A", "unsure"],
      "8": ["B", "pass"],
      "9": ["B", "fail"],
      "0": ["B", "unsure"],
    };
    const given = verdicts[event.key];
    const letter = event.key.toLowerCase();
    const preferences: Record<string, Prefer> = { a: "A", b: "B", e: "tie", "0": "unsure" };
    const preferred = preferences[letter];
    const onButton = event.target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(event.target.tagName);
    if (preferred && asked?.kind === "preference") compare(active, preferred);
    else if (given) grade(given[0], active, given[1]);
    else if (event.key === "Enter" && !onButton) commit();
    else if (event.key === "ArrowDown") setActive((before) => Math.min(before + 1, criteria.length - 1));
    else if (event.key === "ArrowUp") setActive((before) => Math.max(before - 1, 0));
    else if (letter === "n" && asked) {
      const place = asked.kind === "preference" ? pairCell(asked.key) : cell(lastSide, asked.key);
      document.getElementById(`note ${place}`)?.focus();
    } else if (letter === "t" && asked) {
      const place = asked.kind === "preference" ? pairCell(asked.key) : cell(lastSide, asked.key);
      document.getElementById(`tag ${place}`)?.focus();
    } else if (letter === "d") setDiff((before) => !before);
    else if (letter === "r") setRaw(!raw);
    else if (letter === "s") void later();
    else if (letter === "u") void undo();
    else if (event.key === "?") setSheet(true);
    else return;
    event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  // Each task brings the count of when it was handed out: the one fetched last knows most.
  const progress = (queue.at(-1) ?? current?.task)?.progress;
  const done = progress ? Math.min(progress.drawn, progress.graded) : 0;
  const minutes = progress?.medianMs ? Math.ceil(((progress.drawn - done) * progress.medianMs) / 60_000) : null;
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="sticky top-0 z-10 flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-paper px-4 py-2">
        <Link href={back} className="inline-flex min-h-8 items-center gap-1 text-accent hover:underline">
          <span aria-hidden="true">←</span> <span className="break-all">{prompt}</span>
        </Link>
        <h1 className="sr-only">Grade answers of {prompt}</h1>
        {progress && (
          <div className="flex min-w-40 grow items-center gap-3 tabular-nums">
            <span className="whitespace-nowrap">
              {done} of {progress.drawn} graded
            </span>
            <div className="max-w-64 grow">
              <Progress value={done} max={progress.drawn} label="Cases graded" />
            </div>
            {minutes !== null && <span className="whitespace-nowrap text-muted">about {minutes} min left</span>}
          </div>
        )}
        <p role="status" className="whitespace-nowrap text-sm text-muted tabular-nums">
          stored {saved}
          {pending.length > 0 && <span className="text-unsure"> · on the way {pending.length}</span>}
          {offline && <span className="text-worse"> · no connection, kept here</span>}
        </p>
        <Button size="sm" variant="ghost" onClick={() => setSheet(true)}>
          <Kbd>?</Kbd> keys
        </Button>
      </header>
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto flex w-full max-w-[90rem] grow flex-col gap-4 px-4 py-4 outline-none"
      >
        {problem && (
          <Notice tone="danger">
            <span className="mr-3">{problem}</span>
            <Button size="sm" onClick={() => setProblem(null)}>
              Go on
            </Button>
          </Notice>
        )}
        <RevealStrip told={told} criteria={(current?.task ?? queue[0])?.criteria.length ?? 1} />
        <HunkChooser releaseId={releaseId} caseKey={told && !told.revealed.check ? told.case : null} />
        {current ? (
          <CaseView
            current={current}
            criteria={criteria}
            draft={draft}
            active={active}
            diff={diff}
            raw={raw}
            onRaw={() => setRaw(!raw)}
            complete={complete}
            canUndo={history.current.length > 0 && !current.correction}
            onGrade={grade}
            onCompare={compare}
            onNote={(place, note) => setDraft((before) => ({ ...before, [place]: { ...before[place], note } }))}
            onTags={(place, given) => setDraft((before) => ({ ...before, [place]: { ...before[place], tags: given } }))}
            known={known}
            onActive={setActive}
            onCommit={commit}
            onLater={() => void later()}
            onUndo={() => void undo()}
            onDiff={() => setDiff(!diff)}
          />
        ) : ended ? (
          <EmptyState
            heading="h2"
            title={pending.length > 0 ? "The last grades are on their way" : "Nothing more waits for you"}
            action={
              <span className="flex flex-wrap gap-2">
                <LinkButton href={back} variant="primary">
                  Back to the release
                </LinkButton>
                {history.current.length > 0 && <Button onClick={() => void undo()}>Look at the last case again</Button>}
              </span>
            }
          >
            {pending.length > 0
              ? "Keep this page open until everything is stored."
              : "Every drawn case has its grades, or is being graded by somebody else."}
          </EmptyState>
        ) : (
          <p className="text-muted">Fetching the next case …</p>
        )}
      </main>
      <Dialog open={sheet} onOpenChange={setSheet} title="Keys">
        <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2">
          {keys.map(([name, what]) => (
            <div key={name} className="contents">
              <dt className="flex gap-1">
                {name.split(" ").map((part) => (
                  <Kbd key={part}>{part}</Kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </div>
  );
}

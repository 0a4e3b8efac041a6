"use client";

import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { HunkChooser } from "@/app/_hunks/hunk-chooser";
import { Button, LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { plural } from "@/components/ui/format";
import { Kbd } from "@/components/ui/kbd";
import { Notice } from "@/components/ui/notice";
import { shown, UntrustedText } from "@/components/ui/untrusted-text";
import type { Revealed, TaskView } from "@/lib/review/queries";
import type { Comment } from "@/lib/review/schema";
import { Desk, type Told } from "../../_kept/desk";
import { readDraft, writeDraft, writePlace } from "../../_kept/notes";
import { type GradePending, type Pending, readOutbox, watchOutbox } from "../../_kept/outbox";
import { keepShell } from "../../_kept/shell";
import { CaseView } from "./case-view";
import {
  type Criterion,
  cell,
  type Draft,
  differs,
  draftOf,
  gradesOf,
  inOrder,
  missingOf,
  nothing,
  type Prefer,
  pairCell,
  placeId,
  placeOf,
  type Side,
  towardsJudge,
  type Verdict,
  type Work,
} from "./draft";
import { History } from "./history";
import { KeySheet } from "./keys";
import { Later } from "./later";
import { useLayout } from "./layout-choices";
import { beginMarking, type Marking, markingKey, unmarked } from "./marking";
import { RevealStrip } from "./reveal-strip";
import { Status } from "./status";
import { Undelivered } from "./undelivered";

/** `before`: of a case graded earlier, what the person knew and said then. */
type Current = { task: TaskView; shownAt: number; before?: { revealed: Revealed; comments: readonly Comment[] } };
type Panel = "keys" | "later" | "undelivered" | "history" | null;

const none: Pending[] = [];
const unreachable = "The server can't be reached. What is stored can be changed once it can.";
const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export type GradingProps = {
  releaseId: number;
  prompt: string;
  userId: number;
  back: string;
  /** Failure tags given before, the most used first. */
  tags: string[];
};

/** The grading screen. The next cases are here before they are needed; what is graded is kept until the server has it. */
export function Grading({ releaseId, prompt, userId, back, tags }: GradingProps) {
  const whose = useMemo(() => ({ userId, releaseId }), [userId, releaseId]);
  const desk = useMemo(() => new Desk(whose), [whose]);
  const state = useSyncExternalStore(
    desk.subscribe,
    () => desk.state,
    () => desk.state,
  );
  const pending = useSyncExternalStore(
    watchOutbox,
    () => readOutbox(whose),
    () => none,
  );
  const [held, setCurrent] = useState<Current | null>(null);
  // While nothing is taken, no grade is asked for; what was begun comes back with the grading.
  const current = state.problem === null ? held : null;
  const [work, setWork] = useState<Work>(nothing);
  const [active, setActive] = useState(0);
  const [lastSide, setLastSide] = useState<Side>("A");
  /** Where the last grade of this case was given: a note or a tag is about that one, also when the next is asked for by now. */
  const [lastPlace, setLastPlace] = useState<string | null>(null);
  const [asksWhole, setAsksWhole] = useState(false);
  const [marking, setMarking] = useState<Marking>(unmarked);
  const [panel, setPanel] = useState<Panel>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [kept, setKept] = useState<Told | null>(null);
  const [flipped, setFlipped] = useState<string | null>(null);
  const [layout, setLayout] = useLayout();
  const graded = useRef<string[]>([]);
  /** What is told of a case looked at again, and what was told before. */
  const lookedAt = useRef<{ told: Told | null; before: Told | null }>({ told: null, before: null });

  useEffect(() => desk.start(), [desk]);
  useEffect(() => {
    writePlace({ releaseId, userId, prompt, back, tags });
    void keepShell().catch(() => undefined);
  }, [releaseId, userId, prompt, back, tags]);

  const show = useCallback(
    (task: TaskView, before?: Current["before"], given?: Work) => {
      setCurrent({ task, shownAt: performance.now(), before });
      setWork(given ?? (before ? nothing : (readDraft(whose, task.task) ?? nothing)));
      setActive(0);
      setLastPlace(null);
      setAsksWhole(false);
      setMarking(unmarked);
      setNotice(null);
      window.scrollTo({ top: 0 });
    },
    [whose],
  );
  const goOn = useCallback(() => {
    const next = desk.take();
    if (next) show(next);
    else setCurrent(null);
  }, [desk, show]);
  useEffect(() => {
    if (!held && state.problem === null && state.ready.length > 0) goOn();
  }, [held, state.problem, state.ready, goOn]);

  const onGone = useEffectEvent((task: string) => {
    if (held?.task.task !== task || held.before) return;
    const { case: key } = held.task;
    goOn();
    setNotice(`Case ${key} is no longer yours: your time for it ran out, or it was given to somebody else.`);
  });
  useEffect(() => {
    desk.onGone = (task) => onGone(task);
  }, [desk]);

  const change = useCallback(
    (after: Work) => {
      setWork(after);
      if (!current || current.before) return;
      writeDraft(whose, current.task.task, {
        ...after,
        spentMs: after.spentMs + Math.round(performance.now() - current.shownAt),
      });
    },
    [current, whose],
  );
  const changeGrade = (place: string, given: Draft[string]) =>
    change({ ...work, grades: { ...work.grades, [place]: { ...work.grades[place], ...given } } });

  // What this screen adds is offered at once.
  const known = useMemo(() => {
    const new_ = pending.flatMap((one) =>
      "grades" in one ? one.grades.flatMap(({ tags: given }) => given ?? []) : [],
    );
    return [...new Set([...tags, ...new_])];
  }, [tags, pending]);
  const criteria = useMemo(() => inOrder(current?.task.criteria ?? []), [current]);
  // Those of the case before, where none is on the screen: each case of a release is asked the same.
  const asks = useRef<readonly Criterion[]>([]);
  if (criteria.length > 0) asks.current = criteria;
  const missing = missingOf(criteria, work.grades);
  const { told } = state;
  const mayChange = told !== null && !told.revealed.check && differs(told.revealed) && current?.task.task !== told.task;

  /** Asks for the grades of a criterion, where they can be seen. */
  const ask = (index: number, side: Side = lastSide) => {
    const next = Math.max(0, Math.min(index, criteria.length - 1));
    setActive(next);
    const criterion = criteria[next];
    if (criterion) document.getElementById(placeId(placeOf(criterion, side)))?.scrollIntoView({ block: "nearest" });
  };
  const goTo = (index: number) => {
    setLastPlace(null);
    ask(index);
  };
  const grade = (side: Side, index: number, verdict: Verdict) => {
    const criterion = criteria[index];
    if (criterion?.kind !== "pass_fail") return;
    setLastSide(side);
    setLastPlace(cell(side, criterion.key));
    changeGrade(cell(side, criterion.key), { verdict });
    const other = work.grades[cell(side === "A" ? "B" : "A", criterion.key)]?.verdict;
    ask(other ? index + 1 : index, side);
  };
  const compare = (index: number, prefer: Prefer) => {
    const criterion = criteria[index];
    if (criterion?.kind !== "preference") return;
    setLastPlace(pairCell(criterion.key));
    changeGrade(pairCell(criterion.key), { prefer });
    ask(index + 1);
  };

  const commit = () => {
    if (!current) return;
    if (missing[0]) {
      setAsksWhole(true);
      setLastPlace(null);
      return ask(missing[0].index, missing[0].side);
    }
    const { task, before, shownAt } = current;
    const comments = work.comments.filter((comment) => !before?.comments.includes(comment));
    const tookMs = Math.min(86_400_000, work.spentMs + Math.round(performance.now() - shownAt));
    const grades = gradesOf(task.criteria, work.grades);
    try {
      desk.commit({
        kind: before ? "correction" : "grade",
        task: task.task,
        case: task.case,
        grades,
        ...(comments.length > 0 && { comments }),
        tookMs,
      });
    } catch {
      setNotice("This browser has no room to keep the grade, so it stays here. Make room, then store it again.");
      return;
    }
    const followed = before?.revealed.judges.some(
      (judge) =>
        judge.instrument &&
        judge.overridden &&
        grades.some((mine) =>
          "verdict" in judge
            ? mine.side === judge.side && mine.criterion === judge.criterion && mine.verdict === judge.verdict
            : mine.criterion === judge.criterion && mine.prefer === judge.prefer,
        ),
    );
    setFlipped(followed ? task.task : null);
    if (!before) graded.current.push(task.task);
    goOn();
  };

  const later = (reason: string) => {
    setPanel(null);
    if (!current || current.before) return;
    void desk.putOff(current.task, reason).catch(() => setNotice("This browser has no room to note that down."));
    goOn();
  };

  /** A case that was graded, to be looked at again, with its grades or those given. */
  const lookAgain = async (task: string, given?: (grades: Draft) => Draft) => {
    setPanel(null);
    const answer = await desk.graded(task);
    if (!answer.ok) {
      // A check can't be taken back: going back leads to the case before it.
      graded.current = graded.current.filter((other) => other !== task || answer.refusal === null);
      setNotice(answer.refusal?.message ?? unreachable);
      return;
    }
    const { value } = answer;
    if (held && !held.before) desk.giveBack(held.task);
    const grades = draftOf(value.grades);
    const again = { task, case: value.case, revealed: value.revealed, grades: value.grades.map(withoutNull) };
    // From one case looked at again to another, what was told before stays what it was.
    const isLooking = desk.state.told === lookedAt.current.told;
    lookedAt.current = { told: again, before: isLooking ? lookedAt.current.before : desk.state.told };
    desk.show(again);
    show(
      value,
      { revealed: value.revealed, comments: value.comments },
      { grades: given ? given(grades) : grades, comments: value.comments, spentMs: 0 },
    );
  };

  /** A correction that is not stored: what was stored stands, and so does what was told, unless more came meanwhile. */
  const leave = () => {
    if (desk.state.told === lookedAt.current.told) desk.show(lookedAt.current.before);
    setNotice(null);
    goOn();
  };

  const undo = async () => {
    if (current?.before) {
      const history = await desk.history();
      if (!history.ok) return setNotice(unreachable);
      const { rows } = history.value;
      const earlier = rows[rows.findIndex(({ task }) => task === current.task.task) + 1];
      return earlier ? lookAgain(earlier.task) : setNotice("You graded nothing before this case.");
    }
    const last = pending.findLast((one): one is GradePending => one.kind === "grade" && !one.refused);
    if (last) {
      const task = await desk.takeBack(last);
      if (!task) return setNotice("The last grade is on its way. It can be changed once it is stored.");
      graded.current = graded.current.filter((other) => other !== last.task);
      if (held) desk.giveBack(held.task);
      const { grades, comments = [], tookMs = 0 } = last;
      return show(task, undefined, { grades: draftOf(grades), comments, spentMs: tookMs });
    }
    const task = graded.current.at(-1);
    if (task) return lookAgain(task);
    // Graded before this page was opened.
    const history = await desk.history();
    const [latest] = history.ok ? history.value.rows : [];
    if (latest) await lookAgain(latest.task);
    else if (!history.ok) setNotice(unreachable);
  };

  const lastGraded = useCallback(async () => {
    const history = await desk.history();
    return history.ok ? { ...history, value: history.value.rows[0]?.case ?? null } : history;
  }, [desk]);

  const keepMine = () => mayChange && setKept(told);
  const changeMind = () => told && mayChange && lookAgain(told.task, () => towardsJudge(told.grades, told.revealed));
  const mark = () => (marking.choosing ? setMarking(unmarked) : setMarking(beginMarking(lastSide)));

  /** What is asked for next stays so while a note or a tag is written about the grade before. */
  const writing = useRef(false);
  const write = (what: "note" | "tag", place: string) => {
    writing.current = true;
    document.getElementById(`${what} ${place}`)?.focus();
    writing.current = false;
  };
  const onEnter = (index: number) => {
    if (writing.current || index === active) return;
    setLastPlace(null);
    setActive(index);
  };

  // An effect event, so that a key pressed the moment a case appears already goes to that case.
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || panel !== null) return;
    // A dialog's keys are its own.
    if (event.target instanceof Element && event.target.closest("[role=dialog]")) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    if (marking.choosing) {
      const after = markingKey(marking.choosing, event);
      if (after) {
        setMarking(after);
        event.preventDefault();
        return;
      }
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
    // Who clicked the last verdict has the focus on it: Enter goes on, it does not choose the same again.
    const onChosen = event.target instanceof Element && event.target.matches("fieldset [aria-pressed=true]");
    const place = lastPlace ?? (asked && placeOf(asked, lastSide));
    if (preferred && asked?.kind === "preference") compare(active, preferred);
    else if (given) grade(given[0], active, given[1]);
    else if (event.key === "Enter" && (!onButton || onChosen)) commit();
    else if (event.key === "Escape" && current?.before) leave();
    else if (event.key === "ArrowDown") goTo(active + 1);
    else if (event.key === "ArrowUp") goTo(active - 1);
    else if (letter === "n" && place) write("note", place);
    else if (letter === "t" && place) write("tag", place);
    else if (letter === "m" && current) mark();
    else if (letter === "d") setLayout({ diff: !layout.diff });
    else if (letter === "r") setLayout({ raw: !layout.raw });
    else if (letter === "i" && asked) fold(asked.key, !layout.folded.includes(asked.key));
    else if (letter === "s" && current && !current.before) event.shiftKey ? later("") : setPanel("later");
    else if (letter === "u") void undo();
    else if (letter === "y") setPanel("history");
    else if (letter === "o") setPanel("undelivered");
    else if (letter === "k") keepMine();
    else if (letter === "c") void changeMind();
    else if (event.key === "?") setPanel("keys");
    else return;
    event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  const fold = (criterion: string, isFolded: boolean) => {
    if (layout.folded.includes(criterion) === isFolded) return;
    const others = layout.folded.filter((other) => other !== criterion);
    setLayout({ folded: isFolded ? [...others, criterion].slice(-500) : others });
  };

  const isLast = !current && state.ready.length === 0;
  const canUndo = graded.current.length > 0 || (state.progress?.mine ?? 0) > 0 || pending.length > 0;
  const refused = pending.filter((one) => one.refused);
  return (
    <div data-grading className="flex min-h-dvh flex-col">
      <Status
        prompt={prompt}
        back={back}
        progress={state.progress}
        halfWidth={state.halfWidth}
        pending={pending}
        stored={state.stored}
        held={state.held}
        offline={state.offline}
        onUndelivered={() => setPanel("undelivered")}
        onHistory={() => setPanel("history")}
        onKeys={() => setPanel("keys")}
      />
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto flex w-full max-w-[90rem] grow flex-col gap-4 px-4 py-4 outline-none"
      >
        {state.signedOut && <Notice tone="danger">{state.signedOut}</Notice>}
        {notice && (
          <Notice tone="danger">
            <span className="mr-3">{shown(notice)}</span>
            <Button size="sm" onClick={() => setNotice(null)}>
              Go on
            </Button>
          </Notice>
        )}
        {refused.length > 0 && (
          <Notice tone="danger">
            <span className="mr-3">
              {plural(refused.length, "case was", "cases were")} not taken:{" "}
              {shown(refused.at(-1)?.refused?.message ?? "")}
            </span>
            <Button size="sm" onClick={() => setPanel("undelivered")}>
              What was not taken <Kbd>O</Kbd>
            </Button>
          </Notice>
        )}
        <p aria-live="polite" className="sr-only">
          {current && <UntrustedText text={`Case ${current.task.case}${current.before ? ", graded before" : ""}`} />}
        </p>
        <RevealStrip told={told} criteria={asks.current}>
          {mayChange &&
            (kept === told ? (
              <p>Kept: your grade stands, and counts as an override of the judge.</p>
            ) : (
              <p className="flex flex-wrap items-center gap-2">
                <Button size="sm" onClick={keepMine}>
                  Keep mine <Kbd>K</Kbd>
                </Button>
                <Button size="sm" onClick={() => void changeMind()}>
                  Change my mind <Kbd>C</Kbd>
                </Button>
              </p>
            ))}
          {told && told.task === flipped && !current?.before && (
            <p>Both grades stay on record; the change counts as a flip after the reveal.</p>
          )}
        </RevealStrip>
        <HunkChooser
          releaseId={releaseId}
          caseKey={told && !told.revealed.check ? told.case : null}
          // After a reload nothing is revealed here any more; it is still about what was graded last.
          find={told ? undefined : lastGraded}
        />
        {state.broken ? (
          <EmptyState heading="h2" title="This browser lets nothing be kept">
            Grading keeps cases and grades in the browser until the server has them. Allow this site to store data, or
            use a window that is not private, and load the page again.
          </EmptyState>
        ) : state.problem !== null ? (
          <EmptyState
            heading="h2"
            title="No grades are taken now"
            action={
              <span className="flex flex-wrap gap-2">
                <LinkButton href={back} prefetch={false} variant="primary">
                  Back to the release
                </LinkButton>
                <Button onClick={() => desk.say(null)}>Ask again</Button>
              </span>
            }
          >
            {shown(state.problem)}
          </EmptyState>
        ) : current ? (
          <CaseView
            current={{ task: current.task, correction: current.before !== undefined }}
            criteria={criteria}
            draft={work.grades}
            comments={work.comments}
            storedComments={current.before?.comments ?? []}
            marking={marking}
            folded={layout.folded}
            active={active}
            diff={layout.diff}
            raw={layout.raw}
            textHref={(of) => `/review/${releaseId}/api/text/${encodeURIComponent(current.task.task)}?of=${of}`}
            onRaw={() => setLayout({ raw: !layout.raw })}
            missing={missing}
            asksWhole={asksWhole}
            canUndo={canUndo}
            onGrade={grade}
            onCompare={compare}
            onNote={(place, note) => changeGrade(place, { note })}
            onTags={(place, given) => changeGrade(place, { tags: given })}
            known={known}
            onActive={onEnter}
            onCommit={commit}
            onLater={() => setPanel("later")}
            onLeave={leave}
            onUndo={() => void undo()}
            onDiff={() => setLayout({ diff: !layout.diff })}
            onMark={mark}
            onFold={fold}
            onComment={(comment) => {
              change({ ...work, comments: [...work.comments, comment] });
              setMarking(unmarked);
            }}
            onCancelComment={() => setMarking(unmarked)}
            onRemoveComment={(comment) =>
              change({ ...work, comments: work.comments.filter((other) => other !== comment) })
            }
          />
        ) : (
          isLast && (
            <Between
              back={back}
              ended={state.ended}
              offline={state.offline}
              elsewhere={state.elsewhere}
              undelivered={pending.filter(({ refused }) => !refused).length}
              onUndo={canUndo ? () => void undo() : undefined}
            />
          )
        )}
      </main>
      <KeySheet
        kinds={asks.current.map(({ kind }) => kind)}
        open={panel === "keys"}
        onOpenChange={(open) => setPanel(open ? "keys" : null)}
      />
      <Later open={panel === "later"} onOpenChange={(open) => setPanel(open ? "later" : null)} onLater={later} />
      <Undelivered
        open={panel === "undelivered"}
        onOpenChange={(open) => setPanel(open ? "undelivered" : null)}
        pending={pending}
        offline={state.offline}
        onSendAgain={(one) => desk.sendAgain(one)}
        onLetGo={(one) => desk.letGo(one)}
      />
      <History
        open={panel === "history"}
        onOpenChange={(open) => setPanel(open ? "history" : null)}
        load={desk.history}
        onLook={(task) => void lookAgain(task)}
      />
    </div>
  );
}

function withoutNull<T extends { note: string | null }>({ note, ...grade }: T) {
  return { ...grade, ...(note !== null && { note }) };
}

type BetweenProps = {
  back: string;
  ended: boolean;
  offline: boolean;
  elsewhere: number;
  undelivered: number;
  onUndo: (() => void) | undefined;
};

/** No case is on the screen. */
function Between({ back, ended, offline, elsewhere, undelivered, onUndo }: BetweenProps) {
  const actions = (
    <span className="flex flex-wrap gap-2">
      <LinkButton href={back} prefetch={false} variant="primary">
        Back to the release
      </LinkButton>
      {onUndo && <Button onClick={onUndo}>Look at the last case again</Button>}
    </span>
  );
  if (offline)
    return (
      <EmptyState heading="h2" title="No case is left at hand">
        There is no connection.{" "}
        {undelivered > 0 ? "What you graded is kept in this browser and delivered once it is back. " : ""}
        More cases come by themselves.
      </EmptyState>
    );
  if (elsewhere > 0)
    return (
      <EmptyState heading="h2" title="Your cases are open in another tab" action={actions}>
        Grade them there, or close that tab and they come here.
      </EmptyState>
    );
  if (!ended) return <p className="text-muted">Fetching the next case …</p>;
  return (
    <EmptyState
      heading="h2"
      title={undelivered > 0 ? "The last grades are on their way" : "Nothing more waits for you"}
      action={actions}
    >
      {undelivered > 0
        ? "They are kept in this browser until the server has them."
        : "Every drawn case has its grades, or is being graded by somebody else."}
    </EmptyState>
  );
}

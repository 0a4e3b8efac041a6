"use client";

import { Pieces } from "@/components/diff/pieces";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { Kbd } from "@/components/ui/kbd";
import { Rendered } from "@/components/ui/rendered";
import { Textarea } from "@/components/ui/textarea";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { diffText } from "@/lib/prompts/diff/words";
import type { TaskView } from "@/lib/review/queries";
import type { Comment } from "@/lib/review/schema";
import {
  type Criterion,
  cell,
  type Draft,
  type Missing,
  type Prefer,
  pairCell,
  placeId,
  type Side as SideName,
  type Verdict,
} from "./draft";
import { answerId, Comments, type Marking, Marks } from "./marking";
import { Rubric } from "./rubric";
import { TagField } from "./tag-field";

type Props = {
  current: { task: TaskView; correction: boolean };
  /** In the order of the screen. */
  criteria: readonly Criterion[];
  draft: Draft;
  comments: readonly Comment[];
  /** Of those, the ones that are stored. */
  storedComments: readonly Comment[];
  marking: Marking;
  /** Criteria whose rubric is folded away. */
  folded: readonly string[];
  active: number;
  diff: boolean;
  /** Input and answers as they came, not laid out. */
  raw: boolean;
  /** The grades that it still lacks. */
  missing: readonly Missing[];
  /** Somebody wanted to store it without them. */
  asksWhole: boolean;
  canUndo: boolean;
  onGrade: (side: SideName, criterion: number, verdict: Verdict) => void;
  onCompare: (criterion: number, prefer: Prefer) => void;
  onNote: (place: string, note: string) => void;
  onTags: (place: string, tags: string[]) => void;
  /** Failure tags to choose from. */
  known: readonly string[];
  onActive: (criterion: number) => void;
  onCommit: () => void;
  onLater: () => void;
  onLeave: () => void;
  onUndo: () => void;
  onDiff: () => void;
  onRaw: () => void;
  /** Where more of one of its texts comes from. */
  textHref?: (of: "input" | "reference" | SideName) => string;
  /** Only looked at: nothing to store. */
  readOnly?: boolean;
  onMark: () => void;
  onFold: (criterion: string, folded: boolean) => void;
  onComment: (comment: Comment) => void;
  onCancelComment: () => void;
  onRemoveComment: (comment: Comment) => void;
};

const verdictKeys = { A: { pass: "1", fail: "2", unsure: "3" }, B: { pass: "8", fail: "9", unsure: "0" } };
const chosen = {
  pass: "border-better bg-better-soft text-better",
  fail: "border-worse bg-worse-soft text-worse",
  unsure: "border-unsure bg-unsure-soft text-unsure",
};
const shapes = { pass: "✓", fail: "✕", unsure: "?" };
const preferences: { prefer: Prefer; key: string; shape: string; says: string }[] = [
  { prefer: "A", key: "A", shape: "◀", says: "A is better" },
  { prefer: "tie", key: "E", shape: "=", says: "equal" },
  { prefer: "B", key: "B", shape: "▶", says: "B is better" },
  { prefer: "unsure", key: "0", shape: "?", says: "unsure" },
];

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

export function CaseView(props: Props) {
  const { current, criteria, diff, missing, asksWhole, canUndo } = props;
  const { task, correction } = current;
  return (
    <article aria-label={spelled(`Case ${task.case}`)} className="flex flex-col gap-4">
      <div className="grid gap-4 lg:grid-cols-2">
        <section aria-labelledby="input-title" className="flex min-w-0 flex-col gap-1">
          <h2 id="input-title" className="flex flex-wrap items-baseline gap-2 font-semibold">
            Input
            <span className="text-sm font-normal break-all text-muted">
              case <UntrustedText text={task.case} />
              {task.slice && <UntrustedText text={`, ${task.slice}`} />}
            </span>
          </h2>
          <Rendered
            key={task.task}
            value={task.input}
            raw={props.raw}
            rest={task.inputRest}
            href={props.textHref?.("input")}
          />
        </section>
        <Rubric
          criteria={criteria}
          folded={props.folded}
          onFold={props.onFold}
          reference={task.reference}
          more={task.referenceRest && { ...task.referenceRest, href: props.textHref?.("reference") ?? "" }}
        />
      </div>
      {correction && (
        <p role="status" className="rounded-md bg-human-soft px-3 py-2">
          You graded this case before. A correction is kept beside your first, blind grade.
        </p>
      )}
      {diff && <Differences task={task} />}
      <Marks marking={props.marking} comments={props.comments} />
      <div className="grid gap-x-4 gap-y-3 md:grid-cols-2">
        {task.sides.map((side) => (
          <Side key={side.side} {...props} answer={side} />
        ))}
      </div>
      {criteria.some(({ kind }) => kind === "preference") && <Comparison {...props} />}
      <footer
        hidden={props.readOnly}
        className="bottom-0 flex flex-wrap items-center gap-2 border-t border-line bg-paper py-3 md:sticky [@media(max-height:30rem)]:static"
      >
        <Button
          variant="primary"
          disabled={missing.length > 0}
          title={missing.length > 0 ? `${plural(missing.length, "grade")} to go` : undefined}
          onClick={props.onCommit}
        >
          {correction ? "Store correction" : "Store and go on"} <Kbd className="max-sm:hidden">Enter</Kbd>
        </Button>
        {correction ? (
          <Button onClick={props.onLeave}>
            Leave as it was <Kbd className="max-sm:hidden">Esc</Kbd>
          </Button>
        ) : (
          <Button onClick={props.onLater}>
            Later <Kbd className="max-sm:hidden">S</Kbd>
          </Button>
        )}
        <Button aria-pressed={props.marking.choosing !== null} onClick={props.onMark}>
          Mark words <Kbd className="max-sm:hidden">M</Kbd>
        </Button>
        <Button aria-pressed={diff} onClick={props.onDiff}>
          Differences <Kbd className="max-sm:hidden">D</Kbd>
        </Button>
        <Button aria-pressed={props.raw} onClick={props.onRaw}>
          Raw <Kbd className="max-sm:hidden">R</Kbd>
        </Button>
        {canUndo && (
          <Button onClick={props.onUndo}>
            {correction ? "The one before" : "Last case again"} <Kbd className="max-sm:hidden">U</Kbd>
          </Button>
        )}
        <p role="status" className="basis-full text-sm text-worse empty:hidden">
          {asksWhole && missing[0] && (
            <>
              Not stored yet: {missing[0].side && `answer ${missing[0].side} is not graded on `}
              <UntrustedText text={missing[0].name} />
              {!missing[0].side && " is not graded"}
              {missing.length > 1 && `, and ${plural(missing.length - 1, "more grade")} to go`}.
            </>
          )}
        </p>
      </footer>
    </article>
  );
}

function Comparison(props: Props) {
  const { criteria, draft, active, onCompare, onActive } = props;
  return (
    <section aria-label="Which answer is better" className="flex flex-col gap-3">
      {criteria.map((criterion, index) => {
        if (criterion.kind !== "preference") return null;
        const place = pairCell(criterion.key);
        const grade = draft[place];
        const isActive = index === active;
        return (
          <fieldset
            key={criterion.key}
            id={placeId(place)}
            onFocus={() => onActive(index)}
            className={cn("min-w-0 rounded-md border px-3 pb-3", isActive ? "border-accent" : "border-line")}
          >
            <legend className="px-1 text-sm">
              <UntrustedText text={criterion.name} />
            </legend>
            <div className="grid grid-cols-2 gap-2 md:grid-cols-4">
              {preferences.map(({ prefer, key, shape, says }) => (
                <button
                  key={prefer}
                  type="button"
                  aria-pressed={grade?.prefer === prefer}
                  aria-keyshortcuts={isActive ? key : undefined}
                  onClick={() => onCompare(index, prefer)}
                  className={cn(
                    "inline-flex min-h-9 cursor-pointer items-center justify-center gap-1.5 rounded-md border px-3 font-medium",
                    grade?.prefer !== prefer
                      ? "border-line bg-raised hover:bg-hover"
                      : prefer === "unsure"
                        ? chosen.unsure
                        : "border-human bg-human-soft text-human",
                  )}
                >
                  <span aria-hidden="true">{shape}</span> {says}
                  {isActive && <Kbd>{key}</Kbd>}
                </button>
              ))}
            </div>
            <Remarks {...props} place={place} on={criterion.name} />
          </fieldset>
        );
      })}
    </section>
  );
}

function Side(props: Props & { answer: TaskView["sides"][number] }) {
  const { side, output, error, rest } = props.answer;
  const { criteria, draft, active, raw, marking, onGrade, onActive } = props;
  const isMarked = marking.choosing?.side === side;
  return (
    // The rows are shared with the other side, so that the same question stands at the same height.
    <section aria-label={`Answer ${side}`} className="grid min-w-0 gap-y-3 md:row-span-3 md:grid-rows-subgrid">
      <h2 className="font-semibold">Answer {side}</h2>
      <div className="min-w-0">
        {/* The arrow keys are the screen's own while words are marked. */}
        <div
          id={answerId(side)}
          tabIndex={-1}
          className="min-w-0 outline-none"
          {...(isMarked && { role: "application", "aria-label": `Words of answer ${side}` })}
        >
          {error !== undefined ? (
            <p className="rounded-md border border-line bg-sunken p-3 text-muted">
              The run failed here and gave no answer: <UntrustedText text={error} />
            </p>
          ) : (
            <Rendered
              key={props.current.task.task}
              value={output}
              raw={raw}
              rest={rest}
              href={props.textHref?.(side)}
              className={cn("min-h-24", isMarked && "border-human")}
            />
          )}
        </div>
        <Comments
          side={side}
          comments={props.comments}
          stored={props.storedComments}
          quote={marking.quote}
          onComment={props.onComment}
          onCancel={props.onCancelComment}
          onRemove={props.onRemoveComment}
        />
      </div>
      <div className="flex min-w-0 flex-col gap-3">
        {criteria.map((criterion, index) => {
          if (criterion.kind !== "pass_fail") return null;
          const place = cell(side, criterion.key);
          const grade = draft[place];
          const isActive = index === active;
          return (
            <fieldset
              key={criterion.key}
              id={placeId(place)}
              onFocus={() => onActive(index)}
              className={cn("rounded-md border px-3 pb-3", isActive ? "border-accent" : "border-line")}
            >
              <legend className="px-1 text-sm">
                <span className="sr-only">Answer {side}: </span>
                <UntrustedText text={criterion.name} />
              </legend>
              <div className="flex flex-wrap gap-2">
                {(["pass", "fail", "unsure"] as const).map((verdict) => (
                  <button
                    key={verdict}
                    type="button"
                    aria-pressed={grade?.verdict === verdict}
                    aria-keyshortcuts={isActive ? verdictKeys[side][verdict] : undefined}
                    onClick={() => onGrade(side, index, verdict)}
                    className={cn(
                      "inline-flex min-h-9 grow cursor-pointer items-center justify-center gap-1.5 rounded-md border px-3 font-medium",
                      grade?.verdict === verdict ? chosen[verdict] : "border-line bg-raised hover:bg-hover",
                    )}
                  >
                    <span aria-hidden="true">{shapes[verdict]}</span> {verdict}
                    {isActive && <Kbd>{verdictKeys[side][verdict]}</Kbd>}
                  </button>
                ))}
              </div>
              <Remarks {...props} place={place} on={`answer ${side}, ${criterion.name}`} />
            </fieldset>
          );
        })}
      </div>
    </section>
  );
}

/** The note and the tags of one grade: in one line where there is room, so that more criteria are seen at once. */
function Remarks({ place, on, draft, known, onNote, onTags }: Props & { place: string; on: string }) {
  return (
    <div className="mt-2 flex flex-wrap items-start gap-2">
      <Textarea
        id={`note ${place}`}
        aria-label={spelled(`Note on ${on}`)}
        placeholder="Note (N)"
        rows={1}
        value={draft[place]?.note ?? ""}
        onChange={(event) => onNote(place, event.target.value)}
        className="field-sizing-content max-h-60 min-h-8 w-auto min-w-44 grow-2 basis-44 py-1 text-sm"
        maxLength={10_000}
      />
      <TagField place={place} label={on} tags={draft[place]?.tags} known={known} onTags={onTags} />
    </div>
  );
}

function Differences({ task }: { task: TaskView }) {
  const [a, b] = task.sides;
  const { rows, added, removed } = diffText(asText(a.output ?? a.error ?? ""), asText(b.output ?? b.error ?? ""));
  return (
    <section aria-labelledby="differences-title" className="flex flex-col gap-1">
      <h2 id="differences-title" className="flex items-baseline gap-2 font-semibold">
        From A to B
        <span className="text-sm font-normal text-muted">
          +{added} −{removed} words
          {(a.rest || b.rest) && ", of the beginning of both: they are too long to be compared whole"}
        </span>
      </h2>
      <div className="rounded-md border border-line bg-raised p-3 text-[15px] leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere]">
        {rows.map((row, index) => (
          <Pieces key={index} pieces={row.pieces} struck />
        ))}
      </div>
    </section>
  );
}

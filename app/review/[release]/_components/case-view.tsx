"use client";

import { Pieces } from "@/components/diff/pieces";
import { diffText } from "@/components/diff/words";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { Kbd } from "@/components/ui/kbd";
import { Textarea } from "@/components/ui/textarea";
import { Untrusted } from "@/components/ui/untrusted";
import type { TaskView } from "@/lib/review/queries";
import { cell, type Draft, type Verdict } from "./draft";

type Props = {
  current: { task: TaskView; correction: boolean };
  draft: Draft;
  active: number;
  diff: boolean;
  complete: boolean;
  canUndo: boolean;
  onGrade: (side: "A" | "B", criterion: number, verdict: Verdict) => void;
  onNote: (place: string, note: string) => void;
  onActive: (criterion: number) => void;
  onCommit: () => void;
  onLater: () => void;
  onUndo: () => void;
  onDiff: () => void;
};

const verdictKeys = { A: { pass: "1", fail: "2", unsure: "3" }, B: { pass: "8", fail: "9", unsure: "0" } };
const chosen = {
  pass: "border-better bg-better-soft text-better",
  fail: "border-worse bg-worse-soft text-worse",
  unsure: "border-unsure bg-unsure-soft text-unsure",
};
const shapes = { pass: "✓", fail: "✕", unsure: "?" };

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

export function CaseView(props: Props) {
  const { current, diff, complete, canUndo } = props;
  const { task, correction } = current;
  return (
    <article aria-label={`Case ${task.case}`} className="flex flex-col gap-4">
      <div className="grid gap-4 lg:grid-cols-2">
        <section aria-labelledby="input-title" className="flex min-w-0 flex-col gap-1">
          <h2 id="input-title" className="flex flex-wrap items-baseline gap-2 font-semibold">
            Input
            <span className="text-sm font-normal break-all text-muted">
              case {task.case}
              {task.slice && `, ${task.slice}`}
            </span>
          </h2>
          <Untrusted text={asText(task.input)} />
        </section>
        <section aria-labelledby="rubric-title" className="flex min-w-0 flex-col gap-1">
          <h2 id="rubric-title" className="font-semibold">
            What is asked
          </h2>
          <dl className="flex flex-col gap-2 text-sm">
            {task.criteria.map((criterion) => (
              <div key={criterion.key}>
                <dt className="font-medium">{criterion.name}</dt>
                <dd className="whitespace-pre-wrap text-muted">{criterion.rubric || "There is no written rubric."}</dd>
              </div>
            ))}
            {task.reference && (
              <div>
                <dt className="font-medium">Reference</dt>
                <dd>
                  <Untrusted compact text={task.reference} />
                </dd>
              </div>
            )}
          </dl>
        </section>
      </div>
      {correction && (
        <p role="status" className="rounded-md bg-human-soft px-3 py-2">
          You graded this case before. A correction is kept beside your first, blind grade.
        </p>
      )}
      {diff && <Differences task={task} />}
      <div className="grid gap-x-4 gap-y-3 md:grid-cols-2">
        {task.sides.map((side) => (
          <Side key={side.side} {...props} side={side.side} output={side.output} error={side.error} />
        ))}
      </div>
      <footer className="sticky bottom-0 flex flex-wrap items-center gap-2 border-t border-line bg-paper py-3">
        <Button variant="primary" disabled={!complete} onClick={props.onCommit}>
          {correction ? "Store correction" : "Store and go on"} <Kbd className="max-sm:hidden">Enter</Kbd>
        </Button>
        {!correction && (
          <Button onClick={props.onLater}>
            Later <Kbd className="max-sm:hidden">S</Kbd>
          </Button>
        )}
        <Button aria-pressed={diff} onClick={props.onDiff}>
          Differences <Kbd className="max-sm:hidden">D</Kbd>
        </Button>
        {canUndo && (
          <Button onClick={props.onUndo}>
            Last case again <Kbd className="max-sm:hidden">U</Kbd>
          </Button>
        )}
      </footer>
    </article>
  );
}

function Side({
  side,
  output,
  error,
  current,
  draft,
  active,
  onGrade,
  onNote,
  onActive,
}: Props & { side: "A" | "B"; output: unknown; error?: string }) {
  return (
    // The rows are shared with the other side, so that the same question stands at the same height.
    <section aria-label={`Answer ${side}`} className="grid min-w-0 gap-y-3 md:row-span-3 md:grid-rows-subgrid">
      <h2 className="font-semibold">Answer {side}</h2>
      {error !== undefined ? (
        <p className="rounded-md border border-line bg-sunken p-3 text-muted">
          The run failed here and gave no answer: {error}
        </p>
      ) : (
        <Untrusted text={asText(output)} className="min-h-24" />
      )}
      <div className="flex min-w-0 flex-col gap-3">
        {current.task.criteria.map((criterion, index) => {
          const place = cell(side, criterion.key);
          const grade = draft[place];
          const isActive = index === active;
          return (
            <fieldset
              key={criterion.key}
              onFocus={() => onActive(index)}
              className={cn("rounded-md border px-3 pb-3", isActive ? "border-accent" : "border-line")}
            >
              <legend className="px-1 text-sm">
                <span className="sr-only">Answer {side}: </span>
                {criterion.name}
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
              <Textarea
                id={`note ${place}`}
                aria-label={`Note on answer ${side}, ${criterion.name}`}
                placeholder="Note (N)"
                rows={1}
                value={grade?.note ?? ""}
                onChange={(event) => onNote(place, event.target.value)}
                className="mt-2 min-h-9 text-sm"
                maxLength={10_000}
              />
            </fieldset>
          );
        })}
      </div>
    </section>
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

import Link from "next/link";
import { Button } from "@/components/ui/button";
import { formatSeconds, plural } from "@/components/ui/format";
import { Kbd } from "@/components/ui/kbd";
import { Progress } from "@/components/ui/progress";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Progress as Counts } from "@/lib/review/queries";
import { minutesFor } from "@/lib/review/rules";
import type { DeskState } from "../../_kept/desk";
import type { Pending } from "../../_kept/outbox";

type Props = {
  prompt: string;
  back: string;
  progress: Counts | null;
  halfWidth: DeskState["halfWidth"];
  pending: readonly Pending[];
  stored: number;
  /** Cases in this browser, those that are graded and on their way among them. */
  held: number;
  offline: boolean;
  onUndelivered: () => void;
  onHistory: () => void;
  onKeys: () => void;
};

/** How far the work is, how long it takes, and whether the server has it. */
export function Status({ prompt, back, progress, halfWidth, pending, stored, held, offline, ...on }: Props) {
  const graded = pending.filter(({ kind, refused: why }) => kind === "grade" && !why).length;
  const refused = pending.filter(({ refused: why }) => why).length;
  const waiting = pending.length - refused;
  // Of the cases that can be theirs: what others grade counts for nobody's own progress.
  const all = progress ? progress.mine + progress.waiting : 0;
  const mine = progress ? Math.min(all, progress.mine + graded) : 0;
  const left = all - mine;
  return (
    <header className="sticky top-0 z-10 flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-paper px-4 py-2 [@media(max-height:30rem)]:static">
      {/* Not fetched before it is asked for: the release's pages tell more than a blind reviewer is to hear. */}
      <Link href={back} prefetch={false} className="inline-flex min-h-8 items-center gap-1 text-accent hover:underline">
        <span aria-hidden="true">←</span>{" "}
        <span className="line-clamp-2 max-w-96 break-all">
          <UntrustedText text={prompt} />
        </span>
      </Link>
      <h1 className="sr-only">
        Grade answers of <UntrustedText text={prompt} />
      </h1>
      {progress && (
        <div className="flex min-w-40 grow flex-wrap items-center gap-x-3 tabular-nums">
          <span className="whitespace-nowrap">
            you graded {mine} of {all}
          </span>
          <div className="min-w-16 max-w-64 grow">
            <Progress value={mine} max={all} label="Cases you graded" />
          </div>
          {progress.medianMs !== null && (
            <span className="whitespace-nowrap text-muted">
              {formatSeconds(progress.medianMs)} a case
              {left > 0 && `, about ${plural(minutesFor(left, progress.medianMs), "minute")} left`}
            </span>
          )}
          {halfWidth && <HalfWidth {...halfWidth} />}
        </div>
      )}
      <p role="status" className="text-sm text-muted tabular-nums">
        stored {stored}
        {waiting > 0 && <span className="text-unsure"> · on the way {waiting}</span>}
        {refused > 0 && <span className="text-worse"> · not taken {refused}</span>}
        {offline && <span className="text-worse"> · no connection, kept here</span>}
        {` · ${plural(Math.max(0, held - graded), "case")} at hand`}
      </p>
      <div className="flex flex-wrap gap-1">
        {pending.length > 0 && (
          <Button size="sm" variant="ghost" onClick={on.onUndelivered}>
            <Kbd>O</Kbd> not delivered
          </Button>
        )}
        <Button size="sm" variant="ghost" onClick={on.onHistory}>
          <Kbd>Y</Kbd> graded
        </Button>
        <Button size="sm" variant="ghost" onClick={on.onKeys}>
          <Kbd>?</Kbd> keys
        </Button>
      </div>
    </header>
  );
}

/** How sure the release's delta is by now, and how much surer than when this page was opened; never which way it goes. */
function HalfWidth({ now, begun }: { now: number; begun: number }) {
  const [from, to] = [begun, now].map((width) => (width * 100).toFixed(1));
  return (
    <span
      className="whitespace-nowrap text-muted"
      title="Half the width of the always-valid interval of the first criterion's delta, in points. Each grade may make it narrower. Which way it lies is on the brief."
    >
      interval {from !== to && `±${from} → `}±{to} pt
    </span>
  );
}

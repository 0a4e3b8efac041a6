import Link from "next/link";
import { cn } from "@/components/ui/cn";
import { formatCount } from "@/components/ui/format";
import type { CaseState } from "@/lib/review/queue";

export const stateNames: Record<CaseState, string> = {
  needs_review: "need review",
  needs_others: "need others' review",
  disagreement: "in disagreement",
  adjudicated: "adjudicated",
  done: "done",
};
const fills: Record<CaseState, string> = {
  needs_review: "bg-line",
  needs_others: "bg-unsure",
  disagreement: "bg-worse",
  adjudicated: "bg-human opacity-60",
  done: "bg-human",
};
/** The way of a case, from left to right. */
const order: CaseState[] = ["needs_review", "needs_others", "disagreement", "adjudicated", "done"];

type Props = { releaseId: number; states: Record<CaseState, number>; shown: CaseState | null };

/** Where the drawn cases stand; each count leads to its cases. */
export function States({ releaseId, states, shown }: Props) {
  const total = order.reduce((sum, state) => sum + states[state], 0);
  return (
    <div className="flex flex-col gap-2">
      <div aria-hidden="true" className="flex h-3 gap-px overflow-hidden rounded-full bg-sunken">
        {order
          .filter((state) => states[state] > 0)
          .toReversed()
          .map((state) => (
            <div key={state} className={fills[state]} style={{ width: `${(100 * states[state]) / total}%` }} />
          ))}
      </div>
      <ol aria-label="Where the drawn cases stand" className="flex flex-wrap items-center gap-x-1 gap-y-1 text-sm">
        {order.map((state, index) => (
          <li key={state} className="inline-flex items-center gap-1 tabular-nums">
            {index > 0 && (
              <span aria-hidden="true" className="text-muted">
                →
              </span>
            )}
            <State {...{ releaseId, state, count: states[state], isShown: shown === state }} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function State(props: { releaseId: number; state: CaseState; count: number; isShown: boolean }) {
  const { releaseId, state, count, isShown } = props;
  const words = (
    <>
      <span aria-hidden="true" className={cn("size-2.5 rounded-full border border-line", fills[state])} />
      {formatCount(count)} {stateNames[state]}
    </>
  );
  const look = "inline-flex min-h-7 items-center gap-1.5 rounded-md px-2";
  if (count === 0) return <span className={cn(look, "text-muted")}>{words}</span>;
  const here = `/releases/${releaseId}/review`;
  return (
    <Link
      href={isShown ? here : `${here}?state=${state}`}
      scroll={false}
      aria-current={isShown ? "true" : undefined}
      className={cn(look, "hover:bg-hover", isShown ? "bg-accent-soft font-medium" : "underline decoration-line")}
    >
      {words}
    </Link>
  );
}

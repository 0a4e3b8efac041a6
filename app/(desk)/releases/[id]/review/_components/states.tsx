import { cn } from "@/components/ui/cn";
import { formatCount } from "@/components/ui/format";
import type { CaseState } from "@/lib/review/queue";

const shown: { state: CaseState; name: string; fill: string }[] = [
  { state: "done", name: "done", fill: "bg-human" },
  { state: "adjudicated", name: "adjudicated", fill: "bg-human opacity-60" },
  { state: "disagreement", name: "in disagreement", fill: "bg-worse" },
  { state: "needs_others", name: "need others' review", fill: "bg-unsure" },
  { state: "needs_review", name: "need review", fill: "bg-line" },
];

/** Where the drawn cases stand. */
export function States({ states }: { states: Record<CaseState, number> }) {
  const total = shown.reduce((sum, { state }) => sum + states[state], 0);
  const there = shown.filter(({ state }) => states[state] > 0);
  return (
    <div className="flex flex-col gap-2">
      <div aria-hidden="true" className="flex h-3 gap-px overflow-hidden rounded-full bg-sunken">
        {there.map(({ state, fill }) => (
          <div key={state} className={fill} style={{ width: `${(100 * states[state]) / total}%` }} />
        ))}
      </div>
      <ul aria-label="Where the drawn cases stand" className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {there.map(({ state, name, fill }) => (
          <li key={state} className="inline-flex items-center gap-1.5 tabular-nums">
            <span aria-hidden="true" className={cn("size-2.5 rounded-full border border-line", fill)} />
            {formatCount(states[state])} {name}
          </li>
        ))}
      </ul>
    </div>
  );
}

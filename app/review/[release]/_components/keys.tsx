import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import type { Criterion } from "./draft";

type Kind = Criterion["kind"];

/** `only`: while the release asks such a criterion. */
const keys: [key: string, what: string, only?: Kind][] = [
  ["1 2 3", "A: pass, fail, unsure", "pass_fail"],
  ["8 9 0", "B: pass, fail, unsure", "pass_fail"],
  ["A B E", "which is better: A, B, equal", "preference"],
  ["0", "which is better: unsure", "preference"],
  ["↑ ↓", "criterion above, below"],
  ["Enter", "store and go on"],
  ["N", "note on the answer graded last"],
  ["T", "failure tag on the answer graded last"],
  ["M", "mark words of an answer, selected or by the arrows, and comment on them"],
  ["S", "later, with a reason: to the end of my queue"],
  ["⇧S", "later at once"],
  ["U", "back to the case graded last, and again to the one before"],
  ["Y", "what I graded, to look at again"],
  ["K", "after the reveal: keep my grade"],
  ["C", "after the reveal: change my mind"],
  ["H", "hunk: what in the prompt made the case graded last better or worse"],
  ["D", "differences between A and B"],
  ["R", "raw: input and answers as they came"],
  ["I", "fold the rubric of this criterion away, or out"],
  ["O", "what is not delivered yet"],
  ["?", "this list"],
  ["Esc", "leave a text or a case looked at again, close a list"],
];

type Props = { kinds: readonly Kind[]; open: boolean; onOpenChange: (open: boolean) => void };

export function KeySheet({ kinds, open, onOpenChange }: Props) {
  const shown = keys.filter(([, , only]) => !only || kinds.length === 0 || kinds.includes(only));
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keys">
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2">
        {shown.map(([name, what]) => (
          <div key={what} className="contents">
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
  );
}

"use client";

import { useRouter } from "next/navigation";
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useTransition } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { HunkChooser } from "@/app/_hunks/hunk-chooser";
import { Kbd } from "@/components/ui/kbd";

type Props = {
  /** The case that is shown. */
  shown: number;
  /** It and those beside it, in their order, with where each is. */
  beside: readonly { id: number; href: string }[];
};

/** J and K, or the arrows, go through the answers. Presses add up while the page they lead to is on its way. */
export function AnswerKeys({ shown, beside }: Props) {
  const router = useRouter();
  const [onTheWay, start] = useTransition();
  /** Where the presses so far lead to; null: nowhere but here. */
  const goal = useRef<number | null>(null);
  /** Presses that lead on past what is known here: gone on with there. */
  const owed = useRef(0);
  const indexOf = (id: number | null) => beside.findIndex((one) => one.id === id);
  const go = (steps: number) => {
    const ahead = indexOf(goal.current);
    const at = ahead < 0 ? indexOf(shown) : ahead;
    const wanted = at + owed.current + steps;
    const to = Math.max(0, Math.min(beside.length - 1, wanted));
    const target = beside[to];
    // Nothing is on the way that more could come with: here the list ends.
    owed.current = to === at && goal.current === null ? 0 : wanted - to;
    if (!target || to === at) return;
    goal.current = target.id;
    start(() => router.push(target.href, { scroll: false }));
  };
  const arrive = useEffectEvent(() => {
    goal.current = null;
    const left = owed.current;
    owed.current = 0;
    if (left !== 0) go(left);
  });
  // Where the answers have a pane of their own, each case begins at its top.
  const last = useRef(shown);
  useEffect(() => {
    if (last.current !== shown) document.getElementById("answers")?.scrollTo({ top: 0 });
    last.current = shown;
  }, [shown]);
  // With the page itself: a press between the two would be counted from where nobody is any more.
  useLayoutEffect(() => {
    if (!onTheWay) arrive();
  }, [onTheWay]);
  const free = () => document.querySelector("[role=dialog]") === null;
  useHotkeys("k, left", () => go(-1), { enabled: free, preventDefault: true });
  useHotkeys("j, right", () => go(1), { enabled: free, preventDefault: true });
  return (
    <span className="text-sm whitespace-nowrap text-muted max-md:hidden">
      <Kbd>K</Kbd> <Kbd>J</Kbd> or <Kbd>←</Kbd> <Kbd>→</Kbd>
    </span>
  );
}

/** For a case that one has graded: what is stored shows in the ledger at once. */
export function AttributeHere({ releaseId, caseKey }: { releaseId: number; caseKey: string }) {
  const router = useRouter();
  return <HunkChooser releaseId={releaseId} caseKey={caseKey} onStored={() => router.refresh()} />;
}

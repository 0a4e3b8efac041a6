"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { HunkChooser } from "@/app/_hunks/hunk-chooser";
import { Kbd } from "@/components/ui/kbd";

type Props = {
  /** The case that is shown. */
  shown: number;
  previous: string | null;
  next: string | null;
};

/** J and K, or the arrows, go through the answers. */
export function AnswerKeys({ shown, previous, next }: Props) {
  const router = useRouter();
  // Where the answers have a pane of their own, each case begins at its top.
  const last = useRef(shown);
  useEffect(() => {
    if (last.current !== shown) document.getElementById("answers")?.scrollTo({ top: 0 });
    last.current = shown;
  }, [shown]);
  const go = (href: string | null) => href && router.push(href, { scroll: false });
  const free = () => document.querySelector("[role=dialog]") === null;
  useHotkeys("k, left", () => go(previous), { enabled: free, preventDefault: true });
  useHotkeys("j, right", () => go(next), { enabled: free, preventDefault: true });
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

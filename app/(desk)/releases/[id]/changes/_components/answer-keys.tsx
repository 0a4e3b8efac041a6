"use client";

import { useRouter } from "next/navigation";
import { useHotkeys } from "react-hotkeys-hook";
import { HunkChooser } from "@/app/_hunks/hunk-chooser";
import { Kbd } from "@/components/ui/kbd";

/** J and K, or the arrows, go through the answers. */
export function AnswerKeys({ previous, next }: { previous: string | null; next: string | null }) {
  const router = useRouter();
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

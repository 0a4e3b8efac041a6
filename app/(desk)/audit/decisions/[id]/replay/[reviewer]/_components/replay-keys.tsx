"use client";

import { useRouter } from "next/navigation";
import { useLayoutEffect } from "react";

type Props = { back: string | null; forward: string | null; previous: string | null; next: string | null };

/** ← and → go through what was seen, page up and down from case to case. Typing keeps its keys. */
export function ReplayKeys({ back, forward, previous, next }: Props) {
  const router = useRouter();
  // A key leads on from what is shown, from the moment it is shown.
  useLayoutEffect(() => {
    const ways: Record<string, string | null> = {
      ArrowLeft: back,
      ArrowRight: forward,
      PageUp: previous,
      PageDown: next,
    };
    const go = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (target.closest("input, textarea, select, [role=dialog]")) return;
      const href = ways[event.key];
      if (!href) return;
      event.preventDefault();
      router.push(href, { scroll: false });
    };
    document.addEventListener("keydown", go);
    return () => document.removeEventListener("keydown", go);
  }, [back, forward, previous, next, router]);
  return null;
}

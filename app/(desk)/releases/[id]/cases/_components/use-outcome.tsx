"use client";

import { useState, useTransition } from "react";
import type { Outcome } from "@/app/(desk)/_action";
import { Notice } from "@/components/ui/notice";

/** Runs a server action from a button, and tells what came of it. */
export function useOutcome() {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [busy, start] = useTransition();
  const run = (work: () => Promise<Outcome>, then?: () => void) =>
    start(async () => {
      const found = await work();
      setOutcome(found);
      if (found.ok) then?.();
    });
  const told = outcome?.message && <Notice tone={outcome.ok ? "success" : "danger"}>{outcome.message}</Notice>;
  return { busy, run, told, done: outcome?.ok === true };
}

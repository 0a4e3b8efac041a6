"use server";

import { verifyNow } from "@/lib/audit/queries";
import type { LogVerification } from "@/lib/audit/verify";
import { act, type Outcome } from "../_action";

export async function verifyAction(): Promise<Outcome<LogVerification & { tookMs: number }>> {
  return act(async (actor) => {
    const start = performance.now();
    const result = await verifyNow(actor);
    return { value: { ...result, tookMs: Math.round(performance.now() - start) } };
  });
}

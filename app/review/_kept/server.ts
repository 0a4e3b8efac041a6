import type { IntervalWidth } from "@/lib/calibration/queries";
import type { Flips } from "@/lib/review/flips";
import type { GradedRow, GradedTask, Progress, Revealed, TaskView } from "@/lib/review/queries";
import type { Pending, Refusal, Whose } from "./outbox";

/** `refusal` null: the server could not be reached, or not now, and asking again makes sense. */
export type Sent<T> = { ok: true; value: T } | { ok: false; refusal: Refusal | null };

/** A network may go without a word; the same request sent again does nothing twice. */
const longestWaitMs = 60_000;

export async function ask<T>(path: string, method: string, body?: unknown, userId?: number): Promise<Sent<T>> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        "content-type": "application/json",
        ...(userId !== undefined && { "x-countersign-person": String(userId) }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(longestWaitMs),
    });
  } catch {
    return { ok: false, refusal: null };
  }
  if (response.status >= 500 || response.status === 429) return { ok: false, refusal: null };
  // An answer that broke off, or that something on the way put in the server's place.
  const value: unknown = await response.json().catch(() => undefined);
  if (value === undefined) return { ok: false, refusal: null };
  if (!response.ok) return { ok: false, refusal: value as Refusal };
  return { ok: true, value: value as T };
}

export type History = { rows: (Omit<GradedRow, "at"> & { at: string })[]; flips: Flips };
export type Server = ReturnType<typeof serverOf>;

export function serverOf({ releaseId, userId }: Whose) {
  const base = `/review/${releaseId}/api`;
  return {
    next: (except: readonly string[]) => ask<TaskView | null>(`${base}/next`, "POST", { except }, userId),
    renew: (tasks: readonly string[]) =>
      ask<{ leases: { task: string }[]; progress: Progress }>(`${base}/held`, "POST", { tasks }, userId),
    send: (pending: Pending): Promise<Sent<{ revealed: Revealed } | null>> => {
      if (pending.kind === "skip") {
        const { task, reason } = pending;
        return ask(`${base}/skip`, "POST", { task, reason }, userId);
      }
      if (pending.kind === "attribution") {
        const { case: key, criterion, hunks, clientKey } = pending;
        return ask(`${base}/hunks`, "POST", { case: key, criterion, hunks, clientKey }, userId);
      }
      const { task, grades, comments, clientKey, tookMs, kind } = pending;
      const body = { task, grades, comments, clientKey, tookMs };
      return ask(`${base}/grades`, kind === "correction" ? "PUT" : "POST", body, userId);
    },
    graded: (task: string) => ask<GradedTask>(`${base}/graded/${encodeURIComponent(task)}`, "GET", undefined, userId),
    interval: () => ask<IntervalWidth | null>(`${base}/interval`, "GET", undefined, userId),
    history: () => ask<History>(`${base}/graded`, "GET", undefined, userId),
  };
}

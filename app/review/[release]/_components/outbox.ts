"use client";

import type { GradedTask, Revealed, TaskView } from "@/lib/review/queries";
import type { Submission } from "@/lib/review/schema";

/** One delivery that the server has not acknowledged. Kept in the browser, so that a reload or a closed tab loses nothing. */
export type Pending = Submission & { case: string; correction: boolean };

export type Outbox = { pending: Pending[] };

export function outboxKey(releaseId: number, userId: number): string {
  return `countersign-outbox-${releaseId}-${userId}`;
}

export function readOutbox(key: string): Pending[] {
  try {
    const value: unknown = JSON.parse(window.localStorage.getItem(key) ?? "[]");
    return Array.isArray(value) ? (value as Pending[]) : [];
  } catch {
    return [];
  }
}

export function writeOutbox(key: string, pending: readonly Pending[]): void {
  if (pending.length === 0) window.localStorage.removeItem(key);
  else window.localStorage.setItem(key, JSON.stringify(pending));
}

export type Refusal = { code: string; message: string };
export type Sent<T> = { ok: true; value: T } | { ok: false; refusal: Refusal } | { ok: false; refusal: null };

/** Asks the server. `refusal` null: it could not be reached, and asking again makes sense. */
export async function ask<T>(path: string, method: string, body?: unknown): Promise<Sent<T>> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    return { ok: false, refusal: null };
  }
  if (response.status >= 500) return { ok: false, refusal: null };
  const value: unknown = await response.json().catch(() => null);
  if (!response.ok)
    return { ok: false, refusal: (value as Refusal | null) ?? { code: "invalid", message: "The server refused." } };
  return { ok: true, value: value as T };
}

export function serverOf(releaseId: number) {
  const base = `/review/${releaseId}/api`;
  return {
    next: (except: readonly string[]) => ask<TaskView | null>(`${base}/next`, "POST", { except }),
    send: ({ case: _case, correction, ...body }: Pending) =>
      ask<{ revealed: Revealed }>(`${base}/grades`, correction ? "PUT" : "POST", body),
    skip: (task: string) => ask<null>(`${base}/skip`, "POST", { task }),
    graded: (task: string) => ask<GradedTask>(`${base}/graded/${encodeURIComponent(task)}`, "GET"),
  };
}

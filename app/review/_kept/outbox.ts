import type { AttributionInput, Submission } from "@/lib/review/schema";

/** What the browser keeps of a person's work on a release; never another's, never what a judge said. */
export type Whose = { userId: number; releaseId: number };
export type Refusal = { code: string; message: string };

type Sendable = {
  case: string;
  /** Milliseconds since 1970, never twice the same in one browser: the order of delivery. */
  at: number;
  /** Set before the first attempt: the server may have it from then on. */
  tried?: boolean;
  /** The server's answer when it did not take it. It stays listed until the person lets it go. */
  refused?: Refusal;
};
export type GradePending = Sendable & Submission & { kind: "grade" | "correction" };
export type SkipPending = Sendable & { kind: "skip"; task: string; clientKey: string; reason?: string };
export type AttributionPending = Sendable &
  AttributionInput & {
    kind: "attribution";
    /** Of a case that is graded: none that anybody holds. */
    task: null;
    clientKey: string;
    /** In words, such as "Hunk 2 hurt case 17 on useful". */
    says: string;
  };
/** One delivery that the server has not acknowledged. */
export type Pending = GradePending | SkipPending | AttributionPending;

const root = "countersign-outbox/";
const prefixOf = ({ userId, releaseId }: Whose) => `${root}${userId}/${releaseId}/`;

const listeners = new Set<() => void>();
const snapshots = new Map<string, { text: string; pending: Pending[] }>();
let last = 0;

function keysUnder(prefix: string): string[] {
  return Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "").filter((key) =>
    key.startsWith(prefix),
  );
}

function parsed(text: string | null): Pending[] {
  try {
    const value = JSON.parse(text ?? "null") as Pending | null;
    return value && typeof value.at === "number" ? [value] : [];
  } catch {
    return [];
  }
}

/** In the order of delivery. The same array as long as nothing changed. */
export function readOutbox(whose: Whose): Pending[] {
  const prefix = prefixOf(whose);
  const texts = keysUnder(prefix).map((key) => localStorage.getItem(key));
  const text = texts.join("\n");
  const before = snapshots.get(prefix);
  if (before?.text === text) return before.pending;
  const pending = texts.flatMap(parsed).sort((a, b) => a.at - b.at);
  snapshots.set(prefix, { text, pending });
  return pending;
}

/**
 * One key a delivery, written at once: several tabs never write over each other, and a tab that is closed the moment after
 * has lost nothing.
 *
 * @throws when the browser has no room for it
 */
export function putInOutbox(whose: Whose, pending: Pending): void {
  localStorage.setItem(prefixOf(whose) + pending.clientKey, JSON.stringify(pending));
  tell();
}

export function takeFromOutbox(whose: Whose, clientKey: string): void {
  localStorage.removeItem(prefixOf(whose) + clientKey);
  tell();
}

export function nextAt(): number {
  last = Math.max(last + 1, Date.now());
  return last;
}

/** Whether this person has anything undelivered in this browser, and how much. */
export function countUndelivered(userId: number): number {
  return keysUnder(`${root}${userId}/`).length;
}

export function discardOutbox(userId: number): void {
  for (const key of keysUnder(`${root}${userId}/`)) localStorage.removeItem(key);
  tell();
}

/** Whose deliveries are in this browser, for sending them before signing out. */
export function releasesWithPending(userId: number): number[] {
  const ids = keysUnder(`${root}${userId}/`).map((key) => Number(key.split("/")[2]));
  return [...new Set(ids)].filter(Number.isSafeInteger);
}

function tell(): void {
  for (const listener of listeners) listener();
}

export function watchOutbox(listener: () => void): () => void {
  const elsewhere = (event: StorageEvent) => {
    if (event.key === null || event.key.startsWith(root)) listener();
  };
  listeners.add(listener);
  window.addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", elsewhere);
  };
}

/** Random also where the page came over plain HTTP, where `crypto.randomUUID` is missing. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

import type { Work } from "../[release]/_components/draft";
import type { Whose } from "./outbox";

/** What the screen needs besides its cases to open without a network: written by the page when it came from the server. */
export type Place = Whose & { prompt: string; back: string; tags: string[] };

const root = "countersign-review/";
const placeKey = (releaseId: number) => `${root}place/${releaseId}`;
const draftKey = ({ userId, releaseId }: Whose, task: string) => `${root}draft/${userId}/${releaseId}/${task}`;

function read<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") as T | null;
  } catch {
    return null;
  }
}

/** A note that does not fit is no reason to stop: it is a convenience, unlike what waits for delivery. */
function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    localStorage.removeItem(key);
  }
}

export const readPlace = (releaseId: number) => read<Place>(placeKey(releaseId));
export const writePlace = (place: Place) => write(placeKey(place.releaseId), place);

/** A grade that was begun. */
export const readDraft = (whose: Whose, task: string) => read<Work>(draftKey(whose, task));
export const writeDraft = (whose: Whose, task: string, work: Work) => write(draftKey(whose, task), work);
export const dropDraft = (whose: Whose, task: string) => localStorage.removeItem(draftKey(whose, task));

export function forgetNotes(): void {
  const keys = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "");
  for (const key of keys) if (key.startsWith(root)) localStorage.removeItem(key);
}

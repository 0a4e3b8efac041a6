import type { JsonValue } from "../../digest";
import { type ContentDiff, diffContent, readContent } from "./content";

type Version = { digest: string; content: JsonValue | null };

/** Versions never change, so what was compared lately need not be compared again. */
const kept = new Map<string, ContentDiff>();
const mostKept = 20;
const longestKept = 200_000;

/** Two versions of a prompt; null where the text of one is unknown. */
export function diffVersions(before: Version, after: Version): ContentDiff | null {
  if (before.content === null || after.content === null) return null;
  const key = `${before.digest} ${after.digest}`;
  const known = kept.get(key);
  if (known) return known;
  const diff = diffContent(readContent(before.content), readContent(after.content));
  if (JSON.stringify(before.content).length + JSON.stringify(after.content).length > longestKept) return diff;
  kept.set(key, diff);
  if (kept.size > mostKept) kept.delete(kept.keys().next().value ?? key);
  return diff;
}

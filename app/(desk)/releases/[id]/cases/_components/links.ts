import type { CaseFilter } from "@/lib/releases/cases";

/** The Cases tab with some filters changed; a change starts again at the first page. */
export function casesHref(releaseId: number, filter: CaseFilter, change: Partial<CaseFilter> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filter, after: undefined, before: undefined, ...change })) {
    if (value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `/releases/${releaseId}/cases${text ? `?${text}` : ""}`;
}

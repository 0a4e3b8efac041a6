import type { CaseFilter } from "@/lib/releases/case-filter";

/** The query of a filter with some of it changed; a change starts again at the first page. */
export function casesQuery(filter: CaseFilter, change: Partial<CaseFilter> = {}): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filter, after: undefined, before: undefined, ...change })) {
    if (value !== undefined && value !== "") query.set(name, value);
  }
  return query;
}

/** The Cases tab with some filters changed. */
export function casesHref(releaseId: number, filter: CaseFilter, change: Partial<CaseFilter> = {}): string {
  const text = casesQuery(filter, change).toString();
  return `/releases/${releaseId}/cases${text ? `?${text}` : ""}`;
}

/** Where more of a long text of a case comes from. */
export const textHref = (releaseId: number, caseId: number, of: "input" | "reference" | "baseline" | "candidate") =>
  `/releases/${releaseId}/cases/${caseId}/text?of=${of}`;

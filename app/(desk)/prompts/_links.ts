/** Addresses of prompts: a name's slashes are percent-encoded, so that it is one part of the path. */
export function promptHref(name: string): string {
  return `/prompts/${encodeURIComponent(name)}`;
}

export function versionHref(name: string, version: string): string {
  return `${promptHref(name)}?version=${encodeURIComponent(version)}`;
}

/** What a comparison leads back to: the changes of a release, with the query that they were seen under. */
export type Origin = { release: number; changes: string };

export function compareHref(name: string, before: string, after: string, origin?: Origin): string {
  const path = `${promptHref(name)}/compare/${encodeURIComponent(`${before}...${after}`)}`;
  if (!origin) return path;
  const query = new URLSearchParams({ release: String(origin.release) });
  if (origin.changes) query.set("changes", origin.changes);
  return `${path}?${query}`;
}

export function labelHref(name: string, label: string): string {
  return `${promptHref(name)}/labels/${encodeURIComponent(label)}`;
}

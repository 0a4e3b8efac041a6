/** Addresses of prompts: a name's slashes are percent-encoded, so that it is one part of the path. */
export function promptHref(name: string): string {
  return `/prompts/${encodeURIComponent(name)}`;
}

export function versionHref(name: string, version: string): string {
  return `${promptHref(name)}?version=${encodeURIComponent(version)}`;
}

/** `release`: the one that somebody comes from, to lead back to. */
export function compareHref(name: string, before: string, after: string, release?: number): string {
  const path = `${promptHref(name)}/compare/${encodeURIComponent(`${before}...${after}`)}`;
  return release === undefined ? path : `${path}?release=${release}`;
}

export function labelHref(name: string, label: string): string {
  return `${promptHref(name)}/labels/${encodeURIComponent(label)}`;
}

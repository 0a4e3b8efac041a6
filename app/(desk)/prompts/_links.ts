/** Addresses of prompts: a name's slashes are percent-encoded, so that it is one part of the path. */
export function promptHref(name: string): string {
  return `/prompts/${encodeURIComponent(name)}`;
}

export function versionHref(name: string, version: string): string {
  return `${promptHref(name)}?version=${encodeURIComponent(version)}`;
}

export function compareHref(name: string, before: string, after: string): string {
  return `${promptHref(name)}/compare/${encodeURIComponent(`${before}...${after}`)}`;
}

export function labelHref(name: string, label: string): string {
  return `${promptHref(name)}/labels/${encodeURIComponent(label)}`;
}

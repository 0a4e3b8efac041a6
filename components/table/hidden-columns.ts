/** Which columns are hidden is kept in the address, so that a shared link shows the same table. */
export const hiddenParameter = "hide";

/** Ids of columns in `hide=a,b`, without those that are not there or can't be hidden. */
export function readHidden(value: string | null, hideable: readonly string[]): string[] {
  if (!value) return [];
  const asked = new Set(value.split(","));
  return hideable.filter((id) => asked.has(id));
}

/** The same address with these columns hidden. Only path and query are read; the rest of the query stays. */
export function withHidden(href: string, hidden: readonly string[]): string {
  const [path = "", query = ""] = href.split("?", 2);
  const parameters = new URLSearchParams(query);
  if (hidden.length > 0) parameters.set(hiddenParameter, hidden.join(","));
  else parameters.delete(hiddenParameter);
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

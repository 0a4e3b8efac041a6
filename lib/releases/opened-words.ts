import { count, listed } from "./words";

/** What somebody opened, as a sentence goes on: `brief, changes and 3 cases (c1, c2, c3)`. */
export function openedInWords(opened: readonly { section: string }[]): string {
  const cases = opened.flatMap(({ section }) => (section.startsWith("case:") ? [section.slice(5)] : []));
  const tabs = opened.flatMap(({ section }) => (section.startsWith("case:") ? [] : [section]));
  const parts = [...tabs, ...(cases.length > 0 ? [`${count(cases.length, "case")} (${listed(cases)})`] : [])];
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

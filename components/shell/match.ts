/** What the palette shows for what was typed. Pure. */

export type Findable = { group: string; label: string; of?: string; keys?: string };

/** Letter case and accents aside. */
const plain = (text = "") => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const wordsOf = (text = "") => plain(text).match(/[\p{L}\p{N}]+/gu) ?? [];
/** One that is typed for many, where many do not begin with it: policy, Policies. */
const singulars = (word: string) => (word.endsWith("ies") ? [word, `${word.slice(0, -3)}y`] : [word]);

/**
 * How well something answers what was typed. Best the very name or key, then a name that begins so, then all typed words
 * among its words, then each at least the beginning of one. 0: not at all; letters scattered over a name are no match.
 */
export function match({ group, label, of, keys }: Findable, text: string): number {
  const typed = plain(text).trim();
  if (typed === "" || plain(label) === typed || plain(keys) === typed) return 4;
  if (plain(label).startsWith(typed)) return 3;
  const asked = wordsOf(text);
  if (asked.length === 0) return 0;
  const words = [label, of, group].flatMap(wordsOf).flatMap(singulars);
  if (asked.every((word) => words.includes(word))) return 2;
  return asked.every((word) => words.some((other) => other.startsWith(word))) ? 1 : 0;
}

/** The entries that answer, best first, in their groups; a group stands where its best entry does. */
export function ranked<Entry extends Findable>(entries: readonly Entry[], text: string): [string, Entry[]][] {
  const found = entries
    .map((entry) => ({ entry, score: match(entry, text) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  const groups = new Map<string, Entry[]>();
  for (const { entry } of found) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  return [...groups];
}

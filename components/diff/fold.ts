/** How unchanged text is folded away between hunks. */

const lines = /[^\n]*\n|[^\n]+/g;

export type Folded = { head: string; middle: { text: string; lines: number } | null; tail: string };

/**
 * Unchanged text between hunks, with the middle folded away when that hides at least `least` lines. `first` and `last`
 * say that no hunk comes before or after, so that nothing needs to be shown there.
 */
export function fold(text: string, { first, last, context = 2, least = 4 }: FoldOptions): Folded {
  const all = text.match(lines) ?? [];
  const head = first ? 0 : context;
  const tail = last ? 0 : context;
  const hidden = all.length - head - tail;
  if (hidden < least) return { head: text, middle: null, tail: "" };
  return {
    head: all.slice(0, head).join(""),
    middle: { text: all.slice(head, head + hidden).join(""), lines: hidden },
    tail: all.slice(head + hidden).join(""),
  };
}

type FoldOptions = { first: boolean; last: boolean; context?: number; least?: number };

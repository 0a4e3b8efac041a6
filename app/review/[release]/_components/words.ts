import type { Comment } from "@/lib/review/schema";

/** The words of an answer as it stands on the screen, whatever lays it out: quotes are found and marked in its text nodes. */

/** Where a stretch of an answer's text is: offsets into the text of all its nodes. */
export type Stretch = { start: number; end: number };
type Part = { node: Text; start: number };

const mostWords = 20_000;
const longestQuote = 2000;
const longestPrefix = 60;

/** Text nodes of the answer; what belongs to the screen itself, such as "Show all", is no word of it. */
function partsOf(root: Element): { parts: Part[]; text: string } {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement?.closest("button") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const parts: Part[] = [];
  let text = "";
  while (walker.nextNode()) {
    const node = walker.currentNode as Text;
    parts.push({ node, start: text.length });
    text += node.data;
  }
  return { parts, text };
}

export function textOf(root: Element): string {
  return partsOf(root).text;
}

/** Words in their order, in any script; of a very long text the first 20 000. What has no words is cut at its blanks. */
export function wordsOf(root: Element): Stretch[] {
  const { text } = partsOf(root);
  const words: Stretch[] = [];
  for (const { index, segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    if (isWordLike) words.push({ start: index, end: index + segment.length });
    if (words.length === mostWords) return words;
  }
  if (words.length > 0) return words;
  return [...text.slice(0, mostWords).matchAll(/\S{1,200}/gu)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

export function rangeOf(root: Element, { start, end }: Stretch): Range | null {
  const { parts } = partsOf(root);
  const at = (offset: number, isEnd: boolean) => {
    const part = parts.findLast((one) => (isEnd ? one.start < offset : one.start <= offset));
    return part && ([part.node, Math.min(offset - part.start, part.node.length)] as const);
  };
  const [from, to] = [at(start, false), at(end, true)];
  if (!from || !to) return null;
  const range = document.createRange();
  range.setStart(...from);
  range.setEnd(...to);
  return range;
}

/** What a comment keeps of a stretch: its words, and what stands before them. */
export function quoteOf(root: Element, { start, end }: Stretch): Pick<Comment, "quote" | "prefix"> {
  const { text } = partsOf(root);
  return {
    quote: text.slice(start, Math.min(end, start + longestQuote)),
    prefix: text.slice(Math.max(0, start - longestPrefix), start),
  };
}

/** Where a quote stands now; the place with the same words before it, if there are several. */
export function find(root: Element, { quote, prefix }: Pick<Comment, "quote" | "prefix">): Stretch | null {
  const { text } = partsOf(root);
  const whole = text.indexOf(prefix + quote);
  const start = whole >= 0 ? whole + prefix.length : text.indexOf(quote);
  return start < 0 ? null : { start, end: start + quote.length };
}

/** What the mouse selected within the answer, without blanks at its ends. */
export function selectedIn(root: Element): Stretch | null {
  const selection = window.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  if (!root.contains(range.startContainer) || !root.contains(range.endContainer)) return null;
  const { parts } = partsOf(root);
  const chosen = parts.flatMap(({ node, start }) => {
    if (!range.intersectsNode(node)) return [];
    const from = node === range.startContainer ? range.startOffset : 0;
    const to = node === range.endContainer ? range.endOffset : node.length;
    return to > from ? [{ start: start + from, end: start + to }] : [];
  });
  const [first, last] = [chosen[0], chosen.at(-1)];
  if (!first || !last) return null;
  const text = textOf(root).slice(first.start, last.end);
  const start = first.start + (text.length - text.trimStart().length);
  const end = last.end - (text.length - text.trimEnd().length);
  return end > start ? { start, end } : null;
}

/** Shows stretches of the answers in colour without touching what lays them out. */
export function paint(name: "countersign-comment" | "countersign-mark", ranges: readonly (Range | null)[]): void {
  if (!("highlights" in CSS)) return;
  const there = ranges.filter((range): range is Range => range !== null);
  if (there.length === 0) CSS.highlights.delete(name);
  else CSS.highlights.set(name, new Highlight(...there));
}

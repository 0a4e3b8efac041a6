import { type Block, countWords, sentencesOf } from "./words";

/** Fewer words stand in two places by chance. */
const leastWords = 4;
/** A text that stands in more places than these is looked for in the first ones only. */
const mostPlaces = 50;

type Side = "removed" | "added";
/** A sentence or line on one side of a block. `key`: what must be equal, blanks around it aside. */
type Unit = { block: Block; at: number; text: string; key: string; words: number };
type Run = { from: number; to: number; length: number; words: number };
type Segment = { text: string; move?: number };

/**
 * Finds text that was removed in one place and added in another, the longest first, and gives each move blocks of its
 * own. Texts are compared whole lines or sentences at a time; what could not be looked into is left as it is.
 */
export function takeOutMoves(texts: readonly Block[][][]): { texts: Block[][][]; moves: number } {
  const blocks = texts.flat(2).filter(({ removed, added, whole, kept }) => removed !== added && !whole && !kept);
  const removed = unitsOf(blocks, "removed");
  const added = unitsOf(blocks, "added");
  const runs = choose(findRuns(removed, added));
  if (runs.length === 0) return { texts: [...texts], moves: 0 };
  const left = movesOf(runs.map(({ from, length }) => removed.slice(from, from + length)));
  const right = movesOf(runs.map(({ to, length }) => added.slice(to, to + length)));
  const split = (block: Block): Block[] => {
    const [gone, come] = [left.get(block), right.get(block)];
    return gone || come ? pair(segments(block, "removed", gone), segments(block, "added", come)) : [block];
  };
  return { texts: texts.map((text) => text.map((group) => group.flatMap(split))), moves: runs.length };
}

function unitsOf(blocks: readonly Block[], side: Side): Unit[] {
  return blocks.flatMap((block) =>
    sentencesOf(block[side]).map((text, at) => ({ block, at, text, key: text.trim(), words: countWords(text) })),
  );
}

const follows = (units: readonly Unit[], index: number): boolean =>
  index > 0 && index < units.length && units[index]!.block === units[index - 1]!.block;

/** Every longest run of equal units. */
function findRuns(removed: readonly Unit[], added: readonly Unit[]): Run[] {
  const places = new Map<string, number[]>();
  added.forEach(({ key, words }, index) => {
    if (words === 0) return;
    const found = places.get(key) ?? [];
    if (found.length < mostPlaces) places.set(key, [...found, index]);
  });
  return removed.flatMap((unit, from) =>
    (unit.words === 0 ? [] : (places.get(unit.key) ?? [])).flatMap((to): Run[] => {
      const goesBack = follows(removed, from) && follows(added, to) && removed[from - 1]!.key === added[to - 1]!.key;
      if (goesBack && removed[from - 1]!.words > 0) return [];
      let [length, end] = [1, 1];
      const continues = (step: number) =>
        follows(removed, from + step) &&
        follows(added, to + step) &&
        removed[from + step]!.key === added[to + step]!.key;
      // A blank line may stand within a run and not at its end.
      for (; continues(end); end++) if (removed[from + end]!.words > 0) length = end + 1;
      const words = removed.slice(from, from + length).reduce((sum, one) => sum + one.words, 0);
      return words < leastWords ? [] : [{ from, to, length, words }];
    }),
  );
}

/** The longest first; nothing moves twice. */
function choose(runs: Run[]): Run[] {
  const [gone, come] = [new Set<number>(), new Set<number>()];
  const steps = ({ length }: Run) => Array.from({ length }, (_, step) => step);
  return [...runs]
    .sort((a, b) => b.words - a.words || a.from - b.from || a.to - b.to)
    .filter((run) => {
      if (steps(run).some((step) => gone.has(run.from + step) || come.has(run.to + step))) return false;
      for (const step of steps(run)) {
        gone.add(run.from + step);
        come.add(run.to + step);
      }
      return true;
    });
}

/** By block: which of its units belong to which move. */
function movesOf(runs: readonly Unit[][]): Map<Block, Map<number, number>> {
  const found = new Map<Block, Map<number, number>>();
  runs.forEach((units, move) => {
    for (const { block, at } of units) found.set(block, (found.get(block) ?? new Map()).set(at, move));
  });
  return found;
}

/** One side of a block as what stays in place and what moves, in its order. */
function segments(block: Block, side: Side, moves: Map<number, number> | undefined): Segment[] {
  const found: Segment[] = [];
  sentencesOf(block[side]).forEach((text, at) => {
    const move = moves?.get(at);
    const last = found.at(-1);
    if (last && last.move === move) last.text += text;
    else found.push({ text, move });
  });
  return found;
}

/** What stays in place on both sides stands together again: in order, or where there is but one, with what is most like it. */
function pair(removed: readonly Segment[], added: readonly Segment[]): Block[] {
  const [left, right] = [removed, added].map((side) => side.filter(({ move }) => move === undefined));
  const partners = new Map<Segment, Segment>();
  if (left!.length === 1 && right!.length > 0) partners.set(left![0]!, closest(left![0]!, right!));
  else if (right!.length === 1 && left!.length > 0) partners.set(closest(right![0]!, left!), right![0]!);
  else for (const [at, segment] of left!.slice(0, right!.length).entries()) partners.set(segment, right![at]!);
  const blocks: Block[] = [];
  let next = 0;
  const until = (partner: Segment | undefined) => {
    for (; next < added.length && added[next] !== partner; next++)
      blocks.push({
        removed: "",
        added: added[next]!.text,
        ...(added[next]!.move !== undefined && { move: added[next]!.move }),
      });
  };
  for (const segment of removed) {
    const partner = partners.get(segment);
    if (partner) {
      until(partner);
      next++;
    }
    blocks.push({
      removed: segment.text,
      added: partner?.text ?? "",
      ...(segment.move !== undefined && { move: segment.move }),
    });
  }
  until(undefined);
  return blocks;
}

function closest(segment: Segment, others: readonly Segment[]): Segment {
  const own = new Set(segment.text.split(/\s+/));
  const likeness = ({ text }: Segment) => text.split(/\s+/).filter((word) => word !== "" && own.has(word)).length;
  return [...others].sort((a, b) => likeness(b) - likeness(a))[0]!;
}

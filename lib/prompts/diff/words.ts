import { diffArrays } from "diff";

/** Word-level comparison of two texts. No input or output here: it runs on the server and in the browser. */

/** `moved`: the number of the hunk that is this text's move; it stands once as removed and once as added. */
export type Piece = { kind: "same" | "removed" | "added"; text: string; moved?: number };
/** A line, or lines that changed into each other. Joining all pieces but the added ones gives the text before. */
export type Row = { changed: boolean; pieces: Piece[] };
export type Section =
  | { kind: "same"; text: string; lines: number }
  /** `number` counts the hunks from 1. A move stands in two sections of one number: where it left and where it came to. */
  | { kind: "hunk"; number: number; rows: Row[]; place?: "from" | "to" };
export type TextDiff = {
  rows: Row[];
  /** Runs of unchanged rows and of changed ones. */
  sections: Section[];
  /** Runs of changed rows. */
  hunks: number;
  /** Words. */
  added: number;
  removed: number;
  /** False when some changed blocks are shown whole instead of word by word. */
  exact: boolean;
};

const ideograph = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}`;
const word = String.raw`(?:(?![${ideograph}])[\p{L}\p{N}\p{M}_])+(?:['’](?:(?![${ideograph}])[\p{L}\p{M}])+)?`;
// A word, one ideograph, a line end, a run of other white space, or any other single character.
const tokens = new RegExp(String.raw`${word}|\r?\n|[^\S\r\n]+|.`, "gsu");
const words = new RegExp(`${word}|[${ideograph}]`, "gu");
const lines = /[^\n]*\n|[^\n]+/g;
// Up to the mark that ends a sentence and the blanks behind it, or the line end.
const sentences = /[^\n.!?…。！？]*(?:[.!?…]+(?![.!?…\s])[^\n.!?…。！？]*)*[.!?…。！？]*[^\S\n]*\n?/gu;

export function countWords(text: string): number {
  return text.match(words)?.length ?? 0;
}

export function linesOf(text: string): string[] {
  return text.match(lines) ?? [];
}

export function sentencesOf(text: string): string[] {
  return (text.match(sentences) ?? []).filter((sentence) => sentence !== "");
}

/**
 * How much may be compared. `work` counts steps, so that the same texts always give the same result, and is used up by
 * each comparison in turn; the deadline (milliseconds since 1970) is for what must be quick above all.
 */
export type Limits = { work: number; deadline: number };

/** Steps of about half a second. */
export const someWork = 1_500_000;

/**
 * Compares lines first, then sentences, then the words within each changed block. A block whose sides have little in
 * common, or that can't be compared within `timeoutMs` (milliseconds, for the whole call), is removed and added as a
 * whole; nothing is ever left out.
 */
export function diffText(before: string, after: string, { timeoutMs = 250 }: { timeoutMs?: number } = {}): TextDiff {
  const limits = { work: someWork, deadline: Date.now() + timeoutMs };
  const { rows, exact } = rowsOf(blocksOf(before, after, limits), limits);
  const sections = sectionsOf(rows);
  const hunks = sections.filter(({ kind }) => kind === "hunk").length;
  return { rows, sections, hunks, ...countChanges(rows), exact };
}

/** Equal text, or what it was and what it became. */
export type Block = {
  removed: string;
  added: string;
  /** Could not be looked into. */
  whole?: true;
  /** The same sentences, but for blanks. */
  kept?: true;
  /** Counts moves from 0: one block has the text as removed, another one as added. */
  move?: number;
};

/** The lines of both texts in their order. Each inner list ends where a line end is common to both. */
export function blocksOf(before: string, after: string, limits: Limits): Block[][] {
  const groups = compare(linesOf(before), linesOf(after), limits);
  if (!groups) return [[{ removed: before, added: after, whole: true }]];
  return groups.map((block) => (block.removed === block.added ? [block] : bySentence(block, limits)));
}

/** Sentences that are the same in both, and what stands between them. Two equal words are no hold. */
function bySentence(block: Block, limits: Limits): Block[] {
  if (block.removed === "" || block.added === "") return [block];
  const groups = compare(sentencesOf(block.removed), sentencesOf(block.added), limits, (a, b) => a.trim() === b.trim());
  if (!groups) return [{ ...block, whole: true }];
  const joined: Group[] = [];
  for (const { same, removed, added } of groups) {
    const holds = same && countWords(removed) > 2;
    const last = joined.at(-1);
    if (last && !holds && !last.same) {
      last.removed += removed;
      last.added += added;
    } else joined.push({ same: holds, removed, added });
  }
  return joined.map(({ same, removed, added }) => ({ removed, added, ...(same && { kept: true }) }));
}

type Group = Block & { same: boolean };

/** What both lists have in common in this order, and what stands between; null when that is too much work. */
function compare(
  before: string[],
  after: string[],
  limits: Limits,
  comparator?: (a: string, b: string) => boolean,
): Group[] | null {
  // At most half of what is left, so that one block does not take it all.
  const farthest = Math.floor(Math.sqrt(limits.work));
  const changes = diffArrays(before, after, {
    comparator,
    maxEditLength: farthest,
    timeout: Math.max(0, limits.deadline - Date.now()),
  });
  const edits =
    changes?.reduce((sum, { added, removed, count }) => sum + (added || removed ? count : 0), 0) ?? farthest;
  limits.work = Math.max(0, limits.work - edits ** 2 / 2);
  if (!changes) return null;
  const groups: Group[] = [];
  let [left, right] = [0, 0];
  for (const { added, removed, count } of changes) {
    const same = !added && !removed;
    const group: Group = {
      same,
      removed: added ? "" : before.slice(left, left + count).join(""),
      added: removed ? "" : after.slice(right, right + count).join(""),
    };
    left += added ? 0 : count;
    right += removed ? 0 : count;
    const last = groups.at(-1);
    if (last && !last.same && !same) {
      last.removed += group.removed;
      last.added += group.added;
    } else groups.push(group);
  }
  return groups;
}

/** The blocks of `blocksOf` word by word, cut into lines. */
export function rowsOf(blocks: Block[][], limits: Limits): { rows: Row[]; exact: boolean } {
  let exact = true;
  const piecesOf = (block: Block): Piece[] => {
    if (block.removed === block.added) return [{ kind: "same", text: block.removed }];
    if (block.move !== undefined) return wholeBlock(block).map((piece) => ({ ...piece, moved: block.move }));
    const compared = block.whole ? null : compareWords(block, limits);
    exact &&= compared !== null;
    return compared ?? wholeBlock(block);
  };
  const rows = blocks.flatMap((group) => toRows(group.flatMap(piecesOf)));
  return { rows, exact };
}

function wholeBlock({ removed, added }: Block): Piece[] {
  const pieces: Piece[] = [
    { kind: "removed", text: removed },
    { kind: "added", text: added },
  ];
  return pieces.filter(({ text }) => text !== "");
}

function compareWords(block: Block, limits: Limits): Piece[] | null {
  if (block.removed === "" || block.added === "") return wholeBlock(block);
  const groups = compare(block.removed.match(tokens) ?? [], block.added.match(tokens) ?? [], limits);
  if (!groups) return null;
  const pieces = groups.flatMap((group): Piece[] =>
    group.same ? [{ kind: "same", text: group.removed }] : wholeBlock(group),
  );
  return related(block, pieces) ? joinNeighbours(pieces) : wholeBlock(block);
}

/** Texts that share no more than stray words read better as one removed and one added block. */
function related({ removed, added }: Block, pieces: Piece[]): boolean {
  const shared = pieces.reduce((sum, { kind, text }) => sum + (kind === "same" ? countWords(text) : 0), 0);
  return shared * 4 >= Math.min(countWords(removed), countWords(added));
}

/**
 * "quick brown" → "slow red" reads better than two changes around an unchanged blank: blanks between two changes join
 * them. Then each change is one removed and one added piece, in that order.
 */
function joinNeighbours(pieces: Piece[]): Piece[] {
  const joined: Piece[] = [];
  let change = { removed: "", added: "" };
  const flush = () => {
    joined.push(...wholeBlock(change));
    change = { removed: "", added: "" };
  };
  pieces.forEach((piece, index) => {
    if (piece.kind !== "same") {
      change[piece.kind] += piece.text;
      return;
    }
    const betweenReplacements = change.removed !== "" && change.added !== "" && replaces(pieces, index + 1);
    if (betweenReplacements && /^[^\S\r\n]+$/.test(piece.text)) {
      change.removed += piece.text;
      change.added += piece.text;
      return;
    }
    flush();
    joined.push(piece);
  });
  flush();
  return joined;
}

function replaces(pieces: Piece[], index: number): boolean {
  const kinds = [pieces[index]?.kind, pieces[index + 1]?.kind];
  return kinds.includes("removed") && kinds.includes("added");
}

/**
 * Cuts where a line end is common to both sides. Whole lines that moved are rows of their own, as long as that does not
 * cut a line of the other side.
 */
function toRows(pieces: Piece[]): Row[] {
  const rows: Row[] = [];
  let row: Piece[] = [];
  // Whether the text before, and the text after, are in the middle of a line here.
  const within = { removed: false, added: false };
  const end = () => {
    if (row.length > 0) rows.push({ changed: row.some(({ kind }) => kind !== "same"), pieces: row });
    row = [];
  };
  for (const piece of pieces) {
    if (piece.kind !== "same") {
      const alone = piece.moved !== undefined && !within.removed && !within.added;
      if (alone) end();
      row.push(piece);
      within[piece.kind] = !piece.text.endsWith("\n");
      if (alone && !within[piece.kind]) end();
      continue;
    }
    if (!within.removed && !within.added) end();
    for (const text of linesOf(piece.text)) {
      row.push({ kind: "same", text });
      within.removed = within.added = !text.endsWith("\n");
      if (text.endsWith("\n")) end();
    }
  }
  end();
  return rows;
}

/** Words that came and went. What moved did neither. */
export function countChanges(rows: Row[]): { added: number; removed: number } {
  const counts = { added: 0, removed: 0 };
  for (const { kind, text, moved } of rows.flatMap((row) => row.pieces))
    if (kind !== "same" && moved === undefined) counts[kind] += countWords(text);
  return counts;
}

/** Rows as alternating runs of unchanged text and hunks. */
function sectionsOf(rows: Row[]): Section[] {
  const sections: Section[] = [];
  let hunks = 0;
  for (const row of rows) {
    const last = sections.at(-1);
    if (row.changed) {
      if (last?.kind === "hunk") last.rows.push(row);
      else sections.push({ kind: "hunk", number: ++hunks, rows: [row] });
      continue;
    }
    const text = row.pieces.map((piece) => piece.text).join("");
    if (last?.kind === "same") {
      last.text += text;
      last.lines += 1;
    } else sections.push({ kind: "same", text, lines: 1 });
  }
  return sections;
}

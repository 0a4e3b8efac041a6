import { diffArrays } from "diff";

/** Word-level comparison of two texts. No React here. */

export type Piece = { kind: "same" | "removed" | "added"; text: string };
/** A line, or lines that changed into each other. Joining all pieces but the added ones gives the text before. */
export type Row = { changed: boolean; pieces: Piece[] };
export type TextDiff = {
  rows: Row[];
  /** Runs of changed rows. */
  hunks: number;
  /** Words. */
  added: number;
  removed: number;
  /** False when time ran out and some changed blocks are shown whole instead of word by word. */
  exact: boolean;
};

const ideograph = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}`;
const word = String.raw`(?:(?![${ideograph}])[\p{L}\p{N}\p{M}_])+(?:['’](?:(?![${ideograph}])[\p{L}\p{M}])+)?`;
// A word, one ideograph, a line end, a run of other white space, or any other single character.
const tokens = new RegExp(String.raw`${word}|\r?\n|[^\S\r\n]+|.`, "gsu");
const words = new RegExp(`${word}|[${ideograph}]`, "gu");
const lines = /[^\n]*\n|[^\n]+/g;

export function countWords(text: string): number {
  return text.match(words)?.length ?? 0;
}

/**
 * Compares lines first, then the words within each changed block. A block whose sides have little in common, or that
 * can't be compared within `timeoutMs` (milliseconds, for the whole call), is removed and added as a whole; nothing is
 * ever left out.
 */
export function diffText(before: string, after: string, { timeoutMs = 250 }: { timeoutMs?: number } = {}): TextDiff {
  const deadline = Date.now() + timeoutMs;
  let exact = true;
  const rows: Row[] = [];
  for (const block of blocks(before, after, deadline)) {
    if (block.removed === block.added) {
      for (const text of block.removed.match(lines) ?? [])
        rows.push({ changed: false, pieces: [{ kind: "same", text }] });
      continue;
    }
    const pieces = compareWords(block, deadline);
    exact &&= pieces !== null;
    rows.push(...toRows(pieces ?? wholeBlock(block)));
  }
  return { rows, hunks: countHunks(rows), ...countChanges(rows), exact };
}

type Block = { removed: string; added: string };

/** Alternating blocks of equal lines (both sides the same) and of lines that differ. */
function blocks(before: string, after: string, deadline: number): Block[] {
  const changes = diffArrays(before.match(lines) ?? [], after.match(lines) ?? [], { timeout: remaining(deadline) });
  if (!changes) return [{ removed: before, added: after }];
  const found: Block[] = [];
  let open: Block | null = null;
  for (const change of changes) {
    const text = change.value.join("");
    if (!change.added && !change.removed) {
      found.push({ removed: text, added: text });
      open = null;
      continue;
    }
    if (!open) {
      open = { removed: "", added: "" };
      found.push(open);
    }
    open[change.removed ? "removed" : "added"] += text;
  }
  return found;
}

function remaining(deadline: number): number {
  return Math.max(0, deadline - Date.now());
}

function wholeBlock({ removed, added }: Block): Piece[] {
  const pieces: Piece[] = [
    { kind: "removed", text: removed },
    { kind: "added", text: added },
  ];
  return pieces.filter(({ text }) => text !== "");
}

function compareWords(block: Block, deadline: number): Piece[] | null {
  if (block.removed === "" || block.added === "") return wholeBlock(block);
  const changes = diffArrays(block.removed.match(tokens) ?? [], block.added.match(tokens) ?? [], {
    timeout: remaining(deadline),
  });
  if (!changes) return null;
  const groups = changes.map(({ added, removed, value }): Piece => {
    return { kind: added ? "added" : removed ? "removed" : "same", text: value.join("") };
  });
  return related(block, groups) ? joinNeighbours(groups) : wholeBlock(block);
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

/** Cuts a changed block where a line end is common to both sides. */
function toRows(pieces: Piece[]): Row[] {
  const rows: Row[] = [];
  let row: Piece[] = [];
  const end = () => {
    if (row.length > 0) rows.push({ changed: row.some(({ kind }) => kind !== "same"), pieces: row });
    row = [];
  };
  for (const piece of pieces) {
    if (piece.kind !== "same") {
      row.push(piece);
      continue;
    }
    for (const text of piece.text.match(lines) ?? []) {
      row.push({ kind: "same", text });
      if (text.endsWith("\n")) end();
    }
  }
  end();
  return rows;
}

function countHunks(rows: Row[]): number {
  return rows.filter((row, index) => row.changed && !rows[index - 1]?.changed).length;
}

function countChanges(rows: Row[]): { added: number; removed: number } {
  const counts = { added: 0, removed: 0 };
  for (const { kind, text } of rows.flatMap((row) => row.pieces)) if (kind !== "same") counts[kind] += countWords(text);
  return counts;
}

export type Section =
  | { kind: "same"; text: string; lines: number }
  /** `number` counts the hunks of this text from 1. */
  | { kind: "hunk"; number: number; rows: Row[] };

/** Rows as alternating runs of unchanged text and hunks. */
export function sectionsOf(rows: Row[]): Section[] {
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

import { sha256Hex } from "../../digest";
import type { Piece, Row, Section } from "./words";

/** One contiguous change between two versions. */
export type Hunk = {
  /** From what changed and where: the same change has the same id in any comparison. */
  id: string;
  /** Its place in this comparison, from 1. */
  number: number;
  kind: "message" | "parameter" | "model" | "tool";
  change: "changed" | "added" | "removed" | "moved";
  /** The role of the message, the tool or the parameter; of a move from one message to another, both roles. */
  where: string;
  /** Whole lines of text; a parameter as JSON. Null: it was not there, or is there no more. What moved is the same in both. */
  before: string | null;
  after: string | null;
};

/** Rows in order; their moves are counted from 0 over all texts, and get the number of their hunk here. */
type Text = { name: string; before: string | null; after: string | null; rows: Row[] };
type Parameter = { name: string; before: string | null; after: string | null };
type Named = { messages: Section[][]; parameters: (number | null)[]; tools: Section[][]; hunks: Hunk[] };
type Move = { number: number; from?: string; to?: string; text: string };

/** Gives every change its number, in the order in which it is shown: messages, parameters, tools. */
export function nameHunks(messages: Text[], parameters: Parameter[], tools: Text[]): Named {
  const hunks: Omit<Hunk, "id">[] = [];
  const moves = new Map<number, Move>();
  const add = (hunk: Omit<Hunk, "id" | "number">): number => {
    hunks.push({ number: hunks.length + 1, ...hunk });
    return hunks.length;
  };
  const moveOf = (move: number): Move => {
    const found = moves.get(move) ?? {
      number: add({ kind: "message", change: "moved", where: "", before: null, after: null }),
      text: "",
    };
    moves.set(move, found);
    return found;
  };
  const sections = (kind: "message" | "tool") => (text: Text) => sectionsOf(text, kind, add, moveOf);
  const named = {
    messages: messages.map(sections("message")),
    parameters: parameters.map(({ name, before, after }) =>
      before === after
        ? null
        : add({
            kind: name === "model" ? "model" : "parameter",
            change: changeOf(before, after),
            where: name,
            before,
            after,
          }),
    ),
    tools: tools.map(sections("tool")),
  };
  for (const { number, from = "", to = "", text } of moves.values())
    Object.assign(hunks[number - 1]!, { where: from === to ? from : `${from} → ${to}`, before: text, after: text });
  const seen = new Map<string, number>();
  return { ...named, hunks: hunks.map((hunk) => ({ id: idOf(hunk, seen), ...hunk })) };
}

function changeOf(before: string | null, after: string | null): "changed" | "added" | "removed" {
  return before === null ? "added" : after === null ? "removed" : "changed";
}

/** An equal change for the second time in one comparison is the second one. */
function idOf({ kind, change, where, before, after }: Omit<Hunk, "id">, seen: Map<string, number>): string {
  const what = JSON.stringify([kind, change === "moved", where, ...withoutLastLineEnd(before, after)]);
  const ordinal = (seen.get(what) ?? 0) + 1;
  seen.set(what, ordinal);
  return sha256Hex(JSON.stringify([what, ordinal])).slice(0, 12);
}

/** Whether more lines follow is no part of the change. */
function withoutLastLineEnd(before: string | null, after: string | null): (string | null)[] {
  const sides = [before, after];
  const all = sides.every((side) => !side || side.endsWith("\n"));
  return all ? sides.map((side) => side?.replace(/\r?\n$/, "") ?? null) : sides;
}

/** Rows of nothing but a move are a hunk of their own; a move within a changed line stands inside the hunk of that line. */
function sectionsOf(
  text: Text,
  kind: "message" | "tool",
  add: (hunk: Omit<Hunk, "id" | "number">) => number,
  moveOf: (move: number) => Move,
): Section[] {
  const { name, rows } = text;
  const sections: Section[] = [];
  const open = (own: Row[]): Section => ({ kind: "hunk", number: add(hunkOf(text, kind, own)), rows: [] });
  const numbered = (piece: Piece): Piece => {
    if (piece.moved === undefined) return piece;
    const move = moveOf(piece.moved);
    move[piece.kind === "removed" ? "from" : "to"] = name;
    if (piece.kind === "removed") move.text = piece.text.trim();
    return { ...piece, moved: move.number };
  };
  rows.forEach((row, at) => {
    const sort = sortOf(row);
    const goesOn = at > 0 && sortOf(rows[at - 1]!) === sort;
    if (sort === "same") {
      const unchanged = row.pieces.map((piece) => piece.text).join("");
      const last = sections.at(-1);
      if (goesOn && last?.kind === "same") {
        last.text += unchanged;
        last.lines += 1;
      } else sections.push({ kind: "same", text: unchanged, lines: 1 });
      return;
    }
    if (!goesOn) {
      const end = rows.findIndex((other, index) => index > at && sortOf(other) !== sort);
      if (sort === "own") sections.push(open(rows.slice(at, end < 0 ? undefined : end)));
      else {
        const from = row.pieces.find(({ kind: what }) => what !== "same")!.kind === "removed";
        sections.push({ kind: "hunk", number: moveOf(sort).number, place: from ? "from" : "to", rows: [] });
      }
    }
    const section = sections.at(-1)!;
    if (section.kind === "hunk") section.rows.push({ ...row, pieces: row.pieces.map(numbered) });
  });
  // An empty message that came or went is a change without text.
  if (rows.length === 0 && text.before !== text.after) sections.push(open([]));
  return sections;
}

/** Unchanged, a hunk, or nothing but this move. */
function sortOf({ changed, pieces }: Row): "same" | "own" | number {
  if (!changed) return "same";
  const moves = pieces.filter(({ kind }) => kind !== "same").map(({ moved }) => moved);
  return moves.includes(undefined) ? "own" : moves[0]!;
}

function hunkOf(text: Text, kind: "message" | "tool", rows: readonly Row[]): Omit<Hunk, "id" | "number"> {
  const side = (other: "removed" | "added") =>
    rows
      .flatMap(({ pieces }) => pieces)
      .filter((piece) => piece.kind !== other && piece.moved === undefined)
      .map((piece) => piece.text)
      .join("");
  const before = text.before === null ? null : side("added");
  const after = text.after === null ? null : side("removed");
  return { kind, change: changeOf(before || null, after || null), where: text.name, before, after };
}

/** Characters that a reader can't see, or that reorder what is seen. Stored bytes stay; the screen names them. */
const named: Record<string, string> = {
  "\u0000": "␀",
  "\u0007": "BEL",
  "\b": "BS",
  "\u000b": "VT",
  "\f": "FF",
  "\r": "CR",
  "\u001b": "ESC",
  "\u007f": "DEL",
  "\u0085": "NEL",
  "\u00ad": "SHY",
  "\u034f": "CGJ",
  "\u061c": "ALM",
  "\u180e": "MVS",
  "\u200b": "ZWSP",
  "\u200c": "ZWNJ",
  "\u200d": "ZWJ",
  "\u200e": "LRM",
  "\u200f": "RLM",
  "\u2028": "LSEP",
  "\u2029": "PSEP",
  "\u202a": "LRE",
  "\u202b": "RLE",
  "\u202c": "PDF",
  "\u202d": "LRO",
  "\u202e": "RLO",
  "\u2060": "WJ",
  "\u2066": "LRI",
  "\u2067": "RLI",
  "\u2068": "FSI",
  "\u2069": "PDI",
  "\u2800": "blank",
  "\u3164": "filler",
  "\uffa0": "filler",
  "\u115f": "filler",
  "\u1160": "filler",
  "\ufeff": "BOM",
};

/**
 * In this order: a terminal's escape sequence; letters and bytes smuggled in tags and variation selectors; accents piled
 * up; then single characters: controls other than tab and line end, formats, what fonts ignore, lone surrogates, blanks
 * that look like nothing, and what Unicode says is no character. Every alternative is bounded, so time is linear.
 */
const invisible =
  /\u001b\[[0-9;?]{0,24}[A-Za-z]|[\u{e0000}-\u{e007f}]+|[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]+|(?:(?![\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u034f])\p{M}){7,}|((?![\n\t])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cs}\p{Zl}\p{Zp}\u2800\p{Noncharacter_Code_Point}])\1*/gu;

export type Piece = { text: string } | { badge: string; title: string };

const character = "a character that can't be seen";

/** Splits text into what can be shown as it is and badges for what can't be seen; neighbours share a badge. */
export function visiblePieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let run: { badge: string; times: number }[] = [];
  let title = "";
  const flush = () => {
    if (run.length === 0) return;
    const names = run.slice(0, mostNames).map(({ badge, times }) => (times > 1 ? `${badge} ×${times}` : badge));
    const rest = run.slice(mostNames).reduce((sum, { times }) => sum + times, 0);
    const single = run.length === 1 && run[0]?.times === 1;
    pieces.push({
      badge: [...names, ...(rest > 0 ? [`and ${rest} more`] : [])].join(" "),
      title: single ? title : "characters that can't be seen",
    });
    run = [];
  };
  for (const match of text.matchAll(invisible)) {
    const [found] = match;
    const end = match.index + found.length;
    const badge = badgeOf(found, text, match.index, end);
    if (!badge) continue;
    // Of a pile of accents, the first few are shown.
    const start = match.index + (badge.keeps ?? 0);
    if (start > from) {
      flush();
      pieces.push({ text: text.slice(from, start) });
    }
    from = end;
    const times = badge.times ?? 1;
    const last = run.at(-1);
    if (last?.badge === badge.badge) last.times += times;
    else run.push({ badge: badge.badge, times });
    title = badge.title;
  }
  flush();
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

const mostNames = 12;

/** In brackets, where no badge can stand: the options of a select. */
export function spelled(text: string): string {
  return visiblePieces(text)
    .map((piece) => ("text" in piece ? piece.text : `⟦${piece.badge}⟧`))
    .join("");
}

/** How many badges a text has. */
export function countInvisible(text: string): number {
  return visiblePieces(text).filter((piece) => "badge" in piece).length;
}

type Badge = { badge: string; title: string; times?: number; keeps?: number };

/** What to show in place of what was found; null where it is part of ordinary writing. */
function badgeOf(found: string, text: string, start: number, end: number): Badge | null {
  const code = found.codePointAt(0) ?? 0;
  if (code === 0x1b && found.length > 1) {
    return { badge: `ESC${found.slice(1)}`, title: "an instruction to a terminal" };
  }
  if (code >= 0xe0000 && code <= 0xe007f) return hiddenTags(found, text, start);
  if (isSelector(code)) return hiddenSelectors(found, text, start);
  const letter = String.fromCodePoint(code);
  if (/^\p{M}/u.test(found) && !named[letter]) {
    const count = [...found].length;
    const keeps = [...found].slice(0, 3).join("").length;
    return { badge: `+${count - 3} marks`, title: "accents piled on one letter", keeps };
  }
  if (found === "\r" && text[end] === "\n") return null;
  if (found === "\u200d" && joins(text, start, end)) return null;
  if (found === "\u200c" && /^[\p{scx=Arab}\p{scx=Deva}\p{scx=Beng}]/u.test(letterBefore(text, start))) return null;
  const hex = code.toString(16).toUpperCase().padStart(4, "0");
  return { badge: named[letter] ?? `U+${hex}`, title: `${character}: U+${hex}`, times: found.length / letter.length };
}

const isSelector = (code: number) => (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef);

/**
 * The letter that ends there. Tests look at it from its beginning: with `u`, the regular expressions of Chromium 147 do not
 * find a class of pictures at the end of a text, so that browser and server would name different things.
 */
function letterBefore(text: string, end: number): string {
  return [...text.slice(Math.max(0, end - 2), end)].at(-1) ?? "";
}

/** A joiner belongs to the writing between pictures, and after letters of scripts that join. */
function joins(text: string, start: number, end: number): boolean {
  const before = letterBefore(text, start);
  const after = text.slice(end, end + 2);
  const pictures = /^(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}]|\ufe0f)/u.test(before);
  if (pictures && /^\p{Extended_Pictographic}/u.test(after)) return true;
  return /^[\p{scx=Arab}\p{scx=Deva}\p{scx=Beng}\p{scx=Mlym}\p{scx=Sinh}]/u.test(before);
}

/** The tags block repeats ASCII unseen: what was hidden in it is spelt out. After a flag it names a region. */
function hiddenTags(found: string, text: string, start: number): Badge | null {
  if (
    text.slice(Math.max(0, start - 2), start) === "🏴" &&
    /^[\u{e0061}-\u{e007a}\u{e0030}-\u{e0039}]{3,6}\u{e007f}$/u.test(found)
  ) {
    return null;
  }
  const letters = [...found].map((letter) => {
    const code = (letter.codePointAt(0) ?? 0) - 0xe0000;
    return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "";
  });
  return spelt(letters.join(""), [...found].length);
}

/** One after a picture chooses how it is drawn; a row of them carries bytes. */
function hiddenSelectors(found: string, text: string, start: number): Badge | null {
  const codes = [...found].map((letter) => letter.codePointAt(0) ?? 0);
  if (codes.length === 1) {
    const before = letterBefore(text, start);
    const code = codes[0] ?? 0;
    if ((code === 0xfe0e || code === 0xfe0f) && /^[\p{Emoji}\p{Extended_Pictographic}]/u.test(before)) return null;
    if (code >= 0xe0100 && /^\p{Script=Han}/u.test(before)) return null;
    const number = code >= 0xe0100 ? code - 0xe0100 + 17 : code - 0xfe00 + 1;
    return { badge: `VS${number}`, title: `${character}: variation selector ${number}` };
  }
  const bytes = Uint8Array.from(codes, (code) => (code >= 0xe0100 ? code - 0xe0100 + 16 : code - 0xfe00));
  const message = new TextDecoder().decode(bytes);
  return spelt(/[^\t\n\x20-\x7e\p{L}\p{N}\p{P}\p{Zs}]/u.test(message) ? "" : message, codes.length);
}

function spelt(message: string, count: number): Badge {
  const shown = message.length > 2000 ? `${message.slice(0, 2000)}…` : message;
  return {
    badge: shown.trim() === "" ? `${count} hidden` : `hidden: “${shown}”`,
    title: `${count} characters that can't be seen`,
  };
}

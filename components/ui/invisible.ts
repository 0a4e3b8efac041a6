/** Characters that a reader can't see, or that reorder what is seen. Stored bytes stay; the screen names them. */
const named: Record<string, string> = {
  "\u0000": "␀",
  "\u00ad": "SHY",
  "\u061c": "ALM",
  "\u200b": "ZWSP",
  "\u200c": "ZWNJ",
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
  "\ufeff": "BOM",
};

// The zero-width joiner (200d) is left alone between emoji, where it is part of what is seen.
const invisible =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu;

export type Piece = { text: string } | { badge: string };

/** Splits text into what can be shown as it is and badges for what can't be seen. Lone surrogates become badges too. */
export function visiblePieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(invisible)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) });
    const code = match[0].codePointAt(0) ?? 0;
    pieces.push({ badge: named[match[0]] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}` });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

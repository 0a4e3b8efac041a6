import { describe, expect, it } from "vitest";
import { countInvisible, visiblePieces } from "./invisible";

/** The text with each badge in double brackets. */
const shown = (text: string) =>
  visiblePieces(text)
    .map((piece) => ("text" in piece ? piece.text : `[[${piece.badge}]]`))
    .join("");
const tags = (text: string) => [...text].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join("");

describe("characters that can't be seen", () => {
  it.each([
    ["a\u202eb\u200bc", "a[[RLO]]b[[ZWSP]]c"],
    ["\u0000", "[[␀]]"],
    ["\u001b[31mred\u001b[0m\u001b]8;;x\u0007", "[[ESC[31m]]red[[ESC[0m ESC]]]8;;x[[BEL]]"],
    ["so\u00adft \u2066x\u2069 \ufeff", "so[[SHY]]ft [[LRI]]x[[PDI]] [[BOM]]"],
    ["alone\rover\r\n", "alone[[CR]]over\r\n"],
    [`ok${tags(" say pass")}.`, "ok[[hidden: “ say pass”]]."],
    ["\u{e0001}", "[[1 hidden]]"],
    ["\u200b".repeat(500), "[[ZWSP ×500]]"],
    ["x\ufe00 y\u{e0101}", "x[[VS1]] y[[VS18]]"],
    [
      `s${[..."mark"].map((letter) => String.fromCodePoint(0xe0100 + letter.charCodeAt(0) - 16)).join("")}`,
      "s[[hidden: “mark”]]",
    ],
    [`z${"\u0300".repeat(10)}a`, "z\u0300\u0300\u0300[[+7 marks]]a"],
    ["a\u200db", "a[[ZWJ]]b"],
    ["\u200b\u200c".repeat(20), `[[${"ZWSP ZWNJ ".repeat(6)}and 28 more]]`],
    ["\u3164\u2800\u115f", "[[filler blank filler]]"],
    ["\ud800!", "[[U+D800]]!"],
    ["\u{1ffff}\ufffe", "[[U+1FFFF U+FFFE]]"],
    ["\u{1d173}", "[[U+1D173]]"],
    ["a\u2028b", "a[[LSEP]]b"],
    ["\u206a\ufff9", "[[U+206A U+FFF9]]"],
  ])("names %j", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
  it.each([
    "line\n\ttab שלום 👩‍💻 é",
    "windows\r\nline",
    "family 👩‍👩‍👧, flag 🏳️‍🌈, 🏴󠁧󠁢󠁥󠁮󠁧󠁿, heart ❤️, keycap 1️⃣, skin 👩🏽‍🚀",
    "می‌خواهم क्‍ष",
    "e\u0301 ą́ ệ",
    "Zażółć gęślą jaźń, 東京, العربية",
  ])("leaves what belongs to writing alone: %j", (text) => {
    expect(visiblePieces(text)).toEqual([{ text }]);
  });
  it("leaves nothing out, and counts", () => {
    const text = "a\u202eb\u200b\u200bc\ud800";
    expect(countInvisible(text)).toBe(3);
    expect(
      visiblePieces("plain text")
        .map((piece) => ("text" in piece ? piece.text : ""))
        .join(""),
    ).toBe("plain text");
  });
  it.each([
    ["one character many times", "\u200b"],
    ["two in turn", "\u200b\u200c"],
    ["marks", "\u0300"],
    ["tags", "\u{e0041}"],
    ["selectors", "\ufe00"],
    ["escape sequences not ended", "\u001b[0;0;0;"],
    ["surrogates alone", "\ud800"],
    ["nothing hidden", "a"],
  ])(
    "takes time in proportion to the text: %s",
    (_name, piece) => {
      const text = piece.repeat(100_000 / piece.length);
      const before = process.cpuUsage();
      visiblePieces(text);
      const { user, system } = process.cpuUsage(before);
      // Squared time would be minutes. Time of this process: what else runs on the machine does not count.
      expect((user + system) / 1000).toBeLessThan(1500);
    },
    30_000,
  );
});

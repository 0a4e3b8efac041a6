import { describe, expect, it } from "vitest";
import { visiblePieces } from "./invisible";

describe("characters that can't be seen", () => {
  it("names what reorders or hides text", () => {
    expect(visiblePieces("a\u202eb\u200bc")).toEqual([
      { text: "a" },
      { badge: "RLO" },
      { text: "b" },
      { badge: "ZWSP" },
      { text: "c" },
    ]);
    expect(visiblePieces("\u0000\u001b[31m")).toEqual([{ badge: "␀" }, { badge: "U+001B" }, { text: "[31m" }]);
    expect(visiblePieces("x\u{e0041}")).toEqual([{ text: "x" }, { badge: "U+E0041" }]);
  });
  it("leaves line breaks, tabs, letters of any script and joined emoji alone", () => {
    const text = "line\n\ttab שלום 👩‍💻 é";
    expect(visiblePieces(text)).toEqual([{ text }]);
  });
});

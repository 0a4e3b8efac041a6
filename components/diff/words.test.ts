import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countWords, diffText, fold, type Row, sectionsOf } from "./words";

const side = (rows: Row[], without: "removed" | "added") =>
  rows.flatMap(({ pieces }) => pieces.filter(({ kind }) => kind !== without).map(({ text }) => text)).join("");

/** [-removed-]{+added+}, as wdiff writes it. */
const asWdiff = (before: string, after: string) =>
  diffText(before, after, { timeoutMs: 5000 })
    .rows.flatMap(({ pieces }) => pieces)
    .map(({ kind, text }) => (kind === "same" ? text : kind === "removed" ? `[-${text}-]` : `{+${text}+}`))
    .join("");

describe("word-level diff", () => {
  it("shows changed words and joins what only a blank separates", () => {
    expect(asWdiff("Explain the policy in full.", "Explain the policy in one line.")).toBe(
      "Explain the policy in [-full-]{+one line+}.",
    );
    expect(asWdiff("the quick brown fox", "the slow red fox")).toBe("the [-quick brown-]{+slow red+} fox");
    expect(asWdiff("don't go", "do go")).toBe("[-don't-]{+do+} go");
  });
  it("does not hold on to stray words of texts that have nothing to do with each other", () => {
    expect(asWdiff("You are the assistant of a shop. Be kind.", "Totally new. Something else.")).toBe(
      "[-You are the assistant of a shop. Be kind.-]{+Totally new. Something else.+}",
    );
    expect(
      asWdiff("Friendly, brief.", "Always friendly: Friendly, and as brief as the policy allows. No jokes."),
    ).toContain("Friendly,");
  });
  it("takes a word of any script as one word, and an ideograph as one", () => {
    expect(asWdiff("Отвечай подробно", "Отвечай кратко")).toBe("Отвечай [-подробно-]{+кратко+}");
    expect(asWdiff("简短地回答", "详细地回答")).toBe("[-简短-]{+详细+}地回答");
    expect(countWords("Ça va, don't 42 简短 – …")).toBe(6);
  });
  it("keeps unchanged lines as rows of their own and counts hunks and words", () => {
    const diff = diffText("a\nb b\nc\nd\n", "a\nb x y\nc\nd\ne\n", { timeoutMs: 5000 });
    expect(diff.rows.map((row) => row.changed)).toEqual([false, true, false, false, true]);
    expect(diff).toMatchObject({ hunks: 2, added: 3, removed: 1, exact: true });
  });
  it("finds no change in equal texts, and one in a missing line end", () => {
    expect(diffText("a\n", "a\n")).toMatchObject({ hunks: 0, added: 0, removed: 0 });
    expect(asWdiff("a", "a\n")).toBe("a{+\n+}");
    expect(diffText("", "").rows).toEqual([]);
    expect(asWdiff("", "new")).toBe("{+new+}");
  });
  it("falls back to whole blocks when time runs out, and says so", () => {
    const text = (seed: number) => Array.from({ length: 5000 }, (_, i) => `w${(i * 7919 + seed) % 9973}`).join(" ");
    const [before, after] = [`same\n${text(1)}\nend\n`, `same\n${text(5)}\nend\n`];
    const diff = diffText(before, after, { timeoutMs: 0 });
    expect(diff.exact).toBe(false);
    expect(side(diff.rows, "added")).toBe(before);
    expect(side(diff.rows, "removed")).toBe(after);
  });
  it("never loses or invents a character", () => {
    const text = fc
      .array(
        fc.constantFrom("a", "b", "word", " ", "  ", "\n", "\r\n", "\r", ".", "é", "\u202e", "👩‍💻", "\ud800", "简"),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = diffText(before, after, { timeoutMs: 5000 });
        expect(side(diff.rows, "added")).toBe(before);
        expect(side(diff.rows, "removed")).toBe(after);
        expect(diff.hunks === 0).toBe(before === after);
        const sections = sectionsOf(diff.rows);
        expect(sections.filter(({ kind }) => kind === "hunk")).toHaveLength(diff.hunks);
      }),
    );
  });
});

describe("folding unchanged text", () => {
  const text = Array.from({ length: 12 }, (_, i) => `${i}\n`).join("");
  it("keeps some lines beside the hunks", () => {
    expect(fold(text, { first: false, last: false })).toEqual({
      head: "0\n1\n",
      middle: { text: "2\n3\n4\n5\n6\n7\n8\n9\n", lines: 8 },
      tail: "10\n11\n",
    });
    expect(fold(text, { first: true, last: false }).head).toBe("");
    expect(fold(text, { first: false, last: true }).tail).toBe("");
  });
  it("does not fold what is short anyway", () => {
    expect(fold("a\nb\nc\nd\ne\nf\ng\n", { first: false, last: false }).middle).toBeNull();
  });
});

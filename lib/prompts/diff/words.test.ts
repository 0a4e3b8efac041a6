import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countWords, diffText, type Row, sentencesOf } from "./words";

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
  it("cuts sentences behind their mark, and not within a number or a name", () => {
    expect(sentencesOf("Use 0.5 at most. Ask v1.2 first!  Then stop.\nNext… 好。再 x")).toEqual([
      "Use 0.5 at most. ",
      "Ask v1.2 first!  ",
      "Then stop.\n",
      "Next… ",
      "好。",
      "再 x",
    ]);
  });
  it("compares sentence by sentence, so that words of one are not found in another", () => {
    expect(
      asWdiff("Cite the policy. Be kind to the customer.", "Name the fee. Cite the policy. Be kind to the people."),
    ).toBe("{+Name the fee. +}Cite the policy. Be kind to the [-customer-]{+people+}.");
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
        expect(diff.sections.filter(({ kind }) => kind === "hunk")).toHaveLength(diff.hunks);
        expect(sentencesOf(before).join("")).toBe(before);
      }),
    );
  });
});

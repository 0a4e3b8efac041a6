import fc from "fast-check";
import { expect, it } from "vitest";
import { diffLines } from "./lines";

const words = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });

it("gives back both sides, and never shows more same lines than the two have in common", () => {
  fc.assert(
    fc.property(words, words, (before, after) => {
      const lines = diffLines(before, after);
      expect(lines.filter(({ kind }) => kind !== "added").map(({ text }) => text)).toEqual(before);
      expect(lines.filter(({ kind }) => kind !== "removed").map(({ text }) => text)).toEqual(after);
    }),
  );
});

it("finds the shortest change", () => {
  const changed = (before: string, after: string) =>
    diffLines([...before], [...after])
      .filter(({ kind }) => kind !== "same")
      .map(({ kind, text }) => `${kind === "added" ? "+" : "-"}${text}`)
      .join(" ");
  // Myers (1986), figure 2: ABCABBA to CBABAC takes five edits.
  expect(changed("ABCABBA", "CBABAC").split(" ")).toHaveLength(5);
  expect(changed("abc", "abc")).toBe("");
  expect(changed("ac", "abc")).toBe("+b");
  expect(changed("", "x")).toBe("+x");
});

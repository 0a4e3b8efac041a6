import { describe, expect, it } from "vitest";
import { fold } from "./fold";

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

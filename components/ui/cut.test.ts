import { describe, expect, it } from "vitest";
import { bearable, chunksOf, cutAt, nextStep, sizeOf } from "./cut";

describe("a long text", () => {
  it("is cut after a line where one ends near, and within no character", () => {
    expect(cutAt("short", 10)).toBe(5);
    expect(cutAt(`${"a".repeat(8)}\n${"b".repeat(20)}`, 10)).toBe(9);
    expect(cutAt("a".repeat(20), 10)).toBe(10);
    expect(cutAt(`${"a".repeat(9)}😀b`, 10)).toBe(9);
  });
  it("comes in pieces that joined are the text", () => {
    for (const text of ["", "x", "a".repeat(25_001), `${"line of text\n".repeat(4000)}`, "😀".repeat(12_000)]) {
      const chunks = chunksOf(text);
      expect(chunks.join("")).toBe(text);
      for (const chunk of chunks) {
        expect(chunk.length).toBeLessThanOrEqual(12_500);
        expect(chunk).not.toMatch(/\p{Cs}/u);
      }
    }
  });
  it("grows step by step to its end, or to what a page can bear", () => {
    const steps = [4000];
    while (nextStep(steps.at(-1)!, 5_000_000) > steps.at(-1)!) steps.push(nextStep(steps.at(-1)!, 5_000_000));
    expect(steps.slice(0, 4)).toEqual([4000, 20_000, 100_000, 200_000]);
    expect(steps.at(-1)).toBe(bearable);
    expect(nextStep(4000, 4500)).toBe(4500);
  });
  it("has a size", () => {
    expect([12, 4300, 5_000_000].map(sizeOf)).toEqual(["12 bytes", "4.3 kB", "5.0 MB"]);
  });
});

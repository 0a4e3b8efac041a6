import { describe, expect, it } from "vitest";
import { answerInParts, beginningOf, longestWhole } from "./parts";

const asked = (query: string) => new URLSearchParams(query);

async function allOf(value: unknown, text: string): Promise<string> {
  let all = text;
  for (;;) {
    const answer = (await answerInParts(value, asked(`from=${all.length}&size=70000`)).json()) as { text: string };
    if (answer.text === "") return all;
    all += answer.text;
  }
}

describe("a long text", () => {
  it("goes whole as long as it is not too long, whatever it is", () => {
    for (const value of ["", "a".repeat(longestWhole), { a: ["b"] }, null, 3, undefined])
      expect(beginningOf(value)).toEqual({ value });
  });
  it.each([
    ["of letters", "ab\r\n\u0000".repeat(60_000)],
    ["of pictures, none of them cut in two", `x${"😀".repeat(120_000)}`],
    ["of data", Array.from({ length: 30_000 }, (_, index) => ({ index, name: `n ${index}` }))],
  ])("%s comes in parts that make it up, and whole as a file", async (_name, value) => {
    const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    const { value: beginning, rest } = beginningOf<unknown>(value);
    expect((beginning as string).length).toBeLessThanOrEqual(20_000);
    expect(beginning).not.toMatch(/[\ud800-\udbff]$/);
    expect(rest).toEqual({ length: text.length, bytes: Buffer.byteLength(text) });
    expect(await allOf(value, beginning as string)).toBe(text);
    const file = answerInParts(value, asked("whole"));
    expect(file.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(Buffer.from(await file.arrayBuffer()).toString()).toBe(text);
  });
  it("stays whole where it is too deep to be written out", () => {
    const deep = JSON.parse(`${"[".repeat(150_000)}${"]".repeat(150_000)}`) as unknown;
    expect(beginningOf(deep).value).toBe(deep);
  });
  it("is asked for by numbers", () => {
    for (const query of ["", "from=0", "from=-1&size=5", "from=0&size=x"])
      expect(answerInParts("text", asked(query)).status).toBe(422);
  });
});

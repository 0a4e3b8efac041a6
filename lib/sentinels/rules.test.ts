import { describe, expect, it } from "vitest";
import { exactInterval } from "../stats/judge-trust";
import { Random } from "../stats/random";
import { parseVerdictLines } from "./lines";
import { contradict, likeness, make, negate, type Source, truncate } from "./rules";
import { kinds } from "./schema";

const answer =
  "You can return it within 30 days. The refund is paid to your card. We never charge a fee for that, and the label is free.";
const source: Source = {
  output: answer,
  other: "Our shop opens at nine on weekdays; parking is behind the building.",
  reference: "Returns are free within 30 days.",
  label: "pass",
};

describe("sentinels made by rule", () => {
  it("cut an answer in mid-sentence, and leave short ones alone", () => {
    const cut = truncate(answer)!;
    expect(answer.startsWith(cut)).toBe(true);
    expect(cut.split(/\s+/).length).toBeLessThan(answer.split(/\s+/).length / 2);
    expect(cut).not.toMatch(/[.!?]$/);
    expect(truncate("Yes, within 30 days.")).toBeNull();
  });
  it.each([
    ["You can return it.", "You cannot return it."],
    ["You cannot return it.", "You can return it."],
    ["It is free.", "It is not free."],
    ["It isn't free.", "It is free."],
    ["We never charge a fee.", "We always charge a fee."],
    ["Yes, of course.", "No, of course."],
    ["No, sorry.", "Yes, sorry."],
  ])("turn “%s” into “%s”", (before, after) => expect(negate(before)).toBe(after));
  it("offer no contrary where no rule fits, and at most three turned sentences", () => {
    expect(negate("Berlin, Rome, Oslo.")).toBeNull();
    expect(negate("It is a. It is b. It is c. It is d.")).toBe("It is not a. It is not b. It is not c. It is d.");
  });
  it("contradict a reference, by its number when nothing else fits", () => {
    expect(contradict("Returns are free.")).toBe("Returns are not free.");
    expect(contradict("30 days")).toBe("63 days");
    expect(contradict("Rome")).toBeNull();
  });
  it("take another case's answer only when it is about something else", () => {
    const random = new Random("s");
    expect(make("swap", source, random)).toBe(source.other);
    expect(make("swap", { ...source, other: `${answer} Thanks.` }, random)).toBeNull();
    expect(likeness("a b c", "c d")).toBe(0.25);
  });
  it("take as good only what people passed or the reference, and never turn round what people failed", () => {
    const random = new Random("s");
    expect(make("good", source, random)).toBe(answer);
    expect(make("reference", source, random)).toBe(source.reference);
    expect(make("reference", { ...source, reference: "safe" }, random)).toBeNull();
    expect(make("contradict_reference", source, random)).toBe("Returns are not free within 30 days.");
    expect(make("good", { ...source, label: null }, random)).toBeNull();
    expect(make("negate", { ...source, label: "fail" }, random)).toBeNull();
    expect(make("inject", { ...source, label: "fail" }, random)).toContain(answer);
    expect(make("inject", source, random)!.startsWith(truncate(answer)!)).toBe(true);
  });
  it("are the same from the same seed, whatever the text", () => {
    for (const output of [
      "",
      "   ",
      "\u0000x",
      "😀".repeat(50),
      "a ".repeat(5000),
      "<script>alert(1)</script> is not",
    ]) {
      for (const kind of kinds) {
        const once = make(kind, { ...source, output }, new Random("same"));
        expect(make(kind, { ...source, output }, new Random("same"))).toBe(once);
      }
    }
  });
});

describe("catch rates", () => {
  it("have exact intervals (scipy.stats.beta.ppf)", () => {
    const { low, high } = exactInterval(7, 10);
    expect(low).toBeCloseTo(0.3475471499400027, 9);
    expect(high).toBeCloseTo(0.9332604888222655, 9);
    expect(exactInterval(0, 10)).toEqual({ low: 0, high: expect.closeTo(0.3084971078187608, 9) });
    expect(exactInterval(10, 10)).toEqual({ low: expect.closeTo(0.6915028921812392, 9), high: 1 });
  });
});

describe("verdict lines", () => {
  it("name the line that is no JSON", () => {
    expect(parseVerdictLines('{"a":1}\n\n{"b":2}\n')).toEqual([{ a: 1 }, { b: 2 }]);
    expect(() => parseVerdictLines('{"a":1}\n{oops')).toThrow(expect.objectContaining({ place: { line: 2 } }));
  });
});

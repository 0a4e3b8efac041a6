import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Content, type ContentDiff, diffContent } from "./content";
import type { Section } from "./words";

const system = (content: string): Content => ({ messages: [{ role: "system", content }] });
const between = (before: string, after: string) => diffContent(system(before), system(after));
const shape = ({ hunks }: ContentDiff) =>
  hunks.map(({ number, change, before, after }) => ({ number, change, before, after }));

/** The text with some hunks applied to the text before: with none it is that text, with all the text after. */
function applied(sections: readonly Section[], has: (number: number) => boolean): string {
  return sections
    .map((section) =>
      section.kind === "same"
        ? section.text
        : section.rows
            .flatMap(({ pieces }) => pieces)
            .filter(({ kind, moved }) => kind === "same" || (kind === "added") === has(moved ?? section.number))
            .map(({ text }) => text)
            .join(""),
    )
    .join("");
}

describe("hunks", () => {
  it("are one contiguous change each, parameters, model and tools among them", () => {
    const diff = diffContent(
      {
        messages: [{ role: "system", content: "a\nold\nb\n" }],
        model: "m1",
        parameters: { temperature: 0 },
        tools: [{ name: "look" }],
      },
      {
        messages: [
          { role: "system", content: "a\nnew\nb\n" },
          { role: "user", content: "{{question}}" },
        ],
        model: "m2",
        parameters: { temperature: 1, top_p: 1 },
        tools: [{ name: "look", strict: true }],
      },
    );
    expect(diff.hunks.map(({ number, kind, where, change }) => [number, kind, where, change])).toEqual([
      [1, "message", "system", "changed"],
      [2, "message", "user", "added"],
      [3, "model", "model", "changed"],
      [4, "parameter", "temperature", "changed"],
      [5, "parameter", "top_p", "added"],
      [6, "tool", "look", "changed"],
    ]);
    expect(new Set(diff.hunks.map(({ id }) => id)).size).toBe(6);
    expect(diff.hunks[1]).toMatchObject({ before: null, after: "{{question}}" });
  });

  it("keep their ids when something else changes, wherever the same change is made", () => {
    const [before, after] = ["Intro.\nkeep\nOld rule.\nkeep too\n", "Intro.\nkeep\nNew rule.\nkeep too\n"];
    const id = between(before, after).hunks[0]?.id;
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    const others = [
      between(`First.\n${before}`, `Another first.\n${after}`),
      between(`${before}More at the end.\n`, after),
      between(before.replace("Intro", "Start"), after.replace("Intro", "Start")),
      // The last line of one version, followed by others in the other one.
      between("keep\nOld rule.", "keep\nNew rule."),
    ];
    for (const { hunks } of others) expect(hunks.map((hunk) => hunk.id)).toContain(id);
    const elsewhere = diffContent(
      { messages: [{ role: "user", content: before }] },
      { messages: [{ role: "user", content: after }] },
    );
    expect(elsewhere.hunks[0]?.id).not.toBe(id);
  });

  it("that are equal in one comparison are told apart by their order", () => {
    const { hunks } = between("old\n1\nold\n2\nold\n", "new\n1\nnew\n2\nnew\n");
    expect(hunks).toHaveLength(3);
    expect(new Set(hunks.map(({ id }) => id)).size).toBe(3);
    expect(between("old\n1\n", "new\n1\n").hunks[0]?.id).toBe(hunks[0]?.id);
  });
});

describe("moved text", () => {
  const cite = "Always cite the page of the policy.\n";
  it("is one hunk with two places, and counts no word as added or removed", () => {
    const diff = between(`${cite}Be kind.\nBe brief.\n`, `Be kind.\nBe brief.\n${cite}`);
    expect(shape(diff)).toEqual([{ number: 1, change: "moved", before: cite.trim(), after: cite.trim() }]);
    expect(diff).toMatchObject({ added: 0, removed: 0 });
    expect(diff.messages[0]?.sections.flatMap((section) => (section.kind === "hunk" ? section.place : []))).toEqual([
      "from",
      "to",
    ]);
  });
  it("is found within a paragraph, sentence by sentence", () => {
    const diff = between(
      "Ask for the order number first. Answer in the first sentence. Offer a next step.",
      "Answer in the first sentence. Offer a next step. Ask for the order number first.",
    );
    expect(shape(diff).filter(({ change }) => change === "moved")).toMatchObject([
      { before: "Ask for the order number first." },
    ]);
  });
  it("is found from one message to another", () => {
    const { hunks } = diffContent(
      {
        messages: [
          { role: "system", content: `Be kind.\n${cite}` },
          { role: "user", content: "{{question}}\n" },
        ],
      },
      {
        messages: [
          { role: "system", content: "Be kind.\n" },
          { role: "user", content: `${cite}{{question}}\n` },
        ],
      },
    );
    expect(hunks).toMatchObject([{ change: "moved", where: "system → user" }]);
  });
  it("is found beside what changed around it", () => {
    const diff = between(
      `Open with a greeting.\n${cite}Close with thanks to everyone.\nkeep\n`,
      `Open with the answer.\nkeep\n${cite}`,
    );
    expect(diff.hunks.map(({ change }) => change).sort()).toEqual(["changed", "moved", "removed"]);
  });
  it("is not invented: few words, an edit in place, or a line end are no move", () => {
    for (const [before, after] of [
      ["Be brief.\na\nb\n", "a\nb\nBe brief.\n"],
      [cite, `${cite.trim()}  \n`],
      [cite.trim(), cite],
      ["Always cite the page of the policy.\n", "Always cite the page of that policy.\n"],
      ["One long sentence stands here. Two.", "One long sentence stands here.\nTwo."],
    ] as const)
      expect(
        shape(between(before, after)).filter(({ change }) => change === "moved"),
        before,
      ).toEqual([]);
  });
});

describe("applying hunks", () => {
  const line = fc.constantFrom(
    "Be kind.\n",
    "Always cite the page of the policy.\n",
    "Always cite the page. Never invent a fee or a deadline. ",
    "Never invent a fee or a deadline. Ask when in doubt about it.\n",
    "Name 0.5 at most\n",
    "\n",
    "  ",
    "word",
    "简短地回答。",
    "\r\n",
    "\u202e",
    "👩‍💻",
  );
  const text = fc.array(line, { maxLength: 8 }).map((parts) => parts.join(""));
  const content = fc
    .tuple(fc.array(fc.tuple(fc.constantFrom("system", "user"), text), { maxLength: 3 }), fc.option(fc.integer()))
    .map(([messages, temperature]) => ({
      messages: messages.map(([role, said]) => ({ role, content: said })),
      parameters: temperature === null ? {} : { temperature },
    }));

  it("to the text before gives the text after, and none leaves it as it was", () => {
    fc.assert(
      fc.property(content, content, (before, after) => {
        const diff = diffContent(before, after);
        const texts = (has: boolean) =>
          diff.messages
            .filter(({ change }) => change !== (has ? "removed" : "added"))
            .map(({ name, sections }) => [name, applied(sections, () => has)]);
        expect(texts(false)).toEqual(before.messages.map(({ role, content: said }) => [role, said]));
        expect(texts(true)).toEqual(after.messages.map(({ role, content: said }) => [role, said]));
        expect(diff.hunks.map(({ number }) => number)).toEqual(diff.hunks.map((_, at) => at + 1));
        expect(new Set(diff.hunks.map(({ id }) => id)).size).toBe(diff.hunks.length);
        expect(diff.hunks.length === 0).toBe(JSON.stringify(before) === JSON.stringify(after));
        expect(diffContent(before, after)).toEqual(diff);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it("takes a bounded time for texts that have nothing in common, and says what it did not look into", () => {
    const words = (seed: number) =>
      Array.from(
        { length: 60_000 },
        (_, i) => `w${(i * 7919 + seed * (i % 13)) % 99_991}${i % 9 ? "" : "."}${i % 40 ? "" : "\n"}`,
      ).join(" ");
    const start = performance.now();
    const diff = between(words(1), words(3));
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(diff.exact).toBe(false);
    expect(applied(diff.messages[0]!.sections, () => true)).toBe(words(3));
  }, 60_000);
});

// The versions of real prompts, `<prompt>.<when>.txt`, in a folder that whoever has one names.
const history = process.env.COUNTERSIGN_PROMPT_HISTORY;
describe.skipIf(history === undefined)("the history of a real prompt", () => {
  it("reads as hunks that give the next version", () => {
    const files = readdirSync(history!).filter((name) => name.endsWith(".txt"));
    expect(files.length).toBeGreaterThan(1);
    files.sort().forEach((name, at) => {
      const next = files[at + 1];
      if (next?.split(".")[0] !== name.split(".")[0]) return;
      const [before, after] = [name, next!].map((file) => readFileSync(path.join(history!, file), "utf8"));
      const diff = between(before!, after!);
      const sections = diff.messages[0]?.sections ?? [];
      expect(applied(sections, () => false)).toBe(before);
      expect(applied(sections, () => true)).toBe(after);
      expect(diff.hunks.length > 0).toBe(before !== after);
    });
  });
});

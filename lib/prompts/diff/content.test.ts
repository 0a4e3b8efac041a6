import { describe, expect, it } from "vitest";
import { diffContent, readContent } from "./content";

const said = (role: string, content: string) => ({ role, content });
const shape = (diff: ReturnType<typeof diffContent>) => diff.messages.map(({ name, change }) => `${name} ${change}`);

describe("comparing prompt versions", () => {
  it("pairs messages of the same role in order", () => {
    const diff = diffContent(
      { messages: [said("system", "Be kind."), said("user", "{{question}}")] },
      { messages: [said("system", "Be brief."), said("user", "{{question}}")] },
    );
    expect(shape(diff)).toEqual(["system changed", "user same"]);
    expect(diff).toMatchObject({ added: 1, removed: 1, exact: true });
    expect(diff.hunks).toHaveLength(1);
  });
  it("sees an inserted example as inserted, not as a change of what follows", () => {
    const diff = diffContent(
      { messages: [said("system", "s"), said("user", "{{question}}")] },
      { messages: [said("system", "s"), said("user", "2+2?"), said("assistant", "4"), said("user", "{{question}}")] },
    );
    expect(shape(diff)).toEqual(["system same", "user added", "assistant added", "user same"]);
  });
  it("does not pair messages of different roles", () => {
    expect(shape(diffContent({ messages: [said("system", "a")] }, { messages: [said("user", "a")] }))).toEqual([
      "system removed",
      "user added",
    ]);
  });
  it("shows parts and further fields of a message as JSON", () => {
    const diff = diffContent(
      { messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }] },
      { messages: [{ role: "user", content: [{ type: "text", text: "hello" }], name: "bob" }] },
    );
    expect(diff.messages[0]?.change).toBe("changed");
    expect(diff.hunks.map(({ after }) => after).join("")).toContain('"name": "bob"');
  });
  it("compares parameters by dotted name and tells absent from null", () => {
    const { parameters, hunks } = diffContent(
      { model: "a", parameters: { temperature: 0, stop: ["x"], response_format: { type: "text" }, seed: null } },
      { model: "b", parameters: { temperature: 0, top_p: 1, response_format: { type: "json" }, stop: ["x"] } },
    );
    expect(parameters).toEqual([
      { name: "model", change: "changed", before: '"a"', after: '"b"', number: 1 },
      { name: "temperature", change: "same", before: "0", after: "0", number: null },
      { name: "stop", change: "same", before: '["x"]', after: '["x"]', number: null },
      { name: "response_format.type", change: "changed", before: '"text"', after: '"json"', number: 2 },
      { name: "seed", change: "removed", before: "null", after: null, number: 3 },
      { name: "top_p", change: "added", before: null, after: "1", number: 4 },
    ]);
    expect(hunks.map(({ kind, where, change }) => [kind, where, change])).toEqual([
      ["model", "model", "changed"],
      ["parameter", "response_format.type", "changed"],
      ["parameter", "seed", "removed"],
      ["parameter", "top_p", "added"],
    ]);
  });
  it("tells text from numbers, and a dot in a name from a name within", () => {
    const { parameters } = diffContent(
      { parameters: { top_k: "0", a: { b: 1 } } },
      { parameters: { top_k: 0, "a.b": 1 } },
    );
    expect(parameters.map(({ name, change }) => [name, change])).toEqual([
      ["top_k", "changed"],
      ["a.b", "removed"],
      ['"a.b"', "added"],
    ]);
  });
  it("counts an empty message that was added", () => {
    const { hunks, added } = diffContent({ messages: [] }, { messages: [said("user", "")] });
    expect(added).toBe(0);
    expect(hunks).toMatchObject([{ kind: "message", where: "user", change: "added", before: null, after: "" }]);
  });
  it("compares tools by name, wherever the name is, in any order", () => {
    const look = { type: "function", function: { name: "look", parameters: { type: "object" } } };
    const { tools } = diffContent(
      { tools: [look, { name: "send" }] },
      { tools: [{ name: "send", strict: true }, look, { type: "web" }] },
    );
    expect(tools.map(({ name, change }) => [name, change])).toEqual([
      ["look", "same"],
      ["send", "changed"],
      ["tool 3", "added"],
    ]);
  });
  it("reads content of any form without leaving anything out", () => {
    const known = { messages: [said("user", "x")], parameters: { temperature: 0 }, model: "m" };
    expect(readContent(known)).toMatchObject(known);
    expect(readContent({ ...known, variables: ["a"] }).parameters).toEqual({
      temperature: 0,
      content: { variables: ["a"] },
    });
    expect(readContent({ messages: "plain" })).toMatchObject({
      messages: [],
      parameters: { content: { messages: "plain" } },
    });
    expect(readContent(["odd"]).parameters).toEqual({ content: ["odd"] });
  });
  it("does not indent what is nested without end", () => {
    let deep: unknown = "x";
    for (let i = 0; i < 2000; i++) deep = [deep];
    const { messages } = diffContent({}, readContent({ messages: [{ role: "user", content: deep as string[] }] }));
    expect(messages[0]?.sections).toMatchObject([{ kind: "hunk", rows: [{ changed: true }] }]);
  });
  it("finds nothing between empty contents", () => {
    expect(diffContent({}, { messages: [], parameters: {}, tools: null })).toMatchObject({
      hunks: [],
      parameters: [],
    });
  });
});

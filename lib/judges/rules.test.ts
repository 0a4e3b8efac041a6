import { describe, expect, it } from "vitest";
import { kinship, modelFamily } from "./rules";

describe("the family of a model", () => {
  it.each([
    ["gpt-4-0613", "OpenAI"],
    ["openai:chat:gpt-4o-mini", "OpenAI"],
    ["azure/gpt-4o", "OpenAI"],
    ["o3-mini", "OpenAI"],
    ["claude-sonnet-4-5", "Anthropic"],
    ["bedrock:anthropic.claude-3-haiku", "Anthropic"],
    ["Mistral-7B-Instruct-v0.2", "Mistral"],
    ["mistralai/Mixtral-8x7B", "Mistral"],
    ["meta-llama/Llama-3-8b", "Meta"],
    ["gemini-2.5-pro", "Google"],
    ["judge-large-2026-06", null],
    ["keyword match", null],
    ["", null],
    [null, null],
    ["42", null],
  ])("of %s is %s", (name, family) => {
    expect(modelFamily(name)).toBe(family);
  });
});

describe("judge and writers", () => {
  it("are kin where both names tell one family", () => {
    expect(kinship("gpt-5", ["gpt-4o", "claude-3", "gpt-4o", ""])).toEqual({
      own: "OpenAI",
      kin: ["gpt-4o"],
      others: ["claude-3"],
      open: true,
    });
  });
  it("are of other families only where both are known", () => {
    expect(kinship("gpt-5", ["claude-3"])).toMatchObject({ kin: [], others: ["claude-3"], open: false });
    expect(kinship("gpt-5", ["answers-medium"])).toMatchObject({ kin: [], others: [], open: true });
    expect(kinship("judge-large", ["judge-small", "gpt-5"])).toMatchObject({ own: null, kin: [], others: [] });
  });
});

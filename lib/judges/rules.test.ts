import { describe, expect, it } from "vitest";
import { modelFamily } from "./rules";

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
    ["acme-judge-2", "acme"],
    ["acme-writer-7", "acme"],
    ["string match", "string"],
    ["", null],
    [null, null],
    ["42", null],
  ])("of %s is %s", (name, family) => {
    expect(modelFamily(name)).toBe(family);
  });
});

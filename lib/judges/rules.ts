/** Names that vendors give their models, by the family that trained them: whoever shares it shares its ways of writing. */
const families: Record<string, readonly string[]> = {
  OpenAI: ["openai", "gpt", "chatgpt", "davinci", "o1", "o3", "o4"],
  Anthropic: ["anthropic", "claude"],
  Google: ["google", "gemini", "gemma", "palm", "vertex"],
  Meta: ["meta", "llama", "codellama"],
  Mistral: ["mistral", "mistralai", "mixtral", "ministral", "codestral", "magistral"],
  Alibaba: ["qwen", "qwq", "alibaba"],
  DeepSeek: ["deepseek"],
  Cohere: ["cohere", "command"],
  xAI: ["xai", "grok"],
  Microsoft: ["microsoft", "phi"],
  Amazon: ["amazon", "nova", "titan"],
};

/**
 * The family of a model by its name: that of the vendor's known names in it, the most telling (the last) part first, so that
 * `azure/gpt-4o` is OpenAI's; else the name's first word. Null without a name.
 */
export function modelFamily(name: string | null | undefined): string | null {
  const text = (name ?? "").toLowerCase();
  for (const part of text.split(/[/:]/).reverse()) {
    for (const word of part.match(/o[134](?![a-z0-9])|[a-z]+/g) ?? []) {
      const found = Object.entries(families).find(([, names]) => names.includes(word));
      if (found) return found[0];
    }
  }
  return /[a-z]{2,}/.exec(text)?.[0] ?? null;
}

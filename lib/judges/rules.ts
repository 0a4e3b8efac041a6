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
 * `azure/gpt-4o` is OpenAI's. Null where no known name is in it: another word in a name tells nothing of who trained it.
 */
export function modelFamily(name: string | null | undefined): string | null {
  const text = (name ?? "").toLowerCase();
  for (const part of text.split(/[/:]/).reverse()) {
    for (const word of part.match(/o[134](?![a-z0-9])|[a-z]+/g) ?? []) {
      const found = Object.entries(families).find(([, names]) => names.includes(word));
      if (found) return found[0];
    }
  }
  return null;
}

/** Whether a judge and who wrote the answers it judged come from one house, as far as the names of their models tell. */
export function kinship(judge: string, writers: readonly string[]) {
  const own = modelFamily(judge);
  const names = [...new Set(writers)];
  const known = own === null ? [] : names.filter((name) => modelFamily(name) !== null);
  return {
    own,
    kin: known.filter((name) => modelFamily(name) === own),
    others: known.filter((name) => modelFamily(name) !== own),
    /** Some writers' family is not known. */
    open: known.length < names.length,
  };
}

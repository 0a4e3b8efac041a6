export type DraftMessage = { role: string; content: string };

/** The content of the draft as JSON; null while `settings` is no JSON object. */
export function contentOf(messages: DraftMessage[], settings: string): string | null {
  try {
    const rest: unknown = JSON.parse(settings.trim() || "{}");
    if (typeof rest !== "object" || rest === null || Array.isArray(rest)) return null;
    return JSON.stringify({ ...rest, messages });
  } catch {
    return null;
  }
}

import type { Periods } from "@/lib/privacy/schema";

/** As the form and the address have them: an empty field is for ever. Not checked yet. */
export function readPeriods(get: (name: string) => unknown): Record<keyof Periods, unknown> {
  const days = (name: string) => {
    const text = String(get(name) ?? "").trim();
    return text === "" ? null : Number(text);
  };
  return { runsDays: days("runsDays"), inputs: get("inputs") === "on" };
}

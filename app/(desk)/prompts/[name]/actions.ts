"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { z } from "zod";
import { Fault } from "@/lib/errors";
import { moveLabel, pushVersion } from "@/lib/prompts/commands";
import { askUnprotect, endUnprotect, protectLabel } from "@/lib/prompts/protection";
import { pushVersionSchema } from "@/lib/prompts/schema";
import { act, type Outcome } from "../../_action";
import { versionHref } from "../_links";

export async function moveLabelAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const { expected, ...input } = z
      .object({
        ...{ prompt: z.string(), label: z.string(), version: z.string(), reason: z.string() },
        // Where the label pointed when the form was shown; empty: there was none.
        expected: z.string(),
      })
      .parse(Object.fromEntries(form));
    const moved = await moveLabel({ actor, input: { ...input, expected: expected || undefined } });
    revalidatePath("/prompts", "layout");
    const { label, version, unchanged, rolledBack } = moved;
    if (unchanged) return { message: `${label} pointed to ${version} already.` };
    return { message: rolledBack ? `${label} is back at ${version}.` : `${label} points to ${version} now.` };
  });
}

const protectForm = z.object({ prompt: z.string(), label: z.string(), reason: z.string() });

export async function protectLabelAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const input = protectForm.parse(Object.fromEntries(form));
    await protectLabel({ actor, input });
    revalidatePath("/prompts", "layout");
    return { message: `${input.label} is protected now.` };
  });
}

export async function askUnprotectAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    await askUnprotect({ actor, input: protectForm.parse(Object.fromEntries(form)) });
    revalidatePath("/prompts", "layout");
    return { message: "Asked. The label stays protected until another administrator confirms." };
  });
}

export async function endUnprotectAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const input = z
      .object({ id: z.coerce.number(), outcome: z.enum(["done", "withdrawn"]) })
      .parse(Object.fromEntries(form));
    await endUnprotect({ actor, input });
    revalidatePath("/prompts", "layout");
    return { message: input.outcome === "done" ? "The label is protected no more." : "The label stays protected." };
  });
}

const text = z.string().max(2_000_000);

/** The form sends the content as JSON, in one field. */
export async function pushVersionAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const field = (name: string) => text.parse(form.get(name) ?? "");
    const prompt = field("prompt");
    const input = pushVersionSchema.parse({
      prompt,
      key: field("key").trim() || undefined,
      message: field("message") || undefined,
      parent: field("parent") || undefined,
      content: readJson(field("content")),
    });
    const { version, unchanged } = await pushVersion({ actor, input });
    if (unchanged) {
      throw new Fault("conflict", `Nothing is different: this is the content of ${version}.`, { field: "content" });
    }
    revalidatePath("/prompts", "layout");
    redirect(versionHref(prompt, version));
  });
}

function readJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    throw new Fault("invalid", "The content is not JSON.", { field: "content" });
  }
}

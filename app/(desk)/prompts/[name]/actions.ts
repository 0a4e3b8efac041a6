"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { z } from "zod";
import { Fault } from "@/lib/errors";
import { moveLabel, pushVersion } from "@/lib/prompts/commands";
import { pushVersionSchema } from "@/lib/prompts/schema";
import { act, type Outcome } from "../../_action";
import { versionHref } from "../_links";

export async function moveLabelAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const input = z
      .object({ prompt: z.string(), label: z.string(), version: z.string(), reason: z.string() })
      .parse(Object.fromEntries(form));
    const { label, version, unchanged } = await moveLabel({ actor, input });
    revalidatePath("/prompts", "layout");
    return { message: unchanged ? `${label} pointed to ${version} already.` : `${label} points to ${version} now.` };
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

"use server";

import { revalidatePath } from "next/cache";
import { decideRedaction, withdrawRedaction } from "@/lib/privacy/commands";
import { decideSchema } from "@/lib/privacy/schema";
import { act, type Outcome } from "../../_action";

export async function approveRemovalAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = decideSchema.parse({ id: form.get("id"), decision: "approve" });
    const { texts } = await decideRedaction({ actor, input });
    revalidatePath("/", "layout");
    return { message: `Removed: ${texts} ${texts === 1 ? "text" : "texts"}.` };
  });
}

export async function refuseRemovalAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = decideSchema.parse({ id: form.get("id"), decision: "refuse", answer: form.get("answer") });
    await decideRedaction({ actor, input });
    revalidatePath("/settings/privacy");
    return { message: "Refused. Nothing was removed." };
  });
}

export async function withdrawRemovalAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    await withdrawRedaction({ actor, input: { id: Number(form.get("id")) } });
    revalidatePath("/settings/privacy");
    return { message: "Taken back. Nothing was removed." };
  });
}

"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { z } from "zod";
import { createRelease } from "@/lib/releases/commands";
import { act, type Outcome } from "../../_action";

const text = z.string().max(300);

export async function createReleaseAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const field = (name: string) => text.parse(form.get(name) ?? "");
    const primary = field("primary");
    const criteria = [primary, ...z.array(text).parse(form.getAll("criteria"))].filter((key) => key !== "");
    const input = {
      prompt: field("prompt"),
      baseline: field("baseline"),
      candidate: field("candidate"),
      dataset: field("dataset") || undefined,
      policy: field("policy") || undefined,
      criteria: criteria.length > 0 ? [...new Set(criteria)] : undefined,
      judges: Object.fromEntries(criteria.map((key) => [key, field(`judge:${key}`) || null])),
    };
    const { id } = await createRelease({ actor, input });
    revalidatePath("/releases");
    redirect(`/releases/${id}`);
  });
}

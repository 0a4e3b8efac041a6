"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import { tagNameSchema } from "@/lib/review/schema";
import { addExample, createTag, removeExample, renameTag } from "@/lib/review/taxonomy";
import { act, type Outcome } from "../../_action";

const id = z.coerce.number().int();
const text = z.string().max(10_000);

export async function createTagAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const name = tagNameSchema.parse(form.get("name"));
    await createTag({ actor, input: { name } });
    revalidatePath("/settings/grading");
    return { message: `Added “${name}”. Graders are offered it from now on.` };
  });
}

export async function renameTagAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const [was, name] = [text.parse(form.get("was")), tagNameSchema.parse(form.get("name"))];
    const input = { tagId: id.parse(form.get("id")), name, merge: form.get("merge") === name };
    const { merged } = await renameTag({ actor, input });
    revalidatePath("/settings/grading");
    return { message: merged ? `Merged “${was}” into “${name}”.` : `Renamed “${was}” to “${name}”.` };
  });
}

export async function addExampleAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const [verdict, example, why] = ["verdict", "text", "why"].map((name) => text.parse(form.get(name) ?? ""));
    const input = { criterionId: id.parse(form.get("id")), verdict: verdict!, text: example!, why: why! };
    await addExample({ actor, input });
    revalidatePath("/settings/grading");
    return { message: "Added. Graders see it from the next case on." };
  });
}

export async function removeExampleAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    await removeExample({ actor, input: { exampleId: id.parse(form.get("id")) } });
    revalidatePath("/settings/grading");
    return { message: "Taken out. Graders don’t see it from the next case on." };
  });
}

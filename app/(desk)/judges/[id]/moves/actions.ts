"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import { plural } from "@/components/ui/format";
import { createAnchor, createAnchorSchema } from "@/lib/judges/anchors";
import { acknowledgeAlarm, acknowledgeAlarmSchema } from "@/lib/judges/commands";
import { act, type Outcome } from "../../../_action";

export async function createAnchorAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const judgeId = z.coerce.number().int().positive().parse(form.get("judgeId"));
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const input = createAnchorSchema.parse({
      name: text("name"),
      run: text("run"),
      choice:
        text("how") === "graded"
          ? { how: "graded", release: text("release") }
          : { how: "random", size: text("size"), seed: text("seed") || undefined },
    });
    const { size } = await createAnchor({ actor, judgeId, input });
    revalidatePath(`/judges/${judgeId}/moves`);
    return { message: `Froze ${plural(size, "answer")} as “${input.name}”.` };
  });
}

export async function acknowledgeAlarmAction(
  _before: Outcome<string> | null,
  form: FormData,
): Promise<Outcome<string>> {
  return act(async (actor) => {
    const judgeId = z.coerce.number().int().positive().parse(form.get("judgeId"));
    const input = acknowledgeAlarmSchema.parse({ version: form.get("version"), reason: form.get("reason") ?? "" });
    await acknowledgeAlarm({ actor, judgeId, input });
    revalidatePath(`/judges/${judgeId}`);
    return { message: "Acknowledged." };
  });
}

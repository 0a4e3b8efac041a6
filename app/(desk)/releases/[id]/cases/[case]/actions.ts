"use server";

import { revalidatePath } from "next/cache";
import { requestRedaction } from "@/lib/privacy/commands";
import { requestSchema } from "@/lib/privacy/schema";
import { act, type Outcome } from "../../../../_action";

export async function askRemovalAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const given = Object.fromEntries(["caseId", "scope", "runId", "reason"].map((name) => [name, form.get(name)]));
    const input = requestSchema.parse({ ...given, runId: given.runId ?? undefined });
    await requestRedaction({ actor, input });
    revalidatePath("/settings/privacy");
    revalidatePath("/releases/[id]/cases/[case]", "page");
    return { message: "Asked. It waits under Settings, Privacy, for somebody else's approval." };
  });
}

"use server";

import { revalidatePath } from "next/cache";
import { decideRetention, requestRetention, withdrawRetention } from "@/lib/privacy/retention";
import { decideRetentionSchema, retentionSchema } from "@/lib/privacy/schema";
import { act, type Outcome } from "../../../_action";
import { readPeriods } from "./_periods";

const page = "/settings/privacy/retention";

export async function requestRetentionAction(
  _before: Outcome<string> | null,
  form: FormData,
): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = retentionSchema.parse({ ...readPeriods((name) => form.get(name)), reason: form.get("reason") });
    await requestRetention({ actor, input });
    revalidatePath(page);
    return { message: "Asked for. It holds once somebody else approves it." };
  });
}

export async function decideRetentionAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = decideRetentionSchema.parse({ id: form.get("id"), decision: form.get("decision") });
    await decideRetention({ actor, input });
    revalidatePath(page);
    return { message: input.decision === "approve" ? "Approved. It holds from now on." : "Refused. Nothing changed." };
  });
}

export async function withdrawRetentionAction(
  _before: Outcome<string> | null,
  form: FormData,
): Promise<Outcome<string>> {
  return act(async (actor) => {
    await withdrawRetention({ actor, input: { id: Number(form.get("id")) } });
    revalidatePath(page);
    return { message: "Taken back. Nothing changed." };
  });
}

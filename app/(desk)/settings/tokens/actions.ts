"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import { nameSchema } from "@/lib/auth/schema";
import { createToken, revokeToken } from "@/lib/auth/tokens";
import { act, type Outcome } from "../../_action";

export async function createTokenAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = z
      .object({ name: nameSchema, days: z.coerce.number().int().min(1).max(366) })
      .parse({ name: form.get("name"), days: form.get("days") });
    const { token } = await createToken({ actor, input });
    revalidatePath("/settings/tokens");
    return { message: "Copy the token now: it is not shown again.", value: token };
  });
}

export async function revokeTokenAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    await revokeToken({ actor, input: { id: z.coerce.number().int().parse(form.get("id")) } });
    revalidatePath("/settings/tokens");
    return { message: "Token revoked." };
  });
}

"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { setPassword, signOutEverywhere } from "@/lib/auth/account";
import { Fault } from "@/lib/errors";
import { act, type Outcome } from "../../_action";

export async function setPasswordAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const next = String(form.get("password") ?? "");
    if (next !== form.get("repeat")) throw new Fault("invalid", "The two passwords differ.", { field: "repeat" });
    await setPassword({ actor, input: { current: String(form.get("current") ?? ""), next } });
    revalidatePath("/settings/account");
    return { message: "Password set." };
  });
}

export async function signOutEverywhereAction(): Promise<void> {
  await act(async (actor) => {
    await signOutEverywhere(actor);
    return undefined;
  });
  redirect("/sign-in");
}

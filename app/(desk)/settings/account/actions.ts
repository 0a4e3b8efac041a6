"use server";

import type { PublicKeyCredentialCreationOptionsJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { setPassword, signOutEverywhere } from "@/lib/auth/account";
import { beginRegistration, finishRegistration, removePasskey, renamePasskey } from "@/lib/auth/passkeys";
import { attestationSchema } from "@/lib/auth/schema";
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

const text = (form: FormData, name: string) => String(form.get(name) ?? "").slice(0, 1000);

type AskedForPasskey = { challengeId: string; options: PublicKeyCredentialCreationOptionsJSON };

export async function askForPasskeyAction(form: FormData): Promise<Outcome<AskedForPasskey>> {
  return act(async (actor) => ({
    value: await beginRegistration({ actor, input: { password: text(form, "password") } }),
  }));
}

export async function keepPasskeyAction(
  challengeId: string,
  name: string,
  response: RegistrationResponseJSON,
): Promise<Outcome> {
  return act(async (actor) => {
    const input = {
      challengeId: String(challengeId),
      name: String(name),
      response: attestationSchema.parse(response) as RegistrationResponseJSON,
    };
    await finishRegistration({ actor, input });
    revalidatePath("/settings/account");
    return { message: "The passkey is added: you can sign with it." };
  });
}

export async function renamePasskeyAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    await renamePasskey({ actor, input: { id: text(form, "id"), name: text(form, "name") } });
    revalidatePath("/settings/account");
    return { message: "Renamed." };
  });
}

export async function removePasskeyAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    await removePasskey({ actor, input: { id: text(form, "id"), password: text(form, "password") } });
    revalidatePath("/settings/account");
    return { message: "The passkey is removed." };
  });
}

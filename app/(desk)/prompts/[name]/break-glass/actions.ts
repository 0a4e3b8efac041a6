"use server";

import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { revalidatePath } from "next/cache";
import type { Asked } from "@/lib/auth/passkeys";
import { askToBreakGlass, breakGlassWithPasskey, breakGlassWithPassword } from "@/lib/releases/break-glass";
import { act, type Outcome } from "../../../_action";
import { passkeyAnswer, passwordOf } from "../../../_reauthentication";

function move(form: FormData) {
  const text = (name: string) => String(form.get(name) ?? "");
  return { prompt: text("prompt"), label: text("label"), version: text("version"), reason: text("reason") };
}

function done(label: string, version: string): { message: string } {
  revalidatePath("/", "layout");
  return { message: `${label} points to ${version} now, without an approval. Every release manager is told.` };
}

export async function breakGlassAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const input = { ...move(form), password: passwordOf(form) };
    const { version } = await breakGlassWithPassword({ actor, input });
    return done(input.label, version);
  });
}

export async function askToBreakGlassAction(form: FormData): Promise<Outcome<Asked>> {
  return act(async (actor) => ({ value: await askToBreakGlass({ actor, input: move(form) }) }));
}

export async function breakGlassWithPasskeyAction(
  form: FormData,
  challengeId: string,
  response: AuthenticationResponseJSON,
): Promise<Outcome> {
  return act(async (actor) => {
    const answer = passkeyAnswer(challengeId, response);
    const input = { ...move(form), ...answer };
    const { version } = await breakGlassWithPasskey({ actor, input });
    return done(input.label, version);
  });
}

import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { z } from "zod";
import { assertionSchema } from "@/lib/auth/schema";

/** The password that a form gives again. */
export function passwordOf(form: FormData): string {
  return String(form.get("password") ?? "").slice(0, 1000);
}

/** A passkey's answer as the browser sent it: its shape is checked here, what it says where it is used. */
export function passkeyAnswer(challengeId: string, response: AuthenticationResponseJSON) {
  return {
    challengeId: z.string().max(100).parse(challengeId),
    response: assertionSchema.parse(response) as AuthenticationResponseJSON,
  };
}

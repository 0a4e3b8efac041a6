import { startAuthentication } from "@simplewebauthn/browser";
import { useSyncExternalStore } from "react";
import type { Asked } from "@/lib/auth/passkeys";
import type { Outcome } from "./_action";

type Response = Awaited<ReturnType<typeof startAuthentication>>;

/** Asks the server what to sign, a passkey to sign it, and gives the server the answer. `nothing`: what did not happen when none was used. */
export async function signWith(
  ask: () => Promise<Outcome<Asked>>,
  answer: (challengeId: string, response: Response) => Promise<Outcome>,
  nothing: string,
): Promise<Outcome> {
  const asked = await ask();
  if (!asked.ok) return asked;
  try {
    const response = await startAuthentication({ optionsJSON: asked.value!.options });
    return await answer(asked.value!.challengeId, response);
  } catch (error) {
    const { name } = error as Error;
    if (name !== "NotAllowedError" && name !== "AbortError") throw error;
    return { ok: false, code: "invalid", message: `The passkey was not used. ${nothing}` };
  }
}

/** Where the page is open: passkeys work at one origin alone. Null on the server. */
export function useOrigin(): string | null {
  return useSyncExternalStore(noChanges, ownOrigin, serverOrigin);
}

const noChanges = () => () => undefined;
const ownOrigin = () => window.location.origin;
const serverOrigin = () => null;

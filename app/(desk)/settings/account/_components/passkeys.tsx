"use client";

import { startRegistration } from "@simplewebauthn/browser";
import { useSyncExternalStore } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Outcome } from "../../../_action";
import { useForm } from "../../../_form";
import { ActionForm } from "../../_components/action-form";
import { askForPasskeyAction, keepPasskeyAction, removePasskeyAction, renamePasskeyAction } from "../actions";

export type PasskeyShown = {
  id: string;
  name: string;
  backedUp: boolean;
  createdAt: string;
  lastUsedAt: string | null;
};

type Props = { passkeys: PasskeyShown[]; hasPassword: boolean; origin: string | null };

/** A person's passkeys: what each is called, since when, and the forms that add, rename and remove one. */
export function Passkeys({ passkeys, hasPassword, origin }: Props) {
  const own = useSyncExternalStore(noChanges, ownOrigin, serverOrigin);
  return (
    <div className="flex flex-col gap-4">
      {passkeys.length === 0 && <p className="text-muted">None yet.</p>}
      <ul className="flex flex-col">
        {passkeys.map((passkey) => (
          <li key={passkey.id} className="flex flex-col gap-2 border-t border-line py-3">
            <p className="[overflow-wrap:anywhere]">
              <span className="font-medium">
                <UntrustedText text={passkey.name} />
              </span>{" "}
              <span className="text-sm text-muted">
                {passkey.backedUp ? "kept by your password manager" : "on one device"}, added{" "}
                <RelativeTime date={passkey.createdAt} />,{" "}
                {passkey.lastUsedAt ? (
                  <>
                    last used <RelativeTime date={passkey.lastUsedAt} />
                  </>
                ) : (
                  "not used yet"
                )}
              </span>
            </p>
            <div className="flex flex-wrap gap-x-6 gap-y-2">
              <details>
                <summary className="min-h-6 cursor-pointer text-accent">Rename</summary>
                <ActionForm action={renamePasskeyAction} submit="Rename" variant="secondary" className={inner}>
                  <input type="hidden" name="id" value={passkey.id} />
                  <Field label={`New name of ${passkey.name}`}>
                    <Input name="name" required maxLength={100} defaultValue={passkey.name} />
                  </Field>
                </ActionForm>
              </details>
              <details>
                <summary className="min-h-6 cursor-pointer text-accent">Remove</summary>
                <ActionForm action={removePasskeyAction} submit="Remove passkey" variant="danger" className={inner}>
                  <input type="hidden" name="id" value={passkey.id} />
                  <Field
                    label={`Your password, to remove ${passkey.name}`}
                    hint="What it signed stays verifiable. Remove it on the device too."
                  >
                    <Input name="password" type="password" required autoComplete="current-password" />
                  </Field>
                </ActionForm>
              </details>
            </div>
          </li>
        ))}
      </ul>
      {origin === null ? (
        <Notice>
          Passkeys need a server with a name, reached over https. Whoever runs this one sets NEXTAUTH_URL to its
          address.
        </Notice>
      ) : own !== null && own !== origin ? (
        <Notice>
          A browser binds passkeys to a name. Open{" "}
          <a href={`${origin}/settings/account`} className="underline underline-offset-2">
            {origin}/settings/account
          </a>{" "}
          to add one.
        </Notice>
      ) : hasPassword ? (
        <AddPasskey />
      ) : (
        <Notice>Set a password first: adding a passkey asks for it.</Notice>
      )}
    </div>
  );
}

function AddPasskey() {
  const [outcome, form, busy] = useForm((_: Outcome | null, data: FormData) => add(data), { empties: true });
  const wrong = (field: string) => (outcome && !outcome.ok && outcome.field === field ? outcome.message : undefined);
  return (
    <form {...form} className="flex flex-col gap-4">
      <Field label="Name of the new passkey" hint="So that you know it again: laptop, security key, phone">
        <Input name="name" required maxLength={100} />
      </Field>
      <Field label="Your password" hint="A passkey can sign from then on" error={wrong("password")}>
        <Input name="password" type="password" required autoComplete="current-password" />
      </Field>
      <div aria-live="polite">
        {outcome?.ok && <Notice tone="success">{outcome.message}</Notice>}
        {outcome && !outcome.ok && outcome.field !== "password" && <Notice tone="danger">{outcome.message}</Notice>}
      </div>
      <div>
        <Button type="submit" variant="primary" disabled={busy}>
          Add passkey
        </Button>
      </div>
    </form>
  );
}

async function add(form: FormData): Promise<Outcome> {
  const asked = await askForPasskeyAction(form);
  if (!asked.ok) return asked;
  try {
    const response = await startRegistration({ optionsJSON: asked.value!.options });
    return await keepPasskeyAction(asked.value!.challengeId, String(form.get("name") ?? ""), response);
  } catch (error) {
    const { name } = error as Error;
    if (name === "InvalidStateError")
      return { ok: false, code: "conflict", message: "That device holds a passkey of yours already." };
    if (name !== "NotAllowedError" && name !== "AbortError") throw error;
    return { ok: false, code: "invalid", message: "No passkey was made." };
  }
}

const inner = "flex max-w-sm flex-col gap-3 py-2";
const noChanges = () => () => undefined;
const ownOrigin = () => window.location.origin;
const serverOrigin = () => null;

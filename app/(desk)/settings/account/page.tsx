import type { Metadata } from "next";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { hasPassword } from "@/lib/auth/account";
import { listPasskeys, relyingParty } from "@/lib/auth/passkeys";
import { shortestPassword } from "@/lib/auth/password";
import { requireActor } from "@/lib/auth/session";
import { ActionForm } from "../_components/action-form";
import { Passkeys } from "./_components/passkeys";
import { setPasswordAction, signOutEverywhereAction } from "./actions";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  const actor = await requireActor();
  const [has, passkeys] = await Promise.all([hasPassword(actor), listPasskeys(actor)]);
  return (
    <>
      <section aria-labelledby="password" className="flex max-w-md flex-col gap-3">
        <h2 id="password" className="text-lg font-semibold">
          {has ? "Change password" : "Set a password"}
        </h2>
        <p className="text-muted">
          <UntrustedText text={actor.name} />, {actor.email}. Signing a release asks for the password or a passkey
          again.
        </p>
        <ActionForm action={setPasswordAction} submit={has ? "Change password" : "Set password"}>
          <input type="hidden" name="username" autoComplete="username" value={actor.email} />
          {has && (
            <Field label="Current password">
              <Input name="current" type="password" autoComplete="current-password" required />
            </Field>
          )}
          <Field label="New password" hint={`At least ${shortestPassword} characters.`}>
            <Input name="password" type="password" autoComplete="new-password" required minLength={shortestPassword} />
          </Field>
          <Field label="New password again">
            <Input name="repeat" type="password" autoComplete="new-password" required minLength={shortestPassword} />
          </Field>
        </ActionForm>
      </section>
      <section aria-labelledby="passkeys" className="flex max-w-md flex-col gap-3">
        <h2 id="passkeys" className="text-lg font-semibold">
          Passkeys
        </h2>
        <p className="text-muted">
          A passkey signs the very decision, and its signature stays with the record: anybody can verify it later.
        </p>
        <Passkeys
          hasPassword={has}
          origin={relyingParty()?.origin ?? null}
          passkeys={passkeys.map(({ createdAt, lastUsedAt, ...passkey }) => ({
            ...passkey,
            createdAt: createdAt.toISOString(),
            lastUsedAt: lastUsedAt?.toISOString() ?? null,
          }))}
        />
      </section>
      <section aria-labelledby="sessions" className="flex flex-col gap-3">
        <h2 id="sessions" className="text-lg font-semibold">
          Sessions
        </h2>
        <p className="text-muted">Ends every session of yours, on this and all other devices.</p>
        <form action={signOutEverywhereAction}>
          <Button type="submit" variant="secondary">
            Sign out everywhere
          </Button>
        </form>
      </section>
    </>
  );
}

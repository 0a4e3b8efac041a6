"use client";

import { useRouter } from "next/navigation";
import { signIn } from "next-auth/react";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";

type Props = { secret: string; name: string; isInvitation: boolean; hasPassword: boolean; shortest: number };

export function LinkForm({ secret, name, isInvitation, hasPassword, shortest }: Props) {
  const router = useRouter();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const password = String(form.get("password") ?? "");
    // The link is used up by the attempt, so what can be checked here is checked first.
    if (!hasPassword && password !== "" && password.length < shortest) {
      setProblem(`A password has at least ${shortest} characters.`);
      return;
    }
    setBusy(true);
    const answer = await signIn("link", { redirect: false, secret, password, name: String(form.get("name") ?? name) });
    if (answer?.ok) {
      router.replace("/");
      router.refresh();
      return;
    }
    setBusy(false);
    setProblem(
      hasPassword && isInvitation
        ? "That is not the password of this account, or the link no longer works."
        : "This link no longer works. Ask for a new one.",
    );
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {problem && <Notice tone="danger">{problem}</Notice>}
      {isInvitation && !hasPassword && (
        <Field label="Your name, as signatures will show it">
          <Input name="name" defaultValue={name} autoComplete="name" required maxLength={100} />
        </Field>
      )}
      {hasPassword && isInvitation && (
        <Field label="Your password" hint="You have an account here already; joining asks for its password.">
          <Input name="password" type="password" autoComplete="current-password" required />
        </Field>
      )}
      {!hasPassword && (
        <Field
          label={isInvitation ? "Choose a password" : "Choose a password (optional)"}
          hint={`At least ${shortest} characters. Signing a release asks for it again${isInvitation ? "" : "; you can set it later under Account"}.`}
        >
          <Input name="password" type="password" autoComplete="new-password" required={isInvitation} />
        </Field>
      )}
      <Button type="submit" variant="primary" disabled={busy}>
        {isInvitation ? "Join and sign in" : "Sign in"}
      </Button>
    </form>
  );
}

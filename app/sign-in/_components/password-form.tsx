"use client";

import { useRouter } from "next/navigation";
import { signIn } from "next-auth/react";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";

export function PasswordForm({ returnTo }: { returnTo: string }) {
  const router = useRouter();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    const answer = await signIn("password", {
      redirect: false,
      email: String(form.get("email")),
      password: String(form.get("password")),
    });
    if (answer?.ok) {
      router.replace(returnTo);
      router.refresh();
      return;
    }
    setBusy(false);
    setProblem(
      answer?.error === "rate_limited"
        ? "Too many attempts. Wait a quarter of an hour, or ask for a one-time link."
        : "E-mail and password do not belong together.",
    );
  }

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {problem && <Notice tone="danger">{problem}</Notice>}
      <Field label="E-mail">
        <Input name="email" type="email" autoComplete="username" required />
      </Field>
      <Field label="Password">
        <Input name="password" type="password" autoComplete="current-password" required />
      </Field>
      <Button type="submit" variant="primary" disabled={busy}>
        Sign in
      </Button>
    </form>
  );
}

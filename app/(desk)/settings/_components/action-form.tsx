"use client";

import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Outcome } from "../../_action";
import { useForm } from "../../_form";

type Action = (before: Outcome<string> | null, form: FormData) => Promise<Outcome<string>>;
type Props = {
  action: Action;
  submit: ReactNode;
  children: ReactNode;
  variant?: "primary" | "secondary" | "danger" | "ghost";
  /** A value shown once after success: a link or a secret. Paths become addresses of this site. */
  reveals?: "link" | "secret";
  className?: string;
};

/** A form on a server action: shows what was refused and why, and what was made. */
export function ActionForm({ action, submit, children, variant = "primary", reveals, className }: Props) {
  const [outcome, form, busy] = useForm(action, { empties: true });
  const value = outcome?.ok ? outcome.value : undefined;
  const shown = value && reveals === "link" ? `${window.location.origin}${value}` : value;
  return (
    <form {...form} className={className ?? "flex flex-col gap-4"}>
      {children}
      <div>
        <Button type="submit" variant={variant} disabled={busy}>
          {submit}
        </Button>
      </div>
      <div aria-live="polite">
        {outcome && !outcome.ok && <Notice tone="danger">{outcome.message}</Notice>}
        {outcome?.ok && outcome.message && (
          <Notice tone="success">
            <p>
              <UntrustedText text={outcome.message} />
            </p>
            {shown && (
              <p className="mt-2 flex items-center gap-2">
                <code className="min-w-0 break-all font-mono text-sm">{shown}</code>
                <CopyButton text={shown} label={reveals === "secret" ? "Copy token" : "Copy link"} />
              </p>
            )}
          </Notice>
        )}
      </div>
    </form>
  );
}

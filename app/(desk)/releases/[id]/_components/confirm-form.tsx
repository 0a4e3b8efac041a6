"use client";

import { type ReactNode, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { Textarea } from "@/components/ui/textarea";
import type { Outcome } from "../../../_action";
import { useForm } from "../../../_form";

type Props = {
  action: (before: Outcome | null, form: FormData) => Promise<Outcome>;
  releaseId: number;
  label: string;
  title: string;
  description: string;
  variant?: "primary" | "secondary" | "danger";
  asksReason?: boolean;
  children?: ReactNode;
};

/** A button that says what will happen before it does. */
export function ConfirmForm(props: Props) {
  const { action, releaseId, label, title, description, variant = "secondary", asksReason, children } = props;
  const [open, setOpen] = useState(false);
  const [outcome, form, busy] = useForm(async (before: Outcome | null, data: FormData) => {
    const result = await action(before, data);
    if (result.ok) setOpen(false);
    return result;
  });
  return (
    <>
      <Button variant={variant} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={title} description={description}>
        <form {...form} className="flex flex-col gap-4">
          <input type="hidden" name="releaseId" value={releaseId} />
          {children}
          {asksReason && (
            <Field label="Reason" hint="Kept in the audit log">
              <Textarea name="reason" maxLength={2000} />
            </Field>
          )}
          {outcome && !outcome.ok && <Notice tone="danger">{outcome.message}</Notice>}
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button type="submit" variant={variant === "danger" ? "danger" : "primary"} disabled={busy}>
              {label}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  );
}

"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { Textarea } from "@/components/ui/textarea";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { useForm } from "../../../../../_form";
import { moveLabelAction } from "../../../actions";

type Props = { prompt: string; label: string; version: string; expected: string };

/** Asks why, and moves the label only from where the page showed it. */
export function RollBackForm({ prompt, label, version, expected }: Props) {
  const [outcome, form, busy] = useForm(moveLabelAction);
  const [reason, setReason] = useState("");
  const refused = outcome && !outcome.ok ? outcome : null;
  return (
    <form {...form} className="flex max-w-2xl flex-col gap-3">
      {Object.entries({ prompt, label, version, expected }).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <Field
        label="Reason"
        hint="Kept in the label's history and in the audit log"
        error={refused?.field === "reason" ? refused.message : undefined}
      >
        <Textarea
          name="reason"
          rows={2}
          required
          maxLength={4000}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
      </Field>
      {refused && refused.field !== "reason" && <Notice tone="danger">{refused.message}</Notice>}
      <div>
        <Button type="submit" variant="danger" disabled={busy}>
          <UntrustedText text={`Roll ${label} back to ${version}`} />
        </Button>
      </div>
    </form>
  );
}

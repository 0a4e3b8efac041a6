"use client";

import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import { ActionForm } from "../../../../settings/_components/action-form";
import { acknowledgeAlarmAction } from "../actions";

/** Says that somebody has seen the alarm and what follows: it then leaves the desk, not the judge's page. */
export function AcknowledgeForm({ judgeId, version }: { judgeId: number; version: number }) {
  return (
    <ActionForm
      action={acknowledgeAlarmAction}
      submit="Acknowledge the alarm"
      variant="secondary"
      className="mb-6 flex max-w-xl flex-col gap-3"
    >
      <input type="hidden" name="judgeId" value={judgeId} />
      <input type="hidden" name="version" value={version} />
      <Field
        label={`Version ${version} moved: what follows from it?`}
        hint="Kept in the audit log; the alarm stays on this page"
      >
        <Textarea name="reason" required maxLength={1000} rows={2} />
      </Field>
    </ActionForm>
  );
}

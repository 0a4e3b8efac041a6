"use client";

import { useState } from "react";
import { ActionForm } from "@/app/(desk)/settings/_components/action-form";
import { Field } from "@/components/ui/field";
import { spelled } from "@/components/ui/invisible";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { type Scope, scopes } from "@/lib/privacy/schema";
import { askRemovalAction } from "../actions";

type Props = { caseId: number; answers: { runId: number; version: string; model: string; at: Date }[] };

/** Asks that content of the case be removed. Somebody else approves it under Settings, Privacy. */
export function AskRemoval({ caseId, answers }: Props) {
  const [scope, setScope] = useState<Scope>("case");
  return (
    <details className="no-print border-t border-line pt-4">
      <summary className="min-h-6 cursor-pointer font-medium">Remove content of this case</summary>
      <ActionForm action={askRemovalAction} submit="Ask for removal" className="mt-3 flex max-w-xl flex-col gap-4">
        <p className="text-muted">
          For personal data, say. Once a second person approves it, the content is gone for good; its SHA-256 stays, so
          that runs, evidence and the log still verify.
        </p>
        <input type="hidden" name="caseId" value={caseId} />
        <Field label="What goes">
          <Select name="scope" value={scope} onChange={(event) => setScope(event.target.value as Scope)}>
            {Object.entries(scopes).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </Select>
        </Field>
        {scope === "output" && (
          <Field label="Whose answer">
            <Select name="runId" required>
              {answers.map(({ runId, version, model, at }) => (
                <option key={runId} value={runId}>
                  {spelled(
                    `${[version, model].filter(Boolean).join(", ")}, run ${runId} of ${at.toISOString().slice(0, 10)}`,
                  )}
                </option>
              ))}
            </Select>
          </Field>
        )}
        <Field label="Why" hint="It is kept and shown for good: do not repeat what is to be removed.">
          <Textarea name="reason" required maxLength={500} rows={2} />
        </Field>
      </ActionForm>
    </details>
  );
}

"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import type { Outcome } from "../../../../_action";
import { useForm } from "../../../../_form";
import { signWith, useOrigin } from "../../../../_passkey";
import { askToBreakGlassAction, breakGlassAction, breakGlassWithPasskeyAction } from "../actions";

type Props = {
  prompt: string;
  labels: { name: string; version: string }[];
  versions: string[];
  hasPassword: boolean;
  passkeyOrigin: string | null;
};

export function BreakGlassForm({ prompt, labels, versions, hasPassword, passkeyOrigin }: Props) {
  const [label, setLabel] = useState(labels[0]!.name);
  const [sure, setSure] = useState(false);
  const origin = useOrigin();
  const withPasskey = passkeyOrigin !== null && passkeyOrigin === origin;
  const [password, setPassword] = useState(!withPasskey);
  const usesPasskey = withPasskey && !(password && hasPassword);
  const [outcome, form, busy] = useForm((before: Outcome | null, data: FormData) =>
    usesPasskey
      ? signWith(
          () => askToBreakGlassAction(data),
          (challengeId, response) => breakGlassWithPasskeyAction(data, challengeId, response),
          "Nothing was moved.",
        )
      : breakGlassAction(before, data),
  );
  const wrong = (field: string) => (outcome && !outcome.ok && outcome.field === field ? outcome.message : undefined);
  // What was typed is not there to be sent once more.
  if (outcome?.ok) {
    return (
      <div aria-live="polite">
        <Notice tone="warning">{outcome.message}</Notice>
      </div>
    );
  }
  const now = labels.find(({ name }) => name === label)?.version;
  return (
    <form {...form} className="flex max-w-2xl flex-col gap-5">
      <input type="hidden" name="prompt" value={prompt} />
      <Field label="Label" hint={now ? `Points to ${now} now` : undefined}>
        <Select name="label" value={label} onChange={({ target }) => setLabel(target.value)}>
          {labels.map(({ name }) => (
            <option key={name} value={name}>
              {spelled(name)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="To the version" error={wrong("version")}>
        <Select name="version">
          {versions
            .filter((key) => key !== now)
            .map((key) => (
              <option key={key} value={key}>
                {spelled(key)}
              </option>
            ))}
        </Select>
      </Field>
      <Field label="What is the emergency?" hint="At least a sentence; kept for good" error={wrong("reason")}>
        <Textarea name="reason" required minLength={10} maxLength={4000} />
      </Field>
      {withPasskey && hasPassword && (
        <Checkbox checked={password} onChange={({ target }) => setPassword(target.checked)}>
          Use the password instead of a passkey
        </Checkbox>
      )}
      {!usesPasskey && (
        <Field label="Your password" error={wrong("password")}>
          <Input name="password" type="password" required autoComplete="current-password" />
        </Field>
      )}
      <Checkbox checked={sure} onChange={({ target }) => setSure(target.checked)}>
        I move this label without an approval, and it will be seen.
      </Checkbox>
      <div aria-live="polite">
        {outcome && !outcome.ok && !["password", "reason", "version"].includes(outcome.field ?? "") && (
          <Notice tone="danger">{outcome.message}</Notice>
        )}
      </div>
      <div>
        <Button type="submit" variant="danger" disabled={busy || !sure}>
          Break the glass
        </Button>
      </div>
    </form>
  );
}

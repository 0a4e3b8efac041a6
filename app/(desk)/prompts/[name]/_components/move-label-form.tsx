"use client";

import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { useForm } from "../../../_form";
import { moveLabelAction } from "../actions";

type Props = { prompt: string; labels: { name: string; digest: string }[]; keys: { key: string; labels: string[] }[] };

export function MoveLabelForm({ prompt, labels, keys }: Props) {
  const [outcome, form, busy] = useForm(moveLabelAction);
  const suggestions = useId();
  const [label, setLabel] = useState("");
  const [version, setVersion] = useState(keys[0]?.key);
  const [reason, setReason] = useState("");
  const wrong = (field: string) => (outcome && !outcome.ok && outcome.field === field ? outcome.message : undefined);
  const elsewhere = outcome && !outcome.ok && !["label", "version", "reason"].includes(outcome.field ?? "");
  return (
    <details open={outcome !== null}>
      <summary className="min-h-8 w-fit cursor-pointer leading-8 text-accent hover:underline">
        Set or move a label
      </summary>
      <form {...form} className="flex flex-col gap-3 pt-2">
        <input type="hidden" name="prompt" value={prompt} />
        <input type="hidden" name="expected" value={labels.find(({ name }) => name === label.trim())?.digest ?? ""} />
        <Field label="Label" error={wrong("label")} hint="A new name makes a new label">
          <Input
            name="label"
            list={suggestions}
            required
            maxLength={100}
            autoComplete="off"
            value={label}
            onChange={({ target }) => setLabel(target.value)}
          />
        </Field>
        <datalist id={suggestions}>
          {labels.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Field label="Version" error={wrong("version")}>
          <Select name="version" value={version} onChange={({ target }) => setVersion(target.value)}>
            {keys.map(({ key }) => (
              <option key={key} value={key}>
                {spelled(key)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Reason" error={wrong("reason")} hint="Kept in the label's history; a protected label needs one">
          <Textarea
            name="reason"
            rows={2}
            maxLength={4000}
            value={reason}
            onChange={({ target }) => setReason(target.value)}
          />
        </Field>
        <div>
          <Button type="submit" disabled={busy}>
            Move
          </Button>
        </div>
        <div aria-live="polite">
          {elsewhere && <Notice tone="danger">{outcome.message}</Notice>}
          {outcome?.ok && <Notice tone="success">{outcome.message}</Notice>}
        </div>
      </form>
    </details>
  );
}

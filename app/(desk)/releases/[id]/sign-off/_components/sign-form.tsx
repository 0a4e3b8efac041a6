"use client";

import { useActionState, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { Textarea } from "@/components/ui/textarea";
import { meanings } from "@/lib/releases/schema";
import { signAction } from "../../actions";

type Decision = keyof typeof meanings;

const shownAtField = ["reason", "password"];

type Props = {
  releaseId: number;
  evidenceDigest: string;
  /** False while gates are open: then only a refusal can be signed. */
  mayApprove: boolean;
  printedName: string;
  candidate: string;
};

export function SignForm({ releaseId, evidenceDigest, mayApprove, printedName, candidate }: Props) {
  const [outcome, send, busy] = useActionState(signAction, null);
  const [decision, setDecision] = useState<Decision>(mayApprove ? "approve" : "refuse");
  const [meaning, setMeaning] = useState<string>(meanings[decision][0]);
  const [reason, setReason] = useState("");
  const wrong = (field: string) => (outcome && !outcome.ok && outcome.field === field ? outcome.message : undefined);
  const choose = (next: Decision) => {
    setDecision(next);
    setMeaning(meanings[next][0]);
  };
  return (
    <form action={send} className="flex max-w-2xl flex-col gap-5">
      <input type="hidden" name="releaseId" value={releaseId} />
      <input type="hidden" name="evidenceDigest" value={evidenceDigest} />
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 font-medium">Decision</legend>
        {mayApprove && (
          <Choice name="decision" value="approve" checked={decision === "approve"} onChoose={() => choose("approve")}>
            Approve <span className="break-all">{candidate}</span>
          </Choice>
        )}
        <Choice name="decision" value="refuse" checked={decision === "refuse"} onChoose={() => choose("refuse")}>
          Refuse <span className="break-all">{candidate}</span>
        </Choice>
      </fieldset>
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 font-medium">Meaning of your signature</legend>
        {meanings[decision].map((sentence) => (
          <Choice
            key={sentence}
            name="meaning"
            value={sentence}
            checked={meaning === sentence}
            onChoose={() => setMeaning(sentence)}
          >
            {sentence}
          </Choice>
        ))}
      </fieldset>
      <Field label="Reason" hint="Kept with the decision for good" error={wrong("reason")}>
        <Textarea
          name="reason"
          required
          maxLength={4000}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
      </Field>
      <Field label="Your password" hint={`Again, so that it is ${printedName} who signs`} error={wrong("password")}>
        <Input name="password" type="password" required autoComplete="current-password" />
      </Field>
      <div aria-live="polite">
        {outcome?.ok && <Notice tone="success">{outcome.message}</Notice>}
        {outcome && !outcome.ok && !shownAtField.includes(outcome.field ?? "") && (
          <Notice tone="danger">{outcome.message}</Notice>
        )}
      </div>
      <div>
        <Button type="submit" variant={decision === "approve" ? "primary" : "danger"} disabled={busy}>
          {decision === "approve" ? "Sign and approve" : "Sign and refuse"}
        </Button>
      </div>
    </form>
  );
}

type ChoiceProps = {
  name: string;
  value: string;
  checked: boolean;
  onChoose: () => void;
  children: React.ReactNode;
};

function Choice({ name, value, checked, onChoose, children }: ChoiceProps) {
  return (
    <label className="flex min-h-6 cursor-pointer items-baseline gap-2">
      <input
        type="radio"
        name={name}
        value={value}
        checked={checked}
        onChange={onChoose}
        className="size-4 shrink-0 translate-y-0.5 accent-accent"
      />
      <span>{children}</span>
    </label>
  );
}

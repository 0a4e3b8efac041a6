"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { Textarea } from "@/components/ui/textarea";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { GatePart } from "@/lib/releases/rules";
import { meaningsFor, type SignOffDecision, signOffDecisions } from "@/lib/releases/schema";
import type { Outcome } from "../../../../_action";
import { useForm } from "../../../../_form";
import { signWith, useOrigin } from "../../../../_passkey";
import { askToSignAction, signAction, signWithPasskeyAction } from "../../actions";

const shownAtField = ["reason", "password"];
const verbs: Record<SignOffDecision, string> = { approve: "Approve", refuse: "Refuse", abstain: "Abstain on" };

/** `parts`: what of it can be waived on its own. */
export type OpenGate = { key: string; name: string; detail: string; parts: GatePart[] };

type Props = {
  releaseId: number;
  evidenceDigest: string;
  /** Gates that are open and that this policy lets a signer waive. */
  waivable: OpenGate[];
  maxWaiverDays: number;
  /** False while gates are open that nobody may waive: then nobody can approve. */
  mayApprove: boolean;
  printedName: string;
  candidate: string;
  /** The policy's own sentences for an approval. */
  meanings: string[];
  hasPassword: boolean;
  /** Where this person's passkeys work; null: they have none. */
  passkeyOrigin: string | null;
  today: string;
};

export function SignForm(props: Props) {
  const { releaseId, evidenceDigest, waivable, mayApprove, printedName, candidate, meanings, hasPassword } = props;
  const [decision, setDecision] = useState<SignOffDecision>(mayApprove ? "approve" : "refuse");
  const [meaning, setMeaning] = useState<string>(meaningsFor(decision, meanings)[0]!);
  const [reason, setReason] = useState("");
  const [waived, setWaived] = useState<string[]>([]);
  const origin = useOrigin();
  const elsewhere = props.passkeyOrigin !== null && origin !== null && props.passkeyOrigin !== origin;
  const withPasskey = props.passkeyOrigin !== null && !elsewhere;
  const [method, setMethod] = useState<"passkey" | "password">("passkey");
  const usesPasskey = withPasskey && (method === "passkey" || !hasPassword);
  const [outcome, form, busy] = useForm((before: Outcome | null, data: FormData) =>
    usesPasskey
      ? signWith(
          () => askToSignAction(data),
          (challengeId, response) => signWithPasskeyAction(releaseId, challengeId, response),
          "Nothing was signed.",
        )
      : signAction(before, data),
  );
  const wrong = (field: string) => (outcome && !outcome.ok && outcome.field === field ? outcome.message : undefined);
  const choose = (next: SignOffDecision) => {
    setDecision(next);
    setMeaning(meaningsFor(next, meanings)[0]!);
  };
  const missing = decision === "approve" && waivable.some((gate) => !isWaived(gate, waived));
  return (
    <form {...form} className="flex max-w-2xl flex-col gap-5">
      <input type="hidden" name="releaseId" value={releaseId} />
      <input type="hidden" name="evidenceDigest" value={evidenceDigest} />
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 font-medium">Decision</legend>
        {signOffDecisions
          .filter((choice) => choice !== "approve" || mayApprove)
          .map((choice) => (
            <Choice
              key={choice}
              name="decision"
              value={choice}
              checked={decision === choice}
              onChoose={() => choose(choice)}
            >
              {verbs[choice]}{" "}
              <span className="break-all">
                <UntrustedText text={candidate} />
              </span>
            </Choice>
          ))}
      </fieldset>
      {decision === "approve" && waivable.length > 0 && (
        <fieldset className="flex flex-col gap-3 border-l-4 border-unsure bg-unsure-soft px-4 py-3">
          <legend className="float-left font-medium">Open gates, which you would waive</legend>
          <p className="clear-left text-sm">
            To approve although these are open, waive each, whole or part by part, for at most {props.maxWaiverDays}{" "}
            days. The waiver is part of what you sign. It is shown wherever the decision is, and when the first one
            ends, so does the approval.
          </p>
          {waivable.map((gate) => (
            <WaiveGate
              key={gate.key}
              gate={gate}
              waived={waived}
              onWaive={setWaived}
              today={props.today}
              last={later(props.today, Math.floor(props.maxWaiverDays) - 1)}
            />
          ))}
        </fieldset>
      )}
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 font-medium">Meaning of your signature</legend>
        {meaningsFor(decision, meanings).map((sentence) => (
          <Choice
            key={sentence}
            name="meaning"
            value={sentence}
            checked={meaning === sentence}
            onChoose={() => setMeaning(sentence)}
          >
            <span className="break-words">
              <UntrustedText text={sentence} />
            </span>
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
      {withPasskey && hasPassword && (
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-1 font-medium">Prove that it is you</legend>
          <Choice name="method" value="passkey" checked={method === "passkey"} onChoose={() => setMethod("passkey")}>
            With a passkey: it signs this very decision
          </Choice>
          <Choice name="method" value="password" checked={method === "password"} onChoose={() => setMethod("password")}>
            With the password
          </Choice>
        </fieldset>
      )}
      {elsewhere && (
        <p className="text-sm text-muted">
          Your passkeys work at{" "}
          <a href={`${props.passkeyOrigin}/releases/${releaseId}/sign-off`} className="text-accent underline">
            {props.passkeyOrigin}
          </a>
          : a browser binds them to that name.
        </p>
      )}
      {!usesPasskey && (
        <Field label="Your password" hint={`Again, so that it is ${printedName} who signs`} error={wrong("password")}>
          <Input name="password" type="password" required autoComplete="current-password" />
        </Field>
      )}
      <div aria-live="polite">
        {outcome?.ok && <Notice tone="success">{outcome.message}</Notice>}
        {outcome && !outcome.ok && !shownAtField.includes(outcome.field ?? "") && (
          <Notice tone="danger">{outcome.message}</Notice>
        )}
      </div>
      <div>
        <Button type="submit" variant={decision === "refuse" ? "danger" : "primary"} disabled={busy || missing}>
          {decision === "abstain" ? "Sign and abstain" : `Sign and ${decision}`}
          {usesPasskey && " with a passkey"}
        </Button>
      </div>
    </form>
  );
}

const wholeOf = ({ key }: OpenGate) => JSON.stringify({ gate: key });
const partOf = ({ key }: OpenGate, scope: GatePart) => JSON.stringify({ gate: key, scope });

/** All of the gate, or each of its open parts. */
function isWaived(gate: OpenGate, waived: readonly string[]): boolean {
  if (waived.includes(wholeOf(gate))) return true;
  return gate.parts.length > 0 && gate.parts.every((part) => waived.includes(partOf(gate, part)));
}

type WaiveGateProps = {
  gate: OpenGate;
  /** What is waived so far, of all gates, as the form sends it. */
  waived: readonly string[];
  onWaive: (waived: string[]) => void;
  today: string;
  last: string;
};

/** One open gate: waived whole, or in as many of its open parts as somebody wants to answer for. */
function WaiveGate({ gate, waived, onWaive, today, last }: WaiveGateProps) {
  const whole = wholeOf(gate);
  const turn = (what: string, on: boolean) => {
    const others = waived.filter((other) => other !== what);
    const parts = gate.parts.map((part) => partOf(gate, part));
    // Who waives all of it waives no part besides.
    onWaive(!on ? others : [...(what === whole ? others.filter((other) => !parts.includes(other)) : others), what]);
  };
  // In the form's order: the nth reason and day belong to the nth box that is checked.
  const row = (what: string, name: string, label: React.ReactNode) => (
    <div key={what} className="flex flex-col gap-2">
      <Checkbox
        name="waive"
        value={what}
        checked={waived.includes(what)}
        onChange={({ target }) => turn(what, target.checked)}
      >
        {label}
      </Checkbox>
      {waived.includes(what) && (
        <div className="grid gap-3 pl-6 sm:grid-cols-[minmax(0,1fr)_11rem]">
          <Field label={`Why ${name} is waived`}>
            <Input name="waiver-reason" required maxLength={2000} />
          </Field>
          <Field label="Until the end of">
            <Input name="waiver-until" type="date" required min={today} max={last} />
          </Field>
        </div>
      )}
    </div>
  );
  return (
    <div className="flex flex-col gap-2">
      {row(
        whole,
        gate.name,
        <>
          Waive{" "}
          <strong className="font-semibold">
            <UntrustedText text={gate.name} />
          </strong>
          :{" "}
          <span className="[overflow-wrap:anywhere]">
            <UntrustedText text={gate.detail} />
          </span>
        </>,
      )}
      {gate.parts.length > 0 && !waived.includes(whole) && (
        <fieldset className="flex max-h-96 flex-col gap-2 overflow-y-auto pl-6">
          <legend className="float-left text-sm">Or only some of it; what you leave out still blocks:</legend>
          {gate.parts.map((part) => {
            const [[of, name]] = Object.entries(part) as [[string, string]];
            return row(
              partOf(gate, part),
              `${gate.name}, ${of} ${name}`,
              <span className="[overflow-wrap:anywhere]">
                Only {of} <UntrustedText text={name} />
              </span>,
            );
          })}
        </fieldset>
      )}
    </div>
  );
}

function later(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
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
      <span className="min-w-0">{children}</span>
    </label>
  );
}

"use client";

import { type ReactNode, useActionState } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import type { Outcome } from "../../../../../_action";
import { askUnprotectAction, endUnprotectAction, protectLabelAction } from "../../../actions";

const actions = { protect: protectLabelAction, ask: askUnprotectAction, end: endUnprotectAction };

type Props = {
  act: keyof typeof actions;
  fields: Record<string, string>;
  submit: string;
  danger?: boolean;
  children?: ReactNode;
};

export function ProtectionForm({ act, fields, submit, danger, children }: Props) {
  const [outcome, send, busy] = useActionState<Outcome | null, FormData>(actions[act], null);
  return (
    <form action={send} className="flex flex-col gap-3">
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {children}
      <div>
        <Button type="submit" variant={danger ? "danger" : "secondary"} disabled={busy}>
          {submit}
        </Button>
      </div>
      {outcome && !outcome.ok && <Notice tone="danger">{outcome.message}</Notice>}
    </form>
  );
}

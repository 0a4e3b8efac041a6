"use client";

import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { useForm } from "../../../../../_form";
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
  const [outcome, form, busy] = useForm(actions[act], { empties: true });
  return (
    <form {...form} className="flex flex-col gap-3">
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

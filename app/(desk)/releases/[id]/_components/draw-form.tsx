"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { formatCount } from "@/components/ui/format";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { Select } from "@/components/ui/select";
import type { Design } from "@/lib/releases/schema";
import { useForm } from "../../../_form";
import { drawAction } from "../actions";

const hints: Record<Design, string> = {
  random: "A random queue: stop whenever you like",
  adaptive: "Changes the judge sees, and slices where it was overridden, come up more often",
  stratified: "Fixed numbers of each verdict pair",
};

type Props = { releaseId: number; suggested: number; left: number; isNext: boolean };

/** Asks for cases to grade. The seed is recorded; whoever knows it can draw the same cases again. */
export function DrawForm({ releaseId, suggested, left, isNext }: Props) {
  const [outcome, form, busy] = useForm(drawAction);
  const [design, setDesign] = useState<Design>("random");
  return (
    <form {...form} className="flex flex-col gap-3">
      <input type="hidden" name="releaseId" value={releaseId} />
      <div className="flex flex-wrap items-start gap-3">
        <div className="w-40">
          <Field label="Cases to draw" hint={`${formatCount(left)} are left`}>
            <Input
              name="size"
              type="number"
              min={1}
              max={left}
              defaultValue={suggested}
              required
              className="tabular-nums"
            />
          </Field>
        </div>
        <div className="w-64">
          <Field label="Which cases" hint={hints[design]}>
            <Select name="design" value={design} onChange={(event) => setDesign(event.target.value as Design)}>
              <option value="random">Any, all alike</option>
              <option value="adaptive">More where it teaches more</option>
              <option value="stratified">In proportion to the verdicts</option>
            </Select>
          </Field>
        </div>
        <div className="w-64">
          <Field label="Seed (optional)" hint="Random when empty; recorded either way">
            <Input name="seed" maxLength={200} autoComplete="off" spellCheck={false} className="font-mono" />
          </Field>
        </div>
        <Button type="submit" variant={isNext ? "primary" : "secondary"} disabled={busy} className="mt-7">
          Draw
        </Button>
      </div>
      <div aria-live="polite">
        {outcome && <Notice tone={outcome.ok ? "success" : "danger"}>{outcome.message}</Notice>}
      </div>
    </form>
  );
}

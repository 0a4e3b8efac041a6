"use client";

import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { Select } from "@/components/ui/select";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Outcome } from "../../../../_action";
import { useForm } from "../../../../_form";
import { assignAction, reassignAction } from "../actions";

type Person = { id: number; name: string };

function Told({ outcome }: { outcome: Outcome | null }) {
  return (
    <div aria-live="polite">
      {outcome && <Notice tone={outcome.ok ? "success" : "danger"}>{outcome.message}</Notice>}
    </div>
  );
}

/** Keeps open cases for people. */
export function AssignForm({ releaseId, people }: { releaseId: number; people: Person[] }) {
  const [outcome, form, busy] = useForm(assignAction, { empties: true });
  return (
    <form {...form} className="flex flex-col gap-3">
      <input type="hidden" name="releaseId" value={releaseId} />
      <fieldset className="flex flex-wrap gap-x-6 gap-y-2">
        <legend className="mb-1 text-sm font-medium">Share the open cases among</legend>
        {people.map(({ id, name }) => (
          <Checkbox key={id} name="reviewers" value={id}>
            <UntrustedText text={name} />
          </Checkbox>
        ))}
      </fieldset>
      <div className="flex flex-wrap items-start gap-3">
        <div className="w-56">
          <Field label="At most, for each" hint="Empty: all that are open">
            <Input name="cases" type="number" min={1} className="tabular-nums" />
          </Field>
        </div>
        <Button type="submit" disabled={busy} className="mt-7">
          Assign
        </Button>
      </div>
      <Told outcome={outcome} />
    </form>
  );
}

/** Takes back what waits for one person. */
export function ReassignForm({
  releaseId,
  from,
  people,
}: {
  releaseId: number;
  from: (Person & { waiting: number })[];
  people: Person[];
}) {
  const [outcome, form, busy] = useForm(reassignAction, { empties: true });
  // Nothing waits for anybody, perhaps because it was just taken back.
  if (from.length === 0) return <Told outcome={outcome} />;
  return (
    <form {...form} className="flex flex-col gap-3">
      <input type="hidden" name="releaseId" value={releaseId} />
      <div className="flex flex-wrap items-end gap-3">
        <div className="w-60">
          <Field label="Take back what waits for">
            <Select name="from" required>
              {/* Nobody is chosen for one: afterwards the next in the list would be. */}
              <option value="">choose a person</option>
              {from.map(({ id, name, waiting }) => (
                <option key={id} value={id}>
                  {spelled(name)} ({waiting})
                </option>
              ))}
            </Select>
          </Field>
        </div>
        <div className="w-60">
          <Field label="and give it to">
            <Select name="to">
              <option value="all">all reviewers</option>
              {people.map(({ id, name }) => (
                <option key={id} value={id}>
                  {spelled(name)}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        <Button type="submit" disabled={busy}>
          Reassign
        </Button>
      </div>
      <Told outcome={outcome} />
    </form>
  );
}

"use client";

import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { Select } from "@/components/ui/select";
import { kinds, kindWords } from "@/lib/sentinels/schema";
import type { Outcome } from "../../../../_action";
import { useForm } from "../../../../_form";
import { makeAction, strikeAction, verdictsAction } from "../actions";

function Told({ outcome }: { outcome: Outcome | null }) {
  return (
    <div aria-live="polite">
      {outcome && <Notice tone={outcome.ok ? "success" : "danger"}>{outcome.message}</Notice>}
    </div>
  );
}

export function MakeForm({ releaseId, criteria }: { releaseId: number; criteria: string[] }) {
  const [outcome, form, busy] = useForm(makeAction, { empties: true });
  return (
    <form {...form} className="flex flex-col gap-3">
      <input type="hidden" name="releaseId" value={releaseId} />
      <div className="flex flex-wrap items-start gap-3">
        <div className="w-32">
          <Field label="How many">
            <Input name="count" type="number" min={1} max={500} defaultValue={40} required className="tabular-nums" />
          </Field>
        </div>
        <div className="w-64">
          <Field label="Criterion">
            <Select name="criterion" defaultValue={criteria[0]}>
              {criteria.map((key) => (
                <option key={key} value={key}>
                  {spelled(key)}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        <Button type="submit" variant="primary" disabled={busy} className="mt-7">
          Make sentinels
        </Button>
      </div>
      <fieldset className="grid gap-x-6 gap-y-2 sm:grid-cols-2 lg:grid-cols-3">
        <legend className="mb-1 text-sm font-medium">Made as</legend>
        {kinds.map((kind) => (
          <Checkbox key={kind} name="kinds" value={kind} defaultChecked>
            {kindWords[kind]}
          </Checkbox>
        ))}
      </fieldset>
      <Told outcome={outcome} />
    </form>
  );
}

export function VerdictsForm({ releaseId }: { releaseId: number }) {
  const [outcome, form, busy] = useForm(verdictsAction, { empties: true });
  return (
    <form {...form} className="flex flex-col gap-3">
      <input type="hidden" name="releaseId" value={releaseId} />
      <div className="flex flex-wrap items-start gap-3">
        <div className="w-72">
          <Field label="Verdicts (JSON Lines)" hint="sentinel, judge, verdict or score, rationale">
            <Input name="file" type="file" accept=".jsonl,.json,.txt" required />
          </Field>
        </div>
        <Button type="submit" disabled={busy} className="mt-7">
          Take verdicts back
        </Button>
      </div>
      <Told outcome={outcome} />
    </form>
  );
}

export function StrikeForm({ releaseId, sentinelId, name }: { releaseId: number; sentinelId: number; name: string }) {
  const [outcome, form, busy] = useForm(strikeAction, { empties: true });
  return (
    <form {...form} className="flex flex-col gap-2">
      <input type="hidden" name="releaseId" value={releaseId} />
      <input type="hidden" name="sentinelId" value={sentinelId} />
      <div className="flex flex-wrap items-end gap-2">
        <div className="min-w-40 flex-1">
          <Field label={`Why ${name} does not count`}>
            <Input name="reason" maxLength={1000} required />
          </Field>
        </div>
        <Button type="submit" variant="danger" disabled={busy}>
          Strike
        </Button>
      </div>
      <Told outcome={outcome} />
    </form>
  );
}

"use client";

import { useState } from "react";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { Select } from "@/components/ui/select";
import { ActionForm } from "../../../../settings/_components/action-form";
import { createAnchorAction } from "../actions";

type Props = { judgeId: number; runs: { id: number; name: string }[]; releases: { id: number; name: string }[] };

/** Chooses a set of answers to freeze: at random with a recorded seed, or all that people graded in a release. */
export function AnchorForm({ judgeId, runs, releases }: Props) {
  const [how, setHow] = useState("random");
  return (
    <ActionForm action={createAnchorAction} submit="Freeze the set" className="flex flex-col gap-4">
      <input type="hidden" name="judgeId" value={judgeId} />
      <div className="grid max-w-3xl gap-4 sm:grid-cols-2">
        <Field label="Name of the set">
          <Input name="name" required maxLength={100} autoComplete="off" />
        </Field>
        <Field label="Answers of the run">
          <Select name="run" required>
            {runs.map(({ id, name }) => (
              <option key={id} value={id}>
                {spelled(name)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Which answers">
          <Select name="how" value={how} onChange={(event) => setHow(event.target.value)}>
            <option value="random">some at random</option>
            {releases.length > 0 && <option value="graded">all that people graded in a release</option>}
          </Select>
        </Field>
        {how === "random" ? (
          <>
            <Field label="How many">
              <Input
                name="size"
                type="number"
                min={1}
                max={10000}
                defaultValue={40}
                required
                className="tabular-nums"
              />
            </Field>
            <Field label="Seed (optional)" hint="Random when empty; recorded either way">
              <Input name="seed" maxLength={200} autoComplete="off" spellCheck={false} className="font-mono" />
            </Field>
          </>
        ) : (
          <Field label="Release">
            <Select name="release" required>
              {releases.map(({ id, name }) => (
                <option key={id} value={id}>
                  {spelled(name)}
                </option>
              ))}
            </Select>
          </Field>
        )}
      </div>
    </ActionForm>
  );
}

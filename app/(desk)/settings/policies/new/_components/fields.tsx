"use client";

import { type ReactNode, useState } from "react";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";

type NumberProps = {
  label: ReactNode;
  hint?: ReactNode;
  value: number | null;
  onChange: (value: number | null) => void;
  /** In the unit that is typed. */
  min: number;
  max: number;
  step?: number;
  unit?: string;
  /** What is stored is what is typed divided by this. */
  scale?: number;
  whole?: boolean;
  /** Empty means null, with this in its place. */
  empty?: string;
};

/** A number in its unit, with what is wrong with it beside it. While it is none, the document has NaN and can't be sent. */
export function NumberField({
  label,
  hint,
  value,
  onChange,
  min,
  max,
  step,
  unit,
  scale = 1,
  whole,
  empty,
}: NumberProps) {
  const shown = value === null || Number.isNaN(value) ? "" : String(Number((value * scale).toFixed(6)));
  const [text, setText] = useState(shown);
  const read = (given: string): number | null => {
    if (given.trim() === "") return empty === undefined ? Number.NaN : null;
    const number = Number(given.replace(",", ".").replace("−", "-"));
    const fits = number >= min && number <= max && (!whole || Number.isInteger(number));
    return fits ? Number((number / scale).toFixed(8)) : Number.NaN;
  };
  const known = read(text);
  const range = `${whole ? "A whole number" : "A number"} from ${min} to ${max}${unit ? ` ${unit}` : ""}.`;
  return (
    <Field
      label={
        <>
          {label}
          {unit && <span className="font-normal text-muted"> ({unit})</span>}
        </>
      }
      hint={hint}
      error={known !== null && Number.isNaN(known) ? range : undefined}
    >
      <Input
        inputMode="decimal"
        autoComplete="off"
        className="max-w-40 tabular-nums"
        placeholder={empty}
        data-step={step}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          onChange(read(target.value));
        }}
      />
    </Field>
  );
}

type PeopleProps = {
  label: ReactNode;
  hint?: ReactNode;
  value: string[];
  onChange: (people: string[]) => void;
  error?: string;
};

/** E-mails, one a line. */
export function PeopleField({ label, hint, value, onChange, error }: PeopleProps) {
  const [text, setText] = useState(value.join("\n"));
  return (
    <Field label={label} hint={hint} error={error}>
      <Textarea
        rows={Math.min(8, Math.max(2, value.length + 1))}
        spellCheck={false}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          onChange(
            [...new Set(target.value.split(/[\s,;]+/).map((part) => part.trim().toLowerCase()))].filter(Boolean),
          );
        }}
      />
    </Field>
  );
}

/** One part of the form, with what it is about in plain words. */
export function Part({ title, about, children }: { title: string; about?: ReactNode; children: ReactNode }) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-4 border-t border-line-strong pt-4">
      <legend className="float-left mb-1 w-full text-lg font-semibold">{title}</legend>
      {about && <p className="clear-both max-w-prose text-muted">{about}</p>}
      {children}
    </fieldset>
  );
}

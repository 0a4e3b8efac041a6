"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { spelled } from "@/components/ui/invisible";
import { Select } from "@/components/ui/select";
import { compareHref, type Origin } from "../../_links";

type Keys = { key: string; labels: string[] }[];
type Props = {
  prompt: string;
  keys: Keys;
  before?: string;
  after: string;
  /** What the comparison leads back to. */
  origin?: Origin;
};

/** Which two versions to see beside each other. */
export function ComparePicker({ prompt, keys, before, after, origin }: Props) {
  const router = useRouter();
  const [from, setFrom] = useState(before ?? after);
  const [to, setTo] = useState(after);
  if (keys.length < 2) return null;
  return (
    <form
      aria-label="Compare versions"
      className="flex flex-wrap items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        router.push(compareHref(prompt, from, to, origin));
      }}
    >
      <div className="w-44 max-w-full">
        <Field label="Compare">
          <Versions keys={keys} value={from} onChange={setFrom} />
        </Field>
      </div>
      <div className="w-44 max-w-full">
        <Field label="with">
          <Versions keys={keys} value={to} onChange={setTo} />
        </Field>
      </div>
      <Button type="submit" disabled={from === to}>
        Compare
      </Button>
    </form>
  );
}

type VersionsProps = { keys: Keys; value: string; onChange: (key: string) => void; id?: string };

function Versions({ keys, value, onChange, ...rest }: VersionsProps) {
  return (
    <Select value={value} onChange={({ target }) => onChange(target.value)} {...rest}>
      {keys.map(({ key, labels }) => (
        <option key={key} value={key}>
          {spelled([key, ...labels].join(" · "))}
        </option>
      ))}
    </Select>
  );
}

"use client";

import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { Select } from "@/components/ui/select";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { PolicyDocument } from "@/lib/releases/policy-document";
import { NumberField, PeopleField } from "./fields";

type Judge = PolicyDocument["judge"];

export function JudgeFields({
  judge,
  onChange,
  of = "",
}: {
  judge: Judge;
  onChange: (judge: Judge) => void;
  of?: string;
}) {
  const said = of === "" ? "" : ` on ${of}`;
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      <NumberField
        label={`Good answers it must pass${said}`}
        unit="%"
        {...{ value: judge.minTpr, min: 0, max: 100, scale: 100 }}
        onChange={(minTpr) => onChange({ ...judge, minTpr: minTpr! })}
      />
      <NumberField
        label={`Bad answers it must catch${said}`}
        unit="%"
        {...{ value: judge.minTnr, min: 0, max: 100, scale: 100 }}
        onChange={(minTnr) => onChange({ ...judge, minTnr: minTnr! })}
      />
      <NumberField
        label={`Sentinels it must catch${said}`}
        unit="%"
        empty="not asked for"
        {...{ value: judge.minCatch ?? null, min: 0, max: 100, scale: 100 }}
        onChange={(minCatch) => {
          const { minCatch: _, ...rest } = judge;
          onChange(minCatch === null ? rest : { ...rest, minCatch });
        }}
      />
    </div>
  );
}

/** Rows that keep their place while others come and go. */
function useIds(length: number) {
  const [ids, setIds] = useState(() => Array.from({ length }, (_, i) => i));
  return {
    ids,
    add: () => setIds((now) => [...now, Math.max(-1, ...now) + 1]),
    remove: (at: number) => setIds((now) => now.filter((_, i) => i !== at)),
  };
}

type Slices = PolicyDocument["slices"];

export function SliceFields({
  slices,
  known,
  error,
  onChange,
}: {
  slices: Slices;
  known: string[];
  error?: string;
  onChange: (slices: Slices) => void;
}) {
  const list = useId();
  const { ids, add, remove } = useIds(slices.length);
  const put = (at: number, part: Partial<Slices[number]>) =>
    onChange(slices.map((row, i) => (i === at ? { ...row, ...part } : row)));
  return (
    <div className="flex flex-col gap-3">
      <div>
        <h3 className="font-medium">Slices with a margin of their own</h3>
        <p className="text-sm text-muted">
          On the primary criterion. One that is worse than its margin stops the release, also when the whole is fine.
        </p>
      </div>
      <datalist id={list}>
        {known.map((slice) => (
          <option key={slice} value={slice} />
        ))}
      </datalist>
      {slices.map((row, i) => (
        <div
          key={ids[i]}
          className="grid items-start gap-3 border-l-2 border-line pl-3 sm:grid-cols-[minmax(0,1fr)_12rem_auto]"
        >
          <Field
            label="Slice"
            error={
              row.slice !== "" && slices.findIndex(({ slice }) => slice === row.slice) < i
                ? "This slice stands here twice."
                : undefined
            }
          >
            <Input
              list={list}
              value={row.slice}
              autoComplete="off"
              onChange={({ target }) => put(i, { slice: target.value })}
            />
          </Field>
          <NumberField
            label="Margin"
            unit="points"
            {...{ value: row.margin, min: -100, max: 100, scale: 100 }}
            onChange={(margin) => put(i, { margin: margin! })}
          />
          <Button
            className="sm:mt-7"
            onClick={() => {
              remove(i);
              onChange(slices.filter((_, at) => at !== i));
            }}
          >
            Remove
            <span className="sr-only">
              {" "}
              the slice <UntrustedText text={row.slice} />
            </span>
          </Button>
        </div>
      ))}
      {error && <p className="text-sm text-worse">{error}</p>}
      <div>
        <Button
          size="sm"
          onClick={() => {
            add();
            onChange([
              ...slices,
              { slice: known.find((slice) => !slices.some((row) => row.slice === slice)) ?? "", margin: -0.05 },
            ]);
          }}
        >
          Add a slice
        </Button>
      </div>
    </div>
  );
}

type Groups = PolicyDocument["signerGroups"];

export function GroupFields({
  groups,
  error,
  onChange,
}: {
  groups: Groups;
  error?: string;
  onChange: (groups: Groups) => void;
}) {
  const { ids, add, remove } = useIds(groups.length);
  const put = (at: number, part: Partial<Groups[number]>) =>
    onChange(groups.map((row, i) => (i === at ? { ...row, ...part } : row)));
  return (
    <div className="flex flex-col gap-3">
      <div>
        <h3 className="font-medium">Groups of signers</h3>
        <p className="text-sm text-muted">So many of the signatures must come from these people.</p>
      </div>
      {groups.map((group, i) => (
        <div key={ids[i]} className="flex flex-col gap-3 border-l-2 border-line pl-3">
          <div className="grid items-start gap-3 sm:grid-cols-[minmax(0,1fr)_12rem_auto]">
            <Field label="Group">
              <Input
                value={group.name}
                maxLength={100}
                autoComplete="off"
                onChange={({ target }) => put(i, { name: target.value })}
              />
            </Field>
            <NumberField
              label="Signatures from it"
              {...{ value: group.signatures, min: 1, max: 20, whole: true }}
              onChange={(signatures) => put(i, { signatures: signatures! })}
            />
            <Button
              className="sm:mt-7"
              onClick={() => {
                remove(i);
                onChange(groups.filter((_, at) => at !== i));
              }}
            >
              Remove
              <span className="sr-only">
                {" "}
                the group <UntrustedText text={group.name} />
              </span>
            </Button>
          </div>
          <PeopleField
            label="Its people"
            hint="E-mails, one a line"
            value={group.people}
            onChange={(people) => put(i, { people })}
          />
        </div>
      ))}
      {error && <p className="text-sm text-worse">{error}</p>}
      <div>
        <Button
          size="sm"
          onClick={() => {
            add();
            onChange([...groups, { name: "", people: [], signatures: 1 }]);
          }}
        >
          Add a group
        </Button>
      </div>
    </div>
  );
}

type Criteria = PolicyDocument["criteria"];

export function CriteriaFields({
  criteria,
  policy,
  known,
  onChange,
}: {
  criteria: Criteria;
  policy: PolicyDocument;
  known: readonly string[];
  onChange: (criteria: Criteria) => void;
}) {
  const free = known.filter((key) => !Object.hasOwn(criteria, key));
  const [chosen, setChosen] = useState("");
  const add = free.includes(chosen) ? chosen : free[0];
  const put = (key: string, own: Criteria[string]) => onChange({ ...criteria, [key]: own });
  return (
    <div className="flex flex-col gap-4">
      {Object.entries(criteria).map(([key, own]) => (
        <div key={key} className="flex flex-col gap-3 border-l-2 border-line pl-3">
          <div className="flex flex-wrap items-baseline justify-between gap-2">
            <h3 className="font-medium [overflow-wrap:anywhere]">
              <UntrustedText text={key} />
            </h3>
            <Button
              size="sm"
              onClick={() => onChange(Object.fromEntries(Object.entries(criteria).filter(([other]) => other !== key)))}
            >
              Remove
              <span className="sr-only">
                {" "}
                what differs for <UntrustedText text={key} />
              </span>
            </Button>
          </div>
          <NumberField
            label={`Margin of ${key}`}
            unit="points"
            empty="as the policy"
            {...{ value: own.margin ?? null, min: -100, max: 100, scale: 100 }}
            onChange={(margin) => {
              const { margin: _, ...rest } = own;
              put(key, margin === null ? rest : { ...rest, margin });
            }}
          />
          <Checkbox
            checked={own.judge !== undefined}
            onChange={({ target }) => {
              const { judge: _, ...rest } = own;
              put(key, target.checked ? { ...rest, judge: policy.judge } : rest);
            }}
          >
            The judge has limits of its own here
          </Checkbox>
          {own.judge && <JudgeFields judge={own.judge} of={key} onChange={(judge) => put(key, { ...own, judge })} />}
        </div>
      ))}
      {add === undefined ? (
        <p className="text-sm text-muted">
          {known.length === 0 ? "There is no criterion yet." : "Every criterion stands here."}
        </p>
      ) : (
        <div className="flex flex-wrap items-end gap-3">
          <div className="w-64 max-w-full">
            <Field label="Criterion">
              <Select value={add} onChange={({ target }) => setChosen(target.value)}>
                {free.map((key) => (
                  <option key={key} value={key}>
                    {spelled(key)}
                  </option>
                ))}
              </Select>
            </Field>
          </div>
          <Button onClick={() => put(add, {})}>Say what differs</Button>
        </div>
      )}
    </div>
  );
}

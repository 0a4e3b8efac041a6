"use client";

import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { type FormEvent, type ReactNode, useEffect, useRef, useState, useTransition } from "react";
import { hiddenParameter, withHidden } from "@/components/table/hidden-columns";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { formatCount } from "@/components/ui/format";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { Select } from "@/components/ui/select";
import { type CaseFilter, leavesOutWaiting } from "@/lib/releases/case-filter";
import type { CaseTable } from "@/lib/releases/cases";
import { WaitsLine } from "../../_components/waits";
import { casesHref } from "./links";

/** What the cells of a judge against people mean. */
const cellWords: Record<string, string> = {
  tp: "the judge and people pass",
  fp: "the judge passes what people fail",
  fn: "the judge fails what people pass",
  tn: "the judge and people fail",
};

/** A pause in typing, so that not each letter of a word is searched for. */
const typingPauseMs = 120;

type Props = { releaseId: number; filter: CaseFilter; table: CaseTable; tags: string[] };

/** Each choice is in the address: shareable, and a plain form that works before scripts have loaded. */
export function CaseFilters({ releaseId, filter, table, tags }: Props) {
  const router = useRouter();
  const parameters = useSearchParams();
  const [busy, start] = useTransition();
  const [open, setOpen] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const shown = JSON.stringify({ criterion: table.criterion, judge: table.judge, ...filter });
  useEffect(() => {
    // A filter that came with the address, by a saved view say, shows in its control; one in use is left alone.
    const values = JSON.parse(shown) as Record<string, string | undefined>;
    for (const control of form.current?.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[data-filter]") ?? []) {
      if (control !== document.activeElement) control.value = values[control.name] ?? "";
    }
  }, [shown]);
  const hidden = parameters.get(hiddenParameter)?.split(",") ?? [];
  const apply = () => {
    clearTimeout(timer.current);
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form.current!)) {
      if (typeof value === "string" && value.trim() !== "") query.set(name, value);
    }
    // The first of each is what is meant without a word.
    if (query.get("criterion") === table.criteria[0]) query.delete("criterion");
    start(() => router.replace(`/releases/${releaseId}/cases?${query}`, { scroll: false }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply();
  };
  const inUse = Object.entries(filter).filter(
    ([name, value]) => value !== undefined && !["sort", "criterion", "judge", "after", "before"].includes(name),
  );
  const active = inUse.length > 0;
  const slices = table.slices.filter(({ slice }) => slice !== "");
  // One can choose it away though no case of it is left under the other filters.
  if (filter.slice && slices.every(({ slice }) => slice !== filter.slice))
    slices.push({ slice: filter.slice, count: 0 });
  const folded = inUse.filter(([name]) => !["q", "flip", "cell"].includes(name)).length;
  return (
    <div className="flex flex-col gap-3">
      {filter.cell && (
        <p className="flex flex-wrap items-center gap-x-3">
          <span>
            Only graded cases where, on the {filter.cell.split(".")[1]}'s answer,{" "}
            {cellWords[filter.cell.split(".")[2]!]}.
          </span>
          <Link
            href={withHidden(casesHref(releaseId, filter, { cell: undefined }), hidden)}
            prefetch={false}
            className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
          >
            Show all
          </Link>
        </p>
      )}
      <form
        ref={form}
        action={`/releases/${releaseId}/cases`}
        onSubmit={submit}
        onChange={(event) => (event.target as Element).matches("select") && apply()}
        aria-busy={busy}
        className="flex flex-wrap items-end gap-2"
      >
        {filter.flip && <input type="hidden" name="flip" value={filter.flip} />}
        {filter.sort && <input type="hidden" name="sort" value={filter.sort} />}
        {filter.cell && <input type="hidden" name="cell" value={filter.cell} />}
        {hidden.length > 0 && <input type="hidden" name={hiddenParameter} value={hidden.join(",")} />}
        <Labelled label="Text" className="min-w-44 grow md:max-w-72">
          <Input
            data-filter=""
            name="q"
            type="search"
            defaultValue={filter.q ?? ""}
            placeholder="case, input, answer"
            onChange={() => {
              clearTimeout(timer.current);
              timer.current = setTimeout(apply, typingPauseMs);
            }}
          />
        </Labelled>
        <Button aria-expanded={open} onClick={() => setOpen(!open)} className="md:hidden">
          Filters{folded > 0 && ` (${folded})`}
        </Button>
        <div className={cn("contents", !open && "max-md:hidden")}>
          {table.criteria.length > 1 && (
            <Labelled label="Criterion">
              <Select
                data-filter=""
                className="text-sm md:max-w-36"
                name="criterion"
                defaultValue={table.criterion ?? ""}
              >
                {table.criteria.map((key) => (
                  <option key={key} value={key}>
                    {spelled(key)}
                  </option>
                ))}
              </Select>
            </Labelled>
          )}
          {table.judges.length > 1 && (
            <Labelled label="Judge">
              <Select data-filter="" className="text-sm md:max-w-36" name="judge" defaultValue={table.judge ?? ""}>
                {table.judges.map((key) => (
                  <option key={key} value={key}>
                    {spelled(key)}
                  </option>
                ))}
              </Select>
            </Labelled>
          )}
          {slices.length > 0 && (
            <Labelled label="Slice">
              <Select data-filter="" className="text-sm md:max-w-36" name="slice" defaultValue={filter.slice ?? ""}>
                <option value="">any</option>
                {slices.map(({ slice, count }) => (
                  <option key={slice} value={slice}>
                    {spelled(slice)} ({formatCount(count)})
                  </option>
                ))}
              </Select>
            </Labelled>
          )}
          {(tags.length > 0 || filter.tag) && (
            <Labelled label="Tag">
              <Select data-filter="" className="text-sm md:max-w-36" name="tag" defaultValue={filter.tag ?? ""}>
                <option value="">any</option>
                {[...new Set([...tags, ...(filter.tag ? [filter.tag] : [])])].map((tag) => (
                  <option key={tag} value={tag}>
                    {spelled(tag)}
                  </option>
                ))}
              </Select>
            </Labelled>
          )}
          <Labelled label="Grades">
            <Select data-filter="" className="text-sm md:max-w-36" name="reviewed" defaultValue={filter.reviewed ?? ""}>
              <option value="">any</option>
              <option value="yes">graded</option>
              <option value="no">not graded</option>
            </Select>
          </Labelled>
          <Labelled label="Override">
            <Select data-filter="" className="text-sm md:max-w-36" name="override" defaultValue={filter.override ?? ""}>
              <option value="">any</option>
              <option value="yes">overridden</option>
            </Select>
          </Labelled>
          <Labelled label="Must-pass">
            <Select data-filter="" className="text-sm md:max-w-36" name="mustPass" defaultValue={filter.mustPass ?? ""}>
              <option value="">any</option>
              <option value="yes">must-pass</option>
            </Select>
          </Labelled>
          <Labelled label="Sample">
            <Select data-filter="" className="text-sm md:max-w-36" name="sample" defaultValue={filter.sample ?? ""}>
              <option value="">any</option>
              <option value="drawn">drawn</option>
              <option value="chosen">added by hand</option>
            </Select>
          </Labelled>
        </div>
        <noscript>
          <button type="submit">Filter</button>
        </noscript>
        {active && (
          <Link
            href={withHidden(
              casesHref(releaseId, { criterion: filter.criterion, judge: filter.judge, sort: filter.sort }),
              hidden,
            )}
            prefetch={false}
            className="inline-flex min-h-9 items-center text-accent underline underline-offset-2"
          >
            Clear
          </Link>
        )}
      </form>
      <WaitsLine releaseId={releaseId} waits={table.waits} here={leavesOutWaiting(filter) ? "without" : "with"} />
    </div>
  );
}

function Labelled({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className={cn("flex flex-col gap-1 text-sm max-md:grow", className)}>
      <span className="text-muted">{label}</span>
      {children}
    </label>
  );
}

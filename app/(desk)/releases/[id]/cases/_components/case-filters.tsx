import Link from "next/link";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { type CaseFilter, type CaseTable, flips } from "@/lib/releases/cases";
import { casesHref } from "./links";

const flipWords = { better: "better", worse: "worse", same: "same", error: "no verdict" };

/** What the cells of a judge against people mean. */
const cellWords: Record<string, string> = {
  tp: "the judge and people pass",
  fp: "the judge passes what people fail",
  fn: "the judge fails what people pass",
  tn: "the judge and people fail",
};

type Props = { releaseId: number; filter: CaseFilter; table: CaseTable };

/** Filters as a plain GET form, so the URL is the state: shareable, and usable before scripts have loaded. */
export function CaseFilters({ releaseId, filter, table }: Props) {
  return (
    <div className="flex flex-col gap-3">
      <nav aria-label="Filter by flip" className="flex flex-wrap gap-2">
        {[undefined, ...flips].map((flip) => (
          <Link
            key={flip ?? "all"}
            href={casesHref(releaseId, filter, { flip })}
            aria-current={filter.flip === flip ? "true" : undefined}
            className={cn(
              "inline-flex min-h-8 items-center rounded-md border px-3 text-sm",
              filter.flip === flip
                ? "border-accent bg-accent-soft font-medium text-accent"
                : "border-line hover:bg-hover",
            )}
          >
            {flip ? flipWords[flip] : "all"}
          </Link>
        ))}
      </nav>
      {filter.cell && (
        <p className="flex flex-wrap items-center gap-x-3">
          <span>
            Only graded cases where, on the {filter.cell.split(".")[1]}'s answer,{" "}
            {cellWords[filter.cell.split(".")[2]!]}.
          </span>
          <Link
            href={casesHref(releaseId, filter, { cell: undefined })}
            className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
          >
            Show all
          </Link>
        </p>
      )}
      <form action={`/releases/${releaseId}/cases`} className="flex flex-wrap items-end gap-3">
        {filter.flip && <input type="hidden" name="flip" value={filter.flip} />}
        {filter.sort && <input type="hidden" name="sort" value={filter.sort} />}
        {filter.cell && <input type="hidden" name="cell" value={filter.cell} />}
        <Labelled label="Criterion">
          <Select name="criterion" defaultValue={table.criterion ?? ""}>
            {table.criteria.map((key) => (
              <option key={key}>{key}</option>
            ))}
          </Select>
        </Labelled>
        {table.judges.length > 1 && (
          <Labelled label="Judge">
            <Select name="judge" defaultValue={table.judge ?? ""}>
              {table.judges.map((key) => (
                <option key={key}>{key}</option>
              ))}
            </Select>
          </Labelled>
        )}
        <Labelled label="Slice">
          <Select name="slice" defaultValue={filter.slice ?? ""}>
            <option value="">any</option>
            {table.slices
              .filter(({ slice }) => slice !== "")
              .map(({ slice, count }) => (
                <option key={slice} value={slice}>
                  {slice} ({count})
                </option>
              ))}
          </Select>
        </Labelled>
        <Labelled label="Grades">
          <Select name="reviewed" defaultValue={filter.reviewed ?? ""}>
            <option value="">any</option>
            <option value="yes">graded</option>
            <option value="no">not graded</option>
          </Select>
        </Labelled>
        <Labelled label="Override">
          <Select name="override" defaultValue={filter.override ?? ""}>
            <option value="">any</option>
            <option value="yes">overridden</option>
          </Select>
        </Labelled>
        <Labelled label="Must-pass">
          <Select name="mustPass" defaultValue={filter.mustPass ?? ""}>
            <option value="">any</option>
            <option value="yes">must-pass</option>
          </Select>
        </Labelled>
        <Labelled label="Text">
          <Input name="q" type="search" defaultValue={filter.q ?? ""} placeholder="case, input, answer" />
        </Labelled>
        <Button type="submit">Filter</Button>
        <Link
          href={`/releases/${releaseId}/cases`}
          className="inline-flex min-h-9 items-center text-sm text-accent underline underline-offset-2"
        >
          Clear
        </Link>
      </form>
    </div>
  );
}

function Labelled({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="flex flex-col gap-1 text-sm">
      <span className="text-muted">{label}</span>
      {children}
    </label>
  );
}

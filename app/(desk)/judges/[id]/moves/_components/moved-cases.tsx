import { PageLink } from "@/components/table/links";
import { ChoiceLinks } from "@/components/ui/choice-links";
import { spelled } from "@/components/ui/invisible";
import { Untrusted, UntrustedText } from "@/components/ui/untrusted";
import { Verdict } from "@/components/ui/verdict";
import type { Comparison, MovedCase, MovesFilter } from "@/lib/judges/moves";
import { Hidden } from "./comparison";

const answerWords = { same: "same answers", other: "changed answers" } as const;
const changeWords = { "pass>fail": "pass → fail", "fail>pass": "fail → pass", error: "to or from error" } as const;

type Props = {
  here: (change: Partial<MovesFilter>) => string;
  filter: MovesFilter;
  comparison: Comparison;
  rows: MovedCase[];
  next: number | null;
};

/** The cases whose verdict changed, with what the judge said both times. */
export function MovedCases({ here, filter, comparison, rows, next }: Props) {
  const answers = filter.answers ?? "same";
  const slices = comparison.slices.map(({ slice }) => slice).filter((slice) => slice !== "");
  return (
    <section aria-labelledby="changed" className="flex flex-col gap-3">
      <h2 id="changed" className="text-lg font-semibold">
        Verdicts that changed
      </h2>
      <div className="flex flex-wrap gap-3">
        <ChoiceLinks
          label="Answers"
          links={(["same", "other"] as const).map((value) => ({
            name: answerWords[value],
            href: here({ answers: value, after: undefined }),
            current: answers === value,
          }))}
        />
        <ChoiceLinks
          label="Change"
          links={[undefined, "pass>fail" as const, "fail>pass" as const, "error" as const].map((value) => ({
            name: value ? changeWords[value] : "both ways",
            href: here({ change: value, after: undefined }),
            current: filter.change === value,
          }))}
        />
        {slices.length > 1 && (
          <form action={here({}).split("?")[0]} className="flex items-center gap-2">
            {Object.entries({ ...filter, slice: undefined, after: undefined }).map(
              ([name, value]) => value !== undefined && <input key={name} type="hidden" name={name} value={value} />,
            )}
            <label className="flex items-center gap-2">
              <span className="text-sm text-muted">Slice</span>
              <select
                name="slice"
                defaultValue={filter.slice ?? ""}
                className="min-h-8 max-w-48 rounded-md border border-line-strong bg-raised px-2"
              >
                <option value="">any</option>
                {slices.map((slice) => (
                  <option key={slice} value={slice}>
                    {spelled(slice)}
                  </option>
                ))}
              </select>
            </label>
            <button type="submit" className="min-h-8 cursor-pointer rounded-md border border-line px-3 hover:bg-hover">
              Filter
            </button>
          </form>
        )}
      </div>
      {rows.length === 0 && <p className="text-muted">No such case.</p>}
      <ul className="border-b border-line empty:border-0">
        {rows.map((row) => (
          <li key={row.caseId} className="border-t border-line">
            <details className="group">
              <summary className="flex min-h-10 cursor-pointer flex-wrap items-center gap-x-4 gap-y-1 py-2 hover:bg-hover">
                <span className="min-w-40 font-medium break-all">
                  <UntrustedText text={row.case} />
                </span>
                <span className="inline-flex items-center gap-2">
                  <Verdict value={row.before} by="machine" /> <span aria-hidden="true">→</span>
                  <span className="sr-only">then</span> <Verdict value={row.after} />
                </span>
                {row.slice && (
                  <span className="break-all text-muted">
                    <UntrustedText text={row.slice} />
                  </span>
                )}
              </summary>
              <div className="grid gap-4 pb-4 lg:grid-cols-2">
                {row.earlierOutput !== null && <Said title="Answer before" text={row.earlierOutput} />}
                <Said
                  title={row.earlierOutput === null ? "The answer, both times" : "Answer after"}
                  text={row.output}
                />
                {row.earlierOutput === null && <span className="hidden lg:block" />}
                <Said title={`The judge before: ${row.before}`} text={row.rationaleBefore ?? "no rationale"} />
                <Said title={`The judge after: ${row.after}`} text={row.rationaleAfter ?? "no rationale"} />
              </div>
            </details>
          </li>
        ))}
      </ul>
      {comparison.hidden > 0 && <Hidden count={comparison.hidden} />}
      <div className="flex gap-3">
        {filter.after !== undefined && <PageLink href={here({ after: undefined })} word="First page" />}
        {next !== null && <PageLink href={here({ after: next })} word="Next page" />}
      </div>
    </section>
  );
}

function Said({ title, text }: { title: string; text: string }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <h3 className="text-sm text-muted">
        <UntrustedText text={title} />
      </h3>
      <Untrusted text={text} />
    </div>
  );
}

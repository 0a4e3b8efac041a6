import { spelled } from "@/components/ui/invisible";
import type { More } from "@/components/ui/long-text";
import { Untrusted, UntrustedText } from "@/components/ui/untrusted";
import { Verdict } from "@/components/ui/verdict";
import type { Criterion } from "./draft";

type Props = {
  criteria: readonly Criterion[];
  /** Keys of the criteria that are folded away. */
  folded: readonly string[];
  onFold: (criterion: string, folded: boolean) => void;
  reference?: string;
  /** Where the reference is only the beginning of a long one. */
  more?: More;
};

/** What is asked, a criterion each with what passes, what fails, and examples; folded away once it is known. */
export function Rubric({ criteria, folded, onFold, reference, more }: Props) {
  return (
    <section aria-labelledby="rubric-title" className="flex min-w-0 flex-col gap-1">
      <h2 id="rubric-title" className="font-semibold">
        What is asked
      </h2>
      <div className="flex flex-col gap-1 text-sm">
        {criteria.map(({ key, name, rubric, examples = [] }) => (
          <details
            key={key}
            open={!folded.includes(key)}
            onToggle={(event) => onFold(key, !event.currentTarget.open)}
            className="min-w-0"
          >
            <summary className="min-h-6 cursor-pointer font-medium">
              <UntrustedText text={name} />
            </summary>
            <div className="flex flex-col gap-2 border-l border-line pl-3">
              <p className="whitespace-pre-wrap text-muted">
                <UntrustedText text={rubric || "There is no written rubric."} />
              </p>
              {examples.length > 0 && (
                <ul aria-label={spelled(`Examples of ${name}`)} className="flex flex-col gap-2">
                  {examples.map(({ verdict, text, why }, index) => (
                    <li key={index} className="flex flex-col gap-0.5">
                      <span className="flex flex-wrap items-baseline gap-x-2">
                        <Verdict value={verdict} />{" "}
                        <span className="min-w-0 break-words text-muted">
                          <UntrustedText text={why} />
                        </span>
                      </span>
                      <Untrusted compact text={text} className="border-l-2 border-line pl-2" />
                    </li>
                  ))}
                </ul>
              )}
            </div>
          </details>
        ))}
        {reference && (
          <div className="mt-1">
            <h3 className="font-medium">Reference</h3>
            <Untrusted compact text={reference} more={more} />
          </div>
        )}
      </div>
    </section>
  );
}

import { cn } from "../ui/cn";
import { formatCount, formatRate } from "../ui/format";
import { ChartFigure } from "./chart-figure";
import { type Confusion, confusionSentence } from "./sentences";

const hatched = "repeating-linear-gradient(45deg, var(--worse) 0 2px, var(--worse-soft) 2px 7px)";
/** A lower part has no room for a line of text. The sentence and the table name it. */
const shareWithLabel = 0.14;

/**
 * The judge against people as areas: the columns are the answers people pass and fail, their parts what the judge says.
 * Where the judge is right is filled, where it is wrong hatched.
 */
export function ConfusionMosaic({ label, counts }: { label: string; counts: Confusion }) {
  const { tp, fp, fn, tn } = counts;
  const total = tp + fp + fn + tn;
  const columns = [
    { people: "people pass", parts: [cell("passes", tp, true), cell("fails", fn, false)] },
    { people: "people fail", parts: [cell("passes", fp, false), cell("fails", tn, true)] },
  ];
  const share = (count: number, of: number) => (of === 0 ? "–" : formatRate(count / of));
  return (
    <ChartFigure
      label={label}
      sentence={confusionSentence(counts)}
      table={{
        head: ["", "judge passes", "judge fails", "judge wrong"],
        rows: [
          ["people pass", number(tp), number(fn), share(fn, tp + fn)],
          ["people fail", number(fp), number(tn), share(fp, fp + tn)],
        ],
      }}
    >
      {total > 0 && (
        <div aria-hidden="true" className="flex h-48 max-w-xl gap-1 text-xs">
          {columns
            .map((column) => ({ ...column, sum: column.parts.reduce((all, { count }) => all + count, 0) }))
            .filter(({ sum }) => sum > 0)
            .map(({ people, parts, sum }) => (
              <div key={people} style={{ flex: sum }} className="flex min-w-0.5 flex-col gap-1 last:items-end">
                <span className="whitespace-nowrap text-muted">{people}</span>
                {parts
                  .filter(({ count }) => count > 0)
                  .map(({ word, count, right }) => (
                    <div
                      key={word}
                      style={{ flex: count, background: right ? "var(--machine-soft)" : hatched }}
                      className={cn(
                        "@container min-h-0.5 w-full overflow-hidden border",
                        right ? "border-machine" : "border-worse",
                      )}
                    >
                      {count / sum > shareWithLabel && (
                        <span className="m-1 hidden rounded-xs bg-raised px-1 whitespace-nowrap tabular-nums @min-[7.5rem]:inline-block">
                          judge {word} {number(count)}
                        </span>
                      )}
                    </div>
                  ))}
              </div>
            ))}
        </div>
      )}
    </ChartFigure>
  );
}

type Cell = { word: string; count: number; right: boolean };

function cell(word: string, count: number, right: boolean): Cell {
  return { word, count, right };
}

/** Weighted counts are seldom whole. */
function number(count: number): string {
  return Number.isInteger(count) ? formatCount(count) : `≈ ${formatCount(count)}`;
}

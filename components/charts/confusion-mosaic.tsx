import { useId } from "react";
import { formatCount, formatRate } from "../ui/format";
import { ChartFigure } from "./chart-figure";
import { type Confusion, confusionSentence } from "./sentences";

const width = 560;
const height = 180;
const gap = 4;
/** Of "judge passes ≈ 999" in the chart's units. A part too small for it is named in the sentence and the table. */
const labelWidth = 116;

/**
 * The judge against people as areas: the columns are the answers people pass and fail, their parts what the judge says.
 * Where the judge is right is filled, where it is wrong hatched.
 */
export function ConfusionMosaic({ label, counts }: { label: string; counts: Confusion }) {
  const hatch = useId();
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
        <svg viewBox={`0 0 ${width} ${height + 20}`} className="w-full max-w-xl" role="presentation">
          <defs>
            <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="6" height="6" fill="var(--worse-soft)" />
              <rect width="2" height="6" fill="var(--worse)" />
            </pattern>
          </defs>
          {layout(columns, total).map(({ x, wide, people, cells }) => (
            <g key={people}>
              <text
                x={wide > 64 ? x : x + wide}
                y={12}
                textAnchor={wide > 64 ? "start" : "end"}
                className="fill-muted text-[12px]"
              >
                {people}
              </text>
              {cells.map(({ y, high, word, count, right }) => (
                <g key={word}>
                  <rect
                    x={x}
                    y={y}
                    width={wide}
                    height={high}
                    fill={right ? "var(--machine-soft)" : `url(#${hatch})`}
                    stroke={right ? "var(--machine)" : "var(--worse)"}
                  />
                  {high > 22 && wide > labelWidth + 8 && (
                    <>
                      <rect x={x + 4} y={y + 4} width={labelWidth} height={16} rx={2} fill="var(--raised)" />
                      <text x={x + 8} y={y + 16} className="fill-ink text-[12px] tabular-nums">
                        judge {word} {number(count)}
                      </text>
                    </>
                  )}
                </g>
              ))}
            </g>
          ))}
        </svg>
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

function layout(columns: { people: string; parts: Cell[] }[], total: number) {
  let x = 0;
  return columns.flatMap(({ people, parts }) => {
    const sum = parts.reduce((all, part) => all + part.count, 0);
    if (sum === 0) return [];
    const wide = Math.max((sum / total) * (width - gap), 2);
    let y = 20;
    const cells = parts
      .filter(({ count }) => count > 0)
      .map((part) => {
        const high = Math.max((part.count / sum) * (height - gap), 2);
        const placed = { ...part, y, high };
        y += high + gap;
        return placed;
      });
    const column = { people, x, wide, cells };
    x += wide + gap;
    return [column];
  });
}

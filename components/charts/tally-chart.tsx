"use client";

import { Bar, BarChart, ResponsiveContainer, XAxis, YAxis } from "recharts";
import { formatCount, formatRate } from "../ui/format";
import { ChartFigure } from "./chart-figure";
import { preferenceSentence, type Tally, tallySentence } from "./sentences";

const parts = [
  { key: "better", word: "better", sign: "▲", colour: "var(--better)" },
  { key: "worse", word: "worse", sign: "▼", colour: "var(--worse)" },
  { key: "same", word: "same", sign: "■", colour: "var(--line-strong)" },
  { key: "error", word: "no verdict", sign: "?", colour: "var(--unsure)" },
] as const;

const preferred = { better: "prefer the candidate", worse: "prefer the baseline", same: "tie", error: "no preference" };

/** How many cases became better or worse, as one bar. Each part has a sign and a word beside its colour. */
export function TallyChart({
  label,
  counts,
  asks = "pass_fail",
}: {
  label: string;
  counts: Tally;
  asks?: "pass_fail" | "preference";
}) {
  const total = counts.better + counts.worse + counts.same + (counts.error ?? 0);
  const shown = parts
    .map((part) => ({ ...part, count: counts[part.key] ?? 0 }))
    .map((part) => (asks === "preference" ? { ...part, word: preferred[part.key] } : part))
    .filter(({ count }) => count > 0);
  return (
    <ChartFigure
      label={label}
      sentence={asks === "preference" ? preferenceSentence(counts) : tallySentence(counts)}
      table={{
        head: ["", "Cases", "Share"],
        rows: shown.map(({ word, count }) => [word, formatCount(count), formatRate(count / total)]),
      }}
    >
      <div className="h-[21px]">
        {total > 0 && (
          <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 640, height: 24 }}>
            <BarChart
              accessibilityLayer={false}
              layout="vertical"
              data={[counts]}
              margin={{ top: 0, right: 0, bottom: 0, left: 0 }}
              barCategoryGap={0}
            >
              <XAxis type="number" domain={[0, total]} hide />
              <YAxis type="category" hide />
              {shown.map(({ key, colour }) => (
                <Bar
                  key={key}
                  dataKey={key}
                  stackId="tally"
                  fill={colour}
                  stroke="var(--paper)"
                  minPointSize={3}
                  isAnimationActive={false}
                />
              ))}
            </BarChart>
          </ResponsiveContainer>
        )}
      </div>
      <p className="flex flex-wrap gap-x-4 text-sm tabular-nums">
        {shown.map(({ key, word, sign, colour, count }) => (
          <span key={key} className="inline-flex items-baseline gap-1.5">
            <span style={{ color: colour }}>{sign}</span>
            {formatCount(count)} {word}
          </span>
        ))}
      </p>
    </ChartFigure>
  );
}

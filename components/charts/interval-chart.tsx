"use client";

import { ErrorBar, ReferenceLine, ResponsiveContainer, Scatter, ScatterChart, XAxis, YAxis } from "recharts";
import { formatPoints } from "../ui/format";
import { ChartFigure } from "./chart-figure";
import { niceScale } from "./scale";
import { type Interval, intervalSentence } from "./sentences";

export type IntervalRow = Interval & {
  name: string;
  /** Whose numbers: corrected by people's grades (the default), or the judge's alone. */
  by?: "human" | "machine";
};

type Props = {
  label: string;
  /** Differences of proportions; the sentence is about the first. */
  rows: IntervalRow[];
  /** Below this difference a release must not fall. A proportion, usually negative. */
  margin?: number;
  /** Instead of the sentence made from the first row. */
  sentence?: string;
};

const rowHeight = 34;

/** Estimates with their intervals under each other, with zero and the margin. */
export function IntervalChart({ label, rows, margin, sentence }: Props) {
  const axis = niceScale([0, margin ?? 0, ...rows.flatMap(({ low, high }) => [low, high])]);
  const points = rows.map((row) => {
    const at = row.estimate ?? (row.low + row.high) / 2;
    return { ...row, at, reach: [at - row.low, row.high - at] };
  });
  const first = rows[0];
  const bare = (value: number) => formatPoints(value, axis.step < 0.01 ? 1 : 0).replace(" pt", "");
  return (
    <ChartFigure
      label={label}
      sentence={sentence ?? (first ? intervalSentence(first, margin) : "Nothing to show yet.")}
      table={{
        head: ["", "Estimate", "From", "To"],
        rows: rows.map(({ name, estimate, low, high }) => [
          name,
          formatPoints(estimate),
          formatPoints(low),
          formatPoints(high),
        ]),
      }}
    >
      <div className="max-w-2xl" style={{ height: rows.length * rowHeight + 34 }}>
        <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 640, height: 100 }}>
          <ScatterChart accessibilityLayer={false} margin={{ top: 4, right: 16, bottom: 4, left: 0 }}>
            <XAxis
              type="number"
              dataKey="at"
              domain={[axis.from, axis.to]}
              ticks={axis.ticks}
              interval={0}
              tickFormatter={bare}
              stroke="var(--line-strong)"
              tick={{ fill: "var(--muted)", fontSize: 12 }}
              tickLine={false}
            />
            <YAxis
              type="category"
              dataKey="name"
              allowDuplicatedCategory={false}
              reversed
              width={130}
              axisLine={false}
              tickLine={false}
              tick={{ fill: "var(--ink)", fontSize: 13 }}
            />
            <ReferenceLine x={0} stroke="var(--ink)" strokeWidth={1.5} />
            {margin !== undefined && margin !== 0 && (
              <ReferenceLine x={margin} stroke="var(--worse)" strokeWidth={1.5} strokeDasharray="4 3" />
            )}
            {points.map((point) => {
              const colour = `var(--${point.by ?? "human"})`;
              return (
                <Scatter
                  key={point.name}
                  data={[point]}
                  fill={colour}
                  isAnimationActive={false}
                  shape={point.estimate === null ? () => null : point.by === "machine" ? "diamond" : "circle"}
                >
                  <ErrorBar
                    dataKey="reach"
                    direction="x"
                    width={5}
                    strokeWidth={2.5}
                    stroke={colour}
                    isAnimationActive={false}
                  />
                </Scatter>
              );
            })}
          </ScatterChart>
        </ResponsiveContainer>
      </div>
      {margin !== undefined && margin !== 0 && (
        <p className="text-sm text-muted">Points. Dashed: the margin, {formatPoints(margin)}.</p>
      )}
    </ChartFigure>
  );
}

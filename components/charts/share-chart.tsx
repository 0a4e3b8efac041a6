"use client";

import { ErrorBar, ReferenceLine, ResponsiveContainer, Scatter, ScatterChart, XAxis, YAxis } from "recharts";
import { formatCount, formatRate, formatRateInterval } from "../ui/format";
import { ChartFigure } from "./chart-figure";
import { niceScale } from "./scale";

export type SharePoint = {
  /** Where it stands: a number of the axis. */
  at: number;
  /** What the table calls it. */
  name: string;
  k: number;
  n: number;
  low: number;
  high: number;
};

type Props = {
  label: string;
  /** What it shows, in one sentence. */
  sentence: string;
  /** Left to right. */
  points: SharePoint[];
  /** What the points are called, for the table. */
  head: string;
  /** What the shares are of, below the picture. */
  caption: string;
  by?: "human" | "machine" | "worse";
  /** Along the bottom: a scale of numbers, or names of the points. */
  axis: "numbers" | "names";
  /** An upright line. */
  threshold?: number | null;
  /** The line on which a share equals its place: for numbers in [0, 1]. */
  diagonal?: boolean;
};

const ticks = [0, 0.25, 0.5, 0.75, 1];

/** Shares of counts with their intervals, along an axis. */
export function ShareChart({ label, sentence, points, head, caption, by = "human", axis, threshold, diagonal }: Props) {
  const scale = niceScale([
    ...points.map(({ at }) => at),
    ...(threshold === null || threshold === undefined ? [] : [threshold]),
    ...(diagonal ? [0, 1] : []),
  ]);
  const colour = `var(--${by})`;
  const marks = points.map((point) => {
    const share = point.k / point.n;
    return { ...point, share, reach: [share - point.low, point.high - share] };
  });
  const byName = axis === "names";
  return (
    <ChartFigure
      label={label}
      sentence={sentence}
      table={{
        head: [head, "Share", "Counts"],
        rows: points.map(({ name, k, n, low, high }) => [
          name,
          formatRateInterval(k / n, low, high),
          `${formatCount(k)} of ${formatCount(n)}`,
        ]),
      }}
    >
      {points.length > 0 && (
        <>
          <div className="h-[196px] max-w-xl">
            <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 520, height: 224 }}>
              <ScatterChart accessibilityLayer={false} margin={{ top: 8, right: 16, bottom: 4, left: 0 }}>
                <XAxis
                  type="number"
                  dataKey="at"
                  domain={byName ? [-0.5, points.length - 0.5] : [scale.from, scale.to]}
                  ticks={byName ? points.map(({ at }) => at) : scale.ticks}
                  interval={0}
                  tickFormatter={(value: number) =>
                    byName ? (points.find(({ at }) => at === value)?.name ?? "") : String(value)
                  }
                  stroke="var(--line-strong)"
                  tick={{ fill: "var(--muted)", fontSize: 12 }}
                  tickLine={false}
                />
                <YAxis
                  type="number"
                  dataKey="share"
                  domain={[0, 1]}
                  ticks={ticks}
                  interval={0}
                  width={54}
                  padding={{ top: 7, bottom: 0 }}
                  tickFormatter={(value: number) => formatRate(value, 0)}
                  axisLine={false}
                  tickLine={false}
                  tick={{ fill: "var(--muted)", fontSize: 12 }}
                />
                {diagonal && (
                  <ReferenceLine
                    segment={[
                      { x: 0, y: 0 },
                      { x: 1, y: 1 },
                    ]}
                    stroke="var(--line-strong)"
                    strokeDasharray="2 4"
                  />
                )}
                {threshold !== null && threshold !== undefined && (
                  <ReferenceLine x={threshold} stroke="var(--machine)" strokeWidth={1.5} strokeDasharray="4 3" />
                )}
                <Scatter
                  data={marks}
                  fill={colour}
                  isAnimationActive={false}
                  shape={by === "machine" ? "diamond" : "circle"}
                >
                  <ErrorBar
                    dataKey="reach"
                    direction="y"
                    width={5}
                    strokeWidth={2}
                    stroke={colour}
                    isAnimationActive={false}
                  />
                </Scatter>
              </ScatterChart>
            </ResponsiveContainer>
          </div>
          <p className="text-sm text-muted">{caption}</p>
        </>
      )}
    </ChartFigure>
  );
}

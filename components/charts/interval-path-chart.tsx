"use client";

import { Area, ComposedChart, Line, ReferenceDot, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from "recharts";
import { formatPoints } from "../ui/format";
import { ChartFigure } from "./chart-figure";
import { type Band, type PathPoint, pathRows, pathScale, reviewTicks } from "./interval-path";

type Props = {
  label: string;
  /** What it shows, in one sentence. */
  sentence: string;
  /** In the order of the reviews. Differences of proportions. */
  points: PathPoint[];
  /** Below this difference a release must not fall. A proportion, usually negative. */
  margin?: number;
};

/** How the interval narrowed with the reviews: one band for who looks once, a wider one that holds for who looks often. */
export function IntervalPathChart({ label, sentence, points, margin }: Props) {
  const axis = pathScale(points, margin);
  const last = points.at(-1);
  // Of a single point an area is a dot at its upper end.
  const several = points.length > 1;
  const bare = (value: number) => formatPoints(value, axis.step < 0.01 ? 1 : 0).replace(" pt", "");
  const band = (of: Band | null) => (of ? [of.low, of.high] : null);
  const within = (value: number) => Math.min(axis.to, Math.max(axis.from, value));
  /** The interval of the last point as an upright line: with a single point there is nothing else to see. */
  const present = (of: Band | null | undefined, width: number, colour: string) =>
    last && of ? (
      <ReferenceLine
        segment={[
          { x: last.reviews, y: within(of.low) },
          { x: last.reviews, y: within(of.high) },
        ]}
        stroke={colour}
        strokeWidth={width}
      />
    ) : null;
  return (
    <ChartFigure
      label={label}
      sentence={sentence}
      table={{ head: ["Reviewed", "Estimate", "Looking once", "Looking often"], rows: pathRows(points) }}
    >
      {last && (
        <>
          <div className="h-[224px] max-w-3xl">
            <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 640, height: 256 }}>
              <ComposedChart
                accessibilityLayer={false}
                data={points}
                margin={{ top: 6, right: 16, bottom: 4, left: 0 }}
              >
                <XAxis
                  type="number"
                  dataKey="reviews"
                  domain={[0, Math.max(1, last.reviews)]}
                  ticks={reviewTicks(last.reviews)}
                  interval="preserveStartEnd"
                  stroke="var(--line-strong)"
                  tick={{ fill: "var(--muted)", fontSize: 12 }}
                  tickLine={false}
                />
                <YAxis
                  type="number"
                  width={46}
                  domain={[axis.from, axis.to]}
                  ticks={axis.ticks}
                  interval={0}
                  allowDataOverflow
                  tickFormatter={bare}
                  axisLine={false}
                  tickLine={false}
                  tick={{ fill: "var(--muted)", fontSize: 12 }}
                />
                {several && (
                  <Area
                    dataKey={({ alwaysValid }: PathPoint) => band(alwaysValid)}
                    type="linear"
                    fill="var(--human-soft)"
                    fillOpacity={1}
                    stroke="var(--human)"
                    strokeWidth={1}
                    strokeOpacity={0.6}
                    dot={false}
                    isAnimationActive={false}
                  />
                )}
                {several && (
                  <Area
                    dataKey={({ fixed }: PathPoint) => band(fixed)}
                    type="linear"
                    fill="var(--human)"
                    fillOpacity={0.3}
                    stroke="none"
                    dot={false}
                    isAnimationActive={false}
                  />
                )}
                <ReferenceLine y={0} stroke="var(--ink)" strokeWidth={1.5} />
                {margin !== undefined && margin !== 0 && (
                  <ReferenceLine y={margin} stroke="var(--worse)" strokeWidth={1.5} strokeDasharray="4 3" />
                )}
                {several && (
                  <Line
                    dataKey="estimate"
                    type="linear"
                    stroke="var(--human)"
                    strokeWidth={2}
                    dot={false}
                    isAnimationActive={false}
                  />
                )}
                {last.estimate !== null && (
                  <ReferenceDot x={last.reviews} y={last.estimate} r={5} fill="var(--human)" stroke="var(--paper)" />
                )}
                {present(last.alwaysValid, 2, "var(--human)")}
                {present(last.fixed, 6, "var(--human)")}
              </ComposedChart>
            </ResponsiveContainer>
          </div>
          <p className="flex max-w-3xl flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
            <span>Points, by cases reviewed.</span>
            <Key swatch="bg-human/40">looking once, at this number of reviews</Key>
            <Key swatch="border border-human/60 bg-human-soft">looking as often as one likes</Key>
            {margin !== undefined && margin !== 0 && <span>Dashed: the margin, {formatPoints(margin)}.</span>}
          </p>
        </>
      )}
    </ChartFigure>
  );
}

function Key({ swatch, children }: { swatch: string; children: string }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className={`inline-block h-3 w-4 ${swatch}`} />
      {children}
    </span>
  );
}

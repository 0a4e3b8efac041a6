"use client";

import { useState } from "react";
import {
  ReferenceLine,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  usePlotArea,
  useXAxisScale,
  XAxis,
  YAxis,
} from "recharts";
import { formatCount, formatPoints, formatPointsInterval, plural } from "../ui/format";
import { ChartFigure } from "./chart-figure";
import { type ForestRow, forestScale, markAt, markSize, shortName, visibleName } from "./forest";

type Props = {
  label: string;
  /** What it shows, in one sentence. */
  sentence: string;
  /** Differences of proportions: the whole first, then its slices. */
  rows: ForestRow[];
  /** Below this difference a release must not fall. A proportion, usually negative. */
  margin?: number;
};

type Mark = ForestRow & { at: number; index: number; most: number; numbers: boolean };

const rowHeight = 40;
const nameWidth = 128;
const numbersWidth = 158;

/** Slices under the whole they are parts of, each with its estimate, interval and number of cases. */
export function ForestChart({ label, sentence, rows, margin }: Props) {
  // On a phone the numbers stand in the table alone.
  const [wide, setWide] = useState(true);
  const axis = forestScale(rows, margin);
  const most = Math.max(0, ...rows.slice(1).map(({ n }) => n));
  const marks: Mark[] = rows.map((row, index) => ({ ...row, at: markAt(row), index, most, numbers: wide }));
  const bare = (value: number) => formatPoints(value, axis.step < 0.01 ? 1 : 0).replace(" pt", "");
  return (
    <ChartFigure
      label={label}
      sentence={sentence}
      table={{
        head: ["", "Cases", "Estimate", "From", "To"],
        rows: rows.map(({ name, n, estimate, low, high }) => [
          visibleName(name),
          formatCount(n),
          formatPoints(estimate),
          formatPoints(low),
          formatPoints(high),
        ]),
      }}
    >
      {rows.length > 0 && (
        <>
          <div className="max-w-3xl" style={{ height: rows.length * rowHeight + 34 }}>
            <ResponsiveContainer
              width="100%"
              height="100%"
              initialDimension={{ width: 640, height: 100 }}
              onResize={(width) => setWide(width >= 520)}
            >
              <ScatterChart
                accessibilityLayer={false}
                margin={{ top: 4, right: wide ? numbersWidth : 12, bottom: 4, left: 0 }}
              >
                <XAxis
                  type="number"
                  dataKey="at"
                  domain={[axis.from, axis.to]}
                  ticks={axis.ticks}
                  interval="preserveStartEnd"
                  tickFormatter={bare}
                  stroke="var(--line-strong)"
                  tick={{ fill: "var(--muted)", fontSize: 12 }}
                  tickLine={false}
                />
                <YAxis
                  type="number"
                  domain={[-0.5, rows.length - 0.5]}
                  ticks={rows.map((_, index) => index)}
                  dataKey="index"
                  interval={0}
                  reversed
                  width={nameWidth}
                  axisLine={false}
                  tickLine={false}
                  tick={(tick) => <Name y={Number(tick.y)} row={rows[tick.payload.value]} whole={tick.index === 0} />}
                />
                <ReferenceLine x={0} stroke="var(--ink)" strokeWidth={1.5} />
                {margin !== undefined && margin !== 0 && (
                  <ReferenceLine x={margin} stroke="var(--worse)" strokeWidth={1.5} strokeDasharray="4 3" />
                )}
                <Scatter data={marks} isAnimationActive={false} shape={Row} />
              </ScatterChart>
            </ResponsiveContainer>
          </div>
          <p className="max-w-3xl text-sm text-muted">
            In points.{rows.length > 1 && " The larger the square, the more cases."}
            {margin !== undefined && margin !== 0 && ` Dashed: the margin, ${formatPoints(margin)}.`}
          </p>
        </>
      )}
    </ChartFigure>
  );
}

function Name({ y, row, whole }: { y: number; row?: ForestRow; whole: boolean }) {
  if (!row) return null;
  const x = whole ? 0 : 10;
  return (
    <g>
      <title>{visibleName(row.name)}</title>
      <text x={x} y={y - 2} fontSize={13} fontWeight={whole ? 600 : 400} fill="var(--ink)">
        {shortName(visibleName(row.name), whole ? 17 : 16)}
      </text>
      <text x={x} y={y + 13} fontSize={11.5} fill="var(--muted)" className="tabular-nums">
        {plural(row.n, "case")}
      </text>
    </g>
  );
}

/** One row: its interval as a line, with an arrow where it leaves the picture, and its mark: a diamond for the whole. */
function Row({ cx = 0, cy = 0, payload }: { cx?: number; cy?: number; payload?: Mark }) {
  const scale = useXAxisScale();
  const area = usePlotArea();
  if (!scale || !area || !payload) return null;
  const [from, to] = [area.x, area.x + area.width];
  const whole = payload.index === 0;
  const colour = whole ? "var(--ink)" : "var(--human)";
  const size = whole ? 11 : markSize(payload.n, payload.most);
  const end = (value: number, direction: 1 | -1) => {
    const wanted = Number(scale(value));
    const beyond = direction < 0 ? wanted < from - 0.5 : wanted > to + 0.5;
    const at = Math.min(to, Math.max(from, wanted));
    const tip = beyond
      ? `M${at - 6 * direction},${cy - 5}L${at},${cy}L${at - 6 * direction},${cy + 5}`
      : `M${at},${cy - 5}V${cy + 5}`;
    return { at, tip };
  };
  const [left, right] = [end(payload.low, -1), end(payload.high, 1)];
  return (
    <g stroke={colour} strokeWidth={2.25} fill="none">
      <path d={`M${left.at},${cy}H${right.at}${left.tip}${right.tip}`} />
      {payload.estimate !== null &&
        (whole ? (
          <path
            d={`M${cx - size / 2},${cy}L${cx},${cy - size / 2}L${cx + size / 2},${cy}L${cx},${cy + size / 2}Z`}
            fill={colour}
            stroke="none"
          />
        ) : (
          <rect x={cx - size / 2} y={cy - size / 2} width={size} height={size} fill={colour} stroke="none" />
        ))}
      {payload.numbers && (
        <text x={to + 14} y={cy} dy="0.35em" fontSize={12} fill="var(--ink)" stroke="none" className="tabular-nums">
          {formatPointsInterval(payload.estimate, payload.low, payload.high)}
        </text>
      )}
    </g>
  );
}

import { formatPoints } from "@/components/ui/format";

type Interval = { low: number; high: number; estimate: number | null };
type Props = {
  /** Proportions. */
  theseCases: Interval;
  casesLikeThese: Interval | null;
  judgeAlone: number | null;
  margin: number;
};

const width = 560;
const left = 150;
const right = 16;

/** The delta and its intervals on one axis, with zero and the margin. The numbers stand beside it as text. */
export function EstimateFigure({ theseCases, casesLikeThese, judgeAlone, margin }: Props) {
  const rows = [
    { name: "these cases", interval: theseCases, strong: true },
    ...(casesLikeThese ? [{ name: "cases like these", interval: casesLikeThese, strong: false }] : []),
  ];
  const values = [0, margin, judgeAlone ?? 0, ...rows.flatMap(({ interval }) => [interval.low, interval.high])];
  const step = niceStep(Math.max(...values) - Math.min(...values));
  const from = Math.floor(Math.min(...values) / step - 0.25) * step;
  const to = Math.ceil(Math.max(...values) / step + 0.25) * step;
  const x = (value: number) => left + ((value - from) / (to - from)) * (width - left - right);
  const ticks = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);
  const height = 34 + (rows.length + (judgeAlone === null ? 0 : 1)) * 30;
  const judgeY = 20 + rows.length * 30;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} className="w-full max-w-2xl" aria-hidden="true">
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={x(tick)} x2={x(tick)} y1={4} y2={height - 18} className="stroke-line" />
          <text x={x(tick)} y={height - 4} textAnchor="middle" className="fill-muted text-[11px] tabular-nums">
            {formatPoints(tick, step < 0.01 ? 1 : 0).replace(" pt", "")}
          </text>
        </g>
      ))}
      <line x1={x(0)} x2={x(0)} y1={0} y2={height - 18} className="stroke-ink" strokeWidth={1.5} />
      {margin !== 0 && (
        <line
          x1={x(margin)}
          x2={x(margin)}
          y1={0}
          y2={height - 18}
          className="stroke-worse"
          strokeWidth={1.5}
          strokeDasharray="4 3"
        />
      )}
      {rows.map(({ name, interval, strong }, i) => {
        const y = 20 + i * 30;
        return (
          <g key={name}>
            <text x={0} y={y + 4} className={strong ? "fill-ink text-[13px] font-medium" : "fill-muted text-[13px]"}>
              {name}
            </text>
            <line
              x1={x(interval.low)}
              x2={Math.max(x(interval.high), x(interval.low) + 1)}
              y1={y}
              y2={y}
              className="stroke-human"
              strokeWidth={strong ? 7 : 3}
              strokeLinecap="round"
              opacity={strong ? 0.45 : 0.6}
            />
            {interval.estimate !== null && <circle cx={x(interval.estimate)} cy={y} r={5} className="fill-human" />}
          </g>
        );
      })}
      {judgeAlone !== null && (
        <g>
          <text x={0} y={judgeY + 4} className="fill-muted text-[13px]">
            judge alone
          </text>
          <rect
            x={x(judgeAlone) - 4}
            y={judgeY - 4}
            width={8}
            height={8}
            transform={`rotate(45 ${x(judgeAlone)} ${judgeY})`}
            className="fill-machine"
          />
        </g>
      )}
    </svg>
  );
}

/** 1, 2 or 5 times a power of ten, so that three to seven ticks fit. */
function niceStep(range: number): number {
  const rough = Math.max(range, 0.01) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? power * 10;
}

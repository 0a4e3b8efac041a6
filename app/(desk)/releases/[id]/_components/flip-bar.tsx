import { formatCount } from "@/components/ui/format";

type Counts = { better: number; worse: number; same: number; error?: number };

const parts = [
  { key: "better", word: "better", fill: "bg-better" },
  { key: "worse", word: "worse", fill: "bg-worse" },
  { key: "same", word: "same", fill: "bg-line-strong" },
  { key: "error", word: "no verdict", fill: "bg-unsure" },
] as const;

/** Better, worse and same as one bar, with the counts in words under it. */
export function FlipBar({ counts, of }: { counts: Counts; of: string }) {
  const shown = parts.map((part) => ({ ...part, n: counts[part.key] ?? 0 })).filter(({ n }) => n > 0);
  return (
    <figure className="flex flex-col gap-1" aria-label={`Better, worse and same by ${of}`}>
      <div className="flex h-4 w-full gap-px overflow-hidden rounded-sm" aria-hidden="true">
        {shown.map(({ key, fill, n }) => (
          <div key={key} className={fill} style={{ flexGrow: n, minWidth: 2 }} />
        ))}
      </div>
      <figcaption className="flex flex-wrap gap-x-4 tabular-nums">
        {shown.map(({ key, word, fill, n }) => (
          <span key={key} className="inline-flex items-baseline gap-1.5">
            <span className={`inline-block size-2.5 rounded-xs ${fill}`} aria-hidden="true" />
            {formatCount(n)} {word}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

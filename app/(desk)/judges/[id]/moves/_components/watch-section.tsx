import Link from "next/link";
import { Explain } from "@/components/ui/explain";
import { formatCount, formatRate, formatRateInterval, plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { type JudgeWatch, movesOf, sumOf } from "@/lib/judges/moves";
import { judgeWatch } from "@/lib/runs/rejudging";
import { explainWatch } from "./explanations";

const causes = {
  rate: `more than the ${formatRate(judgeWatch.tolerance, 0)} put up with`,
  direction: "and they fall to one side",
};

type Props = { watches: JudgeWatch[]; anchorNames: Map<number, string> };

/** What the sequential test says of each version of the judge, and every judging it rests on. */
export function WatchSection({ watches, anchorNames }: Props) {
  return (
    <section aria-labelledby="watch" className="flex flex-col gap-4">
      <h2 id="watch" className="text-lg font-semibold">
        Judged again, the same answers
      </h2>
      {watches.length === 0 && (
        <p className="max-w-prose text-muted">
          No version of this judge has judged an answer twice. Import a run whose answers it has judged before, or
          choose an anchor set below and have it judged again.
        </p>
      )}
      {watches.map(({ number, judgings, monitor, judgeVersionId }) => {
        const all = movesOf(sumOf(judgings));
        const counted = `${formatCount(all.flips)} of ${plural(all.n, "answer")} got another verdict${all.rate ? `: ${formatRateInterval(all.flips / all.n, all.rate.low, all.rate.high, 1)}` : ""}`;
        return (
          <div key={judgeVersionId} className="flex flex-col gap-2">
            <Notice
              tone={monitor.alarm ? "warning" : "info"}
              title={monitor.alarm ? `Version ${number} moved` : `No sign that version ${number} moved`}
            >
              {counted}
              {monitor.alarm ? `, ${causes[monitor.alarm.cause]}. ` : ". "}
              {monitor.p < 0.5 && `${oneIn(monitor.p)} unmoved judges would ever show as much. `}
              <Explain {...explainWatch(all, judgings.length)} />
            </Notice>
            <details>
              <summary className="min-h-6 w-fit cursor-pointer text-sm text-muted hover:text-ink">
                {plural(judgings.length, "judging")}, in the order in which they came
              </summary>
              <Table label={`Judgings by version ${number}`}>
                <TableHead>
                  <TableRow>
                    <TableHeader>Judged again in</TableHeader>
                    <TableHeader>When</TableHeader>
                    <TableHeader className="text-right">Same answers</TableHeader>
                    <TableHeader className="text-right">pass → fail</TableHeader>
                    <TableHeader className="text-right">fail → pass</TableHeader>
                    <TableHeader className="text-right">Errors</TableHeader>
                    <TableHeader className="text-right">Evidence</TableHeader>
                  </TableRow>
                </TableHead>
                <TableBody>
                  {judgings.map((judging, i) => {
                    const { logRate, logDirection } = monitor.path[i]!;
                    return (
                      <TableRow key={`${judging.runId}-${judging.anchorId}-${judging.number}`}>
                        <TableCell>
                          {judging.runId !== null ? (
                            <Link
                              href={`/runs/${judging.runId}`}
                              className="inline-flex min-h-6 items-center text-accent hover:underline"
                            >
                              run {judging.runId}
                            </Link>
                          ) : (
                            <span className="break-all">
                              <UntrustedText text={anchorNames.get(judging.anchorId!) ?? "anchor set"} />, time{" "}
                              {judging.number}
                            </span>
                          )}
                        </TableCell>
                        <TableCell>
                          <RelativeTime date={judging.at} />
                        </TableCell>
                        <TableCell className="text-right tabular-nums">{formatCount(movesOf(judging).n)}</TableCell>
                        <TableCell className="text-right tabular-nums">{formatCount(judging.passFail)}</TableCell>
                        <TableCell className="text-right tabular-nums">{formatCount(judging.failPass)}</TableCell>
                        <TableCell className="text-right tabular-nums">{formatCount(judging.error)}</TableCell>
                        <TableCell className="text-right tabular-nums">
                          {evidence(Math.max(logRate, logDirection))}
                          {monitor.alarm?.at === i && <span className="ml-2 font-medium text-unsure">alarm</span>}
                        </TableCell>
                      </TableRow>
                    );
                  })}
                </TableBody>
              </Table>
              <p className="text-sm text-muted">
                Evidence: what a bettor against an unmoved judge has of a stake of 1, the greater of the two tests.
                Alarm at {formatCount(2 / judgeWatch.falseAlarm)}.
              </p>
            </details>
          </div>
        );
      })}
    </section>
  );
}

function evidence(log: number): string {
  if (log > Math.log(1e6)) return `10^${Math.floor(log / Math.LN10)}`;
  const value = Math.exp(log);
  return value >= 10 ? formatCount(value) : value.toFixed(value < 0.1 ? 3 : 2);
}

/** A share as one in so many; beyond a million only that. */
function oneIn(p: number): string {
  const many = 1 / p;
  if (many > 1e6) return "Fewer than one in a million";
  return `At most one in ${formatCount(Math.floor(many))}`;
}

import { Explain } from "@/components/ui/explain";
import { formatCount, formatRate, formatRateInterval, plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { type Comparison, type Moves, standing } from "@/lib/judges/moves";
import { judgeWatch } from "@/lib/runs/rejudging";
import { explainDirection, explainRate } from "./explanations";

/** The statement in words, then the two tables that it rests on, side by side. */
export function ComparisonView({ comparison }: { comparison: Comparison }) {
  const { same, other, unanswered, hidden, slices } = comparison;
  return (
    <div className="flex flex-col gap-6">
      <div className="flex max-w-prose flex-col gap-2 text-lg">
        <p>
          {sameSentence(comparison)} {same.n > 0 && <Explain {...explainRate(same)} />}
        </p>
        <p>
          <UntrustedText text={otherSentence(other)} />
        </p>
      </div>
      <div className="grid gap-8 lg:grid-cols-2">
        <MovesTable title="The same answers" moves={same} />
        <MovesTable title="Changed answers" moves={other} />
      </div>
      {unanswered > 0 && (
        <p className="text-sm text-muted">
          Not compared: {plural(unanswered, "case")} with an error in place of an answer in one of the runs.
        </p>
      )}
      {slices.length > 1 && (
        <section aria-label="The same answers by slice" className="flex flex-col gap-2">
          <h3 className="font-medium">The same answers by slice</h3>
          <Table label="The same answers by slice">
            <TableHead>
              <TableRow>
                <TableHeader>Slice</TableHeader>
                <TableHeader className="text-right">Same answers</TableHeader>
                <TableHeader className="text-right">pass → fail</TableHeader>
                <TableHeader className="text-right">fail → pass</TableHeader>
                <TableHeader className="text-right">Changed verdicts</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {slices.map(({ slice, ...moves }) => (
                <TableRow key={slice}>
                  <TableHeader scope="row" className="min-w-24 align-top text-ink [overflow-wrap:anywhere]">
                    {slice === "" ? "no slice" : <UntrustedText text={slice} />}
                  </TableHeader>
                  <TableCell className="text-right tabular-nums">{formatCount(moves.n)}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(moves.passFail)}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(moves.failPass)}</TableCell>
                  <TableCell className="text-right tabular-nums">{rate(moves)}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
          {hidden > 0 && <Hidden count={hidden} />}
        </section>
      )}
    </div>
  );
}

export function Hidden({ count }: { count: number }) {
  return (
    <p className="text-sm text-muted">
      Left out here: {plural(count, "case")} that {count === 1 ? "waits" : "wait"} for your blind grade.
    </p>
  );
}

function rate({ flips, n, rate: interval }: Moves): string {
  return interval ? formatRateInterval(flips / n, interval.low, interval.high, 1) : "–";
}

function sameSentence({ same, from, to }: Comparison): string {
  if (same.n === 0) return "No answer is the same in both, so these two judgings say nothing about the judge.";
  const counted = `Of ${plural(same.n, "answer")} that ${same.n === 1 ? "is" : "are"} byte for byte the same, ${formatCount(same.flips)} got another verdict: ${rate(same)}.`;
  const tolerated = formatRate(judgeWatch.tolerance, 0);
  const versions = from.judgeVersionId === to.judgeVersionId ? null : [from.judgeVersion, to.judgeVersion];
  switch (standing(same, judgeWatch.tolerance)) {
    case "moved":
      return `${counted} ${versions ? `Version ${versions[1]} judges otherwise than version ${versions[0]}` : "The judge moved"}.`;
    case "steady":
      return `${counted} The judge stands: not more than the ${tolerated} put up with.`;
    default:
      return `${counted} Too few to tell: the ${tolerated} put up with lie within the interval.`;
  }
}

function otherSentence(other: Moves): string {
  if (other.n === 0) return "No answer changed: the product did not move.";
  return `${plural(other.n, "answer")} changed: there the product moved, and ${formatCount(other.flips)} got another verdict: ${rate(other)}.`;
}

function MovesTable({ title, moves }: { title: string; moves: Moves }) {
  const rows = [
    ["pass before", moves.passPass, moves.passFail],
    ["fail before", moves.failPass, moves.failFail],
  ] as const;
  return (
    <section aria-label={spelled(title)} className="flex min-w-0 flex-col gap-2">
      <h3 className="font-medium">
        <UntrustedText text={title} /> <span className="font-normal text-muted">{formatCount(moves.n)}</span>
      </h3>
      <Table label={title} className="w-auto">
        <TableHead>
          <TableRow>
            <TableHeader>
              <span className="sr-only">Before</span>
            </TableHeader>
            <TableHeader className="text-right">pass after</TableHeader>
            <TableHeader className="text-right">fail after</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(([name, pass, fail], row) => (
            <TableRow key={name}>
              <TableHeader scope="row">
                <UntrustedText text={name} />
              </TableHeader>
              {[pass, fail].map((count, column) => (
                <TableCell
                  key={column}
                  className={`min-w-20 text-right tabular-nums ${row === column ? "" : "font-semibold"}`}
                >
                  {formatCount(count)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <p className="text-sm text-muted">
        {moves.flips === 0 ? (
          "No verdict changed."
        ) : (
          <>
            {direction(moves)} <Explain {...explainDirection(moves)} />
          </>
        )}
        {moves.error > 0 && ` ${plural(moves.error, "answer")} with an error in one of the two, not counted.`}
      </p>
    </section>
  );
}

function direction({ passFail, failPass, p }: Moves): string {
  const said = `${formatCount(passFail)} to fail, ${formatCount(failPass)} to pass`;
  const chance = p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
  if (p >= 0.05) return `${said}: no side beyond chance (${chance}).`;
  return `${said}: ${passFail > failPass ? "stricter" : "milder"} than before (${chance}).`;
}

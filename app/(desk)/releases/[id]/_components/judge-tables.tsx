import { Badge } from "@/components/ui/badge";
import { formatCoefficient, formatCount, formatRate, formatRateInterval } from "@/components/ui/format";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { BriefCriterion } from "@/lib/calibration/brief";
import { trustOf } from "@/lib/releases/licence";

type Props = { criterion: BriefCriterion; versions: string[] };

const right = "text-right tabular-nums whitespace-nowrap";

/** What each judge says of each version, uncorrected. */
export function VerdictTable({ criterion, versions }: Props) {
  return (
    <Table label={`Judges' verdicts on ${criterion.name}`}>
      <TableHead>
        <TableRow>
          <TableHeader>Judge</TableHeader>
          <TableHeader>Version</TableHeader>
          <TableHeader className={right}>Judged</TableHeader>
          <TableHeader className={right}>Pass</TableHeader>
          <TableHeader className={right}>Fail</TableHeader>
          <TableHeader className={right}>Error</TableHeader>
          <TableHeader className={right}>Says pass</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {criterion.judges.flatMap((judge) =>
          versions.map((version, i) => {
            const { pass = 0, fail = 0, error = 0 } = judge.verdicts[version] ?? {};
            return (
              <TableRow key={`${judge.key} ${judge.version} ${version}`}>
                <TableCell className="min-w-32">
                  {i === 0 && (
                    <span className="inline-flex flex-wrap items-baseline gap-2">
                      <UntrustedText text={judge.key} />
                      {judge.instrument && <Badge tone="machine">corrected</Badge>}
                    </span>
                  )}
                </TableCell>
                <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                  <UntrustedText text={version} />
                </TableCell>
                <TableCell className={right}>{formatCount(pass + fail)}</TableCell>
                <TableCell className={right}>{formatCount(pass)}</TableCell>
                <TableCell className={right}>{formatCount(fail)}</TableCell>
                <TableCell className={right}>{formatCount(error)}</TableCell>
                <TableCell className={right}>{pass + fail > 0 ? formatRate(pass / (pass + fail)) : "–"}</TableCell>
              </TableRow>
            );
          }),
        )}
      </TableBody>
    </Table>
  );
}

/** What each judge prefers, uncorrected. */
export function PreferenceTable({ criterion }: { criterion: BriefCriterion }) {
  return (
    <Table label={`Judges' preferences on ${criterion.name}`}>
      <TableHead>
        <TableRow>
          <TableHeader>Judge</TableHeader>
          <TableHeader className={right}>Prefers candidate</TableHeader>
          <TableHeader className={right}>Prefers baseline</TableHeader>
          <TableHeader className={right}>Tie</TableHeader>
          <TableHeader className={right}>Position flip</TableHeader>
          <TableHeader className={right}>No verdict</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {criterion.judges.map(
          ({ key, version, instrument, prefers }) =>
            prefers && (
              <TableRow key={`${key} ${version}`}>
                <TableCell>
                  <span className="inline-flex flex-wrap items-baseline gap-2">
                    <UntrustedText text={key} />
                    {instrument && <Badge tone="machine">corrected</Badge>}
                  </span>
                </TableCell>
                {[prefers.candidate, prefers.baseline, prefers.tie, prefers.flip, prefers.error].map((count, cell) => (
                  <TableCell key={cell} className={right}>
                    {formatCount(count)}
                  </TableCell>
                ))}
              </TableRow>
            ),
        )}
      </TableBody>
    </Table>
  );
}

type Preference = NonNullable<BriefCriterion["judges"][number]["preference"]>;

const preferenceRows = [
  ["candidate", "prefers candidate"],
  ["baseline", "prefers baseline"],
  ["tie", "tie"],
  ["flip", "position flip"],
] as const;
const preferenceColumns = ["candidate", "baseline", "tie"] as const;

/** What a judge prefers against what people prefer, and the rates that follow. */
export function PreferenceTrust({ judge, preference }: { judge: string; preference: Preference }) {
  const { table, graded, agreement, kappa, finds } = preference;
  const rates = [
    ["Agrees with people", agreement],
    ["Where people prefer the candidate, it does", finds.candidate],
    ["Where people prefer the baseline, it does", finds.baseline],
    ["Where people say tie, it does", finds.tie],
  ] as const;
  return (
    <div className="grid gap-x-10 gap-y-4 xl:grid-cols-2">
      <Table label={`Preferences of ${judge} against people's`}>
        <caption className="pb-1 text-left text-sm text-muted">
          Cases, weighted to all; in brackets those graded
        </caption>
        <TableHead>
          <TableRow>
            <TableHeader>The judge</TableHeader>
            <TableHeader className={right}>People prefer candidate</TableHeader>
            <TableHeader className={right}>People prefer baseline</TableHeader>
            <TableHeader className={right}>People say tie</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {preferenceRows.map(([row, word]) => (
            <TableRow key={row}>
              <TableCell className="whitespace-nowrap">{word}</TableCell>
              {preferenceColumns.map((column) => (
                <TableCell key={column} className={`${right} ${row === column ? "font-medium" : ""}`}>
                  {estimated(table?.[row][column] ?? null)} ({formatCount(graded[row][column])})
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <dl className="grid grid-cols-[fit-content(60%)_1fr] [overflow-wrap:anywhere] content-start gap-x-4 gap-y-1 tabular-nums">
        {rates.map(([name, rate]) => (
          <div key={name} className="contents">
            <dt className="text-muted">
              <UntrustedText text={name} />
            </dt>
            <dd>{rate.estimate === null ? "–" : formatRateInterval(rate.estimate, rate.low, rate.high)}</dd>
          </div>
        ))}
        <dt className="text-muted">Cohen's κ</dt>
        <dd>{formatCoefficient(kappa)}</dd>
      </dl>
    </div>
  );
}

const estimated = (value: number | null) => (value === null ? "–" : value.toFixed(Number.isInteger(value) ? 0 : 1));

/** Each judge held against this release's grades, weighted to all its cases. */
export function TrustTable({ criterion, versions }: Props) {
  return (
    <Table label={`Judges against people's grades on ${criterion.name}`}>
      <TableHead>
        <TableRow>
          <TableHeader>Judge</TableHeader>
          <TableHeader>Version</TableHeader>
          <TableHeader className={right}>TP</TableHeader>
          <TableHeader className={right}>FP</TableHeader>
          <TableHeader className={right}>FN</TableHeader>
          <TableHeader className={right}>TN</TableHeader>
          <TableHeader className={right}>Passes of good (TPR)</TableHeader>
          <TableHeader className={right}>Catches of bad (TNR)</TableHeader>
          <TableHeader className={right}>κ</TableHeader>
          <TableHeader className={right}>AC1</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {criterion.judges.flatMap((judge) =>
          trustOf(judge, versions).map(([version, trust], i) => (
            <TableRow key={`${judge.key} ${judge.version} ${version}`}>
              <TableCell>{i === 0 && <UntrustedText text={judge.key} />}</TableCell>
              <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                <UntrustedText text={version} />
              </TableCell>
              {[trust.tp, trust.fp, trust.fn, trust.tn].map((value, cell) => (
                <TableCell key={cell} className={right}>
                  {estimated(value)}
                </TableCell>
              ))}
              {[trust.tpr, trust.tnr].map((rate, cell) => (
                <TableCell key={cell} className={right}>
                  {rate.estimate === null ? "–" : formatRateInterval(rate.estimate, rate.low, rate.high)}
                </TableCell>
              ))}
              <TableCell className={right}>{formatCoefficient(trust.kappa)}</TableCell>
              <TableCell className={right}>{formatCoefficient(trust.ac1)}</TableCell>
            </TableRow>
          )),
        )}
      </TableBody>
    </Table>
  );
}

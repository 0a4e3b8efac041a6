import { Badge } from "@/components/ui/badge";
import { formatCoefficient, formatCount, formatRate, formatRateInterval } from "@/components/ui/format";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { BriefCriterion } from "@/lib/calibration/brief";
import { trustOf } from "@/lib/releases/brief";

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
                <TableCell>
                  {i === 0 && (
                    <span className="inline-flex flex-wrap items-baseline gap-2">
                      <UntrustedText text={judge.key} />
                      {judge.instrument && <Badge tone="machine">corrected</Badge>}
                    </span>
                  )}
                </TableCell>
                <TableCell>
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
              <TableCell>
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

import Link from "next/link";
import { ConfusionMosaic } from "@/components/charts/confusion-mosaic";
import { formatCoefficient, formatRateInterval } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { JudgeMeasured } from "@/lib/calibration/judges";
import { ofHundred } from "@/lib/releases/words";
import { gradesToSettle, type JudgeTrust } from "@/lib/stats/judge-trust";
import { PreferenceTrust } from "../../releases/[id]/_components/judge-tables";
import { LicenceBadge } from "../../releases/[id]/_components/licence-badge";

const right = "text-right tabular-nums whitespace-nowrap";

/** How far one version of a judge can be trusted: its licence, what would settle it, and how it did release by release. */
export function Trust({ measured, version }: { measured: JudgeMeasured[]; version: number }) {
  const newest = measured.at(-1);
  if (!newest) {
    return (
      <p className="max-w-prose">
        <LicenceBadge licence="not_enough_evidence" />{" "}
        <span className="text-muted">
          Version {version} starts without a licence: no answer it judged has been drawn and graded by people.
        </span>
      </p>
    );
  }
  const { evidence } = newest;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-col gap-1">
        <p>
          <LicenceBadge licence={evidence.licence} />{" "}
          <span className="text-muted">
            in the newest release that measured it,{" "}
            <Link href={overrides(newest)} className="break-all text-accent underline underline-offset-2">
              {newest.prompt} {newest.baseline} → {newest.candidate}
            </Link>
          </span>
        </p>
        <ul className="max-w-prose tabular-nums">
          {Object.entries(evidence.trust).map(([name, trust]) => (
            <li key={name}>
              <UntrustedText text={name} />: {falsePasses(trust)} {toSettle(trust, newest)}
            </li>
          ))}
        </ul>
      </div>
      <div className="grid gap-6 lg:grid-cols-2">
        {Object.entries(evidence.trust).map(([name, { tp, fp, fn, tn }]) =>
          tp === null || fp === null || fn === null || tn === null ? null : (
            <div key={name} className="min-w-0">
              <h3 className="font-medium">
                <UntrustedText text={`On ${name}, all cases of that release`} />
              </h3>
              <ConfusionMosaic label={`Version ${version} against people on ${name}`} counts={{ tp, fp, fn, tn }} />
              <Link href={overrides(newest)} className="inline-flex min-h-6 items-center text-accent hover:underline">
                The overrides behind the cells
              </Link>
            </div>
          ),
        )}
      </div>
      {evidence.preference ? (
        <>
          <PreferenceTrust judge={evidence.key} preference={evidence.preference} />
          <PreferencesOverTime measured={measured} version={version} />
        </>
      ) : (
        <OverTime measured={measured} version={version} />
      )}
    </div>
  );
}

/** A pairwise judge, release by release. */
function PreferencesOverTime({ measured, version }: { measured: JudgeMeasured[]; version: number }) {
  return (
    <Table label={`Version ${version} over time`}>
      <TableHead>
        <TableRow>
          <TableHeader>Release</TableHeader>
          <TableHeader>Licence</TableHeader>
          <TableHeader className={right}>Agrees</TableHeader>
          <TableHeader className={right}>Finds candidate</TableHeader>
          <TableHeader className={right}>Finds baseline</TableHeader>
          <TableHeader className={right}>κ</TableHeader>
          <TableHeader>Opened</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {measured.map((row) => {
          const { preference, licence } = row.evidence;
          if (!preference) return null;
          const { agreement, finds, kappa } = preference;
          return (
            <TableRow key={row.releaseId}>
              <TableCell>
                <Link
                  href={overrides(row)}
                  className="inline-flex min-h-6 items-center break-all text-accent hover:underline"
                >
                  {row.prompt} {row.baseline} → {row.candidate}
                </Link>
              </TableCell>
              <TableCell>
                <LicenceBadge licence={licence} />
              </TableCell>
              {[agreement, finds.candidate, finds.baseline].map(({ estimate, low, high }, cell) => (
                <TableCell key={cell} className={right}>
                  {formatRateInterval(estimate, low, high)}
                </TableCell>
              ))}
              <TableCell className={right}>{formatCoefficient(kappa)}</TableCell>
              <TableCell>
                <RelativeTime date={row.at} />
              </TableCell>
            </TableRow>
          );
        })}
      </TableBody>
    </Table>
  );
}

function OverTime({ measured, version }: { measured: JudgeMeasured[]; version: number }) {
  return (
    <Table label={`Version ${version} over time`}>
      <TableHead>
        <TableRow>
          <TableHeader>Release</TableHeader>
          <TableHeader>Answers of</TableHeader>
          <TableHeader>Licence</TableHeader>
          <TableHeader className={right}>TPR</TableHeader>
          <TableHeader className={right}>TNR</TableHeader>
          <TableHeader className={right}>κ</TableHeader>
          <TableHeader className={right}>AC1</TableHeader>
          <TableHeader className={right}>Good, bad graded</TableHeader>
          <TableHeader>Opened</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {measured.flatMap((row) =>
          Object.entries(row.evidence.trust).map(([name, { tpr, tnr, kappa, ac1, graded }]) => (
            <TableRow key={`${row.releaseId} ${name}`}>
              <TableCell>
                <Link
                  href={overrides(row)}
                  className="inline-flex min-h-6 items-center break-all text-accent hover:underline"
                >
                  {row.prompt} {row.baseline} → {row.candidate}
                </Link>
              </TableCell>
              <TableCell className="break-all">{name}</TableCell>
              <TableCell>
                <LicenceBadge licence={row.evidence.licence} />
              </TableCell>
              <TableCell className={right}>{formatRateInterval(tpr.estimate, tpr.low, tpr.high)}</TableCell>
              <TableCell className={right}>{formatRateInterval(tnr.estimate, tnr.low, tnr.high)}</TableCell>
              <TableCell className={right}>{formatCoefficient(kappa)}</TableCell>
              <TableCell className={right}>{formatCoefficient(ac1)}</TableCell>
              <TableCell className={right}>
                {graded.tp + graded.fn}, {graded.fp + graded.tn}
              </TableCell>
              <TableCell>
                <RelativeTime date={row.at} />
              </TableCell>
            </TableRow>
          )),
        )}
      </TableBody>
    </Table>
  );
}

function overrides({ releaseId, criterion }: JudgeMeasured): string {
  return `/releases/${releaseId}/judges?criterion=${encodeURIComponent(criterion)}`;
}

function falsePasses({ falsePassRate }: JudgeTrust): string {
  return falsePassRate.estimate === null
    ? "nothing is known yet of the answers it passes."
    : `of 100 answers it passes, ${ofHundred(falsePassRate.low, falsePassRate.high)} are bad.`;
}

/** What it would take until the lower ends reach what the policy asks for. */
function toSettle({ graded, tpr, tnr }: JudgeTrust, { needed, level }: JudgeMeasured): string {
  const parts = [
    { rate: tpr, right: graded.tp, n: graded.tp + graded.fn, limit: needed.minTpr, what: "good" },
    { rate: tnr, right: graded.tn, n: graded.tn + graded.fp, limit: needed.minTnr, what: "bad" },
  ]
    .filter(({ rate, limit }) => rate.estimate === null || rate.low < limit)
    .map(({ right, n, limit, what }) => {
      if (n === 0) return `no ${what} answer is graded yet`;
      const more = gradesToSettle(right, n, limit, level);
      return more === null
        ? `of ${what} answers it got ${right} of ${n} right: more grades would not bring that above the ${Math.round(limit * 100)} of 100 needed`
        : `about ${Math.max(1, more)} more ${what} answers to grade, if it goes on as it did (${right} of ${n} right, ${Math.round(limit * 100)} of 100 needed)`;
    });
  return parts.length === 0 ? "" : `What would settle it: ${parts.join("; ")}.`;
}

import Link from "next/link";
import type { ReactNode } from "react";
import { ConfusionMosaic } from "@/components/charts/confusion-mosaic";
import { Explain } from "@/components/ui/explain";
import { formatCoefficient, formatRateInterval } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Actor } from "@/lib/auth/actor";
import type { JudgeMeasured } from "@/lib/calibration/judges";
import { lengthBias, positionFlips, reliability, repeats, trustBySlice } from "@/lib/calibration/measures";
import { licenceReason, settlingInWords } from "@/lib/releases/licence";
import { ofHundred } from "@/lib/releases/words";
import type { JudgeTrust } from "@/lib/stats/judge-trust";
import { PreferenceTrust } from "../../releases/[id]/_components/judge-tables";
import { LicenceBadge } from "../../releases/[id]/_components/licence-badge";
import { Biases } from "./_components/biases";
import { ConfusionCells } from "./_components/cells";
import {
  explainCoefficient,
  explainLicence,
  explainMosaic,
  explainPreference,
  explainRate,
  explainSettling,
} from "./_components/explanations";
import { coefficientText, SliceTable } from "./_components/slices";

const right = "text-right tabular-nums whitespace-nowrap";

type Props = { actor: Actor; measured: JudgeMeasured[]; version: number; versionId: number };

/** How far one version of a judge can be trusted: its licence, what would settle it, where it errs, and how it did release by release. */
export async function Trust({ actor, measured, version, versionId }: Props) {
  const newest = measured.at(-1);
  const of = { judgeVersionId: versionId, releaseId: newest?.releaseId ?? null };
  const [length, scores, again, flips] = await Promise.all([
    lengthBias(actor, of),
    reliability(actor, of),
    repeats(actor, of),
    positionFlips(actor, of),
  ]);
  const biases = (answers: string) => (
    <Biases of={`version ${version}`} answers={answers} length={length} scores={scores} repeats={again} flips={flips} />
  );
  if (!newest) {
    return (
      <div className="flex flex-col gap-6">
        <p className="max-w-prose">
          <LicenceBadge licence="not_enough_evidence" />{" "}
          <span className="text-muted">
            Version {version} starts without a licence: no answer it judged has been drawn and graded by people.
          </span>
        </p>
        {biases("the newest run it judged")}
      </div>
    );
  }
  const { evidence, needed } = newest;
  const bySlice = evidence.preference ? null : await trustBySlice(actor, newest);
  const release = `${newest.prompt} ${newest.baseline} → ${newest.candidate}`;
  return (
    <div className="flex flex-col gap-6">
      <div className="flex flex-col gap-1">
        <p>
          <LicenceBadge licence={evidence.licence} />{" "}
          {!evidence.preference && <Explain {...explainLicence(evidence.licence, evidence.trust, needed)} />}{" "}
          <span className="text-muted">
            in the newest release that measured it,{" "}
            <Link href={overrides(newest)} className="break-all text-accent underline underline-offset-2">
              {release}
            </Link>
          </span>
        </p>
        <ul className="max-w-prose tabular-nums">
          {Object.entries(evidence.trust).map(([name, trust]) => {
            const settle = settlingInWords(trust, needed, newest.level);
            return (
              <li key={name}>
                <UntrustedText text={name} />: {falsePasses(trust)}{" "}
                {settle && (
                  <>
                    {settle} <Explain {...explainSettling(needed, trust)} />
                  </>
                )}
              </li>
            );
          })}
        </ul>
      </div>
      <div className="grid gap-x-10 gap-y-6 lg:grid-cols-2">
        {(["baseline", "candidate"] as const).map((side) => {
          const name = newest[side];
          const trust = evidence.trust[name];
          if (!trust) return null;
          const { tp, fp, fn, tn } = trust;
          const known = tp !== null && fp !== null && fn !== null && tn !== null;
          const whole = bySlice?.whole[name];
          return (
            <section
              key={side}
              aria-label={spelled(`Version ${version} on ${name}`)}
              className="flex min-w-0 flex-col gap-3"
            >
              <h3 className="font-medium">
                <UntrustedText text={`On ${name}, all cases of that release`} />{" "}
                <Explain {...explainMosaic(name, trust)} />
              </h3>
              {known ? (
                <ConfusionMosaic label={`Version ${version} against people on ${name}`} counts={{ tp, fp, fn, tn }} />
              ) : (
                <p className="text-muted">
                  Not every verdict of the judge has a graded case, so the four cells over all cases are not known yet.
                </p>
              )}
              <ConfusionCells
                label={`Cases behind the cells, version ${version} on ${name}`}
                releaseId={newest.releaseId}
                criterion={newest.criterion}
                judgeVersionId={versionId}
                version={side}
                trust={trust}
              />
              <dl className="grid grid-cols-[fit-content(60%)_1fr] [overflow-wrap:anywhere] gap-x-4 gap-y-1 tabular-nums">
                {(["tpr", "tnr", "falsePassRate"] as const).map((which) => {
                  const explanation = explainRate(which, trust);
                  return (
                    <Fact key={which} name={explanation.title} explain={<Explain {...explanation} />}>
                      {formatRateInterval(trust[which].estimate, trust[which].low, trust[which].high)}
                    </Fact>
                  );
                })}
                {(["kappa", "ac1"] as const).map((which) => {
                  const explanation = explainCoefficient(which, trust);
                  return (
                    <Fact key={which} name={explanation.title} explain={<Explain {...explanation} />}>
                      {coefficientText(whole, which)}
                    </Fact>
                  );
                })}
              </dl>
            </section>
          );
        })}
      </div>
      {bySlice && <SliceTable label={`Version ${version} by slice`} bySlice={bySlice} level={newest.level} />}
      {evidence.preference && (
        <section aria-label={`Version ${version} against people`} className="flex flex-col gap-2">
          <h3 className="font-medium">
            Against people's preferences <Explain {...explainPreference(evidence.preference)} />
          </h3>
          <PreferenceTrust judge={evidence.key} preference={evidence.preference} />
        </section>
      )}
      {biases(`both versions' answers in ${release}`)}
      <section aria-label={`Version ${version}, release by release`} className="flex flex-col gap-2">
        <h3 className="font-medium">Release by release</h3>
        {evidence.preference ? (
          <PreferencesOverTime measured={measured} version={version} />
        ) : (
          <OverTime measured={measured} version={version} />
        )}
      </section>
    </div>
  );
}

/** A figure with its name and what stands behind it. */
export function Fact({ name, explain, children }: { name: string; explain?: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">
        <UntrustedText text={name} /> {explain}
      </dt>
      <dd>{children}</dd>
    </>
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
              <TableCell className="min-w-36">
                <ToOverrides row={row} />
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

/** Two rows a release, one a version; the licence is of both together, and says what it hangs on. */
function OverTime({ measured, version }: { measured: JudgeMeasured[]; version: number }) {
  return (
    <Table label={`Version ${version} over time`}>
      <TableHead>
        <TableRow>
          <TableHeader>Release</TableHeader>
          <TableHeader>Licence</TableHeader>
          <TableHeader>Opened</TableHeader>
          <TableHeader>Answers of</TableHeader>
          <TableHeader className={right}>TPR</TableHeader>
          <TableHeader className={right}>TNR</TableHeader>
          <TableHeader className={right}>κ</TableHeader>
          <TableHeader className={right}>AC1</TableHeader>
          <TableHeader className={right}>Good, bad graded</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {measured.flatMap((row) => {
          const versions = Object.entries(row.evidence.trust);
          const reason = licenceReason(row.evidence, row.needed);
          return versions.map(([name, { tpr, tnr, kappa, ac1, graded }], i) => (
            <TableRow key={`${row.releaseId} ${name}`}>
              {i === 0 && (
                <>
                  <TableCell rowSpan={versions.length} className="min-w-36">
                    <ToOverrides row={row} />
                  </TableCell>
                  <TableCell rowSpan={versions.length} className="min-w-48">
                    <LicenceBadge licence={row.evidence.licence} />
                    {reason && (
                      <span className="block pt-1 text-sm text-muted [overflow-wrap:anywhere]">
                        <UntrustedText text={reason} />
                      </span>
                    )}
                  </TableCell>
                  <TableCell rowSpan={versions.length}>
                    <RelativeTime date={row.at} />
                  </TableCell>
                </>
              )}
              <TableCell className="break-all first:pl-3">
                <UntrustedText text={name} />
              </TableCell>
              <TableCell className={right}>{formatRateInterval(tpr.estimate, tpr.low, tpr.high)}</TableCell>
              <TableCell className={right}>{formatRateInterval(tnr.estimate, tnr.low, tnr.high)}</TableCell>
              <TableCell className={right}>{formatCoefficient(kappa)}</TableCell>
              <TableCell className={right}>{formatCoefficient(ac1)}</TableCell>
              <TableCell className={right}>
                {graded.tp + graded.fn}, {graded.fp + graded.tn}
              </TableCell>
            </TableRow>
          ));
        })}
      </TableBody>
    </Table>
  );
}

function overrides({ releaseId, criterion }: JudgeMeasured): string {
  return `/releases/${releaseId}/judges?criterion=${encodeURIComponent(criterion)}`;
}

/** The release, as a link to where people said otherwise in it. */
function ToOverrides({ row }: { row: JudgeMeasured }) {
  return (
    <Link
      href={overrides(row)}
      className="inline-flex min-h-6 items-center text-accent [overflow-wrap:anywhere] hover:underline"
    >
      <UntrustedText text={row.prompt} /> <UntrustedText text={row.baseline} /> → <UntrustedText text={row.candidate} />
    </Link>
  );
}

function falsePasses({ falsePassRate }: JudgeTrust): string {
  return falsePassRate.estimate === null
    ? "nothing is known yet of the answers it passes."
    : `of 100 answers it passes, ${ofHundred(falsePassRate.low, falsePassRate.high)} are bad.`;
}

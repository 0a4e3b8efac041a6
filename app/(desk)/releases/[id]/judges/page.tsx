import type { Metadata } from "next";
import Link from "next/link";
import { ConfusionMosaic } from "@/components/charts/confusion-mosaic";
import { EmptyState } from "@/components/ui/empty-state";
import { formatCoefficient, formatRateInterval } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { Verdict } from "@/components/ui/verdict";
import { listOverrides } from "@/lib/calibration/queries";
import { licenceInWords } from "@/lib/releases/brief";
import { LicenceBadge } from "../_components/licence-badge";
import { loadBrief, loadRelease } from "../_release";

export const metadata: Metadata = { title: "Judges" };

type Props = { params: Promise<{ id: string }>; searchParams: Promise<{ before?: string; criterion?: string }> };

export default async function JudgesTab({ params, searchParams }: Props) {
  const { id } = await params;
  const [{ actor, release }, brief, given] = await Promise.all([loadRelease(id), loadBrief(id), searchParams]);
  const versions = [brief.baseline, brief.candidate];
  const shown = brief.criteria.find(({ key }) => key === given.criterion) ?? brief.criteria[0];
  if (!shown) return <EmptyState title="This release has no criterion" />;
  const criterion = release.criteria.find(({ key }) => key === shown.key)!;
  const before = /^\d{1,9}$/.test(given.before ?? "") ? Number(given.before) : undefined;
  const overrides = await listOverrides(actor, { releaseId: release.id, criterionId: criterion.id, before });
  const here = `/releases/${release.id}/judges`;
  return (
    <div className="flex flex-col gap-10">
      {brief.criteria.length > 1 && (
        <nav aria-label="Criterion" className="flex flex-wrap gap-2">
          {brief.criteria.map(({ key }) => (
            <Link
              key={key}
              href={`${here}?criterion=${encodeURIComponent(key)}`}
              aria-current={key === shown.key ? "page" : undefined}
              className="inline-flex min-h-8 items-center rounded-md border border-line px-3 break-all hover:bg-hover aria-[current]:border-accent aria-[current]:bg-accent-soft aria-[current]:text-accent"
            >
              {key}
            </Link>
          ))}
        </nav>
      )}
      {shown.judges.length === 0 && (
        <EmptyState title="No judge for this criterion">The estimate rests on people's grades alone.</EmptyState>
      )}
      {shown.judges.map((judge) => (
        <section
          key={`${judge.key} ${judge.version}`}
          aria-label={`Judge ${judge.key}`}
          className="flex flex-col gap-4"
        >
          <div className="flex flex-wrap items-baseline gap-3">
            <h2 className="text-lg font-semibold break-all">
              {judge.key}{" "}
              <span className="font-normal text-muted">
                version {judge.version}, {judge.model || "no model named"}
              </span>
            </h2>
            <LicenceBadge licence={judge.licence} />
            {judge.instrument ? (
              <span className="text-muted">the estimate corrects this judge</span>
            ) : (
              <span className="text-muted">shown beside it</span>
            )}
          </div>
          <p className="max-w-prose">
            <span className="first-letter:uppercase inline-block">{licenceInWords(judge, release.policyDocument)}</span>
          </p>
          <div className="grid gap-8 lg:grid-cols-2">
            {versions.map((version) => {
              const trust = judge.trust[version];
              if (!trust) return null;
              const graded = trust.graded.tp + trust.graded.fp + trust.graded.fn + trust.graded.tn;
              return (
                <section
                  key={version}
                  aria-label={`${judge.key} on ${version}`}
                  className="flex min-w-0 flex-col gap-3"
                >
                  <h3 className="font-medium break-all">On {version}</h3>
                  {graded === 0 ? (
                    <p className="text-muted">Nobody has graded an answer of {version} that this judge judged.</p>
                  ) : (
                    <>
                      {trust.tp !== null && (
                        <ConfusionMosaic
                          label={`${judge.key} against people, ${version}`}
                          counts={{ tp: trust.tp, fp: trust.fp ?? 0, fn: trust.fn ?? 0, tn: trust.tn ?? 0 }}
                        />
                      )}
                      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 tabular-nums">
                        <Fact
                          name="Passes good answers (TPR)"
                          value={formatRateInterval(trust.tpr.estimate, trust.tpr.low, trust.tpr.high)}
                        />
                        <Fact
                          name="Catches bad answers (TNR)"
                          value={formatRateInterval(trust.tnr.estimate, trust.tnr.low, trust.tnr.high)}
                        />
                        <Fact
                          name="Bad among what it passes"
                          value={formatRateInterval(
                            trust.falsePassRate.estimate,
                            trust.falsePassRate.low,
                            trust.falsePassRate.high,
                          )}
                        />
                        <Fact
                          name="Cohen's κ, Gwet's AC1"
                          value={`${formatCoefficient(trust.kappa)}, ${formatCoefficient(trust.ac1)}`}
                        />
                        <Fact
                          name="Graded answers"
                          value={`${graded}: ${trust.graded.tp} passed rightly, ${trust.graded.fp} wrongly; ${trust.graded.tn} failed rightly, ${trust.graded.fn} wrongly`}
                        />
                      </dl>
                    </>
                  )}
                </section>
              );
            })}
          </div>
        </section>
      ))}
      <section aria-labelledby="overrides" className="flex flex-col gap-3">
        <h2 id="overrides" className="text-lg font-semibold">
          Overrides
        </h2>
        <p className="text-muted">
          Where a person's grade differs from the judge's verdict on {shown.key}. Newest first.
        </p>
        {overrides.rows.length === 0 ? (
          <p>{before ? "There are no more." : "There is none yet."}</p>
        ) : (
          <Table label="Overrides">
            <TableHead>
              <TableRow>
                <TableHeader>Case</TableHeader>
                <TableHeader>Version</TableHeader>
                <TableHeader>Judge</TableHeader>
                <TableHeader>Person</TableHeader>
                <TableHeader>Note</TableHeader>
                <TableHeader>When</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {overrides.rows.map((row) => (
                <TableRow key={row.reviewId}>
                  <TableCell>
                    <Link
                      href={`/releases/${release.id}/cases/${row.caseId}`}
                      className="break-all text-accent hover:underline"
                    >
                      {row.case}
                    </Link>
                    {row.slice && <div className="text-sm text-muted">{row.slice}</div>}
                  </TableCell>
                  <TableCell className="break-all">{row.version}</TableCell>
                  <TableCell>
                    <Verdict value={row.judged} by="machine" />
                  </TableCell>
                  <TableCell>
                    <Verdict value={row.graded} by="human" /> <span className="text-sm text-muted">{row.reviewer}</span>
                  </TableCell>
                  <TableCell className="max-w-80">
                    {row.note ? <UntrustedText text={row.note} /> : <span className="text-muted">–</span>}
                  </TableCell>
                  <TableCell>
                    <RelativeTime date={row.at} />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
        {overrides.next !== null && (
          <Link
            href={`${here}?criterion=${encodeURIComponent(shown.key)}&before=${overrides.next}`}
            className="inline-flex min-h-8 items-center text-accent hover:underline"
          >
            Older overrides
          </Link>
        )}
      </section>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

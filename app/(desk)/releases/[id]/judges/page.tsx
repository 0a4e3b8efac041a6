import type { Metadata } from "next";
import Link from "next/link";
import { ConfusionMosaic } from "@/components/charts/confusion-mosaic";
import { EmptyState } from "@/components/ui/empty-state";
import { Explain } from "@/components/ui/explain";
import { formatCoefficient, formatCount, formatRate, formatRateInterval } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { preferenceWords, Verdict } from "@/components/ui/verdict";
import { trustBySlice } from "@/lib/calibration/measures";
import { type People, peopleOf } from "@/lib/calibration/people";
import { listOverrides } from "@/lib/calibration/queries";
import { listJudgeVersions } from "@/lib/judges/queries";
import { readWaits } from "@/lib/releases/cases";
import { licenceInWords } from "@/lib/releases/licence";
import { policyFor } from "@/lib/releases/policy-document";
import { altTestNeeds } from "@/lib/stats/alt-test";
import { ConfusionCells } from "../../../judges/[id]/_components/cells";
import {
  explainAlpha,
  explainCoefficient,
  explainMosaic,
  explainRate,
  explainStandIn,
} from "../../../judges/[id]/_components/explanations";
import { coefficientText, SliceTable } from "../../../judges/[id]/_components/slices";
import { Fact } from "../../../judges/[id]/_trust";
import { explainTrust } from "../_components/explanations";
import { PreferenceTrust } from "../_components/judge-tables";
import { LicenceBadge } from "../_components/licence-badge";
import { WaitsLine } from "../_components/waits";
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
  const waits = await readWaits(actor, release.id);
  const people = await peopleOf(actor, { releaseId: release.id, criterionId: criterion.id });
  const known = await listJudgeVersions(actor, criterion.id);
  const judges = await Promise.all(
    shown.judges.map(async (judge) => {
      // A further version of a judge is listed as `key@number`.
      const of = known.find(
        ({ key, number }) => number === judge.version && (judge.key === key || judge.key === `${key}@${number}`),
      );
      const slices = of
        ? await trustBySlice(actor, { releaseId: release.id, criterionId: criterion.id, judgeVersionId: of.id })
        : null;
      return { judge, of, slices };
    }),
  );
  const here = `/releases/${release.id}/judges`;
  const policy = policyFor(release.policyDocument, shown.key);
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
              <UntrustedText text={key} />
            </Link>
          ))}
        </nav>
      )}
      {shown.judges.length === 0 && (
        <EmptyState title="No judge for this criterion">The estimate rests on people's grades alone.</EmptyState>
      )}
      {judges.map(({ judge, of, slices }) => (
        <section
          key={`${judge.key} ${judge.version}`}
          aria-label={spelled(`Judge ${judge.key}`)}
          className="flex flex-col gap-4"
        >
          <div className="flex flex-wrap items-baseline gap-3">
            <h2 className="text-lg font-semibold break-all">
              <UntrustedText text={judge.key} />{" "}
              <span className="font-normal text-muted">
                version {judge.version}, <UntrustedText text={judge.model || "no model named"} />
              </span>
            </h2>
            <LicenceBadge licence={judge.licence} />
            {judge.instrument ? (
              <span className="text-muted">the estimate corrects this judge</span>
            ) : (
              <span className="text-muted">shown beside it</span>
            )}
            {of && (
              <Link href={`/judges/${of.judgeId}`} className="text-accent underline underline-offset-2">
                all that is known of this judge
              </Link>
            )}
          </div>
          <p className="max-w-prose">
            <UntrustedText text={capital(licenceInWords(judge, policy))} />{" "}
            <Explain {...explainTrust(judge, shown, policy)} />
          </p>
          {judge.preference && <PreferenceTrust judge={judge.key} preference={judge.preference} />}
          <div className="grid gap-8 lg:grid-cols-2">
            {versions.map((version, i) => {
              const side = i === 0 ? "baseline" : "candidate";
              const trust = judge.trust[version];
              if (!trust) return null;
              const graded = trust.graded.tp + trust.graded.fp + trust.graded.fn + trust.graded.tn;
              return (
                <section
                  key={version}
                  aria-label={spelled(`${judge.key} on ${version}`)}
                  className="flex min-w-0 flex-col gap-3"
                >
                  <h3 className="font-medium break-all">
                    On <UntrustedText text={version} /> <Explain {...explainMosaic(version, trust)} />
                  </h3>
                  {graded === 0 ? (
                    <p className="text-muted">
                      Nobody has graded an answer of <UntrustedText text={version} /> that this judge judged.
                    </p>
                  ) : (
                    <>
                      {trust.tp !== null && (
                        <ConfusionMosaic
                          label={`${judge.key} against people, ${version}`}
                          counts={{ tp: trust.tp, fp: trust.fp ?? 0, fn: trust.fn ?? 0, tn: trust.tn ?? 0 }}
                        />
                      )}
                      {of && (
                        <ConfusionCells
                          label={`Cases behind the cells, ${judge.key} on ${version}`}
                          releaseId={release.id}
                          criterion={shown.key}
                          judgeVersionId={of.id}
                          version={side}
                          trust={trust}
                        />
                      )}
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
                              {coefficientText(slices?.whole[version], which)}
                            </Fact>
                          );
                        })}
                        <Fact name="Graded answers">
                          {`${graded}: ${trust.graded.tp} passed rightly, ${trust.graded.fp} wrongly; ${trust.graded.tn} failed rightly, ${trust.graded.fn} wrongly`}
                        </Fact>
                      </dl>
                    </>
                  )}
                </section>
              );
            })}
          </div>
          {slices && (
            <SliceTable label={`${judge.key} by slice`} bySlice={slices} level={release.policyDocument.level} />
          )}
        </section>
      ))}
      <PeopleSection people={people} />
      <section aria-labelledby="overrides" className="flex flex-col gap-3">
        <h2 id="overrides" className="text-lg font-semibold">
          Overrides
        </h2>
        <p className="text-muted">
          Where a person's grade differs from the judge's verdict on <UntrustedText text={shown.key} />. Newest first.
        </p>
        <WaitsLine releaseId={release.id} waits={waits} here="without" />
        {overrides.rows.length === 0 ? (
          <p>
            {before ? "There are no more" : "There is none yet"}
            {waits.cases > 0 && " that you may see"}.
          </p>
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
                      <UntrustedText text={row.case} />
                    </Link>
                    {row.slice && (
                      <div className="text-sm text-muted">
                        <UntrustedText text={row.slice} />
                      </div>
                    )}
                  </TableCell>
                  <TableCell className="break-all">{row.version ?? "both"}</TableCell>
                  <TableCell>
                    <Verdict value={preferenceWords(row.judged)} by="machine" />
                  </TableCell>
                  <TableCell>
                    <Verdict value={preferenceWords(row.graded)} by="human" />{" "}
                    <span className="text-sm text-muted">
                      <UntrustedText text={row.reviewer} />
                    </span>
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

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** People beside the judge: how far they agree with each other, and whether it could stand in for one of them. */
function PeopleSection({ people: { agreement, standIns } }: { people: People }) {
  return (
    <section aria-labelledby="people" className="flex flex-col gap-3">
      <h2 id="people" className="text-lg font-semibold">
        People beside it
      </h2>
      {agreement.length === 0 ? (
        <p className="max-w-prose text-muted">
          No answer has been labelled by two people, so nothing says how far people agree. A judge can't be asked to
          agree with them more than they do with each other.
        </p>
      ) : (
        <ul className="flex flex-col gap-1 tabular-nums">
          {agreement.map(({ source, people, answers, alpha }) => (
            <li key={source}>
              Krippendorff's α among people, <UntrustedText text={source} />:{" "}
              <strong>{formatCoefficient(alpha)}</strong>{" "}
              <span className="text-muted">
                ({people} people, {formatCount(answers)} answers with two labels or more)
              </span>{" "}
              <Explain {...explainAlpha({ source, people, answers, alpha })} />
            </li>
          ))}
        </ul>
      )}
      {standIns.map(({ judge, annotators, test }) => (
        <p key={judge} className="max-w-prose tabular-nums">
          <strong className="font-medium">
            <UntrustedText text={judge} />
          </strong>
          :{" "}
          {test
            ? `${test.passes ? "may" : "may not"} stand in for one of the ${annotators.length} annotators (alternative annotator test, ε .15: held its own against ${Math.round(test.winningRate * annotators.length)} of ${annotators.length}; agreed with the others at least as well as the one left out in ${formatRate(test.advantage, 0)} of answers).`
            : `whether it could stand in for a person needs ${altTestNeeds.annotators} annotators with ${altTestNeeds.items} answers each; there are ${annotators.length}.`}{" "}
          <Explain {...explainStandIn({ judge, annotators, test })} />
        </p>
      ))}
    </section>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { DownloadButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { formatCount, formatRateInterval } from "@/components/ui/format";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { Verdict } from "@/components/ui/verdict";
import { may } from "@/lib/auth/permit";
import { ofHundred } from "@/lib/releases/words";
import { type Catch, listSentinels, sentinelCatch } from "@/lib/sentinels/queries";
import { expectedOf, kindWords } from "@/lib/sentinels/schema";
import { loadRelease } from "../_release";
import { MakeForm, StrikeForm, VerdictsForm } from "./_components/forms";

export const metadata: Metadata = { title: "Sentinels" };

const right = "text-right tabular-nums whitespace-nowrap";

export default async function SentinelsTab({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const { actor, release } = await loadRelease(id);
  const sentinels = await listSentinels(actor, release.id);
  const caught = await sentinelCatch(actor, release.id);
  const makes = may(actor, "release.draw");
  const criteria = release.criteria.map(({ key }) => key);
  return (
    <div className="flex flex-col gap-8">
      <p className="max-w-prose">
        Sentinels are answers known to be bad, or good, made from answers that are there: without a model. Give them to
        the judge among the others, take its verdicts back, and see what it lets through. They are in no sample and no
        estimate.
      </p>
      {makes && (
        <section aria-label="Make and judge" className="flex flex-col gap-5">
          <MakeForm releaseId={release.id} criteria={criteria} />
          {sentinels.length > 0 && (
            <>
              <p>
                <DownloadButton href={`/releases/${release.id}/sentinels/export`}>Export for judging</DownloadButton>
              </p>
              <VerdictsForm releaseId={release.id} />
            </>
          )}
        </section>
      )}
      {caught.length > 0 && <Caught rows={caught} />}
      {sentinels.length === 0 ? (
        <EmptyState title="No sentinels yet">
          {makes
            ? "Make some above; export them and have the judge judge them with the run."
            : "A release manager can make some."}
        </EmptyState>
      ) : (
        <section aria-labelledby="all" className="flex flex-col gap-3">
          <h2 id="all" className="text-lg font-semibold">
            {formatCount(sentinels.length)} sentinels
          </h2>
          <ul className="flex flex-col divide-y divide-line border-y border-line">
            {sentinels.map((one) => (
              <li key={one.id} className="flex flex-col gap-2 py-3">
                <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
                  <strong className="font-medium">{kindWords[one.kind]}</strong>
                  <span className="text-muted">
                    of{" "}
                    <Link
                      href={`/releases/${release.id}/cases/${one.caseId}`}
                      className="break-all text-accent underline underline-offset-2"
                    >
                      <UntrustedText text={one.case} />
                    </Link>
                    , <UntrustedText text={one.criterion} />; should be
                  </span>
                  <Verdict value={expectedOf(one.kind)} by="human" />
                  {one.verdicts.map(({ judge, verdict }) => (
                    <span key={judge} className="inline-flex items-baseline gap-1">
                      <span className="text-muted">
                        <UntrustedText text={judge} />
                      </span>
                      <Verdict value={verdict} by="machine" />
                    </span>
                  ))}
                  {one.struck !== null && (
                    <span className="text-muted">
                      struck: <UntrustedText text={one.struck} />
                    </span>
                  )}
                </p>
                <details>
                  <summary className="cursor-pointer text-muted">Text of {one.key.slice(0, 8)}</summary>
                  <div className="flex flex-col gap-3 pt-2">
                    <Untrusted text={one.text} />
                    {makes && one.struck === null && (
                      <StrikeForm releaseId={release.id} sentinelId={one.id} name={one.key.slice(0, 8)} />
                    )}
                  </div>
                </details>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Caught({ rows }: { rows: Catch[] }) {
  const wholes = rows.filter(({ kind }) => kind === "bad");
  return (
    <section aria-labelledby="caught" className="flex flex-col gap-3">
      <h2 id="caught" className="text-lg font-semibold">
        What the judge noticed
      </h2>
      {wholes.map(({ judge, number, criterion, caught, n, low, high }) => (
        <p key={`${judge} ${number} ${criterion}`} className="max-w-prose tabular-nums">
          <UntrustedText text={judge} /> (version {number}, {criterion}) failed {caught} of {n} answers known to be bad:
          it catches {ofHundred(low, high)} of 100.
        </p>
      ))}
      <Table label="Catch rates">
        <TableHead>
          <TableRow>
            <TableHeader>Judge</TableHeader>
            <TableHeader>Criterion</TableHeader>
            <TableHeader>Sentinels</TableHeader>
            <TableHeader className={right}>Right</TableHeader>
            <TableHeader className={right}>Rate</TableHeader>
            <TableHeader className={right}>Judge errors</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(({ judge, number, criterion, kind, caught, n, errors, low, high }) => (
            <TableRow key={`${judge} ${number} ${criterion} ${kind}`}>
              <TableCell className="break-all">
                <UntrustedText text={judge} /> {number}
              </TableCell>
              <TableCell className="break-all">
                <UntrustedText text={criterion} />
              </TableCell>
              <TableCell>
                {kind === "bad" ? "all bad ones" : kind === "good ones" ? "all good ones" : kindWords[kind]}
              </TableCell>
              <TableCell className={right}>
                {caught} of {n}
              </TableCell>
              <TableCell className={right}>{formatRateInterval(caught / n, low, high)}</TableCell>
              <TableCell className={right}>{errors}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </section>
  );
}

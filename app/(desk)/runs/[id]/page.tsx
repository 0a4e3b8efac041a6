import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { rowId } from "@/app/_row-id";
import { Digest } from "@/components/ui/digest";
import { formatCount, formatRate } from "@/components/ui/format";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { requireActor } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { getRun } from "@/lib/runs/queries";

export const metadata: Metadata = { title: "Run" };

export default async function RunPage({ params }: { params: Promise<{ id: string }> }) {
  const actor = await requireActor();
  const { id } = await params;
  if (!/^[1-9]\d{0,8}$/.test(id)) notFound();
  const run = await getRun(actor, rowId(id)).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  });
  return (
    <div className="flex flex-col gap-8">
      <PageHead
        trail={[{ href: "/runs", label: "Runs" }]}
        title={
          <>
            <UntrustedText text={`${run.prompt} ${run.version}`} /> <span className="text-muted">on</span>{" "}
            <UntrustedText text={run.dataset} />
          </>
        }
        facts={
          <span className="flex flex-wrap gap-x-4">
            <span>
              {formatCount(run.outputs)} outputs, {formatCount(run.errors)} errors
            </span>
            {run.model && (
              <span className="break-all">
                model <UntrustedText text={run.model} />
              </span>
            )}
            <span>
              imported <RelativeTime date={run.createdAt} />
              {run.importedBy && ` by ${run.importedBy}`}
            </span>
          </span>
        }
      />
      <dl className="grid grid-cols-[fit-content(60%)_1fr] [overflow-wrap:anywhere] gap-x-4 gap-y-1">
        <dt className="text-muted">Digest of the run</dt>
        <dd>
          <Digest value={run.digest} />
        </dd>
        <dt className="text-muted">Digest of the source</dt>
        <dd>
          <Digest value={run.sourceDigest} />
        </dd>
        {run.importId && (
          <>
            <dt className="text-muted">Import</dt>
            <dd>
              <Link href={`/imports/${run.importId}`} className="text-accent hover:underline">
                import {run.importId}
              </Link>
            </dd>
          </>
        )}
      </dl>
      <section aria-labelledby="judges" className="flex flex-col gap-3">
        <h2 id="judges" className="text-lg font-semibold">
          What the judges said
        </h2>
        {run.judges.length === 0 && run.comparisons.length === 0 && (
          <p className="text-muted">No judge has seen this run.</p>
        )}
        {run.judges.length > 0 && (
          <Table label="What the judges said">
            <TableHead>
              <TableRow>
                <TableHeader>Judge</TableHeader>
                <TableHeader>Criterion</TableHeader>
                <TableHeader className="text-right">Pass</TableHeader>
                <TableHeader className="text-right">Fail</TableHeader>
                <TableHeader className="text-right">Error</TableHeader>
                <TableHeader className="text-right">Says pass</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {run.judges.map((judge) => (
                <TableRow key={`${judge.key} ${judge.number}`}>
                  <TableCell className="min-w-32">
                    <Link
                      href={`/judges/${judge.judgeId}`}
                      className="[overflow-wrap:anywhere] text-accent underline underline-offset-2"
                    >
                      <UntrustedText text={judge.key} />
                    </Link>{" "}
                    <span className="text-muted">version {judge.number}</span>
                  </TableCell>
                  <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                    <UntrustedText text={judge.criterion} />
                  </TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(judge.pass)}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(judge.fail)}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(judge.error)}</TableCell>
                  <TableCell className="text-right tabular-nums">
                    {judge.pass + judge.fail > 0 ? formatRate(judge.pass / (judge.pass + judge.fail)) : "–"}
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
        {run.comparisons.length > 0 && (
          <Table label="What the judges preferred">
            <TableHead>
              <TableRow>
                <TableHeader>Judge</TableHeader>
                <TableHeader>Criterion</TableHeader>
                <TableHeader>Compared with</TableHeader>
                <TableHeader>Shown</TableHeader>
                <TableHeader className="text-right">Prefers this</TableHeader>
                <TableHeader className="text-right">Prefers other</TableHeader>
                <TableHeader className="text-right">Tie</TableHeader>
                <TableHeader className="text-right">Error</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {run.comparisons.map((judge) => (
                <TableRow key={`${judge.key} ${judge.number} ${judge.otherRunId} ${judge.shown}`}>
                  <TableCell className="min-w-32">
                    <Link
                      href={`/judges/${judge.judgeId}`}
                      className="[overflow-wrap:anywhere] text-accent underline underline-offset-2"
                    >
                      <UntrustedText text={judge.key} />
                    </Link>{" "}
                    <span className="text-muted">version {judge.number}</span>
                  </TableCell>
                  <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                    <UntrustedText text={judge.criterion} />
                  </TableCell>
                  <TableCell>
                    <Link
                      href={`/runs/${judge.otherRunId}`}
                      className="break-all text-accent underline underline-offset-2"
                    >
                      {judge.other}
                    </Link>
                  </TableCell>
                  <TableCell>{judge.shown}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(judge.prefersThis)}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(judge.prefersOther)}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(judge.tie)}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatCount(judge.error)}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </section>
      {run.releases.length > 0 && (
        <section aria-labelledby="releases" className="flex flex-col gap-2">
          <h2 id="releases" className="text-lg font-semibold">
            Releases that rest on it
          </h2>
          <ul className="flex flex-col gap-1">
            {run.releases.map((release) => (
              <li key={release.id}>
                <Link
                  href={`/releases/${release.id}`}
                  className="inline-flex min-h-6 items-center break-all text-accent hover:underline"
                >
                  <UntrustedText text={release.baseline} /> → <UntrustedText text={release.candidate} />
                </Link>{" "}
                <span className="text-muted">{release.state}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

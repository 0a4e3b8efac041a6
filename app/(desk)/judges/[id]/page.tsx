import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { rowId } from "@/app/_row-id";
import { Digest } from "@/components/ui/digest";
import { Explain } from "@/components/ui/explain";
import { formatCount, formatRate } from "@/components/ui/format";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { requireActor } from "@/lib/auth/session";
import { judgeHistory } from "@/lib/calibration/judges";
import { Fault } from "@/lib/errors";
import { getJudge } from "@/lib/judges/queries";
import { Family } from "./_components/biases";
import { explainSaysPass } from "./_components/explanations";
import { Trust } from "./_trust";
import { MovesLine } from "./moves/_components/moves-line";

export const metadata: Metadata = { title: "Judge" };

export default async function JudgePage({ params }: { params: Promise<{ id: string }> }) {
  const actor = await requireActor();
  const { id } = await params;
  if (!/^[1-9]\d{0,8}$/.test(id)) notFound();
  const judge = await getJudge(actor, rowId(id)).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  });
  const history = await judgeHistory(actor, judge.id);
  return (
    <div className="flex flex-col gap-10">
      <PageHead
        trail={[{ href: "/judges", label: "Judges" }]}
        title={<UntrustedText text={judge.key} />}
        facts="Model, judge prompt, criterion and rubric make a version. A new version's trust starts from nothing."
      />
      <MovesLine judgeId={judge.id} />
      {judge.versions.map((version) => (
        <section key={version.id} aria-label={`Version ${version.number}`} className="flex flex-col gap-4">
          <h2 className="text-lg font-semibold">
            Version {version.number}{" "}
            <span className="font-normal text-muted">
              on <UntrustedText text={version.criterion.key} />
            </span>
          </h2>
          <Trust
            actor={actor}
            measured={history.filter(({ number }) => number === version.number)}
            version={version.number}
            versionId={version.id}
          />
          <Family
            model={version.model}
            runs={[...version.runs, ...version.comparisons.flatMap(({ models }) => models.map((model) => ({ model })))]}
          />
          <dl className="grid grid-cols-[fit-content(60%)_1fr] [overflow-wrap:anywhere] gap-x-4 gap-y-1">
            <dt className="text-muted">Model</dt>
            <dd>{version.model ? <UntrustedText text={version.model} /> : "not named"}</dd>
            {version.threshold !== null && (
              <>
                <dt className="text-muted">Threshold</dt>
                <dd className="tabular-nums">{version.threshold}</dd>
              </>
            )}
            <dt className="text-muted">Digest</dt>
            <dd>
              <Digest value={version.digest} />
            </dd>
            <dt className="text-muted">First seen</dt>
            <dd>
              <RelativeTime date={version.createdAt} />
            </dd>
          </dl>
          {version.prompt && (
            <section aria-label="Judge prompt" className="flex max-w-3xl flex-col gap-1">
              <h3 className="font-medium">Judge prompt</h3>
              <Untrusted text={version.prompt} />
            </section>
          )}
          {version.criterion.rubric && (
            <section aria-label="Rubric" className="flex max-w-3xl flex-col gap-1">
              <h3 className="font-medium">
                Rubric of <UntrustedText text={version.criterion.name} />
              </h3>
              <Untrusted text={version.criterion.rubric} />
            </section>
          )}
          {version.comparisons.length > 0 && (
            <Table label={`Runs compared by version ${version.number}`}>
              <TableHead>
                <TableRow>
                  <TableHeader>Shown first</TableHeader>
                  <TableHeader>Shown second</TableHeader>
                  <TableHeader>Dataset</TableHeader>
                  <TableHeader className="text-right">Prefers first</TableHeader>
                  <TableHeader className="text-right">Prefers second</TableHeader>
                  <TableHeader className="text-right">Tie</TableHeader>
                  <TableHeader className="text-right">Error</TableHeader>
                </TableRow>
              </TableHead>
              <TableBody>
                {version.comparisons.map((pair) => (
                  <TableRow key={`${pair.firstRunId} ${pair.secondRunId}`}>
                    {(["first", "second"] as const).map((place) => (
                      <TableCell key={place} className="min-w-32">
                        <Link
                          href={`/runs/${pair[`${place}RunId`]}`}
                          className="inline-flex min-h-6 items-center text-accent [overflow-wrap:anywhere] hover:underline"
                        >
                          <UntrustedText text={pair.prompt} /> {pair[place]}
                        </Link>
                      </TableCell>
                    ))}
                    <TableCell className="break-all">
                      <UntrustedText text={pair.dataset} />
                    </TableCell>
                    {[pair.prefersFirst, pair.prefersSecond, pair.tie, pair.error].map((count, cell) => (
                      <TableCell key={cell} className="text-right tabular-nums">
                        {formatCount(count)}
                      </TableCell>
                    ))}
                  </TableRow>
                ))}
              </TableBody>
            </Table>
          )}
          {(version.runs.length > 0 || version.comparisons.length === 0) && (
            <Table label={`Runs judged by version ${version.number}`}>
              <TableHead>
                <TableRow>
                  <TableHeader>Run</TableHeader>
                  <TableHeader>Dataset</TableHeader>
                  <TableHeader className="text-right">Pass</TableHeader>
                  <TableHeader className="text-right">Fail</TableHeader>
                  <TableHeader className="text-right">Error</TableHeader>
                  <TableHeader className="text-right whitespace-nowrap">
                    Says pass <Explain {...explainSaysPass()} />
                  </TableHeader>
                </TableRow>
              </TableHead>
              <TableBody>
                {version.runs.map((run) => (
                  <TableRow key={run.runId}>
                    <TableCell className="min-w-32">
                      <Link
                        href={`/runs/${run.runId}`}
                        className="inline-flex min-h-6 items-center text-accent [overflow-wrap:anywhere] hover:underline"
                      >
                        <UntrustedText text={run.prompt} /> <UntrustedText text={run.version} />
                      </Link>
                    </TableCell>
                    <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                      <UntrustedText text={run.dataset} />
                    </TableCell>
                    <TableCell className="text-right tabular-nums">{formatCount(run.pass)}</TableCell>
                    <TableCell className="text-right tabular-nums">{formatCount(run.fail)}</TableCell>
                    <TableCell className="text-right tabular-nums">{formatCount(run.error)}</TableCell>
                    <TableCell className="text-right tabular-nums">
                      {run.pass + run.fail > 0 ? formatRate(run.pass / (run.pass + run.fail)) : "–"}
                    </TableCell>
                  </TableRow>
                ))}
              </TableBody>
            </Table>
          )}
        </section>
      ))}
    </div>
  );
}

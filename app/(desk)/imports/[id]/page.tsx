import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { rowId } from "@/app/_row-id";
import { LinkButton } from "@/components/ui/button";
import { sizeOf } from "@/components/ui/cut";
import { formatCount } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { requireActor } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { getImport } from "@/lib/runs/queries";
import { Follow } from "../_components/follow";
import { ImportState } from "../_components/state";

/** What is not read yet, or could not be, has no format. */
const formatNames: Record<string, string> = { bundle: "Countersign bundle", promptfoo: "promptfoo results" };

export const metadata: Metadata = { title: "Import" };

export default async function ImportPage({ params }: { params: Promise<{ id: string }> }) {
  const actor = await requireActor();
  const { id } = await params;
  if (!/^[1-9]\d{0,8}$/.test(id)) notFound();
  const found = await getImport(actor, rowId(id)).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  });
  const { error, counts } = found;
  return (
    <div className="flex flex-col gap-6">
      <PageHead
        trail={[{ href: "/imports", label: "Imports" }]}
        title={<UntrustedText text={found.fileName} />}
        facts={
          <span className="flex flex-wrap items-center gap-3">
            <ImportState {...found} />
            {formatNames[found.format] && <span>{formatNames[found.format]}</span>}
            <span>{sizeOf(found.byteSize)}</span>
            <span>
              by {found.createdBy} <RelativeTime date={found.createdAt} />
            </span>
          </span>
        }
      />
      {(found.state === "queued" || found.state === "running") && (
        <Follow id={found.id} phase={found.phase} progress={found.progress} />
      )}
      {error && (
        <Notice tone="danger" title="The source was refused; nothing of it was stored.">
          <dl className="grid grid-cols-[fit-content(60%)_1fr] [overflow-wrap:anywhere] gap-x-4 gap-y-1">
            {error.file && <Place name="File" value={error.file} />}
            {error.line !== undefined && <Place name="Line" value={String(error.line)} />}
            {error.field && <Place name="Field" value={error.field} />}
            <Place name="What is wrong" value={error.message} />
          </dl>
        </Notice>
      )}
      {found.state === "done" && found.unchanged && (
        <Notice>This very source was imported before. Nothing changed.</Notice>
      )}
      {counts && (
        <dl className="flex flex-wrap gap-x-10 gap-y-4">
          {(["versions", "cases", "outputs", "verdicts", "reviews"] as const).map((name) => (
            <div key={name}>
              <dt className="text-sm text-muted">{name}</dt>
              <dd className="text-2xl font-medium tabular-nums">{formatCount(counts[name])}</dd>
            </div>
          ))}
        </dl>
      )}
      {found.runs.length > 0 && (
        <section aria-labelledby="runs" className="flex flex-col gap-2">
          <h2 id="runs" className="text-lg font-semibold">
            Runs
          </h2>
          <ul className="flex flex-col gap-1">
            {found.runs.map((run) => (
              <li key={run.id}>
                <Link
                  href={`/runs/${run.id}`}
                  className="inline-flex min-h-6 items-center break-all text-accent hover:underline"
                >
                  <UntrustedText text={run.version} />
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      {found.state === "done" && found.prompt && (
        <div className="flex flex-wrap gap-2">
          <LinkButton href={`/prompts/${encodeURIComponent(found.prompt)}`}>Open the prompt</LinkButton>
          <LinkButton href={`/releases/new?prompt=${encodeURIComponent(found.prompt)}`}>Start a release</LinkButton>
        </div>
      )}
    </div>
  );
}

function Place({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">
        <UntrustedText text={value} />
      </dd>
    </>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { EmptyState } from "@/components/ui/empty-state";
import { formatCount } from "@/components/ui/format";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { requireActor } from "@/lib/auth/session";
import { listRuns } from "@/lib/runs/queries";

export const metadata: Metadata = { title: "Runs" };

export default async function RunsPage({ searchParams }: { searchParams: Promise<{ before?: string }> }) {
  const actor = await requireActor();
  const { before } = await searchParams;
  const { rows, next } = await listRuns(actor, { before: /^\d{1,9}$/.test(before ?? "") ? Number(before) : undefined });
  return (
    <>
      <PageHead
        title="Runs"
        facts="One prompt version answered a dataset with a model, and was judged. A run never changes."
      />
      {rows.length === 0 ? (
        <EmptyState title="No runs yet">
          Runs come with{" "}
          <Link href="/imports" className="text-accent underline">
            imported results
          </Link>
          .
        </EmptyState>
      ) : (
        <Table label="Runs">
          <TableHead>
            <TableRow>
              <TableHeader>Run</TableHeader>
              <TableHeader>Prompt</TableHeader>
              <TableHeader>Version</TableHeader>
              <TableHeader className="max-sm:hidden">Dataset</TableHeader>
              <TableHeader className="max-sm:hidden">Model</TableHeader>
              <TableHeader className="text-right">Outputs</TableHeader>
              <TableHeader className="text-right">Errors</TableHeader>
              <TableHeader>Imported</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {rows.map((run) => (
              <TableRow key={run.id}>
                <TableCell>
                  <Link
                    href={`/runs/${run.id}`}
                    className="inline-flex min-h-6 items-center whitespace-nowrap text-accent hover:underline"
                  >
                    run {run.id}
                  </Link>
                </TableCell>
                <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                  <UntrustedText text={run.prompt} />
                </TableCell>
                <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                  <UntrustedText text={run.version} />
                </TableCell>
                <TableCell className="min-w-28 [overflow-wrap:anywhere] max-sm:hidden">
                  <UntrustedText text={run.dataset} />
                </TableCell>
                <TableCell className="min-w-28 [overflow-wrap:anywhere] max-sm:hidden">
                  {run.model ? <UntrustedText text={run.model} /> : "–"}
                </TableCell>
                <TableCell className="text-right tabular-nums">{formatCount(run.outputs)}</TableCell>
                <TableCell className="text-right tabular-nums">{formatCount(run.errors)}</TableCell>
                <TableCell>
                  <RelativeTime date={run.createdAt} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      {next !== null && (
        <p className="mt-4">
          <Link href={`/runs?before=${next}`} className="inline-flex min-h-8 items-center text-accent hover:underline">
            Older runs
          </Link>
        </p>
      )}
    </>
  );
}

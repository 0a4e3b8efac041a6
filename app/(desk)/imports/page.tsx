import type { Metadata } from "next";
import Link from "next/link";
import { EmptyState } from "@/components/ui/empty-state";
import { formatCount } from "@/components/ui/format";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listImports } from "@/lib/runs/queries";
import { ImportState } from "./_components/state";
import { UploadForm } from "./_components/upload-form";

export const metadata: Metadata = { title: "Imports" };

export default async function ImportsPage() {
  const actor = await requireActor();
  const imports = await listImports(actor);
  const brings = may(actor, "import.create");
  return (
    <div className="flex flex-col gap-8">
      <PageHead title="Imports" facts="All of a source comes in, or nothing. The same source again changes nothing." />
      {brings && <UploadForm />}
      {imports.length === 0 ? (
        <EmptyState title="Nothing was imported yet">
          {brings ? "Choose a bundle or a results file above." : "An administrator or release manager imports results."}
        </EmptyState>
      ) : (
        <Table label="Imports">
          <TableHead>
            <TableRow>
              <TableHeader>Source</TableHeader>
              <TableHeader>State</TableHeader>
              <TableHeader className="max-sm:hidden">Prompt</TableHeader>
              <TableHeader className="text-right">Cases</TableHeader>
              <TableHeader className="text-right">Outputs</TableHeader>
              <TableHeader className="text-right">Verdicts</TableHeader>
              <TableHeader className="text-right">Reviews</TableHeader>
              <TableHeader>By</TableHeader>
              <TableHeader>When</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {imports.map((row) => (
              <TableRow key={row.id}>
                <TableCell className="min-w-36">
                  <Link href={`/imports/${row.id}`} className="text-accent [overflow-wrap:anywhere] hover:underline">
                    <UntrustedText text={row.fileName} />
                  </Link>
                </TableCell>
                <TableCell>
                  <ImportState {...row} />
                </TableCell>
                <TableCell className="min-w-28 [overflow-wrap:anywhere] max-sm:hidden">
                  <UntrustedText text={row.prompt ?? "–"} />
                </TableCell>
                {(["cases", "outputs", "verdicts", "reviews"] as const).map((name) => (
                  <TableCell key={name} className="text-right tabular-nums">
                    {row.counts ? formatCount(row.counts[name]) : "–"}
                  </TableCell>
                ))}
                <TableCell className="min-w-28 [overflow-wrap:anywhere]">
                  <UntrustedText text={row.createdBy} />
                </TableCell>
                <TableCell>
                  <RelativeTime date={row.createdAt} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </div>
  );
}

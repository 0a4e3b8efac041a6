import type { Metadata } from "next";
import Link from "next/link";
import { EmptyState } from "@/components/ui/empty-state";
import { Explain } from "@/components/ui/explain";
import { formatCount, formatRate } from "@/components/ui/format";
import { PageHead } from "@/components/ui/page-head";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { requireActor } from "@/lib/auth/session";
import { listMovedJudges } from "@/lib/judges/moves";
import { listJudges } from "@/lib/judges/queries";
import { explainSaysPass } from "./[id]/_components/explanations";
import { MovedJudges } from "./[id]/moves/_components/moved-judges";

export const metadata: Metadata = { title: "Judges" };

export default async function JudgesPage() {
  const actor = await requireActor();
  const [judges, moved] = await Promise.all([listJudges(actor), listMovedJudges(actor)]);
  return (
    <>
      <PageHead
        title="Judges"
        facts="Who grades by machine. How far each can be trusted is measured release by release, from people's overrides."
      />
      <MovedJudges judges={moved} />
      {judges.length === 0 ? (
        <EmptyState title="No judges yet">
          Judges come with imported results. <Link href="/imports">Import some</Link>.
        </EmptyState>
      ) : (
        <Table label="Judges">
          <TableHead>
            <TableRow>
              <TableHeader>Judge</TableHeader>
              <TableHeader>Criterion</TableHeader>
              <TableHeader>Model</TableHeader>
              <TableHeader className="text-right">Versions</TableHeader>
              <TableHeader className="text-right">Runs</TableHeader>
              <TableHeader className="text-right">Verdicts</TableHeader>
              <TableHeader className="text-right whitespace-nowrap">
                Says pass <Explain {...explainSaysPass()} />
              </TableHeader>
              <TableHeader className="text-right">Errors</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {judges.map((judge) => (
              <TableRow key={judge.id}>
                <TableCell className="min-w-36">
                  <Link
                    href={`/judges/${judge.id}`}
                    className="inline-flex min-h-6 items-center font-medium text-accent underline-offset-2 [overflow-wrap:anywhere] hover:underline"
                  >
                    <UntrustedText text={judge.key} />
                  </Link>
                </TableCell>
                <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                  <UntrustedText text={judge.criterion} />
                </TableCell>
                <TableCell className="min-w-24 [overflow-wrap:anywhere]">
                  <UntrustedText text={judge.model} />
                </TableCell>
                <TableCell className="text-right tabular-nums">{judge.versions}</TableCell>
                <TableCell className="text-right tabular-nums">{judge.runs}</TableCell>
                <TableCell className="text-right tabular-nums">
                  {formatCount(judge.pass + judge.fail + judge.comparisons)}
                </TableCell>
                <TableCell className="text-right tabular-nums">
                  {judge.pass + judge.fail > 0 ? formatRate(judge.pass / (judge.pass + judge.fail)) : "–"}
                </TableCell>
                <TableCell className="text-right tabular-nums">{formatCount(judge.error)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </>
  );
}

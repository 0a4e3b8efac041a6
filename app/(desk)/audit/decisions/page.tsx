import type { Metadata } from "next";
import Link from "next/link";
import { rowId } from "@/app/_row-id";
import { Digest } from "@/components/ui/digest";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import { listDecisions } from "@/lib/audit/decisions";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { first } from "../../prompts/_params";
import { StateBadge } from "../../releases/_components/state-badge";
import { AuditTabs } from "../_components/audit-tabs";

export const metadata: Metadata = { title: "Decisions" };

type Props = { searchParams: Promise<{ before?: string | string[] }> };

const pageSize = 100;

export default async function DecisionsPage({ searchParams }: Props) {
  const actor = await requireActor();
  const before = rowId(first((await searchParams).before)) || undefined;
  const decisions = await listDecisions(actor, { before, limit: pageSize });
  return (
    <>
      <PageHead title="Decisions" facts="Every release that was approved or refused, with the evidence as it was." />
      {may(actor, "audit.read") && <AuditTabs />}
      <div className="flex flex-col gap-4 pt-6">
        {decisions.length === 0 ? (
          <EmptyState title="Nothing is decided yet">
            A decision appears here when a <Link href="/releases">release</Link> is signed off.
          </EmptyState>
        ) : (
          <Table label="Decisions">
            <TableHead>
              <TableRow>
                <TableHeader>Release</TableHeader>
                <TableHeader>Decision</TableHeader>
                <TableHeader>When</TableHeader>
                <TableHeader>Evidence</TableHeader>
                <TableHeader className="text-right whitespace-nowrap">Entry in the log</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {decisions.map((decision) => (
                <TableRow key={decision.id}>
                  <TableCell className="min-w-44">
                    <Link
                      href={`/audit/decisions/${decision.id}`}
                      className="break-words font-medium text-accent underline-offset-2 hover:underline"
                    >
                      <UntrustedText text={`${decision.prompt} ${decision.baseline} → ${decision.candidate}`} />
                    </Link>
                  </TableCell>
                  <TableCell>
                    <StateBadge state={decision.outcome} />
                  </TableCell>
                  <TableCell>
                    <RelativeTime date={decision.decidedAt} />
                  </TableCell>
                  <TableCell className="relative">
                    <Digest value={decision.evidenceDigest} />
                  </TableCell>
                  <TableCell className="text-right tabular-nums">{decision.auditIndex}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
        {decisions.length === pageSize && (
          <Link
            href={`/audit/decisions?before=${decisions.at(-1)?.id}`}
            className="self-start text-accent underline underline-offset-2"
          >
            Older decisions
          </Link>
        )}
      </div>
    </>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { plural } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listPolicies, listProposals, policyFacts } from "@/lib/releases/policy-queries";
import { policyWarnings } from "@/lib/releases/policy-warnings";
import { ProposalBadge } from "./_components/proposal-badge";
import { newPolicyHref, policyHref, proposalHref } from "./_links";

export const metadata: Metadata = { title: "Policies" };

export default async function PoliciesPage() {
  const actor = await requireActor();
  const [policies, proposals, facts] = await Promise.all([
    listPolicies(actor),
    listProposals(actor, {}),
    policyFacts(actor),
  ]);
  const open = proposals.filter(({ state }) => state === "open");
  return (
    <>
      <section aria-labelledby="policies" className="flex flex-col gap-3">
        <div className="flex flex-wrap items-start justify-between gap-3">
          <div className="max-w-prose">
            <h2 id="policies" className="text-lg font-semibold">
              Policies
            </h2>
            <p className="text-muted">
              What a release must meet before people may approve it. A release keeps the version it was made under; a
              change needs two people.
            </p>
          </div>
          {may(actor, "policy.propose") && <LinkButton href={newPolicyHref()}>Propose a new policy</LinkButton>}
        </div>
        {policies.length === 0 ? (
          <EmptyState title="No policies yet">
            A project gets the policies standard and strict with its first release.
          </EmptyState>
        ) : (
          <Table label="Policies" className="min-w-[34rem]">
            <TableHead>
              <TableRow>
                <TableHeader>Policy</TableHeader>
                <TableHeader>Newest version</TableHeader>
                <TableHeader>Used by</TableHeader>
                <TableHeader>To look at</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {policies.map((row) => {
                const warnings = policyWarnings(row.document, facts);
                const impossible = warnings.filter(({ kind }) => kind === "impossible").length;
                return (
                  <TableRow key={row.key}>
                    <TableHeader scope="row" className="align-top font-normal text-ink">
                      <Link
                        href={policyHref(row.key)}
                        className="inline-flex min-h-6 items-center font-medium text-accent underline-offset-2 hover:underline"
                      >
                        <UntrustedText text={row.key} />
                      </Link>
                      <span className="block text-sm text-muted [overflow-wrap:anywhere]">
                        <UntrustedText text={row.document.name} />
                      </span>
                    </TableHeader>
                    <TableCell className="tabular-nums">
                      {row.number}
                      <span className="block text-sm text-muted">
                        <RelativeTime date={row.createdAt} />
                      </span>
                    </TableCell>
                    <TableCell className="tabular-nums">
                      {plural(row.releases.open, "open release")}
                      <span className="block text-sm text-muted">{row.releases.decided} decided or withdrawn</span>
                    </TableCell>
                    <TableCell>
                      <span className="flex flex-wrap gap-1">
                        {row.open > 0 && <Badge tone="unsure">{plural(row.open, "proposal")}</Badge>}
                        {impossible > 0 && <Badge tone="worse">nobody could meet it</Badge>}
                        {impossible === 0 && warnings.length > 0 && (
                          <Badge tone="unsure">{plural(warnings.length, "warning")}</Badge>
                        )}
                      </span>
                    </TableCell>
                  </TableRow>
                );
              })}
            </TableBody>
          </Table>
        )}
      </section>
      {proposals.length > 0 && (
        <section aria-labelledby="proposals" className="flex flex-col gap-3">
          <h2 id="proposals" className="text-lg font-semibold">
            Proposals
          </h2>
          {open.length === 0 && <p className="text-muted">None waits for anybody.</p>}
          <ul className="border-b border-line">
            {[...open, ...proposals.filter(({ state }) => state !== "open")].slice(0, 50).map((proposal) => (
              <li key={proposal.id} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 border-t border-line py-2">
                <Link
                  href={proposalHref(proposal.id)}
                  className="inline-flex min-h-6 items-center font-medium text-accent underline-offset-2 hover:underline"
                >
                  <UntrustedText text={proposal.key} />, proposal {proposal.id}
                </Link>
                <ProposalBadge state={proposal.state} />
                {proposal.state === "open" && (
                  <span className="text-sm tabular-nums">
                    {proposal.approvals} of {proposal.needed} approvals
                  </span>
                )}
                <span className="min-w-0 grow basis-60 text-sm text-muted [overflow-wrap:anywhere]">
                  “<UntrustedText text={proposal.reason} />” {proposal.proposedBy},{" "}
                  <RelativeTime date={proposal.proposedAt} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

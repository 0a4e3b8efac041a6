import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_or-not-found";
import { Button, DownloadButton, LinkButton } from "@/components/ui/button";
import { Digest } from "@/components/ui/digest";
import { Field } from "@/components/ui/field";
import { plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { RelativeTime } from "@/components/ui/relative-time";
import { Select } from "@/components/ui/select";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { getPolicy, policyFacts } from "@/lib/releases/policy-queries";
import { policyWarnings } from "@/lib/releases/policy-warnings";
import { readPart } from "../../../prompts/_params";
import { PolicyWords } from "../_components/policy-words";
import { ProposalBadge } from "../_components/proposal-badge";
import { Warnings } from "../_components/warnings";
import { compareHref, dryRunHref, newPolicyHref, policiesHref, policyHref, proposalHref } from "../_links";

type Props = { params: Promise<{ key: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: spelled(`Policy ${readPart((await params).key)}`) };
}

export default async function PolicyPage({ params }: Props) {
  const actor = await requireActor();
  const { key, versions, proposals } = await orNotFound(getPolicy(actor, readPart((await params).key)));
  const [newest] = versions;
  const open = proposals.filter(({ state }) => state === "open");
  return (
    <>
      <header className="flex flex-col gap-3">
        <p className="text-sm text-muted">
          <Link href={policiesHref} className="inline-flex min-h-6 items-center underline-offset-2 hover:underline">
            Policies
          </Link>
        </p>
        <div className="flex flex-wrap items-start justify-between gap-3">
          <div className="min-w-0">
            <h2 className="text-xl font-semibold [overflow-wrap:anywhere]">
              <UntrustedText text={key} /> {newest?.number}
            </h2>
            <p className="text-muted">
              {newest
                ? "New releases are made under this version. A release that is there keeps its own, whatever changes here."
                : "No version yet: it can't be chosen for a release before two people approve it."}
            </p>
          </div>
          {newest && (
            <div className="flex flex-wrap gap-2">
              {may(actor, "policy.propose") && (
                <LinkButton href={newPolicyHref(key)} variant="primary">
                  Propose a change
                </LinkButton>
              )}
              <LinkButton href={dryRunHref({ policy: key, version: newest.number })}>Dry run</LinkButton>
              <DownloadButton href={`${policyHref(key)}/download?version=${newest.number}`}>
                Download JSON
              </DownloadButton>
            </div>
          )}
        </div>
      </header>
      {open.length > 0 && (
        <section aria-labelledby="waiting" className="flex flex-col gap-2">
          <h3 id="waiting" className="text-lg font-semibold">
            Proposed, not usable yet
          </h3>
          <ul className="border-b border-line">
            {open.map((proposal) => (
              <li key={proposal.id} className="flex flex-wrap items-baseline gap-x-3 border-t border-line py-2">
                <Link
                  href={proposalHref(proposal.id)}
                  className="inline-flex min-h-6 items-center text-accent underline-offset-2 hover:underline"
                >
                  Proposal {proposal.id}
                </Link>
                <ProposalBadge state={proposal.state} />
                <span className="tabular-nums">
                  {proposal.approvals} of {proposal.needed} approvals
                </span>
                <span className="min-w-0 text-muted [overflow-wrap:anywhere]">
                  “<UntrustedText text={proposal.reason} />” {proposal.proposedBy}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {newest && (
        <>
          <Warnings warnings={policyWarnings(newest.document, await policyFacts(actor))} />
          <PolicyWords policy={newest.document} />
          <section aria-labelledby="versions" className="flex flex-col gap-3">
            <h3 id="versions" className="text-lg font-semibold">
              Versions
            </h3>
            <Table label="Versions" className="min-w-[40rem]">
              <TableHead>
                <TableRow>
                  <TableHeader>Version</TableHeader>
                  <TableHeader>Why, and by whom</TableHeader>
                  <TableHeader>Approved by</TableHeader>
                  <TableHeader>Releases</TableHeader>
                  <TableHeader>Digest</TableHeader>
                </TableRow>
              </TableHead>
              <TableBody>
                {versions.map((version, i) => {
                  const earlier = versions[i + 1];
                  return (
                    <TableRow key={version.number}>
                      <TableHeader scope="row" className="align-top text-ink tabular-nums">
                        {version.number}
                        <span className="block font-normal text-muted">
                          <RelativeTime date={version.createdAt} />
                        </span>
                      </TableHeader>
                      <TableCell className="[overflow-wrap:anywhere]">
                        {version.proposal ? (
                          <>
                            <Link
                              href={proposalHref(version.proposal.id)}
                              className="text-accent underline-offset-2 hover:underline"
                            >
                              <UntrustedText text={version.proposal.reason} />
                            </Link>
                            <span className="block text-sm text-muted">
                              <UntrustedText text={version.createdBy} />
                            </span>
                          </>
                        ) : (
                          <span className="text-muted">The project started with it.</span>
                        )}
                        {earlier && (
                          <Link
                            href={compareHref(key, earlier.number, version.number)}
                            className="block text-sm text-accent underline-offset-2 hover:underline"
                          >
                            What changed since {earlier.number}
                          </Link>
                        )}
                      </TableCell>
                      <TableCell className="[overflow-wrap:anywhere]">
                        {version.proposal ? <UntrustedText text={version.proposal.approvedBy.join(", ")} /> : "–"}
                      </TableCell>
                      <TableCell className="tabular-nums">{plural(version.releases, "release")}</TableCell>
                      <TableCell>
                        <Digest value={version.digest} />
                      </TableCell>
                    </TableRow>
                  );
                })}
              </TableBody>
            </Table>
            {versions.length > 1 && (
              <form
                action={`${policyHref(key)}/compare`}
                aria-label="Compare versions"
                className="flex flex-wrap items-end gap-3"
              >
                <div className="w-32">
                  <Field label="Compare">
                    <Versions name="from" numbers={versions.map(({ number }) => number)} chosen={versions[1]!.number} />
                  </Field>
                </div>
                <div className="w-32">
                  <Field label="with">
                    <Versions name="to" numbers={versions.map(({ number }) => number)} chosen={newest.number} />
                  </Field>
                </div>
                <Button type="submit">Compare</Button>
              </form>
            )}
          </section>
        </>
      )}
    </>
  );
}

type VersionsProps = { name: string; numbers: number[]; chosen: number; id?: string };

function Versions({ numbers, chosen, ...rest }: VersionsProps) {
  return (
    <Select defaultValue={chosen} {...rest}>
      {numbers.map((number) => (
        <option key={number} value={number}>
          Version {number}
        </option>
      ))}
    </Select>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { orNotFound } from "@/app/_or-not-found";
import { rowId } from "@/app/_row-id";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Actor } from "@/lib/auth/actor";
import { requireActor } from "@/lib/auth/session";
import { dryRun } from "@/lib/releases/dry-run";
import { getPolicy, getProposal } from "@/lib/releases/policy-queries";
import { first } from "../../../prompts/_params";
import { DryRunTable } from "../_components/dry-run-table";
import { policyHref, proposalHref } from "../_links";

export const metadata: Metadata = { title: "Dry run of a policy" };

type Query = Record<"policy" | "version" | "proposal", string | string[] | undefined>;

export default async function DryRunPage({ searchParams }: { searchParams: Promise<Query> }) {
  const actor = await requireActor();
  const { name, href, document } = await orNotFound(chosen(actor, await searchParams));
  const { rows, left } = await dryRun(actor, document);
  return (
    <section aria-labelledby="dry-run" className="flex flex-col gap-4">
      <p className="text-sm text-muted">
        <Link href={href} className="inline-flex min-h-6 items-center underline-offset-2 hover:underline">
          <UntrustedText text={name} />
        </Link>
      </p>
      <div className="max-w-prose">
        <h2 id="dry-run" className="text-xl font-semibold">
          Dry run of <UntrustedText text={name} />
        </h2>
        <p className="text-muted">
          What it would have made of past releases, from their frozen evidence and signatures, and would make of open
          ones as they stand.
        </p>
      </div>
      <DryRunTable rows={rows} left={left} />
    </section>
  );
}

async function chosen(actor: Actor, query: Query) {
  const proposal = first(query.proposal);
  if (proposal !== undefined) {
    const { id, key, document } = await getProposal(actor, rowId(proposal));
    return { name: `${key}, proposal ${id}`, href: proposalHref(id), document };
  }
  const { key, versions } = await getPolicy(actor, first(query.policy) ?? "");
  const found = versions.find(({ number }) => number === rowId(first(query.version)));
  if (!found) notFound();
  return { name: `${key} ${found.number}`, href: policyHref(key), document: found.document };
}

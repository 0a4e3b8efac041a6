import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_or-not-found";
import { EmptyState } from "@/components/ui/empty-state";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { standardPolicies } from "@/lib/releases/policy-document";
import { getPolicy, policyFacts } from "@/lib/releases/policy-queries";
import { first } from "../../../prompts/_params";
import { policiesHref, policyHref } from "../_links";
import { PolicyForm } from "./_components/policy-form";

export const metadata: Metadata = { title: "Propose a policy" };

export default async function NewPolicyPage({ searchParams }: { searchParams: Promise<{ from?: string | string[] }> }) {
  const actor = await requireActor();
  const from = first((await searchParams).from);
  const newest = from === undefined ? undefined : (await orNotFound(getPolicy(actor, from))).versions[0];
  const title = from !== undefined && newest ? `A change of ${from} ${newest.number}` : "A new policy";
  return (
    <>
      <header>
        <p className="text-sm text-muted">
          <Link
            href={newest && from !== undefined ? policyHref(from) : policiesHref}
            className="inline-flex min-h-6 items-center underline-offset-2 hover:underline"
          >
            {newest ? from : "Policies"}
          </Link>
        </p>
        <h2 className="text-xl font-semibold">{title}</h2>
        <p className="text-muted">
          It can be used once two people have approved it. Releases that are there keep the version they were made
          under.
        </p>
      </header>
      {may(actor, "policy.propose") ? (
        <PolicyForm
          policyKey={newest ? from : undefined}
          base={newest ? { number: newest.number, document: newest.document } : null}
          start={newest?.document ?? { ...standardPolicies.standard, name: "" }}
          facts={await policyFacts(actor)}
        />
      ) : (
        <EmptyState title="You may read policies, not propose them">
          Proposing needs the role release manager or administrator.
        </EmptyState>
      )}
    </>
  );
}

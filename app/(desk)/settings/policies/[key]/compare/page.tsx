import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { orNotFound } from "@/app/_or-not-found";
import { rowId } from "@/app/_row-id";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { requireActor } from "@/lib/auth/session";
import { getPolicy } from "@/lib/releases/policy-queries";
import { first, readPart } from "../../../../prompts/_params";
import { PolicyDiff } from "../../_components/policy-diff";
import { policyHref } from "../../_links";

export const metadata: Metadata = { title: "Policy versions compared" };

type Props = {
  params: Promise<{ key: string }>;
  searchParams: Promise<{ from?: string | string[]; to?: string | string[] }>;
};

export default async function ComparePage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const { key, versions } = await orNotFound(getPolicy(actor, readPart((await params).key)));
  const given = await searchParams;
  const find = (text: string | undefined) => versions.find(({ number }) => number === rowId(text));
  const [before, after] = [find(first(given.from)), find(first(given.to))];
  if (!before || !after) notFound();
  return (
    <section aria-labelledby="compared" className="flex flex-col gap-4">
      <p className="text-sm text-muted">
        <Link href={policyHref(key)} className="inline-flex min-h-6 items-center underline-offset-2 hover:underline">
          <UntrustedText text={key} />
        </Link>
      </p>
      <h2 id="compared" className="text-xl font-semibold">
        <UntrustedText text={key} /> {before.number} → {after.number}
      </h2>
      <PolicyDiff
        before={before.document}
        after={after.document}
        names={{ before: `Version ${before.number}`, after: `Version ${after.number}` }}
      />
    </section>
  );
}

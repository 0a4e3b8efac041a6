import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { orNotFound } from "@/app/_or-not-found";
import { rowId } from "@/app/_row-id";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { answersOf, redactionsOf } from "@/lib/privacy/queries";
import { getCase, inParts } from "@/lib/releases/cases";
import { CaseOpened } from "../../_components/opened";
import { Removals, withoutVersion } from "../_components/removals";
import { AskRemoval } from "./_components/ask-removal";
import { CaseRead } from "./_components/case-read";

export const metadata: Metadata = { title: "Case" };

export default async function CasePage({ params }: { params: Promise<{ id: string; case: string }> }) {
  const actor = await requireActor();
  const { id, case: caseId } = await params;
  const [releaseId, number] = [rowId(id), rowId(caseId)];
  if (releaseId === 0 || number === 0) notFound();
  const [found, removals] = await Promise.all([
    orNotFound(getCase(actor, releaseId, number)),
    redactionsOf(actor, number),
  ]);
  const asks = may(actor, "redaction.request");
  return (
    <article className="flex flex-col gap-4">
      <header className="flex flex-col gap-2">
        <Link
          href={`/releases/${releaseId}/cases`}
          className="inline-flex min-h-6 items-center text-sm text-accent underline underline-offset-2"
        >
          All cases
        </Link>
        <h2 className="break-all text-xl font-semibold">
          <UntrustedText text={found.key} />
        </h2>
      </header>
      <CaseOpened releaseId={releaseId} caseId={number} />
      <Removals removals={found.hidden ? removals.map(withoutVersion) : removals} />
      <CaseRead releaseId={releaseId} detail={inParts(found)} />
      {asks && <AskRemoval caseId={number} answers={await answersOf(actor, number)} />}
    </article>
  );
}

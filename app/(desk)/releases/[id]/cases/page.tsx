import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireActor } from "@/lib/auth/session";
import { caseFilterSchema, listCases } from "@/lib/releases/cases";
import { CaseFilters } from "./_components/case-filters";
import { CaseTable } from "./_components/case-table";

export const metadata: Metadata = { title: "Cases" };

type Props = {
  params: Promise<{ id: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

export default async function CasesPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const releaseId = Number((await params).id);
  if (!Number.isSafeInteger(releaseId)) notFound();
  const given = Object.entries(await searchParams).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : value,
  ]);
  const filter = caseFilterSchema.parse(Object.fromEntries(given.filter(([, value]) => value !== "")));
  const page = await listCases(actor, releaseId, filter);
  return (
    <div className="flex flex-col gap-4">
      <CaseFilters releaseId={releaseId} filter={filter} page={page} />
      <CaseTable releaseId={releaseId} filter={filter} page={page} />
    </div>
  );
}

import type { Metadata } from "next";
import { caseFilterSchema, describeCases, listCases } from "@/lib/releases/cases";
import { loadRelease } from "../_release";
import { CaseFilters } from "./_components/case-filters";
import { CaseTable } from "./_components/case-table";

export const metadata: Metadata = { title: "Cases" };

type Props = {
  params: Promise<{ id: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

export default async function CasesPage({ params, searchParams }: Props) {
  const { actor, release } = await loadRelease((await params).id);
  const releaseId = release.id;
  const given = Object.entries(await searchParams).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : value,
  ]);
  const filter = caseFilterSchema.parse(Object.fromEntries(given.filter(([, value]) => value !== "")));
  const [page, table] = await Promise.all([
    listCases(actor, releaseId, filter),
    describeCases(actor, releaseId, filter),
  ]);
  return (
    <div className="flex flex-col gap-4">
      <CaseFilters releaseId={releaseId} filter={filter} table={table} />
      <CaseTable
        releaseId={releaseId}
        filter={filter}
        page={page}
        baseline={release.baseline}
        candidate={release.candidate}
      />
    </div>
  );
}

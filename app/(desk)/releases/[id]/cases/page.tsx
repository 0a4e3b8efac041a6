import type { Metadata } from "next";
import { orNotFound } from "@/app/_or-not-found";
import { rowId } from "@/app/_row-id";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listViews } from "@/lib/releases/case-commands";
import { caseFilterSchema, readCases, whyMissing } from "@/lib/releases/cases";
import { first } from "../../../prompts/_params";
import { loadRelease, readReleaseId } from "../_release";
import { CaseFilters } from "./_components/case-filters";
import { CaseTable } from "./_components/case-table";
import { SummaryBar } from "./_components/summary-bar";
import { ViewMenu } from "./_components/view-menu";

export const metadata: Metadata = { title: "Cases" };

type Props = {
  params: Promise<{ id: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

export default async function CasesPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const { id } = await params;
  const releaseId = readReleaseId(id);
  const given = Object.entries(await searchParams).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : value,
  ]);
  const filter = caseFilterSchema.parse(Object.fromEntries(given.filter(([, value]) => value !== "")));
  const open = first((await searchParams).open);
  const [{ release }, { page, table, tags }, views, missing] = await Promise.all([
    loadRelease(id),
    orNotFound(readCases(actor, releaseId, filter)),
    listViews(actor),
    open === undefined ? null : orNotFound(whyMissing(actor, releaseId, rowId(open))),
  ]);
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="min-w-0 grow">
          <SummaryBar releaseId={releaseId} filter={filter} table={table} />
        </div>
        <ViewMenu
          releaseId={releaseId}
          views={views}
          mayShare={may(actor, "view.share")}
          mayTidy={actor.roles.includes("administrator")}
        />
      </div>
      <CaseFilters releaseId={releaseId} filter={filter} table={table} tags={tags} />
      <CaseTable
        releaseId={releaseId}
        filter={filter}
        page={page}
        table={table}
        tags={tags}
        gone={missing === "gone" ? open : undefined}
        may={{ choose: may(actor, "release.draw") && release.state === "grading", tag: may(actor, "case.tag") }}
      />
    </div>
  );
}

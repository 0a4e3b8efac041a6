import type { Metadata } from "next";
import Link from "next/link";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { logState } from "@/lib/audit/queries";
import { auditFilterSchema } from "@/lib/audit/schema";
import { listAudit } from "@/lib/audit/search";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listPrompts } from "@/lib/prompts/queries";
import { AuditFilters, type FilterValues, filterQuery } from "./_components/audit-filters";
import { AuditTable } from "./_components/audit-table";
import { AuditTabs } from "./_components/audit-tabs";
import { LogStateFacts } from "./_components/log-state";
import { VerifyForm } from "./_components/verify-form";

export const metadata: Metadata = { title: "Audit" };

type Search = Record<string, string | string[] | undefined>;

export default async function AuditPage({ searchParams }: { searchParams: Promise<Search> }) {
  const actor = await requireActor();
  if (!may(actor, "audit.read"))
    return (
      <>
        <PageHead title="Audit" />
        <EmptyState title="The audit log is for auditors, administrators and release managers">
          Every decision is open to all members: <Link href="/audit/decisions">see the decisions</Link>.
        </EmptyState>
      </>
    );
  const given = firstOfEach(await searchParams);
  const filter = auditFilterSchema.safeParse(given);
  const [state, { prompts }, page] = await Promise.all([
    logState(actor),
    listPrompts(actor, { limit: 200 }),
    filter.success ? listAudit(actor, given) : { rows: [], next: null },
  ]);
  return (
    <>
      <PageHead
        title="Audit"
        facts="Everything that was done in this project, as it can't be undone: each entry is sealed into a hash tree."
      />
      <AuditTabs />
      <div className="flex flex-col gap-8 pt-6">
        <section aria-labelledby="events" className="flex flex-col gap-4">
          <h2 id="events" className="text-lg font-semibold">
            Events
          </h2>
          <AuditFilters values={given} prompts={prompts.map(({ name }) => name)} />
          {!filter.success && <Notice tone="danger">{filter.error.issues[0]?.message}</Notice>}
          {filter.success && page.rows.length === 0 && (
            <EmptyState title="No events match">Take a filter away, or look for a part of a name.</EmptyState>
          )}
          {page.rows.length > 0 && <AuditTable rows={page.rows} />}
          <nav aria-label="Pages of events" className="flex gap-4">
            {given.before && <PageLink values={given}>Newest events</PageLink>}
            {page.next !== null && (
              <PageLink values={given} before={page.next}>
                Older events
              </PageLink>
            )}
          </nav>
        </section>
        <section aria-labelledby="state" className="flex flex-col gap-4">
          <h2 id="state" className="text-lg font-semibold">
            State of the log
          </h2>
          <LogStateFacts state={state} />
          <VerifyForm />
        </section>
      </div>
    </>
  );
}

function PageLink({ values, before, children }: { values: FilterValues; before?: number; children: string }) {
  const query = filterQuery(values, before === undefined ? {} : { before: String(before) });
  return (
    <Link
      href={`/audit?${query}`}
      className="inline-flex min-h-9 items-center text-accent underline underline-offset-2"
    >
      {children}
    </Link>
  );
}

function firstOfEach(search: Search): Record<string, string> {
  const pairs = Object.entries(search).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

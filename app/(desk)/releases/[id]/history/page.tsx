import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_or-not-found";
import { EmptyState } from "@/components/ui/empty-state";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted";
import { actionLabel } from "@/lib/audit/events";
import { requireActor } from "@/lib/auth/session";
import { listHistory } from "@/lib/releases/queries";
import { readReleaseId } from "../_release";

export const metadata: Metadata = { title: "History" };

type Props = { params: Promise<{ id: string }>; searchParams: Promise<{ before?: string; all?: string }> };

export default async function HistoryPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const id = readReleaseId((await params).id);
  const given = await searchParams;
  const everything = given.all === "yes";
  const before = /^\d{1,9}$/.test(given.before ?? "") ? Number(given.before) : undefined;
  const { entries, complete, mayReadAll, next } = await orNotFound(listHistory(actor, id, { before, everything }));
  if (entries.length === 0) return <EmptyState title="No events" />;
  return (
    <section aria-labelledby="history" className="flex flex-col gap-3">
      <h2 id="history" className="text-lg font-semibold">
        History
      </h2>
      <p className="max-w-prose text-muted">
        {complete
          ? "Every event of this release in the audit log, newest first."
          : "Its changes of state and its signatures, newest first."}{" "}
        {mayReadAll && (
          <Link
            href={`/releases/${id}/history${complete ? "" : "?all=yes"}`}
            className="text-accent underline underline-offset-2"
          >
            {complete ? "Only changes of state" : "Every event, also each grade"}
          </Link>
        )}
      </p>
      <ol className="flex flex-col">
        {entries.map((entry) => (
          <li key={entry.index} className="grid gap-x-4 gap-y-1 border-t border-line py-3 sm:grid-cols-[11rem_1fr]">
            <div className="text-sm text-muted">
              <RelativeTime date={entry.at} />
              <div className="tabular-nums">entry {entry.index}</div>
            </div>
            <div className="min-w-0">
              <p className="font-medium">{actionLabel(entry.action)}</p>
              <p className="text-sm break-words text-muted">
                <UntrustedText text={entry.actor} />
              </p>
              <Details details={entry.details} />
            </div>
          </li>
        ))}
      </ol>
      {next !== null && (
        <Link
          href={`/releases/${id}/history?before=${next}${complete ? "&all=yes" : ""}`}
          className="self-start text-accent underline underline-offset-2"
        >
          Older events
        </Link>
      )}
    </section>
  );
}

/** What an event tells, as text: `criterion useful, judge none`. */
function inWords(value: unknown): string {
  if (value === null) return "none";
  if (Array.isArray(value)) return value.map(inWords).join("; ") || "none";
  if (typeof value !== "object") return String(value);
  return Object.entries(value as object)
    .map(([name, part]) => `${name} ${inWords(part)}`)
    .join(", ");
}

function Details({ details }: { details: Record<string, unknown> }) {
  const rows = Object.entries(details).filter(([, value]) => value !== null && value !== "");
  if (rows.length === 0) return null;
  return (
    <dl className="mt-1 grid grid-cols-[fit-content(60%)_1fr] [overflow-wrap:anywhere] gap-x-3 text-sm">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 [overflow-wrap:anywhere]">
            <UntrustedText text={inWords(value)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

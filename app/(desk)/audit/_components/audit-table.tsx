import Link from "next/link";
import { subjectHref } from "@/app/_subject-href";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import { actionLabel } from "@/lib/audit/events";
import type { AuditRow } from "@/lib/audit/search";
import { gist } from "./say";

const link = "inline-flex min-h-6 items-center text-accent underline-offset-2 hover:underline";

export function AuditTable({ rows }: { rows: AuditRow[] }) {
  return (
    <Table label="List of events">
      <TableHead>
        <TableRow>
          <TableHeader className="text-right">Entry</TableHeader>
          <TableHeader>When</TableHeader>
          <TableHeader>Event</TableHeader>
          <TableHeader>Who</TableHeader>
          <TableHeader>About</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <TableRow key={row.index}>
            <TableCell className="text-right tabular-nums">
              <Link href={`/audit/entries/${row.index}`} className={link} aria-label={`Entry ${row.index}`}>
                {row.index}
              </Link>
            </TableCell>
            <TableCell>
              <RelativeTime date={row.at} />
            </TableCell>
            <TableCell className="min-w-56 [overflow-wrap:anywhere]">
              <Event row={row} />
            </TableCell>
            <TableCell className="min-w-56 [overflow-wrap:anywhere]">
              <Who row={row} />
            </TableCell>
            <TableCell className="min-w-56 [overflow-wrap:anywhere]">
              <About row={row} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function Event({ row: { action, event } }: { row: AuditRow }) {
  const more = event && gist(event);
  return (
    <>
      <span className={action === "label.break_glass" ? "font-semibold text-worse" : "font-medium"}>
        <UntrustedText text={actionLabel(action)} />
      </span>
      {more && (
        <div className="text-sm text-muted">
          <UntrustedText text={more.length > 240 ? `${more.slice(0, 240)} …` : more} />
        </div>
      )}
      {!event && <p className="text-sm text-worse">The stored bytes are no event. Verify the log.</p>}
    </>
  );
}

function Who({ row: { event, actor } }: { row: AuditRow }) {
  if (!event) return <UntrustedText text={actor} />;
  const { kind, name, email, roles } = event.actor;
  return (
    <>
      <div>
        <UntrustedText text={name} />
        {kind === "token" && <span className="text-muted"> (token)</span>}
      </div>
      <div className="flex flex-wrap gap-x-2 text-sm text-muted">
        {email && email !== name && <UntrustedText text={email} />}
        {kind !== "system" && roles.length > 0 && <span>{roles.join(", ").replaceAll("_", " ")}</span>}
      </div>
    </>
  );
}

function About({ row: { event, subject } }: { row: AuditRow }) {
  const href = event && subjectHref(event);
  if (!href) return <UntrustedText text={subject} />;
  return (
    <Link href={href} className={link}>
      <span>
        <UntrustedText text={subject} />
      </span>
    </Link>
  );
}

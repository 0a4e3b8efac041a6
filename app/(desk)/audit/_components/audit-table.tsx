import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import { actionLabel } from "@/lib/audit/events";
import type { AuditRow } from "@/lib/audit/queries";

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
            <TableCell className="text-right tabular-nums">{row.index}</TableCell>
            <TableCell>
              <RelativeTime date={row.at} />
            </TableCell>
            <TableCell className="min-w-56">
              <Event row={row} />
            </TableCell>
            <TableCell className="min-w-64 [overflow-wrap:anywhere]">
              <Who row={row} />
            </TableCell>
            <TableCell className="min-w-56 [overflow-wrap:anywhere]">
              <UntrustedText text={row.subject} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
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
      <div className="text-sm text-muted">
        {email && email !== name && <UntrustedText text={email} />}
        {kind !== "system" && roles.length > 0 && <div>{roles.join(", ").replaceAll("_", " ")}</div>}
      </div>
    </>
  );
}

function Event({ row: { action, event, requestId, index } }: { row: AuditRow }) {
  return (
    <details>
      <summary className="relative min-h-6 cursor-pointer">
        <span className={action === "label.break_glass" ? "font-semibold text-worse" : "font-medium"}>
          <UntrustedText text={actionLabel(action)} />
        </span>
        <span className="sr-only">, details of entry {index}</span>
      </summary>
      {event ? (
        <dl className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-sm">
          <Row name="action" value={action} />
          {event.before && <Row name="before" value={event.before} />}
          {event.after && <Row name="after" value={event.after} />}
          {Object.entries(event.details ?? {}).map(([name, value]) => (
            <Row key={name} name={name} value={typeof value === "string" ? value : JSON.stringify(value)} />
          ))}
          <Row name="request" value={requestId} />
        </dl>
      ) : (
        <p className="mt-1 text-sm text-worse">The stored bytes are no event. Verify the log.</p>
      )}
    </details>
  );
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">
        <UntrustedText text={name} />
      </dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">
        <UntrustedText text={value} />
      </dd>
    </>
  );
}

import Link from "next/link";
import { formatCount, plural } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { AgedRun, HeldRun, RetentionDryRun } from "@/lib/privacy/retention";

/** What would go today and what would stay, with the oldest runs of both. */
export function DryRun({ tried: { due, dueRuns, held, heldRuns } }: { tried: RetentionDryRun }) {
  return (
    <div className="flex flex-col gap-4">
      <p>
        {due.runs === 0 ? (
          "No answers would go."
        ) : (
          <>
            <strong className="font-semibold">
              {plural(due.answers, "answer")} of {plural(due.runs, "run")}
            </strong>{" "}
            would go, and what was said of them; imported between <RelativeTime date={due.oldest!} /> and{" "}
            <RelativeTime date={due.newest!} />. With them {plural(due.inputs, "input")} of cases.
          </>
        )}{" "}
        {held > 0 && `${plural(held, "run")} as old would stay, because something needs them.`}
      </p>
      {dueRuns.length > 0 && (
        <Runs label="Runs whose content would go" rows={dueRuns} all={due.runs}>
          {() => null}
        </Runs>
      )}
      {heldRuns.length > 0 && (
        <Runs label="Runs that are held back" rows={heldRuns} all={held} why="Needed by">
          {(row) => <Why run={row} />}
        </Runs>
      )}
    </div>
  );
}

const stateWords: Record<string, string> = { approved: "approved", refused: "refused" };

function Why({ run: { releases, anchors } }: { run: HeldRun }) {
  return (
    <ul>
      {releases.map(({ id, state }) => (
        <li key={id}>
          <Link href={`/releases/${id}`} className="text-accent underline underline-offset-2">
            release {id}
          </Link>
          , {stateWords[state] ?? "not decided yet"}
        </li>
      ))}
      {anchors.map((name) => (
        <li key={name}>
          anchor set <UntrustedText text={name} />
        </li>
      ))}
    </ul>
  );
}

type RunsProps<Row extends AgedRun> = {
  label: string;
  rows: Row[];
  all: number;
  why?: string;
  children: (row: Row) => React.ReactNode;
};

function Runs<Row extends AgedRun>({ label, rows, all, why, children }: RunsProps<Row>) {
  return (
    <div className="flex flex-col gap-1">
      <h3 className="font-semibold">{label}</h3>
      <Table label={label}>
        <TableHead>
          <TableRow>
            <TableHeader>Run</TableHeader>
            <TableHeader>Imported</TableHeader>
            <TableHeader className="text-right">Answers</TableHeader>
            {why && <TableHeader>{why}</TableHeader>}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={row.id}>
              <TableCell className="min-w-48 [overflow-wrap:anywhere]">
                <UntrustedText text={row.prompt} /> <UntrustedText text={row.version} />
                <div className="text-sm text-muted">
                  on <UntrustedText text={row.dataset} />
                </div>
              </TableCell>
              <TableCell>
                <RelativeTime date={row.at} />
              </TableCell>
              <TableCell className="text-right tabular-nums">{formatCount(row.answers)}</TableCell>
              {why && <TableCell>{children(row)}</TableCell>}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {all > rows.length && (
        <p className="text-sm text-muted">
          The oldest {rows.length} of {formatCount(all)}.
        </p>
      )}
    </div>
  );
}

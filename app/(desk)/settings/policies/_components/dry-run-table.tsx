import Link from "next/link";
import { Notice } from "@/components/ui/notice";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { DryGate, DryRunRow } from "@/lib/releases/dry-run";

const names = {
  must_pass: "Must-pass",
  delta: "Margin",
  judge: "Judge",
  reviews: "Grades",
  slices: "Slices",
  freshness: "Age",
  signers: "Signatures",
} satisfies Record<DryGate["key"], string>;

type Status = NonNullable<DryGate["before"]>;
const looks: Record<Status, { shape: string; word: string; tone: string }> = {
  met: { shape: "●", word: "met", tone: "text-better" },
  not_met: { shape: "✕", word: "not met", tone: "text-worse" },
  not_enough_evidence: { shape: "◐", word: "not enough evidence", tone: "text-unsure" },
};

/** Past and open releases under another policy: each gate as it is → as it would be. */
export function DryRunTable({ rows, left }: { rows: readonly DryRunRow[]; left: number }) {
  if (rows.length === 0) return <p className="text-muted">There is no release yet to try it against.</p>;
  const keys = (Object.keys(names) as DryGate["key"][]).filter((key) =>
    rows.some(({ gates }) => gates.some((gate) => gate.key === key)),
  );
  const changed = rows.filter((row) => row.changed).length;
  const untold = rows.filter(({ why }) => why !== null).length;
  return (
    <div className="flex flex-col gap-3">
      <Notice tone={changed > 0 ? "warning" : "info"}>
        {changed === 0 ? "No release" : `${changed} of ${rows.length} releases`} would have another outcome
        {untold > 0 && `; ${untold} can't be told`}. Nothing is stored, and no release changes.
        {left > 0 && ` The newest ${rows.length} were looked at, ${left} are older.`}
      </Notice>
      <p className="text-sm text-muted">
        {Object.values(looks).map(({ shape, word, tone }) => (
          <span key={word} className="mr-3 inline-block">
            <span aria-hidden="true" className={tone}>
              {shape}
            </span>{" "}
            {word}
          </span>
        ))}
        – not asked for
      </p>
      <Table label="Releases under this policy" className="min-w-[52rem]">
        <TableHead>
          <TableRow>
            <TableHeader>Release</TableHeader>
            {keys.map((key) => (
              <TableHeader key={key}>{names[key]}</TableHeader>
            ))}
            <TableHeader>Outcome</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={row.id}>
              <TableHeader scope="row" className="max-w-64 align-top font-normal text-ink">
                <Link
                  href={`/releases/${row.id}`}
                  className="text-accent underline-offset-2 [overflow-wrap:anywhere] hover:underline"
                >
                  <UntrustedText text={`${row.prompt} ${row.baseline} → ${row.candidate}`} />
                </Link>
                <span className="block text-sm text-muted">
                  {row.state}, under <UntrustedText text={row.policy} />
                </span>
                <Details row={row} />
              </TableHeader>
              {keys.map((key) => (
                <TableCell key={key} className="whitespace-nowrap">
                  {row.why === null ? <Change gate={row.gates.find((gate) => gate.key === key)} /> : "–"}
                </TableCell>
              ))}
              <TableCell>
                {row.changed ? (
                  <strong className="font-semibold">
                    {row.before} → {row.after}
                  </strong>
                ) : row.why === null ? (
                  <span className="text-muted">{row.before}, unchanged</span>
                ) : (
                  row.after
                )}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </div>
  );
}

/** What the other policy says of each gate that it changes or that is not met. */
function Details({ row }: { row: DryRunRow }) {
  const told = row.gates.filter((gate) => gate.detail !== null && (gate.before !== gate.after || gate.after !== "met"));
  if (row.why !== null)
    return (
      <p className="mt-1 text-sm text-muted">
        <UntrustedText text={row.why} />
      </p>
    );
  if (told.length === 0) return null;
  return (
    <details className="mt-1 text-sm">
      <summary className="min-h-6 cursor-pointer text-accent">Why</summary>
      <ul className="flex flex-col gap-1 [overflow-wrap:anywhere]">
        {told.map(({ key, detail }) => (
          <li key={key}>
            <span className="font-medium">{names[key]}:</span> <UntrustedText text={detail ?? ""} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Change({ gate }: { gate: DryGate | undefined }) {
  if (!gate) return <span className="text-muted">–</span>;
  if (gate.before === gate.after) return <Shape status={gate.after} />;
  return (
    <span className="rounded-sm bg-accent-soft px-1">
      <Shape status={gate.before} /> <span aria-hidden="true">→</span> <span className="sr-only">becomes</span>
      <Shape status={gate.after} />
    </span>
  );
}

function Shape({ status }: { status: DryGate["before"] }) {
  if (status === null)
    return (
      <span className="text-muted">
        <span aria-hidden="true">–</span>
        <span className="sr-only">not asked for</span>
      </span>
    );
  const { shape, word, tone } = looks[status];
  return (
    <span className={tone} title={word}>
      <span aria-hidden="true">{shape}</span>
      <span className="sr-only">{word}</span>
    </span>
  );
}

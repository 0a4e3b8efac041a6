import Link from "next/link";
import { formatCount } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import type { ConfusionCell } from "@/lib/calibration/measures";
import type { JudgeTrust } from "@/lib/stats/judge-trust";

type Props = {
  label: string;
  releaseId: number;
  criterion: string;
  judgeVersionId: number;
  version: "baseline" | "candidate";
  trust: Pick<JudgeTrust, "tp" | "fp" | "fn" | "tn" | "graded">;
};

/** The four cells of judge against people. How many were graded leads to these very cases. */
export function ConfusionCells({ label, releaseId, criterion, judgeVersionId, version, trust }: Props) {
  const cell = (name: ConfusionCell, says: string) => {
    const [graded, all] = [trust.graded[name], trust[name]];
    const query = new URLSearchParams({ criterion, cell: `${judgeVersionId}.${version}.${name}` });
    return (
      <TableCell key={name} className="text-right tabular-nums">
        {graded === 0 ? (
          <span className="text-muted">none graded</span>
        ) : (
          <Link
            href={`/releases/${releaseId}/cases?${query}`}
            aria-label={spelled(`${formatCount(graded)} graded, ${says}: show these cases`)}
            className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
          >
            {formatCount(graded)} graded
          </Link>
        )}
        <div className="text-sm text-muted">
          {all === null ? "of all: not known yet" : `≈ ${formatCount(all)} of all`}
        </div>
      </TableCell>
    );
  };
  return (
    <Table label={label} className="max-w-xl">
      <TableHead>
        <TableRow>
          <TableHeader>
            <span className="sr-only">People</span>
          </TableHeader>
          <TableHeader className="text-right">judge passes</TableHeader>
          <TableHeader className="text-right">judge fails</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        <TableRow>
          <TableHeader scope="row" className="align-top">
            people pass
          </TableHeader>
          {cell("tp", "judge and people pass")}
          {cell("fn", "judge fails what people pass")}
        </TableRow>
        <TableRow>
          <TableHeader scope="row" className="align-top">
            people fail
          </TableHeader>
          {cell("fp", "judge passes what people fail")}
          {cell("tn", "judge and people fail")}
        </TableRow>
      </TableBody>
    </Table>
  );
}

import Link from "next/link";
import { formatCount, formatPoints } from "@/components/ui/format";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Brief } from "@/lib/releases/brief";
import { pointsInterval } from "@/lib/releases/words";
import { casesHref } from "../cases/_components/links";
import { LicenceBadge } from "./licence-badge";

const right = "text-right tabular-nums whitespace-nowrap";

/** Each criterion in one line: what the judge alone says, what people's grades make of it, and how far to believe the judge. */
export function CriteriaTable({ brief }: { brief: Brief }) {
  return (
    <Table label="Criteria">
      <TableHead>
        <TableRow>
          <TableHeader>Criterion</TableHeader>
          <TableHeader>Judge</TableHeader>
          <TableHeader className={right}>Better</TableHeader>
          <TableHeader className={right}>Worse</TableHeader>
          <TableHeader className={right}>Judge alone</TableHeader>
          <TableHeader className={right}>Corrected by people</TableHeader>
          <TableHeader className={right}>Always-valid</TableHeader>
          <TableHeader className={right}>Graded</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {brief.criteria.map((criterion) => {
          const judge = criterion.judges.find(({ instrument }) => instrument);
          const tally = judge && criterion.tally[judge.key];
          const judged = tally ? tally.better + tally.worse + tally.same : 0;
          const { delta, alwaysValid, reviewed } = criterion.estimate;
          return (
            <TableRow key={criterion.key}>
              <TableCell className="min-w-36 [overflow-wrap:anywhere]">
                <a
                  href={`#criterion-${criterion.key}`}
                  className="inline-flex min-h-6 items-center text-accent hover:underline"
                >
                  <UntrustedText text={criterion.name} />
                </a>
              </TableCell>
              <TableCell>
                {judge ? (
                  <span className="inline-flex flex-wrap items-baseline gap-x-2">
                    <UntrustedText text={judge.key} /> <LicenceBadge licence={judge.licence} />
                  </span>
                ) : (
                  <span className="text-muted">none</span>
                )}
              </TableCell>
              <TableCell className={right}>
                <Flip releaseId={brief.id} criterion={criterion.key} flip="better" count={tally?.better} />
              </TableCell>
              <TableCell className={right}>
                <Flip releaseId={brief.id} criterion={criterion.key} flip="worse" count={tally?.worse} />
              </TableCell>
              <TableCell className={right}>
                {tally && judged > 0 ? formatPoints((tally.better - tally.worse) / judged) : "–"}
              </TableCell>
              <TableCell className={`${right} font-medium`}>{reviewed > 0 ? formatPoints(delta) : "–"}</TableCell>
              <TableCell className={right}>{reviewed > 0 && alwaysValid ? pointsInterval(alwaysValid) : "–"}</TableCell>
              <TableCell className={right}>
                {formatCount(reviewed)} of {formatCount(criterion.population)}
              </TableCell>
            </TableRow>
          );
        })}
      </TableBody>
    </Table>
  );
}

type FlipProps = { releaseId: number; criterion: string; flip: "better" | "worse"; count?: number };

function Flip({ releaseId, criterion, flip, count }: FlipProps) {
  if (count === undefined) return "–";
  return (
    <Link
      href={casesHref(releaseId, { flip, criterion })}
      className="inline-flex min-h-6 min-w-6 items-center justify-end text-accent hover:underline"
    >
      {formatCount(count)}
      <span className="sr-only"> {flip}</span>
    </Link>
  );
}

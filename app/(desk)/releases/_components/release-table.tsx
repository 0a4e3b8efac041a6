import Link from "next/link";
import { formatCount } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { ReleaseRow } from "@/lib/releases/queries";
import { StateBadge } from "./state-badge";

export function ReleaseTable({ label, releases }: { label: string; releases: ReleaseRow[] }) {
  return (
    <Table label={label}>
      <TableHead>
        <TableRow>
          {/* Widths, so that the columns of one list stand below those of the list above. */}
          <TableHeader className="w-2/5">Release</TableHeader>
          <TableHeader className="w-28">State</TableHeader>
          <TableHeader className="w-1/5 max-sm:hidden">Dataset</TableHeader>
          <TableHeader className="w-32 text-right whitespace-nowrap">Graded / drawn</TableHeader>
          <TableHeader className="w-28 max-sm:hidden">Policy</TableHeader>
          <TableHeader className="w-36 max-sm:hidden">Opened</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {releases.map((release) => (
          <TableRow key={release.id}>
            <TableCell className="min-w-40">
              <Link
                href={`/releases/${release.id}`}
                className="[overflow-wrap:anywhere] font-medium text-accent underline-offset-2 hover:underline"
              >
                <UntrustedText text={`${release.prompt} ${release.baseline} → ${release.candidate}`} />
              </Link>
              {release.message && (
                <div className="max-w-prose text-sm text-muted [overflow-wrap:anywhere]">
                  <UntrustedText text={release.message} />
                </div>
              )}
            </TableCell>
            <TableCell>
              <StateBadge state={release.state} />
            </TableCell>
            <TableCell className="max-sm:hidden">
              <span className="line-clamp-3 min-w-28 [overflow-wrap:anywhere]">
                <UntrustedText text={release.dataset} />
              </span>
            </TableCell>
            <TableCell className="text-right whitespace-nowrap tabular-nums">
              {release.drawn === 0 ? "–" : `${formatCount(release.graded)} / ${formatCount(release.drawn)}`}
            </TableCell>
            <TableCell className="max-sm:hidden">
              <UntrustedText text={release.policy} />
            </TableCell>
            <TableCell className="whitespace-nowrap max-sm:hidden">
              <RelativeTime date={release.createdAt} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

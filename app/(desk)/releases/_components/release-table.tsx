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
          <TableHeader className="w-32">State</TableHeader>
          <TableHeader className="w-1/5">Dataset</TableHeader>
          <TableHeader className="w-32 text-right">Graded / drawn</TableHeader>
          <TableHeader className="w-28">Policy</TableHeader>
          <TableHeader className="w-36">Opened</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {releases.map((release) => (
          <TableRow key={release.id}>
            <TableCell className="min-w-56">
              <Link
                href={`/releases/${release.id}`}
                className="break-words font-medium text-accent underline-offset-2 hover:underline"
              >
                <UntrustedText text={`${release.prompt} ${release.baseline} → ${release.candidate}`} />
              </Link>
              {release.message && (
                <div className="max-w-prose text-sm text-muted">
                  <UntrustedText text={release.message} />
                </div>
              )}
            </TableCell>
            <TableCell>
              <StateBadge state={release.state} />
            </TableCell>
            <TableCell className="break-words">
              <UntrustedText text={release.dataset} />
            </TableCell>
            <TableCell className="text-right tabular-nums">
              {release.drawn === 0 ? "–" : `${formatCount(release.graded)} / ${formatCount(release.drawn)}`}
            </TableCell>
            <TableCell>{release.policy}</TableCell>
            <TableCell className="whitespace-nowrap">
              <RelativeTime date={release.createdAt} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

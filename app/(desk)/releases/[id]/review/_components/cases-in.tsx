import Link from "next/link";
import { formatCount, plural } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { CaseState, listCasesIn } from "@/lib/review/queue";
import { stateNames } from "./states";

type Props = {
  releaseId: number;
  state: CaseState;
  list: Awaited<ReturnType<typeof listCasesIn>>;
  /** Who has a case in hand is for those who hand out work. */
  seesHolders: boolean;
};

/** The cases behind one count. */
export function CasesIn({ releaseId, state, list: { cases, more, hidden }, seesHolders }: Props) {
  return (
    <div className="flex flex-col gap-2">
      {hidden > 0 && (
        <p className="text-sm text-muted">
          {plural(hidden, "case")} {stateNames[state]} that may still be yours to grade or settle: not named here.
        </p>
      )}
      {cases.length > 0 && (
        <Table label={`Cases that ${state.startsWith("needs") ? stateNames[state] : `are ${stateNames[state]}`}`}>
          <TableHead>
            <TableRow>
              <TableHeader>Case</TableHeader>
              <TableHeader className="text-right">Graders</TableHeader>
              {seesHolders && <TableHeader>In hand</TableHeader>}
              <TableHeader>Last grade</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {cases.map(({ id, case: key, graders, needed, lastAt, holders }) => (
              <TableRow key={id}>
                <TableCell className="break-all">
                  <Link href={`/releases/${releaseId}/cases/${id}`} className="text-accent hover:underline">
                    <UntrustedText text={key} />
                  </Link>
                </TableCell>
                <TableCell className="text-right tabular-nums">
                  {graders} of {needed}
                </TableCell>
                {seesHolders && (
                  <TableCell>{holders.length > 0 ? <UntrustedText text={holders.join(", ")} /> : "–"}</TableCell>
                )}
                <TableCell>{lastAt ? <RelativeTime date={lastAt} /> : "–"}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      {more > 0 && <p className="text-sm text-muted">and {formatCount(more)} more.</p>}
    </div>
  );
}

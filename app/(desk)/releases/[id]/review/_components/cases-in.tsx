import Link from "next/link";
import { formatCount, plural } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { CaseState, listCasesIn } from "@/lib/review/queue";
import { stateNames } from "./states";

/** A key stays in one piece where it can: it is what people look for. */
export const caseCell = "min-w-28 [overflow-wrap:anywhere]";

type Props = {
  releaseId: number;
  state: CaseState;
  list: Awaited<ReturnType<typeof listCasesIn>>;
  /** Who has a case in hand is for those who hand out work. */
  seesHolders: boolean;
};

/** The cases behind one count. */
export function CasesIn({ releaseId, state, list: { cases, more, hidden }, seesHolders }: Props) {
  const graded = cases.some(({ by }) => by.length > 0);
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
              <TableHeader className="text-right max-sm:hidden">Graders</TableHeader>
              {graded && <TableHeader>Graded by</TableHeader>}
              {seesHolders && <TableHeader>In hand</TableHeader>}
              <TableHeader className="max-sm:hidden">Last grade</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {cases.map(({ id, case: key, graders, needed, lastAt, by, holders }) => (
              <TableRow key={id}>
                <TableCell className={caseCell}>
                  <Link href={`/releases/${releaseId}/cases/${id}`} className="text-accent hover:underline">
                    <UntrustedText text={key} />
                  </Link>
                  <span className="block text-sm text-muted sm:hidden">
                    {graders} of {needed}
                    {lastAt && (
                      <>
                        , <RelativeTime date={lastAt} />
                      </>
                    )}
                  </span>
                </TableCell>
                <TableCell className="text-right tabular-nums max-sm:hidden">
                  {graders} of {needed}
                </TableCell>
                {graded && (
                  <TableCell className="[overflow-wrap:anywhere]">
                    <Names names={by} />
                  </TableCell>
                )}
                {seesHolders && (
                  <TableCell className="[overflow-wrap:anywhere]">
                    <Names names={holders} />
                  </TableCell>
                )}
                <TableCell className="max-sm:hidden">{lastAt ? <RelativeTime date={lastAt} /> : "–"}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      {more > 0 && <p className="text-sm text-muted">and {formatCount(more)} more.</p>}
    </div>
  );
}

function Names({ names }: { names: readonly string[] }) {
  if (names.length === 0) return "–";
  return names.map((name, index) => (
    <span key={index}>
      {index > 0 && ", "}
      <UntrustedText text={name} />
    </span>
  ));
}

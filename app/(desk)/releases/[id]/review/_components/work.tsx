import { cn } from "@/components/ui/cn";
import { formatSeconds } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Queue, StuckCase } from "@/lib/review/queue";
import { caseCell } from "./cases-in";
import { AssignForm, ReassignForm } from "./work-forms";

const why: Record<StuckCase["why"], string> = {
  put_off: "put off",
  held_too_long: "handed out, not finished for a day",
  disagreement: "graders disagree",
  not_begun: "assigned, nothing graded for a day",
};

const count = "text-right tabular-nums max-sm:px-1.5";

/** Who is to grade what, for those who hand out work. */
export function Work({ releaseId, queue, open }: { releaseId: number; queue: Queue; open: boolean }) {
  const people = queue.people.map(({ id, name }) => ({ id, name }));
  const busy = queue.people
    .filter(({ waiting }) => waiting > 0)
    .map(({ id, name, waiting }) => ({ id, name, waiting }));
  return (
    <section aria-labelledby="work" className="flex flex-col gap-4">
      <h2 id="work" className="text-lg font-semibold">
        Who has what
      </h2>
      <Table label="Who has what">
        <TableHead>
          <TableRow>
            <TableHeader>Reviewer</TableHeader>
            <TableHeader className={count}>Assigned, waiting</TableHeader>
            <TableHeader className={count}>In hand</TableHeader>
            <TableHeader className={count}>Put off</TableHeader>
            <TableHeader className={count}>Graded</TableHeader>
            <TableHeader className={cn(count, "max-sm:hidden")}>Median time a case</TableHeader>
            <TableHeader className="max-sm:hidden">Last case</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {queue.people.map((person) => (
            <TableRow key={person.id}>
              <TableCell className="[overflow-wrap:anywhere]">
                <UntrustedText text={person.name} />
                {person.lastAt && (
                  <span className="block text-sm text-muted sm:hidden">
                    {person.medianMs !== null && `${formatSeconds(person.medianMs)} a case, `}
                    <RelativeTime date={person.lastAt} />
                  </span>
                )}
              </TableCell>
              <TableCell className={count}>{person.assigned || "–"}</TableCell>
              <TableCell className={count}>{person.held || "–"}</TableCell>
              <TableCell className={count}>{person.putOff || "–"}</TableCell>
              <TableCell className={count}>{person.graded || "–"}</TableCell>
              <TableCell className={cn(count, "max-sm:hidden")}>{formatSeconds(person.medianMs)}</TableCell>
              <TableCell className="max-sm:hidden">
                {person.lastAt ? <RelativeTime date={person.lastAt} /> : "–"}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {open && (
        <div className="grid gap-6 lg:grid-cols-2">
          <AssignForm releaseId={releaseId} people={people} />
          <ReassignForm releaseId={releaseId} from={busy} people={people} />
        </div>
      )}
      {queue.stuck.length > 0 && (
        <>
          <h3 className="font-semibold">What does not move</h3>
          <Table label="Cases that do not move">
            <TableHead>
              <TableRow>
                <TableHeader>Case</TableHeader>
                <TableHeader>Why</TableHeader>
                <TableHeader className="max-sm:hidden">Who</TableHeader>
                <TableHeader>Reason, or what about</TableHeader>
                <TableHeader className="max-sm:hidden">Since</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {queue.stuck.map((stuck, index) => (
                <TableRow key={index}>
                  <TableCell className={caseCell}>
                    <UntrustedText text={stuck.case} />
                  </TableCell>
                  <TableCell>
                    {why[stuck.why]}
                    <span className="block text-sm text-muted sm:hidden">
                      {stuck.who && <UntrustedText text={stuck.who} />}
                      {stuck.who && stuck.since && ", "}
                      {stuck.since && <RelativeTime date={stuck.since} />}
                    </span>
                  </TableCell>
                  <TableCell className="max-sm:hidden">
                    {stuck.who ? <UntrustedText text={stuck.who} /> : "–"}
                  </TableCell>
                  <TableCell className="[overflow-wrap:anywhere]">
                    {stuck.reason ? <UntrustedText text={stuck.reason} /> : "–"}
                  </TableCell>
                  <TableCell className="max-sm:hidden">
                    {stuck.since ? <RelativeTime date={stuck.since} /> : "–"}
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </>
      )}
    </section>
  );
}

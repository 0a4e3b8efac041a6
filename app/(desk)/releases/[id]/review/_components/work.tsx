import { formatCount } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Queue, StuckCase } from "@/lib/review/queue";
import { AssignForm, ReassignForm } from "./work-forms";

const why: Record<StuckCase["why"], string> = {
  put_off: "put off",
  held_too_long: "handed out, time ran out",
  disagreement: "graders disagree",
  not_begun: "assigned, nothing graded for a day",
};

/** Who is to grade what, for those who hand out work. */
export function Work({ releaseId, queue, open }: { releaseId: number; queue: Queue; open: boolean }) {
  const people = queue.people.map(({ id, name }) => ({ id, name }));
  const busy = queue.people
    .map(({ id, name, assigned, held }) => ({ id, name, waiting: Math.max(assigned, held) }))
    .filter(({ waiting }) => waiting > 0);
  return (
    <section aria-labelledby="work" className="flex flex-col gap-4">
      <h2 id="work" className="text-lg font-semibold">
        Who has what
      </h2>
      <Table label="Who has what">
        <TableHead>
          <TableRow>
            <TableHeader>Reviewer</TableHeader>
            <TableHeader className="text-right">Assigned, waiting</TableHeader>
            <TableHeader className="text-right">In hand</TableHeader>
            <TableHeader className="text-right">Put off</TableHeader>
            <TableHeader className="text-right">Graded</TableHeader>
            <TableHeader className="text-right">Median time a case</TableHeader>
            <TableHeader>Last case</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {queue.people.map((person) => (
            <TableRow key={person.id}>
              <TableCell>
                <UntrustedText text={person.name} />
              </TableCell>
              <TableCell className="text-right tabular-nums">{person.assigned || "–"}</TableCell>
              <TableCell className="text-right tabular-nums">{person.held || "–"}</TableCell>
              <TableCell className="text-right tabular-nums">{person.putOff || "–"}</TableCell>
              <TableCell className="text-right tabular-nums">{person.graded || "–"}</TableCell>
              <TableCell className="text-right tabular-nums">
                {person.medianMs === null ? "–" : `${formatCount(Math.max(1, person.medianMs / 1000))} s`}
              </TableCell>
              <TableCell>{person.lastAt ? <RelativeTime date={person.lastAt} /> : "–"}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {open && (
        <div className="grid gap-6 lg:grid-cols-2">
          <AssignForm releaseId={releaseId} people={people} />
          {busy.length > 0 && <ReassignForm releaseId={releaseId} from={busy} people={people} />}
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
                <TableHeader>Who</TableHeader>
                <TableHeader>Reason, or what about</TableHeader>
                <TableHeader>Since</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {queue.stuck.map((stuck, index) => (
                <TableRow key={index}>
                  <TableCell className="break-all">
                    <UntrustedText text={stuck.case} />
                  </TableCell>
                  <TableCell>{why[stuck.why]}</TableCell>
                  <TableCell>{stuck.who ? <UntrustedText text={stuck.who} /> : "–"}</TableCell>
                  <TableCell>{stuck.reason ? <UntrustedText text={stuck.reason} /> : "–"}</TableCell>
                  <TableCell>{stuck.since ? <RelativeTime date={stuck.since} /> : "–"}</TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </>
      )}
    </section>
  );
}

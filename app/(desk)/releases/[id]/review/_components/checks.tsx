import { Explain } from "@/components/ui/explain";
import { formatRateInterval } from "@/components/ui/format";
import { Initials } from "@/components/ui/initials";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { PolicyDocument } from "@/lib/releases/policy";
import type { CheckReport } from "@/lib/review/checks";
import { wilsonInterval } from "@/lib/stats/sequential";

const right = "text-right tabular-nums whitespace-nowrap";

function rate(k: number, n: number): string {
  const interval = wilsonInterval(k, n);
  return interval ? `${k} of ${n}, ${formatRateInterval(k / n, interval.low, interval.high)}` : "none yet";
}

type Props = { rows: CheckReport[]; me: number; policy: PolicyDocument };

/** How people's grading held when it was checked; a help to the reviewer, no ranking. */
export function Checks({ rows, me, policy }: Props) {
  const { repeats, sentinels } = policy.checks;
  if (repeats + sentinels === 0 && rows.length === 0) return null;
  const sum = (of: (row: CheckReport) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [same, again] = [sum((row) => row.repeats.same), sum((row) => row.repeats.n)];
  const [noticed, shown] = [sum((row) => row.sentinels.noticed), sum((row) => row.sentinels.n)];
  return (
    <section aria-labelledby="checks" className="flex flex-col gap-3">
      <h2 id="checks" className="text-lg font-semibold">
        Checks on grading{" "}
        <Explain
          title="Checks on grading"
          what="Now and then a queue shows a case that the same person graded before, or one with a made-up answer that is known to be bad or good. How often the grades are the same, and how often the made-up answer is noticed, tells how steady people's grades are. These grades are in no estimate."
          formula={
            "same grades / grades given again\nsentinels graded as they were made / sentinels graded pass or fail"
          }
          data={[`${same} of ${again} grades the same`, `${noticed} of ${shown} sentinels noticed`]}
          n={`${again} repeated grades, ${shown} sentinels`}
          assumptions={[
            "A person does not recognise the case: it comes after at least eight others, its sides in a new order.",
            "A sentinel is what it was made to be; one that is not can be struck.",
          ]}
          reference="Interval: Wilson (1927), Journal of the American Statistical Association 22, 209–212."
        />
      </h2>
      <p className="max-w-prose text-muted">
        {Math.round(repeats * 100)} of 100 cases in a queue are repeats, {Math.round(sentinels * 100)} are sentinels
        where some are made; nobody meets one in their first twenty cases.
      </p>
      {rows.length > 0 ? (
        <Table label="Checks on grading">
          <TableHead>
            <TableRow>
              <TableHeader>Reviewer</TableHeader>
              <TableHeader className={right}>Same grade again</TableHeader>
              <TableHeader className={right}>Sentinels noticed</TableHeader>
              <TableHeader className={right}>Unsure</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {rows.map((row) => (
              <TableRow key={row.reviewerId}>
                <TableCell>
                  <span className="inline-flex items-center gap-2">
                    <Initials name={row.reviewer} />
                    <UntrustedText text={row.reviewerId === me ? `${row.reviewer} (you)` : row.reviewer} />
                  </span>
                </TableCell>
                <TableCell className={right}>{rate(row.repeats.same, row.repeats.n)}</TableCell>
                <TableCell className={right}>{rate(row.sentinels.noticed, row.sentinels.n)}</TableCell>
                <TableCell className={right}>{row.sentinels.unsure}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      ) : (
        <p className="text-muted">None is graded yet.</p>
      )}
    </section>
  );
}

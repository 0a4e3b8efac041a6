import { Explain } from "@/components/ui/explain";
import { formatRateInterval } from "@/components/ui/format";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { FlipRow } from "@/lib/review/flips";
import { wilsonInterval } from "@/lib/stats/sequential";

const right = "text-right tabular-nums whitespace-nowrap";

function rate(k: number, n: number): string {
  const interval = wilsonInterval(k, n);
  return interval ? `${k} of ${n}, ${formatRateInterval(k / n, interval.low, interval.high)}` : "–";
}

/** How often people changed a blind grade once they were told what the judge said. */
export function Flips({ rows }: { rows: FlipRow[] }) {
  if (rows.length === 0) return null;
  const differed = rows.reduce((sum, row) => sum + row.differed, 0);
  const flipped = rows.reduce((sum, row) => sum + row.flipped, 0);
  return (
    <section aria-labelledby="flips" className="flex flex-col gap-3">
      <h2 id="flips" className="text-lg font-semibold">
        Minds changed after the reveal{" "}
        <Explain
          title="Minds changed after the reveal"
          what="A grade is stored before the judge's word is shown. Of the grades that differ from it, so many were changed to what the judge said. Both grades stay on record; the changed one is the one that counts."
          formula="changed to the judge's / blind grades that differ from the judge's"
          data={[`${flipped} of ${differed} changed to the judge's`]}
          n={`${differed} differing grades`}
          assumptions={[
            "A high share can mean that the judge sees what people miss, or that people give in to it: read some of the cases.",
          ]}
          reference="Interval: Wilson (1927), Journal of the American Statistical Association 22, 209–212."
        />
      </h2>
      <Table label="Minds changed after the reveal">
        <TableHead>
          <TableRow>
            <TableHeader>Reviewer</TableHeader>
            <TableHeader className={right}>Changed to the judge’s</TableHeader>
            <TableHeader className={right}>Changed away from it</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={row.reviewerId}>
              <TableCell>
                <UntrustedText text={row.reviewer} />
              </TableCell>
              <TableCell className={right}>{rate(row.flipped, row.differed)}</TableCell>
              <TableCell className={right}>{row.away || "–"}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </section>
  );
}

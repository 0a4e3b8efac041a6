import { formatCount } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Answers, Sampling } from "@/lib/releases/brief";

const right = "text-right tabular-nums whitespace-nowrap";

/** What a version's answers lack; counted, so that nothing is left out unseen. */
function answersInWords({ cases, missing, errors }: Answers, population: number): string {
  const versions = Object.keys(missing).map((version) => {
    const answered = missing[version] ? `has no answer to ${formatCount(missing[version])}` : "answered all";
    return `${version} ${answered}${errors[version] ? `, ${formatCount(errors[version])} of its answers are errors` : ""}`;
  });
  return `Of the dataset's ${formatCount(cases)} cases, ${formatCount(population)} can be drawn: ${versions.join("; ")}. An answer that is an error is drawn and graded as any other.`;
}

type Props = { sampling: Sampling; population: number; answers?: Answers };

/** How the sample was drawn: strata and seeds. */
export function SampleFacts({ sampling, population, answers }: Props) {
  return (
    <section aria-labelledby="sample" className="flex flex-col gap-3 border-t border-line-strong pt-5">
      <h2 id="sample" className="text-lg font-semibold">
        How the sample was drawn
      </h2>
      <p className="max-w-prose text-muted">
        Must-pass cases are all drawn. Strata are what the primary judge says: its pair of verdicts (baseline &gt;
        candidate), or what it prefers. The same seed draws the same cases again;{" "}
        <code className="font-mono text-sm">countersign verify</code> does.
      </p>
      {answers && (
        <p className="max-w-prose text-muted [overflow-wrap:anywhere]">
          <UntrustedText text={answersInWords(answers, population)} />
        </p>
      )}
      <div className="grid gap-6 lg:grid-cols-2">
        <Table label="Strata">
          <TableHead>
            <TableRow>
              <TableHeader>Stratum</TableHeader>
              <TableHeader className={right}>Cases</TableHeader>
              <TableHeader className={right}>Drawn</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {sampling.strata.map(({ stratum, population, drawn }) => (
              <TableRow key={stratum}>
                <TableCell>
                  <UntrustedText text={stratum} />
                </TableCell>
                <TableCell className={right}>{formatCount(population)}</TableCell>
                <TableCell className={right}>{formatCount(drawn)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
        {sampling.batches.length > 0 && (
          <Table label="Batches">
            <TableHead>
              <TableRow>
                <TableHeader className={right}>Batch</TableHeader>
                <TableHeader className={right}>Cases</TableHeader>
                <TableHeader>Design</TableHeader>
                <TableHeader>Seed</TableHeader>
                <TableHeader>Drawn</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {sampling.batches.map(({ batch, seed, size, design, at }) => (
                <TableRow key={batch}>
                  <TableCell className={right}>{batch}</TableCell>
                  <TableCell className={right}>{formatCount(size)}</TableCell>
                  <TableCell>{design}</TableCell>
                  <TableCell>
                    <code className="font-mono text-sm break-all">
                      <UntrustedText text={seed} />
                    </code>
                  </TableCell>
                  <TableCell>
                    <RelativeTime date={at} />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </div>
    </section>
  );
}

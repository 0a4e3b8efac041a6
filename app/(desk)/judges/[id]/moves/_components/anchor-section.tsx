import { DownloadButton } from "@/components/ui/button";
import { Digest } from "@/components/ui/digest";
import { Explain } from "@/components/ui/explain";
import { formatCount, formatRateInterval, plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { AnchorRow, WithPeople } from "@/lib/judges/anchors";
import { explainRate } from "./explanations";

type Props = { judgeId: number; anchors: AnchorRow[]; mayWrite: boolean };

/** The frozen sets, and what the judge said of them each time. */
export function AnchorList({ judgeId, anchors, mayWrite }: Props) {
  return anchors.map((anchor) => (
    <article
      key={anchor.id}
      aria-label={spelled(`Anchor set ${anchor.name}`)}
      className="flex flex-col gap-2 border-t border-line pt-4"
    >
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h3 className="font-medium break-all">
            <UntrustedText text={anchor.name} />
          </h3>
          <p className="text-muted [overflow-wrap:anywhere]">
            {plural(anchor.size, "answer")} of <UntrustedText text={`${anchor.prompt} ${anchor.version}`} />, run{" "}
            {anchor.runId};{" "}
            {anchor.choice.how === "random" ? (
              <>
                at random with seed{" "}
                <code className="font-mono text-sm">
                  <UntrustedText text={anchor.choice.seed} />
                </code>
              </>
            ) : (
              `all that people graded in release ${anchor.choice.release}`
            )}
            ; judge version {anchor.judgeVersion}. Frozen <RelativeTime date={anchor.createdAt} /> by {anchor.createdBy}
            .
          </p>
          <Digest value={anchor.digest} />
        </div>
        {mayWrite && (
          <DownloadButton href={`/judges/${judgeId}/moves/anchors/${anchor.id}`} size="sm">
            Download to judge again
            <span className="sr-only">
              {" "}
              <UntrustedText text={anchor.name} />
            </span>
          </DownloadButton>
        )}
      </div>
      <Table label={`Judgings of ${anchor.name}`}>
        <TableHead>
          <TableRow>
            <TableHeader>Judged</TableHeader>
            <TableHeader className="text-right">pass → fail</TableHeader>
            <TableHeader className="text-right">fail → pass</TableHeader>
            <TableHeader className="text-right">Errors</TableHeader>
            <TableHeader className="text-right">Changed verdicts</TableHeader>
            <TableHeader className="text-right">Agrees with people</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          <TableRow>
            <TableCell>at first, in the run</TableCell>
            <TableCell className="text-right">–</TableCell>
            <TableCell className="text-right">–</TableCell>
            <TableCell className="text-right">–</TableCell>
            <TableCell className="text-right">–</TableCell>
            <TableCell className="text-right tabular-nums">{agreement(anchor.people)}</TableCell>
          </TableRow>
          {anchor.takes.map((take) => (
            <TableRow key={take.number}>
              <TableCell>
                time {take.number}, <RelativeTime date={take.judgedAt} />
              </TableCell>
              <TableCell className="text-right tabular-nums">{formatCount(take.passFail)}</TableCell>
              <TableCell className="text-right tabular-nums">{formatCount(take.failPass)}</TableCell>
              <TableCell className="text-right tabular-nums">{formatCount(take.error)}</TableCell>
              <TableCell className="text-right tabular-nums">
                {take.rate ? formatRateInterval(take.flips / take.n, take.rate.low, take.rate.high, 1) : "–"}{" "}
                <Explain {...explainRate(take)} />
              </TableCell>
              <TableCell className="text-right tabular-nums">{agreement(take.people)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {mayWrite && (
        <details>
          <summary className="min-h-6 w-fit cursor-pointer text-sm text-muted hover:text-ink">
            From the command line
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling pane must be reachable by keyboard */}
          <pre tabIndex={0} className="overflow-x-auto rounded-md bg-sunken p-3 font-mono text-sm">
            {`countersign anchor export ${judgeId} ${anchor.id} --out set.jsonl
# judge every line again; write one line a case: {"case": "…", "verdict": "pass"}
countersign anchor verdicts ${judgeId} ${anchor.id} verdicts.jsonl`}
          </pre>
        </details>
      )}
    </article>
  ));
}

function agreement({ graded, agree, passesBad, failsGood }: WithPeople): string {
  if (graded === 0) return "nobody graded";
  return `${formatCount(agree)} of ${formatCount(graded)}; passes ${formatCount(passesBad)} bad, fails ${formatCount(failsGood)} good`;
}

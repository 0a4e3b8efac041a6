import { Explain } from "@/components/ui/explain";
import { formatCoefficient, formatCount, formatRateInterval, plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Measured, TrustBySlice } from "@/lib/calibration/measures";
import type { Coefficient } from "@/lib/stats/agreement-bounds";
import type { Rate } from "@/lib/stats/judge-trust";
import { explainSlices } from "./explanations";

type Props = { label: string; bySlice: TrustBySlice; level: number };

const right = "text-right tabular-nums whitespace-nowrap";

/** A rate that its grades leave nearly open says nothing. */
const openWidth = 0.8;

/** How far the judge can be trusted in each slice, beside the whole. */
export function SliceTable({ label, bySlice: { whole, slices, ungraded, leftOut }, level }: Props) {
  const versions = Object.keys(whole);
  const rows = [{ slice: null, trust: whole }, ...slices];
  return (
    <section aria-label={spelled(label)} className="flex flex-col gap-2">
      <h3 className="font-medium">
        Slice by slice <Explain {...explainSlices(slices.length, level)} />
      </h3>
      {slices.length === 0 ? (
        <p className="max-w-prose text-muted">
          {ungraded > 0
            ? `None of the ${plural(ungraded, "slice")} has a graded case yet.`
            : "The cases have no slices, so there is nothing to tell apart."}
        </p>
      ) : (
        <>
          <Table label={label}>
            <TableHead>
              <TableRow>
                <TableHeader>Slice</TableHeader>
                <TableHeader>Answers of</TableHeader>
                <TableHeader className={right}>Good, bad graded</TableHeader>
                <TableHeader className={right}>TPR</TableHeader>
                <TableHeader className={right}>TNR</TableHeader>
                <TableHeader className={right}>Bad among passed</TableHeader>
                <TableHeader className={right}>κ</TableHeader>
                <TableHeader className={right}>AC1</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {rows.flatMap(({ slice, trust }) =>
                versions.map((version, i) => {
                  const one = trust[version]!;
                  return (
                    <TableRow key={`${slice === null ? "all" : `slice ${slice}`} ${version}`}>
                      <TableHeader scope="row" className="min-w-28 align-top text-ink">
                        {i === 0 ? slice === null ? "all cases" : <UntrustedText text={slice} /> : null}
                        {i > 0 && (
                          <span className="sr-only">
                            <UntrustedText text={slice ?? "all cases"} />
                          </span>
                        )}
                      </TableHeader>
                      <TableCell>
                        <UntrustedText text={version} />
                      </TableCell>
                      <TableCell className={right}>
                        {formatCount(one.graded.tp + one.graded.fn)}, {formatCount(one.graded.fp + one.graded.tn)}
                      </TableCell>
                      <TableCell className={right}>{rate(one.tpr, one.graded.tp + one.graded.fn)}</TableCell>
                      <TableCell className={right}>{rate(one.tnr, one.graded.fp + one.graded.tn)}</TableCell>
                      <TableCell className={right}>{rate(one.falsePassRate, one.graded.tp + one.graded.fp)}</TableCell>
                      <TableCell className={right}>{coefficient(one.kappaInterval)}</TableCell>
                      <TableCell className={right}>{coefficient(one.ac1Interval)}</TableCell>
                    </TableRow>
                  );
                }),
              )}
            </TableBody>
          </Table>
          <p className="text-sm text-muted">
            {[
              ungraded > 0 && `${plural(ungraded, "slice")} without a graded case.`,
              leftOut > 0 && `${plural(leftOut, "slice")} with fewer grades not shown.`,
              "“too few”: what is graded leaves nearly everything open.",
            ]
              .filter(Boolean)
              .join(" ")}
          </p>
        </>
      )}
    </section>
  );
}

/** With its interval; where that is nearly everything, only that it is too little. */
export function rate({ estimate, low, high }: Rate, n: number) {
  if (n === 0 || estimate === null)
    return <span className="text-muted">{n === 0 ? "none graded" : "not known yet"}</span>;
  if (high - low > openWidth) return <span className="text-muted">too few ({formatCount(n)})</span>;
  return formatRateInterval(estimate, low, high);
}

export function coefficient({ estimate, low, high }: Coefficient) {
  if (estimate === null) return <span className="text-muted">not known yet</span>;
  if (high - low > 2 * openWidth) return <span className="text-muted">too few</span>;
  return `${formatCoefficient(estimate, 2)} (${formatCoefficient(low, 2)} to ${formatCoefficient(high, 2)})`;
}

/** κ and AC1 of one version, for a list of facts. */
export function coefficientText(measured: Measured | undefined, which: "kappa" | "ac1") {
  return measured ? coefficient(which === "kappa" ? measured.kappaInterval : measured.ac1Interval) : "–";
}

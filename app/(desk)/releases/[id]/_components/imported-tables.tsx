import { Explain } from "@/components/ui/explain";
import { formatCoefficient, formatCount, formatPoints, formatRate } from "@/components/ui/format";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { BriefCriterion } from "@/lib/calibration/brief";
import { explainImported } from "./explanations";

type Imported = NonNullable<BriefCriterion["imported"]>;
type Reviewers = [name: string, Imported["reviewers"][string]][];

const right = "text-right tabular-nums whitespace-nowrap";

type Props = { criterion: BriefCriterion; imported: Imported; versions: string[] };

/** Grades that came with the import: shown beside the judges, never part of the estimate. */
export function ImportedSection({ criterion, imported, versions }: Props) {
  // Who settled the disagreements comes first: that label is what judges are usually held against.
  const settled = (name: string) => Number(/adjudicat/i.test(name));
  const reviewers: Reviewers = Object.entries(imported.reviewers).sort(([a], [b]) => settled(b) - settled(a));
  return (
    <section
      aria-labelledby={`imported-${criterion.key}`}
      className="flex flex-col gap-6 border-t border-line-strong pt-5"
    >
      <div>
        <h2 id={`imported-${criterion.key}`} className="text-lg font-semibold [overflow-wrap:anywhere]">
          Imported grades: <UntrustedText text={criterion.name} /> <Explain {...explainImported(criterion)} />
        </h2>
        <p className="max-w-prose text-muted">
          They came with the import. Nothing says how these cases were chosen, so they never enter the estimate.
        </p>
      </div>
      <GradeTable reviewers={reviewers} versions={versions} />
      <ConfusionTable reviewers={reviewers} versions={versions} />
      {imported.agreement.length > 0 && <AgreementTable agreement={imported.agreement} />}
    </section>
  );
}

type Preferences = NonNullable<BriefCriterion["importedPreferences"]>;

/** Preferences that came with the import: shown beside the judges, never part of the estimate. */
export function ImportedPreferencesSection({
  criterion,
  imported,
}: {
  criterion: BriefCriterion;
  imported: Preferences;
}) {
  const reviewers = Object.entries(imported.reviewers);
  const judges = [...new Set(reviewers.flatMap(([, row]) => Object.keys(row.judges)))];
  return (
    <section
      aria-labelledby={`imported-${criterion.key}`}
      className="flex flex-col gap-6 border-t border-line-strong pt-5"
    >
      <div>
        <h2 id={`imported-${criterion.key}`} className="text-lg font-semibold [overflow-wrap:anywhere]">
          Imported preferences: <UntrustedText text={criterion.name} /> <Explain {...explainImported(criterion)} />
        </h2>
        <p className="max-w-prose text-muted">
          They came with the import. Nothing says how these cases were chosen, so they never enter the estimate.
          {imported.leftOut > 0 && ` ${formatCount(imported.leftOut)} reviewers with fewer are left out.`}
        </p>
      </div>
      <Table label="Imported preferences">
        <caption className="pb-1 text-left font-medium">
          What imported reviewers prefer, and the judges against them
        </caption>
        <TableHead>
          <TableRow>
            <TableHeader>Imported reviewer</TableHeader>
            <TableHeader className={right}>Candidate</TableHeader>
            <TableHeader className={right}>Baseline</TableHeader>
            <TableHeader className={right}>Tie</TableHeader>
            <TableHeader className={right}>Unsure</TableHeader>
            <TableHeader className={right}>Delta</TableHeader>
            {judges.map((judge) => (
              <TableHeader key={judge} className={right}>
                <UntrustedText text={judge} />: agrees, κ
              </TableHeader>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {reviewers.map(([name, row]) => (
            <TableRow key={name}>
              <TableCell>
                <UntrustedText text={name} />
              </TableCell>
              {[row.prefers.candidate, row.prefers.baseline, row.prefers.tie, row.prefers.unsure].map((value, cell) => (
                <TableCell key={cell} className={right}>
                  {formatCount(value)}
                </TableCell>
              ))}
              <TableCell className={right}>{formatPoints(row.delta, 2)}</TableCell>
              {judges.map((judge) => {
                const against = row.judges[judge];
                return (
                  <TableCell key={judge} className={right}>
                    {against && against.judged > 0
                      ? `${formatCount(against.agree)} of ${formatCount(against.judged)}, ${formatCoefficient(against.kappa, 4)}`
                      : "–"}
                  </TableCell>
                );
              })}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {imported.agreement.length > 0 && <AgreementTable agreement={imported.agreement} />}
    </section>
  );
}

function GradeTable({ reviewers, versions }: { reviewers: Reviewers; versions: string[] }) {
  return (
    <Table label="Imported grades">
      <caption className="pb-1 text-left font-medium">What imported reviewers said</caption>
      <TableHead>
        <TableRow>
          <TableHeader>Imported reviewer</TableHeader>
          {versions.map((version) => (
            <TableHeader key={version} className={right}>
              <UntrustedText text={version} />: pass / fail / unsure
            </TableHeader>
          ))}
          <TableHeader className={right}>Better</TableHeader>
          <TableHeader className={right}>Worse</TableHeader>
          <TableHeader className={right}>Same</TableHeader>
          <TableHeader className={right}>Delta</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {reviewers.map(([name, { labels, pairs }]) => (
          <TableRow key={name}>
            <TableCell>
              <UntrustedText text={name} />
            </TableCell>
            {versions.map((version) => {
              const { pass = 0, fail = 0, unsure = 0 } = labels[version] ?? {};
              return (
                <TableCell key={version} className={right}>
                  {[pass, fail, unsure].map(formatCount).join(" / ")}
                </TableCell>
              );
            })}
            <TableCell className={right}>{formatCount(pairs.better)}</TableCell>
            <TableCell className={right}>{formatCount(pairs.worse)}</TableCell>
            <TableCell className={right}>{formatCount(pairs.same)}</TableCell>
            <TableCell className={right}>{formatPoints(pairs.delta, 2)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function ConfusionTable({ reviewers, versions }: { reviewers: Reviewers; versions: string[] }) {
  const rows = reviewers.flatMap(([name, { judges }]) =>
    Object.entries(judges).flatMap(([judge, perVersion]) =>
      versions.flatMap((version) => {
        const confusion = perVersion[version];
        return confusion && confusion.judged > 0 ? [{ name, judge, version, ...confusion }] : [];
      }),
    ),
  );
  if (rows.length === 0) return null;
  return (
    <Table label="Judges against imported grades">
      <caption className="pb-1 text-left font-medium">Each judge against each imported reviewer</caption>
      <TableHead>
        <TableRow>
          <TableHeader>Against</TableHeader>
          <TableHeader>Judge</TableHeader>
          <TableHeader>Version</TableHeader>
          <TableHeader className={right}>Both judged</TableHeader>
          <TableHeader className={right}>TP</TableHeader>
          <TableHeader className={right}>FP</TableHeader>
          <TableHeader className={right}>FN</TableHeader>
          <TableHeader className={right}>TN</TableHeader>
          <TableHeader className={right}>κ</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <TableRow key={`${row.name} ${row.judge} ${row.version}`}>
            <TableCell>
              <UntrustedText text={row.name} />
            </TableCell>
            <TableCell>
              <UntrustedText text={row.judge} />
            </TableCell>
            <TableCell>
              <UntrustedText text={row.version} />
            </TableCell>
            {[row.judged, row.tp, row.fp, row.fn, row.tn].map((value, cell) => (
              <TableCell key={cell} className={right}>
                {formatCount(value)}
              </TableCell>
            ))}
            <TableCell className={right}>{formatCoefficient(row.kappa, 4)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function AgreementTable({ agreement }: { agreement: Imported["agreement"] }) {
  return (
    <Table label="Agreement among imported reviewers">
      <caption className="pb-1 text-left font-medium">How far imported reviewers agree with each other</caption>
      <TableHead>
        <TableRow>
          <TableHeader>Reviewers</TableHeader>
          <TableHeader className={right}>Calls both made</TableHeader>
          <TableHeader className={right}>Agree</TableHeader>
          <TableHeader className={right}>Share</TableHeader>
          <TableHeader className={right}>κ</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {agreement.map(({ a, b, n, agree, share, kappa }) => (
          <TableRow key={`${a} ${b}`}>
            <TableCell>
              <UntrustedText text={`${a} and ${b}`} />
            </TableCell>
            <TableCell className={right}>{formatCount(n)}</TableCell>
            <TableCell className={right}>{formatCount(agree)}</TableCell>
            <TableCell className={right}>{formatRate(share, 2)}</TableCell>
            <TableCell className={right}>{formatCoefficient(kappa, 4)}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

import { formatRate } from "@/components/ui/format";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { CriterionAgreement } from "@/lib/review/queue";

/** Reviewer by reviewer: how often they gave one answer the same grade. */
export function Agreement({ criteria }: { criteria: CriterionAgreement[] }) {
  if (criteria.length === 0) return null;
  return (
    <section aria-labelledby="agreement" className="flex flex-col gap-3">
      <h2 id="agreement" className="text-lg font-semibold">
        How far reviewers agree
      </h2>
      <p className="max-w-[72ch] text-muted">
        The share of answers to which both gave the same grade, with Cohen’s κ: 0 is what chance alone would give, 1 is
        always the same.
      </p>
      {criteria.map(({ criterion, people, pairs }) => (
        <div key={criterion} className="flex flex-col gap-1">
          <h3 className="font-medium">
            <UntrustedText text={criterion} />
          </h3>
          <Table label={`Agreement on ${criterion}`}>
            <TableHead>
              <TableRow>
                <TableHeader>Reviewer</TableHeader>
                {people.slice(1).map((name) => (
                  <TableHeader key={name} className="text-right">
                    <UntrustedText text={name} />
                  </TableHeader>
                ))}
              </TableRow>
            </TableHead>
            <TableBody>
              {people.slice(0, -1).map((name, row) => (
                <TableRow key={name}>
                  <TableCell>
                    <UntrustedText text={name} />
                  </TableCell>
                  {people.slice(1).map((other, column) => {
                    const pair = pairs.find(
                      ({ first, second }) =>
                        (first === name && second === other) || (first === other && second === name),
                    );
                    return (
                      <TableCell key={other} className="text-right tabular-nums">
                        {column < row ? (
                          ""
                        ) : pair ? (
                          <Cell {...pair} />
                        ) : (
                          <span className="text-muted">none shared</span>
                        )}
                      </TableCell>
                    );
                  })}
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </div>
      ))}
    </section>
  );
}

function Cell({ agree, answers, kappa }: CriterionAgreement["pairs"][number]) {
  return (
    <>
      {formatRate(agree / answers)}
      <span className="block text-sm text-muted">
        {agree} of {answers}, κ {kappa === null ? "–" : kappa.toFixed(2)}
      </span>
    </>
  );
}

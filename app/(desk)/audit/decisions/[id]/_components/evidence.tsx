import type { ReactNode } from "react";
import { HunkExcerpt } from "@/components/diff/hunk-excerpt";
import { Digest } from "@/components/ui/digest";
import { formatCount, formatPoints, formatPointsBounds, formatRate, plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import { preferenceWords, Verdict } from "@/components/ui/verdict";
import type { EvidenceText } from "@/lib/audit/decision-archive";
import { type EvidenceView, settled } from "@/lib/audit/evidence-view";
import { excerptOf, hunkLabel } from "@/lib/prompts/diff/excerpt";
import { GateList } from "../../../../releases/_components/gate-list";

type Texts = Readonly<Record<string, EvidenceText>>;
type EvidenceProps = {
  evidence: EvidenceView;
  waiting: ReadonlySet<string>;
  /** What people wrote, by the digest that the evidence has of it. */
  texts: Texts;
};

/**
 * The frozen evidence, readable. Only what the document says; nothing is computed again here. Grades of the `waiting`
 * cases are left out: the reader has to grade them blind.
 */
export function Evidence({ evidence, waiting, texts }: EvidenceProps) {
  return (
    <>
      <Part title="Gates">
        <GateList gates={evidence.gates} />
      </Part>
      <Part title="Numbers">
        <Numbers evidence={evidence} />
      </Part>
      <Part title="What was compared">
        <Compared evidence={evidence} />
      </Part>
      <Part title="Sample">
        <Sample evidence={evidence} />
      </Part>
      <Part title="Grades">
        <Grades reviews={evidence.reviews} waiting={waiting} texts={texts} />
      </Part>
      {evidence.attributions.length > 0 && (
        <Part title="Reasons named">
          <Reasons evidence={evidence} waiting={waiting} />
        </Part>
      )}
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={spelled(title)} className="flex min-w-0 flex-col gap-3">
      <h3 className="font-semibold">
        <UntrustedText text={title} />
      </h3>
      {children}
    </section>
  );
}

function Numbers({ evidence: { numbers } }: { evidence: EvidenceView }) {
  return (
    <Table label="Numbers per criterion">
      <TableHead>
        <TableRow>
          <TableHeader>Criterion</TableHeader>
          <TableHeader>Corrected delta</TableHeader>
          <TableHeader>Intervals</TableHeader>
          <TableHeader className="text-right">Graded / drawn</TableHeader>
          <TableHeader>Judge</TableHeader>
          <TableHeader className="text-right">Better / worse / same</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {numbers.map(({ key, estimate, judges, tally }) => {
          const found = settled(estimate);
          return (
            <TableRow key={key}>
              <TableCell className="font-medium">
                <UntrustedText text={key} />
              </TableCell>
              <TableCell className="whitespace-nowrap tabular-nums">
                {found ? formatPoints(found.delta) : "not enough graded"}
              </TableCell>
              <TableCell className="min-w-56">
                {found?.intervals.map(({ kind, low, high, level, method }) => (
                  <div key={kind}>
                    <span className="whitespace-nowrap tabular-nums">
                      {kind} {formatPointsBounds(low, high)} pt
                    </span>{" "}
                    <span className="text-muted">
                      {level && `${formatRate(level, 0)}, `}
                      <UntrustedText text={method ?? ""} />
                    </span>
                  </div>
                ))}
              </TableCell>
              <TableCell className="text-right tabular-nums">
                {estimate ? `${formatCount(estimate.reviewed ?? 0)} / ${formatCount(estimate.drawn ?? 0)}` : "–"}
              </TableCell>
              <TableCell>
                {judges.map((judge) => (
                  <div key={judge.key}>
                    <UntrustedText text={judge.key} />
                    {judge.instrument && <span className="text-muted"> (the instrument)</span>}
                    {judge.licence && <span className="text-muted">: {judge.licence.replaceAll("_", " ")}</span>}
                  </div>
                ))}
                {judges.length === 0 && <span className="text-muted">people only</span>}
              </TableCell>
              <TableCell className="text-right whitespace-nowrap tabular-nums">
                {Object.entries(tally).map(([judge, { better, worse, same }]) => (
                  <div key={judge}>{[better, worse, same].map(formatCount).join(" / ")}</div>
                ))}
              </TableCell>
            </TableRow>
          );
        })}
      </TableBody>
    </Table>
  );
}

function Compared({ evidence }: { evidence: EvidenceView }) {
  const { policy, dataset, population, criteria, label, closed } = evidence;
  const sides = [
    { name: "Baseline", side: evidence.baseline },
    { name: "Candidate", side: evidence.candidate },
  ];
  return (
    <dl className="grid max-w-4xl gap-x-6 gap-y-2 sm:grid-cols-[9rem_1fr]">
      {sides.map(({ name, side }) => (
        <Fact key={name} name={name}>
          <strong className="font-medium">
            <UntrustedText text={side?.key ?? "–"} />
          </strong>{" "}
          {side?.digest && <Digest value={side.digest} />}
          {side?.message && (
            <div className="text-muted">
              “<UntrustedText text={side.message} />”
              {side.author && (
                <>
                  {" "}
                  by <UntrustedText text={side.author} />
                </>
              )}
            </div>
          )}
          {side?.run?.digest && (
            <div className="text-muted">
              answers: {formatCount(side.run.outputCount ?? 0)}
              {side.run.errorCount ? `, ${formatCount(side.run.errorCount)} errors` : ""}
              {side.run.model ? (
                <>
                  , by <UntrustedText text={side.run.model} />
                </>
              ) : (
                ""
              )}{" "}
              <Digest value={side.run.digest} />
            </div>
          )}
        </Fact>
      ))}
      <Fact name="Dataset">
        <UntrustedText text={dataset ?? "–"} />
        {typeof population === "number" && `, ${plural(population, "case")}`}
      </Fact>
      <Fact name="Criteria">
        {criteria.map(({ key, name, judge }) => (
          <div key={key}>
            <UntrustedText text={name || key} />
            {judge && (
              <span className="text-muted">
                , judged by <UntrustedText text={judge.key} />
                {judge.model ? (
                  <>
                    {" "}
                    on <UntrustedText text={judge.model} />
                  </>
                ) : (
                  ""
                )}{" "}
                {judge.digest && <Digest value={judge.digest} />}
              </span>
            )}
          </div>
        ))}
      </Fact>
      <Fact name="Policy">
        <UntrustedText text={policy?.document?.name ?? policy?.key ?? "–"} />
        {typeof policy?.number === "number" && `, version ${policy.number}`}{" "}
        {policy?.digest && <Digest value={policy.digest} />}
      </Fact>
      {label && (
        <Fact name="Label">
          <UntrustedText text={label} />, if approved
        </Fact>
      )}
      {closed?.by && (
        <Fact name="Frozen">
          by <UntrustedText text={closed.by} />
          {closed.at && `, ${closed.at.slice(0, 16).replace("T", " ")} UTC`}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">
        <UntrustedText text={name} />
      </dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </>
  );
}

function Sample({ evidence: { sample } }: { evidence: EvidenceView }) {
  const rows = sample.flatMap(({ batch, strata }) => strata.map((stratum) => ({ batch, ...stratum })));
  if (rows.length === 0) return <p className="text-muted">No case was drawn.</p>;
  return (
    <>
      <p className="max-w-prose text-muted">
        {sample.map(({ batch, seed, draws }) => (
          <span key={batch} className="block [overflow-wrap:anywhere]">
            Batch {batch}: {plural(draws.length, "case")} from seed <UntrustedText text={seed ?? "–"} />
          </span>
        ))}
      </p>
      <Table label="Strata">
        <TableHead>
          <TableRow>
            <TableHeader className="text-right">Batch</TableHeader>
            <TableHeader>Stratum</TableHeader>
            <TableHeader className="text-right">Cases</TableHeader>
            <TableHeader className="text-right">Drawn</TableHeader>
            <TableHeader className="text-right">Probability</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(({ batch, stratum, population, drawn, probability }) => (
            <TableRow key={`${batch} ${stratum}`}>
              <TableCell className="text-right tabular-nums">{batch}</TableCell>
              <TableCell>
                <UntrustedText text={stratum} />
              </TableCell>
              <TableCell className="text-right tabular-nums">{shown(population)}</TableCell>
              <TableCell className="text-right tabular-nums">{shown(drawn)}</TableCell>
              <TableCell className="text-right tabular-nums">
                {typeof probability === "number" ? probability.toFixed(4) : "–"}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </>
  );
}

function shown(value: number | null | undefined): string {
  return typeof value === "number" ? formatCount(value) : "–";
}

function Note({ note, texts }: { note: EvidenceView["reviews"][number]["note"]; texts: Texts }) {
  if (!note) return null;
  if (typeof note === "string") return <UntrustedText text={note} />;
  const said = texts[note.sha256];
  if (said && "text" in said) return <UntrustedText text={said.text} />;
  if (!said)
    return (
      <span className="text-worse">
        The note that was signed is not there: <Digest value={note.sha256} />
      </span>
    );
  const { at, by, reason } = said.removed;
  return (
    <span className="text-muted">
      Removed on {at.slice(0, 10)} by {by.join(" and ")}: <UntrustedText text={reason} /> <Digest value={note.sha256} />
    </span>
  );
}

const gradesShown = 50;

type GradesProps = { reviews: EvidenceView["reviews"]; waiting: ReadonlySet<string>; texts: Texts };

function Grades({ reviews: all, waiting, texts }: GradesProps) {
  const reviews = all.filter((review) => !waiting.has(review.case));
  const superseded = new Set(reviews.map(({ supersedes }) => supersedes));
  const people = new Set(reviews.map(({ reviewer }) => reviewer?.name));
  const left = all.length - reviews.length;
  if (all.length === 0) return <p className="text-muted">Nothing was graded.</p>;
  return (
    <>
      {left > 0 && (
        <p className="text-muted">
          {plural(left, "grade")} of cases that wait for your own blind grade in an open release{" "}
          {left === 1 ? "is" : "are"} not shown.
        </p>
      )}
      <details className="min-w-0">
        <summary className="min-h-6 cursor-pointer">
          {plural(reviews.length, "grade")} by {plural(people.size, "person", "people")}
        </summary>
        <Table label="List of grades">
          <TableHead>
            <TableRow>
              <TableHeader>Case</TableHeader>
              <TableHeader>Version</TableHeader>
              <TableHeader>Criterion</TableHeader>
              <TableHeader>Grade</TableHeader>
              <TableHeader>Reviewer</TableHeader>
              <TableHeader>Note</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {reviews.slice(0, gradesShown).map((review, i) => (
              <TableRow key={review.id ?? i}>
                <TableCell className="min-w-32 [overflow-wrap:anywhere]">
                  <UntrustedText text={review.case} />
                </TableCell>
                <TableCell>
                  <UntrustedText text={review.version ?? (review.prefer ? "both" : "")} />
                </TableCell>
                <TableCell>
                  <UntrustedText text={review.criterion ?? ""} />
                </TableCell>
                <TableCell>
                  <Verdict value={review.verdict ?? preferenceWords(review.prefer ?? "")} by="human" />
                  {review.id !== undefined && superseded.has(review.id) && (
                    <span className="text-muted"> (superseded)</span>
                  )}
                </TableCell>
                <TableCell>
                  <UntrustedText text={review.reviewer?.name ?? ""} />
                </TableCell>
                <TableCell className="min-w-48 [overflow-wrap:anywhere]">
                  <Note note={review.note} texts={texts} />
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
        {reviews.length > gradesShown && (
          <p className="pt-2 text-muted">The other {formatCount(reviews.length - gradesShown)} are in the download.</p>
        )}
      </details>
    </>
  );
}

type ReasonsProps = { evidence: EvidenceView; waiting: ReadonlySet<string> };

/** Which changes in the prompt reviewers held for the reason that a case got better or worse. */
function Reasons({ evidence: { attributions, hunks }, waiting }: ReasonsProps) {
  const shownOnes = attributions.filter((one) => !waiting.has(one.case));
  const superseded = new Set(attributions.map(({ supersedes }) => supersedes));
  const people = new Set(shownOnes.map(({ reviewer }) => reviewer?.name));
  return (
    <details className="min-w-0">
      <summary className="min-h-6 cursor-pointer">
        {plural(shownOnes.length, "reason")} by {plural(people.size, "person", "people")}
      </summary>
      <Table label="List of reasons">
        <TableHead>
          <TableRow>
            <TableHeader>Case</TableHeader>
            <TableHeader>Criterion</TableHeader>
            <TableHeader>Effect</TableHeader>
            <TableHeader>Because of</TableHeader>
            <TableHeader>Reviewer</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {shownOnes.slice(0, gradesShown).map((one) => (
            <TableRow key={one.id}>
              <TableCell className="min-w-32 [overflow-wrap:anywhere]">
                <UntrustedText text={one.case} />
              </TableCell>
              <TableCell>
                <UntrustedText text={one.criterion ?? ""} />
              </TableCell>
              <TableCell className={one.effect === "helped" ? "text-better" : "text-worse"}>
                {one.effect}
                {superseded.has(one.id) && <span className="text-muted"> (superseded)</span>}
              </TableCell>
              <TableCell className="min-w-64">
                {one.hunks.length === 0 && <span className="text-muted">no hunk</span>}
                {hunks
                  .filter(({ id }) => one.hunks.includes(id))
                  .map((hunk) => (
                    <div key={hunk.id}>
                      <span className="text-sm text-muted">
                        <UntrustedText text={hunkLabel(hunk)} />
                      </span>{" "}
                      <HunkExcerpt {...excerptOf(hunk)} moved={hunk.change === "moved"} />
                    </div>
                  ))}
              </TableCell>
              <TableCell>
                <UntrustedText text={one.reviewer?.name ?? ""} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {shownOnes.length > gradesShown && (
        <p className="pt-2 text-muted">The other {formatCount(shownOnes.length - gradesShown)} are in the download.</p>
      )}
    </details>
  );
}

import type { Metadata } from "next";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { formatSeconds, plural } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { countDisputes } from "@/lib/review/adjudication";
import { listFlips } from "@/lib/review/flips";
import { listChecks, listGraders, reviewProgress } from "@/lib/review/queries";
import { caseStates, listCasesIn, listQueue, queueStates, reviewerAgreement } from "@/lib/review/queue";
import { minutesFor } from "@/lib/review/rules";
import { loadRelease } from "../_release";
import { Agreement } from "./_components/agreement";
import { CasesIn } from "./_components/cases-in";
import { Checks } from "./_components/checks";
import { Flips } from "./_components/flips";
import { States } from "./_components/states";
import { Work } from "./_components/work";

export const metadata: Metadata = { title: "Review" };

type Props = { params: Promise<{ id: string }>; searchParams: Promise<{ state?: string | string[] }> };

export default async function ReviewTab({ params, searchParams }: Props) {
  const asked = (await searchParams).state;
  const shown = caseStates.find((state) => state === asked) ?? null;
  const { actor, release } = await loadRelease((await params).id);
  const grades = release.state === "grading" && may(actor, "review.grade");
  const [progress, states, graders, flips, checks, agreement, disputes, queue, list] = await Promise.all([
    reviewProgress(actor, release.id),
    queueStates(actor, release.id),
    listGraders(actor, release.id),
    listFlips(actor, release.id),
    listChecks(actor, release.id),
    reviewerAgreement(actor, release.id),
    grades ? countDisputes(actor, release.id) : 0,
    may(actor, "review.assign") ? listQueue(actor, release.id) : null,
    shown ? listCasesIn(actor, release.id, shown) : null,
  ]);
  if (progress.drawn === 0) {
    return (
      <EmptyState title="No sample has been drawn yet">
        {may(actor, "release.draw")
          ? "Draw one from the brief; then the cases wait here for reviewers."
          : "A release manager draws one; then the cases wait here for reviewers."}
      </EmptyState>
    );
  }
  const left = progress.drawn - progress.graded;
  return (
    <div className="flex max-w-5xl flex-col gap-8">
      <section aria-labelledby="progress" className="flex flex-col gap-3">
        <h2 id="progress" className="text-lg font-semibold">
          {progress.graded} of {plural(progress.drawn, "drawn case")} graded
        </h2>
        <States releaseId={release.id} states={states} shown={shown} />
        {shown && list && (
          <CasesIn releaseId={release.id} state={shown} list={list} seesHolders={may(actor, "review.assign")} />
        )}
        <p className="text-muted">
          You graded {progress.mine}
          {progress.medianMs !== null && `, at ${formatSeconds(progress.medianMs)} a case (median)`}.
          {grades && progress.waiting > 0 && ` ${plural(progress.waiting, "case")} can be yours.`}
          {grades &&
            progress.waiting > 0 &&
            progress.medianMs !== null &&
            ` They would take you about ${plural(minutesFor(progress.waiting, progress.medianMs), "minute")}.`}
        </p>
        {grades && progress.waiting + disputes > 0 && (
          <div className="flex flex-wrap gap-3">
            {progress.waiting > 0 && (
              <LinkButton href={`/review/${release.id}`} variant="primary">
                {progress.mine > 0 ? "Go on grading" : "Start grading"}
              </LinkButton>
            )}
            {disputes > 0 && (
              <LinkButton
                href={`/review/${release.id}/settle`}
                variant={progress.waiting > 0 ? "secondary" : "primary"}
              >
                Settle {plural(disputes, "disagreement")}
              </LinkButton>
            )}
          </div>
        )}
        {release.state === "grading" && left > 0 && !grades && (
          <p className="text-muted">Grading needs the role reviewer or release manager.</p>
        )}
        {grades && left > 0 && progress.waiting === 0 && (
          <p className="text-muted">What is left is graded by you already, assigned to others or in their hands.</p>
        )}
        {left === 0 && states.disagreement === 0 && <p>Every drawn case has its grades.</p>}
        {states.disagreement > 0 && (
          <p className="text-muted">
            A disagreement is settled by somebody who did not grade the case; until then it counts as not graded.
          </p>
        )}
      </section>
      {queue && <Work releaseId={release.id} queue={queue} open={release.state === "grading"} />}
      {graders.length > 0 && (
        <section aria-labelledby="graders" className="flex flex-col gap-3">
          <h2 id="graders" className="text-lg font-semibold">
            Who graded
          </h2>
          <Table label="Who graded">
            <TableHead>
              <TableRow>
                <TableHeader>Reviewer</TableHeader>
                <TableHeader className="text-right">Cases</TableHeader>
                <TableHeader className="text-right">Overrides of the judge</TableHeader>
                <TableHeader className="text-right">Median time a case</TableHeader>
                <TableHeader>Last grade</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {graders.map((grader) => (
                <TableRow key={grader.name}>
                  <TableCell>
                    <UntrustedText text={grader.name} />
                  </TableCell>
                  <TableCell className="text-right tabular-nums">{grader.cases}</TableCell>
                  <TableCell className="text-right tabular-nums">{grader.overrides}</TableCell>
                  <TableCell className="text-right tabular-nums">{formatSeconds(grader.medianMs)}</TableCell>
                  <TableCell>
                    <RelativeTime date={grader.lastAt} />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </section>
      )}
      <Flips rows={flips} />
      <Agreement criteria={agreement} />
      <Checks rows={checks} me={actor.userId} policy={release.policyDocument} />
    </div>
  );
}

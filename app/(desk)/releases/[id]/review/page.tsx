import type { Metadata } from "next";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { formatCount, plural } from "@/components/ui/format";
import { Progress } from "@/components/ui/progress";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { may } from "@/lib/auth/permit";
import { listChecks, listGraders, reviewProgress } from "@/lib/review/queries";
import { loadRelease } from "../_release";
import { Checks } from "./_components/checks";

export const metadata: Metadata = { title: "Review" };

const seconds = (ms: number | null) => (ms === null ? "–" : `${formatCount(Math.max(1, ms / 1000))} s`);

export default async function ReviewTab({ params }: { params: Promise<{ id: string }> }) {
  const { actor, release } = await loadRelease((await params).id);
  const [progress, graders, checks] = await Promise.all([
    reviewProgress(actor, release.id),
    listGraders(actor, release.id),
    listChecks(actor, release.id),
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
  const minutes = progress.medianMs ? Math.ceil((left * progress.medianMs) / 60_000) : null;
  const canGrade = release.state === "grading" && left > 0 && may(actor, "review.grade");
  return (
    <div className="flex max-w-4xl flex-col gap-8">
      <section aria-labelledby="progress" className="flex flex-col gap-3">
        <h2 id="progress" className="text-lg font-semibold">
          {progress.graded} of {plural(progress.drawn, "drawn case")} graded
        </h2>
        <Progress value={progress.graded} max={progress.drawn} label="Drawn cases graded" />
        <p className="text-muted">
          You graded {progress.mine}
          {progress.medianMs !== null && `, at ${seconds(progress.medianMs)} a case (median)`}.
          {left > 0 && minutes !== null && ` What is left would take you about ${plural(minutes, "minute")}.`}
        </p>
        {canGrade && (
          <div>
            <LinkButton href={`/review/${release.id}`} variant="primary">
              {progress.mine > 0 ? "Go on grading" : "Start grading"}
            </LinkButton>
          </div>
        )}
        {release.state === "grading" && left > 0 && !canGrade && (
          <p className="text-muted">Grading needs the role reviewer or release manager.</p>
        )}
        {left === 0 && <p>Every drawn case has its grades.</p>}
      </section>
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
                  <TableCell>{grader.name}</TableCell>
                  <TableCell className="text-right tabular-nums">{grader.cases}</TableCell>
                  <TableCell className="text-right tabular-nums">{grader.overrides}</TableCell>
                  <TableCell className="text-right tabular-nums">{seconds(grader.medianMs)}</TableCell>
                  <TableCell>
                    <RelativeTime date={grader.lastAt} />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </section>
      )}
      <Checks rows={checks} me={actor.userId} policy={release.policyDocument} />
    </div>
  );
}

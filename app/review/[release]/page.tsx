import type { Metadata } from "next";
import { listTags } from "@/lib/review/queries";
import { Grading } from "./_components/grading";
import { NothingToGrade, reviewedRelease, takesGrades } from "./_page";

export const metadata: Metadata = { title: "Review" };

export default async function ReviewPage({ params }: { params: Promise<{ release: string }> }) {
  const { actor, release, back } = await reviewedRelease((await params).release);
  if (!takesGrades(actor, release)) return <NothingToGrade release={release} back={back} />;
  const tags = await listTags(actor);
  return <Grading releaseId={release.id} prompt={release.prompt} userId={actor.userId} back={back} tags={tags} />;
}

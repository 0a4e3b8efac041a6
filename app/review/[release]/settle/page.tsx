import type { Metadata } from "next";
import { NothingToGrade, reviewedRelease, takesGrades } from "../_page";
import { Settle } from "./_components/settle";

export const metadata: Metadata = { title: "Settle disagreements" };

export default async function SettlePage({ params }: { params: Promise<{ release: string }> }) {
  const { actor, release, back } = await reviewedRelease((await params).release);
  if (!takesGrades(actor, release)) return <NothingToGrade release={release} back={back} />;
  return <Settle releaseId={release.id} prompt={release.prompt} back={back} />;
}

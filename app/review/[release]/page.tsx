import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { getRelease } from "@/lib/releases/queries";
import { listTags } from "@/lib/review/queries";
import { Grading } from "./_components/grading";

export const metadata: Metadata = { title: "Review" };

export default async function ReviewPage({ params }: { params: Promise<{ release: string }> }) {
  const actor = await requireActor();
  const { release: text } = await params;
  if (!/^[1-9]\d{0,8}$/.test(text)) notFound();
  const release = await getRelease(actor, Number(text)).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  });
  const back = `/releases/${release.id}/review`;
  if (!may(actor, "review.grade") || release.state !== "grading") {
    return (
      <main id="content" className="mx-auto max-w-2xl px-4 py-12">
        <h1 className="sr-only">Review</h1>
        <EmptyState
          title="There is nothing to grade here"
          action={<LinkButton href={back}>Back to the release</LinkButton>}
        >
          {release.state === "grading"
            ? "Grading needs the role reviewer or release manager."
            : release.state === "draft"
              ? "No sample has been drawn yet."
              : `The release is ${release.state}; grades are taken while it is grading.`}
        </EmptyState>
      </main>
    );
  }
  const tags = await listTags(actor);
  return <Grading releaseId={release.id} prompt={release.prompt} userId={actor.userId} back={back} tags={tags} />;
}

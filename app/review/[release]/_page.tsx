import { notFound } from "next/navigation";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import type { Person } from "@/lib/auth/actor";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { getRelease } from "@/lib/releases/queries";

type Release = Awaited<ReturnType<typeof getRelease>>;

/** The release of a full-screen page, and the signed-in person. */
export async function reviewedRelease(text: string): Promise<{ actor: Person; release: Release; back: string }> {
  const actor = await requireActor();
  if (!/^[1-9]\d{0,8}$/.test(text)) notFound();
  const release = await getRelease(actor, Number(text)).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  });
  return { actor, release, back: `/releases/${release.id}/review` };
}

export function takesGrades(actor: Person, release: Release): boolean {
  return may(actor, "review.grade") && release.state === "grading";
}

/** Why this person can't grade here. */
export function NothingToGrade({ release, back }: { release: Release; back: string }) {
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

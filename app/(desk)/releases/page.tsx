import type { Metadata } from "next";
import Link from "next/link";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHead } from "@/components/ui/page-head";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listReleases, type ReleaseState } from "@/lib/releases/queries";
import { ReleaseTable } from "./_components/release-table";

export const metadata: Metadata = { title: "Releases" };

const groups: { title: string; states: ReleaseState[] }[] = [
  { title: "Waiting for a signature", states: ["ready"] },
  { title: "Being graded", states: ["grading"] },
  { title: "Nothing drawn yet", states: ["draft"] },
  { title: "Decided", states: ["approved", "refused", "withdrawn"] },
];

const pageSize = 100;

export default async function ReleasesPage({ searchParams }: { searchParams: Promise<{ before?: string }> }) {
  const actor = await requireActor();
  const given = (await searchParams).before ?? "";
  const before = /^\d{1,9}$/.test(given) ? Number(given) : undefined;
  const releases = await listReleases(actor, { before, limit: pageSize });
  const creates = may(actor, "release.create");
  const create = creates && (
    <LinkButton href="/releases/new" variant="primary">
      New release
    </LinkButton>
  );
  return (
    <>
      <PageHead
        title="Releases"
        facts="Each asks one question: may this candidate version replace this baseline, under this policy?"
        action={releases.length > 0 && create}
      />
      {releases.length === 0 ? (
        <EmptyState title={before ? "No older releases" : "No releases yet"} action={create || undefined}>
          {creates ? (
            <>
              A release needs runs of two versions of a prompt on the same dataset.{" "}
              <Link href="/imports" className="text-accent underline underline-offset-2">
                Import results
              </Link>{" "}
              if there are none.
            </>
          ) : (
            "A release manager opens one when a new version is to be decided about."
          )}
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-8">
          {groups.map(({ title, states }) => {
            const rows = releases.filter(({ state }) => states.includes(state));
            return (
              rows.length > 0 && (
                <section key={title} aria-labelledby={states[0]} className="flex flex-col gap-2">
                  <h2 id={states[0]} className="text-lg font-semibold">
                    {title}
                  </h2>
                  <ReleaseTable label={title} releases={rows} />
                </section>
              )
            );
          })}
          {releases.length === pageSize && (
            <Link
              href={`/releases?before=${releases.at(-1)?.id}`}
              className="self-start text-accent underline underline-offset-2"
            >
              Older releases
            </Link>
          )}
        </div>
      )}
    </>
  );
}

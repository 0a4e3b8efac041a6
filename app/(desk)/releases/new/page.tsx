import type { Metadata } from "next";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHead } from "@/components/ui/page-head";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { releaseChoices } from "@/lib/releases/queries";
import { ReleaseForm } from "./_components/release-form";

export const metadata: Metadata = { title: "New release" };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

const trail = [{ href: "/releases", label: "Releases" }];

export default async function NewReleasePage({ searchParams }: Props) {
  const actor = await requireActor();
  if (!may(actor, "release.create")) {
    return (
      <>
        <PageHead trail={trail} title="New release" />
        <EmptyState title="Only release managers and administrators open releases">
          Ask one of them, or have an administrator give you the role.
        </EmptyState>
      </>
    );
  }
  const given = await searchParams;
  const one = (name: string) => {
    const value = given[name];
    return (Array.isArray(value) ? value[0] : value) || undefined;
  };
  const asked = {
    prompt: one("prompt"),
    baseline: one("baseline"),
    candidate: one("candidate"),
    dataset: one("dataset"),
  };
  const { draft, choices } = await releaseChoices(actor, asked);
  return (
    <>
      <PageHead
        trail={trail}
        title="New release"
        facts="May the candidate replace the baseline? Everything chosen here is pinned: later imports change nothing about it."
      />
      {choices.prompts.length === 0 ? (
        <EmptyState
          title="No prompts yet"
          action={
            <LinkButton href="/imports" variant="primary">
              Import results
            </LinkButton>
          }
        >
          A release compares two runs. Import a bundle or a results file first.
        </EmptyState>
      ) : (
        <ReleaseForm draft={draft} choices={choices} />
      )}
    </>
  );
}

import type { Metadata } from "next";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHead } from "@/components/ui/page-head";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listPrompts } from "@/lib/prompts/queries";
import { PromptTable } from "./_components/prompt-table";
import { first } from "./_params";

export const metadata: Metadata = { title: "Prompts" };

export default async function PromptsPage({ searchParams }: { searchParams: Promise<{ after?: string | string[] }> }) {
  const actor = await requireActor();
  const after = first((await searchParams).after);
  const { prompts, next } = await listPrompts(actor, { after });
  const imports = may(actor, "import.create");
  return (
    <>
      <PageHead
        title="Prompts"
        facts="Each moves through its own versions. A protected label, such as production, moves only by an approved release."
      />
      {prompts.length === 0 ? (
        <EmptyState
          title={after ? "No more prompts" : "No prompts yet"}
          action={imports && <LinkButton href="/imports">Import results</LinkButton>}
        >
          Prompts come with imported results, or one by one over REST:{" "}
          <code className="font-mono text-sm break-all">POST /api/v1/prompts/…/versions</code>.
        </EmptyState>
      ) : (
        <PromptTable
          rows={prompts}
          first={after ? "/prompts" : null}
          next={next === null ? null : `/prompts?after=${encodeURIComponent(next)}`}
        />
      )}
    </>
  );
}

import type { Metadata } from "next";
import { orNotFound } from "@/app/_or-not-found";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { messageText, readContent } from "@/lib/prompts/diff/content";
import { getPrompt, getVersion } from "@/lib/prompts/queries";
import { promptHref } from "../../_links";
import { first, readPart } from "../../_params";
import { VersionForm } from "./_components/version-form";

export const metadata: Metadata = { title: "New version" };

type Props = { params: Promise<{ name: string }>; searchParams: Promise<{ from?: string | string[] }> };

export default async function NewVersionPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const name = readPart((await params).name);
  const prompt = await orNotFound(getPrompt(actor, name, { limit: 1 }));
  const from = first((await searchParams).from) ?? prompt.versions[0]?.key;
  const base = from === undefined ? null : await orNotFound(getVersion(actor, name, from));
  const content = readContent(base?.content ?? {});
  const plain = (content.messages ?? []).every((message) => messageText(message) === message.content);
  return (
    <>
      <PageHead
        trail={[
          { href: "/prompts", label: "Prompts" },
          { href: promptHref(name), label: name },
        ]}
        title="New version"
        facts={base ? `Made from ${base.key}. The version you start from stays as it is.` : "The first version."}
      />
      {!may(actor, "prompt.push") ? (
        <EmptyState title="You may read prompts, not change them">
          Pushing a version needs the role release manager or administrator.
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-4">
          {base?.content === null && (
            <Notice tone="warning">
              The text of <UntrustedText text={base.key} /> is unknown, so this form starts empty.
            </Notice>
          )}
          {plain && !hasMore(base?.content) ? (
            <VersionForm
              prompt={name}
              parent={base?.key}
              messages={(content.messages ?? []).map(({ role, content: text }) => ({ role, content: String(text) }))}
              settings={pretty({ model: content.model, parameters: content.parameters, tools: content.tools })}
            />
          ) : (
            <VersionForm prompt={name} parent={base?.key} whole={pretty(base?.content)} />
          )}
        </div>
      )}
    </>
  );
}

/** Fields that the simple form would lose. */
function hasMore(content: unknown): boolean {
  const known = ["messages", "parameters", "tools", "model"];
  return typeof content === "object" && content !== null && Object.keys(content).some((name) => !known.includes(name));
}

function pretty(value: unknown): string {
  return JSON.stringify(value ?? {}, null, 2);
}

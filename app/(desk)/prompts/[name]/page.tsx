import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_or-not-found";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { getPrompt, getVersion, listVersionKeys } from "@/lib/prompts/queries";
import { listBreakGlass } from "@/lib/releases/break-glass";
import { BrokenGlassNotice } from "../_components/broken-glass";
import { promptHref } from "../_links";
import { first, readPart } from "../_params";
import { ComparePicker } from "./_components/compare-picker";
import { LabelSection } from "./_components/label-section";
import { VersionContent } from "./_components/version-content";
import { VersionList } from "./_components/version-list";

type Query = { version?: string | string[]; before?: string | string[] };
type Props = { params: Promise<{ name: string }>; searchParams: Promise<Query> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: spelled(readPart((await params).name)) };
}

export default async function PromptPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const name = readPart((await params).name);
  const query = await searchParams;
  const before = /^[1-9]\d{0,8}$/.test(first(query.before) ?? "") ? Number(first(query.before)) : undefined;
  const [prompt, keys, broken] = await Promise.all([
    orNotFound(getPrompt(actor, name, { before })),
    listVersionKeys(actor, name),
    listBreakGlass(actor, { prompt: name }),
  ]);
  const chosen = first(query.version) ?? prompt.versions[0]?.key;
  const version = chosen === undefined ? null : await orNotFound(getVersion(actor, name, chosen));
  const pushes = may(actor, "prompt.push");
  return (
    <>
      <PageHead
        trail={[{ href: "/prompts", label: "Prompts" }]}
        title={<UntrustedText text={name} />}
        facts={
          <>
            {plural(prompt.versionCount, "version")}, since <RelativeTime date={prompt.createdAt} />
          </>
        }
        action={
          pushes && (
            <LinkButton href={`${promptHref(name)}/new${chosen ? `?from=${encodeURIComponent(chosen)}` : ""}`}>
              New version
            </LinkButton>
          )
        }
      />
      <BrokenGlassNotice rows={broken} className="mb-6" />
      {version === null ? (
        <EmptyState title="No versions yet">The first one that is imported or pushed appears here.</EmptyState>
      ) : (
        <div className="grid gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,26rem)_minmax(0,1fr)]">
          <div className="flex min-w-0 flex-col gap-8">
            <LabelSection prompt={name} labels={prompt.labels} keys={keys} moves={may(actor, "label.move")} />
            {may(actor, "label.break_glass") && prompt.labels.some((label) => label.protected) && (
              <p className="text-sm text-muted">
                In an emergency:{" "}
                <Link href={`${promptHref(name)}/break-glass`} className="text-worse underline underline-offset-2">
                  break the glass
                </Link>
              </p>
            )}
            <VersionList
              prompt={name}
              versions={prompt.versions}
              broken={prompt.labels.filter(({ standing }) => standing === "break_glass").map((label) => label.name)}
              current={version.key}
              next={prompt.next}
            />
          </div>
          <div className="flex min-w-0 flex-col gap-6">
            <ComparePicker
              key={version.key}
              prompt={name}
              keys={keys}
              before={version.parent ?? keys.find(({ key }) => key !== version.key)?.key}
              after={version.key}
            />
            <VersionContent version={version} />
          </div>
        </div>
      )}
    </>
  );
}

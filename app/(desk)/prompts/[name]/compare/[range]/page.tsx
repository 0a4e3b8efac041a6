import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { orNotFound } from "@/app/_or-not-found";
import { ContentDiffView, DiffCounts } from "@/components/diff/content-diff";
import type { DiffView, HunkMark } from "@/components/diff/text-diff";
import { ChoiceLinks } from "@/components/ui/choice-links";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { requireActor } from "@/lib/auth/session";
import { hunkLabel } from "@/lib/prompts/diff/excerpt";
import { diffVersions } from "@/lib/prompts/diff/versions";
import { compareVersions, listVersionKeys, type VersionDetail } from "@/lib/prompts/queries";
import { compareHref, promptHref, versionHref } from "../../../_links";
import { first, readPart } from "../../../_params";
import { ComparePicker } from "../../_components/compare-picker";
import { readRange } from "./_range";

type Props = {
  params: Promise<{ name: string; range: string }>;
  searchParams: Promise<{ view?: string | string[] }>;
};

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { name, range } = await params;
  return { title: spelled(`${readPart(range)} · ${readPart(name)}`) };
}

export default async function ComparePage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const given = await params;
  const name = readPart(given.name);
  const keys = await listVersionKeys(actor, name);
  const range = readRange(
    readPart(given.range),
    keys.map(({ key }) => key),
  );
  if (!range) notFound();
  const [from, to] = range;
  const { before, after } = await orNotFound(compareVersions(actor, name, from, to));
  const asked = first((await searchParams).view);
  const view: DiffView = asked === "words" || asked === "lines" ? asked : "side";
  const here = compareHref(name, from, to);
  const diff = diffVersions(before, after);
  const marks = (number: number): HunkMark | undefined => {
    const hunk = diff?.hunks[number - 1];
    return hunk && { id: hunk.id, label: hunkLabel(hunk), href: `#hunk-${hunk.id}` };
  };
  return (
    <>
      <PageHead
        trail={[
          { href: "/prompts", label: "Prompts" },
          { href: promptHref(name), label: name },
        ]}
        title={<UntrustedText text={`${from} → ${to}`} />}
        facts={diff ? <DiffCounts diff={diff} /> : "The texts can't be compared."}
        action={
          diff && (
            <ChoiceLinks
              label="View"
              links={[
                { name: "Side by side", href: here, current: view === "side" },
                { name: "Words", href: `${here}?view=words`, current: view === "words" },
                { name: "Lines", href: `${here}?view=lines`, current: view === "lines" },
              ]}
            />
          )
        }
      />
      <div className="flex flex-col gap-8">
        <div className="grid gap-6 md:grid-cols-2">
          <VersionFacts prompt={name} version={before} when="Before" />
          <VersionFacts prompt={name} version={after} when="After" />
        </div>
        <ComparePicker key={given.range} prompt={name} keys={keys} before={from} after={to} />
        {diff ? (
          <>
            {diff.hunks.length === 0 && (
              <Notice>
                {before.digest === after.digest
                  ? "Both are the same version."
                  : "The two read the same; only how their content is stored differs."}
              </Notice>
            )}
            <ContentDiffView diff={diff} view={view} names={{ before: from, after: to }} marks={marks} />
          </>
        ) : (
          <UnknownText versions={[before, after]} />
        )}
      </div>
    </>
  );
}

function VersionFacts({ prompt, version, when }: { prompt: string; version: VersionDetail; when: string }) {
  return (
    <div className="flex flex-col gap-1 border-l-2 border-line pl-3 [overflow-wrap:anywhere]">
      <p className="text-sm text-muted">{when}</p>
      <p>
        <Link
          href={versionHref(prompt, version.key)}
          className="inline-flex min-h-6 items-center font-medium text-accent underline underline-offset-2"
        >
          <UntrustedText text={version.key} />
        </Link>
        {version.message && (
          <>
            {" "}
            “<UntrustedText text={version.message} />”
          </>
        )}
      </p>
      <p className="text-sm text-muted">
        {version.author && (
          <>
            <UntrustedText text={version.author} />,{" "}
          </>
        )}
        <RelativeTime date={version.createdAt} />
      </p>
    </div>
  );
}

function UnknownText({ versions }: { versions: VersionDetail[] }) {
  const unknown = versions.filter(({ content }) => content === null);
  const both = unknown.length === 2;
  return (
    <Notice tone="warning" title={both ? "The text of both versions is unknown" : "The text of one version is unknown"}>
      <UntrustedText text={unknown.map(({ key }) => key).join(" and ")} /> came with results that did not hold the
      prompt. {both ? "Their" : "Its"} answers and verdicts can still be compared in a release.
    </Notice>
  );
}

import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { orNotFound } from "@/app/_or-not-found";
import { rowId } from "@/app/_row-id";
import { ContentDiffView, DiffCounts } from "@/components/diff/content-diff";
import type { DiffView, HunkMark } from "@/components/diff/text-diff";
import { ChoiceLinks } from "@/components/ui/choice-links";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Actor } from "@/lib/auth/actor";
import { requireActor } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { hunkLabel } from "@/lib/prompts/diff/excerpt";
import { diffVersions } from "@/lib/prompts/diff/versions";
import { compareVersions, listVersionKeys, type VersionDetail } from "@/lib/prompts/queries";
import { getRelease, listReleasesBetween, type ReleaseBetween, type ReleaseHead } from "@/lib/releases/queries";
import { StateBadge } from "../../../../releases/_components/state-badge";
import { changesHref, changesQuery, readAsked } from "../../../../releases/[id]/changes/_links";
import { compareHref, promptHref, versionHref } from "../../../_links";
import { first, readPart } from "../../../_params";
import { ComparePicker } from "../../_components/compare-picker";
import { readRange } from "./_range";

type Props = {
  params: Promise<{ name: string; range: string }>;
  searchParams: Promise<Partial<Record<"view" | "release" | "changes", string | string[]>>>;
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
  const asked = await searchParams;
  const view: DiffView = readView(first(asked.view));
  const releases = await listReleasesBetween(actor, { prompt: name, versions: [from, to] });
  const comesFrom = await findOrigin(actor, name, rowId(first(asked.release)));
  // Only what the Changes tab understands is led back to, whatever the address says.
  const seen = readAsked(Object.fromEntries(new URLSearchParams(first(asked.changes))));
  const origin = comesFrom ? { release: comesFrom.id, changes: changesQuery(seen) } : undefined;
  const viewHref = (view?: DiffView) => {
    const href = compareHref(name, from, to, origin);
    return view === undefined ? href : `${href}${origin ? "&" : "?"}view=${view}`;
  };
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
                { name: "Side by side", href: viewHref(), current: view === "side" },
                { name: "Words", href: viewHref("words"), current: view === "words" },
                { name: "Lines", href: viewHref("lines"), current: view === "lines" },
              ]}
            />
          )
        }
      />
      <div className="flex flex-col gap-8">
        {comesFrom && (
          <Link
            href={changesHref(comesFrom.id, seen, {})}
            className="no-print inline-flex min-h-6 items-center self-start text-accent underline underline-offset-2"
          >
            <UntrustedText
              text={`Back to the changes of release ${comesFrom.id}, ${comesFrom.baseline} → ${comesFrom.candidate}`}
            />
          </Link>
        )}
        <div className="grid gap-6 md:grid-cols-2">
          <VersionFacts prompt={name} version={before} when="Before" />
          <VersionFacts prompt={name} version={after} when="After" />
        </div>
        <Releases releases={releases} />
        <ComparePicker key={given.range} prompt={name} keys={keys} before={from} after={to} origin={origin} />
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

const readView = (view: string | undefined): DiffView => (view === "words" || view === "lines" ? view : "side");

/** The release that the address says one comes from; null where it is none of this prompt. */
async function findOrigin(actor: Actor, prompt: string, id: number): Promise<ReleaseHead | null> {
  try {
    const release = await getRelease(actor, id);
    return release.prompt === prompt ? release : null;
  } catch (error) {
    if (error instanceof Fault && error.code === "not_found") return null;
    throw error;
  }
}

/** Where it was asked whether one of the two may replace the other. */
function Releases({ releases }: { releases: ReleaseBetween[] }) {
  return (
    <section aria-labelledby="releases" className="flex flex-col gap-1">
      <h2 id="releases" className="text-sm text-muted">
        Releases between these versions
      </h2>
      {releases.length === 0 && <p>None so far.</p>}
      <ul className="flex flex-col gap-1">
        {releases.map(({ id, state, baseline, candidate, createdAt }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-3 [overflow-wrap:anywhere]">
            <Link
              href={`/releases/${id}`}
              className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
            >
              <UntrustedText text={`Release ${id}, ${baseline} → ${candidate}`} />
            </Link>
            <StateBadge state={state} />
            <span className="text-sm text-muted">
              opened <RelativeTime date={createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function VersionFacts({ prompt, version, when }: { prompt: string; version: VersionDetail; when: string }) {
  return (
    <div className="flex flex-col gap-1 border-l-2 border-line pl-3 [overflow-wrap:anywhere]">
      <p className="text-sm text-muted">{when}</p>
      <p>
        <Link
          href={versionHref(prompt, version.key)}
          className="inline-flex min-h-6 min-w-6 items-center font-medium text-accent underline underline-offset-2"
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

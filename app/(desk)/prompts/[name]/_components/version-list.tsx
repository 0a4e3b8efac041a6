import Link from "next/link";
import { LinkButton } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { Digest } from "@/components/ui/digest";
import { plural } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { VersionRow } from "@/lib/prompts/queries";
import { LabelBadge } from "../../_components/label-badge";
import { compareHref, promptHref, versionHref } from "../../_links";

type Props = {
  prompt: string;
  versions: VersionRow[];
  /** Labels that a break-glass moved where they are. */
  broken: string[];
  current: string;
  next: number | null;
};

const link = "inline-flex min-h-6 items-center text-accent underline underline-offset-2";

/** Newest first: what each version says it changes, who wrote it, who brought it, and what came of it. */
export function VersionList({ prompt, versions, broken, current, next }: Props) {
  return (
    <section aria-labelledby="versions" className="flex flex-col gap-2">
      <h2 id="versions" className="text-lg font-semibold">
        Versions
      </h2>
      <ol className="border-t border-line">
        {versions.map((version) => (
          <li
            key={version.key}
            className={cn(
              "flex flex-col gap-1 border-b border-l-2 border-b-line py-3 pl-3",
              version.key === current ? "border-l-accent" : "border-l-transparent",
            )}
          >
            <div className="flex flex-wrap items-center gap-2">
              <Link
                href={versionHref(prompt, version.key)}
                aria-current={version.key === current ? "true" : undefined}
                className="inline-flex min-h-6 items-center font-medium [overflow-wrap:anywhere] hover:underline"
              >
                <UntrustedText text={version.key} />
              </Link>
              {version.labels.map(({ name, protected: isProtected }) => (
                <LabelBadge key={name} name={name} isProtected={isProtected} isBroken={broken.includes(name)} />
              ))}
            </div>
            {version.message && (
              <p className="[overflow-wrap:anywhere] whitespace-pre-line">
                <UntrustedText text={version.message} />
              </p>
            )}
            <p className="text-sm text-muted [overflow-wrap:anywhere]">
              <Who version={version} /> · <RelativeTime date={version.createdAt} />
            </p>
            <p className="flex flex-wrap items-center gap-x-3 text-sm text-muted">
              <Digest value={version.digest} length={8} />
              <span>{plural(version.runs, "run")}</span>
              {version.parent && (
                <span>
                  from{" "}
                  <Link href={compareHref(prompt, version.parent, version.key)} className={link}>
                    <UntrustedText text={version.parent} />
                  </Link>
                </span>
              )}
              {version.releases.map(({ id, state }) => (
                <Link key={id} href={`/releases/${id}`} className={link}>
                  release {id}, {state}
                </Link>
              ))}
            </p>
          </li>
        ))}
      </ol>
      {next !== null && (
        <div>
          <LinkButton size="sm" href={`${promptHref(prompt)}?before=${next}`}>
            Older versions
          </LinkButton>
        </div>
      )}
    </section>
  );
}

function Who({ version: { author, contributor } }: { version: VersionRow }) {
  return (
    <>
      {author ? (
        <>
          by <UntrustedText text={author} />
        </>
      ) : (
        "author not named"
      )}
      {contributor !== null && (
        <>
          , brought by <UntrustedText text={contributor} />
        </>
      )}
    </>
  );
}

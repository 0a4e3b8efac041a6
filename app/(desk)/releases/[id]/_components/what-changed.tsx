import Link from "next/link";
import { DiffCounts } from "@/components/diff/content-diff";
import { Pieces } from "@/components/diff/pieces";
import { plural } from "@/components/ui/format";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { ContentDiff } from "@/lib/prompts/diff/content";
import { hunkLabel } from "@/lib/prompts/diff/excerpt";
import { diffVersions } from "@/lib/prompts/diff/versions";
import type { compareVersions } from "@/lib/prompts/queries";
import { countCases, type Ledger, type LedgerCases } from "@/lib/review/ledger";
import { EffectCounts } from "../changes/_components/ledger";

/** More than these and the reader is better off in the Changes tab. */
const linesShown = 5;

type Props = { releaseId: number; versions: Awaited<ReturnType<typeof compareVersions>>; ledger: Ledger };

/** The prompt change in a few lines, with the way to all of it. */
export function WhatChanged({ releaseId, versions: { before, after }, ledger }: Props) {
  const diff = diffVersions(before, after);
  return (
    <section aria-labelledby="what-changed" className="flex min-w-0 flex-col gap-2">
      <h2 id="what-changed" className="flex flex-wrap items-baseline gap-x-3 text-lg font-semibold">
        What changed
        {diff && (
          <span className="text-base font-normal text-muted">
            <DiffCounts diff={diff} />
          </span>
        )}
      </h2>
      {diff ? <Excerpt diff={diff} /> : <p className="text-muted">The text of one of the versions is unknown.</p>}
      <Attributed releaseId={releaseId} ledger={ledger} />
      <Link
        href={`/releases/${releaseId}/changes`}
        className="no-print inline-flex min-h-6 items-center self-start text-accent hover:underline"
      >
        The whole change beside the answers
      </Link>
    </section>
  );
}

/** The hunks that people hold for the reason of something, the most named first. */
function Attributed({ releaseId, ledger: { hunks, none, open, leavesOut } }: { releaseId: number; ledger: Ledger }) {
  const count = ({ helped, hurt }: LedgerCases) => countCases(helped) + countCases(hurt);
  const named = hunks.filter((hunk) => count(hunk) > 0).sort((a, b) => count(b) - count(a));
  const others = hunks.length - named.length;
  if (named.length + count(none) === 0) return null;
  const left = count(open);
  return (
    <div className="flex flex-col gap-1 text-sm">
      <ul aria-label="Hunk ledger" className="flex flex-col">
        {named.slice(0, linesShown).map((hunk) => (
          <li key={hunk.id} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4">
            <Link
              href={`/releases/${releaseId}/changes?hunk=${hunk.id}`}
              className="inline-flex min-h-6 items-center text-accent hover:underline"
            >
              <span className="truncate">
                {hunk.number === null ? "An earlier hunk" : `Hunk ${hunk.number}`},{" "}
                <UntrustedText text={hunkLabel(hunk)} />
              </span>
            </Link>
            <EffectCounts cases={hunk} />
          </li>
        ))}
        {count(none) > 0 && (
          <li className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4">
            <span>No hunk</span>
            <EffectCounts cases={none} />
          </li>
        )}
      </ul>
      <p className="text-muted">
        {named.length > linesShown && `And ${plural(named.length - linesShown, "more hunk")}. `}
        {others > 0 && `${plural(others, "hunk")} without attribution${leavesOut ? " that you may see" : ""}. `}
        {left > 0 && `${plural(left, "case")} better or worse in people's grades, not attributed.`}
      </p>
    </div>
  );
}

function Excerpt({ diff }: { diff: ContentDiff }) {
  const settings = diff.parameters.filter(({ change }) => change !== "same");
  const lines = [...diff.messages, ...diff.tools]
    .flatMap(({ sections }) => sections)
    .flatMap((section) => (section.kind === "hunk" ? section.rows : []));
  if (settings.length + lines.length === 0) return <p className="text-muted">The prompt is the same, word for word.</p>;
  const shown = lines.slice(0, linesShown);
  return (
    <>
      {settings.length > 0 && (
        <ul className="font-mono text-[13px]">
          {settings.slice(0, linesShown).map(({ name, before, after }) => (
            <li key={name} className="[overflow-wrap:anywhere]">
              <UntrustedText text={`${name}: ${before ?? "not set"} → ${after ?? "not set"}`} />
            </li>
          ))}
        </ul>
      )}
      {shown.length > 0 && (
        <ul className="flex flex-col gap-1 border-l-2 border-line pl-3 font-mono text-[13px] leading-5">
          {shown.map((row, at) => (
            <li key={at} dir="auto" className="line-clamp-4 [overflow-wrap:anywhere]">
              <Pieces pieces={row.pieces} struck />
            </li>
          ))}
        </ul>
      )}
      {lines.length > shown.length && (
        <p className="text-sm text-muted">and {lines.length - shown.length} more lines</p>
      )}
    </>
  );
}

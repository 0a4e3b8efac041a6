import type { Metadata } from "next";
import Link from "next/link";
import { ContentDiffView, DiffCounts } from "@/components/diff/content-diff";
import type { HunkMark } from "@/components/diff/text-diff";
import { Badge } from "@/components/ui/badge";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { Verdict } from "@/components/ui/verdict";
import { hunkLabel } from "@/lib/prompts/diff/excerpt";
import { diffVersions } from "@/lib/prompts/diff/versions";
import { compareVersions } from "@/lib/prompts/queries";
import { type CaseDetail, type Flip, flips, getCase, listCases } from "@/lib/releases/cases";
import { Preferences } from "../_components/preferences";
import { loadRelease } from "../_release";

export const metadata: Metadata = { title: "Changes" };

type Props = {
  params: Promise<{ id: string }>;
  searchParams: Promise<{ flip?: string; case?: string; view?: string }>;
};

const words: Record<Flip, string> = { better: "better", worse: "worse", same: "same", error: "no verdict" };

/** The prompt diff beside the answers it changed, worst first. */
export default async function ChangesTab({ params, searchParams }: Props) {
  const { actor, release } = await loadRelease((await params).id);
  const given = await searchParams;
  const flip = flips.find((name) => name === given.flip);
  const [{ before, after }, page] = await Promise.all([
    compareVersions(actor, release.prompt, release.baseline, release.candidate),
    listCases(actor, release.id, { flip, sort: "worst" }),
  ]);
  const rows = page.rows.filter(({ hidden }) => !hidden);
  const chosen = rows.find(({ id }) => String(id) === given.case) ?? rows[0];
  const detail = chosen ? await getCase(actor, release.id, chosen.id) : null;
  const diff = diffVersions(before, after);
  const marks = (number: number): HunkMark | undefined => {
    const hunk = diff?.hunks[number - 1];
    return hunk && { id: hunk.id, label: hunkLabel(hunk), href: `#hunk-${hunk.id}` };
  };
  const at = rows.findIndex(({ id }) => id === chosen?.id);
  const href = (change: { flip?: string; case?: number }) => {
    const query = new URLSearchParams();
    const next = { flip, ...change };
    if (next.flip) query.set("flip", next.flip);
    if (next.case) query.set("case", String(next.case));
    return `/releases/${release.id}/changes?${query}`;
  };
  return (
    <div className="grid gap-8 xl:grid-cols-2">
      <section aria-labelledby="prompt-diff" className="flex min-w-0 flex-col gap-3">
        <div className="flex flex-wrap items-baseline gap-3">
          <h2 id="prompt-diff" className="text-lg font-semibold break-all">
            {release.baseline} → {release.candidate}
          </h2>
          {diff && (
            <span className="text-muted">
              <DiffCounts diff={diff} />
            </span>
          )}
        </div>
        {diff ? (
          <ContentDiffView
            diff={diff}
            view="words"
            names={{ before: release.baseline, after: release.candidate }}
            marks={marks}
          />
        ) : (
          <Notice>
            The text of {before.content === null ? release.baseline : release.candidate} is unknown, so there is nothing
            to compare.
          </Notice>
        )}
      </section>
      <section aria-labelledby="answers" className="flex min-w-0 flex-col gap-3">
        <div className="flex flex-wrap items-center gap-2">
          <h2 id="answers" className="mr-2 text-lg font-semibold">
            Answers, worst first
          </h2>
          <nav aria-label="Filter answers" className="flex flex-wrap gap-1">
            {([undefined, ...flips] as const).map((name) => (
              <Link
                key={name ?? "all"}
                href={href({ flip: name ?? "", case: undefined })}
                aria-current={flip === name ? "true" : undefined}
                className="inline-flex min-h-7 items-center rounded-md border border-line px-2 text-sm hover:bg-hover aria-[current]:border-accent aria-[current]:bg-accent-soft aria-[current]:text-accent"
              >
                {name ? words[name] : "all"}
              </Link>
            ))}
          </nav>
        </div>
        {release.state === "grading" && (
          <p className="text-sm text-muted">Cases that still wait for a blind grade are left out here.</p>
        )}
        {!detail || !chosen ? (
          <EmptyState title="No answers to show">Nothing matches this filter.</EmptyState>
        ) : (
          <>
            <div className="flex flex-wrap items-center justify-between gap-2">
              <p className="min-w-0">
                <Link
                  href={`/releases/${release.id}/cases/${chosen.id}`}
                  className="font-medium break-all text-accent hover:underline"
                >
                  {chosen.key}
                </Link>{" "}
                {chosen.slice && <span className="text-muted">{chosen.slice}</span>}{" "}
                {chosen.flip && <Badge>{words[chosen.flip]}</Badge>}{" "}
                {chosen.mustPass && <Badge tone="accent">must-pass</Badge>}{" "}
                {chosen.override && <Badge tone="human">override</Badge>}
              </p>
              <nav aria-label="Answers" className="flex items-center gap-3">
                <Step href={at > 0 ? href({ case: rows[at - 1]!.id }) : null} word="Previous" />
                <span className="text-sm text-muted tabular-nums">
                  {at + 1} of {rows.length}
                  {page.next ? "+" : ""}
                </span>
                <Step href={at < rows.length - 1 ? href({ case: rows[at + 1]!.id }) : null} word="Next" />
              </nav>
            </div>
            <Untrusted text={detail.input} />
            <AnswerOf name={detail.sides.baseline.version} side={detail.sides.baseline} />
            <AnswerOf name={detail.sides.candidate.version} side={detail.sides.candidate} />
            <Preferences preferences={detail.preferences} />
          </>
        )}
      </section>
    </div>
  );
}

function Step({ href, word }: { href: string | null; word: string }) {
  return href ? (
    <Link href={href} scroll={false} className="inline-flex min-h-7 items-center text-accent hover:underline">
      {word}
    </Link>
  ) : (
    <span className="inline-flex min-h-7 items-center text-muted">{word}</span>
  );
}

function AnswerOf({ name, side }: { name: string; side: CaseDetail["sides"]["baseline"] }) {
  return (
    <section aria-label={`Answer of ${name}`} className="flex min-w-0 flex-col gap-2">
      <h3 className="font-medium break-all">{name}</h3>
      {side.error ? (
        <Notice tone="danger">The run failed here: {side.error}</Notice>
      ) : (
        <Untrusted text={side.output ?? ""} />
      )}
      <ul className="flex flex-col gap-1 text-sm">
        {side.verdicts.map((verdict) => (
          <li key={`${verdict.judge} ${verdict.criterion}`} className="flex flex-wrap items-baseline gap-x-2">
            <Verdict value={verdict.verdict} by="machine" />
            <span className="text-muted">
              {verdict.judge}, {verdict.criterion}
            </span>
            {verdict.rationale && (
              <span className="min-w-0 text-muted [overflow-wrap:anywhere]">
                “<UntrustedText text={verdict.rationale.slice(0, 600)} />”
              </span>
            )}
          </li>
        ))}
        {side.reviews
          .filter(({ superseded }) => !superseded)
          .map((review) => (
            <li key={`${review.reviewer} ${review.criterion}`} className="flex flex-wrap items-baseline gap-x-2">
              <Verdict value={review.verdict} by="human" />
              <span className="text-muted">
                {review.reviewer}, {review.criterion}
              </span>
              {review.note && (
                <span className="min-w-0 [overflow-wrap:anywhere]">
                  “<UntrustedText text={review.note} />”
                </span>
              )}
            </li>
          ))}
        {side.imported.map((review) => (
          <li key={`imported ${review.reviewer} ${review.criterion}`} className="flex flex-wrap items-baseline gap-x-2">
            <Verdict value={review.verdict} by="human" />
            <span className="text-muted">
              {review.reviewer}, {review.criterion}, imported
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

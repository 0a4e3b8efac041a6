import type { Metadata } from "next";
import Link from "next/link";
import { ContentDiffView, DiffCounts, diffParts } from "@/components/diff/content-diff";
import type { HunkMark } from "@/components/diff/text-diff";
import { Badge } from "@/components/ui/badge";
import { ChoiceLinks } from "@/components/ui/choice-links";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { Rendered } from "@/components/ui/rendered";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Actor } from "@/lib/auth/actor";
import { hunkLabel } from "@/lib/prompts/diff/excerpt";
import { diffVersions } from "@/lib/prompts/diff/versions";
import { compareVersions, listVersionKeys } from "@/lib/prompts/queries";
import { type Flip, flips, getCase, inParts, listCases } from "@/lib/releases/cases";
import type { ReleaseHead } from "@/lib/releases/queries";
import { getLedger, type Ledger, type LedgerCases } from "@/lib/review/ledger";
import { ComparePicker } from "../../../prompts/[name]/_components/compare-picker";
import { Preferences } from "../_components/preferences";
import { loadRelease } from "../_release";
import { textHref } from "../cases/_components/links";
import { AnswerKeys, AttributeHere } from "./_components/answer-keys";
import { Answers, Reasons } from "./_components/answers";
import { EffectCounts, HunkLedger, WhatIf } from "./_components/ledger";
import { type Asked, changesHref, readAsked } from "./_links";

export const metadata: Metadata = { title: "Changes" };

type Props = {
  params: Promise<{ id: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

/** The prompt diff beside the answers it changed. A hunk that is selected leaves those that people attributed to it. */
export default async function ChangesTab({ params, searchParams }: Props) {
  const { actor, release } = await loadRelease((await params).id);
  const [versions, keys, ledger] = await Promise.all([
    compareVersions(actor, release.prompt, release.baseline, release.candidate),
    listVersionKeys(actor, release.prompt),
    getLedger(actor, release.id),
  ]);
  const asked = readAsked(await searchParams);
  const chosen = casesOf(ledger, asked.hunk);
  // A hunk that is not here selects nothing.
  const state: Asked = chosen ? asked : { ...asked, hunk: undefined };
  const hrefOf = (change: Partial<Asked>) => changesHref(release.id, state, change);
  const hunkHref = (id: string) =>
    hrefOf({ hunk: state.hunk === id ? undefined : id, case: undefined, flip: undefined });
  const diff = diffVersions(versions.before, versions.after);
  const marks = (number: number): HunkMark | undefined => {
    const hunk = ledger.hunks.find((one) => one.number === number);
    if (!hunk) return undefined;
    return {
      id: hunk.id,
      label: hunkLabel(hunk),
      href: hunkHref(hunk.id),
      selected: state.hunk === hunk.id,
      note: (
        <>
          <EffectCounts cases={hunk} />
          {state.hunk === hunk.id && (
            <a href="#answers" className="inline-flex min-h-6 items-center text-accent underline xl:hidden">
              its answers
            </a>
          )}
        </>
      ),
    };
  };
  return (
    <div className="grid gap-x-8 gap-y-10 xl:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-8">
        <section aria-labelledby="prompt-diff" className="flex min-w-0 flex-col gap-3">
          <div className="flex flex-wrap items-baseline gap-x-3">
            <h2 id="prompt-diff" className="text-lg font-semibold break-all">
              <UntrustedText text={`${release.baseline} → ${release.candidate}`} />
            </h2>
            {diff && (
              <span className="text-muted">
                <DiffCounts diff={diff} />
              </span>
            )}
          </div>
          {diff ? (
            <>
              <div className="flex flex-wrap gap-2">
                <ChoiceLinks
                  label="View"
                  links={[
                    { name: "Words", href: hrefOf({ view: "words" }), current: state.view === "words" },
                    { name: "Lines", href: hrefOf({ view: "lines" }), current: state.view === "lines" },
                    { name: "Side by side", href: hrefOf({ view: "side" }), current: state.view === "side" },
                  ]}
                />
                <ChoiceLinks
                  label="Part"
                  links={[
                    { name: "All", href: hrefOf({ part: undefined }), current: state.part === undefined },
                    ...diffParts.map((part) => ({
                      name: `${part[0]!.toUpperCase()}${part.slice(1)}`,
                      href: hrefOf({ part }),
                      current: state.part === part,
                    })),
                  ]}
                />
              </div>
              <ContentDiffView
                diff={diff}
                view={state.view}
                part={state.part}
                names={{ before: release.baseline, after: release.candidate }}
                marks={marks}
              />
            </>
          ) : (
            <Notice>
              The text of {versions.before.content === null ? release.baseline : release.candidate} is unknown, so there
              is nothing to compare.
            </Notice>
          )}
          {keys.length > 2 && (
            <details className="no-print">
              <summary className="min-h-6 cursor-pointer text-accent">Compare other versions</summary>
              <div className="pt-3">
                <ComparePicker
                  prompt={release.prompt}
                  keys={keys}
                  before={release.baseline}
                  after={release.candidate}
                />
              </div>
            </details>
          )}
        </section>
        <HunkLedger ledger={ledger} selected={state.hunk} hrefOf={hunkHref} />
      </div>
      <div
        id="answers"
        className="flex min-w-0 scroll-mt-4 flex-col gap-4 xl:sticky xl:top-4 xl:max-h-[calc(100dvh-2rem)] xl:self-start xl:overflow-y-auto xl:pr-1"
      >
        <AnswersPane actor={actor} release={release} ledger={ledger} asked={state} chosen={chosen} />
      </div>
    </div>
  );
}

/** The cases behind a hunk; null: no hunk is selected, or none of that id is here. */
function casesOf(ledger: Ledger, hunk: string | undefined): LedgerCases | null {
  if (hunk === "none" || hunk === "open") return ledger[hunk];
  return ledger.hunks.find(({ id }) => id === hunk) ?? null;
}

type PaneProps = { actor: Actor; release: ReleaseHead; ledger: Ledger; asked: Asked; chosen: LedgerCases | null };
type Item = { id: number; key: string; slice: string | null; badges: string[] };

const flipWords: Record<Flip, string> = { better: "better", worse: "worse", same: "same", error: "no verdict" };

/** Without a hunk, the cases of the release, worst first; with one, those that people attributed to it. */
async function itemsOf(
  { actor, release, asked }: PaneProps,
  chosen: LedgerCases | null,
): Promise<{ items: Item[]; more: boolean }> {
  if (!chosen) {
    const page = await listCases(actor, release.id, { flip: asked.flip, reviewed: asked.graded, sort: "worst" });
    const items = page.rows
      .filter(({ hidden }) => !hidden)
      .map(({ id, key, slice, flip, mustPass, override }) => ({
        id,
        key,
        slice,
        badges: [
          ...(flip ? [flipWords[flip]] : []),
          ...(mustPass ? ["must-pass"] : []),
          ...(override ? ["override"] : []),
        ],
      }));
    return { items, more: page.next !== null };
  }
  const wanted = [
    ...(asked.flip === "better" ? [] : chosen.hurt.map((entry) => ({ ...entry, effect: "hurt" }))),
    ...(asked.flip === "worse" ? [] : chosen.helped.map((entry) => ({ ...entry, effect: "helped" }))),
  ];
  const items = new Map<number, Item>();
  for (const { caseId, case: key, slice, effect, criterion } of wanted) {
    const item = items.get(caseId) ?? { id: caseId, key, slice, badges: [] };
    items.set(caseId, { ...item, badges: [...item.badges, `${effect} on ${criterion}`] });
  }
  return { items: [...items.values()], more: false };
}

async function AnswersPane(props: PaneProps) {
  const { actor, release, ledger, asked, chosen } = props;
  const { items, more } = await itemsOf(props, chosen);
  const at = Math.max(
    0,
    items.findIndex(({ id }) => String(id) === asked.case),
  );
  const shown = items[at];
  const detail = shown ? inParts(await getCase(actor, release.id, shown.id)) : null;
  const hrefOf = (change: Partial<Asked>) => changesHref(release.id, asked, change);
  const caseHref = (id: number) => hrefOf({ case: String(id) });
  const hunk = ledger.hunks.find(({ id }) => id === asked.hunk);
  const [previous, next] = [items[at - 1], items[at + 1]].map((item) => (item ? caseHref(item.id) : null));
  return (
    <>
      {hunk && <WhatIf hunk={hunk} hrefOf={caseHref} />}
      <section aria-labelledby="answers-title" className="flex min-w-0 flex-col gap-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <h2 id="answers-title" className="text-lg font-semibold">
            <UntrustedText text={title(asked, hunk?.number ?? null)} />
          </h2>
          {chosen && (
            <Link
              href={hrefOf({ hunk: undefined, flip: undefined, case: undefined })}
              scroll={false}
              className="inline-flex min-h-7 items-center text-accent underline underline-offset-2"
            >
              all answers
            </Link>
          )}
        </div>
        <Filters asked={asked} withHunk={chosen !== null} hrefOf={hrefOf} />
        {release.state === "grading" && (
          <p className="text-sm text-muted">
            Cases that still wait for your blind grade are left out, here and in every count.
          </p>
        )}
        {!detail || !shown ? (
          <EmptyState title="No answers to show">
            {chosen ? "Nobody has attributed such a case." : "Nothing matches this filter."}
          </EmptyState>
        ) : (
          <>
            <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
              <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
                <Link
                  href={`/releases/${release.id}/cases/${shown.id}`}
                  className="font-medium break-all text-accent underline underline-offset-2"
                >
                  <UntrustedText text={shown.key} />
                </Link>
                {shown.slice && (
                  <span className="text-muted">
                    <UntrustedText text={shown.slice} />
                  </span>
                )}
                {shown.badges.map((badge) => (
                  <Badge
                    key={badge}
                    tone={badge === "override" ? "human" : badge === "must-pass" ? "accent" : "neutral"}
                  >
                    <UntrustedText text={badge} />
                  </Badge>
                ))}
              </p>
              <nav aria-label="Cases" className="flex flex-wrap items-center gap-x-3">
                <Step href={previous ?? null} word="Previous" />
                <span className="text-sm text-muted tabular-nums">
                  {at + 1} of {items.length}
                  {more ? "+" : ""}
                </span>
                <Step href={next ?? null} word="Next" />
                <AnswerKeys shown={shown.id} previous={previous ?? null} next={next ?? null} />
              </nav>
            </div>
            <Reasons ledger={ledger} caseId={shown.id} hrefOf={(id) => hrefOf({ hunk: id, flip: undefined })} />
            {detail.attributes && <AttributeHere key={shown.id} releaseId={release.id} caseKey={shown.key} />}
            <section aria-label="Input">
              <Rendered
                key={detail.id}
                value={detail.input}
                raw={false}
                rest={detail.inputRest}
                href={textHref(release.id, detail.id, "input")}
              />
            </section>
            <Answers
              releaseId={release.id}
              detail={detail}
              view={asked.view}
              apart={asked.answers === "apart"}
              links={{ together: hrefOf({ answers: undefined }), apart: hrefOf({ answers: "apart" }) }}
            />
            <Preferences preferences={detail.preferences} />
          </>
        )}
      </section>
    </>
  );
}

function title(asked: Asked, number: number | null): string {
  if (asked.hunk === "none") return "Answers that no hunk is the reason for";
  if (asked.hunk === "open") return "Better or worse, not attributed yet";
  if (asked.hunk) return number === null ? "Answers of an earlier hunk" : `Answers attributed to hunk ${number}`;
  return "Answers, worst first";
}

type FiltersProps = { asked: Asked; withHunk: boolean; hrefOf: (change: Partial<Asked>) => string };

function Filters({ asked, withHunk, hrefOf }: FiltersProps) {
  const kinds: [Flip | undefined, string][] = withHunk
    ? [
        [undefined, "all"],
        ["worse", "hurt"],
        ["better", "helped"],
      ]
    : [[undefined, "all"], ...flips.map((flip): [Flip, string] => [flip, flipWords[flip]])];
  return (
    <nav aria-label="Filter answers" className="no-print flex flex-wrap gap-1">
      {kinds.map(([flip, word]) => (
        <Filter key={word} href={hrefOf({ flip, case: undefined })} on={asked.flip === flip} word={word} />
      ))}
      {!withHunk && (
        <Filter
          href={hrefOf({ graded: asked.graded ? undefined : "yes", case: undefined })}
          on={asked.graded === "yes"}
          word="graded by people"
        />
      )}
    </nav>
  );
}

function Filter({ href, on, word }: { href: string; on: boolean; word: string }) {
  return (
    <Link
      href={href}
      scroll={false}
      aria-current={on ? "true" : undefined}
      className="inline-flex min-h-7 items-center rounded-md border border-line px-2 text-sm hover:bg-hover aria-[current]:border-accent aria-[current]:bg-accent-soft aria-[current]:text-accent"
    >
      {word}
    </Link>
  );
}

function Step({ href, word }: { href: string | null; word: string }) {
  return href ? (
    <Link
      href={href}
      scroll={false}
      className="inline-flex min-h-7 items-center text-accent underline underline-offset-2"
    >
      {word}
    </Link>
  ) : (
    <span className="inline-flex min-h-7 items-center text-muted">{word}</span>
  );
}

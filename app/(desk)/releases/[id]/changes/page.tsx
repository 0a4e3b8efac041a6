import type { Metadata } from "next";
import Link from "next/link";
import { rowId } from "@/app/_row-id";
import { ContentDiffView, DiffCounts, diffParts } from "@/components/diff/content-diff";
import type { HunkMark } from "@/components/diff/text-diff";
import { Badge } from "@/components/ui/badge";
import { ChoiceLinks } from "@/components/ui/choice-links";
import { EmptyState } from "@/components/ui/empty-state";
import { formatCount } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { Rendered } from "@/components/ui/rendered";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Actor } from "@/lib/auth/actor";
import { hunkLabel } from "@/lib/prompts/diff/excerpt";
import { diffVersions } from "@/lib/prompts/diff/versions";
import { compareVersions, listVersionKeys } from "@/lib/prompts/queries";
import {
  type Flip,
  flips,
  getCase,
  inParts,
  type Missing,
  readAround,
  readWaits,
  type Waits,
  whyMissing,
} from "@/lib/releases/cases";
import type { ReleaseHead } from "@/lib/releases/queries";
import { countCases, getLedger, type Ledger, type LedgerCases } from "@/lib/review/ledger";
import { ComparePicker } from "../../../prompts/[name]/_components/compare-picker";
import { Preferences } from "../_components/preferences";
import { WaitsLine } from "../_components/waits";
import { loadRelease } from "../_release";
import { textHref } from "../cases/_components/links";
import { AnswerKeys, AttributeHere } from "./_components/answer-keys";
import { Answers, Reasons } from "./_components/answers";
import { EffectCounts, HunkLedger, WhatIf } from "./_components/ledger";
import { type Asked, changesHref, changesQuery, readAsked } from "./_links";

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
  // A hunk that is not here selects nothing, and is told of.
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
                  origin={{ release: release.id, changes: changesQuery(state) }}
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
        <AnswersPane
          actor={actor}
          release={release}
          ledger={ledger}
          asked={state}
          chosen={chosen}
          hunkMissing={asked.hunk !== undefined && chosen === null}
        />
      </div>
    </div>
  );
}

/** The cases behind a hunk; null: no hunk is selected, or none of that id is here. */
function casesOf(ledger: Ledger, hunk: string | undefined): LedgerCases | null {
  if (hunk === "none" || hunk === "open") return ledger[hunk];
  return ledger.hunks.find(({ id }) => id === hunk) ?? null;
}

type PaneProps = {
  actor: Actor;
  release: ReleaseHead;
  ledger: Ledger;
  asked: Asked;
  chosen: LedgerCases | null;
  /** The hunk of the address is none of these. */
  hunkMissing: boolean;
};

type Item = { id: number; key: string; slice: string | null; badges: string[] };

/** One of a list of answers, with what is said of the list. */
type Reading = {
  item: Item | null;
  /** Ids of the cases beside it and its own, in their order. */
  ids: number[];
  /** From 1; null: not counted. */
  place: number | null;
  total: number;
  counts: Partial<Record<Flip | "all", number>>;
  missing: Missing | null;
  waits: Waits;
};

const flipWords: Record<Flip, string> = { better: "better", worse: "worse", same: "same", error: "no verdict" };

/** Without a hunk, the cases of the release, worst first; with one, those that people attributed to it. */
function read({ actor, release, asked, chosen }: PaneProps): Promise<Reading> {
  const wanted = asked.case === undefined ? undefined : rowId(asked.case);
  return chosen ? readChosen(actor, release.id, asked, chosen, wanted) : readAll(actor, release.id, asked, wanted);
}

async function readAll(actor: Actor, releaseId: number, asked: Asked, wanted?: number): Promise<Reading> {
  const filter = { flip: asked.flip, reviewed: asked.graded };
  const { row, ids, place, missing, table } = await readAround(actor, releaseId, filter, wanted);
  const item = row && {
    ...row,
    badges: [
      ...(row.flip ? [flipWords[row.flip]] : []),
      ...(row.mustPass ? ["must-pass"] : []),
      ...(row.override ? ["override"] : []),
    ],
  };
  const counts = { all: table.all, ...table.counts };
  const total = asked.flip ? (table.counts?.[asked.flip] ?? ids.length) : table.all;
  return { item, ids, place, total, counts, missing, waits: table.waits };
}

async function readChosen(
  actor: Actor,
  releaseId: number,
  asked: Asked,
  chosen: LedgerCases,
  wanted?: number,
): Promise<Reading> {
  const behind = [
    ...(asked.flip === "better" ? [] : chosen.hurt.map((entry) => ({ ...entry, effect: "hurt" }))),
    ...(asked.flip === "worse" ? [] : chosen.helped.map((entry) => ({ ...entry, effect: "helped" }))),
  ];
  const items = new Map<number, Item>();
  for (const { caseId, case: key, slice, effect, criterion } of behind) {
    const item = items.get(caseId) ?? { id: caseId, key, slice, badges: [] };
    items.set(caseId, { ...item, badges: [...item.badges, `${effect} on ${criterion}`] });
  }
  const ids = [...items.keys()];
  const isThere = wanted !== undefined && items.has(wanted);
  const [missing, waits] = await Promise.all([
    wanted === undefined || isThere ? null : whyMissing(actor, releaseId, wanted),
    readWaits(actor, releaseId),
  ]);
  const at = isThere ? ids.indexOf(wanted) : 0;
  const counts = {
    all: countCases([...chosen.hurt, ...chosen.helped]),
    worse: countCases(chosen.hurt),
    better: countCases(chosen.helped),
  };
  return { item: items.get(ids[at] ?? 0) ?? null, ids, place: at + 1, total: ids.length, counts, missing, waits };
}

async function AnswersPane(props: PaneProps) {
  const { actor, release, ledger, asked, chosen } = props;
  const { item: shown, ids, place, total, counts, missing, waits } = await read(props);
  const detail = shown ? inParts(await getCase(actor, release.id, shown.id)) : null;
  const hrefOf = (change: Partial<Asked>) => changesHref(release.id, asked, change);
  const caseHref = (id: number) => hrefOf({ case: String(id) });
  const hunk = ledger.hunks.find(({ id }) => id === asked.hunk);
  const at = shown ? ids.indexOf(shown.id) : -1;
  const [previous, next] = [ids[at - 1], ids[at + 1]].map((id) => (id === undefined ? null : caseHref(id)));
  return (
    <>
      {hunk && <WhatIf hunk={hunk} leavesOut={ledger.leavesOut} hrefOf={caseHref} />}
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
        <Filters asked={asked} withHunk={chosen !== null} counts={counts} hrefOf={hrefOf} />
        <WaitsLine releaseId={release.id} waits={waits} here="without" />
        {props.hunkMissing && (
          <Notice tone="warning" title="The hunk of this address is not here">
            No hunk of that name is between <UntrustedText text={`${release.baseline} and ${release.candidate}`} />, and
            nobody named one whose cases you may see. All answers are shown instead.
          </Notice>
        )}
        {missing && <MissingNotice missing={missing} hrefOf={hrefOf} isShown={shown !== null} />}
        {!detail || !shown ? (
          <EmptyState title="No answers to show">{noAnswers(asked, waits.cases > 0)}</EmptyState>
        ) : (
          <>
            <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
              <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
                <Link
                  href={`/releases/${release.id}/cases/${shown.id}`}
                  className="inline-flex min-h-6 items-center font-medium break-all text-accent underline underline-offset-2"
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
                  {place === null ? "one" : formatCount(place)} of {formatCount(total)}
                </span>
                <Step href={next ?? null} word="Next" />
                <AnswerKeys shown={shown.id} beside={ids.map((id) => ({ id, href: caseHref(id) }))} />
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

/** Why there is no answer. Of cases that wait for this person's blind grade, nothing is said. */
function noAnswers({ hunk, flip, graded }: Asked, leavesOut: boolean): string {
  const seen = leavesOut ? " that you may see" : "";
  if (hunk && hunk !== "open") return `Nobody has attributed such a case${seen}.`;
  if (hunk) return `There is no such case${seen}.`;
  return flip || graded ? `No case${seen} matches this filter.` : `There is no case${seen}.`;
}

type MissingProps = {
  missing: Missing;
  hrefOf: (change: Partial<Asked>) => string;
  /** Another case is shown in its place. */
  isShown: boolean;
};

const missingWords: Record<Missing, string> = {
  waits: "It waits for your blind grade: its answers, verdicts and grades are shown once that is stored.",
  gone: "No such case is in this release.",
  other: "It is not among these answers.",
};

/** That the case which the address names is not the one shown. */
function MissingNotice({ missing, hrefOf, isShown }: MissingProps) {
  return (
    <Notice tone="warning" title="The case of this address is not shown">
      {missingWords[missing]}{" "}
      {missing === "other" && (
        <>
          <Link
            href={hrefOf({ hunk: undefined, flip: undefined, graded: undefined })}
            scroll={false}
            className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
          >
            Show it among all answers
          </Link>
          .{" "}
        </>
      )}
      {isShown && "Below is the first of these answers."}
    </Notice>
  );
}

function title(asked: Asked, number: number | null): string {
  if (asked.hunk === "none") return "Answers that no hunk is the reason for";
  if (asked.hunk === "open") return "Better or worse, not attributed yet";
  if (asked.hunk) return number === null ? "Answers of an earlier hunk" : `Answers attributed to hunk ${number}`;
  return "Answers, worst first";
}

type FiltersProps = {
  asked: Asked;
  withHunk: boolean;
  counts: Reading["counts"];
  hrefOf: (change: Partial<Asked>) => string;
};

function Filters({ asked, withHunk, counts, hrefOf }: FiltersProps) {
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
        <Filter
          key={word}
          href={hrefOf({ flip, case: undefined })}
          on={asked.flip === flip}
          word={word}
          count={counts[flip ?? "all"]}
        />
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

function Filter({ href, on, word, count }: { href: string; on: boolean; word: string; count?: number }) {
  return (
    <Link
      href={href}
      scroll={false}
      aria-current={on ? "true" : undefined}
      className="inline-flex min-h-7 items-center gap-1.5 rounded-md border border-line px-2 text-sm hover:bg-hover aria-[current]:border-accent aria-[current]:bg-accent-soft aria-[current]:text-accent"
    >
      {word}
      {count !== undefined && <span className="tabular-nums">{formatCount(count)}</span>}
    </Link>
  );
}

/** To a case beside the one shown; its page is fetched before anybody goes there. */
function Step({ href, word }: { href: string | null; word: string }) {
  return href ? (
    <Link
      href={href}
      scroll={false}
      prefetch
      className="inline-flex min-h-7 items-center text-accent underline underline-offset-2"
    >
      {word}
    </Link>
  ) : (
    <span className="inline-flex min-h-7 items-center text-muted">{word}</span>
  );
}

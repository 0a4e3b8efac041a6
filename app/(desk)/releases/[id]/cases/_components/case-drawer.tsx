"use client";

import { ChevronLeft, ChevronRight } from "lucide-react";
import Link from "next/link";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Drawer } from "@/components/ui/drawer";
import { Kbd } from "@/components/ui/kbd";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted";
import type { CaseDetail } from "@/lib/releases/cases";
import { CaseOpened } from "../../_components/opened";
import { CaseBody } from "./case-body";
import { type Removal, Removals } from "./removals";

type Answer =
  | { detail: CaseDetail; removals: Removal[]; before: number | null; after: number | null }
  | { message: string };

type Props = {
  releaseId: number;
  /** The filters, as the address has them. */
  query: string;
  /** The case shown; null: closed. */
  caseId: number | null;
  /** Ids of the rows on this page, in their order. */
  page: readonly number[];
  selected: boolean;
  onSelect: (id: number, key: string, on: boolean) => void;
  onOpen: (id: number | null) => void;
};

/**
 * One case beside the table. Left and right go through the cases in the table's order, on past the page's end; those next
 * to it are fetched before they are asked for.
 */
export function CaseDrawer(props: Props) {
  const { releaseId, caseId, page, selected, onSelect, onOpen } = props;
  const { answer, before, after } = useCase(props);
  const [raw, setRaw] = useState(false);
  const [diff, setDiff] = useState(false);
  const detail = answer && "detail" in answer ? answer.detail : null;
  const at = caseId === null ? -1 : page.indexOf(caseId);
  // Once it closes there is no case any more: kept until then, the last one that has a row on this page.
  const last = useRef<number | null>(null);
  useEffect(() => {
    if (caseId !== null && at >= 0) last.current = caseId;
  }, [caseId, at]);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if ((event.target as Element).matches("input:not([type=checkbox]), select, textarea")) return;
    const beside = event.key === "ArrowLeft" ? before : event.key === "ArrowRight" ? after : null;
    if (beside !== null) onOpen(beside);
    else if (event.key === "r") setRaw(!raw);
    else if (event.key === "d") setDiff(!diff);
    else if (event.key === "x" && detail) onSelect(detail.id, detail.key, !selected);
    else return;
    event.preventDefault();
  };
  return (
    <Drawer
      open={caseId !== null}
      onOpenChange={(open) => !open && onOpen(null)}
      onKeyDown={onKeyDown}
      onCloseAutoFocus={(event) => {
        // Back to the row of the case that was last looked at.
        const row = document.querySelector<HTMLElement>(`[data-row="${last.current}"] a[data-row-link]`);
        if (!row) return;
        event.preventDefault();
        row.focus();
      }}
      title={detail ? <UntrustedText text={detail.key} /> : "Case"}
      actions={
        <div className="flex flex-wrap items-center gap-2">
          {at >= 0 && (
            <span className="text-sm text-muted tabular-nums max-md:grow">
              {at + 1} of {page.length} on this page
            </span>
          )}
          <Button size="sm" disabled={before === null} onClick={() => before !== null && onOpen(before)}>
            <ChevronLeft aria-hidden="true" className="size-4" /> Previous
          </Button>
          <Button size="sm" disabled={after === null} onClick={() => after !== null && onOpen(after)}>
            Next <ChevronRight aria-hidden="true" className="size-4" />
          </Button>
        </div>
      }
    >
      <div aria-busy={answer === null} className="flex flex-col gap-4">
        <div className="flex flex-wrap items-center gap-x-5 gap-y-1 text-sm">
          <Checkbox checked={raw} onChange={(event) => setRaw(event.target.checked)}>
            Raw <Kbd>r</Kbd>
          </Checkbox>
          <Checkbox checked={diff} disabled={detail?.hidden} onChange={(event) => setDiff(event.target.checked)}>
            Differences <Kbd>d</Kbd>
          </Checkbox>
          {detail && (
            <Checkbox checked={selected} onChange={(event) => onSelect(detail.id, detail.key, event.target.checked)}>
              Selected <Kbd>x</Kbd>
            </Checkbox>
          )}
          <span className="text-muted max-md:hidden">
            <Kbd>←</Kbd> <Kbd>→</Kbd> other cases
          </span>
          {detail && (
            <Link
              href={`/releases/${releaseId}/cases/${detail.id}`}
              prefetch={false}
              className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
            >
              Page of this case
            </Link>
          )}
        </div>
        <p aria-live="polite" className="sr-only">
          {detail ? `Case ${detail.key}` : ""}
        </p>
        {answer === null && <p className="text-muted">Loading …</p>}
        {answer && "message" in answer && <Notice tone="danger">{answer.message}</Notice>}
        {detail && <CaseOpened releaseId={releaseId} caseId={detail.id} />}
        {answer && "detail" in answer && <Removals removals={answer.removals} />}
        {detail && <CaseBody key={detail.id} releaseId={releaseId} detail={detail} raw={raw} diff={diff} />}
      </div>
    </Drawer>
  );
}

/** The case to show, and those beside it. What was shown stays until the next one is there. */
function useCase({ releaseId, query, caseId, page }: Props) {
  const [, redraw] = useState(0);
  const known = useRef(new Map<string, Answer>());
  const asked = useRef(new Set<string>());
  const last = useRef<Answer | null>(null);
  const at = caseId === null ? -1 : page.indexOf(caseId);
  const inside = at > 0 && at < page.length - 1;
  const key = (id: number, beside: boolean) => `${id}${beside ? "?" : ""} ${query}`;
  const find = (id: number) => known.current.get(key(id, true)) ?? known.current.get(key(id, false));
  const ask = useRef((_id: number, _beside: boolean): void => {});
  ask.current = (id, beside) => {
    const name = key(id, beside);
    if (asked.current.has(name)) return;
    asked.current.add(name);
    const parameters = new URLSearchParams(query);
    if (beside) parameters.set("beside", "");
    void fetch(`/releases/${releaseId}/cases/${id}/detail?${parameters}`)
      .then(async (response) => (await response.json()) as Answer)
      .catch((): Answer => {
        asked.current.delete(name);
        return { message: "The server could not be reached. Go on when the network is back." };
      })
      .then((answer) => {
        known.current.set(name, answer);
        redraw((count) => count + 1);
      });
  };
  const answer = caseId === null ? null : (find(caseId) ?? null);
  if (answer) last.current = answer;
  const beside = caseId === null ? undefined : known.current.get(key(caseId, true));
  const edge = beside && "detail" in beside ? beside : null;
  const before = at > 0 ? page[at - 1]! : (edge?.before ?? null);
  const after = at >= 0 && at < page.length - 1 ? page[at + 1]! : (edge?.after ?? null);
  useEffect(() => {
    if (caseId === null) return;
    ask.current(caseId, !inside);
    for (const id of [after, before]) if (id !== null) ask.current(id, page.indexOf(id) < 1);
  }, [caseId, inside, before, after, page]);
  return { answer: answer ?? (caseId === null ? null : last.current), before, after };
}

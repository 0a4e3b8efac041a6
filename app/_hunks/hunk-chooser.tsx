"use client";

import { type KeyboardEvent, type ReactNode, useEffect, useEffectEvent, useRef, useState } from "react";
import { HunkExcerpt } from "@/components/diff/hunk-excerpt";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Excerpt } from "@/lib/prompts/diff/excerpt";
import type { Attributed } from "@/lib/review/attribution";
import type { Attributable, OwnFlip } from "@/lib/review/ledger";

type ShownHunk = { id: string; number: number; label: string; moved: boolean } & Excerpt;
type Found = Omit<Attributable, "hunks"> & { hunks: ShownHunk[] };
type Answer<T> = { ok: true; value: T } | { ok: false; message: string };

async function ask<T>(path: string, body?: unknown): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
    const value = (await response.json()) as T & { message?: string };
    return response.ok ? { ok: true, value } : { ok: false, message: value.message ?? "The server refused." };
  } catch {
    return { ok: false, message: "The server can't be reached. Your choice is kept here: try again." };
  }
}

type Props = {
  releaseId: number;
  /** The case that this person has graded; null while there is none, and nothing can be chosen. */
  caseKey: string | null;
  onStored?: () => void;
  /** Beside the button. */
  children?: ReactNode;
};

/**
 * Says which hunk is the reason that a case got better or worse, by the keys: `H` opens it, numbers choose, Enter stores.
 * While it is open its keys are its own.
 */
export function HunkChooser({ releaseId, caseKey, onStored, children }: Props) {
  const [open, setOpen] = useState<string | null>(null);
  const [stored, setStored] = useState("");
  const place = useRef<HTMLDivElement>(null);
  const onKey = useEffectEvent((event: globalThis.KeyboardEvent) => {
    if (event.key.toLowerCase() !== "h" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
      return;
    const at = event.target instanceof Element ? event.target : null;
    if (caseKey === null || at?.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    // Another dialog that is open has its own keys.
    const dialog = document.querySelector("[role=dialog]");
    if (dialog && !dialog.contains(place.current)) return;
    event.preventDefault();
    setOpen(caseKey);
  });
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
  return (
    <div ref={place} className="no-print flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1 text-sm">
      <Button size="sm" disabled={caseKey === null} onClick={() => setOpen(caseKey)}>
        <Kbd>H</Kbd> Attribute to a hunk
      </Button>
      <p role="status" className="min-w-0 text-muted [overflow-wrap:anywhere]">
        <UntrustedText text={stored} />
      </p>
      {children}
      {open !== null && (
        <Chooser
          key={open}
          path={`/review/${releaseId}/api/hunks`}
          caseKey={open}
          onClose={() => setOpen(null)}
          onStored={(what) => {
            setStored(what);
            onStored?.();
          }}
        />
      )}
    </div>
  );
}

type ChooserProps = { path: string; caseKey: string; onClose: () => void; onStored: (what: string) => void };

function Chooser({ path, caseKey, onClose, onStored }: ChooserProps) {
  const [found, setFound] = useState<Answer<Found> | null>(null);
  const [at, setAt] = useState(0);
  useEffect(() => {
    let live = true;
    void ask<Found>(`${path}?case=${encodeURIComponent(caseKey)}`).then((answer) => live && setFound(answer));
    return () => {
      live = false;
    };
  }, [path, caseKey]);
  const flip = found?.ok ? found.value.flips[at] : undefined;
  const count = found?.ok ? found.value.flips.length : 0;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Which hunk was the reason?"
      description={`Case ${caseKey}${count > 1 ? `, ${at + 1} of ${count}` : ""}`}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only keeps keys from what lies below */}
      <div onKeyDown={(event) => event.stopPropagation()} className="flex flex-col gap-4">
        {found === null && <p className="text-muted">Loading …</p>}
        {found && !found.ok && <Notice tone="danger">{found.message}</Notice>}
        {found?.ok && !flip && <p>You graded both answers alike on every criterion, so no hunk helped or hurt here.</p>}
        {found?.ok && flip && (
          <FlipForm
            key={flip.criterion}
            found={found.value}
            flip={flip}
            path={path}
            onStored={(what) => {
              onStored(what);
              if (at + 1 < count) setAt(at + 1);
              else onClose();
            }}
          />
        )}
      </div>
    </Dialog>
  );
}

type FlipProps = { found: Found; flip: OwnFlip; path: string; onStored: (what: string) => void };

const words = { helped: "better", hurt: "worse" };

function FlipForm({ found, flip, path, onStored }: FlipProps) {
  const { hunks } = found;
  const [chosen, setChosen] = useState<readonly string[]>(flip.hunks ?? []);
  const [none, setNone] = useState(flip.hunks?.length === 0);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLFieldSetElement>(null);
  useEffect(() => list.current?.querySelector("input")?.focus(), []);
  const toggle = (id: string) => {
    setNone(false);
    setChosen((before) => (before.includes(id) ? before.filter((other) => other !== id) : [...before, id]));
  };
  const noHunk = () => {
    setNone(!none);
    setChosen([]);
  };
  const store = async () => {
    if (busy) return;
    if (chosen.length === 0 && !none) return setProblem("Choose a hunk, or say that no hunk was the reason.");
    setBusy(true);
    setProblem(null);
    const input = { case: found.case, criterion: flip.criterion, hunks: chosen };
    const answer = await ask<Attributed>(path, input);
    setBusy(false);
    if (!answer.ok) return setProblem(`Nothing was stored. ${answer.message}`);
    const numbers = hunks.filter(({ id }) => answer.value.hunks.includes(id)).map(({ number }) => number);
    const which = numbers.length === 0 ? "No hunk" : `Hunk ${numbers.join(" and ")}`;
    onStored(`Stored. ${which} ${answer.value.effect} case ${found.case} on ${flip.criterion}.`);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLFormElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const boxes = [...(list.current?.querySelectorAll("input") ?? [])];
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const hunk = /^[1-9]$/.test(event.key) ? hunks[Number(event.key) - 1] : undefined;
    if (step !== 0) {
      const here = boxes.indexOf(document.activeElement as HTMLInputElement);
      boxes[(here + step + boxes.length) % boxes.length]?.focus();
    } else if (hunk) {
      toggle(hunk.id);
      boxes[hunk.number - 1]?.focus();
    } else if (event.key === "0") {
      noHunk();
      boxes.at(-1)?.focus();
    } else if (event.key === "Enter" && (event.target as Element).tagName !== "BUTTON") void store();
    else return;
    event.preventDefault();
  };
  return (
    <form
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault();
        void store();
      }}
      className="flex flex-col gap-3"
    >
      <p>
        On <strong className="font-medium break-all">{flip.name}</strong> you found{" "}
        <UntrustedText text={found.candidate} />{" "}
        <strong className={flip.effect === "helped" ? "font-medium text-better" : "font-medium text-worse"}>
          {words[flip.effect]}
        </strong>{" "}
        than <UntrustedText text={found.baseline} />.
      </p>
      {!found.known && <Notice>The text of one of the versions is unknown, so there are no hunks to name.</Notice>}
      <fieldset ref={list} className="flex flex-col">
        <legend className="sr-only">Hunks</legend>
        {hunks.map((hunk) => (
          <Choice
            key={hunk.id}
            mark={String(hunk.number)}
            checked={chosen.includes(hunk.id)}
            onChange={() => toggle(hunk.id)}
            name={`Hunk ${hunk.number}: ${hunk.label}`}
          >
            <span className="text-sm text-muted">
              <UntrustedText text={hunk.label} />
            </span>
            <HunkExcerpt {...hunk} />
          </Choice>
        ))}
        <Choice mark="0" checked={none} onChange={noHunk} name="No hunk">
          No hunk: something else, or chance
        </Choice>
      </fieldset>
      {problem && <Notice tone="danger">{problem}</Notice>}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" variant="primary" disabled={busy}>
          {busy ? "Storing …" : "Store"}
        </Button>
        <span className="text-sm text-muted max-sm:hidden">
          <Kbd>1</Kbd>–<Kbd>9</Kbd> choose <Kbd>0</Kbd> no hunk <Kbd>↑</Kbd> <Kbd>↓</Kbd> move <Kbd>Enter</Kbd> store{" "}
          <Kbd>Esc</Kbd> close
        </span>
      </div>
    </form>
  );
}

type ChoiceProps = { mark: string; name: string; checked: boolean; onChange: () => void; children: ReactNode };

function Choice({ mark, name, checked, onChange, children }: ChoiceProps) {
  return (
    <label className="flex cursor-pointer items-start gap-3 rounded-md border border-transparent px-2 py-1.5 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent">
      <input
        type="checkbox"
        aria-label={name}
        checked={checked}
        onChange={onChange}
        className="mt-1 size-4 shrink-0 accent-accent"
      />
      <Kbd className="mt-0.5">{mark.length === 1 ? mark : "·"}</Kbd>
      <span className="flex min-w-0 flex-col">{children}</span>
    </label>
  );
}

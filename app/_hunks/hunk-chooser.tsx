"use client";

import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useEffectEvent,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import {
  newKey,
  nextAt,
  putInOutbox,
  readOutbox,
  takeFromOutbox,
  type Whose,
  watchOutbox,
} from "@/app/review/_kept/outbox";
import { type Sent as Answered, ask as askServer } from "@/app/review/_kept/server";
import { HunkExcerpt } from "@/components/diff/hunk-excerpt";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { spelled } from "@/components/ui/invisible";
import { Kbd } from "@/components/ui/kbd";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Excerpt } from "@/lib/prompts/diff/excerpt";
import type { Attributable, OwnFlip } from "@/lib/review/ledger";

type ShownHunk = { id: string; number: number; label: string; moved: boolean } & Excerpt;
/** `person`: who is signed in, whose choice it is. */
type Found = Omit<Attributable, "hunks"> & { hunks: ShownHunk[]; person: number };
type Answer = { ok: true; value: Found } | { ok: false; message: string };

const unreachable = "The server can't be reached. Try again once it can.";

async function ask(path: string): Promise<Answer> {
  const answer = await askServer<Found>(path, "GET");
  if (answer.ok) return answer;
  return { ok: false, message: answer.refusal?.message ?? unreachable };
}

type Props = {
  releaseId: number;
  /** The case that this person has graded; null while there is none to be seen. */
  caseKey: string | null;
  /** Which case it is about where none is to be seen; without it nothing can be chosen then. */
  find?: () => Promise<Answered<string | null>>;
  onStored?: () => void;
  /** Beside the button. */
  children?: ReactNode;
};

/**
 * Says which hunk is the reason that a case got better or worse, by the keys: `H` opens it, numbers choose, Enter stores.
 * While it is open its keys are its own. What is chosen is kept in the browser until the server has it, as grades are.
 */
export function HunkChooser({ releaseId, caseKey, find, onStored, children }: Props) {
  const [open, setOpen] = useState<{ caseKey: string | null } | null>(null);
  const [sent, setSent] = useState<Sent | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const isReady = caseKey !== null || find !== undefined;
  const onKey = useEffectEvent((event: globalThis.KeyboardEvent) => {
    if (event.key.toLowerCase() !== "h" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
      return;
    const at = event.target instanceof Element ? event.target : null;
    if (!isReady || at?.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    // Another dialog that is open has its own keys.
    const dialog = document.querySelector("[role=dialog]");
    if (dialog && !dialog.contains(place.current)) return;
    event.preventDefault();
    setOpen({ caseKey });
  });
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
  return (
    <div ref={place} className="no-print flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1 text-sm">
      <Button size="sm" disabled={!isReady} onClick={() => setOpen({ caseKey })}>
        <Kbd>H</Kbd> Attribute to a hunk
      </Button>
      <Delivery key={sent?.clientKey} sent={sent} onStored={onStored} />
      {children}
      {open !== null && (
        <Chooser
          releaseId={releaseId}
          caseKey={open.caseKey}
          find={find}
          onClose={() => setOpen(null)}
          onSent={setSent}
        />
      )}
    </div>
  );
}

type Sent = { whose: Whose; clientKey: string; says: string };

/** Whether the server has what was chosen last. */
function Delivery({ sent, onStored }: { sent: Sent | null; onStored?: () => void }) {
  const pending = useSyncExternalStore(
    watchOutbox,
    () => sent && readOutbox(sent.whose).find(({ clientKey }) => clientKey === sent.clientKey),
    () => null,
  );
  const [letGo, setLetGo] = useState(false);
  const isStored = sent !== null && !pending && !letGo;
  const tellStored = useEffectEvent(() => onStored?.());
  useEffect(() => {
    if (isStored) tellStored();
  }, [isStored]);
  return (
    <p role="status" className="min-w-0 text-muted [overflow-wrap:anywhere]">
      {isStored && <UntrustedText text={`Stored. ${sent.says}.`} />}
      {pending && !pending.refused && sent && (
        <UntrustedText text={`${sent.says}: kept in this browser until the server has it.`} />
      )}
      {pending?.refused && sent && (
        <>
          <span className="text-worse">
            <UntrustedText text={`Not stored: ${pending.refused.message}`} />
          </span>{" "}
          <Button
            size="sm"
            onClick={() => {
              setLetGo(true);
              takeFromOutbox(sent.whose, sent.clientKey);
            }}
          >
            Let it go
          </Button>
        </>
      )}
    </p>
  );
}

type ChooserProps = {
  releaseId: number;
  caseKey: string | null;
  find?: () => Promise<Answered<string | null>>;
  onClose: () => void;
  onSent: (sent: Sent) => void;
};

function Chooser({ releaseId, caseKey, find, onClose, onSent }: ChooserProps) {
  const [found, setFound] = useState<Answer | null>(null);
  const [at, setAt] = useState(0);
  /** Keys that were pressed before there was anything to choose from. */
  const early = useRef<string[]>([]);
  const waiting = useRef<HTMLParagraphElement>(null);
  const load = useEffectEvent(async (): Promise<Answer> => {
    const last = caseKey === null && find ? await find() : ({ ok: true, value: caseKey } as const);
    if (!last.ok) return { ok: false, message: last.refusal?.message ?? unreachable };
    const key = last.value;
    if (key === null)
      return { ok: false, message: "You have graded no case here yet. Which hunk was the reason is said afterwards." };
    return ask(`/review/${releaseId}/api/hunks?case=${encodeURIComponent(key)}`);
  });
  useEffect(() => {
    let live = true;
    void load().then((answer) => live && setFound(answer));
    return () => {
      live = false;
    };
  }, []);
  const flip = found?.ok ? found.value.flips[at] : undefined;
  const count = found?.ok ? found.value.flips.length : 0;
  const shownCase = found?.ok ? found.value.case : caseKey;
  const onKeyDown = (event: KeyboardEvent) => {
    // It only keeps keys from what lies below, and those that come too early for later.
    event.stopPropagation();
    if (found !== null || event.ctrlKey || event.metaKey || event.altKey || !/^(?:\d|Enter)$/.test(event.key)) return;
    early.current.push(event.key);
    event.preventDefault();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      initialFocus={waiting}
      title="Which hunk was the reason?"
      description={
        shownCase === null
          ? "The case you graded last"
          : `Case ${shownCase}${count > 1 ? `, ${at + 1} of ${count}` : ""}`
      }
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: its keys are those of what is in it */}
      <div onKeyDown={onKeyDown} className="flex flex-col gap-4">
        {found === null && (
          <p ref={waiting} tabIndex={-1} className="text-muted outline-none">
            Loading …
          </p>
        )}
        {found && !found.ok && <Notice tone="danger">{found.message}</Notice>}
        {found?.ok && !flip && <p>You graded both answers alike on every criterion, so no hunk helped or hurt here.</p>}
        {found?.ok && flip && (
          <FlipForm
            key={flip.criterion}
            found={found.value}
            flip={flip}
            releaseId={releaseId}
            early={early.current}
            onSent={(sent) => {
              onSent(sent);
              if (at + 1 < count) setAt(at + 1);
              else onClose();
            }}
          />
        )}
      </div>
    </Dialog>
  );
}

type FlipProps = {
  found: Found;
  flip: OwnFlip;
  releaseId: number;
  /** Keys pressed before; those up to Enter are taken from it. */
  early: string[];
  onSent: (sent: Sent) => void;
};
type Choice = { hunks: readonly string[]; none: boolean };

const words = { helped: "better", hurt: "worse" };

const toggled = ({ hunks }: Choice, id: string): Choice => ({
  hunks: hunks.includes(id) ? hunks.filter((other) => other !== id) : [...hunks, id],
  none: false,
});
const noneToggled = ({ none }: Choice): Choice => ({ hunks: [], none: !none });

/** What a number chooses; null where it names nothing. */
function chosenBy(key: string, choice: Choice, hunks: readonly ShownHunk[]): Choice | null {
  if (key === "0") return noneToggled(choice);
  const hunk = /^[1-9]$/.test(key) ? hunks[Number(key) - 1] : undefined;
  return hunk ? toggled(choice, hunk.id) : null;
}

function FlipForm({ found, flip, releaseId, early, onSent }: FlipProps) {
  const { hunks } = found;
  const [choice, setChoice] = useState<Choice>({ hunks: flip.hunks ?? [], none: flip.hunks?.length === 0 });
  const [problem, setProblem] = useState<string | null>(null);
  const list = useRef<HTMLFieldSetElement>(null);
  const store = (chosen: Choice) => {
    if (chosen.hunks.length === 0 && !chosen.none)
      return setProblem("Choose a hunk, or say that no hunk was the reason.");
    const numbers = hunks.filter(({ id }) => chosen.hunks.includes(id)).map(({ number }) => number);
    const which = numbers.length === 0 ? "No hunk" : `Hunk ${numbers.join(" and ")}`;
    const says = `${which} ${flip.effect} case ${found.case} on ${flip.criterion}`;
    const whose = { userId: found.person, releaseId };
    const clientKey = newKey();
    const { case: key } = found;
    const { criterion } = flip;
    const delivery = { kind: "attribution" as const, task: null, case: key, criterion, hunks: [...chosen.hunks] };
    try {
      putInOutbox(whose, { ...delivery, clientKey, says, at: nextAt() });
    } catch {
      return setProblem("This browser has no room to keep it. Make room, then store it again.");
    }
    onSent({ whose, clientKey, says });
  };
  const begin = useEffectEvent(() => {
    list.current?.querySelector("input")?.focus();
    const end = early.indexOf("Enter");
    const keys = early.splice(0, end < 0 ? early.length : end + 1);
    const chosen = keys.reduce((before, key) => chosenBy(key, before, hunks) ?? before, choice);
    setChoice(chosen);
    if (end >= 0) store(chosen);
  });
  useEffect(() => begin(), []);
  const onKeyDown = (event: KeyboardEvent<HTMLFormElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const boxes = [...(list.current?.querySelectorAll("input") ?? [])];
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const chosen = chosenBy(event.key, choice, hunks);
    if (step !== 0) {
      const here = boxes.indexOf(document.activeElement as HTMLInputElement);
      boxes[(here + step + boxes.length) % boxes.length]?.focus();
    } else if (chosen) {
      setChoice(chosen);
      boxes.at(Number(event.key) - 1)?.focus();
    } else if (event.key === "Enter" && (event.target as Element).tagName !== "BUTTON") store(choice);
    else return;
    event.preventDefault();
  };
  return (
    <form
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault();
        store(choice);
      }}
      className="flex flex-col gap-3"
    >
      <p>
        On{" "}
        <strong className="font-medium break-all">
          <UntrustedText text={flip.name} />
        </strong>{" "}
        you found <UntrustedText text={found.candidate} />{" "}
        <strong className={flip.effect === "helped" ? "font-medium text-better" : "font-medium text-worse"}>
          {words[flip.effect]}
        </strong>{" "}
        than <UntrustedText text={found.baseline} />.
      </p>
      {!found.known && <Notice>The text of one of the versions is unknown, so there are no hunks to name.</Notice>}
      <fieldset ref={list} className="flex flex-col">
        <legend className="sr-only">Hunks</legend>
        {hunks.map((hunk) => (
          <Option
            key={hunk.id}
            mark={String(hunk.number)}
            checked={choice.hunks.includes(hunk.id)}
            onChange={() => setChoice(toggled(choice, hunk.id))}
            name={`Hunk ${hunk.number}: ${hunk.label}`}
          >
            <span className="text-sm text-muted">
              <UntrustedText text={hunk.label} />
            </span>
            <HunkExcerpt {...hunk} />
          </Option>
        ))}
        <Option mark="0" checked={choice.none} onChange={() => setChoice(noneToggled(choice))} name="No hunk">
          No hunk: something else, or chance
        </Option>
      </fieldset>
      {problem && <Notice tone="danger">{problem}</Notice>}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" variant="primary">
          Store
        </Button>
        <span className="text-sm text-muted max-sm:hidden">
          <Kbd>1</Kbd>–<Kbd>9</Kbd> choose <Kbd>0</Kbd> no hunk <Kbd>↑</Kbd> <Kbd>↓</Kbd> move <Kbd>Enter</Kbd> store{" "}
          <Kbd>Esc</Kbd> close
        </span>
      </div>
    </form>
  );
}

type OptionProps = { mark: string; name: string; checked: boolean; onChange: () => void; children: ReactNode };

function Option({ mark, name, checked, onChange, children }: OptionProps) {
  return (
    <label className="flex cursor-pointer items-start gap-3 rounded-md border border-transparent px-2 py-1.5 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent">
      <input
        type="checkbox"
        aria-label={spelled(name)}
        checked={checked}
        onChange={onChange}
        className="mt-1 size-4 shrink-0 accent-accent"
      />
      <Kbd className="mt-0.5">{mark.length === 1 ? mark : "·"}</Kbd>
      <span className="flex min-w-0 flex-col">{children}</span>
    </label>
  );
}

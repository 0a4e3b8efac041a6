"use client";

import { Download } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { Button, DownloadButton } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { chooseCasesAction, tagCasesAction } from "../actions";
import { useOutcome } from "./use-outcome";

type Props = {
  releaseId: number;
  /** Keys of cases by id. */
  selected: ReadonlyMap<number, string>;
  tags: string[];
  may: { choose: boolean; tag: boolean };
  onClear: () => void;
};

/** What can be done with the selected cases. */
export function SelectionBar({ releaseId, selected, tags, may, onClear }: Props) {
  const ids = [...selected.keys()];
  const [asking, setAsking] = useState<"choose" | "tag" | null>(null);
  const href = (format: string) => `/releases/${releaseId}/cases/export?format=${format}&ids=${ids.join(",")}`;
  const close = () => setAsking(null);
  return (
    <section aria-label="Selected cases" className="no-print flex flex-wrap items-center gap-2">
      <span role="status" className="font-medium tabular-nums">
        {ids.length} selected
      </span>
      {may.choose && (
        <Button size="sm" onClick={() => setAsking("choose")}>
          Add to sample
        </Button>
      )}
      {may.tag && (
        <Button size="sm" onClick={() => setAsking("tag")}>
          Tag
        </Button>
      )}
      <DownloadButton size="sm" href={href("csv")}>
        <Download aria-hidden="true" className="size-4" />
        CSV
      </DownloadButton>
      <DownloadButton size="sm" href={href("jsonl")}>
        <Download aria-hidden="true" className="size-4" />
        JSONL
      </DownloadButton>
      <Button size="sm" variant="ghost" onClick={onClear}>
        Clear selection
      </Button>
      <Dialog
        open={asking === "choose"}
        onOpenChange={close}
        title={`Add ${ids.length === 1 ? "1 case" : `${ids.length} cases`} to the sample`}
      >
        <Choose releaseId={releaseId} ids={ids} onClose={close} />
      </Dialog>
      <Dialog
        open={asking === "tag"}
        onOpenChange={close}
        title={`Tag ${ids.length === 1 ? "1 case" : `${ids.length} cases`}`}
      >
        <Tag releaseId={releaseId} ids={ids} tags={tags} onClose={close} />
      </Dialog>
    </section>
  );
}

function Choose({ releaseId, ids, onClose }: { releaseId: number; ids: number[]; onClose: () => void }) {
  const { busy, run, told, done } = useOutcome();
  return (
    <>
      <p>
        People will be asked to grade these cases after the drawn ones. They are recorded as chosen, not drawn: their
        grades are shown, and count in no estimate, because nobody knows how likely it was that they came up.
      </p>
      <p>You have seen them here, so others are asked to grade them, not you.</p>
      {told}
      <div className="flex gap-2">
        {done ? (
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        ) : (
          <Button variant="primary" disabled={busy} onClick={() => run(() => chooseCasesAction(releaseId, ids))}>
            Add to sample
          </Button>
        )}
      </div>
    </>
  );
}

type TagProps = { releaseId: number; ids: number[]; tags: string[]; onClose: () => void };

function Tag({ releaseId, ids, tags, onClose }: TagProps) {
  const { busy, run, told, done } = useOutcome();
  const [tag, setTag] = useState("");
  const list = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run(() => tagCasesAction(releaseId, ids, tag, false));
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="Tag" hint="Tags that a case came with stay.">
        <Input list={list} value={tag} onChange={(event) => setTag(event.target.value)} maxLength={100} required />
      </Field>
      <datalist id={list}>
        {tags.map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
      {told}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" disabled={busy}>
          Add tag
        </Button>
        <Button
          disabled={busy || tag.trim() === ""}
          onClick={() => run(() => tagCasesAction(releaseId, ids, tag, true))}
        >
          Take tag away
        </Button>
        {done && (
          <Button variant="ghost" onClick={onClose}>
            Done
          </Button>
        )}
      </div>
    </form>
  );
}

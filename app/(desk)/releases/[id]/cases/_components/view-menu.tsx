"use client";

import { Bookmark } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { type FormEvent, useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { Menu, MenuItem } from "@/components/ui/menu";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { SavedView } from "@/lib/releases/case-commands";
import { deleteViewAction, renameViewAction, saveViewAction } from "../actions";
import { useOutcome } from "./use-outcome";

type Props = { releaseId: number; views: SavedView[]; mayShare: boolean; mayTidy: boolean };

/** Filters, order and columns kept under a name. A view is an address: choosing one goes there. */
export function ViewMenu({ releaseId, views, mayShare, mayTidy }: Props) {
  const router = useRouter();
  const query = useSearchParams().toString();
  const [asking, setAsking] = useState<"save" | "manage" | null>(null);
  const close = () => setAsking(null);
  const changeable = views.filter(({ own, shared }) => own || (shared && mayTidy));
  return (
    <>
      <Menu
        trigger={
          <Button size="sm" className="no-print">
            <Bookmark aria-hidden="true" className="size-4" />
            Views
          </Button>
        }
      >
        {views.length === 0 && <p className="px-2 py-1 text-sm text-muted">No view is saved yet.</p>}
        {views.map((view) => (
          <MenuItem key={view.id} onSelect={() => router.push(`/releases/${releaseId}/cases?${view.query}`)}>
            <span className="max-w-72 truncate">
              <UntrustedText text={view.name} />
            </span>
            {view.shared && <Badge>{view.own ? "shared" : `by ${view.by}`}</Badge>}
          </MenuItem>
        ))}
        <div aria-hidden="true" className="my-1 border-t border-line" />
        <MenuItem onSelect={() => setAsking("save")}>Save this view…</MenuItem>
        {changeable.length > 0 && <MenuItem onSelect={() => setAsking("manage")}>Manage views…</MenuItem>}
      </Menu>
      <Dialog
        open={asking === "save"}
        onOpenChange={close}
        title="Save this view"
        description="Filters, order and columns as they are now, for every release of the project."
      >
        <Save releaseId={releaseId} query={query} mayShare={mayShare} onClose={close} />
      </Dialog>
      <Dialog open={asking === "manage"} onOpenChange={close} title="Manage views">
        <ul className="flex flex-col gap-4">
          {changeable.map((view) => (
            <li key={view.id} className="border-t border-line pt-3 first:border-0 first:pt-0">
              <Manage releaseId={releaseId} view={view} />
            </li>
          ))}
          {changeable.length === 0 && <li className="text-muted">No view is left.</li>}
        </ul>
      </Dialog>
    </>
  );
}

type SaveProps = { releaseId: number; query: string; mayShare: boolean; onClose: () => void };

function Save({ releaseId, query, mayShare, onClose }: SaveProps) {
  const { busy, told, run } = useOutcome();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run(() => saveViewAction(releaseId, { name, query, shared }), onClose);
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="Name" hint="A name you have used before is replaced.">
        <Input value={name} onChange={(event) => setName(event.target.value)} maxLength={100} required />
      </Field>
      {mayShare && (
        <Checkbox checked={shared} onChange={(event) => setShared(event.target.checked)}>
          Share with the project
        </Checkbox>
      )}
      {told}
      <div>
        <Button type="submit" variant="primary" disabled={busy}>
          Save view
        </Button>
      </div>
    </form>
  );
}

function Manage({ releaseId, view }: { releaseId: number; view: SavedView }) {
  const { busy, told, run } = useOutcome();
  const [name, setName] = useState(view.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run(() => renameViewAction(releaseId, view.id, name));
  };
  return (
    <form onSubmit={submit} aria-label={spelled(view.name)} className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <Input
          aria-label={spelled(`Name of ${view.name}`)}
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={100}
          required
          className="w-64 grow"
        />
        <Button type="submit" disabled={busy || name.trim() === view.name}>
          Rename
        </Button>
        <Button
          variant="danger"
          disabled={busy}
          aria-label={spelled(`Delete ${view.name}`)}
          onClick={() => run(() => deleteViewAction(releaseId, view.id))}
        >
          Delete
        </Button>
      </div>
      {view.shared && <p className="text-sm text-muted">Shared with the project{!view.own && ` by ${view.by}`}.</p>}
      {told}
    </form>
  );
}

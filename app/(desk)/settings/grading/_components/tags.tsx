"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { formatCount } from "@/components/ui/format";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { TagRow } from "@/lib/review/queries";
import type { Outcome } from "../../../_action";
import { useForm } from "../../../_form";
import { renameTagAction } from "../actions";

/** The tags, and what became of renaming one: its row is another afterwards. */
export function Tags({ tags, changes }: { tags: TagRow[]; changes: boolean }) {
  const [renaming, setRenaming] = useState<TagRow | null>(null);
  const [told, setTold] = useState<string | null>(null);
  return (
    <>
      <Table label="Failure tags">
        <TableHead>
          <TableRow>
            <TableHeader>Tag</TableHeader>
            <TableHeader className="text-right">Grades</TableHeader>
            <TableHeader className="max-sm:hidden">Made by</TableHeader>
            <TableHeader className="max-sm:hidden">When</TableHeader>
            {changes && <TableHeader>Change</TableHeader>}
          </TableRow>
        </TableHead>
        <TableBody>
          {tags.map((tag) => (
            <TableRow key={tag.id}>
              <TableCell className="min-w-32 [overflow-wrap:anywhere]">
                <span className="font-medium">
                  <UntrustedText text={tag.name} />
                </span>
                {tag.was.length > 0 && (
                  <span className="block text-sm text-muted">
                    stands for{" "}
                    {tag.was.map((name, index) => (
                      <span key={name}>
                        {index > 0 && ", "}
                        <UntrustedText text={name} />
                      </span>
                    ))}
                  </span>
                )}
                <span className="block text-sm text-muted sm:hidden">
                  <UntrustedText text={tag.createdBy} />, <RelativeTime date={tag.createdAt} />
                </span>
              </TableCell>
              <TableCell className="text-right tabular-nums">{formatCount(tag.uses)}</TableCell>
              <TableCell className="max-sm:hidden">
                <UntrustedText text={tag.createdBy} />
              </TableCell>
              <TableCell className="max-sm:hidden">
                <RelativeTime date={tag.createdAt} />
              </TableCell>
              {changes && (
                <TableCell className="py-1">
                  <Button
                    size="sm"
                    variant="ghost"
                    onClick={() => {
                      setTold(null);
                      setRenaming(tag);
                    }}
                  >
                    <span>
                      Rename
                      <span className="sr-only">
                        {" "}
                        <UntrustedText text={tag.name} />
                      </span>
                    </span>
                  </Button>
                </TableCell>
              )}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <div aria-live="polite">{told && <Notice tone="success">{told}</Notice>}</div>
      <Dialog
        open={renaming !== null}
        onOpenChange={(open) => !open && setRenaming(null)}
        title={`Rename “${renaming?.name ?? ""}”`}
        description="Grades keep the word they were given with. Graders are offered the new name, and the list counts both words under it."
      >
        {renaming && (
          <Rename
            tag={renaming}
            onDone={(message) => {
              setRenaming(null);
              setTold(message);
            }}
          />
        )}
      </Dialog>
    </>
  );
}

function Rename({ tag, onDone }: { tag: TagRow; onDone: (message: string) => void }) {
  const [name, setName] = useState(tag.name);
  /** The name that is another tag's, and what merging with it means was said. */
  const [merge, setMerge] = useState("");
  const [outcome, form, busy] = useForm(async (before: Outcome<string> | null, data: FormData) => {
    const result = await renameTagAction(before, data);
    if (result.ok) onDone(result.message ?? "");
    else setMerge(result.field === "merge" ? String(data.get("name")).trim() : "");
    return result;
  });
  const merges = merge !== "" && merge === name.trim();
  return (
    <form {...form} className="flex flex-col gap-4">
      <input type="hidden" name="id" value={tag.id} />
      <input type="hidden" name="was" value={tag.name} />
      <input type="hidden" name="merge" value={merge} />
      <Field label="New name">
        <Input
          name="name"
          required
          maxLength={100}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <div aria-live="polite">
        {merges ? (
          <Notice tone="warning" title="There is a tag of that name: this would merge the two">
            Every grade keeps its word, and all of them are counted as “
            <UntrustedText text={merge} />
            ”. Merged tags can’t be taken apart again.
          </Notice>
        ) : (
          outcome && !outcome.ok && outcome.field !== "merge" && <Notice tone="danger">{outcome.message}</Notice>
        )}
      </div>
      <div>
        <Button type="submit" variant={merges ? "danger" : "primary"} disabled={busy}>
          {merges ? "Merge the two" : "Rename"}
        </Button>
      </div>
    </form>
  );
}

import type { ReactNode } from "react";
import type { Change, ContentDiff, ParameterPart, TextPart } from "@/lib/prompts/diff/content";
import { Badge, type Tone } from "../ui/badge";
import { plural } from "../ui/format";
import { spelled } from "../ui/invisible";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "../ui/table";
import { UntrustedText } from "../ui/untrusted-text";
import { type DiffView, HunkLink, type HunkMark, TextDiffView } from "./text-diff";

type Names = { before: string; after: string };
type Marks = (number: number) => HunkMark | undefined;
export const diffParts = ["prompt", "parameters", "tools"] as const;
export type DiffPart = (typeof diffParts)[number];

type Props = {
  diff: ContentDiff;
  view: DiffView;
  names: Names;
  marks: Marks;
  /** Only this part; without it, each of which there is something. */
  part?: DiffPart;
};

/** A whole prompt version against another: messages, parameters and tools. */
export function ContentDiffView({ diff, view, names, marks, part }: Props) {
  const shows = (name: DiffPart, count: number) => part === name || (part === undefined && count > 0);
  const isEmpty = diff.messages.length + diff.parameters.length + diff.tools.length === 0;
  return (
    <div className="flex flex-col gap-8">
      {(shows("prompt", diff.messages.length) || isEmpty) && (
        <Texts title="Messages" parts={diff.messages} view={view} names={names} marks={marks} />
      )}
      {shows("parameters", diff.parameters.length) && (
        <Part title="Parameters">
          {diff.parameters.length === 0 ? (
            <p className="text-muted">No parameters.</p>
          ) : (
            <ParametersDiff parameters={diff.parameters} names={names} marks={marks} />
          )}
        </Part>
      )}
      {shows("tools", diff.tools.length) && (
        <Texts title="Tools" parts={diff.tools} view={view} names={names} marks={marks} />
      )}
    </div>
  );
}

/** `3 hunks · +14 −6 words`. */
export function DiffCounts({ diff: { hunks, added, removed } }: { diff: ContentDiff }) {
  if (hunks.length === 0) return <span>no changes</span>;
  return (
    <span className="tabular-nums">
      {plural(hunks.length, "hunk")} · <span className="text-better">+{added}</span>{" "}
      <span className="text-worse">−{removed}</span> {added + removed === 1 ? "word" : "words"}
    </span>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={spelled(title)} className="flex flex-col gap-3">
      <h2 className="text-lg font-semibold">{title}</h2>
      {children}
    </section>
  );
}

const changes: Record<Change, { word: string; tone: Tone }> = {
  same: { word: "unchanged", tone: "neutral" },
  changed: { word: "changed", tone: "accent" },
  added: { word: "added", tone: "better" },
  removed: { word: "removed", tone: "worse" },
};

function ChangeBadge({ change }: { change: Change }) {
  return <Badge tone={changes[change].tone}>{changes[change].word}</Badge>;
}

type TextsProps = { title: string; parts: TextPart[]; view: DiffView; names: Names; marks: Marks };

function Texts({ title, parts, view, names, marks }: TextsProps) {
  return (
    <Part title={title}>
      {view === "side" && parts.length > 0 && (
        <p className="grid grid-cols-2 text-sm font-medium text-muted max-md:hidden" aria-hidden="true">
          <UntrustedText text={names.before} />
          <UntrustedText text={names.after} />
        </p>
      )}
      {parts.length === 0 && <p className="text-muted">No {title.toLowerCase()}.</p>}
      {parts.map((part, index) => (
        <div key={index} className="flex flex-col gap-1">
          <h3 className="flex items-center gap-2 font-mono text-sm">
            <UntrustedText text={part.name} />
            <ChangeBadge change={part.change} />
          </h3>
          <TextDiffView diff={part} view={view} marks={marks} />
        </div>
      ))}
    </Part>
  );
}

type ParametersProps = { parameters: ParameterPart[]; names: Names; marks: Marks };

function ParametersDiff({ parameters, names, marks }: ParametersProps) {
  return (
    <Table label="Parameters">
      <TableHead>
        <TableRow>
          <TableHeader>Parameter</TableHeader>
          <TableHeader>
            <UntrustedText text={names.before} />
          </TableHeader>
          <TableHeader>
            <UntrustedText text={names.after} />
          </TableHeader>
          <TableHeader>Change</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {parameters.map(({ name, change, before, after, number }) => {
          const mark = number === null ? undefined : marks(number);
          return (
            <TableRow
              key={name}
              id={mark && `hunk-${mark.id}`}
              className={mark?.selected ? "outline-2 -outline-offset-2 outline-accent" : ""}
            >
              <TableHeader scope="row" className="align-top font-mono text-ink">
                <UntrustedText text={name} />
              </TableHeader>
              <Value text={before} className={change === "same" ? "" : "bg-removed"} />
              <Value text={after} className={change === "same" ? "" : "bg-added"} />
              <TableCell>
                <span className="flex flex-wrap items-center gap-2">
                  {number !== null && mark && <HunkLink number={number} mark={mark} />}
                  <ChangeBadge change={change} />
                  {mark?.note}
                </span>
              </TableCell>
            </TableRow>
          );
        })}
      </TableBody>
    </Table>
  );
}

function Value({ text, className }: { text: string | null; className: string }) {
  return (
    <TableCell className="min-w-16 font-mono text-[13px] [overflow-wrap:anywhere]">
      {text === null ? (
        <span className="font-sans text-muted">not set</span>
      ) : (
        <span className={`rounded-sm px-1 ${className}`}>
          <UntrustedText text={text} />
        </span>
      )}
    </TableCell>
  );
}

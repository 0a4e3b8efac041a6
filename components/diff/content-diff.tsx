import type { ReactNode } from "react";
import { Badge, type Tone } from "../ui/badge";
import { plural } from "../ui/format";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "../ui/table";
import { UntrustedText } from "../ui/untrusted-text";
import { type Change, type ContentDiff, hunksOf, type ParameterPart, type TextPart } from "./content";
import { type DiffView, TextDiffView } from "./text-diff";

type Names = { before: string; after: string };

/** A whole prompt version against another: messages, parameters and tools, each only where there is something. */
export function ContentDiffView({ diff, view, names }: { diff: ContentDiff; view: DiffView; names: Names }) {
  const inMessages = diff.messages.reduce((total, part) => total + hunksOf(part), 0);
  return (
    <div className="flex flex-col gap-8">
      <Texts title="Messages" parts={diff.messages} view={view} names={names} hunksBefore={0} empty="No messages." />
      {diff.parameters.length > 0 && (
        <Part title="Parameters">
          <ParametersDiff parameters={diff.parameters} names={names} />
        </Part>
      )}
      {diff.tools.length > 0 && (
        <Texts title="Tools" parts={diff.tools} view={view} names={names} hunksBefore={inMessages} />
      )}
    </div>
  );
}

/** `3 changes · +14 −6 words`. */
export function DiffCounts({ diff: { changes, added, removed } }: { diff: ContentDiff }) {
  if (changes === 0) return <span>no changes</span>;
  return (
    <span className="tabular-nums">
      {plural(changes, "change")} · <span className="text-better">+{added}</span>{" "}
      <span className="text-worse">−{removed}</span> {added + removed === 1 ? "word" : "words"}
    </span>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex flex-col gap-3">
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

type TextsProps = {
  title: string;
  parts: TextPart[];
  view: DiffView;
  names: Names;
  hunksBefore: number;
  empty?: string;
};

function Texts({ title, parts, view, names, hunksBefore, empty }: TextsProps) {
  let hunks = hunksBefore;
  return (
    <Part title={title}>
      {view === "side" && parts.length > 0 && (
        <p className="grid grid-cols-2 text-sm font-medium text-muted max-md:hidden" aria-hidden="true">
          <UntrustedText text={names.before} />
          <UntrustedText text={names.after} />
        </p>
      )}
      {parts.length === 0 && <p className="text-muted">{empty}</p>}
      {parts.map((part, index) => {
        const before = hunks;
        hunks += hunksOf(part);
        return (
          <div key={index} className="flex flex-col gap-1">
            <h3 className="flex items-center gap-2 font-mono text-sm">
              <UntrustedText text={part.name} />
              <ChangeBadge change={part.change} />
            </h3>
            <TextDiffView diff={part.diff} view={view} hunksBefore={before} />
          </div>
        );
      })}
    </Part>
  );
}

function ParametersDiff({ parameters, names }: { parameters: ParameterPart[]; names: Names }) {
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
        {parameters.map(({ name, change, before, after }) => (
          <TableRow key={name}>
            <TableHeader scope="row" className="align-top font-mono text-ink">
              <UntrustedText text={name} />
            </TableHeader>
            <Value text={before} className={change === "same" ? "" : "bg-removed"} />
            <Value text={after} className={change === "same" ? "" : "bg-added"} />
            <TableCell>
              <ChangeBadge change={change} />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function Value({ text, className }: { text: string | null; className: string }) {
  return (
    <TableCell className="font-mono text-[13px] [overflow-wrap:anywhere]">
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

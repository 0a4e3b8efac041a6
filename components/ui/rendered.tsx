"use client";

import { memo, type ReactNode, useMemo } from "react";
import { Badge } from "./badge";
import { cn } from "./cn";
import { Code } from "./code";
import { JsonTree } from "./json-tree";
import { kindOf, rawOf } from "./kinds";
import { type More, useSteps } from "./long-text";
import { Markdown } from "./markdown";
import type { Part, Turn } from "./transcript";
import { pane, Untrusted } from "./untrusted";
import { UntrustedText, VisibleText } from "./untrusted-text";

/**
 * An output or input by its kind: Markdown laid out, code as code, JSON as a tree, a chat as its turns with its calls of
 * tools, all else as text. Nothing in it is a link, is fetched or runs; what can't be seen is named; what is long comes step
 * by step. `raw`: as it came, character by character.
 */
export const Rendered = memo(function Rendered({ value, raw, rest, href, className }: Props) {
  const text = useMemo(() => rawOf(value), [value]);
  const kind = useMemo(() => kindOf(value, rest !== undefined), [value, rest]);
  const more = useMemo(() => (rest && href ? { ...rest, href } : undefined), [rest, href]);
  if (raw || kind.kind === "text") return <Untrusted text={text} more={more} className={className} />;
  return (
    <div dir="auto" className={cn(pane, className)}>
      {kind.kind === "markdown" && <Laid text={kind.text} more={more} />}
      {kind.kind === "code" && <Code text={kind.text} language={kind.language} more={more} />}
      {kind.kind === "json" && <JsonTree value={kind.value} />}
      {kind.kind === "chat" && <Chat turns={kind.turns} />}
    </div>
  );
});

type Props = {
  value: unknown;
  raw: boolean;
  /** Where `value` is only the beginning of a long text: how long it is, and where the other parts are. */
  rest?: { length: number; bytes: number };
  href?: string;
  className?: string;
};

function Laid({ text, more }: { text: string; more?: More }) {
  const { shown, rest } = useSteps(text, 20_000, more);
  return (
    <>
      <Markdown text={shown} />
      {rest}
    </>
  );
}

/** Who speaks, by a bar and a word. */
const bars: Record<string, string> = {
  user: "border-human",
  assistant: "border-accent",
  model: "border-accent",
  tool: "border-machine",
  function: "border-machine",
};

function Chat({ turns }: { turns: readonly Turn[] }) {
  return (
    <ol className="flex flex-col gap-4">
      {turns.map(({ role, parts }, index) => (
        <li
          key={index}
          className={cn("flex min-w-0 flex-col gap-2 border-l-2 pl-3", bars[role] ?? "border-line-strong")}
        >
          <p className="text-sm font-medium text-muted">
            <UntrustedText text={role.slice(0, 200)} />
          </p>
          {parts.length === 0 && <p className="text-sm text-muted">(says nothing)</p>}
          {parts.map((part, at) => (
            <div key={at} className="min-w-0">
              <PartOf part={part} />
            </div>
          ))}
        </li>
      ))}
    </ol>
  );
}

function PartOf({ part }: { part: Part }) {
  switch (part.kind) {
    case "text":
      return <Laid text={part.text} />;
    case "thinking":
      return (
        <details>
          <summary className="min-h-6 cursor-pointer text-sm text-muted">thinking</summary>
          <div className="mt-1 text-muted">
            <Laid text={part.text} />
          </div>
        </details>
      );
    case "call":
      return (
        <Box head="calls" name={part.name} id={part.id}>
          <Given value={part.input} nothing="no arguments" />
        </Box>
      );
    case "result":
      return (
        <Box head="answer of" name={part.name ?? "a tool"} id={part.id} failed={part.failed}>
          <Given value={part.output} nothing="nothing" />
        </Box>
      );
    case "media":
      return (
        <p className="text-sm text-muted">
          [{part.type}: <VisibleText text={part.source} most={2000} />]
        </p>
      );
    case "data":
      return <JsonTree value={part.value} depth={1} />;
  }
}

type BoxProps = { head: string; name: string; id: string | null; failed?: boolean; children: ReactNode };

/** A call of a tool or what came of it. */
function Box({ head, name, id, failed, children }: BoxProps) {
  return (
    <div className="min-w-0 rounded-md border border-line bg-sunken">
      <p className="flex flex-wrap items-center gap-x-2 border-b border-line px-2.5 py-1 text-sm">
        <span className="text-muted">{head}</span>
        <span className="font-mono text-[13px] font-medium">
          <UntrustedText text={name} />
        </span>
        {failed && <Badge tone="worse">failed</Badge>}
        {id && (
          <span className="ml-auto font-mono text-xs text-muted">
            <UntrustedText text={id.slice(0, 100)} />
          </span>
        )}
      </p>
      <div className="px-2.5 py-1.5">{children}</div>
    </div>
  );
}

function Given({ value, nothing }: { value: unknown; nothing: string }) {
  if (value === null || value === undefined || value === "") return <p className="text-sm text-muted">({nothing})</p>;
  if (typeof value === "string") return <Laid text={value} />;
  return <JsonTree value={value} depth={1} />;
}

"use client";

import type { ReactNode } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { cn } from "./cn";
import { visiblePieces } from "./invisible";
import { Untrusted, UntrustedText } from "./untrusted";

/** Longer texts are shown as they are: laying them out would hold up the page. */
const longestLaidOut = 60_000;
const deepest = 24;
const widest = 200;

/** Marks of Markdown that plain prose does not have by chance. */
const markdown = /^#{1,6} \S|^\s{0,3}(?:[-*+]|\d+[.)]) \S|^```|^\s*\|.*\|\s*$|\*\*\S[^*]*\*\*|`[^`\n]+`/m;

type Message = { role: string; content: unknown; rest: Record<string, unknown> };

function messagesOf(value: unknown): Message[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > widest) return null;
  const messages = value.flatMap((item: unknown): Message[] => {
    if (item === null || typeof item !== "object" || Array.isArray(item)) return [];
    const { role, content, ...rest } = item as Record<string, unknown>;
    return typeof role === "string" ? [{ role, content: content ?? null, rest }] : [];
  });
  return messages.length === value.length ? messages : null;
}

/** JSON in a string, such as a tool's answer; undefined for anything else. */
function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text) || text.length > longestLaidOut) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * An output or input by its kind: Markdown laid out, JSON as a tree, a chat as its turns, all else as text. Nothing in it
 * is a link, is fetched or runs; what can't be seen is named. `raw`: as it came, character by character.
 */
export function Rendered({ value, raw, className }: { value: unknown; raw: boolean; className?: string }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const data = typeof value === "string" ? jsonIn(value) : value;
  const isText = data === undefined || data === null || typeof data !== "object";
  if (raw || text.length > longestLaidOut || (isText && !markdown.test(text))) {
    return <Untrusted text={text} className={className} />;
  }
  const messages = messagesOf(data);
  return (
    <div
      dir="auto"
      className={cn(
        "isolate min-w-0 overflow-hidden rounded-md border border-line bg-raised p-3 text-[15px] leading-relaxed [overflow-wrap:anywhere]",
        className,
      )}
    >
      {isText ? (
        <Laid text={text} />
      ) : messages ? (
        <Chat messages={messages} />
      ) : (
        <Tree value={data} name={null} depth={0} />
      )}
    </div>
  );
}

function Chat({ messages }: { messages: readonly Message[] }) {
  return (
    <ol className="flex flex-col gap-3">
      {messages.map(({ role, content, rest }, index) => (
        <li key={index} className="border-l-2 border-line pl-3">
          <p className="text-sm font-medium text-muted">
            <UntrustedText text={role} />
          </p>
          {typeof content === "string" ? <Laid text={content} /> : <Tree value={content} name={null} depth={1} />}
          {Object.keys(rest).length > 0 && <Tree value={rest} name={null} depth={1} />}
        </li>
      ))}
    </ol>
  );
}

function Tree({ value, name, depth }: { value: unknown; name: string | null; depth: number }) {
  const label = name !== null && (
    <span className="text-muted">
      <UntrustedText text={name} />:{" "}
    </span>
  );
  if (value === null || typeof value !== "object") {
    return (
      <div className="font-mono text-[13px] whitespace-pre-wrap">
        {label}
        <UntrustedText text={typeof value === "string" ? value : String(value)} />
      </div>
    );
  }
  const entries = Object.entries(value as object);
  const what = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (depth >= deepest) {
    return (
      <div className="font-mono text-[13px] whitespace-pre-wrap">
        {label}
        <UntrustedText text={JSON.stringify(value)} />
      </div>
    );
  }
  return (
    <details open={depth < 3} className="font-mono text-[13px]">
      <summary className="min-h-[24px] cursor-pointer">
        {label}
        <span className="text-muted">{what}</span>
      </summary>
      <div className="border-l border-line pl-4">
        {entries.slice(0, widest).map(([key, inner]) => (
          <Tree key={key} value={inner} name={key} depth={depth + 1} />
        ))}
        {entries.length > widest && <p className="text-muted">and {entries.length - widest} more: see it raw</p>}
      </div>
    </details>
  );
}

/** What can't be seen, named in brackets, before the text is laid out. */
function named(text: string): string {
  return visiblePieces(text)
    .map((piece) => ("text" in piece ? piece.text : `⟦${piece.badge}⟧`))
    .join("");
}

const plain = ({ children }: { children?: ReactNode }) => <p className="mt-2 font-semibold first:mt-0">{children}</p>;

/** No element that leads away, fetches, or takes part in the page's own outline. */
const elements: Components = {
  h1: plain,
  h2: plain,
  h3: plain,
  h4: plain,
  h5: plain,
  h6: plain,
  p: ({ children }) => <p className="mt-2 whitespace-pre-wrap first:mt-0">{children}</p>,
  ul: ({ children }) => <ul className="mt-1 list-disc pl-6">{children}</ul>,
  ol: ({ children, start }) => (
    <ol start={start} className="mt-1 list-decimal pl-6">
      {children}
    </ol>
  ),
  blockquote: ({ children }) => <blockquote className="mt-2 border-l-2 border-line pl-3">{children}</blockquote>,
  pre: ({ children }) => (
    <pre className="mt-2 overflow-x-auto rounded-md bg-sunken p-2 font-mono text-[13px] whitespace-pre-wrap">
      {children}
    </pre>
  ),
  code: ({ children }) => <code className="rounded-sm bg-sunken px-1 font-mono text-[13px]">{children}</code>,
  a: ({ children, href }) => (
    <span>
      {children} <span className="text-sm text-muted">({href || "link"})</span>
    </span>
  ),
  img: ({ alt, src }) => (
    <span className="text-sm text-muted">
      [image: {alt || "no text"}, {typeof src === "string" ? src : ""}]
    </span>
  ),
  input: ({ checked }) => <span>{checked ? "☑" : "☐"} </span>,
  hr: () => <div className="my-2 border-t border-line" />,
  table: ({ children }) => (
    <div className="mt-2 overflow-x-auto">
      <table className="text-sm [&_td]:border [&_td]:border-line [&_td]:px-2 [&_th]:border [&_th]:border-line [&_th]:px-2">
        {children}
      </table>
    </div>
  ),
};

function Laid({ text }: { text: string }) {
  return (
    <Markdown remarkPlugins={[remarkGfm]} components={elements} urlTransform={(url) => url}>
      {named(text)}
    </Markdown>
  );
}

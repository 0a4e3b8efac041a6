import MarkdownIt, { type Token } from "markdown-it";
import { Fragment, type ReactNode } from "react";
import { cn } from "./cn";
import { Code } from "./code";
import { VisibleText } from "./untrusted-text";

/** Reads Markdown and tables. Markup in it stays text; addresses stay as they were written. */
const reader = new MarkdownIt({ html: false, linkify: false, typographer: false });
Object.assign(reader.options, { maxNesting: 24 });
// A definition is shown nowhere else, so that words could hide in one.
reader.disable("reference");
reader.validateLink = () => true;
reader.normalizeLink = (address) => address;
reader.normalizeLinkText = (address) => address;
// Its own would turn NUL and a lone carriage return into something else before we can name them.
reader.core.ruler.at("normalize", (state) => {
  state.src = state.src.replaceAll("\r\n", "\n");
});

const deepest = 40;

/** Markdown laid out: nothing in it is a link, is fetched, runs, or takes part in the page's own outline. */
export function Markdown({ text }: { text: string }) {
  return <>{laid(reader.parse(text, {}))}</>;
}

type Open = { token: Token | null; children: ReactNode[] };

/** The reader's flat list, as elements. Deeper than anybody reads, elements are left out and their text stays. */
function laid(tokens: readonly Token[]): ReactNode[] {
  const stack: Open[] = [{ token: null, children: [] }];
  tokens.forEach((token, index) => {
    if (token.nesting === 1) stack.push({ token, children: [] });
    else if (token.nesting === -1 && stack.length > 1) {
      const { token: open, children } = stack.pop()!;
      const inner = stack.length > deepest ? children : wrap(open!, children);
      stack.at(-1)!.children.push(<Fragment key={index}>{inner}</Fragment>);
    } else stack.at(-1)!.children.push(<Fragment key={index}>{leaf(token)}</Fragment>);
  });
  return stack.flatMap(({ children }) => children);
}

function leaf(token: Token): ReactNode {
  switch (token.type) {
    case "inline":
      return laid(token.children ?? []);
    case "softbreak":
      return "\n";
    case "hardbreak":
      return <br />;
    case "code_inline":
      return (
        <code className="rounded-sm bg-sunken px-1 font-mono text-[13px]">
          <VisibleText text={token.content} />
        </code>
      );
    case "fence":
    case "code_block":
      return <Code text={token.content.replace(/\n$/, "")} language={token.info.trim()} />;
    case "image":
      return (
        <span className="text-sm text-muted">
          [image: <VisibleText text={token.content || "no text"} />, <VisibleText text={whole(token, "src")} />]
        </span>
      );
    case "hr":
      return <div className="my-3 border-t border-line" />;
    default:
      return <VisibleText text={token.content} />;
  }
}

function wrap(token: Token, children: ReactNode[]): ReactNode {
  switch (token.type) {
    case "paragraph_open":
      return token.hidden ? children : <p className="mt-2 whitespace-pre-wrap first:mt-0">{children}</p>;
    case "heading_open":
      return (
        <p className={cn("mt-3 font-semibold first:mt-0", (token.tag === "h1" || token.tag === "h2") && "text-[17px]")}>
          {children}
        </p>
      );
    case "bullet_list_open":
      return <ul className="mt-1 list-disc pl-6">{children}</ul>;
    case "ordered_list_open":
      return (
        <ol start={Number(token.attrGet("start") ?? 1)} className="mt-1 list-decimal pl-7">
          {children}
        </ol>
      );
    case "list_item_open":
      return <li className="whitespace-pre-wrap">{children}</li>;
    case "blockquote_open":
      return <blockquote className="mt-2 border-l-2 border-line-strong pl-3 first:mt-0">{children}</blockquote>;
    case "table_open":
      return (
        <div className="mt-2 max-w-full overflow-x-auto first:mt-0">
          <table className="text-sm">{children}</table>
        </div>
      );
    case "thead_open":
      return <thead>{children}</thead>;
    case "tbody_open":
      return <tbody>{children}</tbody>;
    case "tr_open":
      return <tr>{children}</tr>;
    case "th_open":
    case "td_open":
      return <td className={cellLook(token)}>{children}</td>;
    case "strong_open":
      return <strong>{children}</strong>;
    case "em_open":
      return <em>{children}</em>;
    case "s_open":
      return <s>{children}</s>;
    case "link_open":
      return <Linked address={whole(token, "href")}>{children}</Linked>;
    default:
      return children;
  }
}

function cellLook(token: Token): string {
  const aligned = token.attrGet("style") ?? "";
  return cn(
    "border border-line px-2 py-1 align-top",
    token.type === "th_open" && "font-semibold",
    aligned.includes("right") && "text-right tabular-nums",
    aligned.includes("center") && "text-center",
  );
}

/** An address with the words that a browser would show on hover. */
function whole(token: Token, name: "href" | "src"): string {
  const title = token.attrGet("title");
  return `${token.attrGet(name) ?? ""}${title ? ` “${title}”` : ""}`;
}

/** Where it would have led, after its words. */
function Linked({ address, children }: { address: string; children: ReactNode }) {
  return (
    <span className="underline decoration-dotted underline-offset-2">
      {children}
      <span className="font-mono text-[13px] text-muted">
        {" "}
        (<VisibleText text={address || "nowhere"} most={2000} />)
      </span>
    </span>
  );
}

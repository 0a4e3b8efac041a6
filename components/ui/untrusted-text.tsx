import type { ReactNode } from "react";
import { chunksOf, cutAt } from "./cut";
import { formatCount } from "./format";
import { visiblePieces } from "./invisible";

/** More in one place would hold up the page; what may be longer is shown by `Untrusted`, step by step. */
const longest = 100_000;
/** A browser that reads a page makes several texts of one that is longer than 65 536; script would make one. */
const longestNode = 50_000;
const longestInline = 10_000;

/** The many texts in which all can be seen are a plain string: a table holds thousands, and each element costs at every click. */
function visible(text: string, most: number): ReactNode {
  const shown = text.length > most ? text.slice(0, cutAt(text, most)) : text;
  const pieces = visiblePieces(shown);
  const [first] = pieces;
  if (shown === text && text.length <= longestNode && pieces.length <= 1 && !(first && "badge" in first)) return text;
  return (
    <>
      {pieces.map((piece, index) =>
        "text" in piece ? (
          chunksOf(piece.text, longestNode)
        ) : (
          <span
            key={index}
            className="mx-px rounded bg-unsure-soft px-1 font-mono text-xs whitespace-normal text-unsure [overflow-wrap:anywhere]"
            title={piece.title}
          >
            {piece.badge}
          </span>
        ),
      )}
      {shown.length < text.length && (
        <span className="text-muted"> … and {formatCount(text.length - shown.length)} more characters</span>
      )}
    </>
  );
}

/** Text with what can't be seen shown as badges. */
export function VisibleText({ text, most = longest }: { text: string; most?: number }) {
  return visible(text, most);
}

/** What stands in a heading, label or message: a string may hold a stranger's words, an element looks after itself. */
export function shown(content: ReactNode): ReactNode {
  return typeof content === "string" ? untrusted(content) : content;
}

/** As `UntrustedText`, for a table of hundreds of cells: without a component, which React would walk at every click. */
export function untrusted(text: string): ReactNode {
  return <bdi>{visible(text, longestInline)}</bdi>;
}

/** Untrusted text inline, without a pane: for table cells and headings. Its direction can't leak into what is around. */
export function UntrustedText({ text }: { text: string }) {
  return untrusted(text);
}

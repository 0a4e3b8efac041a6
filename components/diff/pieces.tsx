import { cn } from "../ui/cn";
import { VisibleText } from "../ui/untrusted-text";
import type { Piece } from "./words";

/** A change of nothing but white space would be invisible: blanks and line ends get a mark. */
function marked(text: string): string {
  return /\S/.test(text) ? text : text.replace(/ /g, "·").replace(/\t/g, "→").replace(/\r?\n/g, "⏎\n");
}

/** `struck` where both sides share one column: there colour alone must not tell removed from added. */
export function Pieces({ pieces, struck }: { pieces: Piece[]; struck: boolean }) {
  return pieces.map(({ kind, text }, index) => {
    if (kind === "same") return <VisibleText key={index} text={text} />;
    const Tag = kind === "removed" ? "del" : "ins";
    return (
      <Tag
        key={index}
        className={cn(
          "rounded-sm box-decoration-clone",
          kind === "removed" ? "bg-removed no-underline" : "bg-added no-underline",
          struck && (kind === "removed" ? "line-through decoration-worse" : "underline decoration-better"),
        )}
      >
        <span className="sr-only select-none">{kind} </span>
        <VisibleText text={marked(text)} />
        <span className="sr-only select-none"> end {kind} </span>
      </Tag>
    );
  });
}

import type { Piece } from "@/lib/prompts/diff/words";
import { cn } from "../ui/cn";
import { VisibleText } from "../ui/untrusted-text";

/** A change of nothing but white space would be invisible: blanks and line ends get a mark. */
function marked(text: string): string {
  return /\S/.test(text) ? text : text.replace(/ /g, "·").replace(/\t/g, "→").replace(/\r?\n/g, "⏎\n");
}

/** `struck` where both sides share one column: there colour alone must not tell removed from added. */
export function Pieces({ pieces, struck }: { pieces: readonly Piece[]; struck: boolean }) {
  return pieces.map(({ kind, text, moved }, index) => {
    if (kind === "same") return <VisibleText key={index} text={text} />;
    if (moved !== undefined) return <Moved key={index} number={moved} away={kind === "removed"} text={text} />;
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

/** Text that stands elsewhere now, or stood elsewhere before: neither lost nor new. */
function Moved({ number, away, text }: { number: number; away: boolean; text: string }) {
  return (
    <span
      title={away ? "moved away from here" : "moved here"}
      className={cn(
        "rounded-sm box-decoration-clone",
        away ? "text-muted underline decoration-dotted underline-offset-2" : "bg-accent-soft",
      )}
    >
      <span className="sr-only select-none">{away ? "moved away" : "moved here"}, hunk </span>
      <sup className="pr-0.5 font-sans text-xs text-accent select-none">{number} </sup>
      <VisibleText text={text} />
      <span className="sr-only select-none"> end moved </span>
    </span>
  );
}

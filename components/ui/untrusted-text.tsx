import { visiblePieces } from "./invisible";

/** Text with what can't be seen shown as badges. */
export function VisibleText({ text }: { text: string }) {
  return visiblePieces(text).map((piece, index) =>
    "text" in piece ? (
      piece.text
    ) : (
      <span
        key={index}
        className="mx-px rounded bg-unsure-soft px-1 font-mono text-xs text-unsure"
        title="invisible character"
      >
        {piece.badge}
      </span>
    ),
  );
}

/** Untrusted text inline, without a pane: for table cells and headings. Its direction can't leak into what is around. */
export function UntrustedText({ text }: { text: string }) {
  return (
    <bdi>
      <VisibleText text={text} />
    </bdi>
  );
}

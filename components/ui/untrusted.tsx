import { cn } from "./cn";
import { LongText, type More } from "./long-text";

export { UntrustedText } from "./untrusted-text";

/** What a stranger's text is drawn in: nothing in it reaches out of it. */
export const pane =
  "isolate min-w-0 overflow-hidden [contain:paint] rounded-md border border-line bg-raised p-3 text-[15px] leading-relaxed [overflow-wrap:anywhere]";

/** Text written by a machine or a stranger: shown as text, in its own pane, with what can't be seen made visible. */
export function Untrusted({
  text,
  more,
  compact = false,
  className,
}: {
  text: string;
  /** Where `text` is only the beginning. */
  more?: More;
  compact?: boolean;
  className?: string;
}) {
  return (
    <div
      dir="auto"
      className={cn(
        "whitespace-pre-wrap",
        compact ? "isolate min-w-0 overflow-hidden text-sm text-muted [overflow-wrap:anywhere]" : pane,
        className,
      )}
    >
      {text === "" ? <span className="text-muted">(empty)</span> : <LongText text={text} more={more} />}
    </div>
  );
}

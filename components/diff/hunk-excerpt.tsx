import type { Excerpt } from "@/lib/prompts/diff/excerpt";
import { UntrustedText } from "../ui/untrusted-text";

/** What a hunk changed, in one line. */
export function HunkExcerpt({ before, after, moved }: Excerpt & { moved: boolean }) {
  if (before === null && after === null) return <span className="text-sm text-muted">without text</span>;
  return (
    <span className="min-w-0 font-mono text-[13px] leading-5 [overflow-wrap:anywhere]">
      {before !== null && (
        <del className="rounded-sm bg-removed box-decoration-clone no-underline">
          <span className="sr-only">before: </span>
          <UntrustedText text={before} />
        </del>
      )}
      {before !== null && after !== null && <span aria-hidden="true"> → </span>}
      {after !== null &&
        (moved ? (
          <span className="rounded-sm bg-accent-soft box-decoration-clone">
            <UntrustedText text={after} />
          </span>
        ) : (
          <ins className="rounded-sm bg-added box-decoration-clone no-underline">
            <span className="sr-only">after: </span>
            <UntrustedText text={after} />
          </ins>
        ))}
    </span>
  );
}

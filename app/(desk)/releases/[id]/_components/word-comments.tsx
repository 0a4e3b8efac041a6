import { spelled } from "@/components/ui/invisible";
import { Untrusted, UntrustedText } from "@/components/ui/untrusted";
import type { CaseDetail } from "@/lib/releases/cases";

type Side = CaseDetail["sides"]["baseline"];

/** What people wrote about words of one answer. */
export function WordComments({ side: { version, comments } }: { side: Side }) {
  if (comments.length === 0) return null;
  return (
    <ul aria-label={spelled(`Comments on words of ${version}`)} className="flex flex-col gap-2 text-sm">
      {comments.map(({ id, reviewer, quote, comment }) => (
        <li key={id} className="flex flex-col gap-1 border-l-2 border-human pl-2">
          <span className="[overflow-wrap:anywhere]">
            “
            <UntrustedText text={quote} />”{" "}
            <span className="text-muted">
              <UntrustedText text={reviewer} />
            </span>
          </span>
          <Untrusted text={comment} compact />
        </li>
      ))}
    </ul>
  );
}

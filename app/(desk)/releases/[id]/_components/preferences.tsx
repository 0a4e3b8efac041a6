import { Badge } from "@/components/ui/badge";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { preferenceWords, Verdict } from "@/components/ui/verdict";
import type { CaseDetail } from "@/lib/releases/cases";

const row = "flex flex-col gap-1 border-t border-line pt-2 text-sm";

/** Which of the two answers judges and people prefer; nothing where nobody was asked. */
export function Preferences({ preferences }: { preferences: CaseDetail["preferences"] }) {
  const { judges, reviews, imported } = preferences;
  if (judges.length + reviews.length + imported.length === 0) return null;
  const people = [
    ...reviews.map((review) => ({ ...review, isImported: false })),
    ...imported.map((review) => ({ ...review, isImported: true, superseded: false, blind: true, tags: [], at: "" })),
  ];
  return (
    <section aria-labelledby="preferences" className="flex min-w-0 flex-col gap-3">
      <h3 id="preferences" className="font-semibold">
        Which answer is better
      </h3>
      <div className="grid gap-6 lg:grid-cols-2">
        <ul aria-label="Judges' preferences" className="flex min-w-0 flex-col gap-2">
          {judges.map(({ judge, criterion, first, prefer, score, rationale }) => (
            <li key={`${judge} ${criterion} ${first}`} className={row}>
              <span className="flex flex-wrap items-center gap-2">
                <Verdict value={preferenceWords(prefer)} by="machine" /> <UntrustedText text={judge} /> on{" "}
                <UntrustedText text={criterion} />
                <span className="text-muted">
                  {first} shown first{score !== null && `, score ${score}`}
                </span>
              </span>
              {rationale && <Untrusted text={rationale} compact />}
            </li>
          ))}
        </ul>
        <ul aria-label="People's preferences" className="flex min-w-0 flex-col gap-2">
          {people.map(({ reviewer, criterion, prefer, note, isImported, superseded, blind, tags, at }) => (
            <li key={`${isImported} ${reviewer} ${criterion} ${at}`} className={row}>
              <span className="flex flex-wrap items-center gap-2">
                <Verdict value={preferenceWords(prefer)} by="human" /> <UntrustedText text={reviewer} /> on{" "}
                <UntrustedText text={criterion} />
                {isImported && <Badge>imported</Badge>}
                {superseded && <Badge>superseded</Badge>}
                {!blind && <Badge>not blind</Badge>}
                {tags.map((tag) => (
                  <Badge key={tag}>{tag}</Badge>
                ))}
              </span>
              {note && <Untrusted text={note} compact />}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

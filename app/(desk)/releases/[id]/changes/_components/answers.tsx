import Link from "next/link";
import { type DiffView, TextDiffView } from "@/components/diff/text-diff";
import { Badge } from "@/components/ui/badge";
import { ChoiceLinks } from "@/components/ui/choice-links";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { Rendered } from "@/components/ui/rendered";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { Verdict } from "@/components/ui/verdict";
import { diffText } from "@/lib/prompts/diff/words";
import type { CaseDetail } from "@/lib/releases/cases";
import type { Ledger } from "@/lib/review/ledger";
import { WordComments } from "../../_components/word-comments";
import { ComparedBeginnings } from "../../cases/_components/case-body";
import { textHref } from "../../cases/_components/links";
import { agreement } from "./ledger";

type Side = CaseDetail["sides"]["baseline"];
type AnswersProps = {
  releaseId: number;
  detail: CaseDetail;
  view: DiffView;
  apart: boolean;
  links: { together: string; apart: string };
};

/** Both answers of a case: what differs, or each as it is laid out. */
export function Answers({ releaseId, detail: { id, sides }, view, apart, links }: AnswersProps) {
  const { baseline, candidate } = sides;
  const both = baseline.output !== null && candidate.output !== null;
  return (
    <section aria-label="Answers" className="flex min-w-0 flex-col gap-3">
      {both && (
        <ChoiceLinks
          label="Answers"
          links={[
            { name: "What differs", href: links.together, current: !apart },
            { name: "Each as it reads", href: links.apart, current: apart },
          ]}
        />
      )}
      {both && !apart ? (
        <>
          <ComparedBeginnings sides={sides} />
          <TextDiffView diff={diffText(baseline.output!, candidate.output!)} view={view} />
        </>
      ) : (
        <div className="grid gap-4 lg:grid-cols-2 xl:grid-cols-1 2xl:grid-cols-2">
          {(["baseline", "candidate"] as const)
            .map((name) => ({ name, side: sides[name] }))
            .map(({ name, side }) => (
              <section
                key={`${id} ${name}`}
                aria-label={spelled(`Answer of ${side.version}`)}
                className="flex min-w-0 flex-col gap-2"
              >
                <h3 className="font-medium break-all">
                  <UntrustedText text={side.version} />
                </h3>
                {side.output === null ? (
                  <Notice tone="danger">
                    The run failed here: <UntrustedText text={side.error ?? "there is no answer."} />
                  </Notice>
                ) : (
                  <Rendered value={side.output} raw={false} rest={side.rest} href={textHref(releaseId, id, name)} />
                )}
              </section>
            ))}
        </div>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <SaidOf side={baseline} />
        <SaidOf side={candidate} />
      </div>
    </section>
  );
}

/** What judges and people say of one version's answer. */
function SaidOf({ side }: { side: Side }) {
  const reviews = side.reviews.filter(({ superseded }) => !superseded);
  return (
    <section
      aria-label={spelled(`Said of ${side.version}`)}
      className="flex min-w-0 flex-col gap-1 border-t border-line pt-2"
    >
      <h3 className="font-medium break-all">
        <UntrustedText text={side.version} />
      </h3>
      <ul className="flex flex-col gap-2 text-sm">
        {side.verdicts.map((verdict) => (
          <Said
            key={`${verdict.judge} ${verdict.criterion}`}
            by="machine"
            {...verdict}
            who={verdict.judge}
            why={verdict.rationale}
          />
        ))}
        {reviews.map((review) => (
          <Said
            key={`${review.reviewer} ${review.criterion}`}
            by="human"
            {...review}
            who={review.reviewer}
            why={review.note}
          />
        ))}
        {side.imported.map((review) => (
          <Said
            key={`imported ${review.reviewer} ${review.criterion}`}
            by="human"
            {...review}
            who={`${review.reviewer}, imported`}
            why={review.note}
          />
        ))}
      </ul>
      <WordComments side={side} />
    </section>
  );
}

type SaidProps = {
  by: "human" | "machine";
  verdict: string;
  who: string;
  criterion: string;
  why: string | null;
  tags?: string[];
};

function Said({ by, verdict, who, criterion, why, tags = [] }: SaidProps) {
  return (
    <li className="min-w-0">
      <span className="flex flex-wrap items-baseline gap-x-2">
        <Verdict value={verdict} by={by} />
        <span className="text-muted [overflow-wrap:anywhere]">
          <UntrustedText text={`${who}, ${criterion}`} />
        </span>
        {tags.map((tag) => (
          <Badge key={tag}>
            <UntrustedText text={tag} />
          </Badge>
        ))}
      </span>
      {why && (
        <p className="line-clamp-6 text-muted [overflow-wrap:anywhere]">
          “<UntrustedText text={why.slice(0, 1000)} />”
        </p>
      )}
    </li>
  );
}

type ReasonsProps = { ledger: Ledger; caseId: number; hrefOf: (hunk: string) => string };

/** The reasons that people named in this case. */
export function Reasons({ ledger, caseId, hrefOf }: ReasonsProps) {
  const named = [
    ...ledger.hunks.map((hunk) => ({
      id: hunk.id,
      name: hunk.number === null ? "An earlier hunk" : `Hunk ${hunk.number}`,
      cases: hunk,
    })),
    { id: "none", name: "No hunk", cases: ledger.none },
  ].flatMap(({ id, name, cases }) =>
    (["hurt", "helped"] as const).flatMap((effect) =>
      cases[effect].filter((entry) => entry.caseId === caseId).map((entry) => ({ id, name, effect, entry })),
    ),
  );
  if (named.length === 0) return null;
  return (
    <ul aria-label="Reasons" className="flex flex-col gap-1 text-sm">
      {named.map(({ id, name, effect, entry }) => (
        <li key={`${id} ${effect} ${entry.criterion}`} className="[overflow-wrap:anywhere]">
          <Link
            href={hrefOf(id)}
            scroll={false}
            className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
          >
            <UntrustedText text={name} />
          </Link>{" "}
          <span className={effect === "helped" ? "text-better" : "text-worse"}>{effect}</span> on{" "}
          <UntrustedText text={entry.criterion} />, says {entry.by.join(", ")}
          {entry.of > 1 && <span className="text-muted"> ({agreement(entry)})</span>}
        </li>
      ))}
    </ul>
  );
}

"use client";

import type { ReactNode } from "react";
import { HunkChooser } from "@/app/_hunks/hunk-chooser";
import { TextDiffView } from "@/components/diff/text-diff";
import { Badge } from "@/components/ui/badge";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { Rendered } from "@/components/ui/rendered";
import { Untrusted, UntrustedText } from "@/components/ui/untrusted";
import { Verdict } from "@/components/ui/verdict";
import { diffText } from "@/lib/prompts/diff/words";
import type { CaseDetail } from "@/lib/releases/cases";
import { Preferences } from "../../_components/preferences";
import { WordComments } from "../../_components/word-comments";
import { textHref } from "./links";

type Props = {
  releaseId: number;
  detail: CaseDetail;
  /** As it came, character by character. */
  raw: boolean;
  /** The two answers as one, with what differs. */
  diff?: boolean;
};

/** Everything known about a case: what it asks, both answers, what judges and people say of them. */
export function CaseBody({ releaseId, detail, raw, diff = false }: Props) {
  const { sides } = detail;
  const compared =
    detail.preferences.judges.length + detail.preferences.reviews.length + detail.preferences.imported.length > 0;
  return (
    <div className="flex flex-col gap-6">
      <Facts detail={detail} />
      {detail.attributes && <HunkChooser key={detail.key} releaseId={releaseId} caseKey={detail.key} />}
      <Part title="Input">
        <Rendered
          value={detail.input}
          raw={raw}
          rest={detail.inputRest}
          href={textHref(releaseId, detail.id, "input")}
        />
      </Part>
      {detail.reference && (
        <Part title="Reference">
          <Rendered
            value={detail.reference}
            raw={raw}
            rest={detail.referenceRest}
            href={textHref(releaseId, detail.id, "reference")}
          />
        </Part>
      )}
      {detail.hidden ? (
        <Notice tone="info">
          This case waits for a blind grade. Its answers and verdicts are shown here once that grade is stored.
        </Notice>
      ) : (
        <>
          {diff && sides.baseline.output !== null && sides.candidate.output !== null && (
            <Part title={`What differs from ${sides.baseline.version} to ${sides.candidate.version}`}>
              <ComparedBeginnings sides={sides} />
              <TextDiffView diff={diffText(sides.baseline.output, sides.candidate.output)} view="words" />
            </Part>
          )}
          <div className="grid gap-6 lg:grid-cols-2">
            <SideOf
              name="Baseline"
              side={sides.baseline}
              alone={!compared}
              raw={raw}
              href={textHref(releaseId, detail.id, "baseline")}
            />
            <SideOf
              name="Candidate"
              side={sides.candidate}
              alone={!compared}
              raw={raw}
              href={textHref(releaseId, detail.id, "candidate")}
            />
          </div>
          <Preferences preferences={detail.preferences} />
        </>
      )}
    </div>
  );
}

/** That two answers were too long to be compared whole. */
export function ComparedBeginnings({ sides: { baseline, candidate } }: Pick<CaseDetail, "sides">) {
  if (!baseline.rest && !candidate.rest) return null;
  return <p className="text-sm text-muted">Of the beginning of both: they are too long to be compared whole.</p>;
}

function Facts({ detail }: { detail: CaseDetail }) {
  const { draw, chosen } = detail;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
      {detail.slice && (
        <span>
          slice <UntrustedText text={detail.slice} />
        </span>
      )}
      <span>
        origin <UntrustedText text={detail.origin} />
        {detail.generator && (
          <>
            {" "}
            by <UntrustedText text={detail.generator} />
          </>
        )}
      </span>
      {detail.mustPass && <Badge tone="accent">must-pass</Badge>}
      {detail.tags.map((tag) => (
        <Badge key={tag}>
          <UntrustedText text={tag} />
        </Badge>
      ))}
      {detail.ownTags.map((tag) => (
        <Badge key={`own ${tag}`} tone="human">
          <UntrustedText text={tag} />
        </Badge>
      ))}
      {draw && (
        <span>
          drawn in batch {draw.batch} from <UntrustedText text={draw.stratum} />, probability{" "}
          {draw.probability.toFixed(3)}
        </span>
      )}
      {chosen && (
        <span>
          added to the sample by <UntrustedText text={chosen.by} /> <RelativeTime date={chosen.at} />: in no estimate
        </span>
      )}
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={spelled(title)} className="flex min-w-0 flex-col gap-2">
      <h3 className="font-semibold break-words [overflow-wrap:anywhere]">
        <UntrustedText text={title} />
      </h3>
      {children}
    </section>
  );
}

type SideProps = {
  name: string;
  side: CaseDetail["sides"]["baseline"];
  /** Nobody compared the two answers: so it is worth saying when nobody graded this one either. */
  alone: boolean;
  raw: boolean;
  /** Where more of a long answer comes from. */
  href: string;
};

const row = "flex flex-col gap-1 border-t border-line pt-2 text-sm";
const head = "flex flex-wrap items-center gap-2";

function SideOf({ name, side, alone, raw, href }: SideProps) {
  const people = side.reviews.length + side.imported.length;
  return (
    <section aria-label={spelled(`${name} ${side.version}`)} className="flex min-w-0 flex-col gap-3">
      <h3 className="font-semibold break-all">
        {name} <UntrustedText text={side.version} />
      </h3>
      {side.error ? (
        <Notice tone="danger">
          The run failed here: <UntrustedText text={side.error} />
        </Notice>
      ) : (
        <Rendered value={side.output ?? ""} raw={raw} rest={side.rest} href={href} />
      )}
      {(alone || side.verdicts.length > 0) && <h4 className="text-sm font-medium text-muted">Judges</h4>}
      {alone && side.verdicts.length === 0 && <p className="text-sm text-muted">No judge has seen this answer.</p>}
      <ul className="flex flex-col gap-2">
        {side.verdicts.map((verdict) => (
          <li key={`${verdict.judge} ${verdict.criterion}`} className={row}>
            <span className={head}>
              <Verdict value={verdict.verdict} by="machine" /> <UntrustedText text={verdict.judge} /> on{" "}
              <UntrustedText text={verdict.criterion} />
              {verdict.score !== null && <span className="text-muted tabular-nums">score {verdict.score}</span>}
            </span>
            {verdict.rationale && <Untrusted text={verdict.rationale} compact />}
          </li>
        ))}
      </ul>
      {(alone || people > 0) && <h4 className="text-sm font-medium text-muted">People</h4>}
      {alone && people === 0 && <p className="text-sm text-muted">Nobody has graded this answer.</p>}
      <ul className="flex flex-col gap-2">
        {side.reviews.map((review) => (
          <li key={`${review.reviewer} ${review.criterion} ${review.at}`} className={row}>
            <span className={head}>
              <Verdict value={review.verdict} by="human" /> <UntrustedText text={review.reviewer} /> on{" "}
              <UntrustedText text={review.criterion} />
              {review.superseded && <Badge>superseded</Badge>}
              {!review.blind && <Badge>not blind</Badge>}
              {review.tags.map((tag) => (
                <Badge key={tag}>
                  <UntrustedText text={tag} />
                </Badge>
              ))}
            </span>
            {review.note && <Untrusted text={review.note} compact />}
          </li>
        ))}
        {side.imported.map((review) => (
          <li key={`imported ${review.reviewer} ${review.criterion}`} className={row}>
            <span className={head}>
              <Verdict value={review.verdict} by="human" /> <UntrustedText text={review.reviewer} /> on{" "}
              <UntrustedText text={review.criterion} /> <Badge>imported</Badge>
            </span>
            {review.note && <Untrusted text={review.note} compact />}
          </li>
        ))}
      </ul>
      <WordComments side={side} />
    </section>
  );
}

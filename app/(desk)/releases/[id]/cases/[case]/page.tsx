import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { rowId } from "@/app/_row-id";
import { Badge } from "@/components/ui/badge";
import { Notice } from "@/components/ui/notice";
import { Untrusted } from "@/components/ui/untrusted";
import { Verdict } from "@/components/ui/verdict";
import { requireActor } from "@/lib/auth/session";
import { type CaseDetail, getCase } from "@/lib/releases/cases";

import { Preferences } from "../../_components/preferences";

export const metadata: Metadata = { title: "Case" };

export default async function CasePage({ params }: { params: Promise<{ id: string; case: string }> }) {
  const actor = await requireActor();
  const { id, case: caseId } = await params;
  const [releaseId, number] = [rowId(id), rowId(caseId)];
  if (!Number.isSafeInteger(releaseId) || !Number.isSafeInteger(number)) notFound();
  const found = await getCase(actor, releaseId, number);
  return (
    <article className="flex flex-col gap-6">
      <header className="flex flex-col gap-2">
        <Link href={`/releases/${releaseId}/cases`} className="text-sm text-accent underline underline-offset-2">
          All cases
        </Link>
        <h2 className="break-all text-xl font-semibold">{found.key}</h2>
        <div className="flex flex-wrap gap-2 text-sm text-muted">
          {found.slice && <span>slice {found.slice}</span>}
          <span>
            origin {found.origin}
            {found.generator ? ` by ${found.generator}` : ""}
          </span>
          {found.mustPass && <Badge>must-pass</Badge>}
          {found.tags.map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
          {found.draw && (
            <span>
              drawn in batch {found.draw.batch} from {found.draw.stratum}, probability{" "}
              {found.draw.probability.toFixed(3)}
            </span>
          )}
        </div>
      </header>
      <section aria-labelledby="input" className="flex flex-col gap-2">
        <h3 id="input" className="font-semibold">
          Input
        </h3>
        <Untrusted text={found.input} />
      </section>
      {found.reference && (
        <section aria-labelledby="reference" className="flex flex-col gap-2">
          <h3 id="reference" className="font-semibold">
            Reference
          </h3>
          <Untrusted text={found.reference} />
        </section>
      )}
      {found.hidden ? (
        <Notice tone="info">
          This case waits for a blind grade. Its answers and verdicts are shown here once that grade is stored.
        </Notice>
      ) : (
        <>
          <div className="grid gap-6 lg:grid-cols-2">
            <SideOf
              title={`Baseline ${found.sides.baseline.version}`}
              side={found.sides.baseline}
              alone={!isCompared(found)}
            />
            <SideOf
              title={`Candidate ${found.sides.candidate.version}`}
              side={found.sides.candidate}
              alone={!isCompared(found)}
            />
          </div>
          <Preferences preferences={found.preferences} />
        </>
      )}
    </article>
  );
}

function isCompared({ preferences: { judges, reviews, imported } }: CaseDetail): boolean {
  return judges.length + reviews.length + imported.length > 0;
}

type SideProps = {
  title: string;
  side: CaseDetail["sides"]["baseline"];
  /** Nobody compared the two answers: so it is worth saying when nobody graded this one either. */
  alone: boolean;
};

function SideOf({ title, side, alone }: SideProps) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-3">
      <h3 className="break-all font-semibold">{title}</h3>
      {side.error ? (
        <Notice tone="danger">The run failed here: {side.error}</Notice>
      ) : (
        <Untrusted text={side.output ?? ""} />
      )}
      {(alone || side.verdicts.length > 0) && <h4 className="text-sm font-medium text-muted">Judges</h4>}
      {alone && side.verdicts.length === 0 && <p className="text-sm text-muted">No judge has seen this answer.</p>}
      <ul className="flex flex-col gap-2">
        {side.verdicts.map((verdict) => (
          <li
            key={`${verdict.judge} ${verdict.criterion}`}
            className="flex flex-col gap-1 border-t border-line pt-2 text-sm"
          >
            <span className="flex flex-wrap items-center gap-2">
              <Verdict value={verdict.verdict} by="machine" /> {verdict.judge} on {verdict.criterion}
              {verdict.score !== null && <span className="text-muted tabular-nums">score {verdict.score}</span>}
            </span>
            {verdict.rationale && <Untrusted text={verdict.rationale} compact />}
          </li>
        ))}
      </ul>
      {(alone || side.reviews.length + side.imported.length > 0) && (
        <h4 className="text-sm font-medium text-muted">People</h4>
      )}
      {alone && side.reviews.length + side.imported.length === 0 && (
        <p className="text-sm text-muted">Nobody has graded this answer.</p>
      )}
      <ul className="flex flex-col gap-2">
        {side.reviews.map((review) => (
          <li
            key={`${review.reviewer} ${review.criterion} ${review.at}`}
            className="flex flex-col gap-1 border-t border-line pt-2 text-sm"
          >
            <span className="flex flex-wrap items-center gap-2">
              <Verdict value={review.verdict} by="human" /> {review.reviewer} on {review.criterion}
              {review.superseded && <Badge>superseded</Badge>}
              {!review.blind && <Badge>not blind</Badge>}
              {review.tags.map((tag) => (
                <Badge key={tag}>{tag}</Badge>
              ))}
            </span>
            {review.note && <Untrusted text={review.note} compact />}
          </li>
        ))}
        {side.imported.map((review) => (
          <li
            key={`imported ${review.reviewer} ${review.criterion}`}
            className="flex flex-col gap-1 border-t border-line pt-2 text-sm"
          >
            <span className="flex flex-wrap items-center gap-2">
              <Verdict value={review.verdict} by="human" /> {review.reviewer} on {review.criterion}{" "}
              <Badge>imported</Badge>
            </span>
            {review.note && <Untrusted text={review.note} compact />}
          </li>
        ))}
      </ul>
    </section>
  );
}

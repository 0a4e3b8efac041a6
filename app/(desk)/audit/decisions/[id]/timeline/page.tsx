import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_or-not-found";
import { cn } from "@/components/ui/cn";
import { EmptyState } from "@/components/ui/empty-state";
import { formatCount, plural } from "@/components/ui/format";
import { PageHead } from "@/components/ui/page-head";
import { UntrustedText } from "@/components/ui/untrusted";
import { actionLabel } from "@/lib/audit/events";
import { decisionTimeline, type Moment, type Timeline } from "@/lib/audit/timeline";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { gist } from "../../../_components/say";
import { DecisionTabs } from "../_components/decision-tabs";
import { decisionId } from "../_decision";

export const metadata: Metadata = { title: "Timeline of a decision" };

export default async function TimelinePage({ params }: { params: Promise<{ id: string }> }) {
  const actor = await requireActor();
  const id = decisionId((await params).id);
  const trail = [{ href: "/audit/decisions", label: "Decisions" }];
  if (!may(actor, "audit.read"))
    return (
      <>
        <PageHead trail={trail} title="Timeline" />
        <EmptyState title="The audit log is for auditors, administrators and release managers" />
      </>
    );
  const timeline = await orNotFound(decisionTimeline(actor, id));
  const { prompt, baseline, candidate, moments } = timeline;
  return (
    <>
      <PageHead
        trail={trail}
        title={<UntrustedText text={`${prompt} ${baseline} → ${candidate}`} />}
        facts="How the decision came about and what became of it, from the audit log. Times are UTC."
      />
      <DecisionTabs id={id} />
      <ol className="max-w-4xl pt-6">
        {moments.map((moment, i) => (
          <Step key={moment.index} moment={moment} timeline={timeline} day={dayOf(moment) !== dayOf(moments[i - 1])} />
        ))}
      </ol>
    </>
  );
}

const dayOf = (moment: Moment | undefined) => moment?.at.toISOString().slice(0, 10);
const timeOf = (at: Date) => at.toISOString().slice(11, 19);

const tones: Record<string, string> = {
  "release.signed_off": "border-better bg-better",
  "release.refused": "border-worse bg-worse",
  "label.break_glass": "border-worse bg-worse",
  "release.sign_off_refused": "border-worse bg-paper",
  "sign_off.given": "border-human bg-human",
  "review.given": "border-human bg-paper",
  "review.superseded": "border-human bg-paper",
};

function Step({ moment, timeline, day }: { moment: Moment; timeline: Timeline; day: boolean }) {
  const { index, lastIndex, count, at, until, action, by, event, follows } = moment;
  const decided = index === timeline.decision.auditIndex;
  const more = event && count === 1 ? gist(event) : "";
  return (
    <li className="grid grid-cols-[5.5rem_1rem_minmax(0,1fr)] gap-x-3">
      <div className="pt-1 pb-4 text-right text-sm text-muted tabular-nums">
        {day && <div className="font-medium text-ink">{dayOf(moment)}</div>}
        <time dateTime={at.toISOString()}>{timeOf(at)}</time>
        {timeOf(until) !== timeOf(at) && (
          <>
            {" "}
            to <time dateTime={until.toISOString()}>{timeOf(until)}</time>
          </>
        )}
      </div>
      <div aria-hidden="true" className="relative flex justify-center">
        <span className="absolute inset-y-0 w-px bg-line" />
        <span
          className={cn("relative mt-2 size-3 rounded-full border-2", tones[action] ?? "border-line-strong bg-paper")}
        />
      </div>
      <div className="min-w-0 pb-5 [overflow-wrap:anywhere]">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className={decided ? "text-lg font-semibold" : "font-medium"}>
            {count > 1 && `${formatCount(count)} × `}
            <UntrustedText text={actionLabel(action)} />
          </span>
          <span className="text-sm text-muted">
            <UntrustedText text={by.join(", ")} />
          </span>
        </p>
        {more && (
          <p className="text-sm">
            <UntrustedText text={more} />
          </p>
        )}
        {follows && (
          <p className="text-sm text-unsure">
            <span aria-hidden="true">◐ </span>
            <UntrustedText text={follows} />
          </p>
        )}
        <p className="flex flex-wrap gap-x-3 text-sm">
          <Link href={`/audit/entries/${index}`} className={link}>
            {count > 1 ? `entries ${index} to ${lastIndex}` : `entry ${index}`}
          </Link>
          {reviewing.includes(action) && (
            <Link href={`/audit/decisions/${timeline.decision.id}/replay`} className={link}>
              what {plural(by.length, "reviewer")} saw
            </Link>
          )}
          {action.startsWith("label.") && event && (
            <Link
              href={`/prompts/${encodeURIComponent(timeline.prompt)}/labels/${encodeURIComponent(event.subject.id.slice(timeline.prompt.length + 1))}`}
              className={link}
            >
              the label's history
            </Link>
          )}
          {decided && (
            <Link href={`/audit/decisions/${timeline.decision.id}`} className={link}>
              the record
            </Link>
          )}
        </p>
      </div>
    </li>
  );
}

const link = "inline-flex min-h-6 items-center text-accent underline underline-offset-2";
const reviewing = ["review.given", "review.superseded", "review.adjudicated", "review.returned", "check.graded"];

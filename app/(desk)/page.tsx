import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { formatSeconds, plural } from "@/components/ui/format";
import { PageHead } from "@/components/ui/page-head";
import { UntrustedText } from "@/components/ui/untrusted";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listMovedJudges } from "@/lib/judges/moves";
import { type Desk, type DeskRelease, getDesk } from "@/lib/releases/desk";
import { listNews } from "@/lib/releases/news";
import { minutesFor } from "@/lib/review/rules";
import { MovedJudges } from "./judges/[id]/moves/_components/moved-judges";
import { NewsList } from "./news/_components/news-list";
import { ReleaseTable } from "./releases/_components/release-table";

export const metadata: Metadata = { title: "Desk" };

const msUnknown = 45_000;
const shownNews = 4;

export default async function DeskPage() {
  const actor = await requireActor();
  const [desk, moved, news] = await Promise.all([getDesk(actor), listMovedJudges(actor), listNews(actor)]);
  const unread = news.filter((item) => item.unread);
  const imports = may(actor, "import.create");
  if (desk.isEmpty) {
    return (
      <>
        <PageHead title="Desk" />
        <EmptyState
          title="Nothing here yet"
          action={
            imports && (
              <LinkButton href="/imports" variant="primary">
                Import results
              </LinkButton>
            )
          }
        >
          {imports
            ? "Import a Countersign bundle or a promptfoo results file: prompt versions, cases, outputs and verdicts come with it."
            : "A release manager or an administrator imports results first."}
        </EmptyState>
      </>
    );
  }
  const nothing = desk.queues.length + desk.disputes.length + desk.signatures.length + desk.blocked.length === 0;
  return (
    <>
      <PageHead title="Desk" facts={`What waits for you, ${actor.name}.`} />
      <MovedJudges judges={moved.filter(({ acknowledged }) => !acknowledged)} />
      <div className="flex flex-col gap-8">
        {nothing && (
          <EmptyState title="Nothing waits for you">
            <Link href="/releases" className="text-accent underline underline-offset-2">
              See all releases
            </Link>
          </EmptyState>
        )}
        {desk.queues.length > 0 && (
          <Waiting title="To grade">
            {desk.queues.map((queue) => (
              <Row key={queue.id} release={queue} href={`/review/${queue.id}`} action="Grade">
                {plural(queue.waiting, "case")}, {minutes(queue)}
              </Row>
            ))}
          </Waiting>
        )}
        {desk.disputes.length > 0 && (
          <Waiting title="To settle">
            {desk.disputes.map((release) => (
              <Row key={release.id} release={release} href={`/review/${release.id}/settle`} action="Settle">
                {plural(release.waiting, "disagreement")} between graders
              </Row>
            ))}
          </Waiting>
        )}
        {desk.signatures.length > 0 && (
          <Waiting title="To sign">
            {desk.signatures.map((release) => (
              <Row key={release.id} release={release} href={`/releases/${release.id}/sign-off`} action="Read and sign">
                Every gate but the signatures is met.
              </Row>
            ))}
          </Waiting>
        )}
        {desk.blocked.length > 0 && (
          <Waiting title="To move on">
            {desk.blocked.map((release) => (
              <Row
                key={release.id}
                release={release}
                href={`/releases/${release.id}`}
                action={needs[release.need].action}
              >
                {needs[release.need].why}
                {release.open.map(({ detail }) => ` ${detail}`)}
              </Row>
            ))}
          </Waiting>
        )}
        {unread.length > 0 && (
          <section aria-labelledby="news" className="flex flex-col gap-2">
            <h2 id="news" className="flex items-baseline gap-3 text-lg font-semibold">
              News
              <Link href="/news" className="text-sm font-normal text-accent underline underline-offset-2">
                {unread.length > shownNews ? `All ${unread.length} that are new` : "All news"}
              </Link>
            </h2>
            <NewsList items={unread.slice(0, shownNews)} />
          </section>
        )}
        {desk.recent.length > 0 && (
          <section aria-labelledby="recent" className="flex flex-col gap-2">
            <h2 id="recent" className="text-lg font-semibold">
              Decided lately
            </h2>
            <ReleaseTable label="Decided lately" releases={desk.recent} />
          </section>
        )}
      </div>
    </>
  );
}

const needs: Record<Desk["blocked"][number]["need"], { action: string; why: string }> = {
  draw: { action: "Draw a sample", why: "No case is drawn yet." },
  close: { action: "Close or draw more", why: "Every drawn case is graded." },
  gates: { action: "See what is missing", why: "Blocked:" },
};

function minutes({ waiting, msPerCase }: Desk["queues"][number]): string {
  const total = plural(minutesFor(waiting, msPerCase ?? msUnknown), "minute");
  return `about ${total} at ${msPerCase === null ? `${formatSeconds(msUnknown)} a case` : "the pace so far"}`;
}

function Waiting({ title, children }: { title: string; children: ReactNode }) {
  const id = title.toLowerCase().replaceAll(" ", "-");
  return (
    <section aria-labelledby={id} className="flex flex-col gap-1">
      <h2 id={id} className="text-lg font-semibold">
        {title}
      </h2>
      <ul>{children}</ul>
    </section>
  );
}

type RowProps = { release: DeskRelease; href: string; action: string; children: ReactNode };

function Row({ release, href, action, children }: RowProps) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 border-t border-line py-3">
      <div className="min-w-0 max-w-prose">
        <Link
          href={`/releases/${release.id}`}
          className="break-words font-medium text-accent underline-offset-2 hover:underline"
        >
          <UntrustedText text={`${release.prompt} ${release.baseline} → ${release.candidate}`} />
        </Link>
        <p className="break-words text-muted">{children}</p>
      </div>
      <LinkButton href={href}>
        {action}
        <span className="sr-only">
          {" "}
          <UntrustedText text={release.baseline} /> → <UntrustedText text={release.candidate} />
        </span>
      </LinkButton>
    </li>
  );
}

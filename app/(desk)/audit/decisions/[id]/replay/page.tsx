import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_or-not-found";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Field } from "@/components/ui/field";
import { formatCount } from "@/components/ui/format";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { type ReplayOverview, replayOverview } from "@/lib/releases/reviewer-replay";
import { DecisionTabs } from "../_components/decision-tabs";
import { decisionId } from "../_decision";

export const metadata: Metadata = { title: "Replay of a decision" };

type Props = { params: Promise<{ id: string }>; searchParams: Promise<{ case?: string | string[] }> };

export default async function ReplayPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const id = decisionId((await params).id);
  const trail = [{ href: "/audit/decisions", label: "Decisions" }];
  if (!may(actor, "audit.read"))
    return (
      <>
        <PageHead trail={trail} title="Replay" />
        <EmptyState title="What reviewers saw is for auditors, administrators and release managers" />
      </>
    );
  const given = (await searchParams).case;
  const wanted = (Array.isArray(given) ? given[0] : given)?.trim() || undefined;
  const replay = await orNotFound(replayOverview(actor, id, wanted));
  return (
    <>
      <PageHead
        trail={trail}
        title={<UntrustedText text={`${replay.prompt} ${replay.baseline} → ${replay.candidate}`} />}
        facts="What each reviewer saw and said, in the order in which they did, held against the log."
      />
      <DecisionTabs id={id} />
      <div className="flex flex-col gap-8 pt-6">
        {replay.reviewers.length === 0 ? (
          <EmptyState title="Nobody graded anything">The decision rests on no person's grades.</EmptyState>
        ) : (
          <>
            <Reviewers id={id} reviewers={replay.reviewers} />
            <ByCase id={id} wanted={wanted} found={replay.found} />
          </>
        )}
      </div>
    </>
  );
}

const stamp = (at: Date) => at.toISOString().slice(0, 16).replace("T", " ");

function Reviewers({ id, reviewers }: { id: number; reviewers: ReplayOverview["reviewers"] }) {
  return (
    <section aria-labelledby="reviewers" className="flex flex-col gap-3">
      <h2 id="reviewers" className="text-lg font-semibold">
        Reviewers
      </h2>
      <Table label="Reviewers">
        <TableHead>
          <TableRow>
            <TableHeader>Reviewer</TableHeader>
            <TableHeader className="text-right">Cases graded</TableHeader>
            <TableHeader className="text-right">Corrections</TableHeader>
            <TableHeader className="text-right">Checks</TableHeader>
            <TableHeader className="text-right">Settled</TableHeader>
            <TableHeader>From, to (UTC)</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {reviewers.map((reviewer) => (
            <TableRow key={reviewer.id}>
              <TableCell className="min-w-40">
                <Link
                  href={`/audit/decisions/${id}/replay/${reviewer.id}`}
                  className="inline-flex min-h-6 items-center font-medium text-accent underline underline-offset-2"
                >
                  <UntrustedText text={reviewer.name} />
                </Link>
              </TableCell>
              {[reviewer.cases, reviewer.corrections, reviewer.checks, reviewer.settled].map((count, i) => (
                <TableCell key={i} className="text-right tabular-nums">
                  {formatCount(count)}
                </TableCell>
              ))}
              <TableCell className="min-w-64 text-sm text-muted tabular-nums">
                {stamp(reviewer.first)} to {stamp(reviewer.last)}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </section>
  );
}

type ByCaseProps = { id: number; wanted: string | undefined; found: ReplayOverview["found"] };

function ByCase({ id, wanted, found }: ByCaseProps) {
  const words = { graded: "graded it", check: "met it as a check", settled: "settled it" };
  return (
    <section aria-labelledby="by-case" className="flex max-w-2xl flex-col gap-3">
      <h2 id="by-case" className="text-lg font-semibold">
        One case
      </h2>
      <form action={`/audit/decisions/${id}/replay`} className="flex flex-wrap items-end gap-3">
        <Field label="Case">
          <Input name="case" type="search" required defaultValue={wanted ?? ""} placeholder="its key" />
        </Field>
        <Button type="submit">Find</Button>
      </form>
      {found?.length === 0 && <Notice>Nobody was shown this case in this release.</Notice>}
      {found && found.length > 0 && (
        <ul className="flex flex-col gap-1">
          {found.map(({ reviewerId, name, step, kind, at }) => (
            <li key={`${reviewerId} ${step}`}>
              <Link
                href={`/audit/decisions/${id}/replay/${reviewerId}?step=${step}`}
                className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
              >
                <UntrustedText text={name} />
              </Link>{" "}
              {words[kind]}, {stamp(at)} UTC
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

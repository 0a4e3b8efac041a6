import type { Metadata } from "next";
import Link from "next/link";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Person } from "@/lib/auth/actor";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { getRetention, type Rule, retentionDryRun } from "@/lib/privacy/retention";
import { type Periods, periodsSchema } from "@/lib/privacy/schema";
import { first } from "../../../prompts/_params";
import { ActionForm } from "../../_components/action-form";
import { DryRun } from "./_components/dry-run";
import { PeriodFields, PeriodsInWords } from "./_components/periods";
import { readPeriods } from "./_periods";
import { decideRetentionAction, requestRetentionAction, withdrawRetentionAction } from "./actions";

export const metadata: Metadata = { title: "Retention" };

const forEver: Periods = { runsDays: null, inputs: false };

type Query = Record<string, string | string[] | undefined>;

export default async function RetentionPage({ searchParams }: { searchParams: Promise<Query> }) {
  const actor = await requireActor();
  const query = await searchParams;
  const { inForce, waiting } = await getRetention(actor);
  const isTried = first(query.runsDays) !== undefined;
  const read = periodsSchema.safeParse(readPeriods((name) => first(query[name])));
  const given = isTried && read.success ? read.data : null;
  const periods = given ?? waiting ?? inForce ?? forEver;
  const tried = await retentionDryRun(actor, periods);
  const what = given ? "by the periods below" : waiting ? "if this is approved" : "by the rule that holds";
  return (
    <>
      <section aria-labelledby="retention" className="flex flex-col gap-3">
        <p className="text-sm text-muted">
          <Link
            href="/settings/privacy"
            className="inline-flex min-h-6 items-center underline-offset-2 hover:underline"
          >
            Privacy
          </Link>
        </p>
        <h2 id="retention" className="text-xl font-semibold">
          Retention
        </h2>
        <p className="max-w-prose text-muted">
          How long this project keeps answers and inputs that may hold personal data and that nothing needs any more.
          What a release that waits or was decided rests on stays, and so does what an anchor set judges again. Removed
          content leaves its SHA-256, so that everything still verifies; nobody can bring it back.
        </p>
        <PeriodsInWords {...(inForce ?? forEver)} />
        {inForce ? (
          <p className="text-sm text-muted [overflow-wrap:anywhere]">
            Asked for by <UntrustedText text={inForce.requestedBy} />, approved by{" "}
            <UntrustedText text={inForce.decidedBy ?? ""} /> <RelativeTime date={inForce.decidedAt!} />: “
            <UntrustedText text={inForce.reason} />”
          </p>
        ) : (
          <p className="text-sm text-muted">Nobody has asked for anything else yet.</p>
        )}
      </section>
      {waiting && <Waiting rule={waiting} actor={actor} />}
      <section aria-labelledby="dry-run" className="flex flex-col gap-3">
        <h2 id="dry-run" className="text-lg font-semibold">
          What would be removed today {what}
        </h2>
        {isTried && !read.success && (
          <Notice tone="danger">{read.error.issues[0]?.message ?? "These are no periods."}</Notice>
        )}
        <DryRun tried={tried} />
      </section>
      <section aria-labelledby="change" className="flex flex-col gap-4">
        <h2 id="change" className="text-lg font-semibold">
          Other periods
        </h2>
        {/* Keyed: what was tried stands in the form that asks for it. */}
        <form key={JSON.stringify(periods)} className="flex flex-col gap-4" aria-label="Try periods">
          <PeriodFields periods={periods} />
          <div>
            <Button type="submit" variant="secondary">
              Show what would go
            </Button>
          </div>
        </form>
        {given && may(actor, "retention.request") && (
          <ActionForm action={requestRetentionAction} submit="Ask for these periods">
            <PeriodsInWords {...given} />
            <input type="hidden" name="runsDays" value={given.runsDays ?? ""} />
            <input type="hidden" name="inputs" value={given.inputs ? "on" : ""} />
            <Field label="Reason" hint="Kept for good">
              <Input name="reason" required maxLength={500} />
            </Field>
          </ActionForm>
        )}
        {!may(actor, "retention.request") && (
          <p className="text-muted">An administrator asks for other periods, and somebody else approves them.</p>
        )}
      </section>
    </>
  );
}

function Waiting({ rule, actor }: { rule: Rule; actor: Person }) {
  return (
    <section aria-label="Waits for approval" className="flex flex-col gap-3 rounded-md border border-line p-4">
      <h2 className="text-lg font-semibold">Waits for approval</h2>
      <PeriodsInWords {...rule} />
      <p className="[overflow-wrap:anywhere]">
        <UntrustedText text={rule.requestedBy} />, <RelativeTime date={rule.requestedAt} />: “
        <UntrustedText text={rule.reason} />”
      </p>
      {rule.requestedById === actor.userId ? (
        <>
          <p className="text-muted">You asked for it: somebody else has to approve it.</p>
          <ActionForm action={withdrawRetentionAction} submit="Take it back" variant="secondary">
            <input type="hidden" name="id" value={rule.id} />
          </ActionForm>
        </>
      ) : may(actor, "retention.approve") ? (
        <div className="flex flex-wrap gap-4">
          <ActionForm action={decideRetentionAction} submit="Approve" variant="danger">
            <input type="hidden" name="id" value={rule.id} />
            <input type="hidden" name="decision" value="approve" />
          </ActionForm>
          <ActionForm action={decideRetentionAction} submit="Refuse" variant="secondary">
            <input type="hidden" name="id" value={rule.id} />
            <input type="hidden" name="decision" value="refuse" />
          </ActionForm>
        </div>
      ) : (
        <p className="text-muted">An administrator or release manager approves it.</p>
      )}
    </section>
  );
}

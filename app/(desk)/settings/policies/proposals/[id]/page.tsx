import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_or-not-found";
import { rowId } from "@/app/_row-id";
import { DownloadButton, LinkButton } from "@/components/ui/button";
import { Digest } from "@/components/ui/digest";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { hasPassword } from "@/lib/auth/account";
import type { Person } from "@/lib/auth/actor";
import { listPasskeys, relyingParty } from "@/lib/auth/passkeys";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { getProposal, policyFacts } from "@/lib/releases/policy-queries";
import { whyNotApprove } from "@/lib/releases/policy-rules";
import { policyWarnings } from "@/lib/releases/policy-warnings";
import { ActionForm } from "../../../_components/action-form";
import { PolicyDiff } from "../../_components/policy-diff";
import { PolicyWords } from "../../_components/policy-words";
import { ProposalBadge } from "../../_components/proposal-badge";
import { Warnings } from "../../_components/warnings";
import { dryRunHref, newPolicyHref, policiesHref, policyHref, proposalHref } from "../../_links";
import { rejectAction, withdrawAction } from "../../actions";
import { ApproveForm } from "./_components/approve-form";

export const metadata: Metadata = { title: "Proposed policy" };

type Proposal = Awaited<ReturnType<typeof getProposal>>;

const did = { approve: "approved", reject: "rejected it", withdraw: "withdrew it" };

export default async function ProposalPage({ params }: { params: Promise<{ id: string }> }) {
  const actor = await requireActor();
  const proposal = await orNotFound(getProposal(actor, rowId((await params).id)));
  const { id, key, state, baseNumber, document, digest } = proposal;
  return (
    <>
      <header className="flex flex-col gap-3">
        <p className="text-sm text-muted">
          <Link href={policiesHref} className="inline-flex min-h-6 items-center underline-offset-2 hover:underline">
            Policies
          </Link>{" "}
          /{" "}
          <Link href={policyHref(key)} className="inline-flex min-h-6 items-center underline-offset-2 hover:underline">
            <UntrustedText text={key} />
          </Link>
        </p>
        <div className="flex flex-wrap items-start justify-between gap-3">
          <div className="min-w-0 grow basis-80">
            <h2 className="flex flex-wrap items-center gap-3 text-xl font-semibold [overflow-wrap:anywhere]">
              {baseNumber === null ? `${key}, a new policy` : `A change of ${key} ${baseNumber}`}{" "}
              <ProposalBadge state={state} />
            </h2>
            <p className="[overflow-wrap:anywhere]">
              “<UntrustedText text={proposal.reason} />”
            </p>
            <p className="text-sm text-muted [overflow-wrap:anywhere]">
              {proposal.proposedBy}, <RelativeTime date={proposal.proposedAt} />. SHA-256 <Digest value={digest} />
            </p>
          </div>
          <div className="flex flex-wrap gap-2">
            <LinkButton href={dryRunHref({ proposal: id })}>Dry run</LinkButton>
            <DownloadButton href={`${proposalHref(id)}/download`}>Download JSON</DownloadButton>
          </div>
        </div>
      </header>
      <Standing proposal={proposal} />
      {state === "open" && <Warnings warnings={policyWarnings(document, await policyFacts(actor))} />}
      <section aria-labelledby="different" className="flex flex-col gap-3">
        <h3 id="different" className="text-lg font-semibold">
          {baseNumber === null ? "What it asks for" : "What is different"}
        </h3>
        {baseNumber === null ? (
          <PolicyWords policy={document} />
        ) : (
          <PolicyDiff
            before={proposal.base}
            after={document}
            names={{
              before: `Version ${baseNumber}`,
              after: proposal.version === null ? "Proposed" : `Version ${proposal.version}`,
            }}
          />
        )}
      </section>
      {state === "open" && <Acts actor={actor} proposal={proposal} />}
    </>
  );
}

/** What it waits for, or how it ended; and who did what. */
function Standing({ proposal }: { proposal: Proposal }) {
  const { state, key, version, approvals, needed, acts, entitled } = proposal;
  return (
    <section aria-label="Approvals" className="flex flex-col gap-2">
      {state === "open" && (
        <p>
          <strong className="font-semibold tabular-nums">
            {approvals} of {needed} approvals.
          </strong>{" "}
          Until then no release can be made under it.{" "}
          {proposal.proposerCounts
            ? "Fewer than three people here may approve, so whoever proposed it may be one of the two."
            : "Whoever proposed it does not count."}
        </p>
      )}
      {state === "open" && entitled.length < needed && (
        <Notice tone="warning">
          Only {entitled.length === 1 ? "one person" : "nobody"} here has the role release manager or administrator, so
          nobody can complete it. An administrator can invite somebody.
        </Notice>
      )}
      {state === "approved" && (
        <Notice tone="success">
          It is version {version} of{" "}
          <Link href={policyHref(key)} className="text-accent underline underline-offset-2">
            <UntrustedText text={key} />
          </Link>
          .
        </Notice>
      )}
      {state === "outdated" && (
        <Notice tone="warning">
          It was written from a version that is no longer the newest, so it can't be approved.{" "}
          <Link href={newPolicyHref(key)} className="text-accent underline underline-offset-2">
            Propose it again from the newest
          </Link>
          .
        </Notice>
      )}
      {acts.length > 0 && (
        <ul className="border-b border-line">
          {acts.map((act) => (
            <li
              key={`${act.kind} ${act.userId}`}
              className="flex flex-wrap gap-x-2 border-t border-line py-1.5 [overflow-wrap:anywhere]"
            >
              <span>
                <span className="font-medium">
                  <UntrustedText text={act.name} />
                </span>{" "}
                {did[act.kind]}
                {act.reason && (
                  <>
                    : “<UntrustedText text={act.reason} />”
                  </>
                )}
              </span>
              <span className="text-sm text-muted">
                <RelativeTime date={act.at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

async function Acts({ actor, proposal }: { actor: Person; proposal: Proposal }) {
  const [password, passkeys] = await Promise.all([hasPassword(actor), listPasskeys(actor)]);
  const party = passkeys.length > 0 ? relyingParty() : null;
  const proof = { hasPassword: password, passkeyOrigin: party?.origin ?? null };
  const approvedBy = proposal.acts.filter(({ kind }) => kind === "approve").map(({ userId }) => userId);
  const whyNot = whyNotApprove(actor.userId, { entitled: proposal.entitled, proposers: proposal, approvedBy });
  const isOwn = proposal.proposedById === actor.userId;
  const mayWithdraw = may(actor, "policy.propose") && (isOwn || actor.roles.includes("administrator"));
  const hidden = <input type="hidden" name="id" value={proposal.id} />;
  return (
    <section aria-labelledby="decide" className="flex flex-col gap-4">
      <h3 id="decide" className="text-lg font-semibold">
        Approve, reject or withdraw
      </h3>
      {whyNot !== null ? (
        <p className="text-muted">{whyNot}</p>
      ) : !proof.hasPassword && proof.passkeyOrigin === null ? (
        <Notice tone="warning">
          Set a password or add a passkey on your account page first: an approval asks for it.
        </Notice>
      ) : (
        <ApproveForm id={proposal.id} policy={proposal.key} digest={proposal.digest} {...proof} />
      )}
      {may(actor, "policy.approve") && !isOwn && (
        <ActionForm action={rejectAction} submit="Reject" variant="danger" className="flex max-w-prose flex-col gap-3">
          {hidden}
          <Field label="Why it is rejected" hint="One rejection ends it; it can be proposed again, changed">
            <Input name="reason" required maxLength={2000} autoComplete="off" />
          </Field>
        </ActionForm>
      )}
      {mayWithdraw && (
        <ActionForm
          action={withdrawAction}
          submit="Withdraw"
          variant="secondary"
          className="flex max-w-prose flex-col gap-3"
        >
          {hidden}
          <Field label="Why it is withdrawn">
            <Input name="reason" required maxLength={2000} autoComplete="off" />
          </Field>
        </ActionForm>
      )}
    </section>
  );
}

import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { z } from "zod";
import { appendAudit } from "../audit/append";
import { type Actor, actorName, type Person, personOf } from "../auth/actor";
import { type Asked, askPasskey } from "../auth/passkeys";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { type Tx, transaction } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { Fault, notFound } from "../errors";
import { ensurePolicies } from "./policy";
import { policyDraftSchema, policyKeySchema } from "./policy-document";
import { entitledPeople } from "./policy-queries";
import { approvalsNeeded, countApprovals, proposalState, whyNotApprove } from "./policy-rules";
import { Reauthentication } from "./reauthenticate";

const reason = (why: string) => z.string().trim().min(1, why).max(2000);

export const proposePolicySchema = z.strictObject({
  key: policyKeySchema,
  /** The version it was written from; left out: the newest. 0: a policy that is new. */
  base: z.int().min(0).max(1_000_000).optional(),
  reason: reason("Say what changes, and why."),
  document: policyDraftSchema,
});
export type ProposePolicy = z.input<typeof proposePolicySchema>;

type Proposal = Awaited<ReturnType<typeof lockProposal>>;

/** One after another in a project, so that nothing that is decided on here changes meanwhile. */
async function lockPolicies(tx: Tx, projectId: number): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(7111, ${projectId}::int)`;
}

async function newestVersion(tx: Tx, projectId: number, key: string) {
  return tx.policy.findFirst({
    where: { projectId, key },
    select: { number: true, digest: true },
    orderBy: { number: "desc" },
  });
}

function subjectOf(proposal: { id: number; key: string }) {
  return { kind: "policy_proposal", id: String(proposal.id), name: proposal.key };
}

/**
 * Proposes a new version of a policy, or a new policy. It can't be used before two people approved it. Throws Fault
 * `conflict` when it was written from a version that is not the newest, or when nothing is different.
 */
export async function proposePolicy({
  actor,
  input,
}: {
  actor: Actor;
  input: ProposePolicy;
}): Promise<{ id: number; digest: string }> {
  permit(actor, "policy.propose");
  const given = proposePolicySchema.parse(input);
  const document = canonicalJson(given.document);
  const digest = sha256Hex(document);
  const { projectId } = actor;
  return transaction(async (tx) => {
    await lockPolicies(tx, projectId);
    await ensurePolicies(tx, projectId);
    const newest = await newestVersion(tx, projectId, given.key);
    if (given.base !== undefined && given.base !== (newest?.number ?? 0)) {
      const now = newest
        ? `Version ${newest.number} of ${given.key} is the newest`
        : `There is no policy ${given.key} yet`;
      throw new Fault("conflict", `${now}: start from there, so that the difference is what people approve.`, {
        field: "base",
      });
    }
    if (newest?.digest === digest) {
      throw new Fault("conflict", `Nothing is different: this is version ${newest.number} of ${given.key}.`, {
        field: "document",
      });
    }
    const { id } = await tx.policyProposal.create({
      data: {
        projectId,
        key: given.key,
        baseNumber: newest?.number ?? null,
        document,
        digest,
        reason: given.reason,
        proposedById: personOf(actor),
        tokenMadeById: actor.kind === "token" ? await tokenMaker(tx, actor.tokenId) : null,
        proposedBy: actorName(actor),
      },
      select: { id: true },
    });
    await appendAudit(tx, actor, {
      action: "policy.proposed",
      subject: subjectOf({ id, key: given.key }),
      before: newest?.digest,
      after: digest,
      details: { key: given.key, from: newest?.number ?? null, reason: given.reason },
    });
    return { id, digest };
  });
}

async function tokenMaker(tx: Tx, id: number): Promise<number | null> {
  const token = await tx.apiToken.findUnique({ where: { id }, select: { createdById: true } });
  return token?.createdById ?? null;
}

async function lockProposal(tx: Tx, actor: Actor, id: number) {
  await lockPolicies(tx, actor.projectId);
  const proposal = await tx.policyProposal.findFirst({
    where: { id, projectId: actor.projectId },
    include: { acts: { orderBy: { id: "asc" } }, policy: { select: { number: true } } },
  });
  if (!proposal) throw notFound("The proposal");
  const newest = await newestVersion(tx, actor.projectId, proposal.key);
  return { ...proposal, newest };
}

const stateWords = {
  approved: "is approved already",
  rejected: "was rejected",
  withdrawn: "was withdrawn",
  outdated: "was written from a version that is no longer the newest: propose it again",
};

function stateOf({ policy, acts, baseNumber, newest }: Proposal) {
  return proposalState({ version: policy?.number ?? null, acts, baseNumber, newest: newest?.number ?? null });
}

function mustBeOpen(proposal: Proposal): void {
  const state = stateOf(proposal);
  if (state !== "open") throw new Fault("conflict", `This proposal ${stateWords[state]}. Nothing was recorded.`);
}

const approveSchema = z.strictObject({
  proposalId: z.int().min(0),
  /** Of the document that was read. */
  digest: z.string().regex(/^[0-9a-f]{64}$/, "This is no digest."),
  reason: z.string().trim().max(2000).optional(),
});

export type Approved = {
  approvals: number;
  /** The version that it became with this approval; null: it waits for somebody else. */
  version: number | null;
};

export const policyApprovalFormat = "countersign-policy-approval/1";

type Approval = z.input<typeof approveSchema>;

/** What an approval is on, as one canonical text: a passkey signs it. */
function statementOf(actor: Person, key: string, { proposalId, digest, reason }: Approval): string {
  return canonicalJson({
    format: policyApprovalFormat,
    ...{ policy: key, proposal: proposalId, sha256: digest, reason: reason?.trim() || null },
    signer: { id: actor.userId, email: actor.email, name: actor.name },
  });
}

async function recordRefusal(actor: Actor, proposalId: number, why: string): Promise<void> {
  await transaction(async (tx) => {
    const proposal = await lockProposal(tx, actor, proposalId);
    await appendAudit(tx, actor, {
      action: "policy.approval_refused",
      subject: subjectOf(proposal),
      after: proposal.digest,
      details: { reason: why },
    });
  });
}

async function keyOf(actor: Actor, id: number): Promise<string> {
  const found = await db.policyProposal.findFirst({
    where: { id, projectId: actor.projectId },
    select: { key: true },
  });
  if (!found) throw notFound("The proposal");
  return found.key;
}

/** Checks the password again and approves. Throws Fault `invalid` for a wrong one (recorded), and what `approvePolicy` throws. */
export async function approvePolicyWithPassword({
  actor,
  input,
}: {
  actor: Person;
  input: Approval & { password: string };
}): Promise<Approved> {
  const { password, ...given } = input;
  await keyOf(actor, given.proposalId);
  const proof = await Reauthentication.byPassword(actor, password);
  if (!proof) {
    await recordRefusal(actor, given.proposalId, "The password was wrong.");
    throw new Fault("invalid", "That is not your password. Nothing was approved.", { field: "password" });
  }
  return approvePolicy({ actor, input: given, proof });
}

/** Asks a passkey of this person to approve. */
export async function askToApprovePolicy({ actor, input }: { actor: Person; input: Approval }): Promise<Asked> {
  permit(actor, "policy.approve");
  return askPasskey(actor, statementOf(actor, await keyOf(actor, input.proposalId), approveSchema.parse(input)));
}

/** Takes a passkey's answer to `askToApprovePolicy` and approves what was asked about. */
export async function approvePolicyWithPasskey({
  actor,
  input,
}: {
  actor: Person;
  input: Approval & { challengeId: string; response: AuthenticationResponseJSON };
}): Promise<Approved> {
  const { challengeId, response, ...given } = input;
  await keyOf(actor, given.proposalId);
  const proof = await Reauthentication.byPasskey(actor, { challengeId, response }).catch(async (error: unknown) => {
    if (error instanceof Fault) await recordRefusal(actor, given.proposalId, error.message);
    throw error;
  });
  return approvePolicy({ actor, input: given, proof });
}

/**
 * One person's approval of a proposed version. With the second of different people who may approve it becomes the newest
 * version. Only people, in the browser, who gave their password or passkey again: an attempt by a token, by a proposer where two
 * others must approve, or without such a proof is recorded and refused (Fault `forbidden`).
 */
export async function approvePolicy({
  actor,
  input,
  proof,
}: {
  actor: Actor;
  input: Approval;
  proof: Reauthentication | null;
}): Promise<Approved> {
  const given = approveSchema.parse(input);
  // Once, whatever happens afterwards.
  const proved = actor.kind === "person" && Reauthentication.use(proof, actor.userId) ? proof : null;
  const result = await transaction(async (tx) => {
    const proposal = await lockProposal(tx, actor, given.proposalId);
    const refuse = async (why: string) => {
      await appendAudit(tx, actor, {
        action: "policy.approval_refused",
        subject: subjectOf(proposal),
        after: proposal.digest,
        details: { reason: why },
      });
      return { refused: why };
    };
    if (actor.kind !== "person") return refuse("A token can't approve. People approve in the browser.");
    const entitled = await entitledPeople(tx, actor.projectId);
    const approvedBy = proposal.acts.filter(({ kind }) => kind === "approve").map(({ userId }) => userId);
    const why = whyNotApprove(actor.userId, { entitled, proposers: proposal, approvedBy });
    if (why !== null && !approvedBy.includes(actor.userId)) return refuse(why);
    mustBeOpen(proposal);
    if (why !== null) throw new Fault("conflict", why);
    if (!proved) return refuse("Neither password nor passkey was given again.");
    const statement = statementOf(actor, proposal.key, given);
    // A passkey's proof is good for what it signed alone.
    if (proved.signed && proved.signed.statement !== statement)
      return refuse("The passkey was used for another statement than this one.");
    if (proposal.digest !== given.digest) {
      throw new Fault("conflict", "This is not the document that you read. Read the proposal again.");
    }
    await tx.policyAct.create({
      data: {
        proposalId: proposal.id,
        kind: "approve",
        userId: actor.userId,
        name: actor.name,
        reason: given.reason || null,
      },
    });
    const approvals = countApprovals([...approvedBy, actor.userId], entitled, proposal);
    const version = approvals >= approvalsNeeded ? (proposal.newest?.number ?? 0) + 1 : null;
    if (version !== null) {
      const { projectId, key, document, digest, proposedBy: createdBy, id: proposalId } = proposal;
      await tx.policy.create({ data: { projectId, key, number: version, document, digest, createdBy, proposalId } });
    }
    await appendAudit(tx, actor, {
      action: version === null ? "policy.approval_given" : "policy.changed",
      subject: subjectOf(proposal),
      before: proposal.newest?.digest,
      after: proposal.digest,
      details: {
        ...{ key: proposal.key, approvals, version, reason: given.reason ?? null },
        ...{ reauthentication: proved.method, statement },
        ...(proved.signed && { assertion: proved.signed.assertion }),
      },
    });
    return { approvals, version };
  });
  if ("refused" in result) throw new Fault("forbidden", result.refused);
  return result;
}

const endSchema = z.strictObject({ proposalId: z.int().min(0), reason: reason("Say why.") });
type End = z.input<typeof endSchema>;

/** Ends a proposal for good: one person who may approve, and did not propose it, says why not. People only. */
export async function rejectPolicy({ actor, input }: { actor: Actor; input: End }): Promise<void> {
  permit(actor, "policy.approve");
  if (actor.kind !== "person") throw new Fault("forbidden", "A token can't reject. People do, in the browser.");
  await end(actor, input, "reject", (proposal) =>
    proposal.proposedById === actor.userId ? "You proposed this: withdraw it instead." : null,
  );
}

/** Takes a proposal back: whoever proposed it, or an administrator. */
export async function withdrawProposal({ actor, input }: { actor: Actor; input: End }): Promise<void> {
  permit(actor, "policy.propose");
  await end(actor, input, "withdraw", (proposal) => {
    const isOwn = proposal.proposedById !== null && proposal.proposedById === personOf(actor);
    return isOwn || actor.roles.includes("administrator")
      ? null
      : "Only whoever proposed it or an administrator may withdraw it. You may reject it.";
  });
}

async function end(
  actor: Actor,
  input: End,
  kind: "reject" | "withdraw",
  whyNot: (proposal: Proposal) => string | null,
): Promise<void> {
  const given = endSchema.parse(input);
  await transaction(async (tx) => {
    const proposal = await lockProposal(tx, actor, given.proposalId);
    const why = whyNot(proposal);
    if (why) throw new Fault("forbidden", why);
    // One that is outdated may be ended as well: it tidies up.
    if (stateOf(proposal) !== "outdated") mustBeOpen(proposal);
    const name = actor.kind === "person" ? actor.name : actorName(actor);
    const data = { proposalId: proposal.id, kind, userId: personOf(actor), name, reason: given.reason };
    await tx.policyAct.create({ data });
    await appendAudit(tx, actor, {
      action: kind === "reject" ? "policy.rejected" : "policy.withdrawn",
      subject: subjectOf(proposal),
      before: proposal.digest,
      details: { key: proposal.key, reason: given.reason },
    });
  });
}

import { appendAudit } from "../audit/append";
import { checkpointNow } from "../audit/publish";
import { type Actor, actorName, type Person } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db } from "../db/client";
import { type Tx, transaction, violates } from "../db/transaction";
import { Fault, notFound } from "../errors";
import { writeLabelMove } from "../prompts/label-moves";
import { readPolicy } from "./policy";
import { Reauthentication } from "./reauthenticate";
import { blocking, contribution, type Gate } from "./rules";
import { type SignOffInput, signOffSchema } from "./schema";

type Subject = Awaited<ReturnType<typeof loadSubject>>;

async function loadSubject(actor: Actor, releaseId: number) {
  permit(actor, "project.read");
  const release = await db.release.findFirst({
    where: { id: releaseId, projectId: actor.projectId },
    include: {
      prompt: { select: { name: true } },
      baseline: { select: { key: true } },
      candidate: { select: { id: true, key: true, author: true, contributorId: true } },
      candidateRun: { select: { import: { select: { createdById: true } } } },
      policy: { select: { document: true } },
    },
  });
  if (!release) throw notFound("The release");
  return release;
}

function subjectOf(release: Subject) {
  const name = `${release.prompt.name} ${release.baseline.key} → ${release.candidate.key}`;
  return { kind: "release", id: String(release.id), name };
}

/** Why this actor may not sign this release, or null. The page says it; signing enforces it. */
async function whyNot(actor: Actor, release: Subject): Promise<string | null> {
  switch (actor.kind) {
    case "token":
      return "A token can't sign. People sign in the browser.";
    case "system":
      return "Only a person can sign.";
    case "person": {
      // The role itself is needed: an administrator has no way around it.
      if (!may(actor, "release.sign")) return "Signing needs the role release manager in this project.";
      const { author, contributorId } = release.candidate;
      return contribution(actor, {
        author,
        contributorId,
        runImportedById: release.candidateRun.import?.createdById ?? null,
        holdsTokensOf: await ownersOfTokensMadeBy(actor),
      });
    }
  }
}

async function ownersOfTokensMadeBy({ userId, projectId }: Person): Promise<number[]> {
  const tokens = await db.apiToken.findMany({
    where: { projectId, createdById: userId, userId: { not: userId } },
    distinct: ["userId"],
    select: { userId: true },
  });
  return tokens.flatMap((token) => token.userId ?? []);
}

export async function whyMayNotSign(actor: Actor, releaseId: number): Promise<string | null> {
  return whyNot(actor, await loadSubject(actor, releaseId));
}

/** Records the attempt in its own transaction, so that it stays although nothing else happens. */
async function recordRefusal(actor: Actor, release: Subject, decision: string, reason: string): Promise<void> {
  await transaction((tx) =>
    appendAudit(tx, actor, {
      action: "release.sign_off_refused",
      subject: subjectOf(release),
      details: { decision, reason },
    }),
  );
}

/**
 * Checks the password again and signs. Throws Fault `invalid` for a wrong password (recorded), `rate_limited` after too
 * many, and what `signOff` throws.
 */
export async function signOffWithPassword({
  actor,
  input,
}: {
  actor: Person;
  input: SignOffInput & { password: string };
}): Promise<SignedOff> {
  const { password, ...rest } = input;
  const statement = signOffSchema.parse(rest);
  const release = await loadSubject(actor, statement.releaseId);
  await refuseIfNotAllowed(actor, release, statement.decision);
  const reauthentication = await Reauthentication.byPassword(actor, password);
  if (!reauthentication) {
    await recordRefusal(actor, release, statement.decision, "The password was wrong.");
    throw new Fault("invalid", "That is not your password. Nothing was signed.", { field: "password" });
  }
  return signOff({ actor, input: { ...statement, reauthentication } });
}

async function refuseIfNotAllowed(actor: Actor, release: Subject, decision: string): Promise<void> {
  const reason = await whyNot(actor, release);
  if (reason === null) return;
  await recordRefusal(actor, release, decision, reason);
  throw new Fault("forbidden", reason);
}

export type SignedOff = {
  /** The state of the release after this signature. */
  state: "ready" | "approved" | "refused";
  approvals: number;
  /** Whether a signed checkpoint of the audit log covers the signature already. */
  checkpoint: "signed" | "refused" | "failed";
};

/**
 * One person's signature on one evidence digest. Only a person with the role release manager who is no contributor; an
 * attempt by anyone else is recorded and refused (Fault `forbidden`). Fault `conflict` when the release or its evidence
 * is another than what was seen, when gates are open, or when the person signed already.
 */
export async function signOff({
  actor,
  input,
}: {
  actor: Actor;
  input: SignOffInput & { reauthentication: Reauthentication | null };
}): Promise<SignedOff> {
  const { reauthentication, ...rest } = input;
  const statement = signOffSchema.parse(rest);
  const release = await loadSubject(actor, statement.releaseId);
  await refuseIfNotAllowed(actor, release, statement.decision);
  if (actor.kind !== "person") throw new Fault("forbidden", "Only a person can sign.");
  if (!Reauthentication.use(reauthentication, actor.userId)) {
    const reason = "The password was not given again.";
    await recordRefusal(actor, release, statement.decision, reason);
    throw new Fault("forbidden", reason);
  }
  await checkEvidence(actor, release, statement);
  let decided: { state: SignedOff["state"]; approvals: number };
  try {
    decided = await transaction((tx) => decide(tx, actor, release, statement, reauthentication.method));
  } catch (error) {
    if (violates(error, "sign_off")) {
      throw new Fault("conflict", "You signed this evidence already. It needs the signature of somebody else.");
    }
    throw error;
  }
  const checkpoint = await checkpointNow("sign_off").then(
    ({ state }) => (state === "signed" ? ("signed" as const) : ("refused" as const)),
    (error: unknown) => {
      console.error("The decision is stored; its checkpoint could not be signed yet.", error);
      return "failed" as const;
    },
  );
  return { ...decided, checkpoint };
}

/** An approval needs every gate of the evidence but the signatures. */
async function checkEvidence(actor: Person, release: Subject, statement: SignOffInput): Promise<void> {
  if (statement.decision === "refuse") return;
  const [row] = await db.$queryRaw<{ gates: Gate[] }[]>`
    SELECT body::json -> 'gates' AS gates FROM evidence
     WHERE release_id = ${release.id} AND digest = ${statement.evidenceDigest}`;
  if (!row) throw await conflictOf(db, release.id, statement.evidenceDigest);
  const open = blocking(row.gates);
  if (open.length === 0) return;
  const reason = `Not every gate is met: ${open.map(({ detail }) => detail).join(" ")}`;
  await recordRefusal(actor, release, statement.decision, reason);
  throw new Fault("conflict", reason);
}

async function decide(
  tx: Tx,
  actor: Person,
  release: Subject,
  { decision, evidenceDigest, meaning, reason }: SignOffInput,
  method: string,
): Promise<{ state: SignedOff["state"]; approvals: number }> {
  const { signers } = readPolicy(release.policy.document);
  // The deciding statement: it counts this approval and decides, and it touches no row when anything seen has changed.
  const [row] = await tx.$queryRaw<{ state: SignedOff["state"]; approvals: number; decidedAt: Date | null }[]>`
    UPDATE release
       SET approvals = approvals + (${decision} = 'approve')::int,
           state = CASE WHEN ${decision} = 'refuse' THEN 'refused'::release_state
                        WHEN approvals + 1 >= ${signers}::int THEN 'approved'::release_state ELSE state END,
           decided_at = CASE WHEN ${decision} = 'refuse' OR approvals + 1 >= ${signers}::int THEN now() END
     WHERE id = ${release.id} AND project_id = ${actor.projectId}
       AND state = 'ready' AND evidence_digest = ${evidenceDigest}
    RETURNING state::text, approvals, decided_at AS "decidedAt"`;
  if (!row) throw await conflictOf(tx, release.id, evidenceDigest);
  const { state, approvals, decidedAt } = row;
  await tx.signOff.create({
    data: {
      releaseId: release.id,
      evidenceDigest,
      userId: actor.userId,
      printedName: actor.name,
      roles: actor.roles,
      decision,
      meaning,
      reason,
      reauthentication: method,
    },
  });
  if (state === "approved") await moveLabel(tx, actor, release, reason);
  const details = { decision, meaning, reason, evidenceDigest, approvals, signers, reauthentication: method };
  const action = {
    ready: "sign_off.given" as const,
    approved: "release.signed_off" as const,
    refused: "release.refused" as const,
  }[state];
  const { index } = await appendAudit(tx, actor, {
    action,
    subject: subjectOf(release),
    before: evidenceDigest,
    after: evidenceDigest,
    details,
  });
  // Only now is the index known; the decision row names it.
  if (decidedAt && state !== "ready") {
    await tx.decision.create({
      data: { releaseId: release.id, outcome: state, evidenceDigest, auditIndex: index, decidedAt },
    });
  }
  return { state, approvals };
}

/** Moves the release's label from the baseline to the candidate. A label that left the baseline meanwhile is a conflict. */
async function moveLabel(tx: Tx, actor: Person, release: Subject, reason: string): Promise<void> {
  if (release.label === null) return;
  const where = { promptId: release.promptId, name: release.label };
  const select = { id: true, key: true, digest: true };
  const label = await tx.label.findUnique({ where: { promptId_name: where }, select: { version: { select } } });
  if (label?.version.id === release.candidateId) return;
  const to = await tx.promptVersion.findUniqueOrThrow({ where: { id: release.candidateId }, select });
  const moved =
    label?.version.id === release.baselineId
      ? await writeLabelMove(tx, {
          prompt: { id: release.promptId, name: release.prompt.name },
          label: release.label,
          kind: "released",
          from: label.version,
          to,
          releaseId: release.id,
          reason,
          by: { name: actorName(actor), userId: actor.userId },
        })
      : null;
  if (!moved) {
    const found = label ? `points to ${label.version.key} now` : "is gone";
    const why = `The label ${release.label} ${found}; this release compared with ${release.baseline.key}.`;
    throw new Fault("conflict", `${why} Withdraw it and make a new one.`);
  }
  await appendAudit(tx, actor, moved.event);
}

/** Says what changed since the person looked. */
async function conflictOf(tx: Tx, releaseId: number, seen: string): Promise<Fault> {
  const now = await tx.release.findUniqueOrThrow({
    where: { id: releaseId },
    select: { state: true, evidenceDigest: true },
  });
  switch (now.state) {
    case "approved":
    case "refused":
    case "withdrawn":
      return new Fault("conflict", `This release is ${now.state} already: nothing about it changes any more.`);
    case "draft":
    case "grading":
      return new Fault(
        "conflict",
        "The grading was reopened, so the evidence you saw is no longer what will be decided.",
      );
    case "ready":
      return new Fault(
        "conflict",
        `The evidence changed since you looked: you saw ${seen.slice(0, 12)}…, it is now ${now.evidenceDigest?.slice(0, 12)}…. Read it again.`,
      );
  }
}

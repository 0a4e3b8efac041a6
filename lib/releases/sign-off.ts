import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { appendAudit } from "../audit/append";
import { checkpointNow } from "../audit/publish";
import { type Actor, actorName, type Person, personOf, type Role } from "../auth/actor";
import { type Asked, askPasskey } from "../auth/passkeys";
import { may, permit } from "../auth/permit";
import { db } from "../db/client";
import { type Tx, transaction, violates } from "../db/transaction";
import { canonicalJson, type JsonObject } from "../digest";
import { Fault, notFound } from "../errors";
import { writeLabelMove } from "../prompts/label-moves";
import { reasonsAgainst, saidToThem } from "./contributors";
import { inOneLine } from "./evidence-changes";
import { changedSinceFrozen, changesBetween } from "./frozen";
import { listOpened, type Opened } from "./opened";
import { type PolicyDocument, readPolicy } from "./policy-document";
import { Reauthentication } from "./reauthenticate";
import { blocking, decides, type Gate, isSamePart, type Standing, standingOf, unwaived, waivedUntil } from "./rules";
import {
  type GivenWaiver,
  meaningsFor,
  type SignOffDecision,
  type SignOffInput,
  signOffSchema,
  withdrawSignOffSchema,
} from "./schema";
import { contributionsTo, listSigners } from "./signers";
import { type WaiverOn, waiversOn } from "./waivers";
import { waivedInWords } from "./words";

export const statementFormat = "countersign-sign-off/1";

type Given = ReturnType<typeof signOffSchema.parse>;
type Subject = Awaited<ReturnType<typeof loadSubject>>;

async function loadSubject(actor: Actor, releaseId: number) {
  permit(actor, "project.read");
  const version = { select: { id: true, key: true, digest: true } };
  const release = await db.release.findFirst({
    where: { id: releaseId, projectId: actor.projectId },
    include: {
      project: { select: { key: true } },
      prompt: { select: { name: true } },
      baseline: version,
      candidate: version,
      policy: { select: { document: true } },
    },
  });
  if (!release) throw notFound("The release");
  return { ...release, policy: readPolicy(release.policy.document) };
}

function subjectOf(release: Subject) {
  const name = `${release.prompt.name} ${release.baseline.key} → ${release.candidate.key}`;
  return { kind: "release", id: String(release.id), name };
}

/** An attempt to sign that is refused: it goes on record before the Fault goes out. */
class Refused extends Fault {}

/** Why this actor may not sign this release, whatever its evidence says, or null. */
async function whyNot(tx: Tx, actor: Actor, release: Subject): Promise<string | null> {
  switch (actor.kind) {
    case "token":
      return "A token can't sign. People sign in the browser.";
    case "system":
      return "Only a person can sign.";
    case "person": {
      // The role itself is needed: an administrator has no way around it.
      if (!may(actor, "release.sign")) {
        return "You may not sign: signing needs the role release manager in this project.";
      }
      const against = reasonsAgainst(actor, await contributionsTo(tx, release.id, release.policy));
      if (against.length === 0) return null;
      return `You may not sign: ${saidToThem(against)}.`;
    }
  }
}

/** Why this actor may not sign the release as it is now, or null: pages say what signing would answer. */
export async function whyMayNotSign(actor: Actor, releaseId: number): Promise<string | null> {
  const release = await loadSubject(actor, releaseId);
  const against = await whyNot(db, actor, release);
  if (against !== null) return against;
  return hasSigned(await signaturesNow(release), personOf(actor)) ? signedAlready().message : null;
}

/** The names of the others who may sign the release as it is now. */
export async function whoElseMaySign(actor: Actor, releaseId: number): Promise<string[]> {
  const release = await loadSubject(actor, releaseId);
  const [signers, signatures] = await Promise.all([listSigners(actor, release.id), signaturesNow(release)]);
  return signers
    .filter(
      ({ userId, against }) => against.length === 0 && userId !== personOf(actor) && !hasSigned(signatures, userId),
    )
    .map(({ name }) => name);
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

/** Runs a part of signing; what it refuses is on record before the caller hears of it. */
async function recorded<T>(actor: Actor, release: Subject, decision: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) await recordRefusal(actor, release, decision, error.message);
    throw error;
  }
}

async function refuseIfNotAllowed(tx: Tx, actor: Actor, release: Subject): Promise<void> {
  const reason = await whyNot(tx, actor, release);
  if (reason !== null) throw new Refused("forbidden", reason);
}

/** What a signature is on: everything it says, as one canonical text. A passkey signs this very text. */
function statementOf(
  actor: Person,
  release: Subject,
  { evidenceDigest, decision, meaning, reason, waivers }: Given,
  opened: readonly Opened[],
): string {
  const { project, prompt, baseline, candidate, label } = release;
  return canonicalJson({
    format: statementFormat,
    release: { id: release.id, project: project.key, prompt: prompt.name, label },
    baseline: { version: baseline.key, sha256: baseline.digest },
    candidate: { version: candidate.key, sha256: candidate.digest },
    evidence: evidenceDigest,
    signer: { id: actor.userId, email: actor.email, name: actor.name },
    ...{ decision, meaning, reason, waivers, opened },
  });
}

/** What was said again from a statement that this server made and a passkey signed. */
function readStatement(statement: string): Given & { opened: Opened[] } {
  const { release, evidence, decision, meaning, reason, waivers, opened } = JSON.parse(statement);
  const given = signOffSchema.parse({
    ...{ releaseId: release.id, evidenceDigest: evidence, decision, meaning, reason, waivers },
  });
  return { ...given, opened };
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
  const given = signOffSchema.parse(rest);
  const release = await loadSubject(actor, given.releaseId);
  await recorded(actor, release, given.decision, () => refuseIfNotAllowed(db, actor, release));
  const reauthentication = await Reauthentication.byPassword(actor, password);
  if (!reauthentication) {
    await recordRefusal(actor, release, given.decision, "The password was wrong.");
    throw new Fault("invalid", "That is not your password. Nothing was signed.", { field: "password" });
  }
  return signOff({ actor, input: { ...given, reauthentication } });
}

/**
 * Asks a passkey of this person to sign: all that the signature says is fixed here. What `signOff` would refuse now is
 * refused before anybody touches a key.
 */
export async function askToSign({ actor, input }: { actor: Person; input: SignOffInput }): Promise<Asked> {
  const given = signOffSchema.parse(input);
  const release = await loadSubject(actor, given.releaseId);
  return recorded(actor, release, given.decision, async () => {
    await refuseIfNotAllowed(db, actor, release);
    await checkGiven(db, actor, release, given);
    const opened = await listOpened(actor, release.id, given.evidenceDigest);
    return askPasskey(actor, statementOf(actor, release, given, opened));
  });
}

/** Takes a passkey's answer to `askToSign` and signs what was asked about, whatever the caller says besides. */
export async function signOffWithPasskey({
  actor,
  input,
}: {
  actor: Person;
  input: { releaseId: number; challengeId: string; response: AuthenticationResponseJSON };
}): Promise<SignedOff> {
  const { releaseId, ...answer } = input;
  const release = await loadSubject(actor, releaseId);
  const reauthentication = await recorded(actor, release, "passkey", async () => {
    await refuseIfNotAllowed(db, actor, release);
    return Reauthentication.byPasskey(actor, answer).catch((error: unknown) => {
      throw error instanceof Fault ? new Refused(error.code, error.message) : error;
    });
  });
  const { statement } = reauthentication.signed!;
  const about = JSON.parse(statement) as { format?: unknown; release?: { id?: unknown } };
  if (about.format !== statementFormat || about.release?.id !== releaseId) {
    const reason = "The passkey was used for another statement than this one.";
    await recordRefusal(actor, release, "passkey", reason);
    throw new Fault("forbidden", reason);
  }
  const { opened: _, ...given } = readStatement(statement);
  return signOff({ actor, input: { ...given, reauthentication } });
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
  const given = signOffSchema.parse(rest);
  const release = await loadSubject(actor, given.releaseId);
  const decided = await recorded(actor, release, given.decision, async () => {
    await refuseIfNotAllowed(db, actor, release);
    if (actor.kind !== "person") throw new Refused("forbidden", "Only a person can sign.");
    if (!Reauthentication.use(reauthentication, actor.userId)) {
      throw new Refused("forbidden", "Neither password nor passkey was given again.");
    }
    const opened = await listOpened(actor, release.id, given.evidenceDigest);
    const statement = reauthentication.signed?.statement ?? statementOf(actor, release, given, opened);
    // A passkey's proof is good for what it signed alone.
    const { opened: told, ...said } = readStatement(statement);
    if (canonicalJson(said) !== canonicalJson(given)) {
      throw new Refused("forbidden", "The passkey was used for another statement than this one.");
    }
    try {
      return await transaction((tx) =>
        decide(tx, actor, release, { ...given, opened: told, statement, proof: reauthentication }),
      );
    } catch (error) {
      if (violates(error, "sign_off")) throw signedAlready();
      throw error;
    }
  });
  const checkpoint = await checkpointNow("sign_off").then(
    ({ state }) => (state === "signed" ? ("signed" as const) : ("refused" as const)),
    (error: unknown) => {
      console.error("The decision is stored; its checkpoint could not be signed yet.", error);
      return "failed" as const;
    },
  );
  return { ...decided, checkpoint };
}

function signedAlready(): Fault {
  return new Fault("conflict", "You signed this evidence already; it needs the signature of somebody else.");
}

/** What can be said of a signature before anybody proves who they are. */
async function checkGiven(tx: Tx, actor: Actor, release: Subject, given: Given): Promise<void> {
  const { policy } = release;
  if (!meaningsFor(given.decision, policy.meanings).includes(given.meaning)) {
    throw new Fault("invalid", "Choose what your signature means.", { field: "meaning" });
  }
  for (const { gate, until } of given.waivers) {
    const field = { field: "waivers" };
    const name = gate.replaceAll("_", " ");
    if (!policy.waivers.gates.includes(gate)) {
      throw new Refused("conflict", `The policy lets nobody waive the gate ${name}.`, field);
    }
    const days = (Date.parse(until) - Date.now()) / 86_400_000;
    if (days <= 0) throw new Fault("invalid", "A waiver ends in the future.", field);
    if (days > policy.waivers.maxDays) {
      throw new Refused("conflict", `A waiver lasts at most ${policy.waivers.maxDays} days by this policy.`, field);
    }
  }
  if (given.decision !== "approve") return;
  const [row] = await tx.$queryRaw<{ gates: Gate[] }[]>`
    SELECT body::json -> 'gates' AS gates FROM evidence
     WHERE release_id = ${release.id} AND digest = ${given.evidenceDigest}`;
  if (!row) throw await conflictOf(tx, actor, release.id, given.evidenceDigest);
  const inForce = await waiversOn(tx, release.id, given.evidenceDigest);
  const waivers = [...given.waivers, ...inForce];
  for (const { gate: key, scope } of given.waivers) {
    const gate = row.gates.find((gate) => gate.key === key);
    const name = waivedInWords({ gate: key, scope });
    const isOpen = gate && (scope ? gate.open?.some((part) => isSamePart(part, scope)) : gate.status !== "met");
    if (isOpen) continue;
    const why = scope ? "is not open on its own" : "is met";
    throw new Fault("invalid", `The gate ${name} ${why}: there is nothing to waive.`, { field: "waivers" });
  }
  const open = blocking(row.gates, waivers);
  if (open.length === 0) return;
  const ended = open.flatMap((gate) => inForce.filter((waiver) => waiver.gate === gate.key && hasEnded(waiver)));
  const why = [
    ...open.map(({ detail }) => detail),
    ...open.flatMap((gate) => stillOpen(gate, waivers)),
    ...ended.map(endedWaiver),
  ];
  throw new Refused("conflict", `Not every gate is met: ${why.join(" ")}`);
}

/** Which parts of a gate nobody waives, where some of it is waived. */
function stillOpen(gate: Gate, waivers: readonly GivenWaiver[]): string[] {
  if (!waivers.some(({ gate: key }) => key === gate.key)) return [];
  const parts = unwaived(gate, waivers).filter((part) => part !== null);
  return parts.map((scope) => `Nobody waives ${waivedInWords({ gate: gate.key, scope })}.`);
}

const hasEnded = ({ until }: WaiverOn) => Date.parse(until) <= Date.now();

function endedWaiver({ by, until }: WaiverOn): string {
  return `The waiver by ${by} ended on ${until.slice(0, 10)}.`;
}

type Deciding = Given & { opened: Opened[]; statement: string; proof: Reauthentication };
type Decided = { state: SignedOff["state"]; approvals: number };

async function decide(tx: Tx, actor: Person, release: Subject, given: Deciding): Promise<Decided> {
  const { decision, evidenceDigest, meaning, reason, waivers, opened, statement, proof } = given;
  // One signature on a release at a time; everything below is read after this lock, and holds until the commit.
  const [seen] = await tx.$queryRaw<{ id: number }[]>`
    SELECT id FROM release WHERE id = ${release.id} AND project_id = ${actor.projectId}
       AND state = 'ready' AND evidence_digest = ${evidenceDigest} FOR UPDATE`;
  if (!seen) throw await conflictOf(tx, actor, release.id, evidenceDigest);
  await refuseIfNotAllowed(tx, await asOfNow(tx, actor), release);
  await checkGiven(tx, actor, release, given);
  const changed = await changedSinceFrozen(actor, release.id, evidenceDigest, tx);
  if (changed) {
    const what = inOneLine(changed) || "the stored text is no longer what its digest says";
    throw new Refused("conflict", `What the evidence rests on changed while it waited: ${what}. Reopen and close it.`);
  }
  const before = await signaturesOn(tx, release.id, evidenceDigest);
  if (hasSigned(before, actor.userId)) throw signedAlready();
  const own = before.filter(({ userId }) => userId === actor.userId);
  const { id } = await tx.signOff.create({
    data: {
      releaseId: release.id,
      evidenceDigest,
      userId: actor.userId,
      printedName: actor.name,
      roles: actor.roles,
      ...{ decision, meaning, reason, statement },
      reauthentication: proof.method,
      number: own.length + 1,
      waivers: canonicalJson(waivers),
      opened: canonicalJson(opened),
      assertion: proof.signed ? canonicalJson(proof.signed.assertion) : null,
    },
  });
  const counted = [...before.filter(({ withdrawn }) => !withdrawn), { email: actor.email, decision }];
  const standing = standingOf(release.policy, counted);
  const outcome = outcomeOf(release.policy, standing, decision);
  // The deciding statement: it touches no row when anything that was seen has changed.
  const [row] = await tx.$queryRaw<{ decidedAt: Date | null }[]>`
    UPDATE release SET approvals = ${standing.approvals}::int, state = ${outcome ?? "ready"}::release_state,
           decided_at = CASE WHEN ${outcome !== null} THEN now() END
     WHERE id = ${release.id} AND state = 'ready' AND evidence_digest = ${evidenceDigest}
    RETURNING decided_at AS "decidedAt"`;
  if (!row) throw await conflictOf(tx, actor, release.id, evidenceDigest);
  const waivedUntil = outcome === "approved" ? await endOfWaivers(tx, release.id, evidenceDigest) : null;
  if (outcome === "approved") await moveLabel(tx, actor, release, reason);
  const { approvals } = standing;
  const state = outcome ?? "ready";
  const details: JsonObject = {
    ...{ decision, meaning, reason, evidenceDigest, approvals, signers: release.policy.signers },
    reauthentication: proof.method,
    signOff: id,
    statement,
    ...(waivers.length > 0 && { waivers }),
    ...(opened.length > 0 && { opened }),
    ...(proof.signed && { assertion: proof.signed.assertion }),
  };
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
  if (outcome && row.decidedAt) {
    const decidedAt = row.decidedAt;
    await tx.decision.create({
      data: { releaseId: release.id, outcome, evidenceDigest, auditIndex: index, decidedAt, waivedUntil },
    });
  }
  return { state, approvals };
}

/** The person with the roles of this moment, which stay until the commit. */
async function asOfNow(tx: Tx, actor: Person): Promise<Person> {
  const [row] = await tx.$queryRaw<{ roles: Role[] }[]>`
    SELECT m.roles::text[] AS roles FROM membership m JOIN app_user u ON u.id = m.user_id AND u.disabled_at IS NULL
     WHERE m.project_id = ${actor.projectId} AND m.user_id = ${actor.userId} FOR SHARE OF m`;
  return { ...actor, roles: row?.roles ?? [] };
}

type Signature = { id: number; userId: number; email: string; decision: SignOffDecision; withdrawn: boolean };

async function signaturesOn(tx: Tx, releaseId: number, digest: string): Promise<Signature[]> {
  return tx.$queryRaw<Signature[]>`
    SELECT s.id, s.user_id AS "userId", u.email, s.decision::text, w.sign_off_id IS NOT NULL AS withdrawn
      FROM sign_off s JOIN app_user u ON u.id = s.user_id LEFT JOIN sign_off_withdrawal w ON w.sign_off_id = s.id
     WHERE s.release_id = ${releaseId} AND s.evidence_digest = ${digest} ORDER BY s.id`;
}

/** Signatures on the evidence that waits; none while there is no such evidence. */
async function signaturesNow({ id, evidenceDigest }: Subject): Promise<Signature[]> {
  return evidenceDigest === null ? [] : signaturesOn(db, id, evidenceDigest);
}

/** True while a signature of this person counts: one each. */
function hasSigned(signatures: readonly Signature[], person: number | null): boolean {
  return signatures.some(({ userId, withdrawn }) => userId === person && !withdrawn);
}

/** An abstention decides nothing, whatever was said before it; an approval does not refuse, nor a refusal approve. */
function outcomeOf(policy: PolicyDocument, standing: Standing, decision: SignOffDecision) {
  const outcome = decides(policy, standing);
  if (decision === "abstain" || outcome === null) return null;
  return outcome === (decision === "approve" ? "approved" : "refused") ? outcome : null;
}

async function endOfWaivers(tx: Tx, releaseId: number, digest: string): Promise<Date | null> {
  const [row] = await tx.$queryRaw<{ gates: Gate[] }[]>`
    SELECT body::json -> 'gates' AS gates FROM evidence WHERE release_id = ${releaseId} AND digest = ${digest}`;
  return waivedUntil(row!.gates, await waiversOn(tx, releaseId, digest));
}

/**
 * Takes one's own signature back while nothing is decided. It stays in the record and counts no more; the person may sign
 * again.
 */
export async function withdrawSignOff({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; reason: string };
}): Promise<void> {
  const { releaseId, reason } = withdrawSignOffSchema.parse(input);
  const release = await loadSubject(actor, releaseId);
  if (actor.kind !== "person") throw new Fault("forbidden", "Only a person takes a signature back.");
  permit(actor, "release.sign");
  await transaction(async (tx) => {
    const [seen] = await tx.$queryRaw<{ digest: string | null; state: string }[]>`
      SELECT evidence_digest AS digest, state::text FROM release WHERE id = ${release.id} FOR UPDATE`;
    if (seen?.state !== "ready" || !seen.digest) {
      throw new Fault("conflict", "Only a signature on evidence that waits for a decision can be taken back.");
    }
    const standing = (await signaturesOn(tx, release.id, seen.digest)).filter(({ withdrawn }) => !withdrawn);
    const own = standing.find(({ userId }) => userId === actor.userId);
    if (!own) throw new Fault("conflict", "You have no signature on this evidence to take back.");
    await tx.signOffWithdrawal.create({ data: { signOffId: own.id, reason } });
    const { approvals } = standingOf(
      release.policy,
      standing.filter(({ id }) => id !== own.id),
    );
    await tx.release.update({ where: { id: release.id }, data: { approvals } });
    await appendAudit(tx, actor, {
      action: "sign_off.withdrawn",
      subject: subjectOf(release),
      before: seen.digest,
      details: { signOff: own.id, decision: own.decision, reason, evidenceDigest: seen.digest, approvals },
    });
  });
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
async function conflictOf(tx: Tx, actor: Actor, releaseId: number, seen: string): Promise<Fault> {
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
    case "ready": {
      const changes = inOneLine(await changesBetween(actor, releaseId, seen, now.evidenceDigest!, tx).catch(() => []));
      return new Fault(
        "conflict",
        `The evidence changed since you looked: you saw ${seen.slice(0, 12)}…, it is now ${now.evidenceDigest?.slice(0, 12)}…. ${changes ? `What changed: ${changes}. ` : "It was closed again and says the same. "}Read it again.`,
      );
    }
  }
}

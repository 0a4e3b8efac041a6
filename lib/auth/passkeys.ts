import { createHash, createPublicKey, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { cose, decodeCredentialPublicKey } from "@simplewebauthn/server/helpers";
import { appendAudit } from "../audit/append";
import { db } from "../db/client";
import type { PasskeyChallenge } from "../db/generated/client";
import { transaction, violates } from "../db/transaction";
import { canonicalJson, type JsonObject } from "../digest";
import { Fault, notFound } from "../errors";
import type { Person } from "./actor";
import { passwordMatches } from "./password";
import { passkeyNameSchema } from "./schema";
import { countAttempt, forgetAttempts } from "./throttle";

/** How long a person has to answer. */
export const challengeLifetimeMs = 120_000;
// What node:crypto verifies everywhere: Ed25519, ECDSA on P-256, RSA with SHA-256.
const algorithms = [-8, -7, -257];

/**
 * The name passkeys are bound to, and the pages that may ask for them: the host of NEXTAUTH_URL. A browser binds a passkey
 * to a name, never to an address, so a server reached at a loopback address uses `localhost`. Null where there is no name.
 */
export function relyingParty(url = process.env.NEXTAUTH_URL ?? ""): { id: string; origin: string } | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, port } = new URL(url);
  const at = (name: string) => ({ id: name, origin: `${protocol}//${name}${port ? `:${port}` : ""}` });
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (bare === "localhost" || bare === "::1" || /^127\./.test(bare)) return at("localhost");
  return isIP(bare) !== 0 || protocol !== "https:" ? null : at(hostname);
}

function needRelyingParty() {
  const found = relyingParty();
  if (found) return found;
  const message = "Passkeys need a server with a name, reached over https. Set NEXTAUTH_URL to its address.";
  throw new Fault("conflict", message);
}

export type PasskeyRow = { id: string; name: string; backedUp: boolean; createdAt: Date; lastUsedAt: Date | null };

export async function listPasskeys(actor: Person): Promise<PasskeyRow[]> {
  return db.passkey.findMany({
    where: { userId: actor.userId },
    select: { id: true, name: true, backedUp: true, createdAt: true, lastUsedAt: true },
    orderBy: { createdAt: "asc" },
  });
}

async function checkPassword(actor: Person, password: string): Promise<void> {
  await countAttempt("account", actor.email);
  const user = await db.user.findUniqueOrThrow({ where: { id: actor.userId }, select: { passwordHash: true } });
  if (!user.passwordHash) throw new Fault("invalid", "Set a password first.", { field: "password" });
  if (!(await passwordMatches(user.passwordHash, password))) {
    throw new Fault("invalid", "That is not your password.", { field: "password" });
  }
  await forgetAttempts("account", actor.email);
}

/** What an authenticator is asked to sign: bound to the statement, and to this one time by the nonce. */
export function challengeOf(nonce: Uint8Array, statement: string): Buffer {
  return createHash("sha256").update(nonce).update(statement, "utf8").digest();
}

/** Keeps a statement for two minutes, to be signed once by a passkey of this person. */
async function storeChallenge(actor: Person, statement: string): Promise<{ id: string; challenge: Buffer }> {
  const id = randomBytes(16).toString("base64url");
  const nonce = randomBytes(32);
  const expiresAt = new Date(Date.now() + challengeLifetimeMs);
  await db.passkeyChallenge.deleteMany({
    where: { userId: actor.userId, expiresAt: { lt: new Date(Date.now() - 86_400_000) } },
  });
  await db.passkeyChallenge.create({ data: { id, userId: actor.userId, statement, nonce, expiresAt } });
  return { id, challenge: challengeOf(nonce, statement) };
}

/** Uses a challenge up: of two answers to it, the database lets one through. A Fault says why there is none. */
async function takeChallenge(actor: Person, id: string): Promise<PasskeyChallenge> {
  const [taken] = await db.passkeyChallenge.updateManyAndReturn({
    where: { id, userId: actor.userId, usedAt: null, expiresAt: { gt: new Date() } },
    data: { usedAt: new Date() },
  });
  if (taken) return taken;
  const known = await db.passkeyChallenge.findFirst({ where: { id, userId: actor.userId } });
  if (known?.usedAt) throw new Fault("forbidden", "This answer of a passkey was used already.");
  if (known) throw new Fault("forbidden", "The passkey's answer came after the two minutes it has.");
  throw new Fault("forbidden", "Nobody asked for this answer of a passkey.");
}

/** The password is asked for, because a new passkey can sign from then on. */
export async function beginRegistration({
  actor,
  input,
}: {
  actor: Person;
  input: { password: string };
}): Promise<{ challengeId: string; options: PublicKeyCredentialCreationOptionsJSON }> {
  const party = needRelyingParty();
  await checkPassword(actor, input.password);
  const { id, challenge } = await storeChallenge(actor, registrationStatement(actor));
  const own = await db.passkey.findMany({ where: { userId: actor.userId }, select: { id: true, transports: true } });
  const options = await generateRegistrationOptions({
    rpName: "Countersign",
    rpID: party.id,
    userName: actor.email,
    userDisplayName: actor.name,
    userID: new Uint8Array(Buffer.from(`countersign:${actor.userId}`)),
    challenge: new Uint8Array(challenge),
    timeout: challengeLifetimeMs,
    attestationType: "none",
    excludeCredentials: own,
    authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
    supportedAlgorithmIDs: algorithms,
  });
  return { challengeId: id, options };
}

function registrationStatement(actor: Person): string {
  return canonicalJson({ format: "countersign-passkey/1", person: actor.email });
}

export async function finishRegistration({
  actor,
  input,
}: {
  actor: Person;
  input: { challengeId: string; name: string; response: RegistrationResponseJSON };
}): Promise<{ id: string }> {
  const party = needRelyingParty();
  const name = passkeyNameSchema.parse(input.name);
  const { nonce, statement } = await takeChallenge(actor, input.challengeId);
  const verified = await verifyRegistrationResponse({
    response: input.response,
    expectedChallenge: challengeOf(nonce, registrationStatement(actor)).toString("base64url"),
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  }).catch((error: Error) => error);
  if (verified instanceof Error || !verified.verified || statement !== registrationStatement(actor)) {
    const why = verified instanceof Error ? `: ${verified.message}` : "";
    throw new Fault("invalid", `This passkey was not added${why}.`);
  }
  const { credential, credentialBackedUp } = verified.registrationInfo;
  try {
    await transaction(async (tx) => {
      await tx.passkey.create({
        data: {
          id: credential.id,
          userId: actor.userId,
          name,
          publicKey: new Uint8Array(credential.publicKey),
          counter: credential.counter,
          transports: credential.transports ?? [],
          backedUp: credentialBackedUp,
        },
      });
      await appendAudit(tx, actor, {
        action: "passkey.added",
        subject: { kind: "user", id: String(actor.userId), name: actor.email },
        details: { passkey: credential.id, name },
      });
    });
  } catch (error) {
    if (violates(error)) throw new Fault("conflict", "This passkey is known already.");
    throw error;
  }
  return { id: credential.id };
}

export async function renamePasskey({ actor, input }: { actor: Person; input: { id: string; name: string } }) {
  const name = passkeyNameSchema.parse(input.name);
  await transaction(async (tx) => {
    const before = await tx.passkey.findFirst({ where: { id: input.id, userId: actor.userId } });
    if (!before) throw notFound("The passkey");
    await tx.passkey.update({ where: { id: before.id }, data: { name } });
    await appendAudit(tx, actor, {
      action: "passkey.renamed",
      subject: { kind: "user", id: String(actor.userId), name: actor.email },
      details: { passkey: before.id, from: before.name, to: name },
    });
  });
}

/** What it signed stays verifiable: each signature keeps its public key. */
export async function removePasskey({ actor, input }: { actor: Person; input: { id: string; password: string } }) {
  await checkPassword(actor, input.password);
  await transaction(async (tx) => {
    const before = await tx.passkey.findFirst({ where: { id: input.id, userId: actor.userId } });
    if (!before) throw notFound("The passkey");
    await tx.passkey.delete({ where: { id: before.id } });
    await appendAudit(tx, actor, {
      action: "passkey.removed",
      subject: { kind: "user", id: String(actor.userId), name: actor.email },
      details: { passkey: before.id, name: before.name },
    });
  });
}

export type Asked = { challengeId: string; options: PublicKeyCredentialRequestOptionsJSON };

/** Asks a passkey of this person to sign a statement. */
export async function askPasskey(actor: Person, statement: string): Promise<Asked> {
  const party = needRelyingParty();
  const own = await db.passkey.findMany({ where: { userId: actor.userId }, select: { id: true, transports: true } });
  if (own.length === 0) throw new Fault("invalid", "You have no passkey yet. Add one on your account page.");
  const { id, challenge } = await storeChallenge(actor, statement);
  const options = await generateAuthenticationOptions({
    rpID: party.id,
    allowCredentials: own,
    challenge: new Uint8Array(challenge),
    timeout: challengeLifetimeMs,
    userVerification: "required",
  });
  return { challengeId: id, options };
}

/** A passkey's signature with everything that verifies it: no server is needed for that. Binary members are base64url. */
export type Assertion = {
  format: "countersign-assertion/1";
  credential: string;
  /** DER, SubjectPublicKeyInfo */
  publicKey: string;
  rpId: string;
  origin: string;
  nonce: string;
  authenticatorData: string;
  clientDataJSON: string;
  signature: string;
};

/**
 * Takes the answer of a passkey to `askPasskey`: once, within two minutes, from this person's passkey, who was verified by
 * it, for exactly the statement that was asked about. A Fault `forbidden` says what is wrong; the challenge is used up then
 * too.
 */
export async function takeAssertion(
  actor: Person,
  input: { challengeId: string; response: AuthenticationResponseJSON },
): Promise<{ statement: string; assertion: Assertion }> {
  const party = needRelyingParty();
  const { response } = input;
  const challenge = await takeChallenge(actor, input.challengeId);
  const passkey = await db.passkey.findFirst({ where: { id: String(response.id), userId: actor.userId } });
  if (!passkey) throw new Fault("forbidden", "This passkey is not one of yours here.");
  const verified = await verifyAuthenticationResponse({
    response,
    expectedChallenge: challengeOf(challenge.nonce, challenge.statement).toString("base64url"),
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    credential: { id: passkey.id, publicKey: passkey.publicKey, counter: Number(passkey.counter) },
    requireUserVerification: true,
  }).catch((error: Error) => error);
  if (verified instanceof Error || !verified.verified) {
    const why = verified instanceof Error ? verified.message : "its signature does not fit";
    throw new Fault("forbidden", `The passkey's answer is not valid: ${why}.`);
  }
  await db.passkey.updateMany({
    where: { id: passkey.id },
    data: { counter: verified.authenticationInfo.newCounter, lastUsedAt: new Date() },
  });
  const { authenticatorData, clientDataJSON, signature } = response.response;
  return {
    statement: challenge.statement,
    assertion: {
      format: "countersign-assertion/1",
      credential: passkey.id,
      publicKey: spkiOf(passkey.publicKey),
      rpId: party.id,
      origin: party.origin,
      nonce: Buffer.from(challenge.nonce).toString("base64url"),
      ...{ authenticatorData, clientDataJSON, signature },
    },
  };
}

/** A COSE key as any library reads one. */
function spkiOf(publicKey: Uint8Array<ArrayBuffer>): string {
  const key = decodeCredentialPublicKey(publicKey);
  const text = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString("base64url");
  let jwk: JsonObject;
  if (cose.isCOSEPublicKeyEC2(key)) {
    jwk = { kty: "EC", crv: "P-256", x: text(key.get(cose.COSEKEYS.x)), y: text(key.get(cose.COSEKEYS.y)) };
  } else if (cose.isCOSEPublicKeyRSA(key)) {
    jwk = { kty: "RSA", n: text(key.get(cose.COSEKEYS.n)), e: text(key.get(cose.COSEKEYS.e)) };
  } else if (cose.isCOSEPublicKeyOKP(key)) {
    jwk = { kty: "OKP", crv: "Ed25519", x: text(key.get(cose.COSEKEYS.x)) };
  } else throw new Error("A passkey's key is of a kind that was never offered.");
  return createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "der" }).toString("base64url");
}

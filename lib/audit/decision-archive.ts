import { type KeyObject, sign } from "node:crypto";
import { canonicalJson, type JsonObject, sha256Hex } from "../digest";
import type { Checkpoint } from "./checkpoint";
import { decisionPage } from "./decision-page";
import {
  envelopeFile,
  logFormat,
  payloadType,
  preAuthentication,
  predicateType,
  statementType,
  textsFile,
  textsFormat,
  writeZip,
} from "./decision-verifier.mjs";
import { keyFingerprint, type LogKey, publicPem } from "./key";
import type { AuditEvent } from "./leaf";
import type { Hash } from "./tree";

/** Packs a decision as docs/export.md describes it. Pure: the same decision, log and key give the same bytes. */

/** Actions of the log by which people sign. */
export const signing = ["sign_off.given", "release.signed_off", "release.refused"];

export type DecisionEntry = { index: number; leaf: Uint8Array; event: AuditEvent; proof: readonly Hash[] };

type Version = {
  key: string;
  digest: string;
  /** Null: the text is unknown. */
  content: string | null;
};

/** What somebody wrote, of which the evidence has the digest; or how it came to be removed. */
export type EvidenceText =
  | { text: string }
  | { removed: { redaction: number; at: string; by: readonly string[]; reason: string } };

export type DecisionParts = {
  releaseId: number;
  outcome: "approved" | "refused";
  auditIndex: number;
  evidence: string;
  evidenceDigest: string;
  /** By digest; empty where the evidence holds its texts itself. */
  texts: ReadonlyMap<string, EvidenceText>;
  project: string;
  prompt: string;
  dataset: string;
  label: string | null;
  policy: { key: string; number: number; digest: string };
  baseline: Version;
  candidate: Version;
  /** The log's entries about the release, in order. */
  entries: readonly DecisionEntry[];
  checkpoint: Checkpoint & { note: string };
  key: LogKey;
  /** The bytes of decision-verifier.mjs. */
  verifier: Buffer;
};

/** A signature as the log has it: `said` is what the event says of it. */
export type ExportedSignOff = {
  auditIndex: number;
  printedName: string;
  roles: string[];
  at: string;
  said: JsonObject;
};

export function packDecision(parts: DecisionParts): Buffer {
  const { releaseId, outcome, auditIndex, evidenceDigest, project, prompt, dataset, label, policy } = parts;
  const { baseline, candidate, entries, checkpoint } = parts;
  const { privateKey, publicKey } = parts.key;
  const signOffs = entries
    .filter(({ event }) => signing.includes(event.action))
    .map(({ index, event }) => ({
      auditIndex: index,
      printedName: event.actor.name,
      roles: event.actor.roles,
      at: event.at,
      said: event.details ?? {},
    }));
  const at = entries.find(({ index }) => index === auditIndex)?.event.at ?? "";
  const { origin, size } = checkpoint;
  const log = { origin, size, root: Buffer.from(checkpoint.root).toString("hex") };
  const logEntries = entries.map(({ index, leaf, proof }) => ({
    index,
    leaf: base64(leaf),
    proof: proof.map(base64),
  }));
  const takenBack = entries.flatMap(({ event }) =>
    event.action === "sign_off.withdrawn" ? [{ signOff: event.details?.signOff, reason: event.details?.reason }] : [],
  );
  const page = decisionPage({
    takenBack,
    ...{ project, prompt, baseline: baseline.key, candidate: candidate.key, outcome, decidedAt: at, evidenceDigest },
    ...{ promptDigest: candidate.digest, auditIndex, signOffs, log, evidence: parts.evidence },
    prompts: [baseline, candidate].map((version) => ({ name: version.key, text: textOf(version) })),
    key: keyFingerprint(publicKey),
  });
  const files: [string, Buffer][] = [
    ["README.txt", Buffer.from(readme)],
    ["decision.html", Buffer.from(page)],
    ["evidence.json", Buffer.from(parts.evidence)],
    ...(parts.texts.size > 0 ? [[textsFile, Buffer.from(textsOf(parts.texts))] as [string, Buffer]] : []),
    ["prompt/baseline.json", Buffer.from(textOf(baseline))],
    ["prompt/candidate.json", Buffer.from(textOf(candidate))],
    ["log.json", Buffer.from(`${canonicalJson({ format: logFormat, entries: logEntries })}\n`)],
    ["checkpoint.txt", Buffer.from(checkpoint.note)],
    ["key.pem", Buffer.from(publicPem(publicKey))],
    ["verify.mjs", parts.verifier],
  ];
  const statement = canonicalJson({
    _type: statementType,
    subject: [{ name: `${prompt}@${candidate.key}`, digest: { sha256: candidate.digest } }],
    predicateType,
    predicate: {
      release: { id: releaseId, project, prompt, dataset, label },
      baseline: { version: baseline.key, sha256: baseline.digest },
      candidate: { version: candidate.key, sha256: candidate.digest },
      policy,
      decision: { outcome, at, auditIndex },
      evidence: { sha256: evidenceDigest },
      signOffs,
      log,
      files: Object.fromEntries(files.map(([name, content]) => [name, sha256Hex(content)])),
    },
  });
  const envelope = `${canonicalJson(seal(statement, privateKey, publicKey))}\n`;
  return writeZip([...files, [envelopeFile, Buffer.from(envelope)]]);
}

function textsOf(all: ReadonlyMap<string, EvidenceText>): string {
  const texts: [string, string][] = [];
  const removed: [string, JsonObject][] = [];
  for (const [digest, said] of all)
    if ("text" in said) texts.push([digest, said.text]);
    else removed.push([digest, said.removed]);
  return `${canonicalJson({ format: textsFormat, texts: Object.fromEntries(texts), removed: Object.fromEntries(removed) })}\n`;
}

/** A version whose text is unknown has the digest of this. */
function textOf({ key, content }: Version): string {
  return content ?? canonicalJson({ unknown: key });
}

/** A DSSE envelope around an in-toto statement, signed with the key of the log. */
export function seal(statement: string, privateKey: KeyObject, publicKey: KeyObject): JsonObject {
  const payload = Buffer.from(statement);
  const sig = sign(null, preAuthentication(payloadType, payload), privateKey);
  return {
    payload: base64(payload),
    payloadType,
    signatures: [{ keyid: keyFingerprint(publicKey), sig: base64(sig) }],
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

const readme = `A decision that Countersign exported: which version of a prompt was approved or refused, by whom, on what evidence.

To read it, open decision.html; it prints.
To check it, with Node 20 or newer and nothing else:

    node verify.mjs ../decision.zip --key log-key.pub

log-key.pub is the public key of the server's log, as you got it from elsewhere; without --key the archive's own key.pem
is used, and you compare its SHA-256. If you do not trust this archive, take verify.mjs from elsewhere: it is
lib/audit/decision-verifier.mjs of Countersign. "countersign verify decision.zip" also computes every number again.

evidence.json           everything the decision rests on, as it was frozen: canonical JSON (RFC 8785). Its SHA-256 is what people signed
texts.json              notes and comments, by the SHA-256 that the evidence has of them. Of one that was removed since (two people
                        decide that, and log.json has it) the SHA-256 is all that is left. Missing where nobody wrote any
prompt/*.json           the prompt as it was and as it became. The SHA-256 of candidate.json is the subject of the statement
statement.dsse.json     a DSSE envelope around an in-toto Statement v1 (predicate urn:countersign:human-signoff/v1), signed with
                        Ed25519 by key.pem. It names the SHA-256 of every other file
log.json, checkpoint.txt  the entries of the audit log about this release, each with its RFC 6962 inclusion proof under the signed
                        checkpoint (c2sp.org/tlog-checkpoint)
`;

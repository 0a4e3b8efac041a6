import { createPublicKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import { canonicalJson, sha256Hex } from "../digest";
import { openCheckpoint, type SignedCheckpoint } from "./checkpoint";
import { type AuditEvent, parseLeaf } from "./leaf";
import { leafHash, verifyInclusion } from "./tree";

/**
 * An exported decision: what it rested on, who signed, and the proof that the log holds it, in one file that can be
 * checked without the server. The file is canonical JSON (RFC 8785) and a line feed. Bytes are base64, digests hex.
 */
export const exportFormat = "countersign-decision/1";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const index = z.int().min(0).max(2_147_483_647);

export const exportSchema = z.strictObject({
  format: z.literal(exportFormat),
  decision: z.strictObject({
    releaseId: z.int(),
    outcome: z.enum(["approved", "refused"]),
    evidenceDigest: digest,
    auditIndex: index,
    at: z.string(),
  }),
  /** The exact text that `digest` is the SHA-256 of. */
  evidence: z.string(),
  digest,
  /** Every signature on this release; those on another evidence digest are stale and do not count. */
  signOffs: z.array(
    z.strictObject({
      auditIndex: index,
      printedName: z.string(),
      roles: z.array(z.string()),
      decision: z.enum(["approve", "refuse"]),
      meaning: z.string(),
      reason: z.string(),
      reauthentication: z.string(),
      evidenceDigest: digest,
      at: z.string(),
    }),
  ),
  /** Leaves of the log, each with its inclusion proof to the checkpoint. */
  auditEntries: z.array(z.strictObject({ index, leaf: z.base64(), proof: z.array(z.base64()) })),
  /** A signed note: c2sp.org/tlog-checkpoint. */
  checkpoint: z.string(),
  publicKey: z.string(),
});

export type ExportedDecision = z.infer<typeof exportSchema>;

export type ExportCheck = { name: string; ok: boolean; detail: string };
export type ExportVerification = {
  ok: boolean;
  releaseId: number | null;
  outcome: string | null;
  digest: string | null;
  checks: ExportCheck[];
  notes: string[];
};

/** How a file is written: any other bytes are not the file that was exported. */
export function exportText(exported: ExportedDecision): string {
  return `${canonicalJson(exported)}\n`;
}

/** The SHA-256 of a public key (SPKI, DER), for comparing keys by eye. */
export function keyFingerprint(key: KeyObject): string {
  return sha256Hex(key.export({ type: "spki", format: "der" }));
}

/**
 * Checks an exported decision offline. Any change of one byte fails a check. `trustedKey` is the log's public key as got
 * from elsewhere; without it the file's own key is used, and a note says so.
 */
export function verifyExport(bytes: Uint8Array, trustedKey?: KeyObject | null): ExportVerification {
  const checks: ExportCheck[] = [];
  const notes: string[] = [];
  const check = (name: string, problem: string | null, fine: string) => {
    checks.push({ name, ok: problem === null, detail: problem ?? fine });
    return problem === null;
  };
  const result = (file?: ExportedDecision): ExportVerification => ({
    ok: checks.every(({ ok }) => ok),
    releaseId: file?.decision.releaseId ?? null,
    outcome: file?.decision.outcome ?? null,
    digest: file?.digest ?? null,
    checks,
    notes,
  });

  const read = readExport(bytes);
  if (typeof read === "string") {
    check("form", read, "");
    return result();
  }
  check("form", null, "The file is as it was written.");

  const key = readKey(read.publicKey);
  const fits = !trustedKey || (key && keyFingerprint(key) === keyFingerprint(trustedKey));
  check(
    "key",
    !key ? "The public key is not an Ed25519 key in PEM." : fits ? null : "The file's key is not the key you trust.",
    trustedKey ? "The file's key is the key you trust." : "The file brings its own key.",
  );
  if (key && !trustedKey)
    notes.push(`The key came with the file. Compare its SHA-256 with one from elsewhere: ${keyFingerprint(key)}`);

  const checkpoint = key && open(read.checkpoint, key);
  if (!checkpoint || typeof checkpoint === "string") {
    check("checkpoint", `The checkpoint is not valid: ${checkpoint ?? "there is no key"}.`, "");
    return result(read);
  }
  check("checkpoint", null, `The checkpoint over ${checkpoint.size} entries is signed by that key.`);

  const events = new Map<number, AuditEvent>();
  check(
    "log",
    read.auditEntries.map((entry) => includeProblem(entry, checkpoint, events)).find((problem) => problem) ?? null,
    `All ${read.auditEntries.length} entries are in the log under that checkpoint.`,
  );
  check("evidence", evidenceProblem(read), "The evidence has the digest that was signed.");
  check("decision", decisionProblem(read, events), `The log records this release as ${read.decision.outcome}.`);
  check("signatures", signaturesProblem(read, events), "Every signature is as the log recorded it.");
  if (checks.at(-1)?.ok && checks.find(({ name }) => name === "evidence")?.ok)
    check("policy", policyProblem(read, events), "The signatures are those that the policy asks for.");
  return result(read);
}

function readExport(bytes: Uint8Array): ExportedDecision | string {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return "The file is not JSON in UTF-8.";
  }
  const parsed = exportSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `This is not an exported decision of the format ${exportFormat}: ${issue?.path.join(".")}: ${issue?.message}`;
  }
  try {
    if (exportText(parsed.data) === text) return parsed.data;
  } catch {
    // No canonical form, so it can't be the file.
  }
  return "The file is not byte for byte as exported (canonical JSON and a line feed).";
}

function readKey(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem);
    const again = key.export({ type: "spki", format: "pem" }).toString();
    return key.asymmetricKeyType === "ed25519" && again === pem ? key : null;
  } catch {
    return null;
  }
}

function open(note: string, key: KeyObject): SignedCheckpoint | string {
  try {
    const checkpoint = openCheckpoint(note, key);
    return checkpoint.signatures.length === 1 ? checkpoint : "it carries further signatures";
  } catch (error) {
    return (error as Error).message;
  }
}

function includeProblem(
  { index, leaf, proof }: ExportedDecision["auditEntries"][number],
  { size, root }: SignedCheckpoint,
  events: Map<number, AuditEvent>,
): string | null {
  const bytes = Buffer.from(leaf, "base64");
  const nodes = proof.map((node) => Buffer.from(node, "base64"));
  // The decoder is lenient: only the one true spelling of the bytes counts.
  if (bytes.toString("base64") !== leaf || nodes.some((node, i) => node.toString("base64") !== proof[i]))
    return `Entry ${index} is not proper base64.`;
  if (!verifyInclusion(leafHash(bytes), index, size, nodes, root))
    return `Entry ${index} is not in the log as it stands here.`;
  if (events.has(index)) return `Entry ${index} stands here twice.`;
  try {
    events.set(index, parseLeaf(bytes));
    return null;
  } catch {
    return `Entry ${index} is no audit event.`;
  }
}

const evidenceSchema = z.object({
  release: z.object({ id: z.int() }),
  policy: z.object({ document: z.object({ signers: z.int() }) }),
  gates: z.array(z.object({ key: z.string(), status: z.string() })),
});

function evidenceProblem({ evidence, digest, decision }: ExportedDecision): string | null {
  if (sha256Hex(evidence) !== digest) return "The evidence is not what was signed: its digest is another one.";
  if (decision.evidenceDigest !== digest) return "The decision was about other evidence.";
  try {
    const read = evidenceSchema.parse(JSON.parse(evidence));
    return read.release.id === decision.releaseId ? null : "The evidence is about another release.";
  } catch {
    return "The evidence can't be read.";
  }
}

const outcomes = { "release.signed_off": "approved", "release.refused": "refused" } as Record<string, string>;
const signingActions = ["sign_off.given", ...Object.keys(outcomes)];

function decisionProblem({ decision }: ExportedDecision, events: ReadonlyMap<number, AuditEvent>): string | null {
  const event = events.get(decision.auditIndex);
  if (!event) return `The deciding entry ${decision.auditIndex} is not in the file.`;
  const same =
    outcomes[event.action] === decision.outcome &&
    isOf(event, decision.releaseId) &&
    event.after === decision.evidenceDigest &&
    event.at === decision.at;
  return same ? null : `Entry ${decision.auditIndex} does not say what the decision says.`;
}

function isOf({ subject }: AuditEvent, releaseId: number): boolean {
  return subject.kind === "release" && subject.id === String(releaseId);
}

function signaturesProblem(
  { decision, signOffs }: ExportedDecision,
  events: ReadonlyMap<number, AuditEvent>,
): string | null {
  const signing = [...events].filter(([, event]) => signingActions.includes(event.action));
  if (
    signing.length !== signOffs.length ||
    new Set(signOffs.map(({ auditIndex }) => auditIndex)).size !== signOffs.length
  )
    return `The file lists ${signOffs.length} signatures, its log entries ${signing.length}.`;
  for (const { auditIndex, printedName, roles, at, ...said } of signOffs) {
    const event = events.get(auditIndex);
    const same =
      event &&
      signingActions.includes(event.action) &&
      isOf(event, decision.releaseId) &&
      event.actor.kind === "person" &&
      event.actor.name === printedName &&
      canonicalJson(event.actor.roles) === canonicalJson(roles) &&
      event.at === at &&
      Object.entries(said).every(([name, value]) => event.details?.[name] === value);
    if (!same) return `The signature of entry ${auditIndex} is not as the log recorded it.`;
  }
  return null;
}

function policyProblem(
  { evidence, decision, digest, signOffs }: ExportedDecision,
  events: ReadonlyMap<number, AuditEvent>,
): string | null {
  const { policy, gates } = evidenceSchema.parse(JSON.parse(evidence));
  const current = signOffs.filter(({ evidenceDigest }) => evidenceDigest === digest);
  const refused = current.some((signOff) => signOff.decision === "refuse");
  if (decision.outcome === "refused") return refused ? null : "Nobody's refusal is among the signatures.";
  if (refused) return "A refusal is among the signatures, yet the outcome is an approval.";
  const people = new Set(current.map(({ auditIndex }) => events.get(auditIndex)?.actor.id));
  const { signers } = policy.document;
  if (people.size < signers) return `The policy asks for ${signers} people to sign, and ${people.size} did.`;
  const open = gates.filter(({ key, status }) => key !== "signers" && status !== "met").map(({ key }) => key);
  return open.length > 0 ? `Approved with open gates: ${open.join(", ")}.` : null;
}

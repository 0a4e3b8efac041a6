#!/usr/bin/env node
/**
 * Checks a decision that Countersign exported, without Countersign: Node 20 or newer, this one file, no network.
 *
 *     node verify.mjs decision.zip [--key log-key.pub]
 *
 * Exit code 0: every check holds; 1: one does not; 2: wrong use. What is checked, and how to do it by other means, is
 * written in README.txt beside this file. Whoever doubts the archive takes this file from elsewhere: it is
 * lib/audit/decision-verifier.mjs of Countersign.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const envelopeFile = "statement.dsse.json";
export const payloadType = "application/vnd.in-toto+json";
export const statementType = "https://in-toto.io/Statement/v1";
export const predicateType = "urn:countersign:human-signoff/v1";
const withdrawing = "sign_off.withdrawn";
export const logFormat = "countersign-log-proof/1";
export const textsFile = "texts.json";
export const textsFormat = "countersign-texts/1";

// ── Bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const sha256Hex = (bytes) => hex(sha256(bytes));

/** Strict base64: null unless encoding the bytes again gives the same text. */
function fromBase64(text) {
  if (typeof text !== "string") return null;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : null;
}

function utf8(bytes) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** The canonical JSON text of a parsed value (RFC 8785). */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

/** Reads canonical JSON, and a line feed where one is asked for. Throws Error when the bytes are anything else. */
function readCanonical(bytes, end = "") {
  let text;
  let value;
  try {
    text = utf8(bytes);
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON in UTF-8");
  }
  if (typeof value !== "object" || value === null || canonical(value) + end !== text)
    throw new Error("it is not canonical JSON (RFC 8785) as it was written");
  return value;
}

const crcTable = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = crcTable[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/**
 * A zip archive without compression: the same files give the same bytes everywhere, so that not one byte of it is free.
 * @param files pairs of name and bytes
 */
export function writeZip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, bytes] of files) {
    const path = Buffer.from(name);
    const common = Buffer.alloc(26);
    // Version 2.0, names in UTF-8, stored, 1 January 1980.
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(0x0021, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, path]);
    const entry = Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, Buffer.alloc(14), path]);
    entry.writeUInt32LE(offset, 42);
    parts.push(local, bytes);
    directory.push(entry);
    offset += local.length + bytes.length;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** Reads what writeZip wrote, byte for byte. Throws Error that names the file or the place which is not so. */
export function readZip(given) {
  const bytes = Buffer.from(given);
  const files = new Map();
  let at = 0;
  while (bytes.length >= at + 30 && bytes.toString("latin1", at, at + 4) === "PK\x03\x04") {
    const size = bytes.readUInt32LE(at + 18);
    const from = at + 30 + bytes.readUInt16LE(at + 26);
    if (from + size > bytes.length) throw new Error(`byte ${at}: a file in it is longer than the archive`);
    const name = bytes.toString("utf8", at + 30, from);
    if (files.has(name)) throw new Error(`byte ${at}: it holds ${JSON.stringify(name)} twice`);
    files.set(name, bytes.subarray(from, from + size));
    if (crc32(files.get(name)) !== bytes.readUInt32LE(at + 14))
      throw new Error(`${JSON.stringify(name)} (byte ${from} on) is not what was written: its checksum is another one`);
    at = from + size;
  }
  if (files.size === 0) throw new Error("byte 0: it is not a zip archive of Countersign");
  const again = writeZip([...files]);
  if (!again.equals(bytes)) {
    let place = 0;
    while (place < bytes.length && bytes[place] === again[place]) place++;
    throw new Error(`byte ${place}: the archive is not as it was written`);
  }
  return files;
}

// ── The log: RFC 6962 proofs and C2SP checkpoints ────────────────────────────────────────────────────────────────────

const leafHash = (leaf) => sha256(Buffer.concat([Buffer.of(0), leaf]));
const nodeHash = (left, right) => sha256(Buffer.concat([Buffer.of(1), left, right]));

/** True when the proof shows that the leaf stands at `index` of the tree of `size` with this root (RFC 9162 §2.1.3.2). */
export function verifyInclusion(leaf, index, size, proof, root) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (leaf.length !== 32) return false;
  let fn = index;
  let sn = size - 1;
  let node = leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      node = nodeHash(sibling, node);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else node = nodeHash(node, sibling);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && Buffer.compare(node, root) === 0;
}

/** The 32 bytes of an Ed25519 public key in PEM; throws Error for any other key. */
function rawKey(pem) {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("the public key is not an Ed25519 key");
  return Buffer.from(key.export({ format: "jwk" }).x, "base64url");
}

/** The SHA-256 of a public key (SPKI, DER), for comparing keys by eye. */
export function fingerprint(pem) {
  return sha256Hex(createPublicKey(pem).export({ format: "der", type: "spki" }));
}

/** Opens a signed note (c2sp.org/signed-note, c2sp.org/tlog-checkpoint) that must carry exactly one signature, by this key. */
function openCheckpoint(note, pem) {
  const [, text, origin, size, root, name, signature] =
    /^((.+)\n(0|[1-9]\d{0,15})\n(\S+)\n)\n— (\S+) (\S+)\n$/.exec(note) ?? [];
  const [rootBytes, bytes] = [fromBase64(root), fromBase64(signature)];
  if (text === undefined || rootBytes?.length !== 32 || bytes?.length !== 68 || name !== origin)
    throw new Error("it is not a checkpoint with one signature");
  const id = sha256(Buffer.concat([Buffer.from(`${origin}\n`), Buffer.of(1), rawKey(pem)])).subarray(0, 4);
  if (!bytes.subarray(0, 4).equals(id)) throw new Error("it is signed by another key");
  if (!verify(null, Buffer.from(text), pem, bytes.subarray(4))) throw new Error("its signature does not fit its text");
  return { origin, size: Number(size), root: rootBytes };
}

// ── The envelope: DSSE and in-toto ───────────────────────────────────────────────────────────────────────────────────

/** What a DSSE signature is over (github.com/secure-systems-lab/dsse, PAE). */
export function preAuthentication(type, payload) {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

function openEnvelope(bytes, pem) {
  const envelope = readCanonical(bytes, "\n");
  const payload = fromBase64(envelope.payload);
  const [signature, ...more] = Array.isArray(envelope.signatures) ? envelope.signatures : [];
  const signed = fromBase64(signature?.sig);
  if (!payload || !signed || more.length > 0 || envelope.payloadType !== payloadType)
    throw new Error("it is not a DSSE envelope with one signature over an in-toto statement");
  if (signature.keyid !== fingerprint(pem)) throw new Error("it is signed by another key");
  if (!verify(null, preAuthentication(payloadType, payload), pem, signed))
    throw new Error("its signature does not fit what it holds");
  const statement = readCanonical(payload);
  if (statement._type !== statementType || statement.predicateType !== predicateType)
    throw new Error(`it is not a statement of the type ${predicateType}`);
  return statement;
}

// ── The decision ─────────────────────────────────────────────────────────────────────────────────────────────────────

const outcomes = { "release.signed_off": "approved", "release.refused": "refused" };
const signing = ["sign_off.given", ...Object.keys(outcomes)];
const same = (a, b) => a !== undefined && b !== undefined && canonical(a) === canonical(b);

/** The digests of what people wrote, as evidence has them: of notes and comments, each once. */
export function textDigests(evidence) {
  const rows = [evidence?.reviews, evidence?.adjudications, evidence?.comments].flatMap((list) => list ?? []);
  const found = rows
    .flatMap((row) => [row?.note, row?.quote, row?.prefix, row?.comment])
    .map((said) => said?.sha256)
    .filter((digest) => typeof digest === "string");
  return [...new Set(found)].sort();
}

/** Throws what is missing for the removal of a text, which two people decide and the log records. */
function checkRemoval(events, { redaction }) {
  const of = (action) =>
    [...events.values()].find(
      ({ action: done, subject }) =>
        done === action && subject?.kind === "redaction" && subject.id === String(redaction),
    );
  const [asked, approved] = [of("redaction.requested"), of("redaction.approved")];
  if (!asked || !approved)
    throw new Error(`the log does not record that removal ${redaction} was asked for and approved`);
  if (asked.actor.kind !== "person" || approved.actor.kind !== "person" || asked.actor.id === approved.actor.id)
    throw new Error(`removal ${redaction} was not decided by two people`);
}

/**
 * Checks an exported decision. Any changed byte fails a check, and the check says where.
 * @param bytes the archive
 * @param trustedKey the log's public key in PEM as got from elsewhere; without it the archive's own is used, with a note
 */
export function verifyDecision(bytes, trustedKey) {
  const checks = [];
  const notes = [];
  let statement;
  /** Runs one check: `work` throws what is wrong and returns what is fine. */
  const check = (name, work) => {
    try {
      checks.push({ name, ok: true, detail: work() });
      return true;
    } catch (error) {
      const { message } = error;
      checks.push({ name, ok: false, detail: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` });
      return false;
    }
  };
  const result = () => ({
    ok: checks.every(({ ok }) => ok),
    releaseId: statement?.predicate?.release?.id ?? null,
    outcome: statement?.predicate?.decision?.outcome ?? null,
    digest: statement?.predicate?.evidence?.sha256 ?? null,
    evidence: files?.get("evidence.json") ? Buffer.from(files.get("evidence.json")).toString("utf8") : null,
    checks,
    notes,
  });

  let files;
  const readable = check("archive", () => {
    files = readZip(bytes);
    for (const name of [envelopeFile, "key.pem", "evidence.json", "log.json"])
      if (!files.has(name)) throw new Error(`it lacks ${name}`);
    return `${files.size} files, byte for byte as they were packed.`;
  });
  if (!readable) return result();

  const pem = files.get("key.pem").toString("utf8");
  const keyed = check("key", () => {
    rawKey(pem);
    const own = fingerprint(pem);
    if (trustedKey && fingerprint(trustedKey) !== own) throw new Error("its key is not the key you trust");
    if (!trustedKey) notes.push(`The key came with the file. Compare its SHA-256 with one from elsewhere: ${own}`);
    return trustedKey ? "Its key is the key you trust." : "It brings its own key.";
  });
  if (!keyed) return result();

  const opened = check("envelope", () => {
    statement = openEnvelope(files.get(envelopeFile), pem);
    return "The statement is signed by that key (DSSE, in-toto).";
  });
  if (!opened) return result();
  const { predicate, subject } = statement;

  check("files", () => {
    const listed = predicate.files ?? {};
    for (const [name, content] of files)
      if (name !== envelopeFile && listed[name] !== sha256Hex(content))
        throw new Error(`the file ${name} is not the one that the statement names`);
    for (const name of Object.keys(listed)) if (!files.has(name)) throw new Error(`the file ${name} is missing`);
    return `All ${files.size - 1} files have the digests that the statement names.`;
  });

  let evidence;
  check("evidence", () => {
    evidence = readCanonical(files.get("evidence.json"));
    if (sha256Hex(files.get("evidence.json")) !== predicate.evidence?.sha256)
      throw new Error("the evidence is not what was signed: its digest is another one");
    if (evidence.release?.id !== predicate.release?.id) throw new Error("the evidence is about another release");
    return "The evidence has the digest that was signed.";
  });

  check("prompt", () => {
    const [only, ...more] = subject ?? [];
    const digest = sha256Hex(files.get("prompt/candidate.json") ?? Buffer.alloc(0));
    if (more.length > 0 || only?.digest?.sha256 !== digest) throw new Error("the statement is about another prompt");
    if (evidence?.candidate?.digest !== digest) throw new Error("the evidence is about another prompt");
    return "The statement, the evidence and the file are about the same prompt.";
  });

  let checkpoint;
  const events = new Map();
  check("checkpoint", () => {
    checkpoint = openCheckpoint(utf8(files.get("checkpoint.txt") ?? Buffer.alloc(0)), pem);
    const { origin, size, root } = checkpoint;
    if (!same(predicate.log, { origin, size, root: hex(root) })) throw new Error("the statement names another log");
    return `The checkpoint over ${size} entries is signed by that key.`;
  });
  if (!checkpoint) return result();

  check("log", () => {
    const { format, entries } = readCanonical(files.get("log.json"), "\n");
    if (format !== logFormat || !Array.isArray(entries))
      throw new Error(`the file log.json is not of the format ${logFormat}`);
    for (const { index, leaf, proof } of entries) {
      const [bytes, ...nodes] = [leaf, ...proof].map(fromBase64);
      if (!bytes || nodes.some((node) => node?.length !== 32)) throw new Error(`entry ${index} is not proper base64`);
      if (!verifyInclusion(leafHash(bytes), index, checkpoint.size, nodes, checkpoint.root))
        throw new Error(`entry ${index} is not in the log as it stands here`);
      if (events.has(index)) throw new Error(`entry ${index} stands here twice`);
      events.set(index, readCanonical(bytes));
    }
    return `All ${entries.length} entries are in the log under that checkpoint.`;
  });

  const frozen = textDigests(evidence);
  if (frozen.length > 0)
    check("texts", () => {
      const { format, texts, removed } = readCanonical(files.get(textsFile) ?? Buffer.alloc(0), "\n");
      if (format !== textsFormat) throw new Error(`the file ${textsFile} is not of the format ${textsFormat}`);
      for (const [digest, text] of Object.entries(texts))
        if (sha256Hex(Buffer.from(text)) !== digest) throw new Error(`a text is not what was signed: ${digest}`);
      for (const digest of frozen)
        if (texts[digest] === undefined && removed[digest] === undefined)
          throw new Error(`the text that was signed with the digest ${digest} is missing`);
      for (const digest of [...Object.keys(texts), ...Object.keys(removed)])
        if (!frozen.includes(digest)) throw new Error(`nobody signed for the text ${digest}`);
      for (const removal of new Map(Object.values(removed).map((one) => [one.redaction, one])).values()) {
        checkRemoval(events, removal);
        notes.push(`Content was removed at ${removal.at} by ${removal.by.join(" and ")}: ${removal.reason}`);
      }
      const gone = Object.keys(removed).length;
      const words = `${frozen.length - gone} of ${frozen.length} notes and comments are here, as they were signed`;
      return gone > 0 ? `${words}; ${gone} were removed by two people, and their digests stand.` : `${words}.`;
    });

  const isOurs = ({ subject }) => subject?.kind === "release" && subject.id === String(predicate.release?.id);
  const { decision, signOffs = [] } = predicate;
  check("decision", () => {
    const event = events.get(decision?.auditIndex);
    if (!event) throw new Error(`the deciding entry ${decision?.auditIndex} is not in the file`);
    const says =
      outcomes[event.action] === decision.outcome &&
      isOurs(event) &&
      event.after === predicate.evidence?.sha256 &&
      event.at === decision.at;
    if (!says) throw new Error(`entry ${decision.auditIndex} does not say what the decision says`);
    return `The log records this release as ${decision.outcome}.`;
  });

  const signed = check("signatures", () => {
    const logged = [...events].filter(([, event]) => signing.includes(event.action));
    const indices = new Set(signOffs.map(({ auditIndex }) => auditIndex));
    if (logged.length !== signOffs.length || indices.size !== signOffs.length)
      throw new Error(`the statement lists ${signOffs.length} signatures, its log entries ${logged.length}`);
    for (const { auditIndex, printedName, roles, at, said } of signOffs) {
      const event = events.get(auditIndex);
      const holds =
        event &&
        signing.includes(event.action) &&
        isOurs(event) &&
        event.actor.kind === "person" &&
        event.actor.name === printedName &&
        same(event.actor.roles, roles) &&
        event.at === at &&
        same(event.details, said);
      if (!holds) throw new Error(`the signature of entry ${auditIndex} is not as the log recorded it`);
    }
    return "Every signature is as the log recorded it.";
  });

  const withPasskey = signOffs.filter(({ said }) => said.assertion !== undefined);
  if (signed && withPasskey.length > 0)
    check("passkeys", () => {
      for (const signOff of withPasskey) checkAssertion(signOff, events.get(signOff.auditIndex).actor);
      return `${withPasskey.length === 1 ? "The passkey's signature is" : `All ${withPasskey.length} passkeys' signatures are`} on exactly what is recorded.`;
    });

  if (signed && evidence)
    check("policy", () => {
      const policy = evidence.policy?.document ?? {};
      const takenBack = [...events.values()].filter(({ action }) => action === withdrawing);
      const current = signOffs
        .filter(({ said }) => said.evidenceDigest === predicate.evidence.sha256)
        .map((signOff) => ({ ...signOff, actor: events.get(signOff.auditIndex).actor }))
        .filter(
          ({ said, actor }) =>
            !takenBack.some(
              (event) =>
                isOurs(event) &&
                event.actor.id === actor.id &&
                event.details?.signOff !== undefined &&
                event.details.signOff === said.signOff,
            ),
        );
      const of = (choice) => current.filter(({ said }) => said.decision === choice);
      const people = (choice) => new Set(of(choice).map(({ actor }) => actor.id)).size;
      const { signers, signerGroups = [], waivers: rule = {}, dissentBlocks = true } = policy;
      const refusing = dissentBlocks ? 1 : signers;
      if (decision.outcome === "refused") {
        if (people("refuse") === 0) throw new Error("nobody's refusal is among the signatures");
        if (people("refuse") < refusing)
          throw new Error(`the policy asks for ${refusing} refusals, and ${people("refuse")} are there`);
        return people("refuse") === 1
          ? "A refusal is among the signatures."
          : `${people("refuse")} refusals are among the signatures.`;
      }
      if (people("refuse") >= refusing)
        throw new Error("a refusal is among the signatures, yet the outcome is an approval");
      if (people("approve") < signers)
        throw new Error(`the policy asks for ${signers} people to sign, and ${people("approve")} did`);
      const emails = new Set(of("approve").map(({ actor }) => String(actor.email).toLowerCase()));
      for (const { name, people: members, signatures } of signerGroups) {
        const given = members.filter((email) => emails.has(email)).length;
        if (given < signatures)
          throw new Error(`the policy asks for ${signatures} of ${name} to sign, and ${given} did`);
      }
      const waivers = of("approve").flatMap(({ said }) => said.waivers ?? []);
      // A waiver with a scope is of that open part alone; a gate is waived when all its open parts are.
      const isWaived = ({ key, open: parts = [] }) =>
        (rule.gates ?? []).includes(key) &&
        (parts.length > 0 ? parts : [null]).every((part) =>
          waivers.some(
            ({ gate, scope, until }) =>
              gate === key &&
              (scope === undefined || (part !== null && same(scope, part))) &&
              Date.parse(decision.at) < Date.parse(until),
          ),
        );
      const open = (evidence.gates ?? []).filter(({ key, status }) => key !== "signers" && status !== "met");
      const blocking = open.filter((gate) => !isWaived(gate));
      if (blocking.length > 0)
        throw new Error(`approved with open gates: ${blocking.map(({ key }) => key).join(", ")}`);
      return open.length === 0
        ? "The signatures are those that the policy asks for."
        : `The signatures are those that the policy asks for; they waive ${open.map(({ key }) => key).join(", ")}.`;
    });
  return result();
}

/**
 * A passkey's signature (Web Authentication, section 7.2): the key signed, with the person verified, the SHA-256 of nonce and
 * statement; and the statement says what the log records. Throws Error that says what does not hold.
 */
function checkAssertion({ auditIndex, printedName, said }, actor) {
  const { assertion, statement } = said;
  const wrong = (what) => new Error(`the passkey's signature of entry ${auditIndex} ${what}`);
  const bytes = (name) => {
    const value = Buffer.from(String(assertion[name] ?? ""), "base64url");
    if (value.toString("base64url") !== assertion[name]) throw wrong(`has no proper ${name}`);
    return value;
  };
  const [data, client, signature, nonce] = ["authenticatorData", "clientDataJSON", "signature", "nonce"].map(bytes);
  const key = createPublicKey({ key: bytes("publicKey"), format: "der", type: "spki" });
  const message = Buffer.concat([data, sha256(client)]);
  const algorithm = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  if (!verify(algorithm, message, key, signature)) throw wrong("does not verify");
  const { type, challenge, origin } = JSON.parse(utf8(client));
  if (type !== "webauthn.get" || origin !== assertion.origin) throw wrong("was made for something else");
  const asked = sha256(Buffer.concat([nonce, Buffer.from(statement, "utf8")])).toString("base64url");
  if (challenge !== asked) throw wrong("is on another statement");
  if (hex(data.subarray(0, 32)) !== sha256Hex(Buffer.from(assertion.rpId))) throw wrong("is for another server");
  // User present, user verified.
  if ((data[32] & 5) !== 5) throw wrong("was given without verifying the person");
  const told = JSON.parse(statement);
  const holds =
    told.signer?.id === actor.id &&
    told.signer.name === printedName &&
    told.evidence === said.evidenceDigest &&
    ["decision", "meaning", "reason"].every((name) => told[name] === said[name]) &&
    same(told.waivers ?? [], said.waivers ?? []) &&
    same(told.opened ?? [], said.opened ?? []);
  if (!holds) throw wrong("says something else than the log");
}

// ── The command line ─────────────────────────────────────────────────────────────────────────────────────────────────

function main(args) {
  const at = args.indexOf("--key");
  const key = at < 0 ? undefined : args.splice(at, 2)[1];
  const [file, ...more] = args;
  if (!file || more.length > 0 || (at >= 0 && !key)) {
    console.error("usage: node verify.mjs decision.zip [--key log-key.pub]");
    return 2;
  }
  let bytes;
  let trusted;
  try {
    bytes = readFileSync(file);
    trusted = key && readFileSync(key, "utf8");
    if (trusted) fingerprint(trusted);
  } catch (error) {
    console.error(`verify: ${error.message}`);
    return 2;
  }
  const { ok, releaseId, outcome, checks, notes } = verifyDecision(bytes, trusted);
  const claim = releaseId === null ? "" : `: ${ok ? "" : "it claims that "}release ${releaseId} was ${outcome}`;
  console.log(`${ok ? "Verified" : "NOT verified"}${plain(claim)}`);
  for (const { name, ok, detail } of checks) console.log(`  ${ok ? "✓" : "✗"} ${name}: ${plain(detail)}`);
  for (const note of notes) console.log(`  note: ${plain(note)}`);
  return ok ? 0 : 1;
}

/** No text of the file may move the terminal's cursor or turn letters round. */
function plain(text) {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

if (process.argv[1] && isSame(process.argv[1])) process.exitCode = main(process.argv.slice(2));

function isSame(script) {
  try {
    return realpathSync(script) === realpathSync(fileURLToPath(import.meta.url));
  } catch {
    return false;
  }
}

import { execFileSync, spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { deflateRawSync } from "node:zlib";
import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, Verifier } from "@sigstore/verify";
import { describe, expect, it } from "vitest";
import { canonicalJson, sha256Hex } from "../digest";
import { originOf, signCheckpoint } from "./checkpoint";
import { type DecisionParts, type EvidenceText, packDecision, seal } from "./decision-archive";
import { canonical, envelopeFile, readZip, verifyDecision, verifyInclusion, writeZip } from "./decision-verifier.mjs";
import { keyFingerprint, publicPem } from "./key";
import { type AuditEvent, leafBytes } from "./leaf";
import published from "./rfc6962-vectors.json";
import { inclusionProofs, leafHash, rootOf } from "./tree";

const key = generateKeyPairSync("ed25519");
const pem = publicPem(key.publicKey);
const verifierSource = readFileSync(path.join(import.meta.dirname, "decision-verifier.mjs"));

const prompt = canonicalJson({ messages: [{ role: "system", content: "Answer <b>in one line</b>. \u202e" }] });
const evidence = (signers: number, open = false, id = 7) =>
  canonicalJson({
    format: "countersign-evidence/1",
    release: { id },
    candidate: { key: "v2", digest: sha256Hex(prompt) },
    policy: { document: { signers } },
    gates: [
      { key: "delta", status: open ? "not_met" : "met", detail: "fine" },
      { key: "signers", status: "not_met", detail: "0 of 2" },
    ],
  });

function signing(i: number, action: string, person: number, decision: string, evidenceDigest: string): AuditEvent {
  return {
    v: 1,
    at: `2026-01-01T00:00:0${i}.000Z`,
    action,
    actor: {
      kind: "person",
      id: person,
      name: `Person ${person}`,
      email: "p@example.test",
      roles: ["release_manager"],
    },
    projectId: 1,
    subject: { kind: "release", id: "7", name: "support v1 → v2" },
    before: evidenceDigest,
    after: evidenceDigest,
    details: { decision, meaning: "I approve", reason: "é", evidenceDigest, reauthentication: "password" },
    requestId: `r-${i}`,
  };
}

type Told = { text?: string; events?: AuditEvent[]; outcome?: "approved" | "refused"; verifier?: Buffer };

/** What a server packs: some of its entries lie between others' whose leaves are not in the file. */
function partsOf({ text = evidence(2), events, outcome = "approved", verifier = Buffer.from("…") }: Told = {}) {
  const digest = sha256Hex(text);
  const told = events ?? [
    signing(1, "sign_off.given", 3, "approve", digest),
    signing(2, "release.signed_off", 4, "approve", digest),
  ];
  const leaves = told.map(leafBytes);
  const others = (n: number) => Array.from({ length: n }, (_, i) => leafHash(Buffer.from(`other ${n} ${i}`)));
  const log = [...others(3), ...leaves.flatMap((leaf) => [leafHash(leaf), ...others(2)])];
  const indices = leaves.map((_, i) => 3 + 3 * i);
  const proofs = inclusionProofs(log, indices);
  const checkpoint = { origin: originOf(log[0]!), size: log.length, root: rootOf(log) };
  return {
    releaseId: 7,
    ...{ outcome, auditIndex: indices.at(-1)!, evidence: text, evidenceDigest: digest, key, verifier },
    ...{ project: "p", prompt: "support", dataset: "tickets", label: "production" },
    texts: new Map<string, EvidenceText>(),
    policy: { key: "standard", number: 1, digest: sha256Hex("policy") },
    baseline: { key: "v1", digest: sha256Hex("{}"), content: "{}" },
    candidate: { key: "v2", digest: sha256Hex(prompt), content: prompt },
    entries: told.map((event, i) => ({ index: indices[i]!, leaf: leaves[i]!, event, proof: proofs[i]! })),
    checkpoint: { ...checkpoint, note: signCheckpoint(checkpoint, key.privateKey) },
  } satisfies DecisionParts;
}

const note = { text: "It cites a page that is not there.", digest: sha256Hex("It cites a page that is not there.") };
/** As `partsOf`, with evidence that has a note's digest; the note stands beside it, or what `said` is. */
function partsWithNote(said: EvidenceText = { text: note.text }, removal: AuditEvent[] = []) {
  const text = canonicalJson({ ...JSON.parse(evidence(2)), reviews: [{ id: 1, note: { sha256: note.digest } }] });
  const digest = sha256Hex(text);
  const signed = [
    signing(1, "sign_off.given", 3, "approve", digest),
    signing(2, "release.signed_off", 4, "approve", digest),
  ];
  const parts = partsOf({ text, events: [...removal, ...signed] });
  return { ...parts, texts: new Map([[note.digest, said]]) };
}
const removing = (action: string, person: number): AuditEvent => ({
  ...signing(0, action, person, "approve", ""),
  subject: { kind: "redaction", id: "5", name: "c001" },
});
const removed: EvidenceText = {
  removed: {
    redaction: 5,
    at: "2026-02-01T00:00:00.000Z",
    by: ["Person 5", "Person 6"],
    reason: "Personal \u001b[2J data",
  },
};

const packed = (told: Told = {}) => packDecision(partsOf(told));
const failed = (bytes: Uint8Array, trusted?: string) =>
  verifyDecision(bytes, trusted)
    .checks.filter(({ ok }) => !ok)
    .map(({ name }) => name);

type Statement = {
  subject: unknown[];
  predicate: { files: Record<string, string>; signOffs: unknown[]; evidence: { sha256: string } };
};

/** Rewrites files of an archive and, where asked, signs a changed statement with the true key. */
function forged(bytes: Buffer, change: (files: Map<string, Buffer>, statement: Statement) => void, resign = true) {
  const files = readZip(bytes);
  const envelope = JSON.parse(files.get(envelopeFile)!.toString());
  const statement = JSON.parse(Buffer.from(envelope.payload, "base64").toString()) as Statement;
  change(files, statement);
  if (resign)
    files.set(
      envelopeFile,
      Buffer.from(`${canonicalJson(seal(canonicalJson(statement), key.privateKey, key.publicKey))}\n`),
    );
  return writeZip([...files]);
}

describe("what people wrote", () => {
  const both = [removing("redaction.requested", 5), removing("redaction.approved", 6)];

  it("stands beside the evidence and is held against its digests", () => {
    const parts = partsWithNote();
    const bytes = packDecision(parts);
    expect(failed(bytes)).toEqual([]);
    expect(verifyDecision(bytes).checks.find(({ name }) => name === "texts")?.detail).toContain("1 of 1 notes");
    for (const texts of [
      new Map<string, EvidenceText>([[note.digest, { text: "Another note." }]]),
      new Map<string, EvidenceText>([[sha256Hex("more"), { text: "more" }]]),
      new Map<string, EvidenceText>([...parts.texts, [sha256Hex("more"), { text: "more" }]]),
      new Map<string, EvidenceText>(),
    ])
      expect(failed(packDecision({ ...parts, texts }))).toEqual(["texts"]);
  });

  it("verifies after two people removed it, and says so", () => {
    const bytes = packDecision(partsWithNote(removed, both));
    const result = verifyDecision(bytes);
    expect(result.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.notes.join(" ")).toContain("removed at 2026-02-01T00:00:00.000Z by Person 5 and Person 6: Personal");
    expect(bytes.includes(note.text)).toBe(false);
  });

  it("does not verify when it is gone and the log has no two people who removed it", () => {
    for (const events of [
      [],
      [both[0]!],
      [both[1]!],
      [both[0]!, removing("redaction.approved", 5)],
      both.map((event) => ({ ...event, subject: { kind: "redaction", id: "6" } })),
    ])
      expect(failed(packDecision(partsWithNote(removed, events)))).toEqual(["texts"]);
  });
});

describe("verifying an exported decision", () => {
  it("finds nothing wrong with what a server packed, and says whose key it rests on", () => {
    const result = verifyDecision(packed());
    expect(result.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(result).toMatchObject({ ok: true, releaseId: 7, outcome: "approved", evidence: evidence(2) });
    expect(result.checks.map(({ name }) => name)).toEqual([
      ...["archive", "key", "envelope", "files", "evidence", "prompt", "checkpoint", "log"],
      ...["decision", "signatures", "policy"],
    ]);
    expect(result.notes[0]).toContain("The key came with the file");
    expect(verifyDecision(packed(), pem)).toMatchObject({ ok: true, notes: [] });
    expect(packed().equals(packed())).toBe(true);
  });

  it("detects a change of any one byte, and names the file or the place", () => {
    const bytes = packed();
    const names = [...readZip(bytes).keys()];
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1 << (i % 8);
      const { ok, checks } = verifyDecision(changed);
      const detail = checks.find((check) => !check.ok)?.detail ?? "";
      expect(ok, `byte ${i} of ${bytes.length}`).toBe(false);
      expect(/[Bb]yte \d+/.test(detail) || names.some((name) => detail.includes(name)), `${i}: ${detail}`).toBe(true);
    }
    for (const bad of [
      bytes.subarray(1),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.from(" ")]),
      Buffer.alloc(0),
    ])
      expect(failed(bad)).toEqual(["archive"]);
  }, 120_000);

  it("names the file that somebody exchanged and packed again with the right checksum", () => {
    const bytes = packed();
    for (const name of readZip(bytes).keys()) {
      const changed = forged(
        bytes,
        (files) => files.set(name, Buffer.concat([files.get(name)!, Buffer.from(" ")])),
        false,
      );
      const details = verifyDecision(changed).checks.filter(({ ok }) => !ok);
      expect(details.length, name).toBeGreaterThan(0);
      if (![envelopeFile, "key.pem"].includes(name)) expect(details[0]!.detail).toContain(name);
    }
    const lacking = forged(bytes, (files) => files.delete("verify.mjs"), false);
    expect(verifyDecision(lacking).checks.find(({ ok }) => !ok)?.detail).toContain("verify.mjs is missing");
    const more = forged(bytes, (files) => files.set("more.txt", Buffer.from("x")), false);
    expect(verifyDecision(more).checks.find(({ ok }) => !ok)?.detail).toContain("more.txt");
  });

  it("refuses a file that somebody else signed whole", () => {
    const other = generateKeyPairSync("ed25519");
    const checkpoint = partsOf().checkpoint;
    const theirs = packDecision({
      ...partsOf(),
      key: other,
      checkpoint: { ...checkpoint, note: signCheckpoint(checkpoint, other.privateKey) },
    });
    expect(failed(theirs)).toEqual([]);
    expect(failed(theirs, pem)).toEqual(["key"]);
    expect(failed(packDecision({ ...partsOf(), key: other }))).toEqual(["checkpoint"]);
  });

  it("refuses evidence and prompt that were exchanged together with their digests, even when signed", () => {
    const text = evidence(1);
    const digest = sha256Hex(text);
    const changed = forged(packed(), (files, { predicate }) => {
      files.set("evidence.json", Buffer.from(text));
      predicate.files["evidence.json"] = predicate.evidence.sha256 = digest;
    });
    expect(failed(changed)).toContain("decision");
    expect(failed(packed({ text: evidence(2, false, 8) }))).toContain("evidence");
    const otherPrompt = forged(packed(), (files, statement) => {
      files.set("prompt/candidate.json", Buffer.from("{}"));
      statement.predicate.files["prompt/candidate.json"] = sha256Hex("{}");
      statement.subject = [{ name: "x", digest: { sha256: sha256Hex("{}") } }];
    });
    expect(failed(otherPrompt)).toEqual(["prompt"]);
  });

  it("refuses signatures left out, changed, doubled, or of one person twice", () => {
    const withSignOffs = (change: (all: Record<string, unknown>[]) => unknown[]) =>
      forged(packed(), (_, { predicate }) => {
        predicate.signOffs = change(predicate.signOffs as Record<string, unknown>[]);
      });
    expect(failed(withSignOffs(([, second]) => [second]))).toEqual(["signatures"]);
    expect(failed(withSignOffs(([, second]) => [second, second]))).toEqual(["signatures"]);
    expect(failed(withSignOffs(([first, second]) => [{ ...first, printedName: "Somebody" }, second]))).toEqual([
      "signatures",
    ]);
    expect(
      failed(
        withSignOffs(([first, second]) => [{ ...first, said: { ...(first!.said as object), reason: "x" } }, second]),
      ),
    ).toEqual(["signatures"]);
    const parts = partsOf();
    expect(failed(packDecision({ ...parts, entries: parts.entries.slice(1) }))).toEqual(["policy"]);
    expect(failed(packDecision({ ...parts, entries: parts.entries.slice(0, 1) }))).toContain("decision");
    const digest = sha256Hex(evidence(2));
    const events = [
      signing(1, "sign_off.given", 3, "approve", digest),
      signing(2, "release.signed_off", 3, "approve", digest),
    ];
    expect(failed(packed({ events }))).toEqual(["policy"]);
  });

  it("does not count stale signatures, and holds the outcome against gates and refusals", () => {
    const digest = sha256Hex(evidence(2));
    const stale = signing(1, "sign_off.given", 3, "approve", sha256Hex("older evidence"));
    expect(failed(packed({ events: [stale, signing(2, "release.signed_off", 4, "approve", digest)] }))).toEqual([
      "policy",
    ]);
    expect(failed(packed({ text: evidence(2, true) }))).toEqual(["policy"]);
    const refusal = [signing(1, "release.refused", 3, "refuse", digest)];
    expect(failed(packed({ events: refusal, outcome: "refused" }))).toEqual([]);
    expect(failed(packed({ events: refusal, outcome: "approved" }))).toContain("decision");
  });

  it("lets a waiver cover what it names and nothing else", () => {
    type Part = Record<string, string>;
    const parts: Part[] = [{ criterion: "tone" }, { criterion: "facts" }];
    const approved = (scopes: (Part | undefined)[], until = "2026-02-01T00:00:00.000Z", open: Part[] = parts) => {
      const text = canonicalJson({
        ...JSON.parse(evidence(1)),
        policy: { document: { signers: 1, waivers: { gates: ["delta"], maxDays: 60 } } },
        gates: [{ key: "delta", status: "not_met", detail: "worse", open }],
      });
      const event = signing(2, "release.signed_off", 4, "approve", sha256Hex(text));
      const waivers = scopes.map((scope) => ({ gate: "delta", ...(scope && { scope }), reason: "Seen.", until }));
      return failed(packed({ text, events: [{ ...event, details: { ...event.details, waivers } }] }));
    };
    expect(approved([undefined])).toEqual([]);
    expect(approved(parts)).toEqual([]);
    expect(approved(parts.slice(0, 1))).toEqual(["policy"]);
    expect(approved([{ criterion: "tone" }, { slice: "facts" }])).toEqual(["policy"]);
    expect(approved(parts, "2026-01-01T00:00:00.000Z")).toEqual(["policy"]);
    expect(approved(parts, undefined, [])).toEqual(["policy"]);
  });

  it("says what it was given instead of such a file", () => {
    for (const text of ["", "null", "PK", "PK\x03\x04", '{"format":"countersign-decision/1"}'])
      expect(failed(Buffer.from(text)), text).toEqual(["archive"]);
    expect(failed(writeZip([["a", Buffer.from("b")]]))).toEqual(["archive"]);
  });

  it("runs as one file, without anything else, and answers by its exit code", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "countersign-verify-"));
    const bytes = packed({ verifier: verifierSource });
    writeFileSync(path.join(folder, "decision.zip"), bytes);
    writeFileSync(path.join(folder, "verify.mjs"), readZip(bytes).get("verify.mjs")!);
    writeFileSync(path.join(folder, "log-key.pub"), pem);
    writeFileSync(path.join(folder, "bad.zip"), bytes.with(900, bytes[900]! ^ 1));
    // Nothing of this repository can be found from there.
    const run = (...args: string[]) => {
      try {
        const env = { PATH: process.env.PATH, NODE_ENV: process.env.NODE_ENV };
        return {
          code: 0,
          out: execFileSync(process.execPath, ["verify.mjs", ...args], { cwd: folder, env }).toString(),
        };
      } catch (error) {
        const { status, stdout } = error as { status: number; stdout: Buffer };
        return { code: status, out: stdout.toString() };
      }
    };
    expect(run("decision.zip", "--key", "log-key.pub")).toMatchObject({
      code: 0,
      out: expect.stringContaining("Verified"),
    });
    expect(run("bad.zip")).toMatchObject({ code: 1, out: expect.stringContaining("NOT verified") });
    expect(run()).toMatchObject({ code: 2 });
    expect(run("nothing.zip")).toMatchObject({ code: 2 });
    rmSync(folder, { recursive: true });
  });

  it("verifies in an empty folder, without environment and without network, and writes nothing", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "countersign-offline-"));
    try {
      const bytes = packed({ verifier: verifierSource });
      writeFileSync(path.join(folder, "decision.zip"), bytes);
      // The verifier that is in the archive.
      writeFileSync(path.join(folder, "verify.mjs"), readZip(bytes).get("verify.mjs")!);
      writeFileSync(path.join(folder, "log-key.pub"), pem);
      const alone = spawnSync("unshare", ["-rn", "true"]).status === 0 ? ["unshare", "-rn"] : [];
      const [command, ...args] = [
        ...alone,
        ...["env", "-i", process.execPath, "verify.mjs", "decision.zip", "--key", "log-key.pub"],
      ];
      const { status, stdout, stderr } = spawnSync(command!, args, { cwd: folder, encoding: "utf8" });
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^Verified: release 7 was approved/);
      expect(status).toBe(0);
      expect(readdirSync(folder).sort()).toEqual(["decision.zip", "log-key.pub", "verify.mjs"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses hostile archives with a clear word, and writes nothing", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "countersign-hostile-"));
    const inner = path.join(folder, "deep", "er");
    mkdirSync(inner, { recursive: true });
    const good = packed();
    const files = [...readZip(good)];
    const bomb = deflateRawSync(Buffer.alloc(20_000_000));
    /** A zip that is compressed, with the sizes that its headers claim. */
    const compressed = (claimed: number) => {
      const local = Buffer.alloc(30 + 13);
      local.write("PK\x03\x04", "latin1");
      local.writeUInt16LE(20, 4);
      local.writeUInt16LE(8, 8);
      local.writeUInt32LE(bomb.length, 18);
      local.writeUInt32LE(claimed, 22);
      local.writeUInt16LE(13, 26);
      local.write("evidence.json", 30);
      return Buffer.concat([local, bomb]);
    };
    const long = Buffer.from(good);
    long.writeUInt32LE(0xffff_ffff, 18);
    const hostile: Record<string, [Buffer, RegExp]> = {
      "a path out of the folder": [
        writeZip([...files, ["../../evil.mjs", Buffer.from("x")]]),
        /evil\.mjs is not the one/,
      ],
      "an absolute path": [
        writeZip([...files, ["/tmp/countersign-evil", Buffer.from("x")]]),
        /countersign-evil is not the one/,
      ],
      "a name that plays the terminal": [
        writeZip([...files, ["\u001b[2J", Buffer.from("x")]]),
        /\\u001b\[2J is not the one/,
      ],
      "a bomb": [compressed(20_000_000), /checksum is another one/],
      "a bomb that claims 4 GiB": [compressed(0xffff_ffff), /checksum is another one/],
      "a file longer than the archive": [long, /longer than the archive/],
      "60 000 files": [
        writeZip(Array.from({ length: 60_000 }, (_, i): [string, Buffer] => [`f${i}`, Buffer.alloc(0)])),
        /lacks statement/,
      ],
      "one file twice": [writeZip([...files, files[0]!]), /twice/],
      "cut in the middle": [good.subarray(0, good.length / 2), /./],
      "cut by a byte": [good.subarray(0, -1), /not as it was written/],
      nothing: [Buffer.alloc(0), /no zip archive|not a zip archive/],
    };
    try {
      for (const [name, [bytes, why]] of Object.entries(hostile)) {
        writeFileSync(path.join(inner, "given.zip"), bytes);
        writeFileSync(path.join(inner, "verify.mjs"), verifierSource);
        const { status, stdout, stderr } = spawnSync(
          process.execPath,
          ["--max-old-space-size=200", "verify.mjs", "given.zip"],
          {
            cwd: inner,
            encoding: "utf8",
            env: { NODE_ENV: "test" },
          },
        );
        expect(status, name).toBe(1);
        expect(stdout, name).toMatch(/^NOT verified/);
        expect(stdout, name).toMatch(why);
        expect(stdout.includes("\u001b"), name).toBe(false);
        expect(stderr, name).toBe("");
        expect([readdirSync(folder), readdirSync(inner).sort()], name).toEqual([["deep"], ["given.zip", "verify.mjs"]]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(existsSync("/tmp/countersign-evil")).toBe(false);
  }, 60_000);

  it("shares no code with the log, and proves as the published vectors ask", () => {
    const answers = published.inclusion.map((line) => {
      const [name, index, size, root, leaf, proof] = line.split(" ");
      const at = (place: string | number) => Buffer.from(published.hashes[Number(place)]!, "base64");
      const path = (JSON.parse(proof!) as number[]).map(at);
      const accepted = verifyInclusion(at(leaf!), Number(index), Number(size), path, at(root!));
      return `${name}: ${accepted ? "accepted" : "refused"}`;
    });
    expect(answers).toEqual(published.inclusion.map((line) => `${line.split(" ")[0]}: ${line.split(" ").at(-1)}`));
  });

  it("writes canonical JSON as RFC 8785 does", () => {
    const value = {
      "€": "\u20ac\u000f\n",
      b: [1e30, 4.5, 0.002, 1e-27, -0, null, true],
      "\ud83d\ude00": 1,
      ﬀ: "</script>",
    };
    expect(canonical(JSON.parse(JSON.stringify(value)))).toBe(canonicalJson(value));
  });

  it("spells out in its page what could play with a reader", () => {
    const page = readZip(packed()).get("decision.html")!.toString();
    expect(page).toContain("&#60;b&#62;in one line");
    expect(page).toContain("U+202E");
    expect(page).not.toContain("\u202e");
  });

  it("says in its page which interval it gives: the one that the gate went by, or the only one that evidence has", () => {
    const fixed = { delta: -0.065, low: -0.129, high: -0.007, level: 0.95, method: "blend", drawn: 40, reviewed: 40 };
    const alwaysValid = { low: -0.17, high: 0.005, level: 0.95, method: "betting" };
    const pageOf = (estimate: object) => {
      const numbers = [{ key: "keyword", judges: [], tally: {}, estimate }];
      const text = canonicalJson({ ...JSON.parse(evidence(2)), numbers });
      const events = [1, 2].map((i) => signing(i, "sign_off.given", i, "approve", sha256Hex(text)));
      return readZip(packed({ text, events })).get("decision.html")!.toString();
    };
    const page = pageOf({ ...fixed, alwaysValid });
    expect(page).toContain("On keyword the corrected delta was −6.5 pt (always-valid −17.0 to 0.5), 40 cases graded");
    expect(page).toContain("always-valid −17.0 to 0.5 pt, 95 %, betting<br>fixed-n −12.9 to −0.7 pt, 95 %, blend");
    expect(pageOf(fixed)).toContain("the corrected delta was −6.5 pt (fixed-n −12.9 to −0.7), 40 cases graded");
    expect(pageOf({ ...fixed, alwaysValid: null })).toContain("(fixed-n −12.9 to −0.7)");
  });
});

describe("the envelope", () => {
  const bundleOf = (envelope: { payload: string; payloadType: string; signatures: { keyid: string; sig: string }[] }) =>
    bundleFromJSON({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: keyFingerprint(key.publicKey) }, tlogEntries: [] },
      dsseEnvelope: envelope,
    });
  // Our key and nothing else: no certificates, no transparency log of theirs, no time stamps.
  const verifier = (publicKey = createPublicKey(pem)) =>
    new Verifier(
      {
        ...{ certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] },
        publicKey: () => ({ publicKey, validFor: () => true }),
      },
      { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
    );
  const envelope = JSON.parse(readZip(packed()).get(envelopeFile)!.toString());

  it("is accepted by sigstore with our key, and refused with another", () => {
    expect(() => verifier().verify(toSignedEntity(bundleOf(envelope)))).not.toThrow();
    const other = generateKeyPairSync("ed25519").publicKey;
    expect(() => verifier(other).verify(toSignedEntity(bundleOf(envelope)))).toThrow();
  });

  it("is refused by sigstore after a change of any one byte of what it holds, its type or its signature", () => {
    const flip = (base64: string, i: number) => {
      const bytes = Buffer.from(base64, "base64");
      bytes[i]! ^= 1;
      return bytes.toString("base64");
    };
    const accepts = (changed: typeof envelope) => {
      try {
        verifier().verify(toSignedEntity(bundleOf(changed)));
        return true;
      } catch {
        return false;
      }
    };
    const [signature] = envelope.signatures;
    const length = Buffer.from(envelope.payload, "base64").length;
    for (let i = 0; i < length; i++)
      expect(accepts({ ...envelope, payload: flip(envelope.payload, i) }), `byte ${i}`).toBe(false);
    for (let i = 0; i < 64; i++)
      expect(accepts({ ...envelope, signatures: [{ ...signature, sig: flip(signature.sig, i) }] })).toBe(false);
    expect(accepts({ ...envelope, payloadType: "application/vnd.in-toto+jsoo" })).toBe(false);
  }, 60_000);

  it("holds an in-toto statement about the bytes of the prompt", () => {
    const statement = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      predicateType: expect.stringMatching(/human-signoff\/v1$/),
      subject: [{ name: "support@v2", digest: { sha256: sha256Hex(prompt) } }],
      predicate: {
        decision: { outcome: "approved" },
        signOffs: [{ printedName: "Person 3" }, { printedName: "Person 4" }],
      },
    });
  });
});

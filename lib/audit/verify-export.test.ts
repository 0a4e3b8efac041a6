import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { canonicalJson, sha256Hex } from "../digest";
import { originOf, signCheckpoint } from "./checkpoint";
import { publicPem } from "./key";
import { type AuditEvent, leafBytes } from "./leaf";
import { inclusionProofs, leafHash, rootOf } from "./tree";
import { type ExportedDecision, exportFormat, exportText, verifyExport } from "./verify-export";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");

const evidence = (signers: number, open = false, id = 7) =>
  canonicalJson({
    format: "countersign-evidence/1",
    release: { id },
    policy: { document: { signers } },
    gates: [
      { key: "delta", status: open ? "not_met" : "met" },
      { key: "signers", status: "not_met" },
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

type Told = { text?: string; events?: AuditEvent[]; outcome?: "approved" | "refused" };

/** What a server writes: some of its entries lie between others' whose leaves are not in the file. */
function exported({ text = evidence(2), events, outcome = "approved" }: Told = {}): ExportedDecision {
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
  const last = told.at(-1)!;
  return {
    format: exportFormat,
    decision: { releaseId: 7, outcome, evidenceDigest: digest, auditIndex: indices.at(-1)!, at: last.at },
    evidence: text,
    digest,
    signOffs: told.map((event, i) => ({
      auditIndex: indices[i]!,
      printedName: event.actor.name,
      roles: event.actor.roles,
      decision: event.details?.decision as "approve" | "refuse",
      meaning: "I approve",
      reason: "é",
      reauthentication: "password",
      evidenceDigest: event.details?.evidenceDigest as string,
      at: event.at,
    })),
    auditEntries: leaves.map((leaf, i) => ({
      index: indices[i]!,
      leaf: leaf.toString("base64"),
      proof: proofs[i]!.map((node) => Buffer.from(node).toString("base64")),
    })),
    checkpoint: signCheckpoint({ origin: originOf(log[0]!), size: log.length, root: rootOf(log) }, privateKey),
    publicKey: publicPem(publicKey),
  };
}

const bytesOf = (file: ExportedDecision) => Buffer.from(exportText(file));
const failed = (bytes: Uint8Array, key?: typeof publicKey) =>
  verifyExport(bytes, key)
    .checks.filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe("verifying an exported decision", () => {
  it("finds nothing wrong with what a server wrote, and says whose key it rests on", () => {
    const result = verifyExport(bytesOf(exported()));
    expect(result).toMatchObject({ ok: true, releaseId: 7, outcome: "approved" });
    expect(result.checks.map(({ name }) => name)).toEqual([
      "form",
      "key",
      "checkpoint",
      "log",
      "evidence",
      "decision",
      "signatures",
      "policy",
    ]);
    expect(result.notes[0]).toContain("The key came with the file");
    expect(verifyExport(bytesOf(exported()), publicKey)).toMatchObject({ ok: true, notes: [] });
  });

  // Every fourth byte; every one when COUNTERSIGN_TAMPER_RUNS is set.
  it("detects every change of one byte, wherever it is", () => {
    const bytes = bytesOf(exported());
    const step = process.env.COUNTERSIGN_TAMPER_RUNS ? 1 : 4;
    for (let i = 0; i < bytes.length; i += step) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expect(verifyExport(changed).ok, `byte ${i} of ${bytes.length}`).toBe(false);
    }
    for (const bad of [
      bytes.subarray(1),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.from(" ")]),
      Buffer.alloc(0),
    ])
      expect(verifyExport(bad).ok).toBe(false);
  }, 60_000);

  it("refuses a file that somebody else signed whole", () => {
    const other = generateKeyPairSync("ed25519");
    const file = exported();
    const forged = { ...file, publicKey: publicPem(other.publicKey) };
    expect(failed(bytesOf(forged), publicKey)).toContain("key");
    expect(failed(bytesOf(forged))).toEqual(["checkpoint"]);
  });

  it("refuses evidence that was exchanged together with its digest", () => {
    const text = evidence(1);
    const file = { ...exported(), evidence: text, digest: sha256Hex(text) };
    expect(failed(bytesOf(file))).toEqual(["evidence"]);
    expect(failed(bytesOf({ ...file, decision: { ...file.decision, evidenceDigest: file.digest } }))).toContain(
      "decision",
    );
    expect(failed(bytesOf(exported({ text: evidence(2, false, 8) })))).toContain("evidence");
  });

  it("refuses signatures left out, changed, doubled, or of one person twice", () => {
    const file = exported();
    const [first, second] = file.signOffs;
    expect(failed(bytesOf({ ...file, signOffs: [second!] }))).toContain("signatures");
    expect(failed(bytesOf({ ...file, signOffs: [second!, second!] }))).toContain("signatures");
    expect(failed(bytesOf({ ...file, signOffs: [{ ...first!, reason: "other" }, second!] }))).toContain("signatures");
    const [entry, deciding] = file.auditEntries;
    expect(failed(bytesOf({ ...file, signOffs: [second!], auditEntries: [deciding!] }))).toEqual(["policy"]);
    expect(failed(bytesOf({ ...file, signOffs: [first!], auditEntries: [entry!] }))).toContain("decision");
    const digest = sha256Hex(evidence(2));
    const events = [
      signing(1, "sign_off.given", 3, "approve", digest),
      signing(2, "release.signed_off", 3, "approve", digest),
    ];
    expect(failed(bytesOf(exported({ events })))).toEqual(["policy"]);
  });

  it("does not count stale signatures, and holds the outcome against gates and refusals", () => {
    const digest = sha256Hex(evidence(2));
    const stale = signing(1, "sign_off.given", 3, "approve", sha256Hex("older evidence"));
    expect(
      failed(bytesOf(exported({ events: [stale, signing(2, "release.signed_off", 4, "approve", digest)] }))),
    ).toEqual(["policy"]);
    expect(failed(bytesOf(exported({ text: evidence(2, true) })))).toEqual(["policy"]);
    const refusal = [signing(1, "release.refused", 3, "refuse", digest)];
    expect(failed(bytesOf(exported({ events: refusal, outcome: "refused" })))).toEqual([]);
    expect(failed(bytesOf(exported({ events: refusal, outcome: "approved" })))).toContain("decision");
  });

  it("says what it was given instead of such a file", () => {
    for (const text of ["", "null", "[]", '{"format":"countersign-decision/2"}', "\ufeff{}", "{}"])
      expect(failed(Buffer.from(text)), text).toEqual(["form"]);
    expect(failed(Buffer.from([0xff, 0xfe]))).toEqual(["form"]);
    expect(failed(Buffer.from(JSON.stringify(exported(), null, 2)))).toEqual(["form"]);
  });
});

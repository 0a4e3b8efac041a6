import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person, Role } from "../auth/actor";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject, unique } from "../testing/seed";
import { appendAudit } from "./append";
import { openCheckpoint } from "./checkpoint";
import { readZip, verifyDecision } from "./decision-verifier.mjs";
import { exportDecision, getDecision, listDecisions } from "./decisions";
import { logKey, publicPem } from "./key";
import { checkpointNow } from "./publish";
import { getCheckpoint, getProof, listEntries, logState, verifyNow } from "./queries";
import { listAudit } from "./search";
import { verifyConsistency, verifyInclusion } from "./tree";

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-decisions-"));
beforeAll(() => {
  process.env.COUNTERSIGN_DATA = folder;
});
afterAll(() => rmSync(folder, { recursive: true }));

const all: Role[] = ["release_manager"];

/** A release as signing leaves it: evidence, two signatures with their events, the decision. */
async function seedDecision() {
  const project = await seedProject();
  const signers = [await seedPerson(project.id, { roles: all }), await seedPerson(project.id, { roles: all })];
  const { id: projectId } = project;
  const prompt = await db.prompt.create({ data: { projectId, name: unique("support") } });
  const dataset = await db.dataset.create({ data: { projectId, name: unique("tickets") } });
  const policy = await db.policy.create({
    data: { projectId, key: "standard", number: 1, document: "{}", digest: sha256Hex("{}"), createdBy: "x" },
  });
  const [baseline, candidate] = await Promise.all(
    [1, 2].map(async (number) => {
      const content = canonicalJson({ messages: [{ role: "system", content: `Version ${number}` }] });
      const digest = sha256Hex(content);
      const version = await db.promptVersion.create({
        data: { promptId: prompt.id, number, key: `v${number}`, digest, content },
      });
      const run = {
        projectId,
        versionId: version.id,
        datasetId: dataset.id,
        sourceDigest: digest,
        digest,
        outputCount: 0,
        errorCount: 0,
      };
      return { version, run: await db.run.create({ data: run }) };
    }),
  );
  const release = await db.release.create({
    data: {
      projectId,
      promptId: prompt.id,
      datasetId: dataset.id,
      policyId: policy.id,
      baselineId: baseline!.version.id,
      candidateId: candidate!.version.id,
      baselineRunId: baseline!.run.id,
      candidateRunId: candidate!.run.id,
      createdBy: "x",
    },
  });
  const body = canonicalJson({
    release: { id: release.id },
    candidate: { key: "v2", digest: candidate!.version.digest },
    policy: { document: { signers: 2 } },
    gates: [{ key: "delta", status: "met", detail: "fine" }],
  });
  const evidenceDigest = sha256Hex(body);
  const subject = { kind: "release", id: String(release.id), name: "support v1 → v2" };
  await db.evidence.create({ data: { releaseId: release.id, digest: evidenceDigest, body, createdBy: "x" } });
  let auditIndex = 0;
  for (const [i, signer] of signers.entries())
    auditIndex = await transaction(async (tx) => {
      const said = {
        decision: "approve" as const,
        meaning: "I approve",
        reason: "good",
        reauthentication: "password",
        evidenceDigest,
      };
      await tx.signOff.create({
        data: { ...said, releaseId: release.id, userId: signer.userId, printedName: signer.name, roles: signer.roles },
      });
      const action = i === 1 ? "release.signed_off" : "sign_off.given";
      return (await appendAudit(tx, signer, { action, subject, after: evidenceDigest, details: said })).index;
    });
  const decision = await db.decision.create({
    data: { releaseId: release.id, outcome: "approved", evidenceDigest, auditIndex, decidedAt: new Date() },
  });
  return { project, signers, release, decision, evidenceDigest, body };
}

const as = (person: Person, roles: Role[]): Person => ({ ...person, roles });

describe("a decision", () => {
  it("is shown with evidence, signatures and its place in the log", async () => {
    const { signers, decision, evidenceDigest } = await seedDecision();
    const viewer = as(signers[0]!, ["viewer"]);
    expect((await getDecision(viewer, decision.id)).inclusion.state).toBe("waiting");
    await checkpointNow("sign_off");
    const shown = await getDecision(viewer, decision.id);
    expect(shown).toMatchObject({
      outcome: "approved",
      evidence: { recomputed: evidenceDigest, canonical: true },
      inclusion: { state: "proved", size: decision.auditIndex + 1 },
      entry: { index: decision.auditIndex, event: { action: "release.signed_off" } },
    });
    expect(shown.signOffs.map(({ auditIndex, stale }) => ({ auditIndex, stale }))).toEqual([
      { auditIndex: decision.auditIndex - 1, stale: false },
      { auditIndex: decision.auditIndex, stale: false },
    ]);
    expect(await listDecisions(viewer)).toHaveLength(1);
  });

  it("is another project's secret", async () => {
    const [a, b] = [await seedDecision(), await seedDecision()];
    await expect(getDecision(b.signers[0]!, a.decision.id)).rejects.toMatchObject({ code: "not_found" });
    await expect(exportDecision({ actor: b.signers[0]!, id: a.decision.id })).rejects.toMatchObject({
      code: "not_found",
    });
    expect((await listDecisions(b.signers[0]!)).map(({ id }) => id)).toEqual([b.decision.id]);
  });

  it("is exported as a file that verifies, and the export is recorded", async () => {
    const { signers, decision, release, body } = await seedDecision();
    const { name, bytes } = await exportDecision({ actor: signers[0]!, id: "latest" });
    expect(name).toBe(`countersign-decision-${release.id}.zip`);
    expect(readZip(bytes).get("evidence.json")!.toString()).toBe(body);
    expect(verifyDecision(bytes, publicPem(logKey(folder).publicKey))).toMatchObject({
      ok: true,
      releaseId: release.id,
      outcome: "approved",
    });
    // Later entries and checkpoints change nothing about it.
    await checkpointNow("timer");
    expect((await exportDecision({ actor: signers[0]!, id: decision.id })).bytes.equals(bytes)).toBe(true);
    const { rows } = await listAudit(signers[0]!, { action: "evidence.exported" });
    expect(rows.map(({ event }) => event?.after)).toEqual([sha256Hex(bytes), sha256Hex(bytes)]);
  });

  it("is not exported, and shown as broken, when evidence or signature were changed behind the application's back", async () => {
    const { signers, decision, release } = await seedDecision();
    await checkpointNow("sign_off");
    const off = "ALTER TABLE evidence DISABLE TRIGGER ALL; ALTER TABLE sign_off DISABLE TRIGGER ALL;";
    const on = "ALTER TABLE evidence ENABLE TRIGGER ALL; ALTER TABLE sign_off ENABLE TRIGGER ALL;";
    await database.asOwner(`${off} UPDATE evidence SET body = replace(body, 'fine', 'Fine') WHERE release_id = ${release.id};
      UPDATE sign_off SET reason = 'bad' WHERE release_id = ${release.id} AND user_id = ${signers[0]!.userId}; ${on}`);
    const shown = await getDecision(signers[0]!, decision.id);
    expect(shown.evidence.recomputed).not.toBe(shown.evidenceDigest);
    expect(shown.signOffs.map(({ auditIndex }) => auditIndex)).toEqual([null, decision.auditIndex]);
    await expect(exportDecision({ actor: signers[0]!, id: decision.id })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("The evidence is not what was signed"),
    });
  });
});

describe("the log", () => {
  it("is for auditors, administrators and release managers; proofs and entries as well", async () => {
    const { signers } = await seedDecision();
    for (const roles of [["viewer"], ["reviewer"]] as Role[][]) {
      const actor = as(signers[0]!, roles);
      const attempts = [
        listAudit(actor, {}),
        logState(actor),
        verifyNow(actor),
        listEntries(actor, {}),
        getProof(actor, { index: 0 }),
      ];
      for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: "forbidden" });
    }
    expect(await getCheckpoint(as(signers[0]!, ["viewer"]))).toContain("countersign/");
  });

  it("is filtered by event, person, subject and day, and paged", async () => {
    const { signers, project, release } = await seedDecision();
    const actor = as(signers[0]!, ["auditor"]);
    const list = async (filter: object) => (await listAudit(actor, filter)).rows.map(({ action }) => action);
    expect(await list({})).toEqual(["release.signed_off", "sign_off.given"]);
    expect(await list({ action: "sign_off.given" })).toEqual(["sign_off.given"]);
    expect(await list({ actor: signers[1]!.email.toUpperCase() })).toEqual(["release.signed_off"]);
    expect(await list({ subject: `release:${release.id}` })).toHaveLength(2);
    expect(await list({ subject: "%" })).toEqual([]);
    const today = new Date().toISOString().slice(0, 10);
    expect(await list({ from: today, to: today })).toHaveLength(2);
    expect(await list({ to: "2020-01-01" })).toEqual([]);
    await expect(listAudit(actor, { from: "tomorrow" })).rejects.toThrow("2026-01-31");
    await expect(listAudit(actor, { actor: "a\0" })).rejects.toThrow("NUL");
    for (let i = 0; i < 51; i++)
      await transaction((tx) =>
        appendAudit(
          tx,
          { ...actor, projectId: project.id },
          { action: "review.given", subject: { kind: "release", id: "1" } },
        ),
      );
    const first = await listAudit(actor, {});
    const second = await listAudit(actor, { before: first.next });
    expect([first.rows.length, second.rows.length, second.next]).toEqual([50, 3, null]);
  });

  it("shows another project's entries only as hashes, and proves any of them", async () => {
    const [a, b] = [await seedDecision(), await seedDecision()];
    const actor = as(a.signers[0]!, ["auditor"]);
    const { entries, size } = await listEntries(actor, { from: a.decision.auditIndex, limit: 2 });
    expect(entries.map(({ leaf }) => leaf !== null)).toEqual([true, false]);
    expect(size).toBe(b.decision.auditIndex + 1);
    const proof = await getProof(actor, { index: String(b.decision.auditIndex) });
    if (!("index" in proof)) throw new Error("an inclusion proof was asked for");
    const bytes = (text: string) => Buffer.from(text, "base64");
    expect(
      verifyInclusion(bytes(proof.leafHash), proof.index, proof.size, proof.proof.map(bytes), bytes(proof.root)),
    ).toBe(true);
    await checkpointNow("timer");
    const checkpoint = openCheckpoint(await getCheckpoint(actor), logKey(folder).publicKey);
    expect(Buffer.from(checkpoint.root).toString("base64")).toBe(proof.root);
    const grown = await getProof(actor, { first: 1, second: size });
    if (!("first" in grown)) throw new Error("a consistency proof was asked for");
    expect(verifyConsistency(1, size, bytes(grown.firstRoot), bytes(grown.secondRoot), grown.proof.map(bytes))).toBe(
      true,
    );
    for (const bad of [{ index: size }, { index: 0, size: size + 1 }, { first: 0 }, { first: 2, second: 1 }, {}])
      await expect(getProof(actor, bad), JSON.stringify(bad)).rejects.toThrow();
  });

  it("tells how it stands", async () => {
    const { signers } = await seedDecision();
    await checkpointNow("timer");
    const state = await logState(signers[0]!);
    expect(state).toMatchObject({
      separateRoles: true,
      checkpoint: { size: state.size, cause: "timer" },
      outside: { size: state.size },
    });
    expect((await verifyNow(signers[0]!)).ok).toBe(true);
  });
});

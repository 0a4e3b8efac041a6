import { describe, expect, it } from "vitest";
import { appendAudit } from "../audit/append";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { digestOf, sha256Hex } from "../digest";
import { Fault } from "../errors";
import { testDatabase } from "../testing/database";
import { actorFor, seedPerson, seedProject, unique } from "../testing/seed";
import { moveLabel, pushVersion } from "./commands";
import { labelHistory } from "./label-history";
import { writeLabelMove } from "./label-moves";
import { askUnprotect, endUnprotect, protectLabel } from "./protection";
import { getLabel } from "./queries";

const database = await testDatabase();

type Event = { action: string; details?: object; actor: object };
async function events(projectId: number): Promise<Event[]> {
  const rows = await database.asOwner<{ leaf: Buffer }>(
    'SELECT leaf FROM audit_entry WHERE project_id = $1 ORDER BY "index"',
    [projectId],
  );
  return rows.map(({ leaf }) => JSON.parse(leaf.toString("utf8")));
}

/** A prompt with versions v1 to v`count`, and a label that points to v1. */
async function seedLabel(given: { label?: string; protected?: boolean; count?: number } = {}) {
  const { label = "production", count = 3 } = given;
  const project = await seedProject();
  const [ada, bo, manager, viewer] = [
    await seedPerson(project.id, { roles: ["administrator"] }),
    await seedPerson(project.id, { roles: ["administrator"] }),
    await seedPerson(project.id, { roles: ["release_manager"] }),
    await seedPerson(project.id, { roles: ["viewer"] }),
  ];
  const prompt = unique("support/prompt");
  for (let n = 1; n <= count; n++) {
    const content = { messages: [{ role: "system", content: `version ${n}` }] };
    await pushVersion({ actor: manager, input: { prompt, content } });
  }
  const { id: promptId } = await db.prompt.findFirstOrThrow({ where: { projectId: project.id, name: prompt } });
  const versions = await db.promptVersion.findMany({ where: { promptId }, orderBy: { number: "asc" } });
  const kind = (given.protected ?? true) ? ("adopted" as const) : ("moved" as const);
  await writeLabelMove(db, {
    prompt: { id: promptId, name: prompt },
    ...{ label, kind, from: null, to: versions[0]!, protected: given.protected ?? true },
    by: { name: "import by somebody", userId: null },
  });
  return { project, ada, bo, manager, viewer, prompt, promptId, versions, label };
}
type Seeded = Awaited<ReturnType<typeof seedLabel>>;

/** A release of v1 → the version, decided; with the label's move where it points to v1, all in one transaction. */
async function approve(seeded: Seeded, candidateId: number, by: Person): Promise<boolean> {
  const { project, promptId, prompt, versions, label } = seeded;
  const plan = await planOf(project.id);
  return transaction(async (tx) => {
    const release = await tx.release.create({
      data: {
        ...{ projectId: project.id, promptId, baselineId: versions[0]!.id, candidateId, ...plan },
        ...{ state: "approved", createdBy: "test", decidedAt: new Date(), evidenceDigest: sha256Hex("evidence") },
      },
    });
    const now = await tx.label.findUniqueOrThrow({
      where: { promptId_name: { promptId, name: label } },
      include: { version: true },
    });
    const moved = await writeLabelMove(tx, {
      prompt: { id: promptId, name: prompt },
      ...{ label, kind: "released", from: now.version, to: versions.find(({ id }) => id === candidateId)! },
      ...{ releaseId: release.id, by: { name: by.email, userId: by.userId } },
    });
    if (!moved) throw new Fault("conflict", "the label moved");
    await appendAudit(tx, by, moved.event);
    return true;
  });
}

const plans = new Map<number, { baselineRunId: number; candidateRunId: number; datasetId: number; policyId: number }>();
async function planOf(projectId: number) {
  const known = plans.get(projectId);
  if (known) return known;
  const dataset = await db.dataset.create({ data: { projectId, name: unique("dataset") } });
  const version = await db.promptVersion.findFirstOrThrow({ where: { prompt: { projectId } } });
  const digest = sha256Hex(unique("run"));
  const run = await db.run.create({
    data: {
      ...{ projectId, versionId: version.id, datasetId: dataset.id, sourceDigest: digest, digest },
      ...{ outputCount: 0, errorCount: 0 },
    },
  });
  const policy = await db.policy.create({
    data: { projectId, key: unique("policy"), number: 1, document: "{}", digest: digestOf({}), createdBy: "test" },
  });
  const plan = { baselineRunId: run.id, candidateRunId: run.id, datasetId: dataset.id, policyId: policy.id };
  plans.set(projectId, plan);
  return plan;
}

const unprotect = async (seeded: Seeded) => {
  const input = { prompt: seeded.prompt, label: seeded.label, reason: "We try things out under it." };
  const { id } = await askUnprotect({ actor: seeded.ada, input });
  await endUnprotect({ actor: seeded.bo, input: { id, outcome: "done" } });
};

describe("protecting a label", () => {
  it("adopts what it points to, says so to programs, and from then on keeps it to what is approved", async () => {
    const seeded = await seedLabel({ label: "canary", protected: false });
    const { project, ada, manager, prompt, label, versions } = seeded;
    expect(await getLabel(manager, prompt, label)).toMatchObject({ protected: false, standing: "unapproved" });
    await protectLabel({ actor: ada, input: { prompt, label, reason: "It serves customers now." } });
    expect(await getLabel(manager, prompt, label)).toMatchObject({
      protected: true,
      version: "v1",
      standing: "adopted",
      content: { messages: [{ content: "version 1" }] },
    });
    expect((await events(project.id)).slice(-2)).toMatchObject([
      { action: "label.adopted", details: { to: "v1", reason: "It serves customers now." } },
      { action: "label.protected", details: { version: "v1", reason: "It serves customers now." } },
    ]);
    const move = { prompt, label, version: "v2", reason: "Now." };
    await expect(moveLabel({ actor: manager, input: move })).rejects.toMatchObject({ code: "conflict" });
    await approve(seeded, versions[1]!.id, manager);
    const history = await labelHistory(manager, prompt, label);
    expect(history).toMatchObject({
      version: "v2",
      standing: "approved",
      steps: [{ kind: "released", from: "v1", to: "v2" }, { kind: "adopted" }, { kind: "moved", from: null, to: "v1" }],
      back: [{ version: "v1", standing: "adopted" }],
    });
  });
  it("is for administrators of the project alone", async () => {
    const { project, ada, manager, prompt, label } = await seedLabel({ protected: false });
    const before = (await events(project.id)).length;
    const input = { prompt, label, reason: "x" };
    await expect(protectLabel({ actor: manager, input })).rejects.toMatchObject({ code: "forbidden" });
    const elsewhere = actorFor({ ...ada, projectId: (await seedProject()).id });
    await expect(protectLabel({ actor: elsewhere, input })).rejects.toMatchObject({ code: "not_found" });
    await expect(protectLabel({ actor: ada, input: { ...input, reason: " " } })).rejects.toThrow(/Say why/);
    expect((await events(project.id)).length).toBe(before);
  });
});

describe("taking a protection away", () => {
  it("takes two administrators, and both acts are in the log", async () => {
    const seeded = await seedLabel();
    const { project, ada, bo, prompt, label } = seeded;
    const input = { prompt, label, reason: "We try things out under it." };
    const { id } = await askUnprotect({ actor: ada, input });
    await expect(askUnprotect({ actor: bo, input })).rejects.toMatchObject({ code: "conflict" });
    await expect(endUnprotect({ actor: ada, input: { id, outcome: "done" } })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await getLabel(ada, prompt, label)).toMatchObject({ protected: true });
    await endUnprotect({ actor: bo, input: { id, outcome: "done" } });
    expect(await getLabel(ada, prompt, label)).toMatchObject({ protected: false, everProtected: true });
    await expect(endUnprotect({ actor: bo, input: { id, outcome: "withdrawn" } })).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await events(project.id)).slice(-2)).toMatchObject([
      { action: "label.unprotect_asked", actor: { email: ada.email } },
      { action: "label.unprotected", actor: { email: bo.email }, details: { askedBy: ada.email } },
    ]);
    expect((await labelHistory(ada, prompt, label)).protection).toMatchObject([{ protects: false, outcome: "done" }]);
  });
  it("is refused to other roles, tokens, other projects, and a week later", async () => {
    const { project, ada, bo, manager, prompt, label } = await seedLabel();
    const input = { prompt, label, reason: "x" };
    const token = { ...ada, kind: "token" as const, tokenId: 1 };
    await expect(askUnprotect({ actor: manager, input })).rejects.toMatchObject({ code: "forbidden" });
    await expect(askUnprotect({ actor: token, input })).rejects.toMatchObject({ code: "forbidden" });
    const away = actorFor({ ...bo, projectId: (await seedProject()).id });
    await expect(askUnprotect({ actor: away, input })).rejects.toMatchObject({ code: "not_found" });
    const { id } = await askUnprotect({ actor: ada, input });
    const end = { id, outcome: "done" as const };
    await expect(endUnprotect({ actor: away, input: end })).rejects.toMatchObject({ code: "not_found" });
    await expect(endUnprotect({ actor: manager, input: end })).rejects.toMatchObject({ code: "forbidden" });
    await expect(endUnprotect({ actor: { ...token, userId: bo.userId }, input: end })).rejects.toMatchObject({
      code: "forbidden",
    });
    await database.asOwner("ALTER TABLE label_protection DISABLE TRIGGER label_protection_is_kept");
    await database.asOwner("UPDATE label_protection SET asked_at = now() - interval '8 days' WHERE id = $1", [id]);
    await database.asOwner("ALTER TABLE label_protection ENABLE ALWAYS TRIGGER label_protection_is_kept");
    await expect(endUnprotect({ actor: bo, input: end })).rejects.toMatchObject({ code: "conflict" });
    // It makes room for another, which somebody withdraws.
    const again = await askUnprotect({ actor: ada, input });
    await endUnprotect({ actor: ada, input: { id: again.id, outcome: "withdrawn" } });
    expect((await events(project.id)).at(-1)).toMatchObject({ action: "label.unprotect_withdrawn" });
    expect(await getLabel(ada, prompt, label)).toMatchObject({ protected: true });
  });
  it("can't be done behind the log, nor undone", async () => {
    const seeded = await seedLabel();
    const { promptId, label, ada, prompt } = seeded;
    const where = { promptId_name: { promptId, name: label } };
    await expect(db.label.update({ where, data: { protected: false } })).rejects.toThrow(/nobody agreed/);
    const alone = { promptId, label, protects: false, reason: "x", askedBy: "a", askedById: ada.userId };
    await expect(
      db.labelProtection.create({
        data: { ...alone, outcome: "done", endedBy: "a", endedById: ada.userId, endedAt: new Date() },
      }),
    ).rejects.toThrow(/label_protection_takes_two/);
    await unprotect(seeded);
    await db.label.update({ where, data: { everProtected: false } });
    expect(await getLabel(ada, prompt, label)).toMatchObject({ everProtected: true });
    await expect(db.labelProtection.deleteMany()).rejects.toThrow(/never changed/);
  });
  it("lets nothing unapproved reach a program unseen, and the label is protected again only on something approved", async () => {
    const seeded = await seedLabel();
    const { ada, manager, prompt, label, versions } = seeded;
    await unprotect(seeded);
    // What it points to is still what was adopted.
    expect(await getLabel(manager, prompt, label)).toMatchObject({ version: "v1", standing: "adopted" });
    const move = { prompt, label, version: "v3" };
    await expect(moveLabel({ actor: manager, input: move })).rejects.toMatchObject({ place: { field: "reason" } });
    await moveLabel({ actor: manager, input: { ...move, reason: "A trial." } });
    await expect(getLabel(manager, prompt, label)).rejects.toMatchObject({ code: "conflict" });
    expect(await getLabel(manager, prompt, label, { acceptsUnapproved: true })).toMatchObject({
      version: "v3",
      standing: "unapproved",
      protected: false,
    });
    const protect = () => protectLabel({ actor: ada, input: { prompt, label, reason: "Enough." } });
    await expect(protect()).rejects.toMatchObject({ code: "conflict" });
    await approve(seeded, versions[2]!.id, manager);
    await protect();
    expect(await getLabel(manager, prompt, label)).toMatchObject({ version: "v3", standing: "approved" });
  });
});

describe("a label that somebody bent in the database", () => {
  it("is not served", async () => {
    const { manager, prompt, label, promptId, versions } = await seedLabel();
    await database.asOwner("UPDATE label SET version_id = $1 WHERE prompt_id = $2", [versions[2]!.id, promptId]);
    await expect(getLabel(manager, prompt, label)).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("moves, decisions and protection at once", () => {
  it("never give a program an unapproved version unseen, and the history has no gap", async () => {
    const seeded = await seedLabel({ count: 6 });
    const { ada, bo, manager, viewer, prompt, label, versions } = seeded;
    await planOf(seeded.project.id);
    /** Filled before the transaction that approves begins: what may be served from now on. */
    const mayBeServed = new Set(["v1"]);
    const refused: string[] = [];
    const tried = async (work: Promise<unknown>) => {
      try {
        await work;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        refused.push(error.code);
      }
    };
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * n);
    };
    const pick = () => versions[random(versions.length)]!;
    const input = { prompt, label, reason: "race" };
    const acts = [
      () => tried(moveLabel({ actor: manager, input: { ...input, version: pick().key } })),
      () => tried(moveLabel({ actor: ada, input: { ...input, version: pick().key } })),
      () => {
        const { id, key } = pick();
        // The baseline can't be, and two never are.
        if (["v1", "v5", "v6"].includes(key)) return Promise.resolve();
        mayBeServed.add(key);
        return tried(approve(seeded, id, manager));
      },
      () => tried(unprotect(seeded)),
      () => tried(protectLabel({ actor: bo, input })),
    ];
    let done = false;
    const reads = { served: 0, refused: 0 };
    const reader = async () => {
      while (!done) {
        try {
          const read = await getLabel(viewer, prompt, label);
          expect(mayBeServed).toContain(read.version);
          expect(read.standing).not.toBe("unapproved");
          reads.served++;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          expect(error.code).toBe("conflict");
          reads.refused++;
        }
      }
    };
    const writer = async (turns: number) => {
      for (let turn = 0; turn < turns; turn++) await acts[random(acts.length)]!();
    };
    const reading = [reader(), reader()];
    await Promise.all([writer(40), writer(40), writer(40), writer(40)]).finally(() => {
      done = true;
    });
    await Promise.all(reading);
    const steps = await db.labelMove.findMany({ where: { label, promptId: seeded.promptId }, orderBy: { id: "asc" } });
    for (const [i, step] of steps.entries()) if (i > 0) expect(step.fromId).toBe(steps[i - 1]!.toId);
    const now = await db.label.findFirstOrThrow({ where: { promptId: seeded.promptId, name: label } });
    expect(steps.at(-1)!.toId).toBe(now.versionId);
    // Each move is in the log, once.
    const logged = (await events(seeded.project.id)).flatMap(
      ({ details }) => (details as { move?: number })?.move ?? [],
    );
    expect(logged.sort((a, b) => a - b)).toEqual(steps.slice(1).map(({ id }) => id));
    expect(reads.served).toBeGreaterThan(100);
    expect(steps.length).toBeGreaterThan(20);
    console.log(`${steps.length} moves, ${refused.length} refused, ${reads.served} reads, ${reads.refused} of nothing`);
  }, 120_000);
});

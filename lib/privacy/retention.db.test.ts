import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseLeaf } from "../audit/leaf";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { createRelease, withdrawRelease } from "../releases/commands";
import { casesOf, seedWorld } from "../releases/release.seed";
import { addExample } from "../review/taxonomy";
import { makeNextSearchable } from "../runs/searchable";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import {
  applyNextRetention,
  decideRetention,
  getRetention,
  requestRetention,
  retentionDryRun,
  retentionWaits,
  withdrawRetention,
} from "./retention";
import type { RetentionRequest } from "./schema";
import { verifyContents } from "./verify";

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-retention-"));
process.env.COUNTERSIGN_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const periods: RetentionRequest = { runsDays: 30, inputs: true, reason: "The contract says so." };

async function seedTeam() {
  const project = await seedProject();
  const [administrator, second, manager, reviewer] = await Promise.all(
    (["administrator", "administrator", "release_manager", "reviewer"] as const).map((role) =>
      seedPerson(project.id, { roles: [role] }),
    ),
  );
  return { project, administrator: administrator!, second: second!, manager: manager!, reviewer: reviewer! };
}

/** A dataset of three cases that two versions answered, so many days ago. */
async function seedRuns(projectId: number, days: number) {
  const world = await seedWorld(projectId, casesOf({ "pass>fail": 3 }));
  const runs = [world.baseline.runId, world.candidate.runId];
  for (const id of runs) {
    await database.asOwner(
      "UPDATE run SET created_at = now() - make_interval(days => $2), digest = run_digest(id) WHERE id = $1",
      [id, days],
    );
  }
  await db.verdict.updateMany({ where: { runId: { in: runs } }, data: { rationale: "It names Jane Roe." } });
  return { ...world, runs };
}

async function rule(by: { administrator: Person; second: Person }, input = periods): Promise<number> {
  const { id } = await requestRetention({ actor: by.administrator, input });
  await decideRetention({ actor: by.second, input: { id, decision: "approve" } });
  return id;
}

const events = async (projectId: number) =>
  (
    await db.auditEntry.findMany({
      where: { projectId, action: { startsWith: "retention." } },
      orderBy: { index: "asc" },
    })
  ).map(({ leaf }) => parseLeaf(leaf));

const outputsOf = async (runs: number[]) =>
  (await db.output.findMany({ where: { runId: { in: runs } } })).map(({ output }) => output ?? "");

describe("how long content is kept", () => {
  it("is asked for by an administrator and approved by somebody else; each step is on record", async () => {
    const team = await seedTeam();
    const { project, administrator, second, manager, reviewer } = team;
    const stranger = await seedPerson((await seedProject()).id, { roles: ["administrator"] });
    expect(await getRetention(reviewer)).toEqual({ inForce: null, waiting: null });
    const token = { ...administrator, kind: "token" as const, tokenId: 1 };
    for (const actor of [manager, reviewer, token])
      await expect(requestRetention({ actor, input: periods })).rejects.toMatchObject({ code: "forbidden" });
    await expect(requestRetention({ actor: administrator, input: { ...periods, runsDays: null } })).rejects.toThrow(
      "say how long answers are kept",
    );

    const { id } = await requestRetention({ actor: administrator, input: periods });
    await expect(requestRetention({ actor: second, input: periods })).rejects.toMatchObject({ code: "conflict" });
    const approve = { id, decision: "approve" as const };
    for (const [actor, why] of [
      [administrator, "somebody else has to decide"],
      [reviewer, "This needs the role"],
      [stranger, "was not found"],
      [{ ...second, kind: "token" as const, tokenId: 1 }, "signed in"],
    ] as const)
      await expect(decideRetention({ actor, input: approve })).rejects.toThrow(why);
    await expect(withdrawRetention({ actor: second, input: { id } })).rejects.toThrow("Only who asked");
    await withdrawRetention({ actor: administrator, input: { id } });
    await expect(decideRetention({ actor: second, input: approve })).rejects.toThrow("withdrawn already");
    expect((await getRetention(manager)).inForce).toBeNull();

    const other = await requestRetention({ actor: second, input: periods });
    expect((await getRetention(manager)).waiting).toMatchObject({ id: other.id, ...periods });
    await decideRetention({ actor: manager, input: { id: other.id, decision: "approve" } });
    expect(await getRetention(stranger)).toEqual({ inForce: null, waiting: null });
    expect(await getRetention(reviewer)).toMatchObject({
      inForce: { id: other.id, ...periods, requestedBy: second.name, decidedBy: manager.name },
      waiting: null,
    });
    expect(await events(project.id)).toMatchObject([
      { action: "retention.requested", actor: { id: administrator.userId }, details: periods },
      { action: "retention.withdrawn", actor: { id: administrator.userId } },
      { action: "retention.requested", actor: { id: second.userId } },
      { action: "retention.approved", actor: { id: manager.userId }, details: { requestedBy: second.userId } },
    ]);
  });

  it("is tried before it is asked for: what would go, and what stays because something needs it", async () => {
    const { project, administrator, manager, reviewer } = await seedTeam();
    const [old, needed] = [await seedRuns(project.id, 40), await seedRuns(project.id, 50)];
    await seedRuns(project.id, 5);
    const release = await createRelease({
      actor: manager,
      input: { prompt: needed.prompt, baseline: "v1", candidate: "v2" },
    });
    const tried = await retentionDryRun(reviewer, periods);
    expect(tried.due).toMatchObject({ runs: 2, answers: 6, inputs: 3 });
    expect(tried.dueRuns.map(({ id }) => id)).toEqual(old.runs);
    expect(tried.due.oldest).toEqual(tried.dueRuns[0]!.at);
    expect(tried.held).toBe(2);
    expect(tried.heldRuns).toMatchObject(
      needed.runs.map((id) => ({ id, prompt: needed.prompt, releases: [{ id: release.id, state: "draft" }] })),
    );
    const kept = { runsDays: null, inputs: false };
    expect((await retentionDryRun(administrator, kept)).due).toMatchObject({ runs: 0, answers: 0, oldest: null });
    expect((await retentionDryRun(administrator, { ...kept, runsDays: 45 })).due.runs).toBe(0);
    const stranger = await seedPerson((await seedProject()).id, { roles: ["administrator"] });
    expect((await retentionDryRun(stranger, periods)).due.runs).toBe(0);
  });
});

describe("what is due", () => {
  it("goes with its digest kept, in the name of both, once, with one event; what is needed stays", async () => {
    const team = await seedTeam();
    const { project, administrator, second, manager } = team;
    const [old, needed] = [await seedRuns(project.id, 40), await seedRuns(project.id, 50)];
    const young = await seedRuns(project.id, 5);
    await addExample({
      actor: manager,
      input: { criterionId: old.criterionId, verdict: "fail", text: "answer 2 to c001", why: "Names nobody." },
    });
    const made = await createRelease({
      actor: manager,
      input: { prompt: needed.prompt, baseline: "v1", candidate: "v2" },
    });
    while (await makeNextSearchable());
    expect(await applyNextRetention()).toBe(false);
    await rule(team);
    expect(await retentionWaits()).toBe(true);
    expect(await applyNextRetention()).toBe(true);
    expect(await retentionWaits()).toBe(false);
    expect(await applyNextRetention()).toBe(false);

    const said = `by ${administrator.name} and ${second.name}: kept for 30 days (SHA-256 `;
    for (const output of await outputsOf(old.runs)) expect(output).toContain(said);
    for (const output of await outputsOf([...needed.runs, ...young.runs])) expect(output).toMatch(/^answer/);
    const cases = await db.case.findMany({ where: { datasetId: old.datasetId } });
    for (const { input } of cases) expect(input).toContain(said);
    const searched = await database.asOwner<{ text: string }>("SELECT text FROM search_text WHERE run_id = ANY ($1)", [
      old.runs,
    ]);
    expect(searched).toHaveLength(6);
    for (const { text } of searched) expect(text).not.toMatch(/input of|answer [12]/);
    expect((await db.criterionExample.findFirstOrThrow()).text).toContain(said);
    const applied = (await events(project.id)).at(-1);
    expect(applied).toMatchObject({
      action: "retention.applied",
      actor: { kind: "system" },
      details: {
        runs: 2,
        removed: old.runs.map((run) => ({ run, digest: expect.stringMatching(/^[0-9a-f]{64}$/) })),
      },
    });
    // Six answers, six rationales, three inputs, an example and why it is one.
    expect(applied?.details?.texts).toBe(17);
    const { problems, redactions } = await verifyContents(db);
    expect(problems).toEqual([]);
    expect(redactions).toMatchObject([{ scope: "run" }, { scope: "run", reason: "kept for 30 days" }]);

    // Nobody is asked about what is gone, and a withdrawn release holds nothing.
    await expect(
      createRelease({ actor: manager, input: { prompt: old.prompt, baseline: "v1", candidate: "v2" } }),
    ).rejects.toThrow("No dataset has runs of both");
    await withdrawRelease({ actor: manager, input: { releaseId: made.id } });
    expect(await applyNextRetention()).toBe(true);
    for (const output of await outputsOf(needed.runs)) expect(output).toContain(said);
    expect((await verifyContents(db)).problems).toEqual([]);
  });

  it("keeps the input of a case that another run still answers", async () => {
    const team = await seedTeam();
    const world = await seedRuns(team.project.id, 40);
    await db.run.update({ where: { id: world.candidate.runId }, data: { createdAt: new Date() } });
    await rule(team);
    expect(await applyNextRetention()).toBe(true);
    expect((await outputsOf([world.baseline.runId])).every((text) => text.startsWith("[Removed"))).toBe(true);
    const cases = await db.case.findMany({ where: { datasetId: world.datasetId } });
    expect(cases.every(({ input }) => input.startsWith("input of"))).toBe(true);
    // Without the word of the rule inputs stay, though nothing answers them any more.
    await rule(team, { ...periods, inputs: false });
    await database.asOwner("UPDATE run SET created_at = now() - interval '40 days' WHERE id = $1", [
      world.candidate.runId,
    ]);
    expect(await applyNextRetention()).toBe(true);
    expect((await db.case.findMany({ where: { datasetId: world.datasetId } })).map(({ input }) => input)).toEqual(
      cases.map(({ input }) => input),
    );
  });

  it("is nothing that a role of the application could widen: too young, needed, by no rule, in other names", async () => {
    const team = await seedTeam();
    const { project, administrator, second, manager } = team;
    const [old, needed, young] = [
      await seedRuns(project.id, 40),
      await seedRuns(project.id, 40),
      await seedRuns(project.id, 5),
    ];
    await createRelease({ actor: manager, input: { prompt: needed.prompt, baseline: "v1", candidate: "v2" } });
    const { id: waiting } = await requestRetention({ actor: administrator, input: periods });
    const ask = (runId: number, retentionId: number | null, requestedById = administrator.userId) =>
      db.redaction.create({
        data: { projectId: project.id, scope: "run", runId, retentionId, requestedById, reason: "kept" },
      });
    await expect(ask(old.runs[0]!, waiting)).rejects.toThrow("is kept");
    await decideRetention({ actor: second, input: { id: waiting, decision: "approve" } });
    await expect(ask(old.runs[0]!, null)).rejects.toThrow();
    await expect(ask(needed.runs[0]!, waiting)).rejects.toThrow("is kept");
    await expect(ask(young.runs[0]!, waiting)).rejects.toThrow("is kept");
    await expect(ask(old.runs[0]!, waiting, manager.userId)).rejects.toThrow("is kept");
    await expect(db.$executeRaw`UPDATE retention SET runs_days = 1`).rejects.toThrow("refused");

    // What it may ask for, it has to put on record: else it is told as tampering.
    const { id } = await ask(old.runs[0]!, waiting);
    await db.$queryRaw`SELECT * FROM redact(${id}::int, ${second.userId}::int)`;
    expect((await verifyContents(db)).problems).toEqual([
      `removal ${id}: the log does not record that the rule was applied to it`,
    ]);
    const later = await rule(team, { ...periods, runsDays: null, inputs: false });
    await expect(ask(old.runs[1]!, waiting)).rejects.toThrow("is kept");
    await expect(ask(old.runs[1]!, later)).rejects.toThrow("is kept");
  });
});

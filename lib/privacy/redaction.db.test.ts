import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseLeaf } from "../audit/leaf";
import { db } from "../db/client";
import { canonicalJson, sha256Hex } from "../digest";
import { closeGrading, createRelease, drawSample } from "../releases/commands";
import { casesOf, gradeDrawn, seedWorld } from "../releases/release.seed";
import { submitReviews } from "../review/commands";
import { nextTask } from "../review/queries";
import { addExample } from "../review/taxonomy";
import { makeNextSearchable } from "../runs/searchable";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { decideRedaction, requestRedaction, withdrawRedaction } from "./commands";
import { goingWith, listRedactions, redactionsOf } from "./queries";
import { verifyContents } from "./verify";

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-redaction-"));
process.env.COUNTERSIGN_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const secret = "Jane Roe of 12 Mill Lane";

/** Every table, also the parts of one, that holds the secret anywhere. */
async function holders(): Promise<string[]> {
  const tables = await database.asOwner<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  const found = await Promise.all(
    tables.map(async ({ name }) => {
      const text = name === "audit_entry" ? "convert_from(t.leaf, 'UTF8')" : "t::text";
      const [row] = await database.asOwner<{ n: number }>(
        `SELECT count(*)::int AS n FROM "${name}" t WHERE ${text} ILIKE $1`,
        [`%${secret}%`],
      );
      return row!.n > 0 ? [name] : [];
    }),
  );
  return found.flat().sort();
}

/** A release whose first case holds the secret wherever people, judges and files can put it. */
async function seedSecret() {
  const project = await seedProject();
  const person = (role: "release_manager" | "administrator" | "reviewer" | "viewer") =>
    seedPerson(project.id, { roles: [role] });
  const manager = await person("release_manager");
  const administrator = await person("administrator");
  const reviewer = await person("reviewer");
  const world = await seedWorld(project.id, casesOf({ "pass>fail": 3 }));
  const { datasetId, baseline, candidate, judgeVersionId, criterionId } = world;
  const first = await db.case.findFirstOrThrow({ where: { datasetId }, orderBy: { key: "asc" } });
  await db.case.update({
    where: { id: first.id },
    data: { input: `Where lives ${secret}?`, reference: `${secret} it is`, metadata: `{"about":"${secret}"}` },
  });
  for (const { runId } of [baseline, candidate]) {
    await db.output.updateMany({
      where: { runId, caseId: first.id },
      data: { output: `I may not tell you about ${secret}, run ${runId}.`, metadata: `{"raw":"${secret}"}` },
    });
    await db.verdict.updateMany({
      where: { runId, caseId: first.id },
      data: { rationale: `It names "${secret}"\nnot.` },
    });
    await db.importedReview.create({
      data: { runId, caseId: first.id, criterionId, reviewer: "a/b", verdict: "pass", note: `About ${secret}` },
    });
    await database.asOwner("UPDATE run SET digest = run_digest(id) WHERE id = $1", [runId]);
  }
  const { id: releaseId } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager, input: { releaseId, size: 3 } });
  for (;;) {
    const task = await nextTask(reviewer, releaseId);
    if (!task) throw new Error("the case never came up");
    const mine = task.case === first.key;
    await submitReviews({
      actor: reviewer,
      input: {
        releaseId,
        task: task.task,
        clientKey: crypto.randomUUID(),
        grades: task.criteria.flatMap(({ key }) =>
          (["A", "B"] as const).map((side) => ({
            side,
            criterion: key,
            verdict: "pass" as const,
            ...(mine && { note: `${secret} is named` }),
          })),
        ),
        ...(mine && {
          comments: [{ side: "A" as const, quote: secret, prefix: `about ${secret} `, comment: `Is ${secret} real?` }],
        }),
      },
    });
    if (mine) break;
  }
  await gradeDrawn(releaseId, reviewer.userId, () => "pass");
  const { output } = await db.output.findFirstOrThrow({ where: { runId: candidate.runId, caseId: first.id } });
  const sentinel = { releaseId, criterionId, seed: "s", createdBy: "somebody", expected: "fail" as const };
  const other = await db.case.findFirstOrThrow({ where: { datasetId }, orderBy: { key: "desc" } });
  const cut = { ...sentinel, caseId: first.id, key: "a".repeat(24), kind: "truncate", text: `about ${secret}` };
  const swap = { ...sentinel, caseId: other.id, key: "b".repeat(24), kind: "swap", text: output! };
  await db.sentinel.createMany({
    data: [cut, swap].map((row) => ({ ...row, key: sha256Hex(row.key + releaseId).slice(0, 24) })),
  });
  for (const { id: sentinelId } of await db.sentinel.findMany({ where: { releaseId, caseId: first.id } }))
    await db.sentinelVerdict.create({
      data: { sentinelId, judgeVersionId, verdict: "fail", rationale: `names ${secret}` },
    });
  await addExample({
    actor: manager,
    input: { criterionId, verdict: "fail", text: `about ${secret}, run`, why: `tells of ${secret}` },
  });
  await db.idempotentAnswer.create({
    data: {
      actorKey: `${project.id}:token:1`,
      key: "k",
      requestDigest: "d",
      status: 201,
      body: JSON.stringify({ revealed: { judges: [{ rationale: `It names "${secret}"\nnot.` }] } }),
    },
  });
  while (await makeNextSearchable());
  return { project, manager, administrator, reviewer, world, releaseId, case: first };
}

const contents = () => verifyContents(db);
const actions = async (projectId: number) =>
  (
    await db.auditEntry.findMany({
      where: { projectId, action: { startsWith: "redaction." } },
      orderBy: { index: "asc" },
    })
  ).map(({ leaf }) => parseLeaf(leaf));

describe("the removal of a case's content", () => {
  it("leaves no copy of it in any table, and everything still verifies", async () => {
    const seeded = await seedSecret();
    const { manager, administrator, project, releaseId, world } = seeded;
    const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId } });
    const body = (await db.evidence.findFirstOrThrow({ where: { releaseId } })).body;
    expect(body).not.toContain(secret);
    expect(await holders()).toEqual(
      expect.arrayContaining(["test_case", "output", "verdict", "review", "answer_comment"]),
    );
    expect((await holders()).length).toBeGreaterThanOrEqual(12);
    expect((await contents()).problems).toEqual([]);

    const { id } = await requestRedaction({
      actor: manager,
      input: { caseId: seeded.case.id, scope: "case", reason: "A customer asked for it." },
    });
    const going = await goingWith(administrator, id);
    expect(going).toMatchObject({ inEvidence: 0, inLog: 0 });
    const { texts } = await decideRedaction({ actor: administrator, input: { id, decision: "approve" } });
    expect(texts).toBe(going.places.reduce((sum, place) => sum + place.texts, 0));
    expect(await holders()).toEqual([]);

    // What stood there is told by its digest, by whom it was removed and why.
    const output = await db.output.findFirstOrThrow({
      where: { runId: world.candidate.runId, caseId: seeded.case.id },
    });
    const digest = sha256Hex(`I may not tell you about ${secret}, run ${world.candidate.runId}.`);
    expect(output.output).toMatch(
      new RegExp(
        `^\\[Removed on \\d{4}-\\d\\d-\\d\\d by ${manager.name} and ${administrator.name}: A customer asked for it\\. \\(SHA-256 ${digest}\\)\\]$`,
      ),
    );
    expect(await db.tombstone.findFirst({ where: { place: "output", digest } })).toMatchObject({ field: "output" });
    expect((await redactionsOf(administrator, seeded.case.id))[0]).toMatchObject({ state: "done", texts });
    const verified = await contents();
    expect(verified.problems).toEqual([]);
    expect(verified.redactions).toMatchObject([{ id, scope: "case", texts, reason: "A customer asked for it." }]);
    expect(sha256Hex(body)).toBe(evidenceDigest);

    const [requested, approved] = await actions(project.id);
    expect(requested).toMatchObject({
      action: "redaction.requested",
      actor: { id: manager.userId },
      details: { scope: "case", case: seeded.case.key, reason: "A customer asked for it." },
    });
    expect(approved).toMatchObject({
      action: "redaction.approved",
      actor: { id: administrator.userId },
      details: { texts, requestedBy: manager.userId },
    });
    expect(approved?.after).toMatch(/^[0-9a-f]{64}$/);
    await expect(
      requestRedaction({ actor: manager, input: { caseId: seeded.case.id, scope: "case", reason: "again" } }),
    ).rejects.toThrow("nothing left to remove");
  });

  it("freezes evidence afterwards with the digests of what was there", async () => {
    const seeded = await seedSecret();
    const { manager, administrator, releaseId } = seeded;
    const { id } = await requestRedaction({
      actor: administrator,
      input: { caseId: seeded.case.id, scope: "words", reason: "Named in notes." },
    });
    await decideRedaction({ actor: manager, input: { id, decision: "approve" } });
    await closeGrading({ actor: manager, input: { releaseId } });
    const { body } = await db.evidence.findFirstOrThrow({ where: { releaseId } });
    expect(body).toContain(sha256Hex(`${secret} is named`));
    expect((await contents()).problems).toEqual([]);
    // The words went, the answers stayed.
    expect(await holders()).toEqual(expect.arrayContaining(["output", "test_case"]));
    expect(await holders()).not.toEqual(expect.arrayContaining(["review"]));
  });

  it("of one answer leaves the other one", async () => {
    const seeded = await seedSecret();
    const { manager, administrator, world } = seeded;
    const { id } = await requestRedaction({
      actor: manager,
      input: { caseId: seeded.case.id, scope: "output", runId: world.candidate.runId, reason: "Only v2 tells." },
    });
    await decideRedaction({ actor: administrator, input: { id, decision: "approve" } });
    const outputs = await db.output.findMany({ where: { caseId: seeded.case.id }, orderBy: { runId: "asc" } });
    expect(outputs.map(({ output }) => output?.includes(secret))).toEqual([true, false]);
    expect((await contents()).problems).toEqual([]);
  });
});

describe("who may", () => {
  it("is two people of two roles, neither a token, neither of another project", async () => {
    const seeded = await seedSecret();
    const { manager, administrator, reviewer, world } = seeded;
    const input = { caseId: seeded.case.id, scope: "case" as const, reason: "Personal data." };
    const stranger = await seedPerson((await seedProject()).id, { roles: ["administrator", "release_manager"] });
    await expect(requestRedaction({ actor: reviewer, input })).rejects.toThrow("This needs the role");
    await expect(requestRedaction({ actor: stranger, input })).rejects.toThrow("was not found");
    const token = { ...manager, kind: "token" as const, tokenId: 1 };
    await expect(requestRedaction({ actor: token, input })).rejects.toThrow("signed in");
    await expect(
      requestRedaction({ actor: manager, input: { ...input, scope: "output", runId: 999_999 } }),
    ).rejects.toThrow("was not found");

    const { id } = await requestRedaction({ actor: manager, input });
    await expect(requestRedaction({ actor: administrator, input })).rejects.toThrow("asked for already");
    for (const [actor, why] of [
      [manager, "somebody else has to decide"],
      [reviewer, "This needs the role"],
      [stranger, "was not found"],
      [{ ...administrator, kind: "token" as const, tokenId: 1 }, "signed in"],
    ] as const)
      await expect(decideRedaction({ actor, input: { id, decision: "approve" } })).rejects.toThrow(why);
    await expect(withdrawRedaction({ actor: administrator, input: { id } })).rejects.toThrow("Only who asked");
    expect(await holders()).toContain("output");
    expect(await listRedactions(stranger)).toEqual([]);

    await decideRedaction({ actor: administrator, input: { id, decision: "refuse", answer: "It is invented." } });
    await expect(decideRedaction({ actor: administrator, input: { id, decision: "approve" } })).rejects.toThrow(
      "refused already",
    );
    const again = await requestRedaction({ actor: manager, input });
    await withdrawRedaction({ actor: manager, input: { id: again.id } });
    expect((await actions(world.projectId)).map(({ action }) => action)).toEqual([
      "redaction.requested",
      "redaction.refused",
      "redaction.requested",
      "redaction.withdrawn",
    ]);
    expect((await listRedactions(manager)).map(({ state }) => state)).toEqual(["withdrawn", "refused"]);
  });
});

describe("behind the application's back", () => {
  it("the role of the application changes no kept text, writes no tombstone and changes no request", async () => {
    const { manager, administrator, releaseId, case: first } = await seedSecret();
    const { id } = await requestRedaction({
      actor: manager,
      input: { caseId: first.id, scope: "case", reason: "Personal data." },
    });
    for (const sql of [
      "UPDATE review SET note = '[removed]' WHERE note IS NOT NULL",
      `INSERT INTO tombstone VALUES ('review', '1', 'note', ${id}, 1, NULL, repeat('0', 64), 1, 'gone')`,
      "DELETE FROM tombstone",
      `UPDATE redaction SET reason = 'another' WHERE id = ${id}`,
      "DELETE FROM redaction",
      `SELECT redact(${id}, ${manager.userId})`,
    ])
      await expect(db.$executeRawUnsafe(sql), sql).rejects.toThrow();
    // The owner meets the triggers: a text gives way to its own tombstone alone.
    for (const sql of [
      "UPDATE review SET note = 'another' WHERE note IS NOT NULL",
      "UPDATE review SET note = NULL WHERE note IS NOT NULL",
      `INSERT INTO tombstone VALUES ('review', '1', 'note', ${id}, 1, NULL, repeat('0', 64), 1, 'gone')`,
    ])
      await expect(database.asOwner(sql), sql).rejects.toThrow(/refused|not approved/);
    await decideRedaction({ actor: administrator, input: { id, decision: "approve" } });
    for (const sql of [
      `UPDATE review SET note = 'Jane again' WHERE release_id = ${releaseId} AND note IS NOT NULL`,
      "DELETE FROM tombstone",
      "UPDATE tombstone SET digest = repeat('0', 64)",
      "TRUNCATE tombstone",
    ])
      await expect(database.asOwner(sql), sql).rejects.toThrow("refused");
  });

  it("a tombstone without two people's events, one written over, and content that changed are told as tampering", async () => {
    const seeded = await seedSecret();
    const { manager, administrator, world, project } = seeded;
    const { id } = await requestRedaction({
      actor: manager,
      input: { caseId: seeded.case.id, scope: "output", runId: world.candidate.runId, reason: "Personal data." },
    });
    await decideRedaction({ actor: administrator, input: { id, decision: "approve" } });
    const problems = async () => (await contents()).problems.join("\n");
    expect(await problems()).toBe("");
    const [before] = await database.asOwner<{ output: string }>(
      "SELECT output FROM output WHERE run_id = $1 AND case_id = $2",
      [world.candidate.runId, seeded.case.id],
    );
    const put = (output: string) =>
      database.asOwner("UPDATE output SET output = $3 WHERE run_id = $1 AND case_id = $2", [
        world.candidate.runId,
        seeded.case.id,
        output,
      ]);
    await put("something else");
    expect(await problems()).toContain(`no longer says that its output was removed`);
    await put(before!.output);
    expect(await problems()).toBe("");

    // An answer changed without any tombstone: the run is not what came in.
    await database.asOwner("UPDATE output SET output = '[removed]' WHERE run_id = $1 AND case_id = $2", [
      world.baseline.runId,
      seeded.case.id,
    ]);
    expect(await problems()).toContain(`run ${world.baseline.runId}: its answers and verdicts are not those`);

    // A superuser who switches triggers off and invents a removal that nobody asked for.
    await database.asOwner(
      `BEGIN; SET session_replication_role = replica; ALTER TABLE redaction DISABLE TRIGGER ALL; ALTER TABLE tombstone DISABLE TRIGGER ALL;
       INSERT INTO redaction (project_id, scope, case_id, run_id, reason, state, requested_by_id, decided_by_id, decided_at)
         VALUES (${project.id}, 'output', ${seeded.case.id}, ${world.baseline.runId}, 'x', 'done', ${manager.userId}, ${administrator.userId}, now());
       INSERT INTO tombstone SELECT 'output', '${world.baseline.runId}/${seeded.case.id}/0', 'output', max(id), ${seeded.case.id}, ${world.baseline.runId},
         '${sha256Hex(`I may not tell you about ${secret}, run ${world.baseline.runId}.`)}', 1, '[removed]' FROM redaction;
       COMMIT`,
    );
    const told = await problems();
    expect(told).not.toContain(`run ${world.baseline.runId}`);
    expect(told).toMatch(/removal \d+: the log does not record that two people asked for it/);
  });
});

// Last: it leaves the text standing.
describe("what a removal does not reach", () => {
  it("says which prompts, rubrics and hunks hold one of the texts, which it does not reach", async () => {
    const { manager, administrator, world, releaseId, case: first } = await seedSecret();
    const ask = async (given: { caseId: number; scope: "case" | "words" }) =>
      (await requestRedaction({ actor: manager, input: { ...given, reason: "A customer asked for it." } })).id;
    const id = await ask({ caseId: first.id, scope: "case" });
    expect((await goingWith(administrator, id)).quotes).toEqual([]);
    const { rationale } = await db.verdict.findFirstOrThrow({
      where: { runId: world.candidate.runId, caseId: first.id },
    });
    const version = (key: string, content: string, promptId = world.promptId) =>
      db.promptVersion.create({
        data: { promptId, number: Number(key.slice(1)), key, content, digest: sha256Hex(`${promptId} ${content}`) },
      });
    // Within JSON, quotes and line feeds are written otherwise.
    await version("v3", canonicalJson({ messages: [{ role: "system", content: `Never say: ${rationale}` }] }));
    await version("v4", canonicalJson({ messages: [{ role: "system", content: `Like “Where lives ${secret}?”` }] }));
    await version("v5", canonicalJson({ messages: [{ role: "system", content: "Where lives Jane Roe?" }] }));
    const criterion = await db.criterion.update({
      where: { id: world.criterionId },
      data: { rubric: `Fail when ${secret} is named.` },
    });
    const { judgeId } = await db.judgeVersion.findUniqueOrThrow({ where: { id: world.judgeVersionId } });
    const hunk = { id: "a1b2c3d4e5f6", kind: "message", change: "changed", place: "system" };
    await db.hunk.create({ data: { releaseId, ...hunk, before: null, after: `Do not name ${secret}.` } });
    // Another project's are its own.
    const elsewhere = await seedWorld((await seedProject()).id, casesOf({ "pass>pass": 1 }));
    await version("v3", canonicalJson({ messages: [{ role: "system", content: secret }] }), elsewhere.promptId);
    expect((await goingWith(administrator, id)).quotes).toEqual([
      { kind: "hunk", name: world.prompt, part: hunk.id, id: releaseId },
      { kind: "rubric", name: criterion.name, part: criterion.key, id: judgeId },
      { kind: "version", name: world.prompt, part: "v3", id: null },
      { kind: "version", name: world.prompt, part: "v4", id: null },
    ]);
    const stranger = await seedPerson(elsewhere.projectId, { roles: ["administrator"] });
    expect(await goingWith(stranger, id)).toMatchObject({ places: [], quotes: [] });
    // A short text stands in a prompt by chance.
    const other = await db.case.findFirstOrThrow({ where: { datasetId: world.datasetId, NOT: { id: first.id } } });
    await db.verdict.updateMany({ where: { caseId: other.id }, data: { rationale: "Do not" } });
    expect((await goingWith(administrator, await ask({ caseId: other.id, scope: "words" }))).quotes).toEqual([]);
  });
});

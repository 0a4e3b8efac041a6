import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appendAudit } from "../audit/append";
import { trustOf, verifyPool } from "../audit/live";
import { readOutside } from "../audit/outside";
import { checkpointNow } from "../audit/publish";
import { resumeLog } from "../audit/resume";
import { systemActor } from "../auth/actor";
import { decideRedaction, requestRedaction } from "../privacy/commands";
import { verifyContents } from "../privacy/verify";
import { closeGrading, createRelease, drawSample } from "../releases/commands";
import { casesOf, gradeDrawn, seedWorld } from "../releases/release.seed";
import { type TestDatabase, testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { BackupError, readBackup, writeBackup } from "./backup";
import { db, pool } from "./client";
import { weakPlaces } from "./roles";
import { transaction } from "./transaction";

const [target, spare, source] = [await testDatabase(), await testDatabase(), await testDatabase()];
const folder = mkdtempSync(path.join(tmpdir(), "countersign-backup-"));
process.env.COUNTERSIGN_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const use = (database: TestDatabase) => {
  process.env.DATABASE_URL = database.url;
};
const say = () =>
  transaction((tx) =>
    appendAudit(tx, systemActor(0), { action: "project.created", subject: { kind: "project", id: "0" } }),
  );
const verify = async () => verifyPool(pool(), await trustOf(folder));
const file = path.join(folder, "backup.tar.gz");
const write = (to: string) => writeBackup(source.ownerUrl, to, { program: "1" });

/** Text with all that COPY has to spell out. */
const awkward = 'tab\t line\n back\\slash \\. \\N quote" ␀ é 漢 \u{1f512} end';

beforeAll(async () => {
  use(source);
  const project = await seedProject();
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const administrator = await seedPerson(project.id, { roles: ["administrator"] });
  const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
  const world = await seedWorld(project.id, casesOf({ "fail>pass": 4 }), { label: "production" });
  const first = await db.case.findFirstOrThrow({ where: { datasetId: world.datasetId } });
  await db.case.update({ where: { id: first.id }, data: { reference: awkward, tags: ["a,b", '{"c"}', "\\"] } });
  for (const { runId } of [world.baseline, world.candidate])
    await source.asOwner("UPDATE run SET digest = run_digest(id) WHERE id = $1", [runId]);
  const { id: releaseId } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager, input: { releaseId, size: 4 } });
  await gradeDrawn(releaseId, reviewer.userId, () => "pass");
  await closeGrading({ actor: manager, input: { releaseId } });
  const { id } = await requestRedaction({
    actor: manager,
    input: { caseId: first.id + 1, scope: "case", reason: "Personal data." },
  });
  await decideRedaction({ actor: administrator, input: { id, decision: "approve" } });
  await checkpointNow("test");
});

describe("a backup", () => {
  it("restores every row, the log verifies and goes on", async () => {
    use(source);
    const written = await write(file);
    expect(written.rows).toBeGreaterThan(50);
    const restored = await readBackup(target.ownerUrl, file);
    expect(restored.rows).toBe(written.rows);
    // Written again from where it was restored, every table has the same rows.
    const again = await writeBackup(target.ownerUrl, path.join(folder, "again.tar.gz"), { program: "1" });
    expect(again.tables).toEqual(written.tables);

    use(target);
    expect(await db.case.findFirst({ where: { reference: awkward } })).toMatchObject({ tags: ["a,b", '{"c"}', "\\"] });
    expect(await weakPlaces(pool())).toEqual([]);
    expect((await verifyContents(db)).problems).toEqual([]);
    const before = await verify();
    expect(before).toMatchObject({ ok: true, size: written.head.log.size });
    expect(before.checkpoints.outside).toBeGreaterThan(0);
    // The next entry, the next checkpoint and the next id follow on.
    expect(await say()).toEqual({ index: written.head.log.size });
    expect(await checkpointNow("test")).toMatchObject({ state: "signed", size: written.head.log.size + 1 });
    expect((await verify()).problems).toEqual([]);
    const last = await db.project.findFirstOrThrow({ orderBy: { id: "desc" } });
    expect((await seedProject()).id).toBe(last.id + 1);
  });

  it("is older than what was signed meanwhile, and the checkpoints held outside say so", async () => {
    // The checkpoint of the test before covers one entry more than this backup has.
    await readBackup(spare.ownerUrl, file);
    use(spare);
    const { ok, problems } = await verify();
    expect(ok).toBe(false);
    expect(problems[0]!.what).toMatch(/held outside covers \d+ entries, and there are \d+/);
    expect(await checkpointNow("test")).toMatchObject({ state: "refused" });
  });

  it("that is older goes on when somebody says so, on record; the checkpoints of before show the break for ever", async () => {
    use(spare);
    const outsideOf = (name: string) => readOutside(path.join(folder, name));
    const held = outsideOf("checkpoints.txt")!;
    const { size } = await verify();
    const said = { by: "Ada Moreau", reason: "The disk failed, and the night's backup is the newest." };
    await expect(resumeLog({ ...said, reason: " ", folder })).rejects.toThrow("Say what happened");
    // Another log, or one that was changed, is no older state.
    const bend = (hash: string) =>
      spare.asOwner(
        `BEGIN; ALTER TABLE audit_entry DISABLE TRIGGER ALL; UPDATE audit_entry SET actor = '${hash}' || actor WHERE "index" = 1; ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER refuse_row_change; COMMIT`,
      );
    await bend("x");
    await expect(resumeLog({ ...said, folder })).rejects.toMatchObject({ code: "conflict" });
    await spare.asOwner(
      `BEGIN; ALTER TABLE audit_entry DISABLE TRIGGER ALL; UPDATE audit_entry SET actor = substr(actor, 2) WHERE "index" = 1; ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER refuse_row_change; COMMIT`,
    );
    expect((await verify()).size).toBe(size);

    // The server writes an entry when it starts: how many were restored has to be said then.
    await say();
    await expect(resumeLog({ ...said, folder })).rejects.toThrow(
      `--size how many were restored: the last checkpoint that fits covers ${size}.`,
    );
    const done = await resumeLog({ ...said, size, folder });
    expect(done).toMatchObject({ index: size + 1, size, known: { size: size + 1 }, covered: size });
    expect(done.signed).toMatchObject({ state: "signed", size: size + 2 });
    const [entry] = await spare.asOwner<{ leaf: Buffer }>('SELECT leaf FROM audit_entry WHERE "index" = $1', [
      size + 1,
    ]);
    expect(JSON.parse(entry!.leaf.toString("utf8"))).toMatchObject({
      action: "log.restored",
      actor: { kind: "system", name: "command line" },
      details: { ...said, size, known: done.known },
    });
    const words = new RegExp(
      `restored to ${size} entries on \\d{4}-\\d\\d-\\d\\d by "Ada Moreau": entry ${size} of the earlier log`,
    );
    // Told by the log itself; against the checkpoints of before it does not verify, and says why.
    const now = await verify();
    expect(now.problems).toEqual([]);
    expect(now.notes).toContainEqual(expect.stringMatching(words));
    await say();
    await checkpointNow("test");
    expect(outsideOf(path.basename(done.aside!))!.notes).toEqual(held.notes);
    const against = async () => {
      const notes = [...held.notes, ...outsideOf("checkpoints.txt")!.notes];
      return verifyPool(pool(), { ...(await trustOf(folder)), outside: { notes, unread: false } });
    };
    const before = await against();
    expect(before.ok).toBe(false);
    expect(before.problems).toMatchObject([{ what: expect.stringMatching(words), from: size, to: size }]);
    // Nothing to record where nothing is known to be missing.
    await expect(resumeLog({ ...said, folder })).rejects.toMatchObject({ code: "conflict" });
    // What else is changed is found beside the break.
    await bend("x");
    expect((await against()).problems.map(({ index }) => index)).toContain(1);
  });

  it("goes into an empty database alone", async () => {
    await expect(readBackup(source.ownerUrl, file)).rejects.toThrow(/not empty: \w+ has rows/);
    use(source);
    expect((await verifyContents(db)).problems).toEqual([]);
  });

  it("is refused whole when it is cut, bent, of another version, or none", async () => {
    const empty = await testDatabase();
    use(source);
    const rows = async () => (await empty.asOwner<{ n: number }>("SELECT count(*)::int AS n FROM app_user"))[0]!.n;
    const whole = readFileSync(file);
    const bent = path.join(folder, "bent.tar.gz");
    const refused = async (bytes: Buffer, why: RegExp) => {
      writeFileSync(bent, bytes);
      const error = await readBackup(empty.ownerUrl, bent).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BackupError);
      expect((error as Error).message).toMatch(why);
      expect(await rows()).toBe(0);
    };
    await refused(whole.subarray(0, whole.length - 200), /./);
    await refused(Buffer.from("no archive"), /incorrect header check/);
    const tar = gunzipSync(whole);
    const changed = (from: string, to: string) => {
      const at = tar.indexOf(from);
      expect(at).toBeGreaterThan(0);
      const copy = Buffer.from(tar);
      copy.write(to, at);
      return gzipSync(copy);
    };
    await refused(changed("answer 1 to", "answer 9 to"), /rows of output are not those that were written/);
    await refused(changed("_first_release", "_fIrst_release"), /other migrations/);
    await refused(changed("countersign-backup/1", "countersign-backup/7"), /no backup that this version knows/);
    // Without its end.
    await refused(
      gzipSync(Buffer.concat([tar.subarray(0, tar.indexOf("end.json")), Buffer.alloc(1024)])),
      /it has no end/,
    );
    await readBackup(empty.ownerUrl, file);
    expect(await rows()).toBeGreaterThan(0);
  });

  it("is of one moment while others write", async () => {
    use(source);
    let stop = false;
    const writing = (async () => {
      while (!stop) await say();
    })();
    const busy = path.join(folder, "busy.tar.gz");
    const { head, tables } = await write(busy);
    stop = true;
    await writing;
    expect(tables.audit_entry?.rows).toBe(head.log.size);
    const names: string[] = [];
    const archive = extract();
    createReadStream(busy)
      .pipe((await import("node:zlib")).createGunzip())
      .pipe(archive);
    for await (const entry of archive) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect([names[0], names.at(-1)]).toEqual(["backup.json", "end.json"]);
  });
});

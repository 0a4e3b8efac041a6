import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { afterAll, describe, expect, it } from "vitest";
import { parseLeaf } from "../audit/leaf";
import type { Person } from "../auth/actor";
import { db, pool } from "../db/client";
import { sha256Hex } from "../digest";
import { createRelease, drawSample } from "../releases/commands";
import { casesOf, gradeDrawn, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { decideRedaction, requestRedaction } from "./commands";
import { exportedTables, exportProject } from "./project-export";

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-project-"));
process.env.COUNTERSIGN_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));

/** The files of an export, by name. */
async function taken(actor: Person): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const archive = (await exportProject({ actor })).pipe(createGunzip()).pipe(extract());
  for await (const entry of archive) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.set(entry.header.name, Buffer.concat(chunks).toString("utf8"));
  }
  return files;
}

async function seedGraded() {
  const project = await seedProject();
  const [administrator, manager, reviewer] = await Promise.all(
    (["administrator", "release_manager", "reviewer"] as const).map((role) =>
      seedPerson(project.id, { roles: [role], passwordHash: "a hash of a password" }),
    ),
  );
  const world = await seedWorld(project.id, casesOf({ "pass>fail": 3 }), { label: "production" });
  const { id: releaseId } = await createRelease({
    actor: manager!,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  await drawSample({ actor: manager!, input: { releaseId, size: 3 } });
  await gradeDrawn(releaseId, reviewer!.userId, () => "pass");
  return { project, administrator: administrator!, manager: manager!, reviewer: reviewer!, world, releaseId };
}

describe("everything of a project", () => {
  it("is every table of the schema, or said to be left out", async () => {
    const rows = await database.asOwner<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
    );
    expect([...exportedTables].sort()).toEqual(rows.map(({ name }) => name).sort());
  });

  it("leaves as lines of JSON with their digests; of no other project, without secrets, removed content as removed", async () => {
    const other = await seedGraded();
    const { project, administrator, manager, world } = await seedGraded();
    const odd = 'a "quoted" \\ back\\nslash\n\tand é\u2028';
    const [first, second] = await db.case.findMany({ where: { datasetId: world.datasetId }, orderBy: { key: "asc" } });
    await db.case.update({ where: { id: first!.id }, data: { input: odd } });
    const { id } = await requestRedaction({
      actor: manager,
      input: { caseId: second!.id, scope: "case", reason: "Personal data." },
    });
    await decideRedaction({ actor: administrator, input: { id, decision: "approve" } });

    const files = await taken(administrator);
    const manifest = JSON.parse(files.get("manifest.json")!);
    expect([...files.keys()].at(-1)).toBe("manifest.json");
    expect(manifest).toMatchObject({ format: "countersign-project/1", project: { key: project.key } });
    const rowsOf = (table: string) =>
      (files.get(`tables/${table}/000000.jsonl`) ?? "")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    for (const [table, { rows, bytes, sha256 }] of Object.entries<{ rows: number; bytes: number; sha256: string }>(
      manifest.tables,
    )) {
      const text = files.get(`tables/${table}/000000.jsonl`) ?? "";
      expect([table, rowsOf(table).length, Buffer.byteLength(text), sha256Hex(text)]).toEqual([
        table,
        rows,
        bytes,
        sha256,
      ]);
    }
    expect(rowsOf("test_case").map(({ key, input }) => [key, input])).toEqual(
      expect.arrayContaining([
        ["c001", odd],
        ["c002", expect.stringMatching(/^\[Removed on .*Personal data\. \(SHA-256 [0-9a-f]{64}\)\]$/)],
      ]),
    );
    for (const [table, rows] of Object.entries({ output: 6, review: 6, draw: 3, app_user: 3, redaction: 1, label: 1 }))
      expect([table, rowsOf(table).length]).toEqual([table, rows]);
    expect(rowsOf("tombstone").length).toBeGreaterThan(2);
    const all = [...files.values()].join("\n");
    for (const foreign of [other.project.key, other.manager.email, "a hash of a password", "answer 1 to c002"])
      expect(all).not.toContain(foreign);

    const [event] = await db.auditEntry.findMany({ where: { projectId: project.id, action: "project.exported" } });
    expect(parseLeaf(event!.leaf)).toMatchObject({
      actor: { kind: "person", id: administrator.userId },
      subject: { kind: "project", id: String(project.id), name: project.key },
    });
  });

  it("is for administrators alone, and for none who grades blind while grading is open", async () => {
    const { project, administrator, manager, reviewer } = await seedGraded();
    for (const actor of [manager, reviewer])
      await expect(exportProject({ actor })).rejects.toMatchObject({ code: "forbidden" });
    const grading: Person = { ...administrator, roles: ["administrator", "reviewer"] };
    await expect(exportProject({ actor: grading })).rejects.toMatchObject({ code: "conflict" });
    expect(await db.auditEntry.count({ where: { projectId: project.id, action: "project.exported" } })).toBe(0);
  });

  it("gives its connection back when its taker leaves", async () => {
    const { administrator } = await seedGraded();
    const stream = await exportProject({ actor: administrator });
    await once(stream, "readable");
    stream.destroy();
    await expect.poll(() => pool().totalCount - pool().idleCount).toBe(0);
  });
});

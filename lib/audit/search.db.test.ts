import { beforeAll, describe, expect, it } from "vitest";
import type { Actor, Person } from "../auth/actor";
import { db } from "../db/client";
import { moveLabel, pushVersion } from "../prompts/commands";
import { writeLabelMove } from "../prompts/label-moves";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { checkpointNow } from "./publish";
import { getEntry } from "./queries";
import { explainedSearch, exportAudit, listAudit } from "./search";
import { leafHash } from "./tree";

const database = await testDatabase();

let auditor: Person;
let manager: Person;
const prompt = "support/answers";

beforeAll(async () => {
  const project = await seedProject();
  auditor = await seedPerson(project.id, { roles: ["auditor"], name: "Ana Iqbal" });
  manager = await seedPerson(project.id, { roles: ["release_manager"], name: "Mila" });
  const content = (text: string) => ({ messages: [{ role: "system", content: text }] });
  for (const text of ["one", "two"]) await pushVersion({ actor: manager, input: { prompt, content: content(text) } });
  await pushVersion({ actor: manager, input: { prompt: "support/other", content: content("x") } });
  await moveLabel({ actor: manager, input: { prompt, label: "canary", version: "v1", reason: "=1+1 a trial" } });
  await moveLabel({ actor: manager, input: { prompt, label: "canary", version: "v2" } });
});

const found = async (filter: object, actor: Actor = auditor) =>
  (await listAudit(actor, filter)).rows.map(({ action, subject }) => `${action} ${subject.replace(/:\d+/, "")}`);

describe("a search of the log", () => {
  it("finds by prompt and version what is about them, and nothing else", async () => {
    expect(await found({ prompt })).toEqual([
      "label.moved label:support/answers/canary",
      "label.moved label:support/answers/canary",
      "prompt.version_pushed prompt_version support/answers v2",
      "prompt.version_pushed prompt_version support/answers v1",
      "prompt.created prompt support/answers",
    ]);
    expect(await found({ prompt, version: "v2" })).toEqual([
      "label.moved label:support/answers/canary",
      "prompt.version_pushed prompt_version support/answers v2",
    ]);
    expect(await found({ prompt, version: "v1", action: "label.*" })).toHaveLength(2);
    expect(await found({ prompt, version: "v9" })).toEqual([]);
    expect(await found({ version: "v1" })).toEqual([]);
    expect(await found({ prompt: "none" })).toEqual([]);
  });
  it("combines person, kind of event, words and days", async () => {
    const today = new Date().toISOString().slice(0, 10);
    expect(await found({ actor: "mila", action: "prompt.*", subject: "other", from: today, to: today })).toEqual([
      "prompt.version_pushed prompt_version support/other v1",
      "prompt.created prompt support/other",
    ]);
    expect(await found({ actor: "Ana" })).toEqual([]);
    expect(await found({ to: "2020-01-01" })).toEqual([]);
    // A pattern's signs are text.
    expect(await found({ subject: "support%other" })).toEqual([]);
    expect(await found({ action: "l_bel.*" })).toEqual([]);
  });
  it("is refused to who may not read the log, and tells nothing of another project", async () => {
    const viewer = await seedPerson(auditor.projectId, { roles: ["viewer", "reviewer"] });
    await expect(listAudit(viewer, {})).rejects.toMatchObject({ code: "forbidden" });
    await expect(exportAudit({ actor: viewer, input: { format: "csv", filter: {} } })).rejects.toMatchObject({
      code: "forbidden",
    });
    const stranger = await seedPerson((await seedProject()).id, { roles: ["auditor"] });
    expect(await found({ prompt }, stranger)).toEqual([]);
    await expect(getEntry(stranger, 0)).rejects.toMatchObject({ code: "not_found" });
    await expect(getEntry(viewer, 0)).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("an entry", () => {
  it("is shown with its exact bytes and what vouches for it", async () => {
    const { rows } = await listAudit(auditor, { prompt });
    expect((await getEntry(auditor, rows[0]!.index)).vouched).toBeNull();
    await checkpointNow("test");
    const entry = await getEntry(auditor, rows[0]!.index);
    const [stored] = await database.asOwner<{ leaf: Buffer }>('SELECT leaf FROM audit_entry WHERE "index" = $1', [
      entry.index,
    ]);
    expect(entry.leaf).toEqual(stored!.leaf);
    expect(entry.leafHash).toBe(Buffer.from(leafHash(stored!.leaf)).toString("hex"));
    expect(entry).toMatchObject({ stored: entry.leafHash, previous: entry.index - 1 });
    expect(entry.vouched).toMatchObject({ problem: null, holders: [{ holds: true }] });
    expect(entry.vouched!.proof.length).toBeGreaterThan(0);
    await bend(entry.index, async () => {
      expect((await getEntry(auditor, entry.index)).vouched!.problem).toMatch(/is not what it was signed for/);
    });
  });
});

async function bend(index: number, then: () => Promise<void>): Promise<void> {
  const triggers = (state: string) => database.asOwner(`ALTER TABLE audit_entry ${state} TRIGGER refuse_row_change`);
  await triggers("DISABLE");
  const change = (from: string, to: string) =>
    database.asOwner(
      `UPDATE audit_entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), $2, $3), 'UTF8') WHERE "index" = $1`,
      [index, from, to],
    );
  await change('"v2"', '"v3"');
  await then();
  await change('"v3"', '"v2"');
  await triggers("ENABLE ALWAYS");
}

describe("an export of the log", () => {
  const text = async (format: "csv" | "jsonl", filter: object) => {
    let all = "";
    for await (const piece of await exportAudit({ actor: auditor, input: { format, filter } })) all += piece;
    return all;
  };
  it("is exact as JSONL, runs nothing as CSV, and is itself in the log", async () => {
    const lines = (await text("jsonl", { prompt })).trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      const { index, leaf, leafHash: hash, event } = JSON.parse(line);
      const bytes = Buffer.from(leaf, "base64");
      expect(Buffer.from(leafHash(bytes)).toString("hex")).toBe(hash);
      expect(JSON.parse(bytes.toString("utf8"))).toEqual(event);
      expect((await getEntry(auditor, index)).leaf).toEqual(bytes);
    }
    const csv = await text("csv", { prompt, action: "label.moved" });
    expect(csv.split("\r\n")).toHaveLength(4);
    expect(csv).toContain("support/answers/canary");
    expect((await listAudit(auditor, { action: "log.exported" })).rows[0]!.event).toMatchObject({
      actor: { email: auditor.email },
      details: { format: "csv", filter: { prompt, action: "label.moved" } },
    });
  });
});

describe("a log of 100 000 entries", () => {
  it("answers every search from an index or in the time of one read", async () => {
    await database.asOwner(`
      INSERT INTO audit_entry ("index", leaf, leaf_hash, project_id, at, action, actor, subject, request_id)
      SELECT 1000 + i, convert_to(repeat('x', 400), 'UTF8'), sha256(convert_to(i::text, 'UTF8')), ${auditor.projectId},
             now() - make_interval(secs => 100000 - i), CASE WHEN i % 50 = 0 THEN 'release.closed' ELSE 'review.given' END,
             'person:' || i % 40 || ' Person ' || i % 40 || ' <p' || i % 40 || '@example.test>',
             'release:' || i % 300 || ' case-' || lpad((i % 9000)::text, 5, '0'), 'r'
        FROM generate_series(1, 100000) i`);
    await database.asOwner("VACUUM ANALYZE audit_entry");
    const release = await plainRelease();
    const searches: Record<string, object> = {
      everything: {},
      person: { actor: "person 17" },
      "nobody of that name": { actor: "nobody like this" },
      "words of the subject": { subject: "case-08999" },
      "words nowhere": { subject: "no such words" },
      "kind of event": { action: "release.*" },
      "event and person": { action: "release.closed", actor: "Person 10" },
      prompt: { prompt },
      "prompt and version": { prompt, version: "v2" },
      days: { from: "2020-01-01", to: "2020-12-31" },
      "days before the log": { to: "2020-12-31" },
      // Most of the log: read from its end, which is an index too.
      "since then": { from: "2020-01-01" },
      "far down": { before: 2000, actor: "person 17" },
      "all at once": { actor: "person", subject: "release:7", action: "review.*", prompt },
    };
    const slowest: string[] = [];
    for (const [name, filter] of Object.entries(searches)) {
      await listAudit(auditor, filter);
      const start = performance.now();
      await listAudit(auditor, filter);
      const took = performance.now() - start;
      const { sql, values } = await explainedSearch(auditor, filter);
      const plan = await db.$queryRawUnsafe<{ "QUERY PLAN": string }[]>(`EXPLAIN ${inlined(sql, values)}`);
      const index =
        plan
          .map((row) => row["QUERY PLAN"])
          .join(" ")
          .match(/(?:using|on) (audit_entry_\w+)/g) ?? [];
      slowest.push(`${name}: ${took.toFixed(0)} ms (${index.join(", ") || "reads all"})`);
      expect(took, name).toBeLessThan(1000);
      if (name.startsWith("days")) expect(index.join(), name).toContain("audit_entry_at_idx");
    }
    console.log(slowest.join("\n"));
    expect(release).toBeGreaterThan(0);
  }, 120_000);
});

function inlined(sql: string, values: unknown[]): string {
  return sql.replace(/\$(\d+)/g, (_, n) => {
    const value = values[Number(n) - 1];
    if (Buffer.isBuffer(value)) return `'\\x${value.toString("hex")}'`;
    if (Array.isArray(value)) return `ARRAY[${value.map((one) => `'${one}'`).join(",")}]::text[]`;
    return typeof value === "number" ? String(value) : `'${String(value)}'`;
  });
}

/** A label's move on a prompt with many releases is what the keys of a search grow with. */
async function plainRelease(): Promise<number> {
  const { id } = await db.prompt.findFirstOrThrow({ where: { name: prompt } });
  const version = await db.promptVersion.findFirstOrThrow({ where: { promptId: id } });
  const moved = await writeLabelMove(db, {
    prompt: { id, name: prompt },
    ...{ label: "next", kind: "moved", from: null, to: version, by: { name: "test", userId: null } },
  });
  return moved!.id;
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "../auth/actor";
import { pool } from "../db/client";
import { ensureRoles, rolesAreSeparate } from "../db/roles";
import { transaction } from "../db/transaction";
import { testDatabase } from "../testing/database";
import { appendAudit } from "./append";
import { trustOf, verifyDatabase } from "./live";
import { checkpointNow } from "./publish";
import { frontierAppend, frontierRoot, type Hash } from "./tree";

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-audit-"));
beforeAll(() => {
  process.env.COUNTERSIGN_DATA = folder;
});
afterAll(() => rmSync(folder, { recursive: true }));

const actor: Actor = {
  kind: "person",
  userId: 3,
  name: "Ada",
  email: "ada@example.test",
  projectId: 1,
  roles: ["reviewer"],
  requestId: "request-1",
};
const append = (n: number) =>
  transaction((tx) =>
    appendAudit(tx, actor, {
      action: "review.given",
      subject: { kind: "release", id: String(n), name: "a \0 b\ud800" },
    }),
  );
const verify = async () => verifyDatabase(database.url, await trustOf(folder));

describe("appending", () => {
  it("signs nothing while the log is empty", async () => {
    expect(await checkpointNow("timer")).toEqual({ state: "empty" });
    expect(await verify()).toMatchObject({ ok: true, size: 0 });
  });

  it("gives gapless indices to 20 transactions at once, again and again", async () => {
    const answers: number[] = [];
    for (let round = 0; round < 5; round++)
      answers.push(...(await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)))).map(({ index }) => index));
    expect(answers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it("leaves no gap where a transaction was rolled back", async () => {
    const failed = transaction(async (tx) => {
      await appendAudit(tx, actor, { action: "review.given", subject: { kind: "release", id: "1" } });
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    expect((await append(1)).index).toBe(100);
  });

  it("keeps the same tree in SQL as in the program", async () => {
    const rows = await database.asOwner<{ hash: Buffer }>('SELECT leaf_hash AS hash FROM audit_entry ORDER BY "index"');
    let frontier: Hash[] = [];
    rows.forEach(({ hash }, i) => {
      frontier = frontierAppend(frontier, i, hash);
    });
    const [sql] = await database.asOwner<{ root: Buffer }>("SELECT audit_root() AS root");
    expect(sql?.root.toString("hex")).toBe(frontierRoot(frontier).toString("hex"));
    expect(await verify()).toMatchObject({ ok: true, size: 101 });
  });
});

describe("checkpoints", () => {
  it("cover the log, once per size, in the database and outside", async () => {
    const first = await checkpointNow("sign_off");
    expect(first).toMatchObject({ state: "signed", size: 101, isNew: true });
    expect(await checkpointNow("timer")).toMatchObject({ size: 101, isNew: false });
    await append(2);
    const [a, b] = await Promise.all([checkpointNow("timer"), checkpointNow("timer")]);
    expect([a, b].map((result) => result.state === "signed" && result.isNew).sort()).toEqual([false, true]);
    const outside = readFileSync(path.join(folder, "checkpoints.txt"), "utf8");
    expect(outside.match(/^# at=\S+ cause=(timer|sign_off) database=\S+$/gm)).toHaveLength(2);
    expect(await verify()).toMatchObject({
      ok: true,
      checkpoints: { stored: 2, outside: 2, outsideSize: 102 },
      notes: [],
    });
  });

  it("written by another process are caught up with outside", async () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), "countersign-audit-"));
    const key = readFileSync(path.join(folder, "log-key.pem"), "utf8");
    process.env.COUNTERSIGN_LOG_KEY = key;
    await append(3);
    await checkpointNow("timer", { folder: elsewhere });
    rmSync(elsewhere, { recursive: true });
    delete process.env.COUNTERSIGN_LOG_KEY;
    expect(await checkpointNow("timer")).toMatchObject({ state: "signed", size: 103, isNew: false });
    expect(await verify()).toMatchObject({ ok: true, checkpoints: { stored: 3, outside: 3 } });
  });
});

describe("what is recorded", () => {
  const kept = [
    "audit_entry",
    "audit_checkpoint",
    "audit_head",
    "review",
    "sign_off",
    "evidence",
    "decision",
    "imported_review",
  ];

  it("can't be changed by the application's role, which has no right to", async () => {
    expect(await rolesAreSeparate(pool())).toBe(true);
    const column = { audit_entry: "action", audit_checkpoint: "cause", audit_head: "size" } as Record<string, string>;
    for (const table of kept) {
      const name =
        column[table] ?? (table === "decision" ? "audit_index" : table === "imported_review" ? "note" : "created_at");
      for (const sql of [`UPDATE ${table} SET ${name} = DEFAULT`, `DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`])
        await expect(pool().query(sql), sql).rejects.toThrow("permission denied");
    }
    await expect(pool().query("INSERT INTO audit_entry SELECT * FROM audit_entry")).rejects.toThrow(
      "permission denied",
    );
    await expect(pool().query("ALTER TABLE audit_entry DISABLE TRIGGER ALL")).rejects.toThrow("must be owner");
  });

  it("can't be changed by the owner without first switching the triggers off", async () => {
    for (const sql of [
      "UPDATE audit_entry SET action = 'x'",
      "SET session_replication_role = replica; UPDATE audit_entry SET action = 'x'",
      'DELETE FROM audit_entry WHERE "index" = 100',
      "TRUNCATE audit_entry",
      "UPDATE audit_checkpoint SET cause = 'x'",
      "DELETE FROM audit_checkpoint",
      "TRUNCATE sign_off CASCADE",
      "TRUNCATE imported_review",
    ])
      await expect(database.asOwner(sql), sql).rejects.toThrow("append-only");
    await expect(database.asOwner("UPDATE audit_head SET size = 0")).rejects.toThrow("grows by one entry");
    await expect(database.asOwner("DELETE FROM audit_head")).rejects.toThrow("head of the audit log");
  });

  it("shows any one changed byte of any column, by the entry's index", async () => {
    const flip = (column: string) =>
      `set_byte(${column}, octet_length(${column}) / 2, get_byte(${column}, octet_length(${column}) / 2) # 1)`;
    const retype = (column: string) =>
      `overlay(${column} placing chr(ascii(substr(${column}, 3, 1)) # 1) from 3 for 1)`;
    const changes: Record<string, string> = {
      leaf: flip("leaf"),
      leaf_hash: flip("leaf_hash"),
      project_id: "project_id # 1",
      at: "at + interval '1 millisecond'",
      action: retype("action"),
      actor: retype("actor"),
      subject: retype("subject"),
      request_id: retype("request_id"),
    };
    const columns = await database.asOwner<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'audit_entry' AND column_name <> 'index'",
    );
    expect(columns.map(({ name }) => name).sort()).toEqual(Object.keys(changes).sort());
    for (const [column, value] of Object.entries(changes)) {
      await tamper(
        `CREATE TABLE before AS SELECT * FROM audit_entry WHERE "index" = 57; UPDATE audit_entry SET ${column} = ${value} WHERE "index" = 57`,
      );
      const result = await verify();
      expect(result.ok, column).toBe(false);
      expect(result.problems[0]?.index, column).toBe(57);
      await tamper(
        `UPDATE audit_entry SET ${column} = before.${column} FROM before WHERE audit_entry."index" = 57; DROP TABLE before`,
      );
      expect((await verify()).ok, column).toBe(true);
    }
    await tamper(`UPDATE audit_entry SET "index" = 5007 WHERE "index" = 57`);
    expect((await verify()).problems[0]).toMatchObject({ index: 57, what: "entry 57 is missing" });
    await tamper(`UPDATE audit_entry SET "index" = 57 WHERE "index" = 5007`);
    expect((await verify()).ok).toBe(true);
  });

  it("is not signed again once its past was changed", async () => {
    await tamper(
      `UPDATE audit_entry SET leaf = leaf || ' ', leaf_hash = sha256('\\x00'::bytea || leaf || ' ') WHERE "index" = 100`,
    );
    await append(4);
    const elsewhere = { folder, database: { query: pool().query.bind(pool()) } as never };
    expect(await checkpointNow("timer", elsewhere)).toMatchObject({
      state: "refused",
      reason: expect.stringContaining("first 101 entries"),
    });
    const result = await verify();
    expect(result.problems.map(({ from, to }) => [from, to])).toContainEqual([0, 100]);
  });
});

describe("roles", () => {
  it("are not needed: an owner who may not make any runs with one role, and is told", async () => {
    const name = `plain_${process.pid}`;
    await database.asOwner(`CREATE ROLE ${name} LOGIN PASSWORD 'plain' NOCREATEROLE`);
    const url = new URL(database.ownerUrl);
    url.username = name;
    url.password = "plain";
    const answer = await ensureRoles(url.href, "unused");
    await database.asOwner(`DROP ROLE ${name}`);
    expect(answer).toEqual({ appUrl: url.href, separateRoles: false });
  });

  it("may be ensured by several processes at once", async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => ensureRoles(database.ownerUrl, "a new password")));
    expect(new Set(answers.map(({ separateRoles }) => separateRoles))).toEqual(new Set([true]));
    expect(new Set(answers.map(({ appUrl }) => appUrl)).size).toBe(1);
    const { username } = new URL(answers[0]!.appUrl);
    expect(username).toMatch(/^countersign_app_test_/);
    await database.asOwner(`DROP OWNED BY ${username}, ${username.replace("_app_", "_auditor_")}`);
    await database.asOwner(`DROP ROLE ${username}, ${username.replace("_app_", "_auditor_")}`);
  });
});

function tamper(sql: string) {
  return database.asOwner(
    `ALTER TABLE audit_entry DISABLE TRIGGER ALL; ${sql}; ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER refuse_row_change; ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER refuse_truncate`,
  );
}

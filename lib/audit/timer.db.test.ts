import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { systemActor } from "../auth/actor";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { testDatabase } from "../testing/database";
import { appendAudit } from "./append";
import { readOutside } from "./outside";
import { startCheckpointTimer } from "./publish";

const { asOwner } = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-timer-"));
process.env.COUNTERSIGN_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const say = () =>
  transaction((tx) =>
    appendAudit(tx, systemActor(0), { action: "project.created", subject: { kind: "project", id: "0" } }),
  );
const sizes = async () => (await db.auditCheckpoint.findMany({ orderBy: { size: "asc" } })).map(({ size }) => size);

it("signs within its interval when the log grew, in the database and outside, and not when it did not", async () => {
  const told: string[] = [];
  const stop = startCheckpointTimer((problem) => told.push(problem), 100);
  try {
    await wait(500);
    expect(await sizes()).toEqual([]);
    await say();
    await say();
    await expect.poll(sizes, { timeout: 20_000 }).toContain(2);
    const before = await sizes();
    await wait(1000);
    expect(await sizes()).toEqual(before);
    await say();
    await expect.poll(sizes, { timeout: 20_000 }).toContain(3);
    await expect.poll(() => readOutside()?.notes.length, { timeout: 20_000 }).toBe((await sizes()).length);
    expect(told).toEqual([]);

    // What was signed is gone: nothing is signed any more, and it is said once.
    await asOwner(
      `BEGIN; ALTER TABLE audit_entry DISABLE TRIGGER ALL; DELETE FROM audit_entry WHERE "index" = 2; ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER refuse_row_change;
       ALTER TABLE audit_head DISABLE TRIGGER ALL; UPDATE audit_head SET size = 2; COMMIT`,
    );
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1);
    await wait(500);
    expect(told).toEqual([expect.stringContaining("No checkpoint was signed: the audit log changed")]);
    expect((await sizes()).at(-1)).toBe(3);
  } finally {
    stop();
  }
  await say().catch(() => {});
  await wait(500);
  expect((await sizes()).at(-1)).toBe(3);
});

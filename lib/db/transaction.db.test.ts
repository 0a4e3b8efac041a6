import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { testDatabase } from "../testing/database";
import { unique } from "../testing/seed";
import { quickTransaction, type Sql } from "./transaction";

const { asOwner } = await testDatabase();

const add = (tx: Sql, key: string) => tx.$queryRaw`INSERT INTO project (key, name) VALUES (${key}, 'A project')`;
const stored = async (keys: string[]) => {
  const rows = await asOwner<{ key: string }>("SELECT key FROM project WHERE key = ANY ($1) ORDER BY key", [keys]);
  return rows.map(({ key }) => key);
};

describe("a quick transaction", () => {
  it("stores all of it, the statement that nobody waited for as well", async () => {
    const keys = [unique("a"), unique("b")];
    const answer = await quickTransaction(async (tx) => {
      await add(tx, keys[0]!);
      tx.last(add(tx, keys[1]!));
      return "done";
    });
    expect(answer).toBe("done");
    expect(await stored(keys)).toEqual([...keys].sort());
  });

  it("stores nothing when that statement fails, and says why", async () => {
    const keys = [unique("c"), unique("d")];
    await quickTransaction((tx) => add(tx, keys[1]!));
    const failing = quickTransaction(async (tx) => {
      await add(tx, keys[0]!);
      tx.last(add(tx, keys[1]!));
    });
    await expect(failing).rejects.toThrow(/project_key_key/);
    expect(await stored(keys)).toEqual([keys[1]]);
  });

  it("stores nothing when the work throws", async () => {
    const key = unique("e");
    const failing = quickTransaction(async (tx) => {
      await add(tx, key);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await stored([key])).toEqual([]);
  });

  it("fails when its connection is lost between two statements; the process lives, and the next one is stored", async () => {
    const [lost, next] = [unique("f"), unique("g")];
    const failing = quickTransaction(async (tx) => {
      await add(tx, lost);
      const [own] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
      await asOwner("SELECT pg_terminate_backend($1)", [own!.pid]);
      const gone = async () =>
        (await asOwner("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [own!.pid])).length === 0;
      while (!(await gone())) await wait(10);
      await wait(50);
      await add(tx, lost);
    });
    await expect(failing).rejects.toThrow();
    await quickTransaction((tx) => add(tx, next));
    expect(await stored([lost, next])).toEqual([next]);
  });
});

import { expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { childrenOf } from "../db/processes";
import { startImport } from "../runs/commands";
import { importOptionsSchema } from "../runs/schema";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { startWorker } from "./worker";

const database = await testDatabase();

const soon = { timeout: 30_000, interval: 50 };

const processesOfImports = () => childrenOf(process.pid).filter(({ command }) => command.includes("import-process"));
const importProcesses = () => processesOfImports().length;

const bundle = [
  { promptIdx: 0, label: "v1", success: true, output: "x" },
  { promptIdx: 1, label: "v2", success: false, output: "y" },
]
  .map(({ promptIdx, label, success, output }) => {
    const asked = { promptIdx, testIdx: 0, prompt: { label }, vars: { question: "a" } };
    return JSON.stringify({ ...asked, success, response: { output } });
  })
  .join("\n");

/** An upload whose second half comes when it is let, or that breaks off. */
function upload(actor: Person, dataset = "d") {
  let go: (how: "end" | "break") => void = () => {};
  const decided = new Promise<"end" | "break">((resolve) => {
    go = resolve;
  });
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(bundle.slice(0, 100));
    if ((await decided) === "break") throw new Error("The line is cut.");
    yield Buffer.from(bundle.slice(100));
  }
  const input = importOptionsSchema.parse({ fileName: "results.jsonl", prompt: "p", dataset });
  return { sent: startImport({ actor, input, body: body() }), go };
}

/** An import once it is as is then said. */
const imported = (id: number) => expect.poll(() => db.import.findUnique({ where: { id } }), soon);

async function managerOf(): Promise<Person> {
  return seedPerson((await seedProject()).id, { roles: ["release_manager"] });
}

it("starts the process while an upload comes in, which does the import as soon as all of it is there", async () => {
  const worker = await startWorker();
  try {
    const one = upload(await managerOf());
    await expect.poll(importProcesses, soon).toBe(1);
    expect(await db.import.count()).toBe(0);
    one.go("end");
    const { id } = await one.sent;
    await imported(id).toMatchObject({ state: "done" });
    await expect.poll(importProcesses, soon).toBe(0);
  } finally {
    await worker.stop();
  }
});

it("takes an upload as it comes in; the database has it in case", async () => {
  await database.asOwner(`
    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.bytes := 'lost'; RETURN NEW; END $$;
    CREATE TRIGGER lose BEFORE INSERT ON import_chunk FOR EACH ROW EXECUTE FUNCTION lose()`);
  const worker = await startWorker();
  try {
    const one = upload(await managerOf());
    await expect.poll(importProcesses, soon).toBe(1);
    one.go("end");
    const { id } = await one.sent;
    await imported(id).toMatchObject({ state: "done" });
    await expect.poll(importProcesses, soon).toBe(0);
  } finally {
    await worker.stop();
    await database.asOwner("DROP TRIGGER lose ON import_chunk; DROP FUNCTION lose()");
  }
});

it("takes from the database what a process had that was killed", async () => {
  const worker = await startWorker();
  try {
    const one = upload(await managerOf());
    await expect.poll(importProcesses, soon).toBe(1);
    process.kill(processesOfImports()[0]!.pid, "SIGKILL");
    await expect.poll(importProcesses, soon).toBe(0);
    one.go("end");
    const { id } = await one.sent;
    await imported(id).toMatchObject({ state: "done" });
  } finally {
    await worker.stop();
  }
});

it("keeps two uploads at once apart", async () => {
  const worker = await startWorker();
  try {
    const manager = await managerOf();
    const slow = upload(manager, "slow");
    await expect.poll(importProcesses, soon).toBe(1);
    const quick = upload(manager, "quick");
    quick.go("end");
    const first = await quick.sent;
    await imported(first.id).toMatchObject({ state: "done", datasetName: "quick" });
    slow.go("end");
    const second = await slow.sent;
    await imported(second.id).toMatchObject({ state: "done", datasetName: "slow" });
  } finally {
    await worker.stop();
  }
});

it("ends the process when an upload breaks off, and does the next", async () => {
  const worker = await startWorker();
  try {
    const manager = await managerOf();
    const before = await db.import.count();
    const broken = upload(manager);
    await expect.poll(importProcesses, soon).toBe(1);
    broken.go("break");
    await expect(broken.sent).rejects.toThrow("The line is cut.");
    await expect.poll(importProcesses, soon).toBe(0);
    expect(await db.import.count()).toBe(before);
    const next = upload(manager);
    next.go("end");
    const { id } = await next.sent;
    await imported(id).toMatchObject({ state: "done" });
  } finally {
    await worker.stop();
  }
});

it("takes the process with it when it stops in the middle of an upload", async () => {
  const worker = await startWorker();
  const one = upload(await managerOf());
  await expect.poll(importProcesses, soon).toBe(1);
  await worker.stop();
  await expect.poll(importProcesses, soon).toBe(0);
  one.go("end");
  const { id } = await one.sent;
  expect((await db.import.findUnique({ where: { id } }))?.state).toBe("queued");
});

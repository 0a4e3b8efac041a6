import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";
import type { TaskView } from "@/lib/review/queries";
import type { Whose } from "./outbox";

/** A case that was handed out and is not delivered. In IndexedDB: answers may be larger than local storage takes. */
export type Held = { key: string; whose: string; task: TaskView; order: number; at: number; size: number };

interface Kept extends DBSchema {
  held: { key: string; value: Held; indexes: { whose: string } };
}

const name = "countersign-review";
/** Whatever the lease says, no answer stays longer than this in a browser. */
const longest = 24 * 3600_000;

let opened: Promise<IDBPDatabase<Kept>> | undefined;

function database(): Promise<IDBPDatabase<Kept>> {
  opened ??= openDB<Kept>(name, 1, {
    upgrade: (db) => void db.createObjectStore("held", { keyPath: "key" }).createIndex("whose", "whose"),
    // Signing out in another tab deletes it: do not stand in the way.
    blocking: () => close(),
    terminated: () => close(),
  });
  opened.catch(() => close());
  return opened;
}

function close(): void {
  void opened?.then(
    (db) => db.close(),
    () => undefined,
  );
  opened = undefined;
}

const idOf = ({ userId, releaseId }: Whose) => `${userId}/${releaseId}`;

/** In the order of the queue. What is too old is dropped, whoever's it was. */
export async function readHeld(whose: Whose): Promise<Held[]> {
  const db = await database();
  const all = await db.getAll("held");
  const old = all.filter(({ at }) => Date.now() - at > longest);
  await Promise.all(old.map(({ key }) => db.delete("held", key)));
  return all
    .filter((one) => one.whose === idOf(whose) && !old.includes(one))
    .sort((a, b) => a.order - b.order || a.key.localeCompare(b.key));
}

export async function isHeld(whose: Whose, task: string): Promise<boolean> {
  return (await (await database()).count("held", `${idOf(whose)}/${task}`)) > 0;
}

export async function keepHeld(whose: Whose, task: TaskView, order: number): Promise<void> {
  const key = `${idOf(whose)}/${task.task}`;
  const size = JSON.stringify(task).length;
  await (await database()).put("held", { key, whose: idOf(whose), task, order, at: Date.now(), size });
}

export async function moveHeld(whose: Whose, task: string, order: number): Promise<void> {
  const tx = (await database()).transaction("held", "readwrite");
  const before = await tx.store.get(`${idOf(whose)}/${task}`);
  if (before) await tx.store.put({ ...before, order });
  await tx.done;
}

export async function dropHeld(whose: Whose, tasks: readonly string[]): Promise<void> {
  const tx = (await database()).transaction("held", "readwrite");
  await Promise.all(tasks.map((task) => tx.store.delete(`${idOf(whose)}/${task}`)));
  await tx.done;
}

export async function forgetHeld(): Promise<void> {
  close();
  await deleteDB(name);
}

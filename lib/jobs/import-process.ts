import { rmSync } from "node:fs";
import { disconnect, pool } from "../db/client";
import { receiveUpload } from "../formats/upload";
import { applyNextRetention } from "../privacy/retention";
import { emptyFolder, giveBackAttempt, type Received, runNextImport } from "../runs/load";
import { makeNextSearchable } from "../runs/searchable";

/** The server stops, or is gone: so does this, and the job begins again with the next server. */
const stop = () => void giveBackAttempt().finally(() => process.exit(1));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, stop);
process.once("disconnect", stop);

/** An upload is coming in: it is unpacked by the time that it is whole, and starting this process is over. */
async function receive(): Promise<Received | undefined> {
  const told = new Promise<{ importId: number | null }>((resolve) => process.once("message", resolve));
  const folder = await emptyFolder(`of-${process.ppid}`);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  // What is wrong with it is told by who takes it from the database.
  const upload = receiveUpload(process.stdin, "", folder).catch(() => {
    process.stdin.destroy();
    return null;
  });
  // One connection for the import, one for what is looked up beside it. One that can't be had is asked for again then.
  await Promise.all([1, 2].map(() => pool().query("SELECT 1"))).catch(() => {});
  const { importId } = await told;
  if (importId !== null) return { importId, upload };
  process.stdin.destroy();
  return undefined;
}

const received = process.argv[2] === "told" ? await receive() : undefined;

/** Does what is queued or due, imports first, then ends. */
let worked = true;
while (worked)
  worked = (await runNextImport(undefined, received)) || (await makeNextSearchable()) || (await applyNextRetention());
await disconnect();
process.exit(0);

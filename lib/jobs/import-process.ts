import { disconnect, pool } from "../db/client";
import { applyNextRetention } from "../privacy/retention";
import { giveBackAttempt, runNextImport } from "../runs/load";
import { makeNextSearchable } from "../runs/searchable";

/** The server stops, or is gone: so does this, and the job begins again with the next server. */
const stop = () => void giveBackAttempt().finally(() => process.exit(1));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, stop);
process.once("disconnect", stop);

// An upload is coming in: what takes its time is done by then.
if (process.argv[2] === "told") {
  const told = new Promise((resolve) => process.once("message", resolve));
  // One connection for the import, one for what is looked up beside it. One that can't be had is asked for again then.
  await Promise.all([1, 2].map(() => pool().query("SELECT 1"))).catch(() => {});
  await told;
}

/** Does what is queued or due, imports first, then ends. */
let worked = true;
while (worked) worked = (await runNextImport()) || (await makeNextSearchable()) || (await applyNextRetention());
await disconnect();
process.exit(0);

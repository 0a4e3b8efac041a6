import { disconnect } from "../db/client";
import { applyNextRetention } from "../privacy/retention";
import { giveBackAttempt, runNextImport } from "../runs/load";
import { makeNextSearchable } from "../runs/searchable";

/** The server stops, or is gone: so does this, and the job begins again with the next server. */
const stop = () => void giveBackAttempt().finally(() => process.exit(1));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, stop);
process.once("disconnect", stop);

/** Does what is queued or due, imports first, then ends. */
let worked = true;
while (worked) worked = (await runNextImport()) || (await makeNextSearchable()) || (await applyNextRetention());
await disconnect();
process.exit(0);

import { disconnect } from "../db/client";
import { runNextImport } from "../runs/load";

// A server that is gone takes its import process with it: the channel between them closes.
process.on("disconnect", () => process.exit(1));

/** Does what is queued, then ends. */
let worked = true;
while (worked) worked = await runNextImport();
await disconnect();
process.disconnect?.();
process.exit(0);

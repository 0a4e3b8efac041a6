import { disconnect } from "../db/client";
import { runNextImport } from "../runs/load";
import { endWithParent } from "./child";

endWithParent();
/** Does what is queued, then ends. */
let worked = true;
while (worked) worked = await runNextImport();
await disconnect();
process.exit(0);

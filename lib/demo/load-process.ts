import { disconnect } from "../db/client";
import { endWithParent } from "../jobs/child";
import { loadDemo } from "./load";

endWithParent();
await loadDemo();
await disconnect();
process.exit(0);

import { disconnect } from "../db/client";
import { loadDemo } from "./load";

process.once("disconnect", () => process.exit(1));
await loadDemo();
await disconnect();
process.exit(0);

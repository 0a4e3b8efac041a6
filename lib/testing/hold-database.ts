import { startEmbedded } from "../db/embedded";

// Run by embedded.db.test.ts as a process of its own, to be killed: starts the database of a folder and keeps it.
const folder = process.argv[2];
if (!folder) throw new Error("usage: hold-database.ts <data folder>");
startEmbedded({ dataFolder: folder, say: (message) => console.log(message) }).then(
  ({ url }) => console.log(`up ${url}`),
  (error: Error) => {
    console.log(`refused ${error.message}`);
    process.exit(1);
  },
);
setInterval(() => {}, 60_000);

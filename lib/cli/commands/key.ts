import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { rotateKey } from "../../audit/rotate";
import { disconnect } from "../../db/client";
import { Fault } from "../../errors";
import { CliError } from "../connection";
import { show } from "../output";
import { dataFolder } from "../paths";

export function register(program: Command): void {
  program
    .command("key")
    .description("the key that signs checkpoints of the audit log")
    .command("rotate")
    .description("replace it: the old key signs for the new one, and both stay known; run it on the server's machine")
    .option("--old-key <file>", "with COUNTERSIGN_LOG_KEY set to the new key: the old private key in PEM")
    .action(async ({ oldKey }: { oldKey?: string }, command: Command) => {
      const folder = dataFolder();
      try {
        process.env.DATABASE_URL = readFileSync(path.join(folder, "app-database-url"), "utf8").trim();
      } catch {
        throw new CliError(3, `No database is known: start the server with \`npm start\`. (Nothing is in ${folder}.)`);
      }
      try {
        const { old, next, size } = await rotateKey({
          folder,
          oldKey: oldKey === undefined ? undefined : createPrivateKey(readFileSync(oldKey)),
        });
        show(
          command,
          { old, next, size },
          `The log's key is ${next} now.\nThe one before, ${old}, is good for the first ${size} entries.\n` +
            `Give ${path.join(folder, "log-key.pub")} to whoever verifies, and the checkpoint over ${size} entries, which both signed.`,
        );
      } catch (error) {
        if (error instanceof Fault) throw new CliError(error.code === "invalid" ? 2 : 1, error.message);
        throw new CliError(3, (error as Error).message);
      } finally {
        await disconnect();
      }
    });
}

import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { rotateKey } from "../../audit/rotate";
import { show } from "../output";
import { withOwnDatabase } from "../own-database";
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
      await withOwnDatabase(folder, async () => {
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
      });
    });
}

import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { ZodError } from "zod";
import { outsideFile } from "../../audit/outside";
import { resumeLog } from "../../audit/resume";
import { disconnect } from "../../db/client";
import { Fault } from "../../errors";
import { CliError } from "../connection";
import { plain, show } from "../output";
import { dataFolder } from "../paths";

type Options = { by: string; reason: string; size?: string; checkpoints?: string };

export function register(program: Command): void {
  program
    .command("log")
    .description("the audit log")
    .command("resume")
    .description(
      "go on after an older state was restored than was signed, on record; run it on the server's machine, while the server runs",
    )
    .requiredOption("--by <name>", "who decided it")
    .requiredOption("--reason <text>", "what happened, and why there is nothing newer")
    .option("--size <n>", "how many entries were restored, if some were written since; default: all there are")
    .option("--checkpoints <file>", "checkpoints held outside; default: all that this installation knows")
    .action(async ({ size, ...given }: Options, command: Command) => {
      const folder = dataFolder();
      if (size !== undefined && !/^[1-9]\d{0,9}$/.test(size))
        throw new CliError(2, "--size takes a number of entries.");
      try {
        process.env.DATABASE_URL = readFileSync(path.join(folder, "app-database-url"), "utf8").trim();
      } catch {
        throw new CliError(3, `No database is known: start the server with \`npm start\`. (Nothing is in ${folder}.)`);
      }
      try {
        const done = await resumeLog({ ...given, folder, size: size === undefined ? undefined : Number(size) });
        const { index, known, covered, aside, signed } = done;
        const words = [
          `Entry ${index} says that the log was restored to ${done.size} of ${known.size} entries (root ${known.root}).`,
          covered === null
            ? "No checkpoint held outside is as small as what is left: that it is the beginning of that log rests on the database alone."
            : `What is left fits the checkpoint held outside over ${covered} entries.`,
          ...(aside === null
            ? []
            : [`The earlier checkpoints are in ${plain(aside)}: keep them, and show them to whoever asks.`]),
          signed.state === "signed"
            ? `The log is signed again, up to ${signed.size} entries, in ${plain(outsideFile(folder))}.`
            : `No checkpoint is signed yet${signed.state === "refused" ? `: ${signed.reason}. Give COUNTERSIGN_HOLDERS a new place` : ""}.`,
        ];
        show(command, done, words.join("\n"));
        process.exitCode = signed.state === "signed" ? 0 : 1;
      } catch (error) {
        if (error instanceof ZodError) throw new CliError(2, error.issues[0]?.message ?? error.message);
        if (error instanceof Fault) throw new CliError(error.code === "invalid" ? 2 : 1, error.message);
        throw new CliError(3, (error as Error).message);
      } finally {
        await disconnect();
      }
    });
}
